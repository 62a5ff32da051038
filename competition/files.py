"""Files that appear under their final name whole or not at all."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from competition.errors import PodiumError

_CHUNK = 1 << 20


@contextmanager
def atomic_path(final: Path) -> Iterator[Path]:
    """Yield a temporary path beside `final` that takes its name when the block succeeds.

    The content is flushed to disk before the rename. When the block raises, the temporary file is
    removed and whatever stood under the final name stays as it was.

    Raises:
        PodiumError: the disk is full, or the folder cannot be written.
    """
    with explained_os_errors(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.chmod(0o644)
            temporary.replace(final)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def explained_os_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a refused write into a sentence that names `path`'s folder."""
    try:
        yield
    except OSError as error:
        where = path.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PodiumError(
                f"The disk is full: {path.name} could not be written in {where}. "
                "Nothing half-written was left; free some space and run the command again."
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
