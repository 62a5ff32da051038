"""Decisions are learnt on other folds than they score, and a metric is one entry."""

from pathlib import Path

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.problem.checking.checks import check
from competition.problem.form import Form
from competition.problem.metrics import known
from competition.problem.metrics.known import METRICS, find_metric
from competition.problem.metrics.measures import ByConfusion, ByRows
from competition.problem.metrics.metric import Metric
from competition.problem.metrics.row_losses import mean_of
from competition.problem.problem import Problem, usual_positive
from competition.problem.targets import Eats, Kind, Predictions, Truth
from competition.spec import load_competition
from tests.competition.problem.cases import FORMS, LABELS, competition, sample_of

FOLDS = np.arange(120) % 4


def problem(metric: Metric) -> Problem:
    if metric.kind == Kind.NUMBERS:
        return Problem(metric, targets=("x", "y"))
    binary = metric.of_positive or metric.eats == Eats.PROBABILITY
    return Problem(
        metric, ("0", "1") if binary else ("0", "1", "2"), positive=1 if binary else None
    )


def guesses(asked: Problem) -> tuple[Truth, Predictions]:
    random = np.random.default_rng(0)
    rows = len(FOLDS)
    if asked.kind == Kind.NUMBERS:
        truth = random.lognormal(0, 1, (rows, 2))
        noise = random.normal(0, 1, (rows, 2))
        return truth, (asked.learnable(truth) + noise).astype(np.float32)
    truth = random.choice(len(asked.classes), rows, p=[0.8, 0.2, 0][: len(asked.classes)])
    truth[:8] = len(asked.classes) - 1
    if asked.kind == Kind.ORDERED:
        return truth, (truth + random.normal(0, 1, rows)).astype(np.float32)[:, None]
    shares = random.dirichlet(np.ones(len(asked.classes)), rows)
    return truth, shares.astype(np.float32)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_answers_of_a_fold_do_not_know_its_truth(metric: Metric) -> None:
    asked = problem(metric)
    truth, predictions = guesses(asked)
    answers = asked.answers(truth, predictions, FOLDS)
    learns = False
    for fold in range(4):
        inside = fold == FOLDS
        lied = truth.copy()
        # Another truth in this fold, as different as can be: what is learnt from it would be too.
        lied[inside] = (
            lied[inside] * 9 if asked.kind == Kind.NUMBERS else 1 - lied[inside].clip(0, 1)
        )
        relearnt = asked.answers(lied, predictions, FOLDS)
        assert np.array_equal(relearnt[inside], answers[inside])
        learnt = asked.decide(truth[~inside], predictions[~inside])
        assert np.array_equal(learnt.answers(predictions[inside]), answers[inside])
        learns |= not np.array_equal(relearnt[~inside], answers[~inside])
    assert learns == asked.decision().learns


def test_noise_earns_nothing_by_its_threshold() -> None:
    """Learnt on the scored rows, thresholds of noise look good; learnt on others, they are."""
    asked = problem(find_metric("mcc"))
    random = np.random.default_rng(1)
    honest, kind = [], []
    for _ in range(20):
        truth = random.integers(0, 3, len(FOLDS))
        predictions = random.dirichlet(np.ones(3), len(FOLDS)).astype(np.float32)
        honest.append(asked.score(truth, predictions, FOLDS).value)
        kind.append(asked.quick_value(truth, predictions))
    assert abs(np.mean(honest)) < 0.05 < np.mean(kind)


def test_one_fold_cannot_be_left_out() -> None:
    asked = problem(find_metric("qwk"))
    truth, predictions = guesses(asked)
    with pytest.raises(PodiumError, match="only one fold"):
        asked.answers(truth, predictions, np.zeros_like(FOLDS))


def test_a_score_says_value_error_loss_and_rows() -> None:
    asked = problem(find_metric("rmsle"))
    truth, predictions = guesses(asked)
    score = asked.score(truth, predictions, FOLDS)
    assert score.rows == 120 and not score.greater_is_better
    assert score.loss == pytest.approx(np.mean((np.log1p(truth) - predictions) ** 2))
    better = asked.score(truth, np.log1p(truth).astype(np.float32), FOLDS)
    assert better.rank > score.rank


def test_rows_are_right_or_wrong_only_where_answers_are_classes() -> None:
    truth = np.array([0, 1, 1])
    assert LABELS.problem.right(truth, np.array([0, 0, 1])).tolist() == [True, False, True]
    ranked = np.array([[0, 1, 2], [0, 1, 2], [1, 0, 2]])
    assert FORMS["ranked labels"].problem.right(truth, ranked).tolist() == [True, False, True]
    assert FORMS["value"].problem.right(truth[:, None], truth[:, None]) is None


@pytest.mark.parametrize(
    ("classes", "positive"),
    [(("0", "1"), 1), (("True", "False"), 0), (("no", "YES"), 1), (("cat", "dog"), None)],
)
def test_the_usual_positive_class(classes: tuple[str, str], positive: int | None) -> None:
    assert usual_positive(classes) == positive


# ---------------------------------------------------------------------- a metric is one entry


def _f2(counts: np.ndarray) -> np.ndarray:
    hits, missed, false = counts[..., 1, 1], counts[..., 1, 0], counts[..., 0, 1]
    return 5 * hits / np.maximum(5 * hits + 4 * missed + false, 1)


def _cost(counts: np.ndarray) -> np.ndarray:
    costs = np.array([[0, 1, 1], [5, 0, 1], [5, 1, 0]])
    return (counts * costs).sum(axis=(-2, -1)) / np.maximum(counts.sum(axis=(-2, -1)), 1)


def _pinball(truth: Truth, answers: np.ndarray) -> np.ndarray:
    return np.maximum(0.9 * (truth - answers), 0.1 * (answers - truth))


F2 = Metric("f2", (), Kind.CLASSES, Eats.LABEL, True, ByConfusion(_f2), of_positive=True)
COST = Metric("cost", ("Total Cost",), Kind.CLASSES, Eats.LABEL, False, ByConfusion(_cost))
PINBALL = Metric("pinball", (), Kind.NUMBERS, Eats.VALUE, False, ByRows(mean_of(_pinball)))


@pytest.mark.parametrize("metric", [F2, COST, PINBALL], ids=lambda metric: metric.name)
def test_a_new_metric_scores_decides_and_compares(metric: Metric) -> None:
    asked = problem(metric)
    truth, predictions = guesses(asked)
    score = asked.score(truth, predictions, FOLDS)
    assert np.isfinite(score.value) and score.standard_error > 0
    first = asked.answers(truth, predictions, FOLDS)
    perfect = truth
    assert asked.compare(truth, perfect, first).gain > 0
    if metric.eats == Eats.LABEL:  # whichever way is better, the decision goes that way
        plain = asked.score_answers(truth, predictions.argmax(axis=1))
        quick = asked.score_answers(truth, asked.decide(truth, predictions).answers(predictions))
        assert quick.rank > plain.rank


def test_a_new_metric_is_one_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(known, "METRICS", (*METRICS, COST))
    known._by_plain_name.cache_clear()
    try:
        spec = tmp_path / "costly.toml"
        spec.write_text(competition("Total Cost", ("a", "b", "c")).to_toml())
        costly = load_competition(str(spec))
        assert costly.problem.metric is COST
        file = tmp_path / "mine.csv"
        file.write_text(Form.of(costly).render(np.arange(8) % 3, sample_of(costly)))
        assert check(file, costly, sample_of(costly)).valid
    finally:
        known._by_plain_name.cache_clear()
