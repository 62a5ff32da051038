"""A competition's three tables as data frames, with the texts that must not be changed."""

import difflib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from competition.data.tables.reading.cells import read_cells
from competition.data.tables.reading.coded import texts_of
from competition.data.tables.reading.kinds import Kind, kind_of
from competition.data.tables.reading.marks import is_number
from competition.data.tables.schema import Role
from competition.drafting.files import Files, plain_name
from competition.errors import PodiumError

_SHOWN = 8


@dataclass
class Tables:
    """The tables of a competition.

    Attributes:
        train: (n, columns) as `read_cells` gives them.
        test: (m, columns); None where there is only a labelled CSV.
        sample: (m, 1 + targets), all text; None where there is none.
        train_name: The file's name; so are the other two.
        files: Where they were told apart.
    """

    train: pd.DataFrame
    test: pd.DataFrame | None
    sample: pd.DataFrame | None
    train_name: str
    test_name: str = "test.csv"
    sample_name: str = "sample_submission.csv"
    files: Files | None = None
    _train_path: Path | None = None
    _texts: dict[str, pd.Series] = field(default_factory=dict)

    @classmethod
    def read(cls, files: Files) -> "Tables":
        """Read the files of a competition.

        Raises:
            PodiumError: one cannot be read.
        """
        sample = None
        if files.sample is not None:
            header = tuple(map(str, read_cells(files.sample).columns))
            sample = read_cells(files.sample, header)
        exact = () if sample is None else tuple(map(str, sample.columns))
        return cls(
            read_cells(files.train, exact),
            read_cells(files.test, exact),
            sample,
            plain_name(files.train),
            plain_name(files.test),
            plain_name(files.sample) if files.sample else cls.sample_name,
            files,
            files.train,
        )

    @classmethod
    def read_one(cls, path: Path, target: tuple[str, ...]) -> "Tables":
        """Read one labelled CSV.

        Raises:
            PodiumError: it cannot be read.
        """
        return cls(read_cells(path, target), None, None, plain_name(path), _train_path=path)

    def texts(self, column: str) -> pd.Series:
        """Return a training column's cells in the very text that the file has; NaN where empty."""
        if column not in self._texts:
            cells = self.train[column]
            if not pd.api.types.is_string_dtype(cells) and self._train_path is not None:
                cells = read_cells(self._train_path, (column,))[column]
            self._texts[column] = texts_of(cells)
        return self._texts[column]


def kind_of_both(train: pd.Series, test: pd.Series | None) -> Kind:
    """Tell what a column is, as `kind_of` does of train and test together, from what differs."""
    parts = [train] if test is None else [train, test]
    different = pd.concat([pd.Series(part.unique()) for part in parts], ignore_index=True)
    found = kind_of(different)
    # Whether many words are texts or categories depends on how often they come again.
    return found if found.role != Role.TEXT else kind_of(pd.concat(parts, ignore_index=True))


def require_column(tables: Tables, name: str) -> None:
    """Refuse a target that train does not have.

    Raises:
        PodiumError: with the nearest names.
    """
    if name in tables.train:
        return
    columns = list(map(str, tables.train.columns))
    by_case = {column.casefold(): column for column in columns}
    close = difflib.get_close_matches(name.casefold(), by_case, n=1)
    hint = f"did you mean {by_case[close[0]]!r}?" if close else f"its columns are {some(columns)}."
    # Whole numbers are names too, as of the cells of a picture.
    values = [name for name in columns if is_number(name) and not name.isdigit()]
    if not close and 2 * len(values) > len(columns):
        hint += " Its first line seems to be a row: it has to hold the columns' names."
    raise PodiumError(f"{tables.train_name} has no column {name!r}: {hint}")


def some(names: tuple[str, ...] | list[str]) -> str:
    """Return the first of some names, in one line."""
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
