"""Files out of a competition's zip, or out of the zips inside."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from competition.errors import PodiumError
from competition.kaggle.archives import member_called

_LONGEST = 1 << 20  # bytes of a header line


def unpacked(data: Path, wanted: str) -> bytes:
    """Return the bytes of a CSV, from inside a zip, or a zip in a zip, where it is packed.

    Args:
        data: The CSV, or a zip.
        wanted: Its name in the zip; a zip with one CSV alone holds it under any name.

    Raises:
        PodiumError: there is no such file, or the zip is damaged.
    """
    with _opened(data, wanted) as file:
        content = None if file is None else file.read()
    if content is None:
        raise PodiumError(f"{data} holds no {wanted}. Give the competition's zip, or its {wanted}.")
    if content[:2] == b"PK":
        raise PodiumError(f"{data} is a zip cut short. Download it again.")
    return content


def unpacked_beside(data: Path, wanted: str) -> bytes | None:
    """Return the bytes of another CSV in a competition's zip; None where there is none.

    Raises:
        PodiumError: the zip is damaged.
    """
    if not zipfile.is_zipfile(data):
        return None
    with _opened(data, wanted, or_alone=False) as file:
        return None if file is None else file.read()


def header_line(data: Path, wanted: str) -> bytes | None:
    """Return the first line of a CSV that may be packed; None where there is no such file.

    Raises:
        PodiumError: the zip is damaged.
    """
    with _opened(data, wanted) as file:
        return None if file is None else file.readline(_LONGEST)


def tables_in(data: Path) -> int:
    """Return how many CSV files a file holds: 1 for one that is no zip.

    Raises:
        PodiumError: the zip is damaged.
    """
    if not zipfile.is_zipfile(data):
        return 1
    with _complaining(data), zipfile.ZipFile(data) as archive:
        return len(_tables_among(archive.namelist()))


@contextmanager
def _opened(data: Path, wanted: str, or_alone: bool = True) -> Iterator[IO[bytes] | None]:
    """Open a CSV, wherever in zips it is packed; give None where it is not there."""
    with _complaining(data), data.open("rb") as file:
        if not zipfile.is_zipfile(data):
            yield file
            return
        with _member(file, wanted, or_alone) as found:
            yield found


@contextmanager
def _member(file: IO[bytes], wanted: str, or_alone: bool) -> Iterator[IO[bytes] | None]:
    with zipfile.ZipFile(file) as archive:
        members = archive.namelist()
        name = member_called(members, wanted)
        tables = _tables_among(members)
        if name is None and or_alone and len(tables) == 1:
            name = tables[0]
        if name is None:
            yield None
            return
        with archive.open(name) as found:
            if not name.lower().endswith(".zip"):
                yield found
                return
            with _member(found, wanted, or_alone=True) as inner:
                yield inner


def _tables_among(members: list[str]) -> list[str]:
    return [
        each
        for each in members
        if each.lower().endswith((".csv", ".csv.zip")) and "__MACOSX" not in each
    ]


@contextmanager
def _complaining(data: Path) -> Iterator[None]:
    """Make a sentence of what a damaged zip raises."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise PodiumError(f"{data} is a damaged zip ({error}). Download it again.") from None
