"""Scores agree with scikit-learn's, errors with simulation, the paired test with its textbook."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, log_loss

from pipelines.metrics import Score, mcnemar_p_value, paired_p_value, score, standard_error


def test_scores_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), 500).astype(np.float32)
    labels = rng.integers(0, 4, 500)
    ours = score(probabilities, labels)
    assert ours.accuracy == accuracy_score(labels, probabilities.argmax(axis=1))
    assert ours.log_loss == pytest.approx(log_loss(labels, probabilities), rel=1e-5)


def test_log_loss_breaks_ties() -> None:
    assert Score(0.99, -0.03, 100) > Score(0.99, -0.04, 100)
    assert Score(0.991, -0.5, 100) > Score(0.99, -0.04, 100)


def test_standard_error_is_the_spread_of_repeated_measurements() -> None:
    hits = np.random.default_rng(0).binomial(7000, 0.9965, 20_000) / 7000
    assert standard_error(0.9965, 7000) == pytest.approx(hits.std(), rel=0.05)
    assert standard_error(1.0, 600) > 0


def test_paired_test_counts_only_disagreements() -> None:
    labels = np.zeros(100, dtype=np.int64)
    right, wrong = np.array([0.9, 0.1]), np.array([0.1, 0.9])
    first = np.tile(right, (100, 1)).astype(np.float32)
    second = first.copy()
    assert paired_p_value(first, second, labels) == 1.0
    second[:8] = wrong
    assert paired_p_value(first, second, labels) == pytest.approx(2 * 0.5**8)


@pytest.mark.parametrize(
    ("wins", "losses"), [(0, 0), (1, 0), (5, 5), (7, 2), (2, 7), (300, 341), (21_000, 20_000)]
)
def test_paired_test_agrees_with_scipy(wins: int, losses: int) -> None:
    expected = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert mcnemar_p_value(wins, losses) == pytest.approx(expected, rel=1e-6)
