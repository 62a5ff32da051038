"""The columns of a table as numbers: values or codes, what each is, and the texts behind them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.reading.coded import Coded, coded
from competition.data.tables.reading.dates import seconds_of_dates, seconds_of_texts
from competition.data.tables.reading.kinds import Kind, kind_of_coded, levels_of, numbers_of_texts
from competition.data.tables.reading.marks import MISSING
from competition.data.tables.schema import CODED, Column, Role
from competition.errors import PodiumError
from competition.problem.text.lines import shown
from competition.spec import Competition

Values = npt.NDArray[Any]  # numbers of any type: what is as it was read takes no memory again
Pair = tuple[Values, Values]
_LOOKED_AT = 1000  # rows, which mostly tell


@dataclass
class Columns:
    """Columns of train and test, side by side.

    Attributes:
        train: A column (n,) each.
        test: A column (m,) each.
        about: What each is.
        levels: The texts of each coded one, by its place.
        why: Why which columns were left out.
    """

    train: list[Values] = field(default_factory=list)
    test: list[Values] = field(default_factory=list)
    about: list[Column] = field(default_factory=list)
    levels: dict[int, list[str]] = field(default_factory=dict)
    why: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, role: Role, values: Pair, texts: list[str] | None = None) -> None:
        """Add a column of train and of test; `texts` are what its codes stand for."""
        if role in CODED:
            self.levels[len(self.about)] = texts or []
        self.train.append(values[0])
        self.test.append(values[1])
        self.about.append(Column(name, role, len(texts or [])))

    def extend(self, others: "Columns") -> None:
        """Add the columns and notes of others."""
        shift = len(self.about)
        self.levels |= {shift + place: texts for place, texts in others.levels.items()}
        self.train += others.train
        self.test += others.test
        self.about += others.about
        for why, names in others.why.items():
            self.why.setdefault(why, []).extend(names)

    def note(self, why: str, name: str) -> None:
        """Note what was left out, or is odd, of a column."""
        self.why.setdefault(why, []).append(name)

    def notes(self) -> tuple[str, ...]:
        """Return what was left out, or is odd, in words."""
        return tuple(f"{', '.join(names)}: {why}" for why, names in self.why.items())


def read_columns(train: pd.DataFrame, test: pd.DataFrame, competition: Competition) -> Columns:
    """Read the columns that train and test share, in the order of train.

    A column that is empty, or the same in every training row, is left out.

    Args:
        train: (n, columns) as `read_typed` gives them, or as a person's own features are.
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
    files = (competition.train_file, competition.test_file)

    def read(name: str) -> Columns:
        found, asked = Columns(), roles.get(name)
        if asked == Role.DROP:
            found.note("dropped, as [roles] says", name)
        else:
            _Reading(name, asked, (train[name], test[name]), files).into(found)
        return found

    columns = Columns()
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(read, train.columns):
            columns.extend(found)
    return columns


def _as_numbers(cells: pd.Series) -> Values:
    """Return cells (n,) as they are, or as float64 where pandas knows missing ones beside them."""
    numbers = cells.to_numpy()
    return numbers if numbers.dtype.kind in "iuf" else cells.to_numpy(np.float64, na_value=np.nan)


def _why_useless(train: Values, test: Values, files: tuple[str, str]) -> str | None:
    """Return why nothing can be learnt from a column, in words; None where something can."""
    for values, file in ((train, files[0]), (test, files[1])):
        if np.isnan(values[:_LOOKED_AT]).all() and np.isnan(values).all():
            return f"empty in {file}"
    for rows in (_LOOKED_AT, len(train)):
        if not (train[:rows] == train[0]).all():
            return None
    return f"the same in every row of {files[0]}"


@dataclass
class _Reading:
    """One column, while it is read.

    Attributes:
        name: Its name.
        asked: The role, or the order of its levels, that [roles] names; None for none.
        cells: Of train and test.
        files: Where they stand, for messages.
    """

    name: str
    asked: Any
    cells: tuple[pd.Series, pd.Series]
    files: tuple[str, str]

    def into(self, columns: Columns) -> None:
        """Add the column to others."""
        found: Sequence[Values]
        role, texts = Role.NUMBER, None
        types = [cells.dtype.kind for cells in self.cells]
        if self.asked in (None, Role.NUMBER) and all(kind in "iuf" for kind in types):
            found = [_as_numbers(cells) for cells in self.cells]
        elif self.asked is None and all(kind == "M" for kind in types):
            role, found = Role.DATE, [seconds_of_dates(cells) for cells in self.cells]
        else:
            role, found, texts = self._read_texts()
        train, test = self._finite(found[0], found[1], columns)
        if role == Role.DROP:
            columns.note("empty", self.name)
        elif self.asked is None and (why := _why_useless(train, test, self.files)):
            columns.note(why, self.name)
        else:
            columns.add(self.name, role, (train, test), texts)

    def _read_texts(self) -> tuple[Role, Sequence[Values], list[str] | None]:
        """Return the column's role, its values in train and test, and what codes stand for."""
        cells, order = coded(*self.cells), self._order()
        of_texts: npt.NDArray[np.float64]
        kind = Kind(Role.ORDINAL) if order is not None else kind_of_coded(cells)
        role = self.asked if isinstance(self.asked, Role) else kind.role
        match role:
            case Role.DROP:
                return role, cells.values(np.zeros(len(cells.texts))), None
            case Role.NUMBER:
                of_texts = numbers_of_texts(cells.texts)
            case Role.DATE:
                written = pd.Series(cells.texts, dtype="str")
                of_texts = seconds_of_texts(written, kind.date_format)
            case _:
                levels, codes = levels_of(cells.texts, order)
                self._check(cells, role, np.array(codes) < 0)
                return role, cells.mapped(levels, codes).numbered(), levels
        self._check(cells, role, np.isnan(of_texts))
        return role, cells.values(of_texts), None

    def _order(self) -> tuple[str, ...] | None:
        """Return the order of the levels, where [roles] or a person's own features say it."""
        if self.asked is not None:
            return self.asked if isinstance(self.asked, tuple) else None
        levels: list[str] = []
        for cells in self.cells:
            if not (isinstance(cells.dtype, pd.CategoricalDtype) and cells.dtype.ordered):
                return None
            levels += map(str, cells.dtype.categories)
        return tuple(dict.fromkeys(levels))

    def _check(self, cells: Coded, role: Role, lacking: npt.NDArray[np.bool_]) -> None:
        """Refuse texts that lack a value though they are no marks: the role does not fit them."""
        wrong = lacking & ~np.array([text in MISSING for text in cells.texts], np.bool_)
        if not wrong.any():
            return
        for codes, file in zip(cells.parts, self.files, strict=True):
            lost = np.flatnonzero(np.append(wrong, False)[codes])
            if len(lost):
                text = cells.texts[codes[lost[0]]]
                what = "none of the levels" if role == Role.ORDINAL else f"no {role}"
                raise PodiumError(
                    f"{file}, row {lost[0] + 2}, column {self.name!r}: {shown(text)} is {what}, as "
                    "[roles] says of this column. Correct it there."
                )

    def _finite(self, train: Values, test: Values, columns: Columns) -> Pair:
        """Return numbers without infinite ones, which are noted."""
        if not any(each.dtype.kind == "f" and np.isinf(each).any() for each in (train, test)):
            return train, test
        columns.note("infinite cells, taken as missing", self.name)
        first, second = (np.where(np.isinf(each), np.nan, each) for each in (train, test))
        return first, second
