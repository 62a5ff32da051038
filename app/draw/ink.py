"""Ink found in a picture of any kind: which pixels were drawn, whatever the paper and the light."""

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Ink = npt.NDArray[np.float32]

_LONGEST = 1600  # pixels; larger pictures are shrunk first, which also averages their noise
_FAINTEST = 20.0  # grey levels between paper and ink, below which there is no ink
_DETAIL = 100  # pixels a side, from which on single pixels are noise rather than strokes
_EVEN = 16.0  # grey levels between the darker and the lighter fifth of the border, on flat paper
_LIGHT = 64  # pixels a side of the picture in which the light's course is measured
_THICKEST = 21  # of those: no stroke is wider


def find_ink(picture: Grey) -> Ink | None:
    """Return how much ink covers each pixel, or None where nothing was drawn.

    The border tells the paper from the ink: what departs from it on the side where more departs is
    ink, so that dark on light and light on dark give the same. Light that the border shows to be
    uneven is measured by a morphological closing wider than most strokes and taken away (a top-hat
    transform, Meyer 1979); ink is told from what is left by Otsu's threshold (1979), softened so
    that the strokes keep their smooth edges.

    Args:
        picture: (height, width) uint8 grey levels, of any size.

    Returns:
        (height, width) float32 between 0 and 1, of the picture or of the shrunken picture.
    """
    shrink = _LONGEST / max(picture.shape)
    if shrink < 1:
        smaller = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        picture = np.asarray(smaller, np.uint8)
    dark = _dark_on_light(picture)
    if min(dark.shape) >= _DETAIL:
        dark = np.asarray(cv2.medianBlur(dark, 3), np.uint8)
    departure = _light(dark) - dark.astype(np.float32)
    noise = _noise(departure)
    weakest = max(_FAINTEST, 6 * noise)
    drawn = departure[departure > weakest / 2]
    if not drawn.size or drawn.max() < weakest:
        return None
    level = float(np.percentile(drawn, 90))
    threshold = max(_otsu(np.clip(departure, 0, level) / level) * level, weakest / 2)
    # Half the ink's level stays half covered: the slope reaches as far above as below.
    low, high = max(0.25 * threshold, 2 * noise), max(1.75 * threshold, 0.9 * level)
    ink: Ink = np.clip((departure - low) / (high - low), 0, 1)
    return ink


def _dark_on_light(picture: Grey) -> Grey:
    """Return the picture, inverted where its ink is the lighter."""
    departure = picture.astype(np.float32) - np.median(_border(picture))
    departure[np.abs(departure) < _FAINTEST / 2] = 0
    return 255 - picture if departure.sum() > 0 else picture


def _light(dark: Grey) -> Ink:
    """Return the paper's grey level (height, width) float32, without the ink on it."""
    height, width = dark.shape
    size = (min(width, _LIGHT), min(height, _LIGHT))
    small = np.asarray(cv2.resize(dark, size, interpolation=cv2.INTER_AREA), np.uint8)
    darker, paper, lighter = np.percentile(_border(small).astype(np.float32), [20, 50, 80])
    if lighter - darker < _EVEN:
        return np.full(dark.shape, paper, np.float32)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THICKEST, _THICKEST))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel)
    smooth = cv2.GaussianBlur(closed.astype(np.float32), (0, 0), 2)
    return np.asarray(cv2.resize(smooth, (width, height)), np.float32)


def _border(picture: Grey) -> Grey:
    """Return the outermost pixels."""
    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])


def _noise(departure: Ink) -> float:
    """Return the standard deviation of the paper: 1.48 × the median absolute deviation."""
    return float(1.4826 * np.median(np.abs(departure - np.median(departure))))


def _otsu(values: Ink) -> float:
    """Return the threshold that parts values between 0 and 1 best into two classes."""
    levels = np.rint(values * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(threshold) / 255
