"""The columns of a table as numbers: values or codes, what each is, and the texts behind them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.kinds import (
    MISSING,
    Kind,
    codes_of,
    kind_of,
    numbers_of,
    seconds_of,
    texts_of,
)
from competition.data.tables.schema import CODED, Column, Role
from competition.errors import PodiumError
from competition.spec import Competition

Values = npt.NDArray[np.float64]


@dataclass
class Columns:
    """Columns of train and test, side by side.

    Attributes:
        train: A column (n,) float64 each.
        test: A column (m,) float64 each.
        about: What each is.
        levels: The texts of each coded one, by its place.
        dropped: The names of those that are left out.
    """

    train: list[Values] = field(default_factory=list)
    test: list[Values] = field(default_factory=list)
    about: list[Column] = field(default_factory=list)
    levels: dict[int, list[str]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    def add(self, name: str, role: Role, train: Values, test: Values, texts: list[str]) -> None:
        """Add a column; `texts` are what its codes stand for."""
        if role in CODED:
            self.levels[len(self.about)] = texts
        self.train.append(train)
        self.test.append(test)
        self.about.append(Column(name, role, len(texts)))


def read_columns(train: pd.DataFrame, test: pd.DataFrame, competition: Competition) -> Columns:
    """Read the columns that train and test share, in the order of train.

    A column that is empty, or the same in every training row, is left out.

    Args:
        train: (n, columns) as `read_cells` gives them, or as a person's own features are.
        test: (m, columns) the same columns.
        competition: Says which columns have a role of their own.

    Raises:
        PodiumError: `[roles]` names a column that is not there, or a cell is not what it says.
    """
    roles: dict[str, Any] = dict(competition.roles)
    aside = (competition.id_column, competition.test_id)
    for name, role in roles.items():
        if name not in train and role != Role.DROP and name not in aside:
            raise PodiumError(
                f"[roles] names the column {name!r}, which train and test do not share. Correct "
                "its spelling, or take it out."
            )
    columns = Columns()
    for name in train.columns:
        kind, order = _kind(roles.get(name), train[name], test[name])
        if kind.role == Role.DROP:
            columns.dropped.append(name)
            continue
        columns.add(name, kind.role, *_read(kind, order, train[name], test[name]))
    return columns


def _kind(asked: Any, train: pd.Series, test: pd.Series) -> tuple[Kind, tuple[str, ...] | None]:
    """Return what a column is, as asked or as it looks, and the order of its levels, if any."""
    if isinstance(asked, tuple):
        return Kind(Role.ORDINAL), asked
    if asked == Role.DROP:
        return Kind(Role.DROP), None
    found = kind_of(pd.concat([train, test], ignore_index=True))
    if asked is not None:
        return Kind(asked, found.date_format), None
    if found.role != Role.DROP and train.nunique(dropna=False) <= 1:
        return Kind(Role.DROP), None
    return found, None


def _read(
    kind: Kind, order: tuple[str, ...] | None, train: pd.Series, test: pd.Series
) -> tuple[Values, Values, list[str]]:
    """Return a column of train and of test as numbers, and the texts that codes stand for."""
    texts: list[str] = []
    match kind.role:
        case Role.NUMBER:
            first, second = numbers_of(train), numbers_of(test)
        case Role.DATE:
            first, second = (seconds_of(part, kind.date_format) for part in (train, test))
        case _:
            first, second, texts = codes_of(train, test, order)
    for values, cells, where in ((first, train, "train"), (second, test, "test")):
        _check_cells(kind.role, values, cells, where)
    return first, second, texts


def _check_cells(role: Role, values: Values, cells: pd.Series, where: str) -> None:
    """Refuse cells that have no value though they are not missing: the role does not fit."""
    lost = np.flatnonzero(np.isnan(values) & cells.notna().to_numpy())
    if not len(lost) or pd.api.types.is_float_dtype(cells):
        return
    texts = texts_of(cells.iloc[lost])
    wrong = np.flatnonzero(~texts.isin(MISSING).to_numpy())
    if len(wrong):
        row = int(lost[wrong[0]])
        raise PodiumError(
            f"{where}, row {row + 2}, column {cells.name!r}: {texts.iloc[wrong[0]]!r} is no {role} "
            "of those that [roles] names. Correct it there."
        )
