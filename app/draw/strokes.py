"""A drawing, photo or scan of one digit, brought to the form that MNIST's digits have.

That form (LeCun, Bottou, Bengio & Haffner, 1998): the digit fitted into 20 × 20 pixels, smooth
edges, its centre of mass in the middle of 28 × 28. Strokes are brought near the width that MNIST's
have, since a pen's width says nothing about the digit.
"""

import cv2
import numpy as np
import numpy.typing as npt

from app.draw.ink import Ink, find_ink

Image = npt.NDArray[np.uint8]

# In pixels of MNIST's 20 × 20: the mean of 3,000 digits is 2.5; strokes within the bounds, which
# hold most of them, stay as they are.
_THINNEST, _THICKEST = 2.0, 2.8
_BOX = 20 / 28  # of the side, for the longer side of the digit
_FINE = 8  # working pixels for each of the result's
_SPECK = 0.02  # of all ink, below which a piece is dirt
_DRAWN = 0.5  # coverage from which a pixel counts as ink


def to_digit_form(picture: Image, side: int) -> Image | None:
    """Bring a picture of one digit to MNIST's form.

    Args:
        picture: (height, width) uint8 grey levels of any size, dark on light or light on dark.
        side: Of the result: 28 for MNIST's own.

    Returns:
        (side, side) uint8, bright ink on black; None where nothing was drawn.
    """
    ink = find_ink(picture)
    return None if ink is None else form_of_ink(ink, side)


def form_of_ink(ink: Ink, side: int) -> Image | None:
    """Bring ink that was found to MNIST's form.

    Args:
        ink: (height, width) float32 between 0 and 1.
        side: Of the result.

    Returns:
        (side, side) uint8, bright ink on black; None where there is no ink.
    """
    ink = _cropped(_without_specks(ink))
    if not ink.size:
        return None
    box = max(1, round(side * _BOX))
    fine = _with_normal_strokes(_scaled(ink, box * _FINE), box)
    digit = _scaled(_cropped(fine), box)
    digit = np.rint(digit * (255 / max(float(digit.max()), 1e-6))).astype(np.uint8)
    return _centred(digit, side)


def stroke_width(ink: Ink) -> float:
    """Return the typical width of strokes in pixels: twice the distance from ridge to edge.

    Args:
        ink: (height, width) float32 between 0 and 1; strokes should be some pixels wide.
    """
    return 2 * float(np.median(_ridge(ink))) - 1


def _ridge(ink: Ink) -> npt.NDArray[np.float32]:
    """Return the distances to the edge along the middles of the strokes."""
    drawn = np.pad((ink > _DRAWN).astype(np.uint8), 1)
    depth = cv2.distanceTransform(drawn, cv2.DIST_L2, 5)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3)))) & (depth > 0)
    return np.asarray(depth[ridge] if ridge.any() else [0.5], np.float32)


def _without_specks(ink: Ink) -> Ink:
    count, pieces = cv2.connectedComponents((ink > 0).astype(np.uint8))
    masses = np.bincount(pieces.ravel(), weights=ink.ravel(), minlength=count)
    kept = masses >= _SPECK * masses.sum()
    cleaned: Ink = np.where(kept[pieces], ink, np.float32(0))
    return cleaned


def _cropped(ink: Ink) -> Ink:
    left, top, width, height = cv2.boundingRect((ink > _DRAWN / 2).astype(np.uint8))
    return ink[top : top + height, left : left + width]


def _scaled(ink: Ink, longer: int) -> Ink:
    """Return the ink with its longer side so many pixels long, edges averaged."""
    factor = longer / max(ink.shape)
    height, width = (max(1, round(length * factor)) for length in ink.shape)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled: Ink = np.clip(cv2.resize(ink, (width, height), interpolation=method), 0, 1)
    return scaled


def _with_normal_strokes(fine: Ink, box: int) -> Ink:
    """Thin or thicken strokes that would be too thick or thin in a box of `box` pixels."""
    width = stroke_width(fine)
    unit = box * _FINE / 20
    wanted = min(max(width, _THINNEST * unit), _THICKEST * unit)
    # The digit grows with its strokes and is fitted into the box after that, which shrinks both.
    share = wanted / max(fine.shape)
    change = (share * max(fine.shape) - width) / (1 - share)
    radius = round(abs(change) / 2)
    if change < 0:  # the thin parts of an uneven stroke must not break
        spare = float(np.percentile(_ridge(fine), 25)) - _THINNEST * unit / 2
        radius = max(0, min(radius, round(spare)))
    if not radius:
        return fine
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    padded = np.pad(fine, radius if change > 0 else 0)
    changed = (cv2.dilate if change > 0 else cv2.erode)(padded, kernel).astype(np.float32)
    return changed if changed.max() > _DRAWN else fine


def _centred(digit: Image, side: int) -> Image:
    """Put the digit's centre of mass into the middle, as far as all of it stays in the frame."""
    height, width = digit.shape
    moments = cv2.moments(digit)
    row = round(side / 2 - moments["m01"] / moments["m00"])
    column = round(side / 2 - moments["m10"] / moments["m00"])
    row, column = min(max(row, 0), side - height), min(max(column, 0), side - width)
    frame = np.zeros((side, side), np.uint8)
    frame[row : row + height, column : column + width] = digit
    return frame
