"""Boosted trees stop on rows of their own, for classes and for numbers."""

import numpy as np
import pytest

from competition.errors import PodiumError
from pipelines.models.estimators.boosting import BoostedTrees, BoostedValues

ROWS = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
SIGNAL = ROWS[:, 0] + 0.5 * ROWS[:, 1] ** 2


def test_each_target_has_a_model_that_stops_by_itself() -> None:
    noise = np.random.default_rng(1).normal(size=400)
    targets = np.stack([1e6 + 100 * SIGNAL, noise], axis=1)
    model = BoostedValues(rounds=200, colsample=1.0).fit(ROWS, targets)
    learnt, hopeless = (each.best_iteration for each in model.models_)
    assert hopeless < learnt
    errors = model.predict(ROWS)[:, 0] - targets[:, 0]
    assert errors.std() < 0.3 * targets[:, 0].std()


def test_one_target_comes_back_as_one_column() -> None:
    predicted = BoostedValues(rounds=20).fit(ROWS, SIGNAL).predict(ROWS[:5])
    assert predicted.shape == (5,)


def test_too_few_rows_to_stop_on_are_a_sentence() -> None:
    with pytest.raises(PodiumError, match="a single row leaves none"):
        BoostedValues().fit(ROWS[:1], SIGNAL[:1])
    with pytest.raises(PodiumError, match="a class with 1 rows"):
        BoostedTrees().fit(ROWS[:30], (np.arange(30) == 0).astype(int))
