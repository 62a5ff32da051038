"""Files and folders that appear under their final name whole or not at all."""

import errno
import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from competition.errors import InfrastructureError

# A temporary name says whose it is: `.train.csv.4711@host.k3x_9a.part`.
_OWNED = re.compile(r"\..*\.(?P<pid>\d+)@(?P<host>[^.@]*)\.[^.]*\.part")
_DAY = 86_400.0

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (
    *(errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
)
_BROKEN = (errno.EIO, errno.ESTALE)


class DiskFailed(InfrastructureError):
    """The disk is full or broken, or a folder cannot be written."""


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
        DiskFailed: the disk is full, or the folder cannot be written.

    Example:
        >>> with atomic_path(folder / "answer.txt") as path:
        ...     path.write_text("42")
    """
    with explained_os_errors(final), temporary_path(final.parent, final.name) as temporary:
        yield temporary
        if durable:
            _flush(temporary)
        temporary.chmod(0o644)
        temporary.replace(final)


@contextmanager
def atomic_folder(final: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the final name when the block succeeds.

    So a set of files appears together, flushed to disk. A folder that had the name is replaced:
    a reader sees the old one, then for an instant none, then the new one.

    Args:
        final: The name that the folder is to have.

    Raises:
        DiskFailed: the disk is full, or the folder cannot be written.
    """
    with explained_os_errors(final):
        temporary = _temporary_folder(final)
        try:
            yield temporary
            for path in temporary.rglob("*"):
                if path.is_file():
                    _flush(path)
            temporary.chmod(0o755)
            _replace_folder(temporary, final)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def temporary_path(folder: Path, name: str) -> Iterator[Path]:
    """Yield the path of an empty hidden file in a folder, which is removed afterwards.

    Such files that a killed process left in the folder are removed first.

    Args:
        folder: Made where it is missing.
        name: What the hidden name shows of the file's purpose.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    handle, made = tempfile.mkstemp(prefix=_prefix(name), suffix=".part", dir=folder)
    os.close(handle)
    path = Path(made)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files and folders whose processes were killed.

    Whether a process of this machine lives can be asked; what another machine left, which shares
    the disk, counts as abandoned when it has not been written for a day.
    """
    for path in folder.glob(".*.part"):
        if not _is_abandoned(path):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


@contextmanager
def explained_os_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, a size limit or a refused write into a sentence that names the folder.

    Args:
        path: What is written.

    Raises:
        DiskFailed: in place of an `OSError` of that kind; others are left as they are.
    """
    try:
        yield
    except OSError as error:
        where = path.parent
        # Of an array that was written in part, NumPy gives no number.
        if error.errno in _FULL or (error.errno is None and "written" in str(error)):
            raise DiskFailed(
                f"The disk is full: {path.name} could not be written in {where}. "
                "Nothing half-written was left; free some space and run the command again."
            ) from error
        if error.errno == errno.EFBIG:
            raise DiskFailed(
                f"Files as large as {path.name} are not allowed in {where} (see ulimit -f). "
                "Nothing half-written was left; raise the limit and run the command again."
            ) from error
        if error.errno in _REFUSED:
            raise DiskFailed(
                f"{path} cannot be written ({error.strerror}). "
                "Choose another folder with DATA_DIR or RUNS_DIR, or fix its permissions."
            ) from error
        if error.errno in _BROKEN:
            raise DiskFailed(
                f"The disk of {where} failed ({error.strerror}). Check the disk, then run the "
                "command again."
            ) from error
        raise


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _temporary_folder(final: Path) -> Path:
    final.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(final.parent)
    return Path(tempfile.mkdtemp(prefix=_prefix(final.name), suffix=".part", dir=final.parent))


def _replace_folder(new: Path, final: Path) -> None:
    try:
        new.rename(final)
        return
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    old = _temporary_folder(final)
    final.replace(old)
    try:
        new.rename(final)
    except OSError:
        old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _prefix(name: str) -> str:
    return f".{name}.{os.getpid()}@{_host()}."


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:40]


def _is_abandoned(path: Path) -> bool:
    owned = _OWNED.fullmatch(path.name)
    if owned and owned["host"] == _host():
        return not _lives(int(owned["pid"]))
    try:
        return time.time() - path.stat().st_mtime > _DAY
    except OSError:
        return False


def _lives(process: int) -> bool:
    """Tell whether there is a process of this number, also one of another user."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
