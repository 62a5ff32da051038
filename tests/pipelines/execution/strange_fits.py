"""Functions that workers run in tests: in a module of their own, so that workers can import it."""

import os
import time
from pathlib import Path

from pipelines.search.fit import FitRequest, FitResult, fit_fold


def name_of(number: int) -> tuple[int, int]:
    """Return the number and which process had it."""
    return number, os.getpid()


def die() -> None:
    """End the worker, as running out of memory does."""
    os._exit(9)


def die_once(mark: Path) -> str:
    """End the first worker that comes here."""
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return "alive"


def take_long(mark: Path, seconds: float) -> int:
    """Leave a mark, then take that long."""
    with mark.open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(seconds)
    return os.getpid()


def fail(text: str) -> None:
    """Raise what a library might."""
    raise ValueError(text)


def slow_fit(request: FitRequest) -> FitResult:
    """Fit, no sooner than in a second."""
    time.sleep(1)
    return fit_fold(request)
