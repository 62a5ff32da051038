"""Every pipeline in the registry keeps scikit-learn's contract, on real digits."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from sklearn.base import clone

from competition import PodiumError
from competition.data.dataset import Dataset
from pipelines.base import available_pipelines, chosen_pipelines, load_pipeline, suggested
from pipelines.metrics import score
from pipelines.saved_models import dump_model, load_model
from pipelines.search.coordinator import tune
from pipelines.search.plan import Plan

TOLERANCE = {
    "cnn": 0.05,
    "mlp": 0.05,
}  # probabilities of networks move with the order of parallel sums

# Of parameters that the step of the estimator which takes them calls otherwise.
ESTIMATORS_NAME = {"trees": "n_estimators", "pairs": "cells"}


@pytest.mark.parametrize("name", available_pipelines())
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


@pytest.mark.parametrize("name", available_pipelines())
def test_estimators_keep_the_contract(name: str, optical: Dataset, tmp_path: Path) -> None:
    pipeline = load_pipeline(name)
    params = suggested(pipeline, pipeline.shipped()[0].params)
    images, labels = np.asarray(optical.train_images), np.asarray(optical.train_labels)
    train, rest = slice(0, 900), slice(900, None)
    estimator = pipeline.build(params, seed=3)
    twin = clone(estimator)
    assert repr(twin.get_params()) == repr(estimator.get_params())  # type: ignore[attr-defined]

    probabilities = estimator.fit(images[train], labels[train]).predict_proba(images[rest])
    assert probabilities.dtype in (np.float32, np.float64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-3)
    assert score(probabilities, labels[rest]).accuracy > 0.8
    np.testing.assert_array_equal(estimator.classes_, np.arange(10))  # type: ignore[attr-defined]

    again = pickle.loads(pickle.dumps(estimator)).predict_proba(images[rest])
    np.testing.assert_allclose(again, probabilities, atol=1e-5)

    saved = tmp_path / "model.skops"
    saved.write_bytes(dump_model(estimator))
    read = load_model(saved).predict_proba(images[rest])
    np.testing.assert_allclose(read, probabilities, atol=1e-5)

    same_seed = twin.fit(images[train], labels[train]).predict_proba(images[rest])
    np.testing.assert_allclose(same_seed, probabilities, atol=TOLERANCE.get(name, 1e-6))

    few = labels < 3
    refitted = estimator.fit(images[few], labels[few]).predict_proba(images[few])
    assert refitted.shape == (few.sum(), 3)


@pytest.mark.parametrize("name", available_pipelines())
@pytest.mark.parametrize("side", [8, 21])
def test_any_square_side(name: str, side: int, optical: Dataset) -> None:
    import cv2

    pipeline = load_pipeline(name)
    params = suggested(pipeline, pipeline.shipped()[0].params)
    images = np.stack([cv2.resize(image, (side, side)) for image in optical.train_images[:600]])
    labels = np.asarray(optical.train_labels[:600])
    estimator = pipeline.build(params, seed=0).fit(images[:450], labels[:450])
    assert score(estimator.predict_proba(images[450:]), labels[450:]).accuracy > 0.8


@pytest.mark.parametrize("name", available_pipelines())
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


@pytest.mark.parametrize("name", available_pipelines())
def test_an_estimator_of_a_wrong_parameter_is_a_sentence_when_it_is_fitted(name: str) -> None:
    pipeline = load_pipeline(name)
    images = np.random.default_rng(0).integers(0, 256, (30, 12, 12), dtype=np.uint8)
    params = suggested(pipeline, pipeline.shipped()[0].params)
    for parameter, right in params.items():
        called = ESTIMATORS_NAME.get(parameter, parameter)
        for wrong in wrong_values(right):
            with pytest.raises(PodiumError, match=f"^The '{called}' parameter .*must be .*, not "):
                pipeline.build(params | {parameter: wrong}, 0).fit(images, np.arange(30) % 3)


@pytest.mark.parametrize("name", available_pipelines())
def test_a_class_with_fewer_rows_than_folds_is_a_sentence(
    name: str, make_plan_of: Callable[..., Plan], optical: Dataset
) -> None:
    scarce = np.flatnonzero(optical.train_labels == 9)[2:]
    rows = np.setdiff1d(np.arange(len(optical.train_labels)), scarce)
    data = replace(
        optical, train_images=optical.train_images[rows], train_labels=optical.train_labels[rows]
    )
    pipeline = load_pipeline(name)
    with pytest.raises(PodiumError, match="A class has only 2 training rows, and 3 folds need"):
        tune(pipeline, optuna.create_study(), make_plan_of(data=data), 5.0, lambda step: None)


@pytest.mark.parametrize("name", available_pipelines())
def test_constant_images_give_probabilities_or_a_sentence(name: str) -> None:
    pipeline = load_pipeline(name)
    images, labels = np.zeros((120, 12, 12), np.uint8), np.arange(120) % 3
    estimator = pipeline.build(suggested(pipeline, pipeline.shipped()[0].params), seed=0)
    try:
        probabilities = estimator.fit(images, labels).predict_proba(images[:5])
    except PodiumError:
        return
    assert probabilities.shape == (5, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("name", available_pipelines())
@pytest.mark.parametrize(
    ("shape", "dtype", "labels"),
    [
        ((30, 0, 0), np.uint8, np.arange(30) % 3),
        ((0, 12, 12), np.uint8, np.arange(0)),
        ((30, 12, 12), np.float32, np.arange(30) % 3),
        ((30, 12, 12), np.uint8, np.arange(20) % 3),
        ((30, 12, 12), np.uint8, np.zeros(30, int)),
    ],
    ids=["no pixels", "no images", "no uint8", "a label too few", "one class"],
)
def test_nothing_to_learn_from_is_a_sentence(
    name: str, shape: tuple[int, ...], dtype: type, labels: np.ndarray
) -> None:
    pipeline = load_pipeline(name)
    estimator = pipeline.build(suggested(pipeline, pipeline.shipped()[0].params), seed=0)
    with pytest.raises(PodiumError, match="these are"):
        estimator.fit(np.zeros(shape, dtype), labels)


@pytest.mark.parametrize("name", sorted({*available_pipelines()} - {"cnn", "logistic", "mlp"}))
def test_a_side_that_features_cannot_be_taken_of_is_a_sentence(name: str) -> None:
    pipeline = load_pipeline(name)
    estimator = pipeline.build(suggested(pipeline, pipeline.shipped()[0].params), seed=0)
    with pytest.raises(PodiumError, match=r"shape 7 × 7 .* cannot be described"):
        estimator.fit(np.zeros((30, 7, 7), np.uint8), np.arange(30) % 3)


@pytest.mark.parametrize("name", sorted({*available_pipelines()} - {"logistic"}))
def test_images_that_are_not_square_are_a_sentence(name: str) -> None:
    pipeline = load_pipeline(name)
    estimator = pipeline.build(suggested(pipeline, pipeline.shipped()[0].params), seed=0)
    with pytest.raises(PodiumError):
        estimator.fit(np.zeros((30, 12, 10), np.uint8), np.arange(30) % 3)


def test_an_unknown_pipeline_is_a_sentence() -> None:
    with pytest.raises(PodiumError, match=r"no pipeline 'kmeans': known are cnn, .*knn, logistic"):
        chosen_pipelines("knn kmeans")


def test_all_pipelines_are_chosen_by_default_and_deep_ones_come_last() -> None:
    names = [pipeline.name for pipeline in chosen_pipelines("")]
    assert sorted(names) == available_pipelines()
    assert names[-1] == "cnn"
    assert {p.name for p in chosen_pipelines("knn, logistic")} == {"knn", "logistic"}
