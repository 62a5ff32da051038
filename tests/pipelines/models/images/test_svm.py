"""What the support vector machine adds to scikit-learn's: probabilities, and sentences."""

from typing import Any

import numpy as np
import pytest

from competition import PodiumError
from competition.data.dataset import Dataset
from pipelines.base import load_pipeline, suggested
from pipelines.metrics import score
from pipelines.models.images.svm import PairwiseVoting

PIPELINE = load_pipeline("svm")
SHIPPED = suggested(PIPELINE, PIPELINE.shipped()[0].params)


def rows_of(data: Dataset) -> np.ndarray:
    return np.asarray(data.train_images).reshape(len(data.train_images), -1) / np.float32(255)


@pytest.mark.parametrize("kernel", ["rbf", "poly"])
def test_the_most_probable_class_is_the_one_that_pairs_vote_for(
    kernel: str, optical: Dataset
) -> None:
    rows, labels = rows_of(optical), np.asarray(optical.train_labels)
    voting = PairwiseVoting(kernel=kernel).fit(rows[:600], labels[:600])
    votes = voting.svc_.predict(rows[600:] / voting.scale_)
    assert (voting.predict(rows[600:]) == votes).mean() > 0.98


def test_two_classes_are_told_apart_and_not_swapped(optical: Dataset) -> None:
    pair = np.isin(optical.train_labels, (3, 8))
    rows, labels = rows_of(optical)[pair], np.asarray(optical.train_labels)[pair]
    voting = PairwiseVoting().fit(rows[:150], labels[:150])
    predicted = voting.predict(rows[150:])
    np.testing.assert_array_equal(predicted, voting.svc_.predict(rows[150:] / voting.scale_))
    assert (predicted == labels[150:]).mean() > 0.9


def test_probabilities_are_better_than_bare_votes(optical: Dataset) -> None:
    images, labels = np.asarray(optical.train_images), np.asarray(optical.train_labels)
    estimator = PIPELINE.build(SHIPPED, 0).fit(images[:800], labels[:800])
    reached = score(estimator.predict_proba(images[800:]), labels[800:])
    assert reached.accuracy > 0.97
    assert reached.log_loss < 0.15


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
