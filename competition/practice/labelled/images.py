"""A labelled CSV of images taken apart: each row as it was written, with and without its labels."""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from competition.data.tables.fold_rule import Units
from competition.errors import PodiumError
from competition.practice.bundled.sources import find_source
from competition.practice.labelled.labels import Label, truth_of
from competition.practice.labelled.packed import unpacked
from competition.practice.labelled.parted import Numbers
from competition.problem.targets import Truth
from competition.spec import Competition

_SHOWN = 40  # characters of a cell in a message


@dataclass(frozen=True)
class LabelledImages:
    """Labelled images; lists have one entry a row, all text as it was written.

    Attributes:
        name: The file's name, for messages.
        header: The whole header line.
        lines: The whole rows.
        pixel_header: The header without label and id columns.
        pixels: The rows without label and id columns.
        labels: The text of the label column(s).
        truth: What the labels mean: (n,) class indices, or (n, t) values.
        units: None: images are on their own.
    """

    name: str
    header: bytes
    lines: list[bytes]
    pixel_header: bytes
    pixels: list[bytes]
    labels: list[Label]
    truth: Truth
    units: Units | None = None

    def ids(self, hidden: Numbers) -> tuple[str, ...]:
        """Number the hidden rows from 1."""
        return tuple(map(str, range(1, len(hidden) + 1)))

    def train_file(self, kept: Numbers) -> bytes:
        """Return the labelled file with these rows alone, with Kaggle's CRLF line ends."""
        return _crlf([self.header, *(self.lines[row] for row in kept)])

    def test_file(self, hidden: Numbers) -> bytes:
        """Return the pixels of these rows."""
        return _crlf([self.pixel_header, *(self.pixels[row] for row in hidden)])


def read_images(competition: Competition, data: Path | None) -> LabelledImages:
    """Read labelled images, checking the header, the width of every row, and every label.

    Args:
        competition: Whose columns and classes the data have.
        data: Its labelled `train.csv`, also zipped, or its zip; None for the bundled data.

    Raises:
        PodiumError: the data break a promise; the sentence names the line.
    """
    if data is None:
        source = find_source(competition)
        content = source.csv(competition.label_columns[0])
        return parse(content, competition, source.title)
    return parse(unpacked(data, competition.train_file), competition, data.name)


def parse(content: bytes, competition: Competition, name: str) -> LabelledImages:
    """Take the bytes of a labelled CSV apart.

    Args:
        content: UTF-8, LF or CRLF line ends; fields may be quoted. The label column(s), and an id
            column, may stand anywhere; the other columns are the pixels.
        competition: Whose columns and classes the data have.
        name: The file's, for messages.

    Raises:
        PodiumError: with the line where a promise is broken.
    """
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    while lines and not lines[-1].strip():
        lines.pop()
    lines = [line.removesuffix(b"\r") for line in lines]
    if not lines:
        raise PodiumError(f"{name} is empty. Give the labelled training file.")
    layout = _Layout.of(lines[0], competition, name)
    apart = [layout.taken_apart(line, number) for number, line in enumerate(lines, start=1)]
    labels = [label for label, _ in apart[1:]]
    return LabelledImages(
        name=name,
        header=lines[0],
        lines=lines[1:],
        pixel_header=apart[0][1],
        pixels=[pixels for _, pixels in apart[1:]],
        labels=labels,
        truth=truth_of(labels, competition, name),
    )


@dataclass(frozen=True)
class _Layout:
    """Where the columns of a labelled CSV stand.

    Attributes:
        name: The file's.
        columns: How many there are.
        labels: The places of the label columns.
        special: Those, and the place of an id column.
    """

    name: str
    columns: int
    labels: tuple[int, ...]
    special: frozenset[int]

    @classmethod
    def of(cls, line: bytes, competition: Competition, name: str) -> "_Layout":
        header = [cell.strip() for cell in _fields(line, f"{name}, line 1")]
        for column in competition.label_columns:
            if header.count(column) != 1:
                how = "twice" if column in header else "nowhere"
                raise PodiumError(
                    f"{name}: the label column {column!r} is {how} in the header, which starts "
                    f"with {_shown(line)}. Give the labelled training file."
                )
        labels = tuple(map(header.index, competition.label_columns))
        ids = {place for place, cell in enumerate(header) if cell == competition.id_column}
        special = frozenset(ids.union(labels))
        pixels = math.prod(competition.image_shape)
        layout = cls(name, pixels + len(special), labels, special)
        layout.check_width(len(header), 1)
        return layout

    def check_width(self, columns: int, number: int) -> None:
        """Raise a sentence where a line has another number of columns."""
        if columns != self.columns:
            pixels = self.columns - len(self.special)
            raise PodiumError(
                f"{self.name}, line {number}: {columns} columns instead of {self.columns} "
                f"({pixels} of them pixels). Give a whole file."
            )

    def taken_apart(self, line: bytes, number: int) -> tuple[Label, bytes]:
        """Return the label texts of a line, and the line without its special columns."""
        if b'"' in line:
            return self._of_quoted(line, number)
        self.check_width(line.count(b",") + 1, number)
        cells = line.split(b",", max(self.special) + 1)
        label = tuple(cells[place].decode("utf-8", "replace") for place in self.labels)
        others = [cell for place, cell in enumerate(cells) if place not in self.special]
        return label, b",".join(others)

    def _of_quoted(self, line: bytes, number: int) -> tuple[Label, bytes]:
        cells = _fields(line, f"{self.name}, line {number}")
        self.check_width(len(cells), number)
        text = io.StringIO()
        others = [cell for place, cell in enumerate(cells) if place not in self.special]
        csv.writer(text, lineterminator="").writerow(others)
        return tuple(cells[place] for place in self.labels), text.getvalue().encode()


def _fields(line: bytes, where: str) -> list[str]:
    try:
        return next(csv.reader([line.decode()], strict=True), [])
    except (csv.Error, UnicodeDecodeError) as error:
        raise PodiumError(f"{where} is not CSV ({error}). Give the labelled CSV.") from None


def _crlf(lines: list[bytes]) -> bytes:
    return b"\r\n".join(lines) + b"\r\n"


def _shown(line: bytes) -> str:
    return repr(line[:_SHOWN].decode("utf-8", "replace"))
