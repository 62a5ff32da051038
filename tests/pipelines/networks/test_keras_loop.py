"""Keras' own loop, which JAX and PyTorch train with, on the backend that is installed here."""

import pytest

from pipelines.base import load_pipeline
from pipelines.networks import trainers
from pipelines.networks.architectures import NetworkShape
from pipelines.networks.build import build_network
from pipelines.networks.classifier import NetworkClassifier
from pipelines.networks.keras_loop import KerasLoop
from tests.pipelines.networks.conftest import Digits


def kerass_own(shape: NetworkShape, policy: str, batch_size: int) -> KerasLoop:
    return KerasLoop(build_network(shape, policy=policy, momentum=0.9), batch_size)


@pytest.mark.slow
def test_learns_the_optical_digits(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainers, "_kept", {})
    monkeypatch.setattr(trainers, "_new_trainer", kerass_own)
    pipeline = load_pipeline("cnn")
    quick = {**pipeline.shipped()[0].params, "batch_size": 64}
    model = NetworkClassifier(**quick, seed=1, min_steps=200)
    probabilities = model.fit(digits.images, digits.labels).predict_proba(digits.test_images)
    assert (probabilities.argmax(axis=1) == digits.test_labels).mean() >= 0.96
