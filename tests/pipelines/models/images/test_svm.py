"""The support vector machine on images."""

from typing import Any

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.problem.metrics.row_losses import log_losses
from pipelines.base import load_pipeline, suggested
from tests.pipelines.digits import digits

PIPELINE = load_pipeline("svm")
SHIPPED = suggested(PIPELINE, PIPELINE.shipped()[0].params)


def test_probabilities_are_better_than_bare_votes() -> None:
    images, labels = (part[:1200] for part in digits())
    estimator = PIPELINE.build(SHIPPED, 0).fit(images[:800], labels[:800])
    probabilities = estimator.predict_proba(images[800:])
    assert (probabilities.argmax(axis=1) == labels[800:]).mean() > 0.96
    assert log_losses(labels[800:], probabilities).mean() < 0.15


@pytest.mark.parametrize(
    "wrong",
    [
        {"C": -1.0},
        {"C": float("nan")},
        {"gamma": 0.0},
        {"slope": 0.0},
        {"kernel": "linear"},
        {"components": 0},
        {"grids": "9"},
        {"orientations": 0},
        {"blur": -1.0},
    ],
)
def test_a_parameter_out_of_its_range_is_a_sentence(wrong: dict[str, Any]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 12, 12), dtype=np.uint8)
    with pytest.raises(PodiumError, match="parameters"):
        PIPELINE.build({**SHIPPED, **wrong}, 0).fit(images, np.arange(30) % 3)
