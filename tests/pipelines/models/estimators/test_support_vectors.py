"""What ours add to scikit-learn's: probabilities, and targets at mean 0 and deviation 1."""

import numpy as np
import pytest

from pipelines.models.estimators.support_vectors import PairwiseVoting, SupportVectorValues
from tests.pipelines.digits import digits


@pytest.fixture(scope="module")
def learnable() -> tuple[np.ndarray, np.ndarray]:
    """Rows of pixels (1200, 784) and the digits that they show."""
    images, labels = (part[:1200] for part in digits())
    return images.reshape(len(images), -1) / np.float32(255), labels


@pytest.mark.parametrize("kernel", ["rbf", "poly"])
def test_the_most_probable_class_is_the_one_that_pairs_vote_for(
    kernel: str, learnable: tuple[np.ndarray, np.ndarray]
) -> None:
    rows, labels = learnable
    voting = PairwiseVoting(kernel=kernel).fit(rows[:600], labels[:600])
    votes = voting.svc_.predict(rows[600:] / voting.scale_)
    assert (voting.predict(rows[600:]) == votes).mean() > 0.98


def test_two_classes_are_told_apart_and_not_swapped(
    learnable: tuple[np.ndarray, np.ndarray],
) -> None:
    pair = np.isin(learnable[1], (3, 8))
    rows, labels = learnable[0][pair], learnable[1][pair]
    voting = PairwiseVoting().fit(rows[:150], labels[:150])
    predicted = voting.predict(rows[150:])
    np.testing.assert_array_equal(predicted, voting.svc_.predict(rows[150:] / voting.scale_))
    assert (predicted == labels[150:]).mean() > 0.9


def test_values_are_learnt_whatever_they_are_counted_in(
    learnable: tuple[np.ndarray, np.ndarray],
) -> None:
    rows, labels = learnable[0][:400], learnable[1][:400].astype(float)
    one = SupportVectorValues().fit(rows[:300], labels[:300]).predict(rows[300:])
    assert one.shape == (100,)
    assert np.sqrt(np.mean((one - labels[300:]) ** 2)) < 0.6 * labels.std()
    targets = np.stack([labels * 1000 + 5e6, -labels / 1000], axis=1)
    both = SupportVectorValues().fit(rows[:300], targets[:300]).predict(rows[300:])
    np.testing.assert_allclose(both[:, 0], one * 1000 + 5e6, rtol=1e-9)
    np.testing.assert_allclose(both[:, 1], -one / 1000, atol=1e-5)
