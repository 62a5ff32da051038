"""A competition's table: its three files read, checked against each other, and turned into arrays.

What is missing, what is a number and which texts a category has is decided by train and test
together, so that no model meets a cell in the test set that it cannot place.
"""

import os
import re
import warnings
from collections.abc import Callable, Collection
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.csv_files import DOWNLOAD_AGAIN, find_csv
from competition.data.tables.columns import Columns, Values, read_columns
from competition.data.tables.fold_rule import By, Units
from competition.data.tables.own_features import with_own_features
from competition.data.tables.reading.cells import read_typed
from competition.data.tables.schema import Column, Role, Schema
from competition.data.tables.sharing import shared_columns
from competition.data.tables.truth import read_truth
from competition.data.tables.units import groups_of, units_of
from competition.errors import PodiumError
from competition.files import atomic_path, explained_os_errors
from competition.problem.targets import Truth
from competition.problem.text.ids import whole_numbers
from competition.problem.text.lines import shown
from competition.spec import Competition

_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)  # what a number reads and writes alike
_ROWS = 16_384  # that are written at a time


@dataclass(frozen=True)
class Table:
    """What the files of a table hold.

    Attributes:
        train: The columns (n,) that models see of the training rows; `Schema` says what they mean.
        test: The same (m,) of the test rows, in the sample's order.
        truth: (n,) class indices, or (n, t) values.
        columns: What the columns are.
        levels: The texts of each coded column, by its place.
        units: (n,) the fold unit of each training row; None where rows are on their own.
        notes: What was left out, and why, in words.
    """

    train: list[Values]
    test: list[Values]
    truth: Truth
    columns: tuple[Column, ...]
    levels: dict[int, list[str]]
    units: Units | None
    notes: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """Write the matrices `train.npy` and `test.npy`, and what their columns are.

        Raises:
            DiskFailed: the disk is full, or the folder cannot be written.
        """
        paths = folder / "train.npy", folder / "test.npy"
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(_write_matrix, paths, (self.train, self.test)))
        schema = Schema(self.columns, folder, self.notes)
        with explained_os_errors(folder / "schema.json"):
            schema.write(self.levels)


def read_table(
    competition: Competition,
    folder: Path,
    ids: Callable[[], npt.NDArray[np.str_]],
    beside: Executor,
) -> Table:
    """Read the training and test file of a competition.

    Args:
        competition: What the files promise to hold.
        folder: Where they are.
        ids: Gives the sample submission's (m,), in its order; asked for when the cells are there.
        beside: Threads for what can be done beside the reading of the training file.

    Raises:
        PodiumError: a file breaks a promise; the sentence names file, row and column.
    """
    train_path, test_path = (
        find_csv(folder, name) for name in (competition.train_file, competition.test_file)
    )
    train, test = read_both(train_path, test_path, competition, beside)
    truth = beside.submit(read_truth, train, competition, train_path)
    order = order_of(test, ids(), competition, test_path)
    units = _units(train, test, competition)
    shared = shared_columns(train, test, competition)
    if competition.features is None:
        learnt = [name for name in shared.train.columns if name not in shared.ids]
        frames = shared.train[learnt], shared.test[learnt]
    else:
        name = f"{competition.slug}.py"
        frames = with_own_features(
            competition.features, name, shared.train, shared.test, shared.ids
        )
    columns = read_columns(*frames, competition)
    if not columns.about:
        raise PodiumError(f"{train_path.name} and {test_path.name} share no column to learn from.")
    if units is not None and competition.folds.by == By.GROUP:
        _add_group(columns, train, test, competition)
    test_columns = columns.test if order is None else [each[order] for each in columns.test]
    return Table(
        columns.train,
        test_columns,
        truth.result(),
        tuple(columns.about),
        columns.levels,
        units,
        (*shared.notes, *columns.notes()),
    )


def _write_matrix(path: Path, columns: list[Values]) -> None:
    """Write columns (n,) as the matrix (n, columns) float64, a NumPy file that can be mapped."""
    n = len(columns[0])
    block = np.empty((_ROWS, len(columns)))
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        about = {"descr": block.dtype.str, "fortran_order": False, "shape": (n, len(columns))}
        np.lib.format.write_array_header_1_0(file, about)
        for start in range(0, n, _ROWS):
            part = block[: min(_ROWS, n - start)]
            for place, values in enumerate(columns):
                part[:, place] = values[start : start + _ROWS]
            file.write(part.data)


def read_both(
    train: Path, test: Path, competition: Competition, beside: Executor
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the cells of train and test; what is all numbers in one of them alone becomes texts.

    Raises:
        PodiumError: a file cannot be read.
    """
    ids = [name for name in (competition.id_column, competition.test_id) if name is not None]
    exact = {name for name, role in competition.roles if role not in (Role.NUMBER, Role.DROP)}
    if competition.folds.by == By.GROUP and competition.folds.column is not None:
        exact.add(competition.folds.column)
    if competition.features is not None:
        exact |= set(ids)
    spelled = not all(map(_WHOLE.fullmatch, competition.classes))
    labels = set(competition.label_columns if spelled else ())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # such columns are read again
        with _a_core_for_the_second():
            second = beside.submit(read_typed, test, exact)
            frames = read_typed(train, exact | labels), second.result()
    unlike = [
        str(name)
        for name in frames[0]
        if name in frames[1] and name not in ids and _are_unlike(frames[0][name], frames[1][name])
    ]
    if unlike:
        for path, frame in zip((train, test), frames, strict=True):
            _read_again(path, frame, unlike)
    return frames


def _a_core_for_the_second() -> AbstractContextManager[None]:
    """Have pandas, which takes all cores for a file from 3.1 on, leave one: they would collide."""
    if not hasattr(pd.options.mode, "max_threads"):
        return nullcontext()
    return pd.option_context("mode.max_threads", max(1, (os.cpu_count() or 1) - 1))


def _are_unlike(first: pd.Series, second: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(first) != pd.api.types.is_numeric_dtype(second)


def _read_again(path: Path, frame: pd.DataFrame, names: Collection[str]) -> None:
    again = read_typed(path, names, only=names)
    for name in names:
        frame[name] = again[name]


def order_of(
    test: pd.DataFrame, ids: npt.NDArray[np.str_], competition: Competition, path: Path
) -> npt.NDArray[np.intp] | None:
    """Return the row of each of the sample's ids; None where they stand in its order.

    Raises:
        PodiumError: the ids of the test file are not the sample's.
    """
    name = competition.test_id or competition.id_column
    if name not in test:
        if len(test) != len(ids):
            raise PodiumError(
                f"{path.name} has {len(test):,} rows, {competition.sample_file} {len(ids):,}, and "
                f"no column {name!r} says which is which. {DOWNLOAD_AGAIN}"
            )
        return None
    cells = test[name]
    if cells.dtype.kind == "i":  # the sample's very rows mostly, which numbers tell fastest
        numbers = whole_numbers(ids)
        if numbers is not None and np.array_equal(cells.to_numpy(), numbers):
            return None
    if pd.api.types.is_numeric_dtype(cells):
        cells = read_typed(path, (name,), only=(name,))[name]
    own, wanted = cells.astype(object).fillna("").tolist(), ids.tolist()
    if own == wanted:
        return None
    own, wanted = ([text.strip() for text in texts] for texts in (own, wanted))
    index = pd.Index(own)
    if not index.is_unique:
        row = int(np.flatnonzero(index.duplicated())[0])
        raise PodiumError(
            f"{path.name}, row {row + 2}, column {name!r}: the id {shown(own[row])} stands there "
            f"twice. {DOWNLOAD_AGAIN}"
        )
    places: npt.NDArray[np.intp] = index.get_indexer(pd.Index(wanted))
    if (places < 0).any():
        lost = wanted[int((places < 0).argmax())]
        raise PodiumError(
            f"{path.name} has no row of the id {shown(lost)}, which {competition.sample_file} "
            f"asks for. {DOWNLOAD_AGAIN}"
        )
    if len(own) != len(ids):
        raise PodiumError(
            f"{path.name} has {len(own):,} rows and {competition.sample_file} asks for "
            f"{len(ids):,} of them. {DOWNLOAD_AGAIN}"
        )
    return places


def _units(train: pd.DataFrame, test: pd.DataFrame, competition: Competition) -> Units | None:
    """Return the fold unit of each training row."""
    rule = competition.folds
    if rule.column is None:
        return None
    if rule.column not in train:
        raise PodiumError(
            f"{competition.train_file} has no column {rule.column!r}, which folds.column names."
        )
    if rule.column in test:
        return units_of(rule, train[rule.column], test[rule.column])
    if rule.by == By.GROUP:
        return units_of(rule, train[rule.column], train[rule.column].head(0))
    raise PodiumError(
        f"{competition.test_file} has no column {rule.column!r}, which folds.column names."
    )


def _add_group(
    columns: Columns, train: pd.DataFrame, test: pd.DataFrame, competition: Competition
) -> None:
    """Add the groups as a column, where the test rows have them too."""
    rule = competition.folds
    assert rule.column is not None
    if rule.column not in test:
        return
    groups = groups_of(rule, train[rule.column], test[rule.column])
    first, second = groups.numbered()
    columns.add(f"group of {rule.column}", Role.GROUP, (first, second), groups.texts)
