"""Adversarial validation: how well a model tells test rows from training rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from competition.data.tables.reading.coded import coded
from competition.data.tables.reading.kinds import kind_of, numbers_of, seconds_of, with_levels
from competition.data.tables.schema import Role

_ROWS = 20_000
_CELLS = 2_000_000
_FOLDS = 3
_SEED = 20_240_601


@dataclass(frozen=True)
class Adversarial:
    """How well test rows are told from training rows.

    Attributes:
        auc: 0.5 where they cannot be told apart, 1 where they always can.
        error: Its standard error.
        column: The column that tells them best on its own; empty where none does.
    """

    auc: float
    error: float
    column: str = ""

    @property
    def apart(self) -> bool:
        """Whether the two are so different that random folds would flatter."""
        return self.auc - 3 * self.error > 0.55

    def __str__(self) -> str:
        """The AUC as people read it.

        Example:
            >>> str(Adversarial(0.5, 0.01))
            'adversarial AUC 0.50'
        """
        return f"adversarial AUC {self.auc:.2f}"


def tell_apart(train: pd.DataFrame, test: pd.DataFrame, columns: list[str]) -> Adversarial | None:
    """Train a classifier to tell test rows from training rows, cross-validated.

    At most 20,000 rows are looked at, and fewer of many columns. Texts are left out.

    Args:
        train: (n, columns).
        test: (m, columns).
        columns: What the classifier sees.

    Returns:
        The AUC; None where no column is left, or too few rows.
    """
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    most = min(_ROWS, _CELLS // max(1, len(columns)))
    share = min(1.0, most / (len(train) + len(test)))
    random = np.random.default_rng(_SEED)
    some = [
        part.iloc[np.sort(random.permutation(len(part))[: max(1, round(len(part) * share))])]
        for part in (train, test)
    ]
    matrix = {name: values for name in columns if (values := _values(some, name)) is not None}
    is_test = np.repeat([0, 1], [len(part) for part in some])
    if not matrix or min(map(len, some)) < 2 * _FOLDS:
        return None
    rows = np.column_stack(list(matrix.values()))
    model = LGBMClassifier(
        n_estimators=60,
        learning_rate=0.15,
        num_leaves=15,
        n_jobs=1,
        random_state=_SEED,
        verbose=-1,
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    guess = cross_val_predict(model, rows, is_test, cv=folds, method="predict_proba")[:, 1]
    first, second = (len(part) for part in some)
    error = float(np.sqrt((first + second + 1) / (12 * first * second)))
    return Adversarial(float(roc_auc_score(is_test, guess)), error, _best(matrix, is_test))


def _values(parts: list[pd.DataFrame], name: str) -> np.ndarray | None:
    """Return a column of both parts as numbers; None for a text, and for what is empty."""
    train, test = (part[name] for part in parts)
    whole = pd.concat([train, test], ignore_index=True)
    kind = kind_of(whole)
    match kind.role:
        case Role.NUMBER:
            return numbers_of(whole)
        case Role.DATE:
            return seconds_of(whole, kind.date_format)
        case Role.CATEGORY:
            cells = with_levels(coded(whole))
            return cells.values(np.arange(len(cells.texts)))[0]
    return None


def _best(matrix: dict[str, np.ndarray], is_test: np.ndarray) -> str:
    """Return the column whose values alone separate best, by their ranks."""
    found = {}
    second = int(is_test.sum())
    first = len(is_test) - second
    for name, values in matrix.items():
        ranks = pd.Series(values).fillna(-np.inf).rank().to_numpy()
        auc = (ranks[is_test == 1].sum() - second * (second + 1) / 2) / (first * second)
        found[name] = abs(auc - 0.5)
    name = max(found, key=found.__getitem__)
    return name if found[name] > 0.05 else ""
