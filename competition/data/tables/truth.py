"""The label columns of a table's training file."""

from pathlib import Path

import numpy as np
import pandas as pd

from competition.data.labels import Labels
from competition.data.tables.reading.cells import read_typed
from competition.data.tables.reading.coded import coded
from competition.errors import PodiumError
from competition.problem.targets import Truth
from competition.spec import Competition

_SHOWN = 12


def read_truth(train: pd.DataFrame, competition: Competition, path: Path) -> Truth:
    """Return what the label columns mean: (n,) class indices, or (n, t) values.

    Args:
        train: The training file's cells.
        competition: Says which columns are labels, and what they may hold.
        path: The training file.

    Raises:
        PodiumError: a label column is not there, the same in each row, or a cell is no label.
    """
    for column in competition.label_columns:
        if column not in train:
            more = ", …" if len(train.columns) > _SHOWN else ""
            raise PodiumError(
                f"{path.name} has no column {column!r}, which columns.label names. Its columns are "
                f"{', '.join(train.columns[:_SHOWN])}{more}."
            )
    columns = [_read(train[column], competition, path) for column in competition.label_columns]
    for column, values in zip(competition.label_columns, columns, strict=True):
        if (values == values[0]).all():
            raise PodiumError(
                f"{path.name}, column {column!r}: the label is the same in each of its "
                f"{len(values):,} rows, so there is nothing to learn. Check columns.label."
            )
    if competition.classes:
        return columns[0].astype(np.int64)
    return np.column_stack(columns)


def check_least(competition: Competition, path: Path) -> None:
    """Check that no label is smaller than the metric takes.

    Raises:
        PodiumError: one is; the sentence names its row.
    """
    read_truth(read_typed(path, only=competition.label_columns), competition, path)


def _read(cells: pd.Series, competition: Competition, path: Path) -> np.ndarray:
    least = -np.inf if competition.classes else competition.problem.metric.scale.least
    labels = Labels(competition.classes, least)
    if not competition.classes and pd.api.types.is_numeric_dtype(cells):
        values = cells.to_numpy(np.float64)
        if np.isfinite(values).all() and (values >= least).all():
            return values
        name = str(cells.name)
        cells = read_typed(path, as_text=(name,), only=(name,))[name]
    found = coded(cells)
    faults = [labels.fault(text) for text in found.texts]
    wrong = np.array([*(fault is not None for fault in faults), True])[found.parts[0]]
    if wrong.any():
        if pd.api.types.is_numeric_dtype(cells):  # its very text may be another
            name = str(cells.name)
            return _read(read_typed(path, (name,), only=(name,))[name], competition, path)
        row = int(wrong.argmax())
        code = found.parts[0][row]
        what = "the label is missing" if code < 0 else faults[code]
        where = f"{path.name}, row {row + 2}, column {cells.name!r}"
        more = int(wrong.sum()) - 1
        also = f", and {more} more like it" if more else ""
        raise PodiumError(f"{where}: {what}{also}. Correct what is wrong, or delete the rows.")
    return found.values([labels.read(text) for text in found.texts])[0]
