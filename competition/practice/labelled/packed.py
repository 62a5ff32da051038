"""Files out of a competition's zip, or out of the zips inside."""

import io
import zipfile
from pathlib import Path

from competition.errors import PodiumError
from competition.kaggle.archives import member_called


def unpacked(data: Path, wanted: str) -> bytes:
    """Return the bytes of a CSV, from inside a zip, or a zip in a zip, where it is packed.

    Args:
        data: The CSV, or a zip.
        wanted: Its name in the zip; a zip with one CSV alone holds it under any name.

    Raises:
        PodiumError: there is no such file, or the zip is damaged.
    """
    content = _opened(data, wanted, or_alone=True)
    if content is None:
        raise PodiumError(f"{data} holds no {wanted}. Give the competition's zip, or its {wanted}.")
    return content


def unpacked_beside(data: Path, wanted: str) -> bytes | None:
    """Return the bytes of another CSV in a competition's zip; None where there is none.

    Raises:
        PodiumError: the zip is damaged.
    """
    return _opened(data, wanted, or_alone=False) if zipfile.is_zipfile(data) else None


def _opened(data: Path, wanted: str, or_alone: bool) -> bytes | None:
    content: bytes | None = data.read_bytes()
    try:
        while content is not None and zipfile.is_zipfile(io.BytesIO(content)):
            content = _member(content, wanted, or_alone)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise PodiumError(f"{data} is a damaged zip ({error}). Download it again.") from None
    if content is not None and content[:2] == b"PK":
        raise PodiumError(f"{data} is a zip cut short. Download it again.")
    return content


def _member(content: bytes, wanted: str, or_alone: bool) -> bytes | None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.namelist()
        name = member_called(members, wanted)
        if name is None and or_alone:
            tables = [each for each in members if each.lower().endswith((".csv", ".csv.zip"))]
            name = tables[0] if len(tables) == 1 else None
        return None if name is None else archive.read(name)
