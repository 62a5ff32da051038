"""Which hand-crafted features are on is a matter of parameters; wrong ones are sentences."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition import PodiumError
from competition.data.dataset import Dataset
from pipelines.base import load_pipeline, suggested
from pipelines.metrics import score
from pipelines.saved_models import dump_model, load_model

PIPELINE = load_pipeline("handcrafted")
SHIPPED = suggested(PIPELINE, PIPELINE.shipped()[0].params)
KINDS = ("projections", "zones", "holes", "differences")
NONE: dict[str, Any] = {**dict.fromkeys(KINDS, False), "pairs": 0}


def weights_of(images: np.ndarray, labels: np.ndarray, **changed: Any) -> int:
    estimator: Any = PIPELINE.build({**SHIPPED, **NONE, "max_iter": 5, **changed}, 0)
    return int(estimator.fit(images, labels)[-1].coef_.shape[1])


def test_each_kind_of_feature_is_weighed_where_it_is_on(optical: Dataset) -> None:
    images, labels = np.asarray(optical.train_images[:200]), np.asarray(optical.train_labels[:200])
    gradients = weights_of(images, labels, grids="7", orientations=8)
    assert gradients == 8 * 49
    kinds = {"projections": 56, "zones": 49, "holes": 7}
    for kind, features in kinds.items():
        assert weights_of(images, labels, grids="7", **{kind: True}) == gradients + features
    assert weights_of(images, labels, grids="7", differences=True) > gradients + 500
    assert weights_of(images, labels, grids="7", pairs=4) == gradients + 42 * 64


@pytest.mark.parametrize("prepared", [{"median": 3}, {"threshold": 64}, {"upright": False}])
def test_digits_are_read_however_they_are_prepared(
    prepared: dict[str, Any], optical: Dataset
) -> None:
    images, labels = np.asarray(optical.train_images), np.asarray(optical.train_labels)
    estimator = PIPELINE.build({**SHIPPED, **prepared}, 0).fit(images[:800], labels[:800])
    assert score(estimator.predict_proba(images[800:]), labels[800:]).accuracy > 0.95


@pytest.mark.parametrize(
    "wrong",
    [
        {"C": 0.0},
        {"C": float("nan")},
        {"max_iter": -1},
        {"grids": "x"},
        {"median": 4},
        {"threshold": 999},
        {"orientations": -2},
    ],
)
def test_a_parameter_out_of_its_range_is_a_sentence(wrong: dict[str, Any]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 12, 12), dtype=np.uint8)
    with pytest.raises(PodiumError, match="parameters"):
        PIPELINE.build({**SHIPPED, **wrong}, 0).fit(images, np.arange(30) % 3)


def test_a_model_of_pairs_reads_the_same_after_it_was_saved(
    optical: Dataset, tmp_path: Path
) -> None:
    images, labels = np.asarray(optical.train_images[:500]), np.asarray(optical.train_labels[:500])
    estimator = PIPELINE.build({**SHIPPED, "pairs": 4, "max_iter": 20}, 0).fit(images, labels)
    saved = tmp_path / "model.skops"
    saved.write_bytes(dump_model(estimator))
    expected = estimator.predict_proba(images)
    np.testing.assert_array_equal(load_model(saved).predict_proba(images), expected)
