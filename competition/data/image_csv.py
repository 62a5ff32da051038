"""One CSV file of images, read fast and checked cell by cell when something is wrong."""

import csv
import io
import itertools
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError


@dataclass(frozen=True)
class ImageTable:
    """What one CSV file holds.

    Attributes:
        images: (n, side, side) uint8.
        labels: (n,) int64 class indices, or None where the file has no label column.
        ids: (n,) text, or None where the file has no id column.
        pixel_columns: The names of the side × side pixel columns, in the file's order.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None
    ids: npt.NDArray[np.str_] | None
    pixel_columns: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """The columns that a file of images must and may have.

    Attributes:
        side: Pixels along one side of an image.
        label_column: Name of the label column; None where there must be none.
        id_column: Name of an id column that the file may have.
        classes: Label values as written, in class order.
    """

    side: int
    label_column: str | None
    id_column: str
    classes: tuple[str, ...]


def read_images(path: Path, layout: Layout) -> ImageTable:
    """Read a CSV file of images, or the single CSV inside `path` when it is a zip.

    Args:
        path: A UTF-8 file with a header line, CRLF or LF line ends, one image a row.
        layout: What its columns must be.

    Raises:
        PodiumError: the file breaks a promise; the sentence names file, row and column.
    """
    with open_csv(path) as file:
        header = read_header(file, path)
        special = _special_columns(header, path, layout)
        ids: list[str] = []
        converters: dict[int | str, Callable[[str], Any]] = {}
        if "label" in special:
            converters[special["label"]] = _encoder(layout.classes)
        if "id" in special:
            converters[special["id"]] = _collector(ids)
        try:
            if not (first := file.readline()).strip():
                raise PodiumError(f"{path.name} has a header and no rows; {_FETCH_AGAIN}")
            cells = np.loadtxt(
                itertools.chain([first], file),
                dtype=np.uint8,
                delimiter=",",
                comments=None,
                quotechar='"',
                ndmin=2,
                converters=converters,
            )
        except ValueError as error:
            raise _first_fault(path, header, special, layout) from error
    if cells.shape[1] != len(header):
        raise _first_fault(path, header, special, layout)
    pixels = np.delete(cells, list(special.values()), axis=1) if special else cells
    return ImageTable(
        images=np.ascontiguousarray(pixels).reshape(len(cells), layout.side, layout.side),
        labels=cells[:, special["label"]].astype(np.int64) if "label" in special else None,
        ids=np.array(ids, dtype=np.str_) if "id" in special else None,
        pixel_columns=tuple(n for i, n in enumerate(header) if i not in special.values()),
    )


@contextmanager
def open_csv(path: Path) -> Iterator[TextIO]:
    """Open a CSV file as text, from inside its zip where `path` ends in `.zip`.

    Raises:
        PodiumError: there is no such file, the zip is damaged or holds no single CSV; or, raised
            within the block too, the text is not UTF-8 or no CSV.
    """
    if not path.is_file():
        raise PodiumError(f"{path} is not there; `make download` brings it.")
    try:
        if path.suffix != ".zip":
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield file
            return
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".csv")]
            if len(members) != 1:
                raise PodiumError(f"{path} must hold one CSV file and holds {len(members)}.")
            with archive.open(members[0]) as binary:
                yield io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise PodiumError(f"{path} is a damaged zip ({error}); {_FETCH_AGAIN}") from error
    except UnicodeDecodeError as error:
        raise PodiumError(f"{path.name} is not UTF-8 text; {_FETCH_AGAIN}") from error
    except csv.Error as error:
        raise PodiumError(f"{path.name} is not a CSV file ({error}); {_FETCH_AGAIN}") from error


def read_header(file: TextIO, path: Path) -> list[str]:
    """Read the header line of an open CSV file.

    Raises:
        PodiumError: the file is empty, or names a column twice.
    """
    line = file.readline()
    if not line.strip():
        raise PodiumError(f"{path.name} is empty; {_FETCH_AGAIN}")
    header = [name.strip() for name in next(csv.reader([line]))]
    seen: set[str] = set()
    for column, name in enumerate(header, start=1):
        if name in seen:
            raise PodiumError(
                f"{path.name}, row 1, column {column}: the column {name!r} is there twice; "
                f"{_FETCH_AGAIN}"
            )
        seen.add(name)
    return header


_FETCH_AGAIN = "fetch it again with `make download`."


def _encoder(classes: tuple[str, ...]) -> Callable[[str], int]:
    index = {name: number for number, name in enumerate(classes)}

    def encode(text: str) -> int:
        try:
            return index[text.strip()]
        except KeyError:
            raise ValueError(text) from None

    return encode


def _collector(ids: list[str]) -> Callable[[str], int]:
    def collect(text: str) -> int:
        ids.append(text.strip())
        return 0

    return collect


def _special_columns(header: list[str], path: Path, layout: Layout) -> dict[str, int]:
    """Return where the label and id columns stand; check that the others are the pixels."""
    special = {}
    if layout.label_column is not None:
        if layout.label_column not in header:
            raise PodiumError(
                f"{path.name}, row 1: the column {layout.label_column!r} is missing (the first "
                f"columns are {', '.join(header[:3])}); {_FETCH_AGAIN}"
            )
        special["label"] = header.index(layout.label_column)
    if layout.id_column in header:
        special["id"] = header.index(layout.id_column)
    pixels = len(header) - len(special)
    if pixels != layout.side**2:
        raise PodiumError(
            f"{path.name}, row 1: {pixels} pixel columns where images of {layout.side} × "
            f"{layout.side} need {layout.side**2}; {_FETCH_AGAIN}"
        )
    return special


def _first_fault(
    path: Path, header: list[str], special: dict[str, int], layout: Layout
) -> PodiumError:
    """Go through the file slowly and return a sentence on its first broken cell."""
    with open_csv(path) as file:
        reader = csv.reader(file)
        next(reader)
        for number, row in enumerate(reader, start=2):
            if not row:
                continue
            where = f"{path.name}, row {number}"
            if len(row) != len(header):
                cut = " (a cut last line?)" if next(reader, None) is None else ""
                return PodiumError(
                    f"{where}: {len(row)} columns where the header has {len(header)}{cut}; "
                    f"{_FETCH_AGAIN}"
                )
            for column, (name, text) in enumerate(zip(header, row, strict=True)):
                at = f"{where}, column {column + 1} ({name})"
                if column == special.get("label"):
                    if text.strip() not in layout.classes:
                        return PodiumError(
                            f"{at}: the label {text!r} is none of the classes "
                            f"{', '.join(layout.classes)}; mend the file or fetch it again."
                        )
                elif column != special.get("id") and not _is_pixel(text):
                    return PodiumError(
                        f"{at}: {text!r} is not a pixel value (a whole number from 0 to 255); "
                        "mend the file or fetch it again."
                    )
    return PodiumError(f"{path.name} cannot be read as a table of images; {_FETCH_AGAIN}")


def _is_pixel(text: str) -> bool:
    text = text.strip()
    return text.isascii() and text.isdigit() and int(text) <= 255
