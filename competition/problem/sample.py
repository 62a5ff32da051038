"""The sample submission: which ids a submission must answer, and in which columns."""

import csv
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from competition.data.csv_files import find_csv, open_csv
from competition.errors import PodiumError
from competition.kaggle.manifest import Manifest
from competition.problem.text.ids import whole_numbers
from competition.problem.text.lines import (
    UNNAMED,
    is_nameless,
    quoted,
    split_line,
    without_line_ends,
)
from competition.spec import Competition
from competition.verbs import step

_WIDEST = 64  # letters of an id; wider ones are read one by one

Ids = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Sample:
    """The header and the ids of a competition's sample submission, in its own order.

    Attributes:
        header: The column names, as the sample writes them: the id's, then the targets'. A
            nameless column before the id's, as data frames write their index, is none of them.
        ids: One text for each row, as the sample writes it (without CSV quotes), all different.
        size: The sample file's size in bytes.
    """

    header: tuple[str, ...]
    ids: tuple[str, ...]
    size: int

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The names of the target columns, in the sample's order, without blanks around them."""
        return tuple(name.strip() for name in self.header[1:])

    @cached_property
    def positions(self) -> dict[str, int]:
        """The row (from 0) of each id."""
        return {name: row for row, name in enumerate(self.ids)}

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The ids as CSV fields: in quotes where they need them."""
        everything = "".join(self.ids)
        return self.ids if quoted(everything) is everything else tuple(map(quoted, self.ids))


def read_sample(competition: Competition, folder: Path) -> Sample:
    """Read the sample submission that the download brought.

    The columns of the targets may stand in another order than in the competition's description:
    a submission has the sample's order, and commas, whatever parts the sample's cells.

    Args:
        competition: Names the file and its columns, and says how many rows it must have.
        folder: Where the competition's files are (`workspace.data`); the sample may be in a zip
            of its own.

    Raises:
        PodiumError: there is no such file, or it breaks the competition's promise.
    """
    header, ids, size = _read(competition, folder)
    return Sample(header, tuple(ids.tolist()), size)


def read_sample_ids(competition: Competition, folder: Path) -> Ids:
    """Read the ids (m,) alone of the sample submission, as `read_sample` does."""
    return _read(competition, folder)[1]


def _read(competition: Competition, folder: Path) -> tuple[tuple[str, ...], Ids, int]:
    path = find_csv(folder, competition.sample_file)
    with open_csv(path) as file:
        text = file.read()
    size = len(text.encode())
    if "\r" in text and "\r" in (text := text.replace("\r\n", "\n")):
        raise _broken(path, None, "it has a carriage return without a line feed")
    if "\0" in text:  # an array of text would lose it
        raise _broken(path, None, "it holds a NUL character")
    text = _with_commas(text)
    whole = split_line(text.partition("\n")[0]) if text else None
    place = _id_place(whole or [], competition.id_column)
    header = whole and whole[place or 0 :]
    targets = competition.target_columns
    if not header or place is None or sorted(map(str.strip, header[1:])) != sorted(targets):
        wanted = ",".join([competition.id_column, *targets])
        has = f"the header is {','.join(header or [])} and should be {wanted}"
        if header and sorted(header) == sorted([competition.id_column, *targets]):
            has = f"the columns are {','.join(header)}, but the id's must come first"
        raise _broken(path, 1, has)
    ids = _plain_ids(text, place, place + len(header))
    if ids is None:
        ids = np.array(_ids_of(text, place, place + len(header), path), np.str_)
    if not _are_different(ids):
        raise _broken(path, None, "its ids should be all different and none of them blank")
    if not len(ids) or competition.test_rows not in (None, len(ids)):
        raise _broken(path, None, f"it has {len(ids):,} ids, not {competition.test_rows or 'any'}")
    return tuple(header), ids, size


def _with_commas(text: str) -> str:
    """Return a sample whose cells other signs part as Kaggle reads submissions."""
    header = text.partition("\n")[0]
    sign = next((each for each in ";\t|" if each in header), None)
    if sign is None or "," in header:
        return text
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    return "".join(",".join(map(quoted, row)) + "\n" for row in rows)


def _id_place(header: list[str], id_column: str) -> int | None:
    """Return which column holds the ids: the first, or that behind a nameless one."""
    names = [name.strip() or UNNAMED for name in header]
    if names[:1] == [id_column]:
        return 0
    return 1 if names[1:2] == [id_column] and is_nameless(names[0]) else None


def _plain_ids(text: str, place: int, columns: int) -> Ids | None:
    """Return the ids of a sample of a million rows at once; None where it is not so plain."""
    if '"' in text or not text.isascii():
        return None
    text = text if text.endswith("\n") else f"{text}\n"
    raw = np.frombuffer(text.encode(), np.uint8)
    signs = np.flatnonzero((raw == ord(",")) | (raw == ord("\n")))
    row = np.frombuffer(b"," * (columns - 1) + b"\n", np.uint8)
    if len(signs) % columns or not (raw[signs].reshape(-1, columns) == row).all():
        return None
    cells = signs.reshape(-1, columns)
    starts = (cells[1:, place - 1] if place else cells[:-1, -1]) + 1
    lengths = cells[1:, place] - starts
    width = max(1, int(lengths.max(initial=0)))
    if width > _WIDEST:
        return None
    letters = np.zeros((len(starts), width), np.uint32)
    for number in range(width):
        letter = raw[np.minimum(starts + number, len(raw) - 1)]
        letters[:, number] = np.where(number < lengths, letter, 0)
    ids: Ids = letters.view(f"U{width}").ravel()
    return ids


def _are_different(ids: Ids) -> bool:
    """Tell whether ids are all different, and none is blank."""
    numbers = whole_numbers(ids)
    if numbers is not None and (np.diff(numbers) > 0).all():
        return True
    different = set(ids.tolist())
    return len(different) == len(ids) and "" not in different


def _ids_of(text: str, place: int, columns: int, path: Path) -> list[str]:
    ids = []
    for number, line in enumerate(without_line_ends(text)[1:], 2):
        fields = split_line(line)
        if fields is None or len(fields) != columns:
            raise _broken(path, number, f"it should have {columns} columns")
        ids.append(fields[place])
    return ids


def _broken(path: Path, line: int | None, what: str) -> PodiumError:
    where = f"{path}, line {line}" if line else str(path)
    cure = f"Run `{step('download')}`, which fetches a broken file again."
    manifest = Manifest.read(path.parent)
    record = manifest.files.get(path.name) if manifest else None
    if record is not None and record.matches(path):
        cure = (
            "It is as it was downloaded, so that a new download would not change it: compare the "
            "competition's TOML file with it, and its first column with id_column."
        )
    return PodiumError(f"{where}: {what}. {cure}")
