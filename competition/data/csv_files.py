"""CSV files as text: opened plain or from their zip, their header read, their quotes checked."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from competition.errors import PodiumError

DOWNLOAD_AGAIN = "Download it again."
_DOWNLOAD_FIRST = "Download the competition's files first."


def find_csv(folder: Path, name: str) -> Path:
    """Return a file of the competition, or its zip where Kaggle packed it alone.

    Raises:
        PodiumError: neither is there.
    """
    plain, packed = folder / name, folder / f"{name}.zip"
    if plain.is_file():
        return plain
    if packed.is_file():
        return packed
    raise PodiumError(f"{plain} is not there. {_DOWNLOAD_FIRST}")


@contextmanager
def open_csv(path: Path) -> Iterator[TextIO]:
    """Open a CSV file as text, from inside its zip where `path` ends in `.zip`.

    Raises:
        PodiumError: there is no such file, it cannot be read, or the zip is damaged or holds no
            single CSV; or, raised within the block too, the text is not UTF-8 or not CSV.
    """
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
    except FileNotFoundError:
        raise PodiumError(f"{path} is not there. {_DOWNLOAD_FIRST}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise PodiumError(f"{path} is a damaged zip ({error}). {DOWNLOAD_AGAIN}") from error
    except UnicodeDecodeError as error:
        raise PodiumError(f"{path.name} is not UTF-8 text. {DOWNLOAD_AGAIN}") from error
    except csv.Error as error:
        raise PodiumError(f"{path.name} is not a CSV file ({error}). {DOWNLOAD_AGAIN}") from error
    except OSError as error:
        raise PodiumError(f"{path} cannot be read ({error.strerror}).") from error


def read_header(file: TextIO, path: Path) -> list[str]:
    """Read the header line of an open CSV file.

    Raises:
        PodiumError: the file is empty, or names a column twice.
        csv.Error: the line's quotes are broken; `open_csv` makes a sentence of it.
    """
    line = file.readline()
    if not line.strip():
        raise PodiumError(f"{path.name} is empty. {DOWNLOAD_AGAIN}")
    header = [name.strip() for name in next(csv.reader([line], strict=True))]
    seen: set[str] = set()
    for column, name in enumerate(header, start=1):
        if name in seen:
            raise PodiumError(
                f"{path.name}, row 1, column {column}: the column {name!r} is there twice. "
                f"{DOWNLOAD_AGAIN}"
            )
        seen.add(name)
    return header


def checked_lines(file: TextIO, path: Path) -> Iterator[str]:
    """Yield the lines after the header, refusing what NumPy would read in its own way.

    A cell may stand in quotes, as RFC 4180 has it, but not go on in the next line. NumPy's parser
    takes a quote that is never closed, and text after a closing one, for a part of the cell; and
    its arrays of text lose the NUL characters at an end.

    Raises:
        PodiumError: a line's quotes are broken, or it holds a NUL character.
    """
    for number, line in enumerate(file, start=2):
        if "\0" in line:
            raise PodiumError(
                f"{path.name}, row {number}: it holds a NUL character. {DOWNLOAD_AGAIN}"
            )
        if '"' in line:
            try:
                next(csv.reader([line], strict=True), None)
            except csv.Error as error:
                raise PodiumError(
                    f"{path.name}, row {number}: its quotes are broken ({error}). {DOWNLOAD_AGAIN}"
                ) from error
        yield line
