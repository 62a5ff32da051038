import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.datasets import load_digits

from pipelines.features.images.augmentation import Distortion, in_background

ALL = Distortion(rotation=15, zoom=0.1, shear=0.2, shift=0.1, elastic=0.03)
AFFINE = Distortion(rotation=15, zoom=0.1, shear=0.2, shift=0.1)


@pytest.fixture(scope="module")
def images() -> npt.NDArray[np.uint8]:
    small = np.round(load_digits().images[:60] * (255 / 16)).astype(np.uint8)
    return np.pad(small.repeat(2, axis=1).repeat(2, axis=2), ((0, 0), (6, 6), (6, 6)))


@pytest.mark.parametrize("distortion", [ALL, AFFINE])
def test_copies_are_images_of_the_same_digits(
    distortion: Distortion, images: npt.NDArray[np.uint8]
) -> None:
    before = images.copy()
    copies = distortion.apply(images, np.random.default_rng(1))
    assert copies.shape == images.shape
    assert copies.dtype == np.uint8
    np.testing.assert_array_equal(images, before)
    assert not np.array_equal(copies, images)
    # The ink stays: no digit is warped out of its frame, none is blown up.
    ink = copies.mean(axis=(1, 2)) / images.mean(axis=(1, 2))
    assert ink.min() > 0.5
    assert ink.max() < 2


def test_the_seed_decides(images: npt.NDArray[np.uint8]) -> None:
    one, same, other = (ALL.apply(images, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_nothing_asked_is_nothing_changed(images: npt.NDArray[np.uint8]) -> None:
    copies = Distortion().apply(images, np.random.default_rng(1))
    np.testing.assert_array_equal(copies, images)
    assert copies is not images


@pytest.mark.parametrize("side", [20, 28, 32, 33])
def test_an_elastic_warp_without_bends_is_the_affine_one(side: int) -> None:
    generator = np.random.default_rng(2)
    smooth = np.kron(generator.integers(0, 255, (20, 5, 5)), np.ones((1, 7, 7)))
    image = smooth[:, :side, :side].astype(np.uint8)
    bent = Distortion(rotation=10, zoom=0.1, shear=0.1, shift=0.05, elastic=1e-9)
    straight = Distortion(rotation=10, zoom=0.1, shear=0.1, shift=0.05)
    apart = np.abs(
        bent.apply(image, np.random.default_rng(3)).astype(int)
        - straight.apply(image, np.random.default_rng(3)).astype(int)
    )
    assert apart.mean() < 1
    assert np.quantile(apart, 0.99) < 16


def test_a_shift_moves_by_what_it_says() -> None:
    image = np.zeros((400, 28, 28), np.uint8)
    image[:, 14, 14] = 255
    copies = Distortion(shift=0.1).apply(image, np.random.default_rng(0)).astype(float)
    rows = (copies.sum(axis=2) * np.arange(28)).sum(axis=1) / copies.sum(axis=(1, 2))
    assert 2.5 < np.abs(rows - 14).max() <= 2.81
    assert abs((rows - 14).mean()) < 0.3


def test_views_come_in_opposite_pairs_and_ignore_their_neighbours(
    images: npt.NDArray[np.uint8],
) -> None:
    views = list(AFFINE.views(images, 4, seed=1))
    assert len(views) == 4
    for view, alone in zip(views, AFFINE.views(images[7:8], 4, seed=1), strict=True):
        np.testing.assert_array_equal(view[7:8], alone)
        assert not np.array_equal(view, images)
    dot = np.zeros((1, 28, 28), np.uint8)
    dot[0, 14, 14] = 255
    there, back = Distortion(shift=0.1).views(dot, 2, seed=1)
    places = [np.argwhere(view[0] > 0).mean(axis=0) - 14 for view in (there, back)]
    np.testing.assert_allclose(places[0], -places[1], atol=0.5)


def test_any_background_goes_on() -> None:
    grey = np.full((8, 28, 28), 117, np.uint8)
    assert (ALL.apply(grey, np.random.default_rng(0)) == 117).all()


def test_no_image_bleeds_into_its_neighbours() -> None:
    shades = np.arange(150, dtype=np.uint8) % 2 * 255
    flat = shades[:, None, None] * np.ones((1, 28, 28), np.uint8)
    np.testing.assert_array_equal(ALL.apply(flat, np.random.default_rng(0)), flat)


def test_every_copy_is_bent_in_its_own_way() -> None:
    stripes = np.zeros((100, 28, 28), np.uint8)
    stripes[:, :, ::4] = 255
    copies = Distortion(elastic=0.04).apply(stripes, np.random.default_rng(0))
    assert len(np.unique(copies.reshape(100, -1), axis=0)) == 100


def test_background_work_comes_in_order() -> None:
    main = threading.get_ident()
    made = list(in_background((number, threading.get_ident()) for number in range(20)))
    assert [number for number, _ in made] == list(range(20))
    assert main not in {thread for _, thread in made}


def test_an_error_in_the_background_is_raised_at_its_place() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    items = in_background(failing())
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)


def test_leaving_early_ends_the_thread() -> None:
    items = in_background(iter(range(1000)), ahead=1)
    next(items)
    started = [thread for thread in threading.enumerate() if thread.name == "augmentation"]
    items.close()  # type: ignore[attr-defined]
    assert started
    assert not any(thread.is_alive() for thread in started)
