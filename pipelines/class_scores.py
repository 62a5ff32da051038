"""How well each class is found: precision, recall and F1."""

from dataclasses import dataclass

from competition.problem.targets import Answers, Truth


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


def class_scores(answers: Answers, truth: Truth, classes: tuple[str, ...]) -> list[ClassScore]:
    """Score each class by the labels that were given; what would be a share of nothing is 0.

    Args:
        answers: (n,) class indices, as the metric's decision made them: not probabilities, whose
            most probable class may be another.
        truth: (n,) class indices.
        classes: The names of the classes.

    Raises:
        ValueError: the answers are not one class a row.

    Example:
        >>> class_scores(np.array([0, 1, 1]), np.array([0, 0, 1]), ("cat", "dog"))[1].precision
        0.5
    """
    from sklearn.metrics import precision_recall_fscore_support

    if answers.ndim != 1 or answers.dtype.kind not in "iu":
        raise ValueError(f"answers must be class indices (n,), not {answers.dtype} {answers.shape}")
    columns = precision_recall_fscore_support(
        truth, answers, labels=range(len(classes)), zero_division=0
    )
    return [
        ClassScore(name, int(rows), float(precision), float(recall), float(f1))
        for name, precision, recall, f1, rows in zip(classes, *columns, strict=True)
    ]
