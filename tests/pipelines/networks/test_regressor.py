"""Networks learn numbers too: one target or several, whatever they are counted in."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from competition.errors import PodiumError
from pipelines.networks.regressor import NetworkRegressor
from tests.pipelines.networks.conftest import Digits

SMALL = {"width": 0.5, "min_steps": 150, "epochs": 0.1, "batch_size": 64, "views": 2}


@pytest.mark.long
def test_several_targets_are_learnt_together(digits: Digits) -> None:
    """The digit, counted in thousands from five million, and whether it is odd."""

    def targets_of(labels: np.ndarray) -> np.ndarray:
        return np.stack([5e6 + 1000.0 * labels, labels % 2], axis=1)

    model = NetworkRegressor(**SMALL).fit(digits.images, targets_of(digits.labels))
    predicted = model.predict(digits.test_images)
    assert predicted.shape == (len(digits.test_images), 2)
    assert predicted.dtype == np.float64
    scores = r2_score(targets_of(digits.test_labels), predicted, multioutput="raw_values")
    assert scores.min() > 0.6
    assert model.predict(digits.test_images[:0]).shape == (0, 2)
    alone = model.predict(digits.test_images[3:4])
    np.testing.assert_allclose(alone, predicted[3:4], rtol=1e-3, atol=0.01)


def test_one_target_of_colour_images_is_one_column(digits: Digits) -> None:
    coloured = digits.resized(28, colour=True)
    model = NetworkRegressor(**{**SMALL, "min_steps": 12}, architecture="dense", hidden=(16,))
    model.fit(coloured.images, coloured.labels.astype(float))
    assert model.predict(coloured.test_images[:5]).shape == (5,)


def test_a_value_that_is_not_finite_is_a_sentence(digits: Digits) -> None:
    values = np.where(digits.labels == 3, np.inf, digits.labels)
    with pytest.raises(PodiumError, match="not all of them finite"):
        NetworkRegressor(**SMALL).fit(digits.images, values)


@pytest.mark.long
def test_training_that_diverges_is_a_sentence(digits: Digits) -> None:
    model = NetworkRegressor(**{**SMALL, "min_steps": 12}, learning_rate=1e30)
    with pytest.raises(PodiumError, match=r"diverged at a learning rate of 1e\+30; lower it"):
        model.fit(digits.images, digits.labels)
