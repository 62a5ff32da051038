"""The unit of each training row: its group, its time, or its stretch of time.

Folds and hidden rows are dealt out by units, so that they are parted from the rest as the test set
is from the training set.
"""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.fold_rule import By, FoldRule, Units
from competition.data.tables.kinds import kind_of, numbers_of, seconds_of, texts_of
from competition.data.tables.schema import Role
from competition.errors import PodiumError

_BLOCKS = 20  # at least, where the test set does not say how long a stretch is


def units_of(rule: FoldRule, train: pd.Series, test: pd.Series) -> Units:
    """Return the unit (n,) of each training row, numbered from 0.

    By group, rows of one group share a number. By time, rows of one moment do, and numbers grow
    with time. By blocks, rows of one stretch do, and numbers grow with time: a stretch is a run of
    training rows between test rows, cut into parts no longer than the usual run of test rows.

    Args:
        rule: By group, time or blocks.
        train: (n,) the cells of the rule's column.
        test: (m,) the same of the test rows.

    Raises:
        PodiumError: a cell holds no moment, or no group where `match` should find one.
    """
    if rule.by == By.GROUP:
        return np.unique(groups_of(rule, train), return_inverse=True)[1].astype(np.int64)
    moments = moments_of(rule, train, test)
    before, after = moments[: len(train)], moments[len(train) :]
    if rule.by == By.TIME:
        return np.unique(before, return_inverse=True)[1].astype(np.int64)
    return _stretches(before, after)


def groups_of(rule: FoldRule, cells: pd.Series) -> npt.NDArray[np.str_]:
    """Return the group (n,) of each row, as text; a missing cell is a group of its own.

    Raises:
        PodiumError: `match` finds nothing in a cell.

    Example:
        >>> rule = FoldRule(By.GROUP, "id", "(.+)_")
        >>> groups_of(rule, pd.Series(["0001_01", "0001_02"])).tolist()
        ['0001', '0001']
    """
    texts = texts_of(cells).reset_index(drop=True)
    alone = pd.Series([f"\0{row}" for row in range(len(texts))], dtype="str")
    if rule.match is not None:
        pattern = rule.match if re.compile(rule.match).groups else f"({rule.match})"
        found = texts.str.extract(pattern, expand=True)[0]
        lost = texts[found.isna() & texts.notna()]
        if len(lost):
            raise PodiumError(
                f"folds.match finds no group in {str(lost.iloc[0])!r} of the column "
                f"{rule.column!r} (row {lost.index[0] + 2}). Change it, or leave it out."
            )
        texts = found
    return texts.where(texts.notna(), alone).to_numpy(np.str_)


def moments_of(rule: FoldRule, train: pd.Series, test: pd.Series) -> npt.NDArray[np.float64]:
    """Return the moment (n + m,) of each training and test row: seconds, or the numbers there.

    Raises:
        PodiumError: a cell holds neither a date nor a number.
    """
    whole = pd.concat([train, test], ignore_index=True)
    kind = kind_of(whole)
    moments = numbers_of(whole) if kind.role == Role.NUMBER else seconds_of(whole, kind.date_format)
    lost = np.flatnonzero(np.isnan(moments))
    if len(lost):
        raise PodiumError(
            f"Folds by {rule.by} need a date or a number in each row of {rule.column!r}, and "
            f"{str(whole.iloc[lost[0]])!r} is none. Name another column in [folds]."
        )
    return moments


def _stretches(train: npt.NDArray[np.float64], test: npt.NDArray[np.float64]) -> Units:
    order = np.argsort(train, kind="stable")
    # The run of a training row: how many test moments came before it.
    runs = np.searchsorted(np.unique(test), train[order], side="right")
    starts = np.flatnonzero(np.diff(runs, prepend=-1))
    lengths = np.diff([*starts, len(order)])
    usual = _usual_run(train, test)
    units = np.empty(len(train), np.int64)
    number = 0
    for start, length in zip(starts, lengths, strict=True):
        parts = max(1, round(length / usual))
        units[order[start : start + length]] = number + np.arange(length) * parts // length
        number += parts
    return units


def _usual_run(train: npt.NDArray[np.float64], test: npt.NDArray[np.float64]) -> int:
    """Return the median number of test rows between training rows, at most a part of the rows."""
    runs = np.searchsorted(np.unique(train), np.sort(test), side="right")
    usual = int(np.median(np.unique(runs, return_counts=True)[1])) if len(test) else len(train)
    return max(1, min(usual, len(train) // _BLOCKS))
