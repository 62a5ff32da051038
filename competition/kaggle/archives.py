"""A competition's zip, unpacked with suspicion."""

import stat
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from competition.errors import PodiumError
from competition.files import temporary_path

_MOST_BYTES = 4 << 30
_CHUNK = 1 << 20


class Damaged(Exception):
    """What arrived breaks a promise; fetching it again may help."""


def unpack(archive: Path, targets: dict[str, Path], listed: dict[str, int]) -> None:
    """Write the wanted members of a zip to their targets; nothing else in it is looked at.

    Args:
        archive: The zip.
        targets: Where each file goes, by its name.
        listed: The bytes that each file should have, where that is known.

    Raises:
        Damaged: the zip breaks a promise.
        PodiumError: a file is missing, or is not a plain file.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, target in targets.items():
                info = _member(opened, name)
                _check_member(info, listed.get(name, 0))
                if not info.filename.endswith(f"{name}.zip"):
                    _copy(opened, info, target)
                    continue
                with temporary_path(target.parent, "download") as inner:
                    _copy(opened, info, inner)
                    unpack(inner, {name: target}, listed)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise Damaged(str(error) or type(error).__name__) from None


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    member = member_called(archive.namelist(), name)
    if member is not None:
        return archive.getinfo(member)
    raise PodiumError(
        f"Kaggle's archive holds no {name}, only {', '.join(archive.namelist()[:10])}. "
        "Check the file names in the competition's TOML file."
    )


def member_called(members: Iterable[str], name: str) -> str | None:
    """Return the member of a zip that is a file, itself or zipped, also within a top folder.

    Args:
        members: The names in the zip.
        name: The file's, without folders.

    Returns:
        The member that lies highest; None where there is none, or where several lie as high.
    """
    for wanted in (name, f"{name}.zip"):
        depths: dict[int, list[str]] = {}
        for member in members:
            *folders, last = member.replace("\\", "/").removeprefix("./").split("/")
            # macOS puts a shadow of each file beside it, and nothing leads out of a zip.
            if last == wanted and not {"__MACOSX", "..", ""}.intersection(folders):
                depths.setdefault(len(folders), []).append(member)
        if depths:
            highest = depths[min(depths)]
            return highest[0] if len(highest) == 1 else None
    return None


def _check_member(info: zipfile.ZipInfo, listed: int) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir() or kind not in (0, stat.S_IFREG) or info.flag_bits & 1:
        raise PodiumError(
            f"{info.filename} in Kaggle's archive is a link, a folder or encrypted, not a plain "
            "file; it was not unpacked. Download the files by hand and look at them."
        )
    zipped = info.filename.endswith(".zip")
    if info.file_size > _MOST_BYTES or (
        listed and not zipped and listed not in (info.file_size, info.compress_size)
    ):
        raise Damaged(
            f"{info.filename} has {info.file_size} bytes" + (f" instead of {listed}" * bool(listed))
        )


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Unpack one member; zipfile compares the CRC at its end."""
    with archive.open(info) as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
