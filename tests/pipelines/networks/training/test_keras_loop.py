"""Keras' own loop, which JAX and PyTorch train with, on the backend that is installed here."""

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.features.images.augmentation import Distortion
from pipelines.networks.architectures import NetworkShape
from pipelines.networks.build import build_network, set_fresh_weights
from pipelines.networks.training.recipe import Recipe, Targets, sampled, training_chunks
from tests.pipelines.networks.conftest import Digits

pytestmark = pytest.mark.long  # Keras compiles for as long as it trains

RECIPE = Recipe(steps=120, batch_size=64, learning_rate=0.01)


def trained(
    shape: NetworkShape, targets: Targets, digits: Digits
) -> tuple[npt.NDArray[np.float32], list[int]]:
    """Return what a network gives for the test images, and the steps that it reported."""
    from pipelines.networks.training.keras_loop import KerasLoop

    loop = KerasLoop(build_network(shape, momentum=0.9), 64, numbers=shape.head == "linear")
    set_fresh_weights(loop.network, 1)
    chunks = training_chunks(digits.images, targets, RECIPE, Distortion(), seed=1, steps=20)
    steps: list[int] = []
    loop.train(chunks, RECIPE, 1, lambda step, loss: steps.append(step))
    loop.measure_statistics(sampled(digits.images, 4 * 64, 1))
    return loop.predict(digits.test_images), steps


def test_learns_classes(digits: Digits) -> None:
    large = digits.resized(28)
    shape = NetworkShape("compact", 28, 10, width=0.5)
    logits, steps = trained(shape, large.labels.astype(np.int32), large)
    assert (logits.argmax(axis=1) == large.test_labels).mean() >= 0.95
    assert steps == list(range(6, 121, 6))


def test_learns_values_of_colour_images(digits: Digits) -> None:
    large = digits.resized(28, colour=True)
    shape = NetworkShape("compact", 28, 2, width=0.5, channels=3, head="linear")
    digit = (large.labels[:, None] - 4.5) / 2.9
    values, _ = trained(shape, np.hstack([digit, -digit]).astype(np.float32), large)
    wanted = (large.test_labels - 4.5) / 2.9
    assert np.corrcoef(values[:, 0], wanted)[0, 1] > 0.9
    assert np.corrcoef(values[:, 1], -wanted)[0, 1] > 0.9
