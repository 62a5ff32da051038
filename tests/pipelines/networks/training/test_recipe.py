import numpy as np
import pytest

from pipelines.features.images.augmentation import Distortion
from pipelines.networks.training.recipe import (
    Recipe,
    fitting_batch,
    one_cycle,
    sampled,
    training_chunks,
)


def test_one_cycle_rises_and_falls() -> None:
    recipe = Recipe(steps=200, batch_size=8, learning_rate=0.01, warm_up=0.25)
    rates = recipe.learning_rates(np.arange(200))
    peak = int(rates.argmax())
    assert 45 <= peak <= 54
    assert rates[peak] == pytest.approx(0.01, rel=0.01)
    assert (np.diff(rates[:peak]) > 0).all()
    assert (np.diff(rates[peak + 1 :]) < 0).all()
    assert rates[-1] < 0.01 / 500


@pytest.mark.long
def test_one_cycle_is_the_same_on_keras() -> None:
    keras = pytest.importorskip("keras")
    steps = np.arange(50, dtype=np.float32)
    ours = one_cycle(steps, 50, 0.01, 0.25, np)
    theirs = keras.ops.convert_to_numpy(one_cycle(steps, 50, 0.01, 0.25, keras.ops))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_the_average_forgets_the_start() -> None:
    recipe = Recipe(steps=1000, batch_size=8, learning_rate=0.01, averaging=0.05)
    shares = recipe.average_shares(np.arange(1000))
    assert shares[0] == 1
    assert shares[-1] == pytest.approx(1 / 50)
    assert (recipe.average_shares(np.arange(5)) == 1).all()


def test_paces_add_up_to_what_each_step_would_do() -> None:
    recipe = Recipe(steps=1000, batch_size=8, learning_rate=0.01, weight_decay=0.1)
    steps = np.arange(500, 520)
    paces = recipe.paces(steps)
    assert (paces[:, 0] == recipe.learning_rates(steps)).all()
    assert paces[:, 1].sum() == pytest.approx(0.1 * paces[:, 0].sum())
    kept = np.prod(1 - recipe.average_shares(steps))
    assert np.prod(1 - paces[:, 2]) == pytest.approx(kept)
    assert np.flatnonzero(paces[:, 2]).tolist() == [7, 15, 19]


@pytest.mark.parametrize(("images", "batch"), [(42_000, 128), (960, 80), (100, 16), (5, 16)])
def test_few_images_get_small_batches(images: int, batch: int) -> None:
    assert fitting_batch(128, images) == batch


def test_chunks_cover_every_image_once_per_pass() -> None:
    images = np.arange(50, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    labels = np.arange(50, dtype=np.int32)
    recipe = Recipe(steps=11, batch_size=10, learning_rate=0.01)
    chunks = list(training_chunks(images, labels, recipe, Distortion(), seed=1, steps=4))
    assert [len(chunk) for chunk, _ in chunks] == [40, 40, 30]
    seen = np.concatenate([found for _, found in chunks])
    assert sorted(seen[:50]) == list(range(50))
    assert sorted(seen[50:100]) == list(range(50))
    for chunk, found in chunks:
        np.testing.assert_array_equal(chunk[:, 0, 0], found)


def test_samples_use_every_image_before_any_twice() -> None:
    images = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    drawn = sampled(images, 25, seed=3)[:, 0, 0]
    assert sorted(drawn[:10]) == sorted(drawn[10:20]) == list(range(10))
    assert len(set(sampled(images, 4, seed=3)[:, 0, 0])) == 4
