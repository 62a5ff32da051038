"""Tables of classes against classes, as the page colours them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_MOST_CLASSES = 40  # that a matrix shows; of more, those with the most errors
_MOST_PAIRS = 12

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """A cell of a matrix.

    Attributes:
        text: What stands in it.
        heat: 0 to 100: how strongly it is coloured.
        words: What it says, in full.
    """

    text: str
    heat: int
    words: str


@dataclass(frozen=True)
class Matrix:
    """A table of classes against classes.

    Attributes:
        names: Of the rows and columns.
        rows: The cells.
        left_out: How many classes are not shown.
    """

    names: list[str]
    rows: list[list[Cell]]
    left_out: int


def confusion_table(counts: Counts, names: tuple[str, ...]) -> Matrix:
    """Return a confusion matrix.

    Args:
        counts: (K, K) rows of each true class, down, and given class, across.
        names: Of the classes.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # By the square root, a handful of errors shows beside thousands of hits.
    return _matrix(
        counts, names, np.sqrt(shares), lambda t, g: f"{counts[t, g]:,}" if counts[t, g] else ""
    )


def error_table(counts: Counts, names: tuple[str, ...]) -> Matrix:
    """Return a confusion matrix without its diagonal, each row as shares of its class."""
    wrong = counts.astype(np.float64)
    np.fill_diagonal(wrong, 0)
    shares = wrong / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    heat = shares / max(float(shares.max()), 1e-12)
    return _matrix(counts, names, heat, lambda t, g: f"{shares[t, g]:.2%}" if t != g else "")


def confused_pairs(counts: Counts, names: tuple[str, ...]) -> list[str]:
    """Return the pairs of classes that are taken for each other, in words, most often first."""
    both = counts + counts.T
    pairs = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names)) if both[a, b]]
    pairs.sort(key=lambda pair: both[pair], reverse=True)
    return [
        f"{names[a]}/{names[b]}: {both[a, b]} ({names[a]} read as {names[b]} {counts[a, b]}, "
        f"{names[b]} as {names[a]} {counts[b, a]})"
        for a, b in pairs[:_MOST_PAIRS]
    ]


def _matrix(
    counts: Counts,
    names: tuple[str, ...],
    heat: npt.NDArray[np.float64],
    text: Callable[[int, int], str],
) -> Matrix:
    errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    shown = np.sort(np.argsort(-errors, kind="stable")[:_MOST_CLASSES]).tolist()
    rows = [
        [
            Cell(
                text(true, given) if counts[true, given] else "",
                round(100 * float(heat[true, given])),
                f"true {names[true]}, given {names[given]}: {counts[true, given]:,} rows",
            )
            for given in shown
        ]
        for true in shown
    ]
    return Matrix([names[index] for index in shown], rows, len(names) - len(shown))
