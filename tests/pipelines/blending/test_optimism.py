"""The best of many trials flatters; choosing on other rows than those that score does not."""

import numpy as np
import pytest

from competition.problem.metrics.known import find_metric
from competition.problem.problem import Problem
from pipelines.blending.cross_fitting import blend
from pipelines.blending.optimism import corrected_value

ACCURACY = Problem(find_metric("accuracy"), ("no", "yes"))
RMSE = Problem(find_metric("rmse"), targets=("price",))
ROWS = 300


def coins(seed: int, trials: int, right: float) -> tuple[np.ndarray, np.ndarray]:
    """Trials that are all equally good: each row is right by the same chance, in each its own."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, 2, ROWS)
    hit = chance.random((trials, ROWS)) < right
    positive = np.where(hit, truth, 1 - truth) * 0.8 + 0.1
    return truth, np.stack([1 - positive, positive], axis=2).astype(np.float32)


def test_the_best_of_many_equal_trials_is_worth_what_each_is_worth() -> None:
    naive, corrected = [], []
    for seed in range(12):
        truth, stack = coins(seed, 80, 0.7)
        naive.append(max(ACCURACY.quick_value(truth, oof) for oof in stack))
        corrected.append(corrected_value([(stack, 1)], truth, ACCURACY, "best single"))
    assert np.mean(naive) > 0.75
    assert abs(np.mean(corrected) - 0.7) < 0.015


@pytest.mark.parametrize("columns", [1, 3])
def test_where_one_trial_is_clearly_best_there_is_nothing_to_correct(columns: int) -> None:
    chance = np.random.default_rng(1)
    truth = chance.normal(size=(ROWS, 1))
    errors = [0.1, 1.0, 1.0, 1.0]
    stack = np.stack([truth + error * chance.normal(size=truth.shape) for error in errors])
    value = corrected_value([(stack.astype(np.float32), columns)], truth, RMSE, "convex")
    assert value == pytest.approx(RMSE.quick_value(truth, stack[0].astype(np.float32)), rel=0.1)


def test_rows_of_a_single_class_have_no_score() -> None:
    _, stack = coins(0, 3, 0.7)
    assert np.isnan(corrected_value([(stack, 1)], np.zeros(ROWS, np.int64), ACCURACY, "uniform"))


def test_luck_that_rows_of_a_unit_share_is_corrected_by_units() -> None:
    units = np.repeat(np.arange(30), ROWS // 30)
    by_rows, by_units = [], []
    for seed in range(12):
        chance = np.random.default_rng(seed)
        truth = chance.integers(0, 2, ROWS)
        hit = (chance.random((50, 30)) < 0.7)[:, units]  # a trial reads a whole unit right or wrong
        positive = np.where(hit, truth, 1 - truth) * 0.8 + 0.1
        stack = np.stack([1 - positive, positive], axis=2).astype(np.float32)
        by_rows.append(corrected_value([(stack, 1)], truth, ACCURACY, "best single"))
        by_units.append(corrected_value([(stack, 1)], truth, ACCURACY, "best single", units))
    assert abs(np.mean(by_units) - 0.7) < 0.03
    assert np.mean(by_rows) > 0.8


def test_columns_are_scored_at_the_temperature_at_which_they_are_blended() -> None:
    """Too timid by far, and no trial to choose: the figure is that of the blend."""
    log_loss = Problem(find_metric("log loss"), ("no", "yes"))
    chance = np.random.default_rng(0)
    logits = 3 * chance.normal(size=ROWS)
    truth = (chance.random(ROWS) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    timid = 1 / (1 + np.exp(-logits / 20))
    stack = np.stack([1 - timid, timid], axis=1)[np.newaxis].astype(np.float32)
    assigned = np.arange(ROWS) % 5
    blended = blend(list(stack), truth, assigned, log_loss)
    value = corrected_value([(stack, 1)], truth, log_loss, blended.method)
    assert log_loss.quick_value(truth, stack[0]) > 1.3 * blended.score.value
    assert value == pytest.approx(blended.score.value, rel=0.1)
