"""Every pipeline in the registry keeps scikit-learn's contract, on real digits."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from sklearn.base import clone, is_classifier, is_regressor

from competition.errors import PodiumError
from competition.spec import Competition, load_competition
from pipelines.base import available_pipelines, chosen_pipelines, load_pipeline, suggested
from pipelines.saved_models import dump_model, load_model
from tests.pipelines.digits import digits, quick_estimator

NAMES = available_pipelines()
# Every pipeline with each kind of truth that it learns.
CASES = [(name, False) for name in NAMES] + [
    (name, True) for name in NAMES if load_pipeline(name).takes_numbers
]
LEARNERS = {  # those of each kind of truth; a network takes its time
    kind: [
        pytest.param(name, marks=pytest.mark.long) if load_pipeline(name).deep else name
        for name, numbers in CASES
        if numbers == (kind == "numbers")
    ]
    for kind in ("classes", "numbers")
}
SHALLOW = [(name, numbers) for name, numbers in CASES if not load_pipeline(name).deep]
DEEP = [pytest.param(*case, marks=pytest.mark.long) for case in (("mlp", False), ("cnn", True))]

# Predictions of networks move with the order of parallel sums.
TOLERANCE = {"cnn": 0.05, "mlp": 0.05}

# Of parameters that the step of the estimator which takes them calls otherwise.
ESTIMATORS_NAME = {"trees": "n_estimators", "pairs": "cells"}

# Parameters that have no part in learning numbers.
OF_CLASSES_ALONE = {("svm", "slope")}


def rmse(predicted: np.ndarray, values: np.ndarray) -> float:
    return float(np.sqrt(np.mean((predicted - values) ** 2)))


@pytest.mark.parametrize("name", NAMES)
def test_shipped_points_lie_in_the_search_space(name: str) -> None:
    pipeline = load_pipeline(name)
    points = pipeline.shipped()
    assert points
    assert [point.cost for point in points] == sorted(point.cost for point in points)
    for point in points:
        study = optuna.create_study()
        study.enqueue_trial(point.params)
        trial = study.ask()
        assert pipeline.suggest(trial) == suggested(pipeline, point.params)
        assert trial.params == point.params


@pytest.mark.parametrize("name", NAMES)
def test_the_cost_of_a_fit_follows_its_parameters(name: str) -> None:
    pipeline = load_pipeline(name)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    costs = [pipeline.cost(pipeline.suggest(study.ask())) for _ in range(20)]
    assert min(costs) > 0
    assert max(costs) > 2 * min(costs)


@pytest.mark.long
@pytest.mark.parametrize("name", LEARNERS["classes"])
def test_classifiers_keep_the_contract(name: str, tmp_path: Path) -> None:
    images, labels = digits()
    train, rest = slice(0, 600), slice(600, 900)
    labels = 2 * labels + 1  # classes need not count from 0
    estimator = quick_estimator(load_pipeline(name), seed=3)
    twin = clone(estimator)
    assert is_classifier(estimator)
    assert repr(twin.get_params()) == repr(estimator.get_params())

    probabilities = estimator.fit(images[train], labels[train]).predict_proba(images[rest])
    assert probabilities.dtype in (np.float32, np.float64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-3)
    np.testing.assert_array_equal(estimator.classes_, 2 * np.arange(10) + 1)
    guesses = estimator.predict(images[rest])
    assert (guesses == estimator.classes_[probabilities.argmax(axis=1)]).mean() > 0.99
    assert (guesses == labels[rest]).mean() > 0.8

    for again in (pickle.loads(pickle.dumps(estimator)), saved_and_read(estimator, tmp_path)):
        np.testing.assert_allclose(again.predict_proba(images[rest]), probabilities, atol=1e-5)
    same_seed = twin.fit(images[train], labels[train]).predict_proba(images[rest])
    np.testing.assert_allclose(same_seed, probabilities, atol=TOLERANCE.get(name, 1e-6))

    if name != "cnn":  # whose own tests take fewer classes, and whose fits take their time
        few = np.flatnonzero(labels < 7)[:200]
        assert estimator.fit(images[few], labels[few]).predict_proba(images[few]).shape == (200, 3)


@pytest.mark.long
@pytest.mark.parametrize("name", LEARNERS["numbers"])
def test_regressors_keep_the_contract(name: str, tmp_path: Path) -> None:
    images, labels = digits()
    values = 100.0 + 10 * labels  # far from mean 0 and deviation 1
    train, rest = slice(0, 600), slice(600, 900)
    estimator = quick_estimator(load_pipeline(name), numbers=True, seed=3)
    twin = clone(estimator)
    assert is_regressor(estimator)
    assert repr(twin.get_params()) == repr(estimator.get_params())

    predicted = estimator.fit(images[train], values[train]).predict(images[rest])
    assert predicted.shape == (300,)
    assert rmse(predicted, values[rest]) < 0.7 * values.std()

    for again in (pickle.loads(pickle.dumps(estimator)), saved_and_read(estimator, tmp_path)):
        np.testing.assert_allclose(again.predict(images[rest]), predicted, atol=1e-2)
    same_seed = twin.fit(images[train], values[train]).predict(images[rest])
    np.testing.assert_allclose(same_seed, predicted, atol=60 * TOLERANCE.get(name, 1e-6))

    several = np.stack([values, -labels / 1000], axis=1)
    both = estimator.fit(images[:300], several[:300]).predict(images[rest])
    assert both.shape == (300, 2)
    for column in range(2):
        assert np.corrcoef(both[:, column], several[rest, column])[0, 1] > 0.5


def saved_and_read(estimator: Any, folder: Path) -> Any:
    """Return an estimator as it comes back from its file."""
    saved = folder / "model.skops"
    saved.write_bytes(dump_model(estimator))
    return load_model(saved)


@pytest.mark.long
@pytest.mark.parametrize(("name", "numbers"), SHALLOW)  # networks have a test of their own
@pytest.mark.parametrize(("side", "colour"), [(8, False), (21, True)])
def test_any_square_side_in_grey_or_colour(
    name: str, numbers: bool, side: int, colour: bool
) -> None:
    images, labels = digits(side, colour=colour)
    train, rest = slice(0, 600), slice(600, 900)
    estimator = quick_estimator(load_pipeline(name), numbers=numbers)
    predicted = estimator.fit(images[train], labels[train]).predict(images[rest])
    if numbers:
        assert rmse(predicted, labels[rest]) < 0.8 * labels.std()
    else:
        assert (predicted == labels[rest]).mean() > 0.8


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_that_is_missing_or_out_of_range_is_a_sentence(name: str) -> None:
    pipeline = load_pipeline(name)
    params = pipeline.shipped()[0].params
    trial = optuna.trial.FixedTrial(params)
    pipeline.suggest(trial)
    for parameter, allowed in trial.distributions.items():
        if isinstance(allowed, IntDistribution | FloatDistribution):
            wrong: list[Any] = [allowed.high + 1, allowed.low - 1]
        else:
            wrong = ["none of them"]
        for value in wrong:
            with pytest.raises(PodiumError, match=f"{name} cannot take .*{value}"):
                suggested(pipeline, params | {parameter: value})
        rest = {other: value for other, value in params.items() if other != parameter}
        with pytest.raises(PodiumError, match=f"{name} cannot take .*{parameter}"):
            suggested(pipeline, rest)


def wrong_values(value: Any) -> list[Any]:
    """Return what no parameter can be whose value may be this one."""
    match value:
        case bool() | str():
            return ["none of them", -1]
        case tuple():
            return [(-1,), [64], "none of them"]
        case _:
            return [-1, float("nan"), "none of them"]


@pytest.mark.parametrize(("name", "numbers"), CASES)
def test_an_estimator_of_a_wrong_parameter_is_a_sentence_when_it_is_fitted(
    name: str, numbers: bool
) -> None:
    pipeline = load_pipeline(name)
    build = pipeline.build_regressor if numbers else pipeline.build
    images = np.random.default_rng(0).integers(0, 256, (30, 12, 12), dtype=np.uint8)
    params = suggested(pipeline, pipeline.shipped()[0].params)
    for parameter, right in params.items():
        if numbers and (name, parameter) in OF_CLASSES_ALONE:
            continue
        called = ESTIMATORS_NAME.get(parameter, parameter)
        for wrong in wrong_values(right):
            with pytest.raises(PodiumError, match=f"^The '{called}' parameter .*must be .*, not "):
                build(params | {parameter: wrong}, 0).fit(images, np.arange(30) % 3)


@pytest.mark.parametrize(("name", "numbers"), [*SHALLOW, *DEEP])
def test_constant_images_give_predictions_or_a_sentence(name: str, numbers: bool) -> None:
    images, labels = np.zeros((120, 12, 12), np.uint8), np.arange(120) % 3
    estimator = quick_estimator(load_pipeline(name), numbers=numbers)
    try:
        estimator.fit(images, labels)
    except PodiumError:
        return
    if numbers:
        np.testing.assert_allclose(estimator.predict(images[:5]), 1, atol=0.5)
    else:
        probabilities = estimator.predict_proba(images[:5])
        assert probabilities.shape == (5, 3)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("name", [name for name, numbers in SHALLOW if numbers])
def test_equal_numbers_are_predicted_as_they_are(name: str) -> None:
    estimator = quick_estimator(load_pipeline(name), numbers=True)
    values = np.full(60, 0.1)
    np.testing.assert_allclose(
        estimator.fit(digits()[0][:60], values).predict(digits()[0][60:70]), 0.1, atol=1e-3
    )


NOTHING = {
    "no pixels": ((30, 0, 0), np.uint8, np.arange(30) % 3),
    "no images": ((0, 12, 12), np.uint8, np.arange(0)),
    "no uint8": ((30, 12, 12), np.float32, np.arange(30) % 3),
    "a truth too few": ((30, 12, 12), np.uint8, np.arange(20) % 3),
}
OF_CLASSES = {"one class": ((30, 12, 12), np.uint8, np.zeros(30, int))}
OF_NUMBERS = {"not a number": ((30, 12, 12), np.uint8, np.full(30, np.nan))}


@pytest.mark.parametrize(("name", "numbers"), CASES)
def test_nothing_to_learn_from_is_a_sentence(name: str, numbers: bool) -> None:
    estimator = quick_estimator(load_pipeline(name), numbers=numbers)
    for shape, dtype, truth in (NOTHING | (OF_NUMBERS if numbers else OF_CLASSES)).values():
        with pytest.raises(PodiumError, match="these are"):
            estimator.fit(np.zeros(shape, dtype), truth)


@pytest.mark.parametrize(("name", "numbers"), [case for case in SHALLOW if case[0] != "logistic"])
def test_a_side_that_features_cannot_be_taken_of_is_a_sentence(name: str, numbers: bool) -> None:
    estimator = quick_estimator(load_pipeline(name), numbers=numbers)
    with pytest.raises(PodiumError, match=r"shape 7 × 7 .* cannot be described"):
        estimator.fit(np.zeros((30, 7, 7), np.uint8), np.arange(30) % 3)


@pytest.mark.parametrize("shape", [(30, 12, 10), (30, 12, 12, 4)])
@pytest.mark.parametrize(("name", "numbers"), [case for case in CASES if case[0] != "logistic"])
def test_other_than_square_grey_or_colour_images_are_a_sentence(
    name: str, numbers: bool, shape: tuple[int, ...]
) -> None:
    estimator = quick_estimator(load_pipeline(name), numbers=numbers)
    with pytest.raises(PodiumError):
        estimator.fit(np.zeros(shape, np.uint8), np.arange(30) % 3)


@pytest.fixture
def competition() -> Competition:
    return load_competition("optical-digits")


def test_an_unknown_pipeline_is_a_sentence(competition: Competition) -> None:
    with pytest.raises(PodiumError, match=r"no pipeline 'kmeans' .*: known are cnn, .*logistic"):
        chosen_pipelines("knn kmeans", competition)


def test_all_pipelines_are_chosen_by_default_and_those_that_tell_most_come_first(
    competition: Competition,
) -> None:
    chosen = chosen_pipelines("", competition)
    names = [pipeline.name for pipeline in chosen.pipelines]
    assert sorted(names) == NAMES
    assert names[:4] == ["svm", "knn", "handcrafted", "cnn"]
    assert not chosen.left_out
    some = chosen_pipelines("knn, logistic", competition).pipelines
    assert {pipeline.name for pipeline in some} == {"knn", "logistic"}


def test_what_cannot_learn_numbers_is_left_out_with_a_word(competition: Competition) -> None:
    numbers = replace(competition, metric="rmse", classes=())
    chosen = chosen_pipelines("logistic knn", numbers)
    assert [pipeline.name for pipeline in chosen.pipelines] == ["knn"]
    assert chosen.left_out == {"logistic": "it cannot learn numbers"}
    with pytest.raises(PodiumError, match="logistic: it cannot learn numbers"):
        chosen_pipelines("logistic", numbers)
