"""What was predicted is found again, never mixed up, and never half there."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pipelines import store
from pipelines.base import load_pipeline
from pipelines.saved_models import load_model, saved_models
from pipelines.search.fit import FitRequest, FitResult, fit_fold
from pipelines.search.plan import Plan
from pipelines.search.store import Store

PARAMS = {"C": 0.1, "max_iter": 20}


@pytest.fixture
def plan(make_plan_of: Callable[..., Plan]) -> Plan:
    return make_plan_of()


def request_of(plan: Plan, **fields: object) -> FitRequest:
    request = FitRequest(plan.task(load_pipeline("logistic"), PARAMS), 0)
    return replace(request, **fields)  # type: ignore[arg-type]


def test_a_fit_is_found_again(plan: Plan) -> None:
    request = request_of(plan, want_test=True)
    assert plan.store.load(request) is None
    result = fit_fold(request)
    plan.store.save(request, result)
    again = plan.store.load(request)
    assert again is not None and again.test is not None and result.test is not None
    np.testing.assert_array_equal(again.scored, result.scored)
    np.testing.assert_array_equal(again.test, result.test)


def test_a_fit_without_test_predictions_does_not_meet_a_wish_for_them(plan: Plan) -> None:
    scored = np.full((3, 10), 0.1, dtype=np.float32)
    plan.store.save(request_of(plan), FitResult(scored, None, 1.0, 1.0))
    assert plan.store.load(request_of(plan)) is not None
    assert plan.store.load(request_of(plan, want_test=True)) is None
    assert plan.store.load(request_of(plan, train_rows=100)) is None
    assert plan.store.load(request_of(plan, fold=1)) is None


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY"])
def test_a_damaged_file_counts_as_not_done(plan: Plan, damage: bytes) -> None:
    scored = np.full((3, 10), 0.1, dtype=np.float32)
    plan.store.save(request_of(plan), FitResult(scored, None, 1.0, 1.0))
    (path,) = plan.store.root.rglob("*.npz")
    path.write_bytes(damage)
    assert plan.store.load(request_of(plan)) is None


def test_the_key_tells_everything_apart_that_decides_the_content(plan: Plan) -> None:
    task = request_of(plan).task
    variants = [
        task,
        replace(task, params={**PARAMS, "C": 0.2}),
        replace(task, seed=1),
        replace(task, folds=replace(task.folds, seed=1)),
        replace(task, folds=replace(task.folds, count=4)),
        replace(task, pipeline="knn"),
    ]
    keys = {plan.store.key(variant) for variant in variants}
    keys.add(Store(plan.store.root, "other data").key(task))
    assert len(keys) == len(variants) + 1
    reordered = replace(task, params=dict(reversed(PARAMS.items())))
    assert plan.store.key(reordered) == plan.store.key(task)


def test_only_whole_columns_of_the_same_data_are_listed(plan: Plan) -> None:
    task = request_of(plan).task
    oof = np.full((6, 10), 0.1, dtype=np.float32)
    facts = {"oof_accuracy": 0.5, "oof_log_loss": 1.0}
    column = plan.store.finish(task, oof, oof[:2], facts)
    assert [found.key for found in plan.store.columns()] == [column.key]
    np.testing.assert_array_equal(column.test(), oof[:2])
    assert Store(plan.store.root, "other data").columns() == []
    manifest = json.loads((column.folder / "manifest.json").read_text())
    assert manifest["params"] == PARAMS
    assert {"versions", "commit", "seed", "folds", "data", "created"} <= manifest.keys()
    (column.folder / "manifest.json").unlink()
    assert plan.store.columns() == []


def test_the_first_folds_model_is_kept_until_its_configuration_is_dropped(plan: Plan) -> None:
    request = request_of(plan, want_test=True)
    result = fit_fold(request)
    plan.store.save(request, result)
    (kept,) = saved_models(plan.store.root.parent)
    assert (kept.pipeline, kept.key) == ("logistic", plan.store.key(request.task))
    images = np.asarray(plan.data.train_images)
    left_out = plan.folds.assign(plan.data.train_labels) == 0
    again = load_model(kept.path).predict_proba(images[left_out])
    np.testing.assert_allclose(again, result.scored, atol=1e-6)

    plan.store.drop_models("logistic", {kept.key})
    assert plan.store.load(request) is not None
    plan.store.drop_models("logistic", set())
    assert saved_models(plan.store.root.parent) == []
    assert plan.store.load(request) is None  # a column needs it, so this fold is fitted again
    assert plan.store.load(replace(request, want_test=False)) is not None


def test_a_model_that_is_too_large_is_told_of(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store, "MOST_BYTES", 10)
    scored = np.full((3, 10), 0.1, dtype=np.float32)
    plan.store.save(request_of(plan), FitResult(scored, None, 1.0, 1.0, b"0" * 11))
    assert "the model of logistic" in caplog.text
