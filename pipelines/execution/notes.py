"""What a running fit says of itself, for who watches: the last line of each local process."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

_Result = TypeVar("_Result")

NOTES_FOLDER = "PODIUM_NOTES"  # the environment variable that tells a worker where to leave them


def leave_notes_in(folder: str) -> None:
    """Let this worker process leave its lines in a folder."""
    os.environ[NOTES_FOLDER] = folder


def note(line: str) -> None:
    """Leave a line where the coordinator looks; nowhere, when none does."""
    folder = os.environ.get(NOTES_FOLDER)
    if folder:
        Path(folder, str(os.getpid())).write_text(line)


def latest(folder: Path) -> str:
    """Return the line that was left last; empty where there is none.

    Lines come and go while they are looked at: one that is gone was not left.
    """
    found: list[tuple[int, str]] = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path.read_text()))
    return max(found)[1] if found else ""


def with_notes(
    fn: Callable[..., _Result], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _Result:
    """Call a function in a worker, and take away what it said of itself when it is over."""
    try:
        return fn(*args, **kwargs)
    finally:
        clear()


def clear() -> None:
    """Take this process's line away."""
    folder = os.environ.get(NOTES_FOLDER)
    if folder:
        Path(folder, str(os.getpid())).unlink(missing_ok=True)
