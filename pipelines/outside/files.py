"""Somebody's predictions in a file: a CSV by ids, or a NumPy array in the order of the rows."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.reading.cells import read_cells
from competition.data.tables.reading.coded import texts_of
from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions
from competition.problem.text.lines import shown

_SUM_ERROR = 0.01  # of probabilities, which some tools round
_ARRAYS = (".npy", ".npz")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """What a file is to hold.

    Attributes:
        what: Such as `out-of-fold`, for messages.
        ids: (n,) of the rows, in the order in which predictions are wanted.
        id_columns: What the id's column may be called.
        problem: What is asked.
        least: The smallest value that a logarithm is taken of.
    """

    what: str
    ids: Sequence[str]
    id_columns: tuple[str, ...]
    problem: Problem
    least: float = -np.inf


def read_predictions(source: Path | npt.NDArray[Any], expected: Expected) -> Predictions:
    """Read predictions (n, k) as Podium has them: probabilities, or values on the training scale.

    A CSV has an id column and one for each class or target, in any order of rows and columns; of
    two classes the positive one's will do. An array, `.npy` or the only one of an `.npz`, has the
    rows in the order of the files that Kaggle gave, and the classes in the competition's order.

    Args:
        source: The file's path, or the array itself.
        expected: What it is to hold.

    Raises:
        PodiumError: it cannot be read, or does not hold that.
    """
    path = source if isinstance(source, Path) else Path(f"the {expected.what} array")
    if source is path and not path.is_file():
        raise PodiumError(f"There is no file {path}. Give the path of a CSV, npy or npz file.")
    if not isinstance(source, Path) or path.suffix.lower() in _ARRAYS:
        values = _array(source, path.name)
        if len(values) != len(expected.ids):
            raise PodiumError(
                f"{path.name} has {len(values):,} rows where {len(expected.ids):,} {expected.what} "
                "predictions are wanted, in the order of the rows."
            )
    else:
        values = _of_csv(path, expected)
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise PodiumError(
            f"{path.name} has no prediction for {shown(str(expected.ids[row]))}. Fill the gaps."
        )
    return np.asarray(_as_learnt(values, path.name, expected), np.float32)


def _array(source: Path | npt.NDArray[Any], name: str) -> Floats:
    try:
        found = np.load(source, allow_pickle=False) if isinstance(source, Path) else source
        if isinstance(found, np.lib.npyio.NpzFile):
            with found:
                if len(found.files) != 1:
                    raise PodiumError(f"{name} holds {len(found.files)} arrays, and one is wanted.")
                found = found[found.files[0]]
        values = np.asarray(found, np.float64)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise PodiumError(f"{name} does not read as an array of numbers ({error}).") from error
    if values.ndim not in (1, 2):
        raise PodiumError(f"{name} has the shape {values.shape}; rows and columns are wanted.")
    return values.reshape(len(values), -1)


def _of_csv(path: Path, expected: Expected) -> Floats:
    """Return the numbers (n, columns) of a CSV, by the expected ids, classes in their order."""
    frame = read_cells(path)
    id_column = _id_column(frame, path.name, expected)
    own = texts_of(frame[id_column]).fillna("").tolist()
    index = pd.Index(own)
    if not index.is_unique:
        twice = own[int(np.flatnonzero(index.duplicated())[0])]
        raise PodiumError(f"{path.name} has the id {shown(twice)} twice.")
    places = index.get_indexer(pd.Index(list(expected.ids)))
    if (places < 0).any():
        lost = expected.ids[int((places < 0).argmax())]
        raise PodiumError(
            f"{path.name} has no row of the id {shown(str(lost))}, and {expected.what} predictions "
            f"are wanted of all {len(expected.ids):,}."
        )
    columns = _prediction_columns([str(name) for name in frame if name != id_column], expected)
    if columns is None:
        raise PodiumError(
            f"{path.name} has the columns {', '.join(map(str, frame.columns))}. "
            f"{_wanted(expected.problem)}"
        )
    texts = [name for name in columns if not pd.api.types.is_numeric_dtype(frame[name])]
    if texts:
        raise PodiumError(
            f"{path.name}, column {texts[0]!r}, holds {shown(str(frame[texts[0]].iloc[0]))}, which "
            "is no number. A blend needs probabilities or values."
        )
    return np.asarray(frame[columns].to_numpy(np.float64)[places])


def _id_column(frame: pd.DataFrame, name: str, expected: Expected) -> str:
    for column in expected.id_columns:
        if column in frame:
            return column
    wanted = set(expected.ids)
    for column in map(str, frame):
        if len(frame) >= len(wanted) and wanted <= set(texts_of(frame[column]).dropna()):
            return column
    raise PodiumError(
        f"{name} has no column {expected.id_columns[0]!r} with the rows' ids. Add it, or give an "
        "array in the order of the rows."
    )


def _prediction_columns(names: list[str], expected: Expected) -> list[str] | None:
    """Return the columns in the order of classes or targets; None where they are not told."""
    problem = expected.problem
    wanted = problem.targets if problem.kind == Kind.NUMBERS else problem.classes
    plain = {_plain(name): name for name in names}
    for start in ("", *(f"{target}_" for target in problem.targets), "class_", "proba_", "prob_"):
        keys = [_plain(f"{start}{each}") for each in wanted]
        if all(key in plain for key in keys):
            return [plain[key] for key in keys]
    if len(names) != 1:
        return None
    single = len(wanted) == 1 or problem.kind == Kind.ORDERED or len(problem.classes) == 2
    return names if single else None


def _plain(text: str) -> str:
    return text.strip().casefold()


def _wanted(problem: Problem) -> str:
    if problem.kind == Kind.NUMBERS:
        return f"Call those of the targets {', '.join(problem.targets)}."
    return f"Call those of the classes {', '.join(problem.classes)}."


def _as_learnt(values: Floats, name: str, expected: Expected) -> Floats:
    """Return predictions as Podium has them.

    Raises:
        PodiumError: there are too few columns, or they hold something else.
    """
    problem, columns = expected.problem, values.shape[1]
    if problem.kind == Kind.NUMBERS:
        if columns != len(problem.targets):
            raise PodiumError(
                f"{name} has {columns} columns for {len(problem.targets)} targets. "
                f"{_wanted(problem)}"
            )
        scale = problem.metric.scale
        if np.isfinite(scale.least):
            values = np.maximum(values, expected.least)
        return np.asarray(scale.forward(values))
    if problem.kind == Kind.ORDERED and columns == 1:
        return _class_numbers(values, name, problem)
    shares = _shares(values, name, problem)
    if problem.kind == Kind.ORDERED:
        return np.asarray(shares @ np.arange(len(problem.classes))[:, np.newaxis])
    return shares


def _class_numbers(values: Floats, name: str, problem: Problem) -> Floats:
    """Return class numbers of expected labels, such as 5.3 for classes from 3 to 8."""
    try:
        known = np.array([float(text) for text in problem.classes])
    except ValueError:
        raise PodiumError(f"{name} has one column. {_wanted(problem)}") from None
    return np.interp(values, known, np.arange(len(known)))


def _shares(values: Floats, name: str, problem: Problem) -> Floats:
    """Return probabilities (n, classes) that sum to 1."""
    classes = len(problem.classes)
    if values.min() < -1e-6 or values.max() > 1 + 1e-6:
        raise PodiumError(
            f"{name} holds {values.min():.4g} to {values.max():.4g}, and probabilities lie between "
            "0 and 1. Give predict_proba's."
        )
    if np.isin(values, (0.0, 1.0)).all():
        raise PodiumError(
            f"{name} holds labels, only 0 and 1, and a blend needs probabilities. Give "
            "predict_proba's."
        )
    if values.shape[1] == 1 and classes == 2:
        positive = 1 if problem.positive is None else problem.positive
        pair = [1 - values, values] if positive == 1 else [values, 1 - values]
        return np.clip(np.hstack(pair), 0, 1)
    if values.shape[1] != classes:
        raise PodiumError(
            f"{name} has {values.shape[1]} columns for {classes} classes. {_wanted(problem)}"
        )
    sums = values.sum(axis=1)
    if np.abs(sums - 1).max() > _SUM_ERROR:
        raise PodiumError(
            f"The probabilities of a row of {name} sum to {sums.min():.3g} to {sums.max():.3g} "
            "where 1 is wanted."
        )
    return np.asarray(np.clip(values, 0, 1) / sums[:, np.newaxis])
