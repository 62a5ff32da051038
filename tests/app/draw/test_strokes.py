"""Drawings of every size, place, pen and polarity come out as the same digit."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.draw.strokes import stroke_width, to_digit_form

Image = npt.NDArray[np.uint8]
SEVEN = np.array([[0.1, 0.05], [0.75, 0.05], [0.35, 0.95]])


def drawn(
    points: npt.NDArray[np.float64] = SEVEN,
    *,
    size: int = 200,
    place: tuple[int, int] = (60, 40),
    pen: int = 22,
    canvas: tuple[int, int] = (280, 280),
) -> Image:
    """Return a polyline drawn white on black, (height, width) uint8."""
    picture = np.zeros(canvas, np.uint8)
    path = np.rint(points * size + place).astype(np.int32)
    cv2.polylines(picture, [path], False, 255, pen, cv2.LINE_AA)
    return picture


def form(picture: Image) -> Image:
    image = to_digit_form(picture, 28)
    assert image is not None
    return image


def likeness(one: Image, other: Image) -> float:
    """Return the correlation of two images, one of them moved by a pixel where that helps."""
    moves = [np.roll(one, move, (0, 1)) for move in np.ndindex(3, 3)]
    there = np.roll(other, (1, 1), (0, 1)).ravel()
    return max(float(np.corrcoef(moved.ravel(), there)[0, 1]) for moved in moves)


def test_the_result_has_the_form_of_mnist() -> None:
    image = form(drawn())
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    _, _, width, height = cv2.boundingRect((image > 0).astype(np.uint8))
    assert max(width, height) == 20
    assert image.max() == 255
    assert len(np.unique(image)) > 20  # smooth edges
    moments = cv2.moments(image)
    assert moments["m10"] / moments["m00"] == pytest.approx(14, abs=0.51)
    assert moments["m01"] / moments["m00"] == pytest.approx(14, abs=0.51)


@pytest.mark.parametrize(
    "picture",
    [
        drawn(size=60, pen=7, place=(3, 5)),
        drawn(size=60, pen=7, place=(210, 200)),
        drawn(pen=6),
        drawn(pen=52),
        255 - drawn(),
        drawn() // 3,
        200 - drawn() // 4,
        drawn(size=1000, pen=110, canvas=(1400, 1800)),
        drawn(size=18, pen=2, place=(4, 4), canvas=(28, 28)),
    ],
    ids=["left", "right", "thin", "thick", "inverted", "grey", "pale", "large", "tiny"],
)
def test_size_place_pen_and_polarity_do_not_matter(picture: Image) -> None:
    assert likeness(form(picture), form(drawn())) > 0.85


@pytest.mark.parametrize("pen", [5, 10, 20, 30, 45])
def test_strokes_come_near_the_usual_width(pen: int) -> None:
    large = cv2.resize(form(drawn(pen=pen)), (224, 224), interpolation=cv2.INTER_CUBIC)
    assert 1.7 < stroke_width(large.astype(np.float32) / 255) / 8 < 3.5


@pytest.mark.parametrize("level", [0, 255, 90])
def test_nothing_is_found_where_nothing_is_drawn(level: int) -> None:
    assert to_digit_form(np.full((280, 280), level, np.uint8), 28) is None


def test_noise_alone_is_nothing_drawn() -> None:
    noise = np.random.default_rng(0).normal(128, 5, (300, 300)).clip(0, 255).astype(np.uint8)
    assert to_digit_form(noise, 28) is None


def test_noise_shadow_and_dirt_change_little() -> None:
    random = np.random.default_rng(0)
    shadow = np.linspace(230, 120, 280)[None, :]
    picture = shadow * (1 - 0.8 * drawn() / 255.0) + random.normal(0, 5, (280, 280))
    picture[250:253, 20:23] = 40
    assert likeness(form(picture.clip(0, 255).astype(np.uint8)), form(drawn())) > 0.85


def test_another_side_is_filled_in_the_same_proportion() -> None:
    image = to_digit_form(drawn(), 56)
    assert image is not None
    assert cv2.boundingRect((image > 0).astype(np.uint8))[3] == 40
    smaller = cv2.resize(image, (28, 28), interpolation=cv2.INTER_AREA)
    assert likeness(np.asarray(smaller, np.uint8), form(drawn())) > 0.85


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 20, 28]),
)
@settings(max_examples=60)
def test_any_picture_gives_an_image_or_nothing(
    shape: tuple[int, int], seed: int, side: int
) -> None:
    random = np.random.default_rng(seed)
    picture = random.choice(np.array([0, 3, 128, 255], np.uint8), shape)
    image = to_digit_form(picture, side)
    assert image is None or (image.shape, image.dtype) == ((side, side), np.uint8)
