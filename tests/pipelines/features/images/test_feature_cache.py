"""Features are computed once for each image, whatever array it comes in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.features.images import feature_cache
from pipelines.features.images.feature_cache import Images, Rows, features_of, remember


class Counting:
    """Describes an image by its mean and its first pixel, and counts what it was asked."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self.asked = 0

    def get_params(self) -> dict[str, Any]:
        return {"factor": self.factor}

    def transform(self, images: Images) -> Rows:
        self.asked += len(images)
        rows = np.stack([images.mean(axis=(1, 2)), images[:, 0, 0]], axis=1)
        return (rows * self.factor / 256).astype(np.float32)


@pytest.fixture
def train(tmp_path: Path) -> Iterator[Images]:
    images = np.random.default_rng(0).integers(0, 256, (50, 9, 9), dtype=np.uint8)
    remember(tmp_path, [images, images[:0]])
    yield images
    remember(tmp_path, [])


def test_a_subset_is_looked_up(train: Images, tmp_path: Path) -> None:
    counting = Counting()
    rows = np.random.default_rng(1).permutation(50)[:20]
    found = features_of(counting, train[rows])
    assert counting.asked == 50
    np.testing.assert_allclose(found, Counting().transform(train[rows]), rtol=1e-3)
    features_of(counting, train[30:])
    remember(tmp_path, [train])  # as another process does
    np.testing.assert_array_equal(features_of(counting, train[rows]), found)
    assert counting.asked == 50


def test_other_images_are_computed_and_agree_with_kept_ones(train: Images) -> None:
    counting = Counting()
    mixed = np.concatenate([train[:3], 255 - train[:2], train[5:6]])
    found = features_of(counting, mixed)
    assert counting.asked == 52
    remember(Path(), [])
    np.testing.assert_array_equal(features_of(counting, mixed), found)


def test_other_parameters_are_other_features(train: Images) -> None:
    once, twice = features_of(Counting(1.0), train), features_of(Counting(2.0), train)
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-3)


def test_a_damaged_file_is_made_again(train: Images, tmp_path: Path) -> None:
    counting = Counting()
    first = features_of(counting, train)
    (kept,) = tmp_path.glob("*.npy")
    kept.write_bytes(b"")
    np.testing.assert_array_equal(features_of(counting, train), first)
    assert counting.asked == 100


def test_the_least_recently_used_make_room(
    train: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_cache, "MOST_BYTES", 800)
    for factor in (1.0, 2.0, 3.0, 4.0):
        features_of(Counting(factor), train)
    assert 1 <= len(list(tmp_path.glob("*.npy"))) <= 2
    last = Counting(4.0)
    features_of(last, train)
    assert last.asked == 0
