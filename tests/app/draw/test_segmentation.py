"""Digits of a picture are found and come in the order in which people read them."""

import time

import cv2
import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from app.draw.segmentation import FoundDigit, find_digits
from competition.practice.bundled.optical_digits import optical_digits

Image = npt.NDArray[np.uint8]


def page_of(lines: list[list[int]], height: int = 80) -> tuple[Image, list[list[Image]]]:
    """Return dark digits of the given labels on a light page, and the images they are."""
    images, labels = optical_digits()
    page = np.zeros((160 * len(lines) + 40, 130 * max(map(len, lines)) + 40), np.uint8)
    used: list[list[Image]] = []
    for row, line in enumerate(lines):
        used.append([])
        for column, label in enumerate(line):
            image = images[labels == label][3 * row + column]
            large = cv2.resize(image, (height, height), interpolation=cv2.INTER_CUBIC)
            top, left = 40 + 160 * row + 9 * (column % 3), 40 + 130 * column
            page[top : top + height, left : left + height] = large
            used[-1].append(image)
    return 240 - (page * 0.8).astype(np.uint8), used


def likeness(found: list[FoundDigit], images: list[Image]) -> float:
    """Return the least correlation of a found digit with what it was made of."""
    assert len(found) == len(images)
    best = []
    for digit, image in zip(found, images, strict=True):
        there = np.roll(image, (1, 1), (0, 1)).ravel()
        moves = [np.roll(digit.image, move, (0, 1)).ravel() for move in np.ndindex(3, 3)]
        best.append(max(float(np.corrcoef(moved, there)[0, 1]) for moved in moves))
    return min(best)


def test_lines_are_read_from_the_top_and_digits_from_the_left() -> None:
    page, used = page_of([[3, 1, 4, 1], [5, 9, 2]])
    found = find_digits(page, 28)
    assert [digit.line for digit in found] == [0, 0, 0, 0, 1, 1, 1]
    assert likeness(found, [image for line in used for image in line]) > 0.8


def test_light_ink_on_a_dark_page_is_found_too() -> None:
    page, used = page_of([[7, 0]])
    assert likeness(find_digits(255 - page, 28), used[0]) > 0.8


def test_rules_dirt_and_shadow_are_left_out() -> None:
    page, used = page_of([[2, 6, 8]])
    page[170:173] = 60
    page[10:14, 10:14] = 30
    shadow = np.linspace(1, 0.55, page.shape[1])
    noise = np.random.default_rng(0).normal(0, 3, page.shape)
    found = find_digits((page * shadow + noise).clip(0, 255).astype(np.uint8), 28)
    assert likeness(found, used[0]) > 0.8


def test_a_five_with_a_loose_bar_is_one_digit() -> None:
    page = np.full((200, 300), 255, np.uint8)
    for left in (40, 170):
        cv2.line(page, (left + 8, 40), (left + 60, 40), 0, 9)
        cv2.line(page, (left + 5, 58), (left + 5, 95), 0, 9)
        cv2.ellipse(page, (left + 25, 115), (30, 28), 0, -120, 130, 0, 9)
    found = find_digits(page, 28)
    assert len(found) == 2
    assert all(digit.top < 0.2 for digit in found)


def test_boxes_are_shares_of_the_picture() -> None:
    page = np.zeros((100, 400), np.uint8)
    cv2.line(page, (100, 20), (100, 80), 255, 8)
    (digit,) = find_digits(page, 28)
    assert abs(digit.left - 0.24) < 0.01
    assert abs(digit.top + digit.height / 2 - 0.5) < 0.02


def test_an_empty_page_holds_no_digit() -> None:
    assert find_digits(np.full((300, 200), 250, np.uint8), 28) == []


def test_a_page_full_of_specks_is_gone_through_quickly() -> None:
    random = np.random.default_rng(0)
    specks = np.where(random.random((900, 900)) < 0.02, np.uint8(0), np.uint8(255))
    page = cv2.erode(specks, np.ones((5, 5)))
    began = time.monotonic()
    find_digits(np.asarray(page, np.uint8), 28)
    assert time.monotonic() - began < 10


@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_any_picture_gives_digits_or_none(shape: tuple[int, int], seed: int) -> None:
    random = np.random.default_rng(seed)
    for digit in find_digits(random.choice(np.array([0, 9, 128, 255], np.uint8), shape), 28):
        assert digit.image.shape == (28, 28)
        assert 0 <= digit.left <= digit.left + digit.width <= 1 + 1e-9
        assert 0 <= digit.top <= digit.top + digit.height <= 1 + 1e-9
