"""Which hand-crafted features are on is a matter of parameters; wrong ones are sentences."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition.errors import PodiumError
from pipelines.base import load_pipeline, suggested
from pipelines.saved_models import dump_model, load_model
from tests.pipelines.digits import digits

PIPELINE = load_pipeline("handcrafted")
SHIPPED = suggested(PIPELINE, PIPELINE.shipped()[0].params)
KINDS = ("projections", "zones", "holes", "differences")
NONE: dict[str, Any] = {**dict.fromkeys(KINDS, False), "pairs": 0}


def weights_of(images: np.ndarray, labels: np.ndarray, **changed: Any) -> int:
    estimator: Any = PIPELINE.build({**SHIPPED, **NONE, "max_iter": 5, **changed}, 0)
    return int(estimator.fit(images, labels)[-1].coef_.shape[1])


def test_each_kind_of_feature_is_weighed_where_it_is_on() -> None:
    images, labels = (part[:200] for part in digits())
    gradients = weights_of(images, labels, grids="7", orientations=8)
    assert gradients == 8 * 49
    kinds = {"projections": 56, "zones": 49, "holes": 7}
    for kind, features in kinds.items():
        assert weights_of(images, labels, grids="7", **{kind: True}) == gradients + features
    assert weights_of(images, labels, grids="7", differences=True) > gradients + 500
    assert weights_of(images, labels, grids="7", pairs=4) == gradients + 42 * 64


@pytest.mark.parametrize("prepared", [{"median": 3}, {"threshold": 64}, {"upright": False}])
def test_digits_are_read_however_they_are_prepared(prepared: dict[str, Any]) -> None:
    images, labels = (part[:1200] for part in digits())
    estimator: Any = PIPELINE.build({**SHIPPED, **prepared}, 0)
    assert estimator.fit(images[:800], labels[:800]).score(images[800:], labels[800:]) > 0.94


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


def test_a_model_of_pairs_reads_the_same_after_it_was_saved(tmp_path: Path) -> None:
    images, labels = (part[:500] for part in digits())
    estimator: Any = PIPELINE.build({**SHIPPED, "pairs": 4, "max_iter": 20}, 0).fit(images, labels)
    saved = tmp_path / "model.skops"
    saved.write_bytes(dump_model(estimator))
    expected = estimator.predict_proba(images)
    read: Any = load_model(saved)
    np.testing.assert_array_equal(read.predict_proba(images), expected)


def test_numbers_are_learnt_by_a_ridge_regression_of_the_same_features() -> None:
    images, labels = (part[:600] for part in digits())
    values = np.stack([labels, labels % 2], axis=1).astype(float)
    estimator: Any = PIPELINE.build_regressor(SHIPPED, 0).fit(images[:450], values[:450])
    assert estimator[-1].alpha == pytest.approx(1 / SHIPPED["C"])
    errors = estimator.predict(images[450:]) - values[450:]
    assert (errors.std(axis=0) < 0.6 * values.std(axis=0)).all()
