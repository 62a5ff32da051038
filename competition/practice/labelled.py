"""A labelled CSV taken apart: each row as it was written, with and without its labels."""

import csv
import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path

from competition.data.labels import Labels
from competition.errors import PodiumError
from competition.kaggle.archives import member_called
from competition.practice.bundled import find_source, labelled_csv
from competition.problem.targets import Kind, Truth
from competition.spec import Competition

_SHOWN = 40  # characters of a cell in a message

Label = tuple[str, ...]


@dataclass(frozen=True)
class Labelled:
    """Labelled rows; lists have one entry a row, all text as it was written.

    Attributes:
        name: The file's name, for messages.
        header: The whole header line.
        lines: The whole rows.
        pixel_header: The header without label and id columns.
        pixels: The rows without label and id columns.
        labels: The text of the label column(s).
        truth: What the labels mean: (n,) class indices, or (n, t) values.
    """

    name: str
    header: bytes
    lines: list[bytes]
    pixel_header: bytes
    pixels: list[bytes]
    labels: list[Label]
    truth: Truth


def read_labelled(competition: Competition, data: Path | None) -> Labelled:
    """Read labelled data, checking the header, the width of every row, and every label.

    Args:
        competition: Whose columns and classes the data have.
        data: Its labelled `train.csv`, also zipped, or its zip; None for the bundled data.

    Raises:
        PodiumError: the data break a promise; the sentence names the line.
    """
    if data is None:
        source = find_source(competition)
        content = labelled_csv(source, competition.label_columns[0])
        return parse(content, competition, source.title)
    return parse(_unpacked(data, competition.train_file), competition, data.name)


def parse(content: bytes, competition: Competition, name: str) -> Labelled:
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
    return Labelled(
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


def truth_of(labels: list[Label], competition: Competition, name: str) -> Truth:
    """Return what label texts mean: (n,) int64 class indices, or (n, t) float64 values.

    Raises:
        PodiumError: a text is not one of the classes, or not a number that the metric takes; the
            sentence names the line of a file with a header.
    """
    problem = competition.problem
    least = problem.metric.scale.least if problem.kind == Kind.NUMBERS else -math.inf
    cells = Labels(problem.classes, least)
    for line, label in enumerate(labels, start=2):
        for text in label:
            if fault := cells.fault(text):
                raise PodiumError(
                    f"{name}, line {line}: {fault}. Correct the line, or the competition's TOML "
                    "file."
                )
    places = range(len(competition.label_columns))
    truth = cells.truth([[cells.read(label[place]) for label in labels] for place in places])
    assert truth is not None
    return truth


def _unpacked(data: Path, wanted: str) -> bytes:
    """Return the bytes of a CSV, from inside a zip, or a zip in a zip, where it is packed."""
    content = data.read_bytes()
    try:
        while zipfile.is_zipfile(io.BytesIO(content)):
            content = _member(content, wanted, data)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise PodiumError(f"{data} is a damaged zip ({error}). Download it again.") from None
    if content[:2] == b"PK":
        raise PodiumError(f"{data} is a zip cut short. Download it again.")
    return content


def _member(content: bytes, wanted: str, data: Path) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = member_called(archive.namelist(), wanted)
        if name is not None:
            return archive.read(name)
    raise PodiumError(f"{data} holds no {wanted}. Give the competition's zip, or its {wanted}.")


def _shown(line: bytes) -> str:
    return repr(line[:_SHOWN].decode("utf-8", "replace"))
