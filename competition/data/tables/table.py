"""A competition's table: its three files read, checked against each other, and turned into arrays.

What is missing, what is a number and which texts a category has is decided by train and test
together, so that no model meets a cell in the test set that it cannot place.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.csv_files import DOWNLOAD_AGAIN, find_csv
from competition.data.labels import Labels
from competition.data.tables.cells import read_cells
from competition.data.tables.columns import read_columns
from competition.data.tables.fold_rule import By, Units
from competition.data.tables.kinds import codes_of, kind_of
from competition.data.tables.own_features import with_own_features
from competition.data.tables.schema import Column, Role
from competition.data.tables.units import groups_of, units_of
from competition.errors import PodiumError
from competition.problem.targets import Truth
from competition.spec import Competition

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """What the files of a table hold.

    Attributes:
        train: (n, columns) what models see of the training rows; `Schema` says what it means.
        test: (m, columns) the same of the test rows, in the sample's order.
        truth: (n,) class indices, or (n, t) values.
        columns: What the columns are.
        levels: The texts of each coded column, by its place.
        units: (n,) the fold unit of each training row; None where rows are on their own.
        notes: What was left out, and why, in words.
    """

    train: Matrix
    test: Matrix
    truth: Truth
    columns: tuple[Column, ...]
    levels: dict[int, list[str]]
    units: Units | None
    notes: tuple[str, ...]


def read_table(competition: Competition, folder: Path, ids: npt.NDArray[np.str_]) -> Table:
    """Read the training and test file of a competition.

    Args:
        competition: What the files promise to hold.
        folder: Where they are.
        ids: The sample submission's, in its order.

    Raises:
        PodiumError: a file breaks a promise; the sentence names file, row and column.
    """
    exact = (competition.id_column, competition.test_id or "", *competition.label_columns)
    if competition.folds.by == By.GROUP:
        exact = (*exact, competition.folds.column or "")
    train_path, test_path = (
        find_csv(folder, name) for name in (competition.train_file, competition.test_file)
    )
    train, test = read_cells(train_path, exact), read_cells(test_path, exact)
    truth = _truth(train, competition, train_path)
    test = _in_order(test, ids, competition, test_path)
    units, group = _units(train, test, competition, test_path)
    shared, notes = _shared(train, test, competition)
    if competition.features is not None:
        name = f"{competition.slug}.py"
        shared = with_own_features(competition.features, name, *shared)
    columns = read_columns(*shared, competition)
    if group is not None:
        columns.add(f"group of {competition.folds.column}", Role.GROUP, *codes_of(*group))
    if columns.dropped:
        notes.append(f"{', '.join(columns.dropped)}: empty, the same everywhere, or dropped")
    if not columns.about:
        raise PodiumError(f"{train_path.name} and {test_path.name} share no column to learn from.")
    return Table(
        np.column_stack(columns.train),
        np.column_stack(columns.test),
        truth,
        tuple(columns.about),
        columns.levels,
        units,
        tuple(notes),
    )


# ---------------------------------------------------------------------- truth and rows


def _truth(train: pd.DataFrame, competition: Competition, path: Path) -> Truth:
    """Return what the label columns mean."""
    for column in competition.label_columns:
        if column not in train:
            raise PodiumError(
                f"{path.name} has no column {column!r}, which columns.label names. Its columns are "
                f"{', '.join(train.columns[:12])}{', …' if len(train.columns) > 12 else ''}."
            )
    least = -np.inf if competition.classes else competition.problem.metric.scale.least
    labels = Labels(competition.classes, least)
    columns = []
    for column in competition.label_columns:
        cells = train[column].fillna("")
        different = cells.unique()
        for text in different:
            if fault := labels.fault(text):
                row = int((cells == text).to_numpy().argmax())
                what = "the label is missing" if text == "" else fault
                raise PodiumError(f"{path.name}, row {row + 2}, column {column!r}: {what}.")
        meant = {text: labels.read(text) for text in different}
        columns.append(cells.map(meant).to_list())
    truth = labels.truth(columns)
    assert truth is not None
    return truth


def _in_order(
    test: pd.DataFrame, ids: npt.NDArray[np.str_], competition: Competition, path: Path
) -> pd.DataFrame:
    """Return the test rows in the order of the sample's ids; without an id column, as they are."""
    name = competition.test_id or competition.id_column
    if name not in test:
        if len(test) != len(ids):
            raise PodiumError(
                f"{path.name} has {len(test):,} rows, {competition.sample_file} {len(ids):,}, and "
                f"no column {name!r} says which is which. {DOWNLOAD_AGAIN}"
            )
        return test
    own = test[name].fillna("").str.strip()
    if len(own) == len(ids) and (own.to_numpy(str) == ids).all():
        return test
    places = pd.Index(own).get_indexer(pd.Index(ids)) if own.is_unique else None
    if places is None or len(own) != len(ids) or (places < 0).any():
        lost = [each for each in ids if each not in set(own)] if places is not None else []
        what = f"the id {lost[0]!r} of {competition.sample_file}" if lost else "one row for each id"
        raise PodiumError(
            f"{path.name} has {len(own):,} rows and lacks {what}; a submission answers "
            f"{len(ids):,} ids. {DOWNLOAD_AGAIN}"
        )
    return test.iloc[places].reset_index(drop=True)


def _units(
    train: pd.DataFrame, test: pd.DataFrame, competition: Competition, path: Path
) -> tuple[Units | None, tuple[pd.Series, pd.Series] | None]:
    """Return the fold unit of each training row, and the groups as a column of train and test."""
    rule = competition.folds
    if rule.column is None:
        return None, None
    if rule.column not in train:
        raise PodiumError(
            f"{competition.train_file} has no column {rule.column!r}, which folds.column names."
        )
    if rule.by == By.GROUP and rule.column not in test:
        return units_of(rule, train[rule.column], train[rule.column].head(0)), None
    if rule.column not in test:
        raise PodiumError(f"{path.name} has no column {rule.column!r}, which folds.column names.")
    units = units_of(rule, train[rule.column], test[rule.column])
    if rule.by != By.GROUP:
        return units, None
    parts = [groups_of(rule, frame[rule.column]) for frame in (train, test)]
    return units, (pd.Series(parts[0], dtype="str"), pd.Series(parts[1], dtype="str"))


def _shared(
    train: pd.DataFrame, test: pd.DataFrame, competition: Competition
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], list[str]]:
    """Return the columns that both files have, without labels and ids; and what is left out.

    An id that is a moment stays: in such data it is the main feature.
    """
    ids = {competition.id_column, competition.test_id} - {None}
    roles = dict(competition.roles)
    aside = {name for name in ids if name not in roles}
    train_only = [
        name
        for name in train
        if name not in test and name not in ids and name not in competition.label_columns
    ]
    test_only = [name for name in test if name not in train and name not in ids]
    notes = []
    for names, where in ((train_only, competition.train_file), (test_only, competition.test_file)):
        if names:
            notes.append(f"{', '.join(map(str, names))}: only in {where}, so not learnt from")
    kept = [
        name
        for name in train
        if name in test and name not in competition.label_columns and name not in aside
    ]
    for name in aside:
        if name in train and name in test:
            whole = pd.concat([train[name], test[name]], ignore_index=True)
            if kind_of(whole).role == Role.DATE:
                kept.insert(0, name)
    return (train[kept], test[kept]), notes
