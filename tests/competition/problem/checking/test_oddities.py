"""What is valid and odd gets one sentence, and what is usual gets none."""

import numpy as np
import pytest

from competition.problem.checking.oddities import rank_correlation, shares_p_value, warnings_of
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Truth
from tests.competition.problem.cases import FORMS, competition

RANDOM = np.random.default_rng(0)
LABEL = competition("accuracy", ("0", "1", "3", "cat", "a,b")).problem
AUC, LOG_LOSS = FORMS["probability"].problem, FORMS["class columns"].problem
ONE_COLUMN, VALUES = FORMS["one column"].problem, FORMS["values"].problem
CHANCES = RANDOM.random(500)
PRICES = RANDOM.lognormal(12, 0.3, (500, 2))
SHARES = RANDOM.dirichlet((4, 2, 1), 500)


def odd(
    problem: Problem,
    answers: Answers,
    truth: Truth | None = None,
    previous: Answers | None = None,
    out_of_fold: Answers | None = None,
) -> list[str]:
    return warnings_of(np.asarray(answers), problem, truth, previous, out_of_fold)


def test_usual_files_get_no_warning() -> None:
    labels = RANDOM.integers(0, 5, 500)
    near = np.where(RANDOM.random(500) < 0.02, 0, labels)
    assert odd(LABEL, labels, RANDOM.integers(0, 5, 800), near) == []
    noise = RANDOM.normal(0, 0.05, 500)
    truth = RANDOM.integers(0, 2, 500)
    assert odd(AUC, CHANCES, truth, np.clip(CHANCES + noise, 0, 1)) == []
    classes = RANDOM.choice(3, 900, p=[4 / 7, 2 / 7, 1 / 7])
    assert odd(LOG_LOSS, SHARES, classes, SHARES**1.1) == []
    # Predictions of a weak model span less than the truth does.
    mean = PRICES.mean(axis=0)
    assert odd(VALUES, mean + 0.2 * (PRICES - mean), PRICES, PRICES) == []


def test_labels_that_are_odd() -> None:
    lonely, previous = np.zeros(8, int), np.array([0] * 7 + [1])
    first, missing, far = odd(LABEL, lonely, np.repeat(np.arange(5), 1000), previous)
    assert first == "All rows have the same answer."
    assert missing == "No row is labelled 1 or 3 or cat or a,b."
    assert "in the training data" in far and "100.0% of the rows are labelled 0, there 20.0%" in far
    labels = RANDOM.integers(0, 5, 500)
    (loose,) = odd(LABEL, labels, None, np.where(RANDOM.random(500) < 0.2, 0, labels))
    assert "of the rows agree with the last scored file (usual is more than 95%)" in loose


def test_a_flip_is_told() -> None:
    labels = RANDOM.integers(0, 2, 500)
    pair = competition("accuracy", ("no", "yes")).problem
    (flipped,) = odd(pair, labels, None, 1 - labels)
    assert "Only 0.0% of the rows agree" in flipped and "less than by chance" in flipped
    (turned,) = odd(AUC, 1 - CHANCES, None, CHANCES)
    assert "is only -1.00: the answers seem to be turned round" in turned
    (column,) = odd(VALUES, PRICES * (1, -1) + (0, 2e6), None, PRICES)
    assert "rank correlation of y" in column and "turned round" in column


def test_a_low_rank_correlation_is_told() -> None:
    (low,) = odd(AUC, CHANCES, None, np.clip(CHANCES + RANDOM.normal(0, 0.5, 500), 0, 1))
    assert "with the last scored file is only 0." in low and "usual is more than 0.8" in low
    (ranked,) = odd(
        FORMS["ranked labels"].problem,
        np.tile([[0, 1, 2], [1, 2, 0]], (50, 1)),
        None,
        np.tile([[0, 2, 1], [2, 1, 0]], (50, 1)),
    )
    assert ranked.startswith("Only 50.0% of the rows agree")


def test_probabilities_that_are_odd() -> None:
    (outside,) = odd(AUC, np.append(CHANCES, [1.5, -3.0]))
    assert outside.startswith("2 of the probabilities do not lie between 0 and 1, such as 1.5")
    (hard,) = odd(AUC, (CHANCES > 0.5).astype(float))
    assert hard == "All probabilities are 0 or 1: are they labels?"
    (sums,) = odd(LOG_LOSS, np.where(np.arange(500)[:, None] < 7, SHARES / 2, SHARES))
    assert "of 7 rows do not sum to 1 (but to 0.5); Kaggle rescales them" in sums
    (swapped,) = odd(LOG_LOSS, SHARES[:, [1, 0, 2]], RANDOM.choice(3, 900, p=[0.57, 0.29, 0.14]))
    assert "chi-squared" in swapped and "of the probability is on" in swapped
    rare = np.where(RANDOM.random(500) < 0.2, 0, 1)  # class 0 is yes
    (turned,) = odd(ONE_COLUMN, np.full(500, 0.8) + CHANCES / 100, rare)
    assert "80.5% of the probability is on yes" in turned or "of the probability is on no" in turned


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (np.log(PRICES), "50% of the values lie below"),
        (PRICES * 3, "50% of the values lie below"),
        (PRICES * np.where(np.arange(500) < 50, 8, 1)[:, None], "95% of the values lie below"),
    ],
)
def test_values_far_from_the_training_data(answers: Answers, told: str) -> None:
    found = odd(VALUES, answers, PRICES)
    assert len(found) == 2 and found[0].startswith("x is far") and told in found[1]


def test_how_probable_a_rare_flag_is_has_other_quantiles_than_the_flag() -> None:
    problem = competition("mean columnwise auc", targets=("x", "y")).problem
    flags = (np.arange(1000) % 20 == 0).astype(float)
    assert odd(problem, RANDOM.beta(1, 19, (500, 2)), np.column_stack([flags, flags])) == []


def test_a_metric_that_moves_the_shares_on_purpose_may() -> None:
    problem = competition("balanced accuracy", ("rare", "usual")).problem
    truth = np.repeat([0, 1], [100, 900])
    assert odd(problem, np.repeat([0, 1], [120, 380]), truth) == []
    assert "chi-squared" in odd(problem, np.repeat([0, 1], [400, 100]), truth)[0]


def test_doubtful_rows_may_be_answered_with_the_frequent_class() -> None:
    problem = competition("accuracy", ("lost", "saved")).problem
    truth = np.repeat([0, 1], [366, 228])
    assert odd(problem, np.repeat([0, 1], [217, 80]), truth) == []  # 73% against 62%
    (turned,) = odd(problem, np.repeat([0, 1], [80, 215]), truth)
    assert "27.1% of the rows are labelled lost, there 61.6%" in turned
    # What was answered out of fold tells more than the truth.
    out_of_fold = np.repeat([0, 1], [430, 164])
    assert odd(problem, np.repeat([0, 1], [217, 80]), truth, None, out_of_fold) == []
    (far,) = odd(problem, np.repeat([0, 1], [174, 123]), truth, None, out_of_fold)
    assert "the blend's answers to the training rows" in far and "58.6%" in far


def test_shares_agree_with_scipy() -> None:
    from scipy.stats import chi2_contingency

    counts, training = np.array([10, 30, 0, 5]), np.array([100, 200, 0, 90])
    expected = chi2_contingency(np.array([counts, training])[:, [0, 1, 3]], correction=False)
    assert shares_p_value(counts, training) == pytest.approx(expected.pvalue)


def test_rank_correlation_agrees_with_scipy() -> None:
    from scipy.stats import spearmanr

    first, second = RANDOM.integers(0, 9, (2, 60)).astype(float)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert np.isnan(rank_correlation(first, np.ones(60)))
