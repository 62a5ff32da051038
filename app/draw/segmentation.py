"""Several digits in one picture: found, parted from dirt and rules, put into reading order."""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from app.draw.ink import Ink, find_ink
from app.draw.strokes import form_of_ink

Image = npt.NDArray[np.uint8]
Pieces = npt.NDArray[np.int32]

_INK = 0.4  # coverage from which a pixel belongs to a piece
_SPECK = 0.004  # of the largest piece's area: dirt
_MOST_PIECES = 1000  # the largest ones; a page of print has thousands, and no digits to read
_WHOLE = 0.6  # of the usual height: such a piece is a digit by itself
_SHORTEST = 0.4  # of the usual height: what is smaller and joins nothing is dirt
_NEAR = 0.25  # of the usual height: the widest gap between two pieces of one digit
_TALLEST = 1.35  # times the usual height: no joined digit is taller
_RULE = 6.0  # times as long as wide: a ruled line, if it is longer than a digit is tall


@dataclass(frozen=True)
class FoundDigit:
    """A digit in a picture.

    Attributes:
        left, top, width, height: Its box, as shares of the picture's width and height.
        line: Number of the line that it stands in, from the top.
        image: (side, side) uint8, in MNIST's form.
    """

    left: float
    top: float
    width: float
    height: float
    line: int
    image: Image


@dataclass
class _Part:
    """Pieces of ink that belong together, and their bounds in pixels."""

    left: int
    top: int
    right: int
    bottom: int
    numbers: list[int] = field(default_factory=list)

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def find_digits(picture: Image, side: int) -> list[FoundDigit]:
    """Find the digits in a picture, line by line from the top, each line from the left.

    Args:
        picture: (height, width) uint8 grey levels, dark on light or light on dark.
        side: Of the images that are made of the digits.

    Returns:
        One entry for each digit; none where there is no ink.
    """
    ink = find_ink(picture)
    if ink is None:
        return []
    parts, pieces = _parts(ink)
    usual = _usual_height(parts)
    digits = [part for part in _joined(parts, usual) if part.height >= _SHORTEST * usual]
    height, width = ink.shape
    found = []
    for number, line in enumerate(_lines(digits)):
        for part in line:
            image = form_of_ink(_alone(part, ink, pieces), side)
            if image is not None:
                box = (part.left / width, part.top / height)
                size = (part.width / width, part.height / height)
                found.append(FoundDigit(*box, *size, number, image))
    return found


def _parts(ink: Ink) -> tuple[list[_Part], Pieces]:
    """Return the connected pieces of ink that may belong to digits, and a map of all pieces."""
    drawn = (ink > _INK).astype(np.uint8)
    _, pieces, boxes, _ = cv2.connectedComponentsWithStats(drawn)
    areas = boxes[1:, cv2.CC_STAT_AREA]
    least = _SPECK * areas.max(initial=0)
    numbers = np.argsort(-areas, kind="stable")[:_MOST_PIECES] + 1
    parts = [
        _Part(left, top, left + width, top + height, [number])
        for number, (left, top, width, height, area) in zip(
            numbers.tolist(), boxes[numbers].tolist(), strict=True
        )
        if area >= least
    ]
    plain = [part for part in parts if not _foreign(part, ink.shape)]
    return plain or parts, np.asarray(pieces, np.int32)


def _foreign(part: _Part, shape: tuple[int, ...]) -> bool:
    """Say whether a piece is a rule, or an edge of the paper, rather than a digit."""
    height, width = shape
    if part.width > _RULE * part.height and part.width > width / 4:
        return True
    at_border = part.left == 0 or part.top == 0 or part.right == width or part.bottom == height
    return at_border and (part.width > 0.6 * width or part.height > 0.6 * height)


def _usual_height(parts: list[_Part]) -> float:
    """Return the median height of the pieces that are not much smaller than the tallest."""
    heights = np.array([part.height for part in parts] or [0])
    return float(np.median(heights[heights >= _SHORTEST * heights.max()]))


def _joined(parts: list[_Part], usual: float) -> list[_Part]:
    """Join small pieces, such as the bar of a 5, to the nearest one above or below or around."""
    wholes = [part for part in parts if part.height >= _WHOLE * usual]
    smalls = [part for part in parts if part.height < _WHOLE * usual]
    for small in sorted(smalls, key=lambda part: part.width * part.height, reverse=True):
        near = [(_gap(small, other), other) for other in wholes if _fits(small, other, usual)]
        if not near:
            wholes.append(small)
            continue
        _, other = min(near, key=lambda pair: pair[0])
        other.left, other.right = min(other.left, small.left), max(other.right, small.right)
        other.top, other.bottom = min(other.top, small.top), max(other.bottom, small.bottom)
        other.numbers.extend(small.numbers)
    return wholes


def _fits(small: _Part, other: _Part, usual: float) -> bool:
    overlap = min(small.right, other.right) - max(small.left, other.left)
    tall = max(small.bottom, other.bottom) - min(small.top, other.top)
    beside = overlap >= small.width / 2
    return beside and _gap(small, other) <= _NEAR * usual and tall <= _TALLEST * usual


def _gap(one: _Part, other: _Part) -> int:
    """Return the vertical distance between two pieces; 0 where they overlap."""
    return max(0, one.top - other.bottom, other.top - one.bottom)


def _lines(digits: list[_Part]) -> list[list[_Part]]:
    """Group digits whose middles lie within a line's mean bounds; order lines and digits."""
    lines: list[list[_Part]] = []
    for digit in sorted(digits, key=lambda part: part.middle):
        line = lines[-1] if lines else []
        top = np.mean([part.top for part in line]) if line else 0
        bottom = np.mean([part.bottom for part in line]) if line else 0
        if line and top < digit.middle < bottom:
            line.append(digit)
        else:
            lines.append([digit])
    return [sorted(line, key=lambda part: part.left + part.right) for line in lines]


def _alone(part: _Part, ink: Ink, pieces: Pieces) -> Ink:
    """Return the ink of one digit, its soft edges included, without its neighbours'."""
    reach = max(2, round(0.04 * part.height))
    rows = slice(max(0, part.top - reach), part.bottom + reach)
    columns = slice(max(0, part.left - reach), part.right + reach)
    here = pieces[rows, columns]
    own = np.isin(here, part.numbers)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = cv2.dilate(own.astype(np.uint8), kernel) > 0
    alone: Ink = np.where(near & (own | (here == 0)), ink[rows, columns], np.float32(0))
    return alone
