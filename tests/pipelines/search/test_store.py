"""What was fitted is found again, never mixed up, and never half there."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from competition.errors import PodiumError
from pipelines.base import load_pipeline
from pipelines.saved_models import load_model, saved_models
from pipelines.search.fit import FitRequest, FitResult, Task, fit_fold, predict
from pipelines.search.makers import maker_of
from pipelines.search.plan import Plan
from pipelines.search.store import Store
from pipelines.search.studies.study import study_name
from pipelines.search.trial import join_folds
from tests.pipelines.search.here import plan_here

PARAMS = {"C": 0.1, "max_iter": 20}
SCORED = np.full((3, 10), 0.1, dtype=np.float32)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_here(tmp_path)


def request_of(plan: Plan, **fields: object) -> FitRequest:
    request = FitRequest(plan.task(load_pipeline("logistic"), PARAMS), 0)
    return replace(request, **fields)  # type: ignore[arg-type]


def result(**maker: str) -> FitResult:
    return FitResult(SCORED, None, 1.0, 1.0, maker=maker_of("logistic", "images") | maker)


def test_a_fit_is_found_again(plan: Plan) -> None:
    request = request_of(plan, want_test=True)
    assert plan.store.load(request) is None
    made = fit_fold(request)
    plan.store.save(request, made)
    again = plan.store.load(request)
    assert again is not None and again.test is not None and made.test is not None
    np.testing.assert_array_equal(again.scored, made.scored)
    np.testing.assert_array_equal(again.test, made.test)
    assert (again.maker, again.fit_seconds) == (made.maker, made.fit_seconds)


def test_a_fit_without_test_predictions_does_not_meet_a_wish_for_them(plan: Plan) -> None:
    plan.store.save(request_of(plan), result())
    assert plan.store.load(request_of(plan)) is not None
    assert plan.store.load(request_of(plan, want_test=True)) is None
    assert plan.store.load(request_of(plan, train_rows=100)) is None
    assert plan.store.load(request_of(plan, fold=1)) is None


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY"])
def test_a_damaged_file_counts_as_not_done(plan: Plan, damage: bytes) -> None:
    plan.store.save(request_of(plan), result())
    (path,) = plan.store.root.rglob("*.npz")
    path.write_bytes(damage)
    assert plan.store.load(request_of(plan)) is None
    assert not plan.store.has([request_of(plan)])


@pytest.mark.parametrize("other", [{"scikit-learn": "0.1"}, {"code": "f00"}, {"python": "3.1"}])
def test_a_fit_of_other_code_or_libraries_counts_as_not_done_and_is_told_of_once(
    plan: Plan, other: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    plan.store.save(request_of(plan), result(**other))
    assert plan.store.load(request_of(plan)) is None
    assert not plan.store.has([request_of(plan)])
    (line,) = caplog.messages
    assert "logistic were made by other code or libraries" in line and next(iter(other)) in line
    plan.store.save(request_of(plan), result())
    assert plan.store.load(request_of(plan)) is not None


def test_a_fit_of_another_number_format_is_found_and_not_joined_with_others(plan: Plan) -> None:
    for fold in range(3):
        scored = np.full((int((plan.dealt.assigned == fold).sum()), 10), 0.1, np.float32)
        made = replace(result(**{"number format": f"float{16 if fold else 32}"}), scored=scored)
        plan.store.save(request_of(plan, fold=fold), made)
    found = {fold: plan.store.load(request_of(plan, fold=fold)) for fold in range(3)}
    known = {fold: one for fold, one in found.items() if one is not None}
    assert len(known) == 3
    with pytest.raises(PodiumError, match="different makers: number format float32 and float16"):
        join_folds(known, plan.dealt)


def test_a_missing_fold_is_an_error_and_never_filled(plan: Plan) -> None:
    parts = {
        fold: replace(
            result(), scored=np.full((int((plan.dealt.assigned == fold).sum()), 10), fold)
        )
        for fold in range(3)
    }
    joined = join_folds(parts, plan.dealt)
    np.testing.assert_array_equal(joined[:, 0], plan.dealt.assigned)
    with pytest.raises(PodiumError, match="Fold 1 is missing"):
        join_folds({0: parts[0], 2: parts[2]}, plan.dealt)
    short = replace(parts[1], scored=parts[1].scored[:-1])
    with pytest.raises(PodiumError, match="Fold 1 has predictions"):
        join_folds(parts | {1: short}, plan.dealt)


def variants(task: Task) -> dict[str, Task]:
    return {
        "nothing": task,
        "a parameter": replace(task, params={**PARAMS, "C": 0.2}),
        "the seed": replace(task, seed=1),
        "the folds' seed": replace(task, folds=replace(task.folds, seed=1)),
        "the folds' count": replace(task, folds=replace(task.folds, count=4)),
        "the pipeline": replace(task, pipeline="knn"),
        "the kind": replace(
            task, competition=replace(task.competition, metric="quadratic weighted kappa")
        ),
        "numbers": replace(task, competition=replace(task.competition, metric="rmse")),
        "the scale": replace(task, competition=replace(task.competition, metric="rmsle")),
    }


def test_the_key_tells_apart_all_that_decides_the_content(plan: Plan) -> None:
    different = variants(request_of(plan).task)
    keys = {name: plan.store.key(task) for name, task in different.items()}
    keys["the data"] = Store(plan.store.root, "other data").key(different["nothing"])
    assert len(set(keys.values())) == len(keys)


def test_the_key_and_the_study_do_not_change_with_what_does_not_decide(plan: Plan) -> None:
    """A new title or allowance must not orphan a night of tuning."""
    task = request_of(plan).task
    edited = replace(plan.competition, title="Another", daily_submissions=9, public_share=0.5)
    same = [
        replace(task, params=dict(reversed(PARAMS.items()))),
        replace(task, competition=edited),
        replace(task, folder=Path("/elsewhere")),
        replace(task, competition=replace(edited, metric="log loss")),  # learnt in the same way
    ]
    assert {plan.store.key(one) for one in same} == {plan.store.key(task)}
    pipeline = load_pipeline("logistic")
    name = study_name(plan, pipeline)
    there = replace(plan, workspace=replace(plan.workspace, competition=edited))
    assert study_name(there, pipeline) == name
    by_loss = replace(plan.workspace, competition=replace(edited, metric="log loss"))
    assert study_name(replace(plan, workspace=by_loss), pipeline) != name


def test_the_first_folds_model_is_kept_until_its_configuration_is_dropped(plan: Plan) -> None:
    request = request_of(plan, want_test=True)
    made = fit_fold(request)
    plan.store.save(request, made)
    (kept,) = saved_models(plan.store.root.parent)
    assert (kept.pipeline, kept.key) == ("logistic", plan.store.key(request.task))
    left_out = plan.data.train[plan.dealt.assigned == 0]
    again = predict(load_model(kept.path), left_out, plan.problem, classifies=True)
    np.testing.assert_allclose(again, made.scored, atol=1e-6)

    plan.store.drop_models("logistic", {kept.key})
    assert plan.store.load(request) is not None
    plan.store.drop_models("logistic", set())
    assert saved_models(plan.store.root.parent) == []
    assert plan.store.load(request) is None  # a column needs it, so this fold is fitted again
    assert plan.store.load(replace(request, want_test=False)) is not None


def test_a_model_that_is_too_large_is_told_of(plan: Plan, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    store = Store(plan.store.root, plan.store.fingerprint, most_bytes=10)
    store.save(request_of(plan), replace(result(), model=b"0" * 11))
    assert "the model of logistic" in caplog.text
