"""Files that appear under their final name whole or not at all."""

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from competition.errors import PodiumError

_CHUNK = 1 << 20


@contextmanager
def atomic_path(final: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `final` that takes its name when the block succeeds.

    When the block raises, the temporary file is removed and whatever stood under the final name
    stays as it was.

    Args:
        final: The name that the file is to have.
        durable: Flush the content to disk before the rename. Without, a power cut can leave a
            broken file under the final name, so it has to be one whose reader finds that out.

    Raises:
        PodiumError: the disk is full, or the folder cannot be written.
    """
    with explained_os_errors(final), temporary_path(final.parent, final.name) as temporary:
        yield temporary
        if durable:
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(final)


@contextmanager
def temporary_path(folder: Path, name: str) -> Iterator[Path]:
    """Yield the path of an empty hidden file in a folder, which is removed afterwards.

    Such files that a killed process left in the folder are removed first. The file is known to be
    in use by a lock that dies with its process, so write into it; do not put another in its place.

    Args:
        folder: Made where it is missing.
        name: What the hidden name shows of the file's purpose.
    """
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    handle, path = _locked_file(folder, name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files of a folder whose processes were killed."""
    for path in folder.glob(".*.part"):
        with suppress(OSError):
            handle = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its process lives
                path.unlink()
            finally:
                os.close(handle)


def _locked_file(folder: Path, name: str) -> tuple[int, Path]:
    while True:
        handle, made = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
        with suppress(OSError):  # a file system without locks: nothing is ever taken for abandoned
            fcntl.flock(handle, fcntl.LOCK_EX)
        path = Path(made)
        if path.exists():
            return handle, path
        os.close(handle)  # taken for abandoned in the instant before the lock


@contextmanager
def explained_os_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, a size limit or a refused write into a sentence that names the folder."""
    try:
        yield
    except OSError as error:
        where = path.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PodiumError(
                f"The disk is full: {path.name} could not be written in {where}. "
                "Nothing half-written was left; free some space and run the command again."
            ) from error
        if error.errno == errno.EFBIG:
            raise PodiumError(
                f"Files as large as {path.name} are not allowed in {where} (see ulimit -f). "
                "Nothing half-written was left; raise the limit and run the command again."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise PodiumError(
                f"{path} cannot be written ({error.strerror}). "
                "Choose another folder with DATA_DIR or RUNS_DIR, or mend its permissions."
            ) from error
        raise


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
