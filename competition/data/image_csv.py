"""One CSV file of images, read fast and checked cell by cell when something is wrong."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.csv_files import DOWNLOAD_AGAIN, checked_lines, open_csv, read_header
from competition.data.image_faults import first_fault
from competition.data.labels import Labels
from competition.errors import PodiumError
from competition.problem.targets import Truth


@dataclass(frozen=True)
class Layout:
    """The columns that a file of images must and may have.

    Attributes:
        shape: Of one image: (side, side), or (side, side, 3).
        id_column: Name of an id column that the file may have.
        label_columns: Names of the columns that hold the truth; none where there must be none.
        labels: What their cells may hold.
    """

    shape: tuple[int, ...]
    id_column: str
    label_columns: tuple[str, ...] = ()
    labels: Labels = field(default_factory=Labels)

    def places(self, header: list[str], path: Path) -> "Places":
        """Return where the columns stand; check that all others are the pixels.

        Raises:
            PodiumError: a label column is missing, or the pixels are too many or too few.
        """
        for name in self.label_columns:
            if name not in header:
                raise PodiumError(
                    f"{path.name}, row 1: the column {name!r} is missing (the first columns are "
                    f"{', '.join(header[:3])}). {DOWNLOAD_AGAIN}"
                )
        labels = tuple(header.index(name) for name in self.label_columns)
        id_place = header.index(self.id_column) if self.id_column in header else None
        special = {*labels, *(() if id_place is None else (id_place,))}
        pixels, wanted = len(header) - len(special), int(np.prod(self.shape))
        if pixels != wanted:
            raise PodiumError(
                f"{path.name}, row 1: {pixels} pixel columns where images of "
                f"{' × '.join(map(str, self.shape))} need {wanted}. {DOWNLOAD_AGAIN}"
            )
        return Places(labels, id_place, frozenset(special))


@dataclass(frozen=True)
class Places:
    """Where the columns that are not pixels stand, counted from 0.

    Attributes:
        labels: One place for each label column, in the competition's order.
        id: The id column's; None where there is none.
        special: All of them.
    """

    labels: tuple[int, ...]
    id: int | None
    special: frozenset[int]


@dataclass(frozen=True)
class ImageTable:
    """What one CSV file holds.

    Attributes:
        images: (n, side, side) or (n, side, side, 3) uint8.
        truth: (n,) int64 class indices or (n, t) float64 values; None without label columns.
        ids: (n,) text, or None where the file has no id column.
        pixel_columns: The names of the pixel columns, in the file's order.
    """

    images: npt.NDArray[np.uint8]
    truth: Truth | None
    ids: npt.NDArray[np.str_] | None
    pixel_columns: tuple[str, ...]


class _Collected:
    """A converter that keeps what it reads, and leaves a 0 among the pixels."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self.read = read
        self.values: list[Any] = []

    def __call__(self, text: str) -> int:
        self.values.append(self.read(text))
        return 0


def read_images(path: Path, layout: Layout) -> ImageTable:
    """Read a CSV file of images, or the single CSV inside `path` when it is a zip.

    Pixels of colour images stand in the order row, column, channel.

    Args:
        path: A UTF-8 file with a header line, CRLF or LF line ends, one image a row.
        layout: What its columns must be.

    Raises:
        PodiumError: the file breaks a promise; the sentence names file, row and column.
    """
    with open_csv(path) as file:
        header = read_header(file, path)
        places = layout.places(header, path)
        read = layout.labels.read
        collected: dict[int | str, _Collected] = {n: _Collected(read) for n in places.labels}
        if places.id is not None:
            collected[places.id] = _Collected(str.strip)
        converters: dict[int | str, Callable[[str], Any]] = {**collected}
        lines = checked_lines(file, path)
        first = next((line for line in lines if line.strip("\r\n")), None)
        if first is None:
            raise PodiumError(f"{path.name} has a header and no rows. {DOWNLOAD_AGAIN}")
        try:
            cells = np.loadtxt(
                itertools.chain([first], lines),
                dtype=np.uint8,
                delimiter=",",
                comments=None,
                quotechar='"',
                ndmin=2,
                converters=converters,
            )
        except ValueError as error:
            raise find_fault(path, layout) from error
    if cells.shape[1] != len(header):
        raise find_fault(path, layout)
    pixels = np.delete(cells, sorted(places.special), axis=1) if places.special else cells
    truth = layout.labels.truth([collected[place].values for place in places.labels])
    return ImageTable(
        images=np.ascontiguousarray(pixels).reshape(len(cells), *layout.shape),
        truth=truth if places.labels else None,
        ids=None if places.id is None else np.array(collected[places.id].values, np.str_),
        pixel_columns=tuple(n for i, n in enumerate(header) if i not in places.special),
    )


def find_fault(path: Path, layout: Layout) -> PodiumError:
    """Go through a file slowly and return a sentence on its first broken cell."""
    with open_csv(path) as file:
        header = read_header(file, path)
        places = layout.places(header, path)
        return first_fault(file, path, header, places.labels, places.id, layout.labels)
