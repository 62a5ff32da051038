"""Which of a competition's files are train, test and sample, whatever their names."""

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from competition.data.tables.reading.cells import read_cells
from competition.data.tables.reading.coded import texts_of
from competition.errors import PodiumError

_SHOWN = 8
_MOST_BYTES = 8 << 30


@dataclass(frozen=True)
class Files:
    """The files of a competition of one table.

    Attributes:
        train: The labelled rows.
        test: The rows to answer.
        sample: The sample submission; None where there is none.
        aside: The names of the other tables.
        reasons: How each was told, by `files.train` and so on.
    """

    train: Path
    test: Path
    sample: Path | None
    aside: tuple[str, ...]
    reasons: dict[str, str]


def plain_name(path: Path) -> str:
    """Return a file's name without the `.zip` of one that is packed alone.

    Example:
        >>> plain_name(Path("train.csv.zip"))
        'train.csv'
    """
    return re.sub(r"(\.csv)\.zip$", r"\1", path.name, flags=re.IGNORECASE)


@contextmanager
def unpacked(source: Path) -> Iterator[Path]:
    """Yield a folder with the tables of a zip, at their places in it; or the folder that it is.

    Raises:
        PodiumError: there is no such file, it is damaged, or it holds no table.
    """
    if source.is_dir():
        yield source
        return
    if not source.is_file():
        raise PodiumError(
            f"There is no file {source}. Give the competition's zip, as Kaggle packs it, or the "
            "folder with its files."
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(source) as archive:
                _unpack_tables(archive, Path(folder), source)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise PodiumError(
                f"{source} is not a whole zip ({error}). Download it again, or give the folder "
                "with the competition's files."
            ) from error
        except (OSError, RuntimeError) as error:
            raise PodiumError(f"{source} cannot be unpacked ({error}).") from error
        yield Path(folder)


def _unpack_tables(archive: zipfile.ZipFile, folder: Path, source: Path) -> None:
    members = [each for each in archive.infolist() if _is_table(each.filename)]
    if sum(member.file_size for member in members) > _MOST_BYTES:
        raise PodiumError(f"The tables of {source} are larger than 8 GB, which is too large.")
    for member in members:
        inside = PurePosixPath(member.filename.replace("\\", "/"))
        target = folder.joinpath(*(part for part in inside.parts if part not in ("/", ".")))
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)


def _is_table(name: str) -> bool:
    """Tell whether a path is that of a table: nothing hidden, nothing that leads elsewhere."""
    *folders, last = name.replace("\\", "/").split("/")
    if {"__MACOSX", ".."}.intersection(folders) or last.startswith("."):
        return False
    return last.lower().endswith((".csv", ".csv.zip"))


def find_files(folder: Path) -> Files:
    """Tell which tables of a folder are train, test and sample.

    The sample is the file that is called so, or a submission; else the one with ids for as many
    rows as the test file has, and few columns. Train and test are told by their names, else by the
    sample's ids.

    Args:
        folder: With the CSV files, plain or each in a zip of its own, also within folders.

    Raises:
        PodiumError: they cannot be told apart, or one is missing; the sentence names the files.
    """
    tables = _tables_in(folder)
    if not tables:
        raise PodiumError(
            f"{folder.name} holds no CSV file. Give the competition's zip, as Kaggle packs it."
        )
    told = _Told(tables)
    sample = told.sample()
    train, test = told.train_and_test(sample)
    if sample is None:
        sample = told.sample_by_rows(train, test)
    used = {train, test, sample}
    aside = tuple(plain_name(path) for path in tables if path not in used)
    return Files(train, test, sample, aside, told.reasons)


def _tables_in(folder: Path) -> list[Path]:
    """Return the tables, the highest of those that have one name."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _is_table(path.relative_to(folder).as_posix()):
            found.setdefault(plain_name(path), []).append(path)
    tables = []
    for name, paths in found.items():
        highest = min(len(path.parts) for path in paths)
        top = [path for path in paths if len(path.parts) == highest]
        # A file that stands beside its own zip is the same file.
        if len({path.parent for path in top}) > 1:
            places = ", ".join(str(path.relative_to(folder)) for path in top[:_SHOWN])
            raise PodiumError(
                f"There are several files {name}: {places}. Podium takes one table for training; "
                "give a folder with the right train, test and sample files."
            )
        tables.append(min(top, key=lambda path: path.name.lower().endswith(".zip")))
    return tables


class _Told:
    """Tells the tables of a competition apart."""

    def __init__(self, tables: list[Path]) -> None:
        self.tables = tables
        self.reasons: dict[str, str] = {}
        self._read: dict[Path, pd.DataFrame] = {}

    def cells(self, path: Path) -> pd.DataFrame:
        if path not in self._read:
            self._read[path] = read_cells(path)
        return self._read[path]

    def called(self, *words: str) -> list[Path]:
        """Return the tables whose names hold one of some words: `latest` holds no `test`."""
        begun = "|".join(
            rf"(?<![A-Za-z])(?i:{word})|{word.title()}|{word.upper()}" for word in words
        )
        return [path for path in self.tables if re.search(begun, plain_name(path))]

    def sample(self) -> Path | None:
        """Return the sample submission as its name tells it."""
        named = self.called("sample", "submission")
        sure = [path for path in named if {"sample", "submission"} <= _words_in(path)]
        for found in (named, sure):
            if len(found) == 1:
                self.reasons["files.sample_submission"] = "told by its name"
                return found[0]
        if not named:
            return None
        raise self._several("sample submissions", named)

    def train_and_test(self, sample: Path | None) -> tuple[Path, Path]:
        """Return the training and the test file."""
        others = [path for path in self.tables if path != sample]
        train = self._one_called("train", [path for path in self.called("train") if path != sample])
        test = self._one_called("test", [path for path in self.called("test") if path != sample])
        if train is None or test is None:
            train, test = self._by_ids(others, sample, train, test)
        return train, test

    def _one_called(self, word: str, named: list[Path]) -> Path | None:
        if len(named) > 1:
            # `train.csv` beside `train_extra.csv` is the one that is meant.
            exact = [path for path in named if _stem(path) == word]
            if len(exact) != 1 or _parts_of_one(exact[0], named, word):
                raise self._several(f"{word} files", named)
            named = exact
        if not named:
            return None
        self.reasons[f"files.{word}"] = "told by its name"
        return named[0]

    def _by_ids(
        self, others: list[Path], sample: Path | None, train: Path | None, test: Path | None
    ) -> tuple[Path, Path]:
        """Tell test by the sample's ids, and train as what is left."""
        if test is None and sample is not None:
            ids = _first_column(self.cells(sample))
            holding = [
                path for path in others if path != train and _holds(self.cells(path), set(ids))
            ]
            if len(holding) == 1:
                test = holding[0]
                self.reasons["files.test"] = "it has the sample's ids"
        left = [path for path in others if path not in (train, test)]
        if train is None and test is not None and len(left) == 1:
            train = left[0]
            self.reasons["files.train"] = "the file that is neither test nor sample"
        if train is None or test is None:
            missing = "training" if train is None else "test"
            raise PodiumError(
                f"Which file is the {missing} file cannot be told: there are {self._names()}. "
                "Podium takes one training file, one test file and a sample submission; give a "
                "folder with these three, called train.csv, test.csv and sample_submission.csv."
            )
        return train, test

    def sample_by_rows(self, train: Path, test: Path) -> Path | None:
        """Return the table that has as many rows as the test file, and few columns of its own."""
        rows = len(self.cells(test))
        columns = len(self.cells(test).columns)
        found = [
            path
            for path in self.tables
            if path not in (train, test)
            and len(self.cells(path)) == rows
            and 2 <= len(self.cells(path).columns) < max(3, columns)
            and not self.cells(path).iloc[:, 0].duplicated().any()
        ]
        if len(found) != 1:
            return None
        self.reasons["files.sample_submission"] = f"it has as many rows as the test file, {rows:,}"
        return found[0]

    def _names(self) -> str:
        names = [plain_name(path) for path in self.tables]
        return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")

    def _several(self, what: str, found: list[Path]) -> PodiumError:
        names = ", ".join(plain_name(path) for path in found[:_SHOWN])
        return PodiumError(
            f"There are several {what} ({names}), and Podium takes one table of each kind. Join "
            "them into one train.csv and one test.csv, and give the folder with them and the "
            "sample submission."
        )


def _parts_of_one(exact: Path, named: list[Path], word: str) -> bool:
    """Tell whether files beside `train.csv` are parts of the same rows, such as its labels."""
    return any(
        re.search(r"label|target|feature|identity|transaction|_y$|_x$", _stem(path))
        for path in named
        if path != exact
    )


def _stem(path: Path) -> str:
    return plain_name(path).lower().removesuffix(".csv")


def _words_in(path: Path) -> set[str]:
    return {word for word in ("sample", "submission") if word in _stem(path)}


def _first_column(cells: pd.DataFrame) -> pd.Series:
    return texts_of(cells.iloc[:, 0])


def _holds(cells: pd.DataFrame, ids: set[str]) -> bool:
    """Tell whether one of the columns has exactly some ids."""
    return any(
        cells[name].nunique() == len(ids) and set(texts_of(cells[name])) == ids
        for name in cells.columns
    )
