"""Rows in groups that are looked at side by side: classes, or ranges of a number."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.problem.problem import Problem
from competition.problem.targets import Kind, Truth

MOST_GROUPS = 40  # that a page shows; of more classes, those with the most rows
_FEW_VALUES = 12  # that are groups of their own; more are put into ranges
_RANGES = 8

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """The groups of all labelled rows.

    Attributes:
        names: Of the groups that are shown: class names, or ranges.
        of_row: (n,) each row's group; -1 for rows of classes that are not shown.
        noun: `class`, `value` or `range`.
        left_out: How many classes are not shown.
    """

    names: tuple[str, ...]
    of_row: Indices
    noun: str
    left_out: int = 0

    def rows(self, group: int) -> Indices:
        """Return the row numbers of a group."""
        return np.flatnonzero(self.of_row == group)


def groups_of(problem: Problem, truth: Truth) -> Groups:
    """Return the classes that have rows, the values, or eight ranges with as many rows each.

    Of several targets, the first one's values count.
    """
    if problem.kind == Kind.NUMBERS:
        return _ranges(truth[:, 0])
    counts = np.bincount(truth, minlength=len(problem.classes))
    there = np.flatnonzero(counts)
    shown = np.sort(there[np.argsort(-counts[there], kind="stable")[:MOST_GROUPS]])
    place = np.full(len(problem.classes), -1)
    place[shown] = np.arange(len(shown))
    names = tuple(problem.classes[index] for index in shown)
    return Groups(names, place[truth], "class", len(there) - len(shown))


def _ranges(values: npt.NDArray[np.float64]) -> Groups:
    different, of_row = np.unique(values, return_inverse=True)
    if len(different) <= _FEW_VALUES:
        return Groups(tuple(f"{value:.4g}" for value in different), of_row, "value")
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _RANGES + 1)))
    of_row = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)
    # Where one value is frequent, a range may be empty: it is not shown.
    used, of_row = np.unique(of_row, return_inverse=True)
    names = tuple(f"{edges[place]:.4g} to {edges[place + 1]:.4g}" for place in used)
    return Groups(names, of_row, "range")


def differ(
    problem: Problem, truth: Truth, first: Indices, second: Indices
) -> npt.NDArray[np.bool_]:
    """Return (m,) whether pairs of rows have different labels.

    Values differ where they are more than a standard deviation of all values apart.
    """
    if problem.kind != Kind.NUMBERS:
        return np.asarray(truth[first] != truth[second])
    spread = truth.std(axis=0)
    return np.asarray((np.abs(truth[first] - truth[second]) > spread).any(axis=1))
