"""Rows of a table that are equal: within train, across train and test, and with other labels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.truth import truth_in_words
from competition.data.dataset import Dataset
from competition.problem.problem import Problem
from competition.problem.targets import Kind, Truth

_EXAMPLES = 8
_ROWS = 5  # of an example that are named
_BLOCK = 100_000

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Repeats:
    """Rows that are equal in every column.

    Attributes:
        in_train: Rows of train that stand there before.
        in_test: Rows of test that stand in train.
        disagreeing: Rows of train to which there are equal ones with another label.
        examples: Some of these, in words.
    """

    in_train: int
    in_test: int
    disagreeing: int
    examples: list[str]


def find_repeats(data: Dataset, problem: Problem) -> Repeats:
    """Find equal rows by hashes of 64 bits of their cells; missing cells are equal.

    Values are other labels where they are more than a standard deviation of all values apart.
    """
    train, test = _hashes(data.train), _hashes(data.test)
    different, of_row, counts = np.unique(train, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(counts[of_row] > 1)
    groups = _disagreeing(problem, np.asarray(data.truth), repeated, of_row[repeated])
    return Repeats(
        in_train=len(train) - len(different),
        in_test=int(np.isin(test, different).sum()),
        disagreeing=sum(map(len, groups)),
        examples=[_in_words(problem, data.truth, rows) for rows in groups[:_EXAMPLES]],
    )


def _hashes(matrix: npt.NDArray[np.float64]) -> Hashes:
    """Return (n,) a hash of each row."""
    found = [np.empty(0, np.uint64)]
    for begin in range(0, len(matrix), _BLOCK):
        block = np.asarray(matrix[begin : begin + _BLOCK]) + 0.0  # without negative zeros
        block[np.isnan(block)] = np.nan  # whose bits may differ
        rows = pd.util.hash_pandas_object(pd.DataFrame(block), index=False)
        found.append(np.asarray(rows.to_numpy(), np.uint64))
    return np.concatenate(found)


def _disagreeing(problem: Problem, truth: Truth, rows: Indices, groups: Indices) -> list[Indices]:
    """Return the row numbers of each group of equal rows whose labels differ."""
    labels = pd.DataFrame(truth[rows]).groupby(groups)
    spread = np.atleast_1d(truth.std(axis=0)) if problem.kind == Kind.NUMBERS else 0
    differ = ((labels.max() - labels.min()) > spread).any(axis=1)
    kept = np.isin(groups, differ.index[differ])
    rows, groups = rows[kept], groups[kept]
    order = np.argsort(groups, kind="stable")
    ends = np.flatnonzero(np.diff(groups[order])) + 1
    found = np.split(rows[order], ends) if len(rows) else []
    return sorted(found, key=lambda each: int(each[0]))


def _in_words(problem: Problem, truth: Truth, rows: Indices) -> str:
    """Name rows and labels, those of different labels first."""
    labels = [truth_in_words(problem, truth[row]) for row in rows]
    first: dict[str, int] = {}
    for place, label in enumerate(labels):
        first.setdefault(label, place)
    others = set(range(len(rows))) - set(first.values())
    order = [*first.values(), *sorted(others)][:_ROWS]
    named = ", ".join(f"row {rows[place]} {labels[place]}" for place in sorted(order))
    return f"{named} and {len(rows) - _ROWS:,} more" if len(rows) > _ROWS else named
