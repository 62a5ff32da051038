"""A person's own features: `features(train, test)` in a Python file beside the TOML file."""

import traceback
from typing import Any

import numpy as np
import pandas as pd

from competition.errors import PodiumError

_FUNCTION = "features"
_FILE = "own features"


def with_own_features(
    source: str, name: str, train: pd.DataFrame, test: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run a person's function on the columns that train and test share.

    It gets copies, so it may change them, and never the target. What it returns takes their place.

    Args:
        source: The file's text.
        name: The file's name, for messages.
        train: (n, columns) the columns of the training rows that the test rows have too.
        test: (m, columns) the same of the test rows.

    Returns:
        What the function made of them.

    Raises:
        PodiumError: the file cannot be run, the function raises, or it returns something else than
            two data frames of as many rows and the same columns, without infinite numbers.
    """
    try:
        scope: dict[str, Any] = {"__name__": "podium_own_features"}
        exec(compile(source, _FILE, "exec"), scope)  # it is the person's own code
        function = scope.get(_FUNCTION)
        if not callable(function):
            raise PodiumError(f"{name} must define {_FUNCTION}(train, test), and does not.")
        made = function(train.copy(), test.copy())
    except PodiumError:
        raise
    except Exception as error:
        raise PodiumError(_told(error, name, list(train.columns))) from error
    return _checked(made, name, train, test)


def _told(error: Exception, name: str, columns: list[str]) -> str:
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


def _checked(
    made: Any, name: str, train: pd.DataFrame, test: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    try:
        first, second = made
    except (TypeError, ValueError):
        first = second = None
    if not (isinstance(first, pd.DataFrame) and isinstance(second, pd.DataFrame)):
        raise PodiumError(
            f"{name}: {_FUNCTION} must return two data frames, (train, test), and returned "
            f"{type(made).__name__}."
        )
    for what, frame, given in (("train", first, train), ("test", second, test)):
        if len(frame) != len(given):
            raise PodiumError(
                f"{name}: {_FUNCTION} made {len(frame):,} rows of the {len(given):,} of {what}. "
                "Keep each row, in its order."
            )
        if not frame.index.equals(given.index):
            raise PodiumError(
                f"{name}: {_FUNCTION} changed the order or the index of {what}. Keep each row in "
                "its place, as after a merge with reset_index."
            )
        if frame.columns.duplicated().any():
            raise PodiumError(f"{name}: {_FUNCTION} made two columns of one name in {what}.")
        _check_finite(frame, what, name)
    unlike = sorted(map(str, set(first.columns) ^ set(second.columns)))
    if unlike:
        raise PodiumError(
            f"{name}: {_FUNCTION} made columns for one of train and test alone: "
            f"{', '.join(unlike[:5])}."
        )
    first.columns = second.columns = [str(column) for column in first.columns]
    return first, second[first.columns]


def _check_finite(frame: pd.DataFrame, what: str, name: str) -> None:
    numbers = frame.select_dtypes("number")
    infinite = [column for column in numbers if np.isinf(numbers[column]).any()]
    if infinite:
        raise PodiumError(
            f"{name}: {_FUNCTION} made infinite numbers in {infinite[0]!r} of {what}. Leave such "
            "cells missing."
        )
