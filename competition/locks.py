"""The one door to locks between processes: files that a killed process frees."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from competition.errors import PodiumError
from competition.files import explained_os_errors

# What file systems without locks answer, such as a network's.
_WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP)


class LockHeld(PodiumError):
    """Another process holds a lock, and it was not waited for."""


def _nothing() -> None:
    """Tell nobody."""


@contextmanager
def locked(
    path: Path, *, patience: float = -1, waiting: Callable[[], None] = _nothing
) -> Iterator[bool]:
    """Hold the lock of a file; yield whether another process had it first.

    The operating system frees it when this process ends, however it ends.

    Args:
        path: The lock's file; its folder is made where it is missing.
        patience: Seconds to wait for it: 0 for not at all, -1 for ever.
        waiting: Called once where another process holds it and it is waited for.

    Raises:
        LockHeld: it was not free in that time.
        PodiumError: the folder cannot be written, or its file system has no locks.
    """
    lock = FileLock(path, fallback_to_soft=False)  # a soft lock would outlive a killed process
    with explained_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            waited = not _taken(lock, patience, waiting)
        except Timeout:
            raise LockHeld(f"Another process is at work in {path.parent}.") from None
        except (NotImplementedError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in _WITHOUT_LOCKS:
                raise
            raise PodiumError(
                f"The file system of {path.parent} has no locks. Choose a folder on a disk of this "
                "machine with DATA_DIR or RUNS_DIR."
            ) from error
    try:
        yield waited
    finally:
        lock.release()


def _taken(lock: FileLock, patience: float, waiting: Callable[[], None]) -> bool:
    """Take a lock; return whether it was free at once."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if patience == 0:
            raise
        waiting()
        lock.acquire(timeout=patience, poll_interval=0.1)
        return False
    return True
