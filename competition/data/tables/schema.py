"""What the columns of a table are: their roles, and the texts that codes stand for."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

_SCHEMA_FILE = "schema.json"


class Role(StrEnum):
    """What a column of a table is to a model."""

    NUMBER = "number"
    CATEGORY = "category"
    ORDINAL = "ordinal"  # a category whose levels have an order
    DATE = "date"
    TEXT = "text"
    GROUP = "group"  # which rows belong together: good for counts and shares, never as a category
    DROP = "drop"


CODED = (Role.CATEGORY, Role.ORDINAL, Role.TEXT, Role.GROUP)


@dataclass(frozen=True)
class Column:
    """One column of the matrix that a table becomes.

    Attributes:
        name: As the files have it.
        role: What it is; never `drop`.
        levels: How many texts its codes stand for, 0 for numbers and dates.
    """

    name: str
    role: Role
    levels: int = 0


@dataclass(frozen=True)
class Schema:
    """What the columns of a matrix (n, columns) float64 hold.

    Numbers stand for themselves; dates are seconds since 1970; categories, ordered ones, texts and
    groups are codes from 0. NaN is a missing cell. Codes are the same in train and test.

    Attributes:
        columns: The columns, in the matrix's order.
        folder: Where the texts behind the codes are kept.
        notes: What of the files was left out, and why, in words.

    Example:
        >>> schema = Schema((Column("age", Role.NUMBER), Column("sex", Role.CATEGORY, 2)), Path())
        >>> schema.places(Role.CATEGORY)
        [1]
    """

    columns: tuple[Column, ...]
    folder: Path
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    def places(self, *roles: Role) -> list[int]:
        """Return the places of the columns of some roles."""
        return [place for place, column in enumerate(self.columns) if column.role in roles]

    def levels(self, place: int) -> list[str]:
        """Return the texts that a coded column's codes stand for, in their order."""
        found = self._texts.get(place)
        if found is None:
            found = _read_texts(self.folder, place) if self.columns[place].levels else []
            self._texts[place] = found
        return found

    @cached_property
    def _texts(self) -> dict[int, list[str]]:
        return {}

    def write(self, levels: dict[int, list[str]]) -> None:
        """Write the schema, and the texts of its coded columns by their places."""
        for place, texts in levels.items():
            _write_texts(self.folder, place, texts)
        said = {"columns": [asdict(column) for column in self.columns], "notes": self.notes}
        (self.folder / _SCHEMA_FILE).write_text(json.dumps(said), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Schema":
        """Read what `write` wrote.

        Raises:
            OSError: there is no such file.
            ValueError: it is damaged.
        """
        said = json.loads((folder / _SCHEMA_FILE).read_text(encoding="utf-8"))
        try:
            columns = (
                Column(each["name"], Role(each["role"]), each["levels"]) for each in said["columns"]
            )
            return cls(tuple(columns), folder, tuple(said["notes"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{folder / _SCHEMA_FILE} is damaged") from error


def _write_texts(folder: Path, place: int, texts: list[str]) -> None:
    """Write texts one after the other, and where each ends: arrays that can be mapped."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([len(each) for each in encoded], dtype=np.int64)
    np.save(folder / f"texts-{place}.npy", np.frombuffer(b"".join(encoded), np.uint8))
    np.save(folder / f"ends-{place}.npy", ends)


def _read_texts(folder: Path, place: int) -> list[str]:
    whole = np.load(folder / f"texts-{place}.npy").tobytes()
    ends: npt.NDArray[np.int64] = np.load(folder / f"ends-{place}.npy")
    begins = [0, *ends[:-1].tolist()]
    return [whole[begin:end].decode() for begin, end in zip(begins, ends.tolist(), strict=True)]
