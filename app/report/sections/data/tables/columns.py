"""The columns of a table: what is missing, how values are spread, how train and test differ."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.report.drawing.cells import shortened, shown_cell
from competition.data.dataset import Dataset
from competition.data.tables.schema import Column, Role, Schema

_CELLS = 16_000_000  # of each set that are looked at
_NOTABLE = 2.0  # times what chance would do, from which a difference is marked
_KOLMOGOROV = 0.8687  # mean of Kolmogorov's distribution

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ColumnFacts:
    """What the page says of a column.

    Attributes:
        name: Its name, shortened.
        role: What it is.
        missing: Shares of missing cells in train and test, as texts.
        different: How many different values train and test have.
        values: Least, median and most, or the most frequent level.
        unseen: Share of the test rows whose level train does not have; empty for numbers.
        apart: How far train and test differ, from 0 to 1, and how far chance alone would part
            them; empty where that says nothing.
        marked: Whether they differ by much more than chance.
    """

    name: str
    role: str
    missing: tuple[str, str]
    different: str
    values: str
    unseen: str
    apart: str
    marked: bool


@dataclass(frozen=True)
class ColumnTable:
    """All columns.

    Attributes:
        columns: In the matrix's order.
        looked_at: How many rows of train, and of test, these facts are of.
    """

    columns: list[ColumnFacts]
    looked_at: tuple[int, int]


def column_table(data: Dataset, schema: Schema) -> ColumnTable:
    """Look through the columns; of a large table, through evenly spaced rows.

    Numbers and dates of train and test are compared by the largest distance of their cumulative
    shares (Kolmogorov and Smirnov), with missing cells as the least; levels by half the sum of the
    distances of their shares (total variation).
    """
    most = max(1, _CELLS // len(schema.columns))
    train, test = (_by_column(part, most) for part in (data.train, data.test))
    columns = [
        _facts(schema, place, train[place], test[place]) for place in range(len(schema.columns))
    ]
    return ColumnTable(columns, (train.shape[1], test.shape[1]))


def _by_column(matrix: Floats, most: int) -> Floats:
    """Return (columns, rows) of at most so many evenly spaced rows, each column in one piece."""
    step = -(-len(matrix) // most)
    return np.ascontiguousarray(matrix[::step].T)


def _facts(schema: Schema, place: int, train: Floats, test: Floats) -> ColumnFacts:
    column = schema.columns[place]
    there = [part[~np.isnan(part)] for part in (train, test)]
    missing = [_share(float(np.isnan(part).sum()) / max(len(part), 1)) for part in (train, test)]
    if column.levels:
        codes = [some.astype(np.int64) for some in there]
        counts, others = (np.bincount(part, minlength=column.levels) for part in codes)
        different = int(np.count_nonzero(counts + others))
        values = _most_frequent(schema, place, counts + others)
        unseen = _share(float(others[counts == 0].sum()) / max(len(test), 1))
        apart, chance = _variation(column, counts, others, len(train), len(test))
    else:
        whole = np.sort(np.concatenate(there))
        different = int(np.count_nonzero(np.diff(whole))) + bool(len(whole))
        values = _spread(schema, place, whole)
        unseen = ""
        apart, chance = _distance(train, test)
    return ColumnFacts(
        name=shortened(column.name),
        role=column.role.value,
        missing=(missing[0], missing[1]),
        different=f"{different:,}",
        values=values,
        unseen=unseen,
        apart="" if math.isnan(apart) else f"{apart:.3f} ({chance:.3f})",
        marked=apart > _NOTABLE * chance,
    )


def _share(share: float) -> str:
    """Return a share in per cent; empty for none."""
    if share == 0:
        return ""
    return "< 0.1%" if share < 0.001 else f"{share:.1%}"


def _spread(schema: Schema, place: int, ordered: Floats) -> str:
    if not len(ordered):
        return "all are missing"
    three = (ordered[0], ordered[len(ordered) // 2], ordered[-1])
    return " · ".join(shown_cell(schema, place, float(each)) for each in three)


def _most_frequent(schema: Schema, place: int, counts: npt.NDArray[np.int64]) -> str:
    if not counts.sum():
        return "all are missing"
    code = int(counts.argmax())
    if counts[code] == 1:
        return f"such as {shown_cell(schema, place, code)}"
    return f"{shown_cell(schema, place, code)} ({_share(float(counts[code] / counts.sum()))})"


def _variation(
    column: Column,
    train: npt.NDArray[np.int64],
    test: npt.NDArray[np.int64],
    first: int,
    second: int,
) -> tuple[float, float]:
    """Return the total variation of levels, missing among them, and what chance would make."""
    if column.role in (Role.TEXT, Role.GROUP) or not first or not second:
        return math.nan, math.nan  # hardly any text comes twice
    one, other = (
        np.append(counts, rows - counts.sum()) / rows
        for counts, rows in ((train, first), (test, second))
    )
    both = (one * first + other * second) / (first + second)
    chance = np.sqrt(2 / np.pi * both * (1 - both) * (1 / first + 1 / second)).sum() / 2
    return float(np.abs(one - other).sum() / 2), float(chance)


def _distance(train: Floats, test: Floats) -> tuple[float, float]:
    """Return the largest distance of the cumulative shares, and what chance would make of it."""
    if not len(train) or not len(test):
        return math.nan, math.nan
    first, second = (np.sort(np.nan_to_num(part, nan=-np.inf)) for part in (train, test))
    places = np.unique(np.concatenate([first, second]))
    shares = [np.searchsorted(part, places, "right") / len(part) for part in (first, second)]
    chance = _KOLMOGOROV * math.sqrt(1 / len(first) + 1 / len(second))
    return float(np.abs(shares[0] - shares[1]).max()), chance
