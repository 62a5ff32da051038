"""What nothing needs is deleted, what something needs is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from competition.errors import PodiumError
from pipelines.base import load_pipeline
from pipelines.columns import read_columns
from pipelines.search.cleaning import clean
from pipelines.search.coordinator import tune
from pipelines.search.plan import Plan
from pipelines.search.studies import owners
from pipelines.search.studies.study import (
    best_trials,
    open_storage,
    open_study,
    sole_coordinator,
)
from tests.pipelines.search.here import Here, made_up, plan_here

LOGISTIC = load_pipeline("logistic")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan with a tuned grid: five completed trials and one that waits."""
    plan = plan_here(tmp_path, place=Here(made_up))
    study = open_study(open_storage(plan.workspace.database), plan, LOGISTIC)
    tune(LOGISTIC, study, plan, 600.0, lambda step: None, sampler="grid")
    return plan


def keys(plan: Plan) -> set[str]:
    return {path.name for path in (plan.store.root / "logistic").iterdir()}


def ranked(plan: Plan) -> list[str]:
    study = open_study(open_storage(plan.workspace.database), plan, LOGISTIC)
    completed = [trial for trial in study.get_trials() if trial.value is not None]
    return [trial.user_attrs["key"] for trial in best_trials(completed, plan)]


def test_the_best_trials_the_blends_columns_and_what_no_study_knows_are_kept(plan: Plan) -> None:
    order = ranked(plan)
    assert len(order) == len(keys(plan)) == 5
    stranger = plan.store.root / "logistic" / "0123456789abcdef"
    stranger.mkdir()
    (stranger / "fold-0.npz").write_bytes(b"of another database")
    before = {path: path.read_bytes() for path in plan.store.root.rglob("*.*")}

    planned = clean(plan.workspace, [order[4]], dry_run=True)
    assert keys(plan) == {*order, stranger.name}
    freed = clean(plan.workspace, [order[4]])
    assert freed == planned
    assert freed.configurations == 1 and freed.files == 3 and freed.megabytes > 0
    assert keys(plan) == {*order[:3], order[4], stranger.name}
    after = {path: path.read_bytes() for path in plan.store.root.rglob("*.*")}
    assert after.items() < before.items()
    assert clean(plan.workspace, [order[4]]).files == 0


@pytest.mark.long
def test_what_is_not_finished_is_kept_and_the_next_run_fits_nothing_again(plan: Plan) -> None:
    order = ranked(plan)
    study = open_study(open_storage(plan.workspace.database), plan, LOGISTIC)
    worst = next(trial for trial in study.trials if trial.user_attrs["key"] == order[4])
    owners.enqueue(study, worst.params, key=order[4])
    clean(plan.workspace, [])
    assert keys(plan) == {*order[:3], order[4]}
    (column,) = read_columns(plan.store.root, plan.data.fingerprint, "accuracy")
    place = Here(made_up)
    tune(LOGISTIC, study, replace(plan, place=place), 600.0, lambda step: None, sampler="grid")
    assert place.requests == []
    assert column.oof().shape == (120, 10)


def test_nothing_is_deleted_while_a_run_is_at_work_nor_where_nothing_was_tuned(
    plan: Plan, tmp_path: Path
) -> None:
    with (
        sole_coordinator(plan.workspace.runs),
        pytest.raises(PodiumError, match="Another make tune is at work"),
    ):
        clean(plan.workspace, [])
    assert len(keys(plan)) == 5
    assert clean(plan_here(tmp_path / "new").workspace, []).files == 0
