import pickle
import re
import resource
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sklearn.base import clone

from competition.errors import PodiumError
from pipelines.base import load_pipeline
from pipelines.execution.notes import NOTES_FOLDER, latest
from pipelines.networks.architectures import ARCHITECTURES
from pipelines.networks.classifier import NetworkClassifier
from tests.pipelines.networks.conftest import Digits

TINY = {"width": 0.5, "min_steps": 12, "epochs": 0.1, "batch_size": 32}


@pytest.fixture(scope="module")
def learnt(digits: Digits) -> NetworkClassifier:
    """The shipped quick point, half as wide, fitted in few steps of few images."""
    quick = load_pipeline("cnn").shipped()[0]
    short = {"width": 0.5, "min_steps": 200, "batch_size": 64}
    model = load_pipeline("cnn").build(quick.params | short, seed=1)
    assert isinstance(model, NetworkClassifier)
    return model.fit(digits.images, digits.labels)


def test_learns_the_optical_digits(learnt: Any, digits: Digits) -> None:
    assert learnt.score(digits.test_images, digits.test_labels) >= 0.97


def test_probabilities_sum_to_one(learnt: Any, digits: Digits) -> None:
    probabilities = learnt.predict_proba(digits.test_images)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (len(digits.test_images), 10)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert learnt.predict_proba(digits.test_images[:0]).shape == (0, 10)


def test_pickling_keeps_what_was_learnt(learnt: Any, digits: Digits) -> None:
    stored = pickle.dumps(learnt)
    assert len(stored) < 4_000_000
    again = pickle.loads(stored)
    assert again.get_params() == learnt.get_params()
    np.testing.assert_allclose(
        again.predict_proba(digits.test_images), learnt.predict_proba(digits.test_images), atol=1e-5
    )


def test_one_image_gets_what_it_gets_among_many(learnt: Any, digits: Digits) -> None:
    many = learnt.predict_proba(digits.test_images)
    np.testing.assert_allclose(learnt.predict_proba(digits.test_images[3:4]), many[3:4], atol=1e-4)


def test_views_are_averaged_in(learnt: Any, digits: Digits) -> None:
    plain = learnt.predict_proba(digits.test_images)
    viewed = pickle.loads(pickle.dumps(learnt)).set_params(views=4)
    averaged = viewed.predict_proba(digits.test_images)
    np.testing.assert_allclose(averaged.sum(axis=1), 1, atol=1e-5)
    assert np.abs(averaged - plain).max() > 0.01
    assert viewed.score(digits.test_images, digits.test_labels) >= 0.97
    alone = viewed.predict_proba(digits.test_images[3:4])
    np.testing.assert_allclose(alone, averaged[3:4], atol=1e-4)


def test_state_is_plain_values_and_arrays(learnt: Any) -> None:
    plain = (bool, int, float, str, tuple, np.ndarray)
    for value in [*vars(learnt).values(), *learnt.weights_]:
        assert isinstance(value, (*plain, list)), type(value)


@pytest.mark.long
def test_an_upright_network_does_not_mind_a_slant(digits: Digits) -> None:
    large = digits.resized(28)
    shear = np.array([[1, 0.5, -7], [0, 1, 0]])
    slanted = np.stack([cv2.warpAffine(image, shear, (28, 28)) for image in large.test_images])
    model = NetworkClassifier(**{**TINY, "min_steps": 60}, upright=True)
    model.fit(large.images, large.labels)
    straight = model.score(large.test_images, large.test_labels)
    assert model.score(slanted, large.test_labels) > straight - 0.02
    model.set_params(upright=False)
    assert model.score(slanted, large.test_labels) < straight - 0.1


@pytest.mark.long
@pytest.mark.slow
def test_refitting_starts_from_fresh_weights_and_the_seed_decides(digits: Digits) -> None:
    model = NetworkClassifier(**TINY, seed=3)
    first = model.fit(digits.images, digits.labels).predict_proba(digits.test_images)
    second = model.fit(digits.images, digits.labels).predict_proba(digits.test_images)
    cloned = clone(model).fit(digits.images, digits.labels).predict_proba(digits.test_images)
    other = clone(model).set_params(seed=4).fit(digits.images, digits.labels)
    np.testing.assert_allclose(first, second, atol=0.02)
    np.testing.assert_allclose(first, cloned, atol=0.02)
    assert np.abs(first - other.predict_proba(digits.test_images)).max() > 0.05


@pytest.mark.long
@pytest.mark.parametrize(("side", "colour"), [(8, False), (20, True), (32, False)])
def test_any_side_in_grey_or_colour(side: int, colour: bool, digits: Digits) -> None:
    resized = digits.resized(side, colour=colour)
    model = NetworkClassifier(**TINY).fit(resized.images, resized.labels)
    assert model.predict_proba(resized.test_images[:5]).shape == (5, 10)
    with pytest.raises(PodiumError, match=f"fitted on images of {side} × {side}"):
        model.predict_proba(digits.resized(24, colour=colour).test_images[:5])
    with pytest.raises(PodiumError, match=f"fitted on images of {side} × {side}"):
        model.predict_proba(digits.resized(side, colour=not colour).test_images[:5])


@pytest.mark.long
def test_colour_alone_can_tell_classes_apart(digits: Digits) -> None:
    """Two inks of one brightness: a network that saw grey images could only guess."""
    inks = np.array([[0.6, 0.2, 0.0], [0.2, 0.4, 0.0]])
    ink = np.arange(400) % 2
    images = (digits.images[:400, ..., None] * inks[ink][:, None, None]).astype(np.uint8)
    model = NetworkClassifier(**{**TINY, "min_steps": 40}).fit(images[:300], ink[:300])
    assert model.score(images[300:], ink[300:]) > 0.95


@pytest.mark.long
def test_classes_may_be_any_subset(digits: Digits) -> None:
    chosen = np.isin(digits.labels, [3, 8])
    model = NetworkClassifier(**{**TINY, "min_steps": 60})
    model.fit(digits.images[chosen], digits.labels[chosen])
    assert model.classes_.tolist() == [3, 8]
    assert model.predict_proba(digits.test_images).shape[1] == 2
    tested = np.isin(digits.test_labels, [3, 8])
    assert model.score(digits.test_images[tested], digits.test_labels[tested]) > 0.9


@pytest.mark.long
@pytest.mark.parametrize("architecture", [*ARCHITECTURES, "dense"])
def test_every_architecture_trains(architecture: str, digits: Digits) -> None:
    hidden = (16, 24) if architecture == "dense" else ()
    model = NetworkClassifier(**{**TINY, "min_steps": 4}, architecture=architecture, hidden=hidden)
    model.fit(digits.images[:64], digits.labels[:64])
    assert np.isfinite(model.predict_proba(digits.test_images[:4])).all()


@pytest.mark.long
def test_bfloat16_learns_as_float32_does(digits: Digits) -> None:
    """On processors without bfloat16 it is emulated: slow, and the same numbers."""
    model = NetworkClassifier(**{**TINY, "min_steps": 100}, precision="mixed_bfloat16")
    model.fit(digits.images, digits.labels)
    assert model.score(digits.test_images, digits.test_labels) > 0.85


def test_another_draw_is_another_network_whatever_the_fold(digits: Digits) -> None:
    starts = [(0, 0), (0, 1), (1, 0), (2**32 - 1, 1)]
    fitted = [
        NetworkClassifier(**TINY, seed=seed, draw=draw).fit(digits.images, digits.labels)
        for seed, draw in starts
    ]
    found = [model.predict_proba(digits.test_images) for model in fitted]
    assert all((found[0] != other).any() for other in found[1:])


def test_progress_is_told(digits: Digits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NOTES_FOLDER, str(tmp_path))
    NetworkClassifier(**TINY).fit(digits.images, digits.labels)
    assert re.fullmatch(r"epoch (\d+\.\d) of \1, 0 s to its end", latest(tmp_path))


def test_bad_input_is_a_sentence(digits: Digits) -> None:
    model = NetworkClassifier(**TINY)
    with pytest.raises(PodiumError, match="takes square images"):
        model.fit(digits.images.reshape(len(digits.images), -1), digits.labels)
    with pytest.raises(PodiumError, match="of two or more"):
        model.fit(digits.images, np.zeros_like(digits.labels))
    with pytest.raises(PodiumError, match="architecture"):
        clone(model).set_params(architecture="cathedral").fit(digits.images, digits.labels)
    with pytest.raises(PodiumError, match=r"'precision' .* not 'mixed_float16'"):
        model.set_params(precision="mixed_float16").fit(digits.images, digits.labels)


@pytest.mark.long
def test_memory_does_not_grow_over_refits(digits: Digits) -> None:
    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    peaks = []
    for seed in range(8):
        # Every second fit is of another configuration, as in a tuning run.
        model = NetworkClassifier(**TINY, seed=seed, dropout=0.03 * (seed // 2))
        model.fit(digits.images, digits.labels).predict_proba(digits.test_images)
        peaks.append(peak())
    # The first few fill TensorFlow's and the allocator's own stores; a leak would go on.
    assert peaks[-1] - peaks[4] < 4, peaks
