"""Features of the competition's images, computed once and kept by content.

An estimator sees nothing but arrays of images. It asks `features_of` for their features: images
that `remember` was told of are looked up among those computed before, in this process or another,
and others (distorted copies, drawn digits) are computed on the spot.
"""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from competition.files import atomic_path

log = logging.getLogger(__name__)

Images = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]

MOST_BYTES = 4 << 30  # of kept features; the least recently used go first
_VERSION = 1  # goes up when the features of a transformer change though its parameters do not


class Transformer(Protocol):
    """What turns images into features, each image by itself."""

    def get_params(self) -> dict[str, Any]:
        """Return all that decides the features."""

    def transform(self, images: Images) -> Rows:
        """Turn images (n, side, side) uint8 into rows (n, n_features) float32."""


@dataclass(frozen=True)
class _ImageSet:
    images: Images
    folder: Path

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """Return the numbers of the images, sorted by hash."""
        return np.argsort(self._hashes, kind="stable")

    @cached_property
    def sorted_hashes(self) -> npt.NDArray[np.uint64]:
        return self._hashes[self.order]

    @cached_property
    def _hashes(self) -> npt.NDArray[np.uint64]:
        return _hashes(self.images)

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self._hashes.tobytes()).hexdigest()[:16]

    def find(self, images: Images, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return the number here of each of the images, -1 where it is not here."""
        if images.shape[1:] != self.images.shape[1:] or not len(self.images):
            return np.full(len(images), -1)
        places = np.searchsorted(self.sorted_hashes, hashes)
        numbers = self.order[np.minimum(places, len(self.order) - 1)]
        same = (np.asarray(self.images[numbers]) == images).all(axis=(1, 2))
        return np.where(same, numbers, -1)


_known: list[_ImageSet] = []


def remember(folder: Path, image_sets: Sequence[Images]) -> None:
    """Keep features of these images from now on, in place of those named before.

    Args:
        folder: Where they are kept; made when first written to.
        image_sets: Arrays (n, side, side) uint8, such as the training and the test images.
    """
    _known[:] = [_ImageSet(images, folder) for images in image_sets]


def features_of(transformer: Transformer, images: Images) -> Rows:
    """Return `transformer.transform(images)`, rounded to float16, looked up where it can be.

    Args:
        transformer: Its features of an image must depend on nothing but that image and the
            parameters.
        images: (n, side, side) uint8.

    Returns:
        (n, n_features) float32.
    """
    found: dict[int, npt.NDArray[np.int64]] = {}
    missing = np.ones(len(images), dtype=bool)
    if _known and len(images):
        hashes = _hashes(images)
        for number, image_set in enumerate(_known):
            found[number] = image_set.find(images, hashes)
            missing &= found[number] < 0
    if missing.all():
        return _rounded(transformer.transform(images)).astype(np.float32)
    rows: Rows | None = None
    for number, places in found.items():
        here = places >= 0
        if here.any():
            kept = _kept_features(transformer, _known[number])
            rows = np.empty((len(images), kept.shape[1]), np.float32) if rows is None else rows
            rows[here] = kept[places[here]]
    assert rows is not None
    if missing.any():
        rows[missing] = _rounded(transformer.transform(images[missing]))
    return rows


def _kept_features(transformer: Transformer, image_set: _ImageSet) -> npt.NDArray[np.float16]:
    """Map the features of a whole set, computing them if nobody did."""
    params = sorted(transformer.get_params().items())
    identity = f"{_VERSION} {type(transformer).__qualname__} {params} {image_set.digest}"
    name = hashlib.sha256(identity.encode()).hexdigest()[:16]
    path = image_set.folder / f"{name}.npy"
    kept = _mapped(path)
    if kept is None:
        image_set.folder.mkdir(parents=True, exist_ok=True)
        with _locked(image_set.folder / f"{name}.lock"):
            kept = _mapped(path)
            if kept is None:
                features = _rounded(transformer.transform(np.asarray(image_set.images)))
                with atomic_path(path) as temporary, temporary.open("wb") as file:
                    np.save(file, features)
                _make_room(image_set.folder, path)
                kept = features
    return kept


def _mapped(path: Path) -> npt.NDArray[np.float16] | None:
    try:
        os.utime(path)
        kept: npt.NDArray[np.float16] = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return kept


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that dies with the process: two workers never compute the same features."""
    with path.open("w") as file:
        with suppress(OSError):  # a file system without locks: at worst, work is done twice
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make_room(folder: Path, newest: Path) -> None:
    """Remove the least recently used features until the rest fit; a mapped file stays readable."""
    with suppress(FileNotFoundError):
        files = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime)
        size = sum(path.stat().st_size for path in files)
        for path in files:
            if size <= MOST_BYTES or path == newest:
                break
            size -= path.stat().st_size
            path.unlink()
            log.info("removed the features %s to make room", path.name)


def _rounded(features: Rows) -> npt.NDArray[np.float16]:
    return features.astype(np.float16)


def _hashes(images: Images) -> npt.NDArray[np.uint64]:
    """Return a hash (n,) uint64 of each image: the sum of its words, each times an odd number."""
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 8)))
    words = rows.view(np.uint64)
    factors = np.random.default_rng(0).integers(0, 1 << 63, words.shape[1], dtype=np.uint64)
    sums: npt.NDArray[np.uint64] = (words * (factors * np.uint64(2) + np.uint64(1))).sum(axis=1)
    return sums
