"""Small real tables that come with scikit-learn, as labelled CSVs with ids from 1.

Breast cancer: 569 tumours (Wolberg, Mangasarian, Street & Street, UCI, 1995). Wine: 178 wines of
three cultivars (Aeberhard & Forina, UCI, 1992). Diabetes: 442 patients and the progress of their
disease after a year (Efron, Hastie, Johnstone & Tibshirani, 2004).
"""

from typing import Any

import pandas as pd

ID = "id"
_SEED = 0  # of the order: some of them come sorted by their label


def breast_cancer(label_column: str) -> bytes:
    """Return measures of cell nuclei; the labels are `benign` and `malignant`."""
    from sklearn.datasets import load_breast_cancer

    return _named(load_breast_cancer(as_frame=True), label_column)


def wine(label_column: str) -> bytes:
    """Return what chemists measured; the labels are `class_0` to `class_2`."""
    from sklearn.datasets import load_wine

    return _named(load_wine(as_frame=True), label_column)


def diabetes(label_column: str) -> bytes:
    """Return age, sex, blood pressure and serum; the labels are numbers."""
    from sklearn.datasets import load_diabetes

    loaded = load_diabetes(as_frame=True, scaled=False)
    return _csv(loaded.data, loaded.target, label_column)


def _named(loaded: Any, label_column: str) -> bytes:
    names = {number: str(name) for number, name in enumerate(loaded.target_names)}
    return _csv(loaded.data, loaded.target.map(names), label_column)


def _csv(features: pd.DataFrame, labels: pd.Series, label_column: str) -> bytes:
    whole = features.assign(**{label_column: labels}).sample(frac=1, random_state=_SEED)
    whole.insert(0, ID, range(1, len(whole) + 1))
    return whole.to_csv(index=False, lineterminator="\n").encode()
