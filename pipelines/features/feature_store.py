"""Features that need no learning: computed once for all rows of a data set, looked up by row.

Rows that know their origin (`competition.data.rows`) are looked up; others, such as distorted
copies or a drawn digit, are computed on the spot. Both are rounded to float16, so that they agree.
"""

import hashlib
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from competition.data.rows import Origin, origin_of
from competition.files import atomic_path
from competition.locks import locked

log = logging.getLogger(__name__)

Features = npt.NDArray[np.float32]
Stored = npt.NDArray[np.float16]

MOST_BYTES = 4 << 30  # of the files of a folder; the least recently used go first
_MOST_IN_MEMORY = 4  # features of sets without a folder
_VERSION = 2  # goes up when the features of a transformer change though its parameters do not


class Transformer(Protocol):
    """What turns rows into features, each row by itself."""

    def get_params(self) -> dict[str, Any]:
        """Return all that decides the features."""

    def transform(self, rows: npt.NDArray[Any]) -> Features:
        """Turn rows (n, …) into features (n, n_features) float32."""


def features_of(
    transformer: Transformer, rows: npt.NDArray[Any], *, most_bytes: int = MOST_BYTES
) -> Features:
    """Return `transformer.transform(rows)`, rounded to float16, looked up where it can be.

    Where the rows know their origin, the features of the whole set are computed once, by one
    process while others wait for them, and kept in the origin's folder; without a folder, in this
    process.

    Args:
        transformer: Its features of a row must depend on nothing but that row and the parameters.
        rows: (n, …), perhaps `Rows` with an origin.
        most_bytes: Of the files that are kept; the newest stays in any case.

    Returns:
        (n, n_features) float32.

    Raises:
        PodiumError: the folder cannot be written, or the transformer raises it.
    """
    origin = origin_of(rows)
    if origin is None:
        return _rounded(transformer.transform(np.asarray(rows))).astype(np.float32)
    name = _name(transformer, origin)

    def compute() -> Stored:
        return _rounded(transformer.transform(np.asarray(origin.whole)))

    if origin.folder is None:
        stored = _in_memory.get(name, compute)
    else:
        stored = _in_folder(origin.folder / f"{name}.npy", len(origin.whole), compute, most_bytes)
    return np.asarray(stored[origin.numbers], np.float32)


def _name(transformer: Transformer, origin: Origin) -> str:
    """Return what names the features of a set by a transformer."""
    params = sorted(transformer.get_params().items())
    identity = f"{_VERSION} {type(transformer).__qualname__} {params} {origin.name}"
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _in_folder(path: Path, rows: int, compute: Callable[[], Stored], most_bytes: int) -> Stored:
    """Return a file's features, mapped into memory; compute and write them if nobody did."""
    found = _mapped(path, rows)
    if found is not None:
        return found
    with locked(path.with_suffix(".lock")):
        found = _mapped(path, rows)
        if found is not None:
            return found
        features = compute()
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.save(file, features)
        make_room(path, most_bytes)
    return features


def _mapped(path: Path, rows: int) -> Stored | None:
    """Return whole features, marked as just used; None where there are none, or damaged ones."""
    try:
        os.utime(path)
        found: Stored = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return found if found.ndim == 2 and len(found) == rows else None


def make_room(newest: Path, most_bytes: int) -> None:
    """Remove the least recently used features until the rest fit; a mapped file stays readable."""
    files: list[tuple[float, int, Path]] = []
    for path in newest.parent.glob("*.npy"):
        with suppress(FileNotFoundError):  # another process makes room too
            stat = path.stat()
            files.append((stat.st_mtime, stat.st_size, path))
    size = sum(bytes_ for _, bytes_, _ in files)
    for _, bytes_, path in sorted(files):
        if size <= most_bytes:
            break
        if path != newest:
            path.unlink(missing_ok=True)
            size -= bytes_
            log.info("removed the features %s to make room", path.name)


class _Memory:
    """The features that were used last, of sets that have no folder; safe among threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, Stored] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, compute: Callable[[], Stored]) -> Stored:
        """Return the features of a name, computed if they are not there."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = compute()
                if len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(name)
            return self._kept[name]


_in_memory = _Memory(_MOST_IN_MEMORY)


def _rounded(features: Features) -> Stored:
    return features.astype(np.float16)
