"""The unit of each training row: its group, its time, or its stretch of time.

Folds and hidden rows are dealt out by units, so that they are parted from the rest as the test set
is from the training set.
"""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.fold_rule import By, FoldRule, Units
from competition.data.tables.reading.coded import Coded, coded
from competition.data.tables.reading.dates import seconds_of_texts
from competition.data.tables.reading.kinds import kind_of_coded, numbers_of, numbers_of_texts
from competition.errors import PodiumError
from competition.problem.text.lines import shown

_BLOCKS = 20  # at least, where the test set does not say how long a stretch is

Moments = npt.NDArray[np.float64]


def units_of(rule: FoldRule, train: pd.Series, test: pd.Series) -> Units:
    """Return the unit (n,) of each training row, numbered from 0.

    By group, rows of one group share a number. By time, rows of one moment do, and numbers grow
    with time. By blocks, rows of one stretch do, and numbers grow with time: a stretch is a run of
    training rows between test rows, cut into parts no longer than the usual run of test rows.

    Args:
        rule: By group, time or blocks.
        train: (n,) the cells of the rule's column.
        test: (m,) the same of the test rows, which may be none.

    Raises:
        PodiumError: a cell holds no moment, or no group where `match` should find one.
    """
    if rule.by == By.GROUP:
        units = groups_of(rule, train).parts[0].copy()
        alone = np.flatnonzero(units < 0)
        units[alone] = units.max(initial=-1) + 1 + np.arange(len(alone))
        return units
    before, after = moments_of(rule, train, test)
    if rule.by == By.TIME:
        return np.unique(before, return_inverse=True)[1].astype(np.int64)
    return _stretches(before, after)


def groups_of(rule: FoldRule, *parts: pd.Series) -> Coded:
    """Return the group of each row; missing where its cell is.

    Args:
        rule: By group.
        parts: The cells of the rule's column in train, or in train and test.

    Raises:
        PodiumError: `match` finds nothing in a cell.

    Example:
        >>> rule = FoldRule(By.GROUP, "id", "(.+)_")
        >>> groups_of(rule, pd.Series(["0001_01", "0001_02", "0002_01"])).parts
        (array([0, 0, 1]),)
    """
    cells = coded(*parts)
    if rule.match is None:
        return cells
    pattern = re.compile(rule.match)
    groups: dict[str, int] = {}
    codes = []
    for text in cells.texts:
        found = pattern.search(text)
        group = None if found is None else found[1 if pattern.groups else 0]
        if group is None:
            raise PodiumError(
                f"folds.match finds no group in {shown(text)}, a cell of the column "
                f"{rule.column!r}. Change it, or leave it out."
            )
        codes.append(groups.setdefault(group, len(groups)))
    return cells.mapped(list(groups), codes)


def moments_of(rule: FoldRule, *parts: pd.Series) -> list[Moments]:
    """Return the moment of each row of each part: seconds, or the numbers there.

    Args:
        rule: By time or blocks.
        parts: The cells of the rule's column in train and in test.

    Raises:
        PodiumError: a cell holds neither a date nor a number.
    """
    if any(pd.api.types.is_numeric_dtype(cells) for cells in parts):
        moments = [numbers_of(cells) for cells in parts]
    else:
        cells = coded(*parts)
        seconds = seconds_of_texts(
            pd.Series(cells.texts, dtype="str"), kind_of_coded(cells).date_format
        )
        numbers = numbers_of_texts(cells.texts)
        # What most cells are shows which of them is at fault.
        are_dates = np.isnan(seconds).sum() < np.isnan(numbers).sum()
        moments = list(cells.values(seconds if are_dates else numbers))
    for found, part, where in zip(moments, parts, ("training", "test"), strict=False):
        lost = np.flatnonzero(~np.isfinite(found))
        if len(lost):
            cell = part.iloc[lost[0]]
            what = "it is missing" if pd.isna(cell) else f"{shown(str(cell))} is neither"
            raise PodiumError(
                f"Folds by {rule.by} need a date or a number in each cell of {rule.column!r}, and "
                f"in row {lost[0] + 2} of the {where} file {what}. Name another column in [folds]."
            )
    return moments


def _stretches(train: Moments, test: Moments) -> Units:
    moments, place = np.unique(train, return_inverse=True)
    # The run of a moment: how many test moments came before it.
    runs = np.searchsorted(np.unique(test), moments, side="right")
    rows = np.bincount(place)
    usual = _usual_run(train, test)
    parts = np.empty(len(moments), np.int64)
    number = 0
    for run in np.split(np.arange(len(moments)), np.flatnonzero(np.diff(runs)) + 1):
        before = np.cumsum(rows[run]) - rows[run]  # rows of this run, up to each moment
        count = max(1, round(int(rows[run].sum()) / usual))
        cut = np.unique(before * count // int(rows[run].sum()), return_inverse=True)[1]
        parts[run] = number + cut
        number += int(cut[-1]) + 1
    return parts[place].astype(np.int64)


def _usual_run(train: Moments, test: Moments) -> int:
    """Return the median number of test rows between training rows, at most a part of the rows."""
    runs = np.searchsorted(np.unique(train), np.sort(test), side="right")
    usual = int(np.median(np.unique(runs, return_counts=True)[1])) if len(test) else len(train)
    return max(1, min(usual, len(train) // _BLOCKS))
