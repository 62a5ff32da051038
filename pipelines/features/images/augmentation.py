"""Randomly distorted copies of images, warped by OpenCV, if wanted on a background thread."""

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]
Item = TypeVar("Item")

# Pixels between the control points of an elastic displacement, on images of 28 pixels.
_ELASTIC_SPACING = 7
# Images that are bent by one call: few enough that their maps stay in the processor's cache, and
# that no image of a sensible side makes more rows than OpenCV's 32,767.
_TOGETHER = 64


@dataclass(frozen=True)
class Distortion:
    """Ranges of a random affine map about the image's centre, and of an elastic displacement.

    Each number is the half-width of a uniform distribution about 'unchanged'; 0 switches it off.

    Attributes:
        rotation: Degrees.
        zoom: Relative change of size, height and width drawn apart.
        shear: Tangent of the shear angle.
        shift: Share of the image's side, down and across.
        elastic: Standard deviation of the control points' displacement, as a share of the side.
    """

    rotation: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return distorted copies of images (n, side, side[, 3]) uint8, same shape and dtype.

        Pixels from outside repeat the border, so any background colour goes on. All channels of an
        image are moved alike.
        """
        if self == Distortion():
            return images.copy()
        side = images.shape[1]
        maps = self._affine_maps(generator.uniform(-1, 1, (6, len(images))), side)
        return self._bent(images, maps, generator) if self.elastic else _warped(images, maps)

    def views(self, images: Images, number: int, seed: int) -> Iterator[Images]:
        """Yield `number` copies of all images, each copy by one affine map for every image.

        The maps come in opposite pairs, so that together they favour no direction. An image's
        views do not depend on the images beside it. Elastic displacements have no part in it.
        """
        half = np.random.default_rng(seed).uniform(-1, 1, (6, -(-number // 2)))
        draws = np.stack([half, -half], axis=2).reshape(6, -1)[:, :number]
        for matrix in self._affine_maps(draws, images.shape[1]):
            yield _warped(images, np.broadcast_to(matrix, (len(images), 2, 3)))

    def _affine_maps(self, draws: npt.NDArray[np.float64], side: int) -> npt.NDArray[np.float64]:
        """Return (n, 2, 3) matrices from a copy's (x, y) in pixels to the original's.

        Args:
            draws: (6, n) numbers from -1 to 1: where each of the six ranges is drawn.
            side: Of the images, in pixels.
        """
        angle, shear, tall, wide, down, across = draws
        angle = np.deg2rad(self.rotation) * angle
        sine, cosine = np.sin(angle), np.cos(angle)
        shear = self.shear * shear
        wide, tall = 1 + self.zoom * wide, 1 + self.zoom * tall
        linear = np.empty((draws.shape[1], 2, 2))
        linear[:, 0, 0] = cosine / wide
        linear[:, 0, 1] = (shear * cosine - sine) / tall
        linear[:, 1, 0] = sine / wide
        linear[:, 1, 1] = (shear * sine + cosine) / tall
        middle = np.full(2, (side - 1) / 2)
        shifts = self.shift * side * np.stack([across, down], axis=1)
        offset = middle + shifts - linear @ middle
        return np.concatenate([linear, offset[:, :, None]], axis=2)

    def _bent(
        self, images: Images, maps: npt.NDArray[np.float64], generator: np.random.Generator
    ) -> Images:
        """Return images (n, side, side[, 3]), each through its affine map and a bend of its own.

        Control points on a coarse grid are moved at random, and cubic interpolation fills in the
        rest: the smoothed displacement field of Simard, Steinkraus & Platt (2003), cheaply. As
        interpolation is linear in the points, one matrix product bends many images.
        """
        import cv2

        side = images.shape[1]
        bases = _bends(side)
        copies = np.empty_like(images)
        columns = np.arange(side, dtype=np.float32)
        for first in range(0, len(images), _TOGETHER):
            rows = slice(first, first + _TOGETHER)
            moves = generator.standard_normal((2 * len(maps[rows]), len(bases)), np.float32)
            # NumPy's product would wake a thread for each core, which training is busy on.
            bends = cv2.gemm(moves, bases, self.elastic * side, np.empty(0), 0)
            places = np.asarray(bends, np.float32).reshape(-1, 2, side, side)
            across, down, offset = np.moveaxis(maps[rows, :, :, None].astype(np.float32), 2, 0)
            places += across[..., None] * columns
            places += (down * columns + offset)[..., None]
            copies[rows] = _remapped(images[rows], places)
        return copies


def moved_copies(images: Images, rotation: float, shift: float) -> Iterator[Images]:
    """Yield copies of all images, turned both ways and shifted in the four directions.

    Args:
        images: (n, side, side) or (n, side, side, 3) uint8.
        rotation: Degrees; 0 for no turned copies.
        shift: Share of the side; 0 for no shifted copies.
    """
    import cv2

    side = images.shape[1]
    middle, pixels = (side - 1) / 2, shift * side
    turns = [cv2.getRotationMatrix2D((middle, middle), turn, 1) for turn in (rotation, -rotation)]
    steps = ((pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels))
    shifts = [np.array([[1, 0, across], [0, 1, down]]) for across, down in steps]
    for matrix in (turns if rotation else []) + (shifts if shift else []):
        yield _warped(images, np.broadcast_to(matrix, (len(images), 2, 3)))


def _warped(images: Images, maps: npt.NDArray[np.float64]) -> Images:
    """Return images (n, side, side[, 3]), each through its matrix (2, 3) from copy to original."""
    import cv2

    images = np.ascontiguousarray(images)  # OpenCV writes to no other layout
    copies = np.empty_like(images)
    flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, images.shape[1:3]
    for image, matrix, copy in zip(images, maps, copies, strict=True):
        cv2.warpAffine(image, matrix, size, copy, flags, cv2.BORDER_REPLICATE)
    return copies


def _remapped(images: Images, places: npt.NDArray[np.float32]) -> Images:
    """Return images (n, side, side[, 3]), each through its x and y in the original.

    The places are (n, 2, side, side).

    They lie one below the other, as one call of OpenCV takes less time than one for each.
    """
    import cv2

    number, side = images.shape[:2]
    starts = np.arange(0, number * side, side, dtype=np.float32)
    x = np.ascontiguousarray(places[:, 0])
    y = np.clip(places[:, 1], 0, side - 1) + starts[:, None, None]
    warped = cv2.remap(
        images.reshape(-1, *images.shape[2:]),
        x.reshape(-1, side),
        y.reshape(-1, side),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, np.uint8).reshape(images.shape)


@lru_cache(maxsize=4)
def _bends(side: int) -> npt.NDArray[np.float32]:
    """Return what moving each control point by 1 does to all pixels: (points, side * side)."""
    import cv2

    spacing = max(2, round(_ELASTIC_SPACING * side / 28))
    # The grid reaches a point or two beyond the image, where interpolation would be flat.
    points = -(-side // spacing) + 3
    first = spacing + spacing // 2
    line = np.eye(points, dtype=np.float32)
    wide = cv2.resize(line, (points, points * spacing), interpolation=cv2.INTER_CUBIC)
    along = np.asarray(wide[first : first + side])
    return np.ascontiguousarray(np.kron(along, along).T)


def in_background(items: Iterable[Item], ahead: int = 2) -> Iterator[Item]:
    """Yield `items`, made on another thread up to `ahead` of their use.

    OpenCV and NumPy release the interpreter's lock while they work, so the maker runs beside the
    user. An error in the maker is raised at its place in the sequence; leaving the loop early ends
    the thread.
    """
    made: queue.Queue[Iterator[Item]] = queue.Queue(maxsize=ahead)
    left = threading.Event()

    def put(outcome: Iterator[Item]) -> bool:
        while not left.is_set():
            with suppress(queue.Full):
                made.put(outcome, timeout=0.1)
                return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(iter([item])):
                    return
        except BaseException as error:
            put(_raising(error))
        put(iter([]))

    thread = threading.Thread(target=make, name="augmentation", daemon=True)
    thread.start()
    try:
        while outcome := list(made.get()):
            yield from outcome
    finally:
        left.set()
        thread.join()


def _raising(error: BaseException) -> Iterator[Any]:
    """Raise `error` when iterated."""
    raise error
    yield
