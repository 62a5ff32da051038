"""Functions that workers run in tests: in a module of their own, so that workers can import it."""

import os
import threading
import time
from pathlib import Path
from typing import Any

from pipelines.execution.notes import note


def name_of(number: int) -> tuple[int, int]:
    """Return the number and which process had it."""
    return number, os.getpid()


def die() -> None:
    """End the worker, as running out of memory does."""
    os._exit(9)


def never_ready(*_: object) -> None:
    """End the worker before it takes its first fit."""
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


def unpicklable() -> Any:
    """Return what cannot travel to another process."""
    return threading.Lock()


def speak(line: str, seconds: float) -> None:
    """Say something of itself, then take that long."""
    note(line)
    time.sleep(seconds)


def gpu_seen(seconds: float) -> str:
    """Return the GPU that this process sees, after a while in which another fit can begin."""
    time.sleep(seconds)
    return os.environ.get("CUDA_VISIBLE_DEVICES", "")
