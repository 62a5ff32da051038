"""Temperatures make probabilities mean what they say, and change no answer."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from competition.problem.metrics.row_losses import log_losses
from competition.problem.problem import Problem
from competition.problem.targets import Kind
from pipelines.blending.calibration import temperature, temperatures, tempered
from tests.pipelines.blending.conftest import noisy, truth_of


def honest(rows: int, seed: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return probabilities, and classes that were drawn by them."""
    rng = np.random.default_rng(seed)
    powers = np.exp(rng.normal(0, 2, (rows, 5)))
    shares = powers / powers.sum(axis=1, keepdims=True)
    drawn = (rng.random((rows, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    return shares.astype(np.float32), np.minimum(drawn, 4)


@pytest.mark.parametrize("told", [0.4, 1.0, 2.5])
def test_the_temperature_of_what_was_heated_is_found(told: float) -> None:
    shares, truth = honest(20_000, 0)
    assert temperature(tempered(shares, told), truth) == pytest.approx(1 / told, rel=0.05)


@given(st.floats(0.2, 5.0), st.integers(0, 50))
def test_no_answer_changes_and_rows_sum_to_one(heat: float, seed: int) -> None:
    shares, _ = honest(50, seed)
    found = tempered(shares, heat)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.argmax(axis=1), shares.argmax(axis=1))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_few_rows_without_an_error_do_not_ask_for_certainty() -> None:
    told = np.full((1_000, 2), 0.1, np.float32)
    told[:, 1] = 0.9
    truth = np.ones(1_000, np.int64)
    heats = [temperature(told[:rows], truth[:rows]) for rows in (20, 100, 1_000)]
    assert sorted(heats, reverse=True) == heats
    assert heats[0] > 0.45


def test_certainty_that_is_wrong_stays_a_number() -> None:
    certain = np.eye(5, dtype=np.float32)[[0, 1, 2, 3]]
    truth = np.array([0, 1, 2, 4])
    heat = temperature(certain, truth)
    assert np.isfinite(heat)
    before, after = log_losses(truth, certain), log_losses(truth, tempered(certain, heat))
    assert after.mean() < before.mean()


def test_only_classes_have_a_temperature(problem: Problem) -> None:
    truth = truth_of(problem, 200)
    heat = temperatures(np.stack([noisy(truth, problem, 2.0, 0)]), truth, problem)
    assert (heat[0] == 1.0) == (problem.kind != Kind.CLASSES)
