"""A table's CSV file as a data frame: numbers where pandas sees numbers, the very texts elsewhere.

pandas' habit of taking `NA` or `None` for a missing cell is switched off: in some columns these are
categories. What is missing is decided for a whole column, in `kinds`.
"""

import csv
import io
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from competition.data.csv_files import DOWNLOAD_AGAIN
from competition.errors import PodiumError

_SEPARATORS = ",;\t|"
_ENCODINGS = ("utf-8-sig", "cp1252")


def read_cells(path: Path, as_text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a CSV file, plain or in a zip of its own.

    Commas, semicolons, tabs or bars part the cells, whichever parts the header; lines end in LF,
    CRLF or CR; the text is UTF-8, with or without its mark, or else Windows-1252.

    Args:
        path: The file.
        as_text: Columns whose cells keep their very text, such as ids with leading zeros; those
            that are not there are passed over.

    Returns:
        A column for each of the header's names, a doubled one with ` (2)` behind it. Cells are
        numbers, truth values or texts as pandas tells them; empty ones are NaN.

    Raises:
        PodiumError: the file cannot be read, or a row has too few or too many cells.

    Example:
        >>> read_cells(Path("train.csv"), as_text=("PassengerId",))["PassengerId"][0]
        '0001_01'
    """
    content = _decoded(_bytes_of(path), path)
    separator = separator_of(content.split("\n", 1)[0])
    names = _header(content, separator, path)
    _check_widths(content, separator, len(names), path)
    try:
        frame = pd.read_csv(
            io.StringIO(content),
            sep=separator,
            header=None,
            skiprows=1,
            names=names,
            index_col=False,
            dtype={name: str for name in as_text if name in names},
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
            low_memory=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, OverflowError) as error:
        raise PodiumError(f"{path.name} is not a CSV file ({error}). {DOWNLOAD_AGAIN}") from error
    if frame.empty:
        raise PodiumError(f"{path.name} has no rows. {DOWNLOAD_AGAIN}")
    return frame


def _bytes_of(path: Path) -> bytes:
    try:
        if path.suffix != ".zip":
            return path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(members) != 1:
                raise PodiumError(f"{path} must hold one CSV file and holds {len(members)}.")
            return archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise PodiumError(f"{path} is a damaged zip ({error}). {DOWNLOAD_AGAIN}") from error
    except OSError as error:
        raise PodiumError(f"{path} cannot be read ({error.strerror}).") from error


def _decoded(content: bytes, path: Path) -> str:
    """Return the text with LF line ends, and one at its end."""
    if b"\0" in content:
        row = content[: content.index(b"\0")].count(b"\n") + 1
        raise PodiumError(f"{path.name}, row {row}: it holds a NUL character. {DOWNLOAD_AGAIN}")
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise PodiumError(f"{path.name} is neither UTF-8 nor Windows-1252 text. {DOWNLOAD_AGAIN}")
    if not text.strip():
        raise PodiumError(f"{path.name} is empty. {DOWNLOAD_AGAIN}")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.rstrip("\n") + "\n"


def separator_of(header: str) -> str:
    """Return what parts the header's cells: of the usual signs the one that stands there most."""
    outside = "".join(header.split('"')[::2])
    counts = Counter({sign: outside.count(sign) for sign in _SEPARATORS})
    sign, count = counts.most_common(1)[0]
    return sign if count else ","


def _header(content: str, separator: str, path: Path) -> list[str]:
    """Return the columns' names, all different."""
    try:
        cells = next(csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise PodiumError(f"{path.name} is not a CSV file ({error}). {DOWNLOAD_AGAIN}") from error
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = cell.strip() or f"column {place}"
        again = sum(1 for each in names if each == name or each.startswith(f"{name} ("))
        names.append(f"{name} ({again + 1})" if name in names else name)
    return names


def _check_widths(content: str, separator: str, width: int, path: Path) -> None:
    """Check that each row has as many cells as the header; pandas fills up short ones silently."""
    if '"' in content:
        _check_quoted(content, separator, width, path)
        return
    raw = np.frombuffer(content.encode(), np.uint8)
    ends = np.flatnonzero(raw == ord("\n"))
    signs = np.flatnonzero(raw == ord(separator))
    cells = np.diff(np.searchsorted(signs, ends), prepend=0) + 1
    wrong = np.flatnonzero(cells != width)
    if len(wrong):
        raise _wrong_width(path, int(wrong[0]) + 1, int(cells[wrong[0]]), width)


def _check_quoted(content: str, separator: str, width: int, path: Path) -> None:
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, row in enumerate(rows, 1):
            if len(row) != width:
                raise _wrong_width(path, number, len(row), width)
    except csv.Error as error:
        raise PodiumError(
            f"{path.name}, row {number + 1}: its quotes are broken ({error}). {DOWNLOAD_AGAIN}"
        ) from error


def _wrong_width(path: Path, row: int, found: int, width: int) -> PodiumError:
    cells = "cell" if found == 1 else "cells"
    return PodiumError(
        f"{path.name}, row {row}: it has {found} {cells} where the header has {width}. "
        f"{DOWNLOAD_AGAIN}"
    )
