"""A person's own features: `features(train, test)` in a Python file beside the TOML file."""

import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pandas as pd

from competition.data.tables.reading.coded import coded
from competition.data.tables.reading.dates import seconds_of_texts
from competition.data.tables.reading.kinds import Kind, kind_of_coded, numbers_of_texts
from competition.data.tables.schema import Role
from competition.errors import PodiumError

_FUNCTION = "features"
_FILE = "own features"


def with_own_features(
    source: str, name: str, train: pd.DataFrame, test: pd.DataFrame, ids: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run a person's function on the columns that train and test share.

    It gets copies, so it may change them, and never the target. Numbers are numbers, dates are
    moments (datetime64), all else is text; ids are there too, as text. What it returns takes the
    place of the columns, without the ids. What it prints goes to the standard error.

    Args:
        source: The file's text.
        name: The file's name, for messages.
        train: (n, columns) the columns of the training rows that the test rows have too.
        test: (m, columns) the same of the test rows.
        ids: The columns that are not learnt from.

    Returns:
        What the function made of them.

    Raises:
        PodiumError: the file cannot be run, the function raises, or it returns something else than
            two data frames of as many rows and the same columns, without infinite numbers.
    """
    given = friendly_frames(train, test, ids)
    try:
        with redirect_stdout(sys.stderr):
            scope: dict[str, Any] = {"__name__": "podium_own_features"}
            exec(compile(source, _FILE, "exec"), scope)  # it is the person's own code
            function = scope.get(_FUNCTION)
            if not callable(function):
                raise PodiumError(f"{name} must define {_FUNCTION}(train, test), and does not.")
            made = function(*given)
    except PodiumError:
        raise
    except (Exception, SystemExit) as error:
        raise PodiumError(_told(error, name, list(train.columns))) from error
    first, second = _checked(made, name, len(train), len(test))
    kept = [column for column in first.columns if column not in ids]
    return first[kept], second[kept]


def friendly_frames(
    train: pd.DataFrame, test: pd.DataFrame, ids: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return copies of the frames, each column of the type that a person expects.

    Numbers are numbers, dates moments (datetime64), all else is text.

    Args:
        train: (n, columns) as `read_typed` gives them.
        test: (m, columns) the same columns of the test rows.
        ids: Columns that stay text.
    """
    frames = train.copy(), test.copy()
    for column in train.columns:
        parts = [frame[column] for frame in frames]
        if not all(map(pd.api.types.is_numeric_dtype, parts)):
            parts = _of_texts(parts, column in ids)
        for frame, cells in zip(frames, parts, strict=True):
            frame[column] = cells
    return frames


def _of_texts(parts: list[pd.Series], is_id: bool) -> list[pd.Series]:
    cells = coded(*parts)
    kind = Kind(Role.TEXT) if is_id else kind_of_coded(cells)
    if kind.role == Role.NUMBER:
        return [pd.Series(each) for each in cells.values(numbers_of_texts(cells.texts))]
    different = pd.Series(cells.texts, dtype="str")
    if kind.role == Role.DATE:
        seconds = cells.values(seconds_of_texts(different, kind.date_format))
        return [pd.Series(pd.to_datetime(each, unit="s")) for each in seconds]
    return [pd.Series(part.astype("str")) for part in parts]


def _told(error: BaseException, name: str, columns: list[str]) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == _FILE]
    line = error.lineno if isinstance(error, SyntaxError) else (lines or [None])[-1]
    where = f"{name}, line {line}" if line else name
    if isinstance(error, KeyError) and error.args and error.args[0] not in columns:
        return (
            f"{where}: there is no column {error.args[0]!r}. It is given the columns that train "
            "and test share, and never the target."
        )
    return f"{where}: {type(error).__name__}: {error}"


def _checked(made: Any, name: str, n: int, m: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    try:
        first, second = made
    except (TypeError, ValueError):
        first = second = None
    if not (isinstance(first, pd.DataFrame) and isinstance(second, pd.DataFrame)):
        raise PodiumError(
            f"{name}: {_FUNCTION} must return two data frames, (train, test), and returned "
            f"{type(made).__name__}."
        )
    for what, frame, rows in (("train", first, n), ("test", second, m)):
        if len(frame) != rows:
            raise PodiumError(
                f"{name}: {_FUNCTION} made {len(frame):,} rows of the {rows:,} of {what}. "
                "Keep each row, in its order."
            )
        if not frame.index.equals(pd.RangeIndex(rows)):
            raise PodiumError(
                f"{name}: {_FUNCTION} changed the order or the index of {what}. Keep each row in "
                "its place, as after a merge with how='left'."
            )
    frames = [frame.rename(columns=str) for frame in (first, second)]
    for what, frame in zip(("train", "test"), frames, strict=True):
        twice = frame.columns[frame.columns.duplicated()]
        if len(twice):
            raise PodiumError(f"{name}: {_FUNCTION} made two columns {twice[0]!r} in {what}.")
        for column in frame:
            frame[column] = _plain(frame[column], what, name)
    unlike = sorted(set(frames[0].columns) ^ set(frames[1].columns))
    if unlike:
        raise PodiumError(
            f"{name}: {_FUNCTION} made columns for one of train and test alone: "
            f"{', '.join(unlike[:5])}."
        )
    return frames[0], frames[1][list(frames[0].columns)]


def _plain(cells: pd.Series, what: str, name: str) -> pd.Series:
    """Return a column's cells as they are learnt from: durations as seconds."""
    if pd.api.types.is_timedelta64_dtype(cells):
        seconds: pd.Series = cells.dt.total_seconds()
        return seconds
    if pd.api.types.is_complex_dtype(cells):
        raise PodiumError(
            f"{name}: {_FUNCTION} made complex numbers in {cells.name!r} of {what}. Make two "
            "columns of them."
        )
    if pd.api.types.is_bool_dtype(cells):
        return cells.astype("object")
    if pd.api.types.is_numeric_dtype(cells):
        values = cells.to_numpy(np.float64, na_value=np.nan)
        if np.isinf(values).any():
            raise PodiumError(
                f"{name}: {_FUNCTION} made infinite numbers in {cells.name!r} of {what}. Leave "
                "such cells missing."
            )
        return pd.Series(values, name=cells.name)
    if cells.dtype == object:
        for cell in cells:
            if isinstance(cell, list | tuple | set | dict | np.ndarray | pd.Series):
                raise PodiumError(
                    f"{name}: {_FUNCTION} put a {type(cell).__name__} into a cell of "
                    f"{cells.name!r} of {what}. Make texts or numbers of them."
                )
    return cells
