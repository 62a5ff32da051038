"""What is lawful in a submission and yet odd enough to look twice before one is spent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

AGREEMENT = 0.95
FAR = 1e-3


def class_warnings(
    labels: NDArray[np.integer],
    classes: Sequence[str],
    training_counts: Sequence[int] | None,
    previous: NDArray[np.integer] | None,
) -> list[str]:
    """Return one sentence for each oddity.

    Args:
        labels: `(n,)` class indices.
        classes: The class names.
        training_counts: `(n_classes,)` rows of each class in the training data, if known.
        previous: `(n,)` class indices of an earlier submission, if there is one.
    """
    counts = np.bincount(labels, minlength=len(classes))
    missing = [name for name, count in zip(classes, counts, strict=True) if not count]
    found = [f"No row is labelled {' or '.join(missing)}."] if missing else []
    if training_counts is not None and (
        shares := _shares_warning(counts, classes, training_counts)
    ):
        found.append(shares)
    if previous is not None and previous.shape == labels.shape:
        agreement = float(np.mean(previous == labels))
        if agreement < AGREEMENT:
            found.append(
                f"Only {agreement:.1%} of the rows agree with the last scored file "
                f"(usual is more than {AGREEMENT:.0%})."
            )
    return found


def shares_p_value(counts: NDArray[np.integer], training_counts: NDArray[np.integer]) -> float:
    """Return how likely two sets of rows drawn from one population differ this much in classes.

    Pearson's chi-squared test of homogeneity on the two rows of counts, with as many degrees of
    freedom as there are classes in either, less one.

    Args:
        counts: `(n_classes,)` rows of each class in one set.
        training_counts: The same in the other.
    """
    from scipy.special import chdtrc

    table = np.array([counts, training_counts], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    return float(chdtrc(table.shape[1] - 1, statistic)) if table.shape[1] > 1 else 1.0


def _shares_warning(
    counts: NDArray[np.integer], classes: Sequence[str], training_counts: Sequence[int]
) -> str | None:
    training = np.asarray(training_counts)
    p_value = shares_p_value(counts, training)
    if p_value >= FAR:
        return None
    shares, usual = counts / counts.sum(), training / training.sum()
    worst = int(np.argmax(np.abs(shares - usual)))
    return (
        f"The classes' shares are far from the training data's (chi-squared, p = {p_value:.1g}): "
        f"{shares[worst]:.1%} of the rows are labelled {classes[worst]}, "
        f"{usual[worst]:.1%} in the training data."
    )
