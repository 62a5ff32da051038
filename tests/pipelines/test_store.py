"""What was predicted is found again, never mixed up, and never half there."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pipelines.base import load_pipeline
from pipelines.evaluation import FitRequest, FitResult, fit_fold
from pipelines.plan import Plan
from pipelines.store import Store

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
