"""Parameters are declared, checked by `fit` alone, and named in a sentence."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from competition import PodiumError
from pipelines.features.components import FewComponents
from pipelines.features.images.cached import Cached
from pipelines.features.images.flatten import ScaledPixels
from pipelines.features.images.gradients import GradientHistograms
from pipelines.models.images.knn import Neighbours
from pipelines.models.images.svm import PairwiseVoting
from pipelines.models.images.xgboost import BoostedTrees
from pipelines.networks.classifier import NetworkClassifier
from pipelines.parameters import Counts
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
    with pytest.raises(PodiumError, match=f"^The {sentence}; mend the pipeline's parameters.$"):
        clone(estimator).fit(IMAGES, LABELS)


def test_counts_are_tuples_of_positive_integers() -> None:
    some = Counts(least=1)
    assert all(some.is_satisfied_by(value) for value in [(1,), (3, 4), (np.int64(2),)])
    assert not any(some.is_satisfied_by(value) for value in [(), [3], (0,), (1.5,), (3, "4"), 3])
    assert Counts(least=0).is_satisfied_by(())
