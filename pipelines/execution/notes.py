"""What a running fit says of itself, for who watches: the last line of each local process."""

import os
from pathlib import Path

NOTES_FOLDER = "PODIUM_NOTES"  # the environment variable that tells a worker where to leave them


def note(line: str) -> None:
    """Leave a line where the coordinator looks; nowhere, when none does."""
    folder = os.environ.get(NOTES_FOLDER)
    if folder:
        Path(folder, str(os.getpid())).write_text(line)


def latest(folder: Path) -> str:
    """Return the line that was left last; empty where there is none."""
    notes = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    return notes[-1].read_text() if notes else ""


def clear() -> None:
    """Take this process's line away, as its fit is over."""
    folder = os.environ.get(NOTES_FOLDER)
    if folder:
        Path(folder, str(os.getpid())).unlink(missing_ok=True)
