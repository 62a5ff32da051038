"""Each metric agrees with scikit-learn, or with a slow reading of its definition."""

import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sklearn import metrics as sklearn
from sklearn.utils.class_weight import compute_sample_weight

from competition.errors import PodiumError
from competition.problem.metrics.known import METRICS, find_metric
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Eats, Kind, Truth

COLUMN_AUC = find_metric("mean columnwise auc")
CLASSES = ("a", "b", "c", "d")


def problem(name: str, targets: int = 2) -> Problem:
    metric = find_metric(name)
    if metric.kind == Kind.NUMBERS:
        return Problem(metric, targets=tuple(f"t{number}" for number in range(targets)))
    binary = metric.of_positive or metric.eats == Eats.PROBABILITY
    return Problem(metric, CLASSES[:2] if binary else CLASSES, positive=1 if binary else None)


def rows_of(asked: Problem) -> Iterator[tuple[Truth, Answers]]:
    """Yield small random truths and answers, such as lack classes or have ties."""
    for seed in range(40):
        random = np.random.default_rng(seed)
        rows = int(random.integers(4, 60))
        if asked.kind == Kind.NUMBERS:
            truth, answers = random.lognormal(1, 1, (2, rows, len(asked.targets)))
            if asked.metric == COLUMN_AUC:
                truth = (truth > np.median(truth, axis=0)).astype(float)
                answers = np.round(answers)
            yield truth, answers
            continue
        classes = len(asked.classes)
        truth = random.integers(0, random.integers(2, classes + 1), rows)
        shares = random.dirichlet(np.ones(classes), rows)
        match asked.metric.eats:
            case Eats.LABEL:
                yield truth, np.where(random.random(rows) < 0.5, truth, shares.argmax(axis=1))
            case Eats.PROBABILITY:
                truth[:2] = 0, 1
                yield truth, np.round(shares[:, 1], int(random.integers(1, 9)))
            case Eats.CLASS_PROBABILITIES:
                yield truth, shares
            case _:
                yield truth, (-shares).argsort(axis=1)[:, : asked.metric.top]


def mean_average_precision(truth: Truth, ranked: Answers) -> float:
    """Kaggle's own definition: the sum over k of P(k) rel(k), over the one relevant class."""
    total = 0.0
    for right, row in zip(truth, ranked, strict=True):
        for k in range(1, len(row) + 1):
            total += float(np.mean(row[:k] == right)) * bool(row[k - 1] == right)
    return total / len(truth)


def error_of_logs(truth: Truth, answers: Answers) -> float:
    columns = zip(truth.T, answers.T, strict=True)
    squares = [
        [(math.log(one) - math.log(other)) ** 2 for one, other in zip(*pair, strict=True)]
        for pair in columns
    ]
    return sum(math.sqrt(sum(each) / len(each)) for each in squares) / len(squares)


def symmetric_error(truth: Truth, answers: Answers) -> float:
    pairs = zip(truth.ravel(), answers.ravel(), strict=True)
    return sum(abs(one - two) / ((one + two) / 2) for one, two in pairs) / truth.size * 100


def balanced_loss(truth: Truth, answers: Answers) -> float:
    weights = compute_sample_weight("balanced", truth)
    return float(sklearn.log_loss(truth, answers, labels=range(4), sample_weight=weights))


def percentage_error(truth: Truth, answers: Answers) -> float:
    columns = zip(truth.T, answers.T, strict=True)
    squares = [np.mean(((one - other) / one) ** 2) for one, other in columns]
    return float(np.mean(np.sqrt(squares)))


PEERS: dict[str, Callable[[Truth, Answers], float]] = {
    "accuracy": sklearn.accuracy_score,
    "balanced accuracy": sklearn.balanced_accuracy_score,
    "log loss": lambda truth, answers: sklearn.log_loss(truth, answers, labels=range(4)),
    "balanced log loss": balanced_loss,
    "auc": sklearn.roc_auc_score,
    "normalized gini": lambda truth, answers: 2 * sklearn.roc_auc_score(truth, answers) - 1,
    "mean columnwise auc": sklearn.roc_auc_score,
    "f1": lambda truth, answers: sklearn.f1_score(truth, answers, zero_division=0.0),
    "f1 macro": lambda truth, answers: sklearn.f1_score(truth, answers, average="macro"),
    "f1 weighted": lambda truth, answers: sklearn.f1_score(truth, answers, average="weighted"),
    "f1 micro": lambda truth, answers: sklearn.f1_score(truth, answers, average="micro"),
    "mcc": sklearn.matthews_corrcoef,
    "quadratic weighted kappa": lambda truth, answers: sklearn.cohen_kappa_score(
        truth, answers, weights="quadratic"
    ),
    "rmse": sklearn.root_mean_squared_error,
    "mse": sklearn.mean_squared_error,
    "rmsle": sklearn.root_mean_squared_log_error,
    "msle": sklearn.mean_squared_log_error,
    "rmse of logs": error_of_logs,
    "mae": sklearn.mean_absolute_error,
    "mape": sklearn.mean_absolute_percentage_error,
    "rmspe": percentage_error,
    "smape": symmetric_error,
    "r2": sklearn.r2_score,
    "map@3": mean_average_precision,
}


def test_every_metric_has_a_peer() -> None:
    assert set(PEERS) == {*(metric.name for metric in METRICS), "map@3"}


@pytest.mark.parametrize("name", PEERS)
def test_values_agree(name: str) -> None:
    asked = problem(name)
    for truth, answers in rows_of(asked):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that only the answers have
            expected = float(PEERS[name](truth, answers))
        assert asked.value(truth, answers) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", PEERS)
def test_perfect_answers_are_the_best_there_is(name: str) -> None:
    asked = problem(name)
    truth, answers = next(rows_of(asked))
    match asked.metric.eats:
        case Eats.LABEL | Eats.VALUE:
            perfect = truth
        case Eats.PROBABILITY:
            perfect = truth.astype(float)
        case Eats.CLASS_PROBABILITIES:
            perfect = np.eye(4)[truth]
        case _:
            perfect = np.stack([truth, (truth + 1) % 4, (truth + 2) % 4], axis=1)
    best = asked.score_answers(truth, perfect)
    assert best.value == pytest.approx(1.0 if asked.greater_is_better else 0.0)
    assert best.rank > asked.score_answers(truth, answers).rank


def test_the_symmetric_error_of_nought_for_nought_is_nought() -> None:
    asked = problem("smape", targets=1)
    assert asked.value(np.array([[0.0], [4.0]]), np.array([[0.0], [0.0]])) == 100.0


def test_a_percentage_error_leaves_out_rows_of_nought() -> None:
    asked = problem("rmspe", targets=1)
    truth, answers = np.array([[0.0], [4.0], [2.0]]), np.array([[7.0], [5.0], [2.0]])
    assert asked.value(truth, answers) == pytest.approx(math.sqrt(0.25**2 / 2))


def test_log_loss_of_one_column_and_of_rows_that_do_not_sum_to_one() -> None:
    truth = np.array([0, 1, 1, 0])
    chances = np.array([0.2, 0.9, 0.4, 0.999])
    expected = sklearn.log_loss(truth, chances)
    last = Problem(find_metric("log loss"), ("no", "yes"), positive=1, one_column=True)
    first = Problem(find_metric("log loss"), ("yes", "no"), positive=0, one_column=True)
    assert last.value(truth, chances) == pytest.approx(expected, rel=1e-6)
    assert first.value(1 - truth, chances) == pytest.approx(expected, rel=1e-6)
    wide = Problem(find_metric("log loss"), ("no", "yes"))
    columns = np.stack([1 - chances, chances], axis=1)
    assert wide.value(truth, columns / 3) == pytest.approx(expected, rel=1e-6)
    # A certain mistake costs what Kaggle's clipping leaves of it.
    assert last.value(np.array([0]), np.array([1.0])) == pytest.approx(-math.log(1e-15))


@pytest.mark.parametrize("name", ["mcc", "quadratic weighted kappa", "f1 macro"])
def test_many_rows_do_not_overflow(name: str) -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 4, 300_000)
    answers = np.where(random.random(300_000) < 0.5, truth, 0)
    assert problem(name).value(truth, answers) == pytest.approx(PEERS[name](truth, answers))


def test_where_a_ratio_has_nothing_below() -> None:
    none = np.zeros(5, int)
    assert problem("f1").value(none, none) == 0.0  # nobody is positive, and nobody is found
    assert problem("mcc").value(none, none) == 0.0
    assert problem("qwk").value(none, none) == 1.0
    constant = np.full((5, 1), 3.0)
    values = problem("r2", 1)
    assert values.value(constant, constant) == 1.0
    assert values.value(constant, constant + 1) == 0.0
    assert math.isnan(problem("auc").value(none, np.arange(5.0)))


def test_a_short_ranking_counts_as_far_as_it_goes() -> None:
    ranked = np.array([[1, -1, -1], [0, 1, -1], [0, -1, -1]])
    assert problem("map@3").value(np.array([1, 1, 1]), ranked) == pytest.approx((1 + 0.5 + 0) / 3)


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("Categorization Accuracy", "accuracy"),
        ("CategorizationAccuracy", "accuracy"),
        ("Mean Columnwise RMSLE (MCRMSLE)", "rmsle"),
        ("AUC (ROC)", "auc"),
        ("R2Score", "r2"),
        ("MAP@3 (mean average precision)", "map@3"),
        ("Quadratic Weighted Kappa (QWK)", "quadratic weighted kappa"),
        ("MulticlassLoss", "log loss"),
        ("LogLoss", "log loss"),
        ("log_loss", "log loss"),
        ("ROC AUC Score", "auc"),
        ("Area Under Receiver Operating Characteristic Curve", "auc"),
        ("MeanFScore", "f1 micro"),
        ("F1-Score", "f1"),
        ("Macro F1 Score", "f1 macro"),
        ("Matthews Correlation Coefficient", "mcc"),
        ("QuadraticWeightedKappa", "quadratic weighted kappa"),
        ("Quadratic Kappa", "quadratic weighted kappa"),
        ("Root Mean Squared Error", "rmse"),
        ("RootMeanSquaredLogarithmicError", "rmsle"),
        ("MCRMSLE", "rmsle"),
        ("Mean Absolute Error", "mae"),
        ("R² Score", "r2"),
        ("MAP@3", "map@3"),
        ("mapk 5", "map@5"),
        ("Mean Average Precision @ 12", "map@12"),
    ],
)
def test_kaggles_spellings_are_known(spelled: str, name: str) -> None:
    assert find_metric(spelled).name == name


def test_no_spelling_means_two_metrics() -> None:
    for metric in METRICS:
        for name in (metric.name, *metric.known_as):
            assert find_metric(name) is metric
    assert find_metric("MAP@3") is find_metric("map 3")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("acuracy", "Did you mean 'accuracy'"),
        ("xyz", "Known are"),
        ("map@0", "map@k"),
        ("", "Know"),
    ],
)
def test_an_unknown_metric_is_a_sentence(text: str, told: str) -> None:
    with pytest.raises(PodiumError, match=told):
        find_metric(text)
