"""Colour images: all channels are moved alike, and features are taken of the brightness."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipelines.features.images.augmentation import Distortion, moved_copies
from pipelines.features.images.deskew import deskew
from pipelines.features.images.flatten import PreparedPixels, ScaledPixels
from pipelines.features.images.gradient_pairs import GradientPairs
from pipelines.features.images.gradients import GradientHistograms
from pipelines.features.images.grey import grey
from pipelines.features.images.preparation import Preparation
from pipelines.features.images.shape_features import ShapeFeatures
from tests.pipelines.digits import Images, digits, in_orange

ELASTIC = Distortion(rotation=15, zoom=0.1, shear=0.2, shift=0.1, elastic=0.03)
AFFINE = Distortion(rotation=15, zoom=0.1, shear=0.2, shift=0.1)

Moves = Callable[[Images], Images]
MOVES: dict[str, Moves] = {
    "elastic": lambda images: ELASTIC.apply(images, np.random.default_rng(1)),
    "affine": lambda images: AFFINE.apply(images, np.random.default_rng(1)),
    "views": lambda images: np.concatenate(list(AFFINE.views(images, 3, seed=2))),
    "copies": lambda images: np.concatenate(list(moved_copies(images, 10.0, 0.05))),
    "deskew": deskew,
}


@pytest.fixture(scope="module")
def images() -> Images:
    return digits()[0][:40]


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_three_equal_channels_are_moved_as_one_grey_image(move: Moves, images: Images) -> None:
    moved = move(np.repeat(images[..., None], 3, axis=3))
    expected = move(images)
    assert moved.shape == (*expected.shape, 3)
    assert moved.dtype == np.uint8
    for channel in range(3):
        np.testing.assert_array_equal(moved[..., channel], expected)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_channels_keep_their_colour(move: Moves, images: Images) -> None:
    moved = move(in_orange(images)).astype(float)
    np.testing.assert_allclose(moved[..., 1], moved[..., 0] * 0.6, atol=3)
    np.testing.assert_allclose(moved[..., 2], moved[..., 0] * 0.2, atol=3)


def test_brightness_weighs_the_channels_as_the_eye_does() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (5, 9, 9, 3), dtype=np.uint8)
    expected = colours.astype(float) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(grey(colours), expected, atol=0.51)
    shades = colours[..., 0]
    assert np.shares_memory(grey(shades), shades)
    assert grey(colours[:0]).shape == (0, 9, 9)


@pytest.mark.parametrize(
    "features",
    [
        GradientHistograms(8, (4,), median=3, blur=0.5),
        ShapeFeatures(threshold=64),
        GradientPairs(3),
    ],
    ids=lambda features: type(features).__name__,
)
def test_features_are_those_of_the_brightness(
    features: GradientHistograms | ShapeFeatures | GradientPairs, images: Images
) -> None:
    orange = in_orange(images)
    np.testing.assert_array_equal(features.transform(orange), features.transform(grey(orange)))


def test_pixels_keep_all_channels(images: Images) -> None:
    orange = in_orange(images)
    assert ScaledPixels().transform(orange).shape == (40, 28 * 28 * 3)
    prepared = PreparedPixels(upright=True, blur=1.0).transform(orange).reshape(orange.shape)
    alone = [cv2.GaussianBlur(image, (0, 0), 1.0) for image in deskew(orange)]
    np.testing.assert_array_equal(prepared, np.divide(np.stack(alone), 255, dtype=np.float32))


def test_a_preparation_of_grey_images_is_what_it_was_step_by_step(images: Images) -> None:
    def filtered(image: npt.NDArray[np.uint8]) -> Images:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.7), np.uint8)

    prepared = Preparation(median=3, upright=True, blur=0.7).apply(images)
    upright = deskew(np.stack([cv2.medianBlur(image, 3) for image in images]))
    np.testing.assert_array_equal(prepared, np.stack([filtered(image) for image in upright]))
