"""The models of the page: which are offered, how they are weighed, what keeps one out."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from app.draw.readers import BLEND, load_readers
from competition import PodiumError
from competition.practice.optical_digits import optical_digits
from pipelines.features.images.flatten import ScaledPixels
from pipelines.saved_models import MODEL_FILE, dump_model


def column(runs: Path, pipeline: str, key: str, accuracy: float, content: bytes | None) -> None:
    folder = runs / "predictions" / pipeline / key
    folder.mkdir(parents=True)
    facts = {"pipeline": pipeline, "key": key, "oof_accuracy": accuracy}
    (folder / "manifest.json").write_text(json.dumps(facts))
    if content is not None:
        (folder / MODEL_FILE).write_bytes(content)


@cache
def model(strength: float) -> bytes:
    images, labels = optical_digits()
    linear = make_pipeline(ScaledPixels(), LogisticRegression(C=strength, max_iter=5))
    return dump_model(linear.fit(images[:200], labels[:200]))


def names(runs: Path) -> dict[str, str]:
    return {r.name: r.note for r in load_readers(runs, 28, lambda title: None)}


def test_a_blend_weighs_its_members(tmp_path: Path) -> None:
    column(tmp_path, "logistic", "a" * 16, 0.9, model(1e-4))
    column(tmp_path, "knn", "b" * 16, 0.95, model(1.0))
    members = [("logistic", "a" * 16, 0.25), ("knn", "b" * 16, 0.75)]
    (tmp_path / "blend").mkdir()
    (tmp_path / "blend" / "manifest.json").write_text(
        json.dumps(
            {
                "name": "both",
                "members": [
                    dict(zip(("pipeline", "key", "weight"), m, strict=True)) for m in members
                ],
            }
        )
    )
    told: list[str] = []
    blend, knn, logistic = load_readers(tmp_path, 28, told.append)
    assert (blend.name, knn.name) == (BLEND, f"knn/{'b' * 16}")  # the better one first
    assert told == ["knn bbbb (95.00%)", "logistic aaaa (90.00%)"]
    images = optical_digits()[0][300:310]
    expected = 0.25 * logistic.read(images) + 0.75 * knn.read(images)
    np.testing.assert_allclose(blend.read(images), expected, atol=1e-6)


def test_a_model_that_is_not_here_is_named(tmp_path: Path) -> None:
    column(tmp_path, "logistic", "a" * 16, 0.9, model(1.0))
    column(tmp_path, "logistic", "c" * 16, 0.8, None)  # replaced by a better one: not missed
    column(tmp_path, "svm", "d" * 16, 0.97, None)
    found = names(tmp_path)
    assert set(found) == {f"logistic/{'a' * 16}", f"svm/{'d' * 16}"}
    assert "no fitted model" in found[f"svm/{'d' * 16}"]


def test_a_broken_or_unfit_model_does_not_keep_the_others_away(tmp_path: Path) -> None:
    column(tmp_path, "logistic", "a" * 16, 0.9, model(1.0))
    column(tmp_path, "knn", "b" * 16, 0.9, b"not a model")
    other_side = make_pipeline(ScaledPixels(), LogisticRegression())
    other_side.fit(np.eye(8, dtype=np.uint8).reshape(4, 4, 4), [0, 1, 0, 1])
    column(tmp_path, "svm", "c" * 16, 0.9, dump_model(other_side))
    found = names(tmp_path)
    assert found[f"logistic/{'a' * 16}"] == ""
    assert "cannot be read as a model" in found[f"knn/{'b' * 16}"]
    assert "does not read here" in found[f"svm/{'c' * 16}"]


def test_without_any_model_the_next_step_is_named(tmp_path: Path) -> None:
    column(tmp_path, "svm", "a" * 16, 0.9, None)
    with pytest.raises(PodiumError, match="`make tune blend` makes them"):
        load_readers(tmp_path, 28, lambda title: None)
