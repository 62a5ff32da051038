"""Every pipeline for tables keeps scikit-learn's contract, on a table of all kinds of columns."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from sklearn.base import clone, is_classifier, is_regressor

from competition.errors import PodiumError
from competition.problem.targets import Kind
from pipelines.base import available_pipelines, load_pipeline, suggested
from tests.pipelines.tables import ROWS, TEST, Made

NAMES = available_pipelines("tables")
TRAIN, REST = np.arange(0, ROWS, 2), np.arange(1, ROWS, 2)
QUICK: dict[str, Any] = {"rounds": 50, "trees": 100, "learning_rate": 0.2, "bags": 1}
DEEP: dict[str, Any] = {"epochs": 15, "width": 64, "members": 1}
FITTED = [  # a network takes its time
    pytest.param(name, marks=pytest.mark.long) if load_pipeline(name, "tables").deep else name
    for name in NAMES
]


def fast(name: str) -> Any:
    """Return the parameters of a pipeline's last shipped point, made fast."""
    pipeline = load_pipeline(name, "tables")
    point = pipeline.shipped()[-1].params
    faster = DEEP if pipeline.deep else QUICK
    return point | {key: value for key, value in faster.items() if key in point}


def quick(name: str, *, numbers: bool, seed: int = 0, **params: Any) -> Any:
    pipeline = load_pipeline(name, "tables")
    wanted = suggested(pipeline, fast(name) | params)
    return (pipeline.build_regressor if numbers else pipeline.build)(wanted, seed)


def everything(name: str) -> dict[str, bool]:
    """Return that all features that a pipeline may see are seen."""
    point = load_pipeline(name, "tables").shipped()[0].params
    views = ("trends", "topics", "codes", "counts", "groups", "pairs", "crossings")
    return dict.fromkeys([view for view in views if view in point], True)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_points_lie_in_the_search_space(name: str) -> None:
    pipeline = load_pipeline(name, "tables")
    points = pipeline.shipped()
    assert points
    for point in points:
        study = optuna.create_study()
        study.enqueue_trial(point.params)
        trial = study.ask()
        assert pipeline.suggest(trial) == suggested(pipeline, point.params)
        assert trial.params == point.params


@pytest.mark.parametrize("name", NAMES)
def test_the_cost_of_a_fit_follows_its_parameters(name: str) -> None:
    pipeline = load_pipeline(name, "tables")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    costs = [pipeline.cost(pipeline.suggest(study.ask())) for _ in range(20)]
    assert min(costs) > 0
    assert max(costs) > 2 * min(costs)


@pytest.mark.parametrize("name", NAMES)
def test_ordered_classes_are_learnt_as_numbers(name: str) -> None:
    pipeline = load_pipeline(name, "tables")
    kinds = (Kind.CLASSES, Kind.NUMBERS, Kind.ORDERED)
    assert [pipeline.classifies(kind) for kind in kinds] == [True, False, False]


@pytest.mark.long
@pytest.mark.parametrize("name", FITTED)
def test_classifiers_keep_the_contract(name: str, made: Made) -> None:
    labels = 2 * made.labels + 1
    estimator = quick(name, numbers=False, seed=3)
    twin = clone(estimator)
    assert is_classifier(estimator)
    probabilities = estimator.fit(made.train(TRAIN), labels[TRAIN]).predict_proba(made.train(REST))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-3)
    assert estimator.classes_.tolist() == [1, 3, 5]
    right = (estimator.predict(made.train(REST)) == labels[REST]).mean()
    assert right > 0.44  # of a constant: 0.4
    again = pickle.loads(pickle.dumps(estimator)).predict_proba(made.train(REST))
    np.testing.assert_allclose(again, probabilities, atol=1e-5)
    same = twin.fit(made.train(TRAIN), labels[TRAIN]).predict_proba(made.train(REST))
    np.testing.assert_allclose(same, probabilities, atol=0.02 if name == "mlp" else 1e-4)
    assert estimator.predict_proba(made.test()).shape == (TEST, 3)


@pytest.mark.long
@pytest.mark.parametrize("name", FITTED)
def test_regressors_keep_the_contract_with_all_features(name: str, made: Made) -> None:
    values = 1e6 + 100 * made.signal
    estimator = quick(name, numbers=True, seed=3, **everything(name))
    assert is_regressor(estimator)
    several = np.stack([values, -made.signal], axis=1)
    both = estimator.fit(made.train(TRAIN), several[TRAIN]).predict(made.train(REST))
    assert both.shape == (len(REST), 2)
    for column in range(2):
        error = np.sqrt(np.mean((both[:, column] - several[REST, column]) ** 2))
        assert error < 0.92 * several[:, column].std()
    assert estimator.predict(made.test()).shape == (TEST, 2)


@pytest.mark.long
@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize("numbers", [False, True])
def test_tables_that_say_little_or_too_much(name: str, numbers: bool, made: Made) -> None:
    """A class of two rows, one kind of number, columns that are empty where it matters."""
    labels = np.zeros(ROWS, int)
    labels[[0, 2]] = 1
    made.matrix[:, 0] = 5.0
    made.matrix[:ROWS, 1] = np.nan
    made.matrix[: ROWS // 2, 2] = np.nan
    truth = labels.astype(float) if numbers else labels
    few = np.arange(0, 60)
    estimator = quick(name, numbers=numbers)
    try:
        estimator.fit(made.train(few), truth[few])
    except PodiumError:
        assert name == "svm"  # which learns probabilities on inner folds
        return
    given = (estimator.predict if numbers else estimator.predict_proba)(made.test())
    assert len(given) == TEST and np.isfinite(given).all()


@pytest.mark.long
@pytest.mark.parametrize("columns", ["kind", "kind town", "number", "when", "said", "size"])
@pytest.mark.parametrize("name", FITTED)
def test_every_shipped_point_learns_from_columns_of_one_kind(
    name: str, columns: str, made: Made
) -> None:
    made.keep(*columns.split())
    made.matrix = np.nan_to_num(made.matrix)  # how many gaps a row has would be a number
    pipeline = load_pipeline(name, "tables")
    few = TRAIN[:80]
    fewer = {"rounds": 5, "trees": 5, "epochs": 1, "members": 1, "bags": 1}
    for point in pipeline.shipped():
        params = suggested(pipeline, point.params)
        params |= {key: fewer[key] for key in fewer if key in params}
        estimator = pipeline.build(params, 0)
        given = estimator.fit(made.train(few), made.labels[few]).predict_proba(made.test())
        assert given.shape == (TEST, 3) and np.isfinite(given).all()


@pytest.mark.parametrize("name", FITTED)
def test_equal_numbers_are_predicted_as_they_are(name: str, made: Made) -> None:
    estimator = quick(name, numbers=True).fit(made.train(TRAIN), np.full(len(TRAIN), 0.1))
    np.testing.assert_allclose(estimator.predict(made.test()), 0.1, atol=1e-3)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in NAMES if name != "mlp"])
def test_every_choice_can_be_fitted(name: str, made: Made) -> None:
    """Each value of each choice of the search space, for classes and for numbers, in few rounds."""
    pipeline = load_pipeline(name, "tables")
    params = fast(name)
    trial = optuna.trial.FixedTrial(params)
    pipeline.suggest(trial)
    few = TRAIN[:100]
    short = {key: 5 for key in ("rounds", "trees") if key in params}
    for parameter, allowed in trial.distributions.items():
        if not isinstance(allowed, CategoricalDistribution):
            continue
        for value in allowed.choices:
            if params[parameter] == value or parameter in everything(name):
                continue
            wanted = suggested(pipeline, params | {parameter: value}) | short
            for build, truth in (
                (pipeline.build, made.labels[few]),
                (pipeline.build_regressor, made.signal[few]),
            ):
                build(wanted, 0).fit(made.train(few), truth)


NOTHING: dict[str, tuple[Any, Any]] = {
    "no rows": (np.zeros((0, 3)), np.zeros(0)),
    "no columns": (np.zeros((30, 0)), np.arange(30) % 3),
    "no table": (np.zeros((30, 3, 3)), np.arange(30) % 3),
    "texts": (np.full((30, 3), "a"), np.arange(30) % 3),
    "a truth too few": (np.zeros((30, 3)), np.arange(20) % 3),
}


@pytest.mark.parametrize("numbers", [False, True])
def test_nothing_to_learn_from_is_a_sentence(numbers: bool) -> None:
    wrong = np.full(30, np.nan) if numbers else np.zeros(30, int)
    for rows, truth in [*NOTHING.values(), (np.zeros((30, 3)), wrong)]:
        with pytest.raises(PodiumError, match="these are"):
            quick("linear", numbers=numbers).fit(rows, truth)


def test_rows_of_another_table_are_a_sentence(made: Made) -> None:
    estimator = quick("linear", numbers=True).fit(made.train(), made.signal)
    with pytest.raises(PodiumError, match="of another table"):
        estimator.predict(np.zeros((3, 2)))
