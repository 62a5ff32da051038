"""What averaging the models of all folds gains, told without a label."""

from itertools import pairwise

import numpy as np
import pytest

from competition.problem.metrics.known import find_metric
from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth
from pipelines.blending.averaging import Sent, gain_of_the_mean, sent_rows
from pipelines.blending.cross_fitting import blend
from pipelines.blending.methods import METHODS
from pipelines.blending.mixture import Mixture, Stack, combine
from tests.pipelines.blending.conftest import competition_of, dealt, noisy, truth_of

MODELS, TRAIN_ROWS, TEST_ROWS = 5, 6_000, 12_000


def own_errors(truth: Truth, problem: Problem, noise: float) -> np.ndarray:
    """Return predictions (MODELS, n, k) by models whose errors are their own."""
    return np.stack([noisy(truth, problem, noise, 100 + seed) for seed in range(MODELS)])


def shared_error(truth: Truth, problem: Problem, noise: float) -> np.ndarray:
    """Return predictions (MODELS, n, k) by models that err alike."""
    return np.stack([noisy(truth, problem, noise, 99)] * MODELS)


def some_rows(problem: Problem, rows: int = 50) -> Sent:
    truth = truth_of(problem, rows)
    fits = [own_errors(truth, problem, 1.5), shared_error(truth, problem, 1.0)]
    found = sent_rows([each.mean(axis=0) for each in fits], fits, MODELS)
    assert found is not None
    return found


def test_the_gain_is_the_loss_of_one_model_less_that_of_their_mean(problem: Problem) -> None:
    """Of truth that the blend itself draws: then its probabilities mean what they say."""
    sent = some_rows(problem)
    mixture = Mixture(np.array([0.7, 0.3]), np.zeros(problem.outputs))
    whole = combine(sent.whole, mixture, problem).astype(np.float64)
    models = [combine(sent.parts[:, each], mixture, problem) for each in range(MODELS)]

    def loss(predictions: Predictions) -> float:
        if problem.kind == Kind.CLASSES:
            return float(-(whole * np.log(predictions)).sum(axis=1).mean())
        return float(np.square(predictions - whole).mean())

    expected = np.mean([loss(one) for one in models]) - loss(whole)
    assert sent.gain(mixture, problem) == pytest.approx(expected, rel=1e-3)
    alone = Mixture(np.array([0.0, 1.0]), np.zeros(problem.outputs))
    assert sent.gain(alone, problem) == pytest.approx(0, abs=1e-6)


def test_the_slope_of_a_products_gain_is_that_of_small_steps() -> None:
    problem = competition_of("log loss").problem
    logs = some_rows(problem).logarithms()
    powers = np.array([0.6, 0.9])
    product = Mixture(powers, np.zeros(3), logarithmic=True)
    assert logs.gain(powers) == pytest.approx(some_rows(problem).gain(product, problem), rel=1e-3)
    for place, step in enumerate(np.eye(2) * 0.05):
        across = (logs.gain(powers + step) - logs.gain(powers - step)) / 0.1
        assert logs.slope(powers)[place] == pytest.approx(across, rel=0.01)


@pytest.mark.parametrize("method", ["convex", "logarithmic"])
def test_a_column_whose_models_differ_counts_more(method: str, problem: Problem) -> None:
    """Out of fold it is the worse one; by the mean of five models, the better."""
    if problem.kind == Kind.CLASSES and method == "convex":
        pytest.skip("of classes, the product alone looks at what is sent")
    known, hidden = truth_of(problem, 4000), truth_of(problem, 2000, seed=8)
    stack: Stack = np.stack([noisy(known, problem, 2.0, 1), noisy(known, problem, 1.7, 2)])
    fits = [own_errors(hidden, problem, 2.0), shared_error(hidden, problem, 1.7)]
    tests = [each.mean(axis=0, dtype=np.float32) for each in fits]
    blind = METHODS[method](stack, known, problem, None)
    seeing = METHODS[method](stack, known, problem, sent_rows(tests, fits, MODELS))
    assert blind.weights[0] < 0.5
    assert seeing.weights[0] > 0.6
    losses = [
        problem.loss(hidden, combine(np.stack(tests), each, problem)) for each in (blind, seeing)
    ]
    assert losses[1] < losses[0]


def test_a_blend_is_chosen_by_the_loss_of_what_is_sent() -> None:
    problem = competition_of("rmse").problem
    truth, hidden = truth_of(problem, 2000), truth_of(problem, 1000, seed=8)
    columns = [noisy(truth, problem, 2.0, 1), noisy(truth, problem, 1.95, 2)]
    fits = [own_errors(hidden, problem, 2.0), shared_error(hidden, problem, 1.95)]
    tests = [each.mean(axis=0, dtype=np.float32) for each in fits]

    def alone(place: int) -> Mixture:
        return Mixture(np.eye(2)[place], np.zeros(problem.outputs))

    ways = {"own": lambda *_: alone(0), "shared": lambda *_: alone(1)}
    for sent, chosen in ((None, "shared"), (sent_rows(tests, fits, MODELS), "own")):
        assert blend(columns, truth, dealt(2000), problem, ways, sent=sent).method == chosen


def test_a_row_of_several_dealings_has_one_model_of_each() -> None:
    rows = 6
    fits = np.arange(10 * rows, dtype=np.float32).reshape(10, rows, 1)  # two dealings of five
    unknown = np.full((rows, 1), 7.0, np.float32)
    found = sent_rows([fits.mean(axis=0), unknown], [fits, None], 5)
    assert found is not None and found.parts.shape == (2, 5, rows, 1)
    np.testing.assert_array_equal(found.parts[0, 2], (fits[2] + fits[7]) / 2)
    np.testing.assert_array_equal(found.parts[1], np.full((5, rows, 1), 7.0))
    np.testing.assert_allclose(found.parts[0].mean(axis=0), found.whole[0])
    assert sent_rows([unknown], [None], 5) is None


def test_of_many_rows_some_are_looked_at() -> None:
    test = np.arange(9001, dtype=np.float32)[:, np.newaxis]
    found = sent_rows([test], [np.stack([test] * 5)], 5)
    assert found is not None
    kept = found.whole[0, :, 0]
    assert 2000 <= len(kept) < 3000 and kept[0] == 0 and kept[-1] > 8990
    assert {after - before for before, after in pairwise(kept)} == {4.0}


# ---------------------------------------------------------------------- by the metric


def models_of(truth: Truth, problem: Problem, own: float, seed: int) -> Predictions:
    """Return predictions (MODELS, n, k) by models that err alike, and each by its own too."""
    shared = noisy(truth, problem, 1.2, seed)
    return np.stack(
        [shared]
        if not own
        else [_further(shared, problem, own, seed + 1 + each) for each in range(MODELS)]
    )


def _further(shared: Predictions, problem: Problem, own: float, seed: int) -> Predictions:
    noise = np.random.default_rng(seed).normal(0, own, shared.shape)
    if not problem.classes or problem.outputs == 1:
        return (shared + noise * shared.std(axis=0) / 4).astype(np.float32)
    powers = shared * np.exp(noise)
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("own", [0.0, 0.5])
def test_the_gain_by_the_metric_is_what_labels_show(problem: Problem, own: float) -> None:
    truth, hidden = truth_of(problem, TRAIN_ROWS, 1), truth_of(problem, TEST_ROWS, 2)
    assigned = dealt(TRAIN_ROWS)
    seen, fits = (
        np.broadcast_to(found, (MODELS, *found.shape[1:]))
        for found in (models_of(truth, problem, own, 10), models_of(hidden, problem, own, 30))
    )
    oof = seen[assigned, np.arange(TRAIN_ROWS)]
    sent = sent_rows([fits.mean(axis=0)], [fits], MODELS)
    made = blend([oof], truth, assigned, problem, sent=sent)
    decision = problem.decide(truth, made.oof)
    whole = sent_rows([fits.mean(axis=0)], [fits], MODELS, rows=TEST_ROWS)
    assert whole is not None
    heated = whole.at_temperatures(made.temperatures, problem)
    told = gain_of_the_mean(heated, made.mixture, problem, decision, truth, made.oof)

    def value(test: Predictions) -> float:
        return problem.value(hidden, decision.answers(made.apply([test], problem)))

    shown = value(fits.mean(axis=0)) - np.mean([value(each) for each in fits])
    if not own:
        assert (told, shown) == pytest.approx((0, 0), abs=1e-7)
    else:
        assert told == pytest.approx(shown, rel=0.35)
        assert (told > 0) == problem.greater_is_better


def test_the_gain_by_the_auc_of_columns_is_what_labels_show() -> None:
    problem = Problem(find_metric("mean columnwise auc"), targets=("one", "other"))
    random = np.random.default_rng(0)
    shares = random.beta(1, 3, (TEST_ROWS, 2))
    hidden = (random.random(shares.shape) < shares).astype(float)
    noise = random.normal(0, 0.1, (MODELS, *shares.shape))
    fits = (shares + noise).astype(np.float32)
    sent = sent_rows([fits.mean(axis=0)], [fits], MODELS, rows=TEST_ROWS)
    assert sent is not None
    alone, decision = Mixture(np.ones(1), np.zeros(2)), problem.decision()
    told = gain_of_the_mean(sent, alone, problem, decision, hidden, fits[0])
    value = [problem.value(hidden, each) for each in (fits.mean(axis=0), *fits)]
    assert told == pytest.approx(value[0] - np.mean(value[1:]), rel=0.25)
    assert told > 0.005
