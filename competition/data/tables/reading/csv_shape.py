"""A CSV file's bytes and shape: its encoding, separator and header, and rows as wide as that.

pandas fills up a row that is too short and forgives broken quotes; this tells. Rows are counted as
records, the header being row 1: line breaks inside cells and blank lines do not count.
"""

import codecs
import csv
import io
import mmap
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.csv_files import DOWNLOAD_AGAIN
from competition.errors import PodiumError
from competition.problem.text.lines import UNNAMED

_SEPARATORS = "\t,;|"  # where several do, the first: a tab hardly ever stands within a cell
_FIRST_RECORDS = 50  # that tell what parts the cells
_MARK = b"\xef\xbb\xbf"  # of UTF-8
_HEAD = 1 << 20  # bytes, in which the header ends
_PIECE = 1 << 18  # bytes that are looked at together: so many stay in the processor's cache
_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a text may be longer than the module's limit

Bytes = npt.NDArray[np.uint8]


@dataclass
class Content:
    """A CSV file that is open.

    Attributes:
        path: Its name, for messages.
        raw: Its bytes.
        packed: Whether they come out of a zip.
        encoding: What they are probably written in.
        separator: What parts the cells.
        names: The header's, all different.
    """

    path: Path
    raw: bytes | mmap.mmap
    packed: bool
    encoding: str = "utf-8"
    separator: str = ","
    names: tuple[str, ...] = ()

    def source(self) -> str | io.BytesIO:
        """Return what pandas is to read."""
        return io.BytesIO(self.raw) if self.packed else str(self.path)

    def fault(self, otherwise: str) -> PodiumError:
        """Return the sentence on the first row that is not as it should be.

        Args:
            otherwise: What is wrong if no row is.
        """
        self.check_characters()
        what = self.first_fault() or f" is not a CSV file ({otherwise.strip()})"
        return PodiumError(f"{self.path.name}{what}. {DOWNLOAD_AGAIN}")

    def check_characters(self, most: int | None = None) -> None:
        """Check that no character is NUL, in so many bytes or in all.

        Raises:
            PodiumError: one is.
        """
        raw = self.raw if most is None else self.raw[:most]
        # The smallest byte is found without Python's lock, so that files are read meanwhile.
        if len(raw) and not np.frombuffer(raw, np.uint8).min():
            line = raw[: raw.find(b"\0")].count(b"\n") + 1
            raise PodiumError(
                f"{self.path.name}, line {line}: it holds a NUL character. {DOWNLOAD_AGAIN}"
            )

    def first_fault(self) -> str | None:
        """Return what is wrong with the first row that is not as it should be; None if none is.

        It reads cell by cell, which takes its time.
        """
        width, number = len(self.names), 1
        text = io.StringIO(self._text(), newline="")
        try:
            for record in csv.reader(text, delimiter=self.separator, strict=True):
                if _is_blank(record) and width > 1:
                    continue
                if record and len(record) != width:
                    cells = "cell" if len(record) == 1 else "cells"
                    return (
                        f", row {number}: it has {len(record)} {cells} where the header has {width}"
                    )
                number += bool(record)
        except csv.Error as error:
            return f", row {number}: its quotes are broken ({error})"
        return None

    def _text(self) -> str:
        try:
            return bytes(self.raw).decode("utf-8-sig")
        except UnicodeDecodeError:
            return bytes(self.raw).decode("cp1252", errors="replace")


@contextmanager
def open_content(path: Path) -> Iterator[Content]:
    """Open a CSV file, plain or in a zip of its own, and read its header.

    Raises:
        PodiumError: it cannot be read, is empty, or has a NUL character near its header.
    """
    if path.suffix == ".zip":
        yield _with_header(Content(path, _unpacked(path), packed=True))
        return
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise PodiumError(f"{path.name} is empty. {DOWNLOAD_AGAIN}")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
                yield _with_header(Content(path, raw, packed=False))
    except OSError as error:
        raise PodiumError(f"{path} cannot be read ({error.strerror}).") from error


def _unpacked(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(members) != 1:
                raise PodiumError(f"{path} must hold one CSV file and holds {len(members)}.")
            return archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise PodiumError(f"{path} is a damaged zip ({error}). {DOWNLOAD_AGAIN}") from error
    except OSError as error:
        raise PodiumError(f"{path} cannot be read ({error.strerror}).") from error


def _with_header(content: Content) -> Content:
    name, raw = content.path.name, content.raw
    content.check_characters(_HEAD)
    head = raw[:_HEAD].removeprefix(_MARK)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # it may end within a character
    except UnicodeDecodeError:
        text = head.decode("cp1252", errors="replace")
    text = text.lstrip("\r\n")
    if not text.strip():
        raise PodiumError(f"{name} is empty. {DOWNLOAD_AGAIN}")
    content.separator = _separator_of(text)
    try:
        cells = next(
            csv.reader(io.StringIO(text, newline=""), delimiter=content.separator, strict=True)
        )
    except csv.Error as error:
        raise PodiumError(
            f"{name}, row 1: its quotes are broken ({error}). {DOWNLOAD_AGAIN}"
        ) from error
    content.names = _all_different(cells)
    return content


def _separator_of(text: str) -> str:
    """Return what parts the cells: the sign that makes the first rows as wide as the header.

    Where several do, the one that makes most cells; where none does, that of the header.
    """
    widths: dict[str, list[int]] = {}
    for sign in _SEPARATORS:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
        first = [len(record) for record in islice(records, _FIRST_RECORDS) if record]
        widths[sign] = first[:-1] if len(first) > 2 else first  # the last may be cut
    even = [sign for sign, found in widths.items() if found[0] > 1 and len(set(found)) == 1]
    return max(even or _SEPARATORS, key=lambda sign: widths[sign][0])


def _all_different(cells: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    for cell in cells:
        name = wanted = cell.strip() or UNNAMED
        again = 1
        while name in names:
            again += 1
            name = f"{wanted} ({again})"
        names.append(name)
    return tuple(names)


def _is_blank(record: list[str]) -> bool:
    return not record or (len(record) == 1 and not record[0].strip(" \t"))


# ---------------------------------------------------------------------- widths and quotes


def check_row_widths(content: Content, frame: pd.DataFrame, separators: int | None) -> None:
    """Check that each row has as many cells as the header, and that quotes are closed.

    pandas itself refuses rows that are too long and fills up short ones with missing cells. So no
    row was short if the file has as many separators as its rows have room for, which is quickly
    counted; only else are the rows looked at one by one.

    Args:
        content: The file.
        frame: (n, columns) what pandas made of it.
        separators: What `count_separators` says.

    Raises:
        PodiumError: a row is too short or too long, or its quotes are broken.
    """
    expected = (len(frame) + 1) * (len(content.names) - 1)
    no_index = isinstance(frame.index, pd.RangeIndex)  # else the first row was too long
    if no_index and separators == expected:
        return
    if not no_index or separators is not None or content.first_fault() is not None:
        raise content.fault("its rows and columns do not add up")


def count_separators(content: Content) -> int | None:
    """Return how many separators stand outside quotes; None where quotes are not as usual.

    Raises:
        PodiumError: a character is NUL.
    """
    content.check_characters()
    raw = np.frombuffer(content.raw, np.uint8)
    sign = ord(content.separator)
    quotes = content.raw.find(b'"') >= 0
    if quotes and not _usual_quotes(raw, sign):
        return None
    inside = False
    count = 0
    for start in range(0, len(raw), _PIECE):
        piece = raw[start : start + _PIECE]
        signs = piece == sign
        if quotes:
            quoted = np.logical_xor.accumulate(piece == _QUOTE) ^ inside
            inside = bool(quoted[-1])
            signs &= ~quoted
        count += int(np.count_nonzero(signs))
    return count


def _usual_quotes(raw: Bytes, sign: int) -> bool:
    """Tell whether each quoted cell is quoted as a whole, inner quotes doubled, as in RFC 4180."""
    places = np.flatnonzero(raw == _QUOTE)
    if len(places) % 2:
        return False
    opening, closing = places[::2], places[1::2]
    beside = np.zeros(256, np.bool_)
    beside[[sign, _QUOTE, _LINE_FEED, _RETURN]] = True
    start = len(_MARK) if bytes(raw[: len(_MARK)]) == _MARK else 0
    before = opening[opening > start] - 1
    after = closing[closing < len(raw) - 1] + 1
    return bool(beside[raw[before]].all() and beside[raw[after]].all())
