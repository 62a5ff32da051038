"""Parameters are declared, checked by `fit` alone, and named in a sentence."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from competition.errors import PodiumError
from pipelines.features.components import FewComponents
from pipelines.features.images.cached import Cached
from pipelines.features.images.flatten import ScaledPixels
from pipelines.features.images.gradients import GradientHistograms
from pipelines.models.estimators.boosting import BoostedTrees
from pipelines.models.estimators.support_vectors import PairwiseVoting
from pipelines.models.images.knn import Neighbours
from pipelines.networks.classifier import NetworkClassifier
from pipelines.parameters import SWITCH, Constraint, Counts, at_least, between, one_of, up_to
from pipelines.steps import in_steps

IMAGES, LABELS = np.zeros((30, 12, 12), np.uint8), np.arange(30) % 3


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (NetworkClassifier(dropout=1.0), r"'dropout' .* in the range \[0.0, 1.0\), not 1.0"),
        (Neighbours(k=0), r"'k' .* an int in the range \[1, inf\), not 0"),
        (Neighbours(copies="all"), r"'copies' .* among {'none', .*'both'}, not 'all'"),
        (PairwiseVoting(C=0.0), r"'C' .* in the range \(0.0, inf\), not 0.0"),
        (BoostedTrees(learning_rate=0.0), r"'learning_rate' .* not 0.0"),
        (FewComponents(components=0), r"'components' .* not 0"),
        (GradientHistograms(grids=()), r"'grids' .* a tuple of 1 or more, each an int .* not \(\)"),
        (
            in_steps(Cached(GradientHistograms(blur=11.0)), LogisticRegression()),
            r"'blur' parameter of GradientHistograms .* not 11.0",
        ),
        (
            in_steps(ScaledPixels(), LogisticRegression(C=-1.0)),
            r"'C' parameter of LogisticRegression .* not -1.0",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_wrong_parameter_is_kept_until_fit_names_it(estimator: Any, sentence: str) -> None:
    with pytest.raises(PodiumError, match=f"^The {sentence}; fix the pipeline's parameters.$"):
        clone(estimator).fit(IMAGES, LABELS)


@pytest.mark.parametrize(
    ("constraint", "right", "wrong"),
    [
        (Counts(least=1), [(1,), (3, 4), (np.int64(2),)], [(), [3], (0,), (1.5,), (3, "4"), 3]),
        (Counts(least=0), [()], [None]),
        (at_least(2), [2, np.int32(7)], [1, 2.0, True, "2", None]),
        (between(0.0, 1.0), [0, 1.0, np.float32(0.5)], [-0.1, 1.1, float("nan"), False]),
        (between(0, 3), [0, 3], [0.5, 4]),
        (up_to(2.0), [2.0, 1], [0.0, 2.1]),
        (one_of(("a", "b")), ["a"], ["c", 0, ["a"]]),
        (one_of((0, 3)), [3], [1, "3", False]),
        (SWITCH, [True, False], [0, 1, "yes"]),
    ],
    ids=str,
)
def test_a_constraint_allows_what_it_says(
    constraint: Constraint, right: list[Any], wrong: list[Any]
) -> None:
    assert all(constraint.allows(value) for value in right)
    assert not any(constraint.allows(value) for value in wrong)


def test_what_is_no_parameters_fault_stays_what_it_was() -> None:
    class Broken(LogisticRegression):  # type: ignore[misc]
        def fit(self, X: Any, y: Any) -> None:
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        in_steps(ScaledPixels(), Broken()).fit(IMAGES, LABELS)
