"""How well each class is found: precision, recall and F1."""

from dataclasses import dataclass

import numpy as np

from pipelines.metrics import Labels, Probabilities


@dataclass(frozen=True)
class ClassScore:
    """How well one class is found.

    Attributes:
        name: The class, as submissions call it.
        rows: How many rows are of it.
        precision: Share of the rows so labelled that are of it.
        recall: Share of its rows that are found.
        f1: Their harmonic mean.
    """

    name: str
    rows: int
    precision: float
    recall: float
    f1: float


def class_scores(
    probabilities: Probabilities, labels: Labels, classes: tuple[str, ...]
) -> list[ClassScore]:
    """Score each class by the most probable labels; what would be a share of nothing is 0.

    Args:
        probabilities: (n, n_classes).
        labels: (n,) class indices.
        classes: The names of the classes.
    """
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        labels, np.argmax(probabilities, axis=1), labels=range(len(classes)), zero_division=0
    )
    return [
        ClassScore(name, int(rows), float(precision), float(recall), float(f1))
        for name, precision, recall, f1, rows in zip(classes, *columns, strict=True)
    ]
