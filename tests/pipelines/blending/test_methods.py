"""Blends help where members differ, never see the rows they are scored on, and break ties."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.blending.calibration import tempered
from pipelines.blending.methods import METHODS, blend, convex_weights, greedy_weights, weighted_mean
from pipelines.metrics import score

CLASSES = 4


def noisy(labels: npt.NDArray[np.int64], noise: float, seed: int) -> npt.NDArray[np.float32]:
    """Return probabilities that are right more often the less noise there is."""
    logits = np.eye(CLASSES)[labels] * 2
    logits += np.random.default_rng(seed).normal(0, noise, logits.shape)
    exponents = np.exp(logits)
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def dealt(rows: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    rng = np.random.default_rng(3)
    return rng.integers(0, CLASSES, rows), rng.integers(0, 5, rows)


def test_independent_members_make_a_gain_that_the_paired_test_sees() -> None:
    labels, assigned = dealt(4000)
    columns = [noisy(labels, 1.2, seed) for seed in range(4)]
    blended = blend(columns, labels, assigned)
    assert blended.score > max(score(column, labels) for column in columns)
    assert blended.gain > 0.02
    assert blended.p_value < 1e-6


def test_two_lucky_rows_do_not_outweigh_the_log_loss_and_twelve_do() -> None:
    labels, assigned = dealt(600)
    blended = blend([noisy(labels, 0.7, seed) for seed in range(3)], labels, assigned)
    most_accurate = max(blended.methods.values())
    surest = min(blended.methods.values(), key=lambda result: result.log_loss)
    right = [round(600 * s.accuracy) for s in (most_accurate, blended.score, surest)]
    assert right == [600, 598, 588]
    assert most_accurate.log_loss > blended.score.log_loss > surest.log_loss


def test_noise_gets_no_weight() -> None:
    labels, assigned = dealt(3000)
    columns = [noisy(labels, 0.8, 1), noisy(labels, 50.0, 2)]
    assert convex_weights(np.stack(columns), labels)[1] < 0.05
    assert greedy_weights(np.stack(columns), labels)[1] < 0.2
    assert blend(columns, labels, assigned).score >= score(columns[0], labels)


def test_a_single_column_is_itself() -> None:
    labels, assigned = dealt(300)
    column = noisy(labels, 1.0, 0)
    blended = blend([column], labels, assigned)
    assert blended.weights.tolist() == [1.0]
    assert (blended.gain, blended.p_value) == (0.0, 1.0)
    np.testing.assert_array_equal(blended.oof.argmax(axis=1), column.argmax(axis=1))


def test_a_modest_column_is_not_passed_over() -> None:
    """Label smoothing leaves a network right and unsure; a surer one that is worse must not win."""
    labels, assigned = dealt(4000)
    good, worse = noisy(labels, 0.7, 0), noisy(labels, 1.1, 1)
    unsure = tempered(good, 4.0)
    blended = blend([unsure, worse], labels, assigned)
    assert blended.temperatures[0] < 0.5
    assert blended.score.log_loss < min(score(good, labels).log_loss, score(worse, labels).log_loss)
    assert blended.score.accuracy >= score(good, labels).accuracy


@pytest.mark.parametrize("method", METHODS)
def test_a_folds_own_labels_do_not_touch_its_blend(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in set(METHODS) - {method}:
        monkeypatch.delitem(METHODS, other)
    labels, assigned = dealt(2000)
    columns = [noisy(labels, noise, seed) for seed, noise in enumerate((0.7, 0.9, 3.0))]
    inside = assigned == 2
    altered = np.where(inside, (labels + 1) % CLASSES, labels)
    before = blend(columns, labels, assigned).oof
    after = blend(columns, altered, assigned).oof
    np.testing.assert_array_equal(before[inside], after[inside])


@given(st.integers(1, 5), st.integers(0, 100))
def test_weights_are_a_convex_combination(count: int, seed: int) -> None:
    labels, _ = dealt(120)
    stack = np.stack([noisy(labels, 1.0, seed + index) for index in range(count)])
    for learner in METHODS.values():
        weights = learner(stack, labels)
        assert weights.min() >= 0
        assert weights.sum() == pytest.approx(1.0)
        rows = weighted_mean(stack, weights, np.ones(count)).sum(axis=1)
        np.testing.assert_allclose(rows, 1.0, atol=1e-5)
