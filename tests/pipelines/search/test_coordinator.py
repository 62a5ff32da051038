"""Tuning keeps to the clock, survives what fails, and ends with columns."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import TrialState

from competition.database import DatabaseFailed
from competition.errors import InfrastructureError, PodiumError
from pipelines.base import load_pipeline
from pipelines.columns import read_columns
from pipelines.execution.base import ClusterLost, WorkerLost
from pipelines.search.coordinator import PipelineFailed, tune
from pipelines.search.fit import FitRequest, FitResult
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan
from pipelines.search.progress import Progress
from pipelines.search.studies import owners
from pipelines.search.studies.study import open_storage, open_study, sole_coordinator
from tests.pipelines.search.here import Here, made_up, memory_study, plan_here

LOGISTIC = load_pipeline("logistic")


def quiet(step: Progress) -> None:
    """Say nothing."""


def key_of(request: FitRequest) -> float:
    return float(request.task.params["C"])


@pytest.mark.long
@pytest.mark.parametrize("metric", ["accuracy", "rmse", "quadratic weighted kappa"])
def test_tuning_starts_at_the_shipped_point_and_ends_with_a_true_column(
    metric: str, tmp_path: Path
) -> None:
    pipeline = load_pipeline("knn")
    plan = plan_here(tmp_path, metric, rows=60, place=Here(seconds=20.0))
    study = memory_study(maximize=plan.problem.greater_is_better)
    steps: list[Progress] = []
    (column,) = tune(pipeline, study, plan, 100.0, steps.append)
    assert study.trials[0].params == pipeline.shipped()[0].params
    assert len(study.trials) > 1
    outcome = plan.problem.score(plan.data.truth, np.asarray(column.oof()), plan.dealt.assigned)
    assert outcome == column.score
    assert outcome.value == study.best_value
    assert column.test().shape == (40, plan.problem.outputs)
    assert steps[-1].best == outcome
    (listed,) = read_columns(plan.store.root, plan.data.fingerprint, metric)
    assert listed.key == column.key
    manifest = json.loads((column.folder / "manifest.json").read_text())
    assert {"versions", "commit", "seed", "folds", "created", "maker", "study"} <= manifest.keys()
    better = max if plan.problem.greater_is_better else min
    assert manifest["best_so_far"][-1] == better(manifest["best_so_far"])


def test_a_first_trial_that_takes_too_long_is_given_up_where_another_pipeline_has_a_column(
    tmp_path: Path,
) -> None:
    plan = plan_here(tmp_path, place=Here(made_up, seconds=10.0))
    with pytest.raises(PipelineFailed, match="first trial would not have ended"):
        tune(LOGISTIC, memory_study(), plan, 5.0, quiet, grace=2.0)
    (column,) = tune(LOGISTIC, memory_study(), plan, 5.0, quiet)
    assert column.score.value > 0.5


def test_a_first_trial_that_cannot_end_in_time_leaves_the_time_to_others(tmp_path: Path) -> None:
    place = Here(lambda request: replace(made_up(request), fit_seconds=20.0), 20.0, workers=1)
    plan = plan_here(tmp_path, place=place, folds=Folds(10, 0))
    with pytest.raises(PipelineFailed, match="first trial would not have ended"):
        tune(LOGISTIC, memory_study(), plan, 150.0, quiet, grace=8.0)
    assert place.now() == 40.0


@pytest.mark.long
def test_a_budget_that_is_too_small_still_ends_with_a_column(tmp_path: Path) -> None:
    """Real processes; and what is known is not fitted again."""
    from pipelines.execution.local import LocalExecutor

    class Watched(LocalExecutor):
        sent = 0

        def submit(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            self.sent += 1
            return super().submit(*args, **kwargs)

    place = Watched(1, 1)
    plan = replace(plan_on_disk(tmp_path), place=place)
    study = memory_study()
    (column,) = tune(LOGISTIC, study, plan, 0.01, quiet)
    assert column.score.value > 0.6
    assert len(study.trials) == 1
    assert place.sent == 3
    (again,) = tune(LOGISTIC, memory_study(), plan, 0.01, quiet)
    assert again.key == column.key
    assert place.sent == 3


def plan_on_disk(folder: Path) -> "Plan":
    """Return a plan whose data other processes find."""
    import csv

    from competition.data.dataset import load_dataset
    from pipelines.search.store import Store

    plan = plan_here(folder)
    files = plan.workspace.data
    files.mkdir(parents=True)
    pixels = [f"pixel{number}" for number in range(784)]
    for name, rows, truth in (
        ("train.csv", plan.data.train, plan.data.truth),
        ("test.csv", plan.data.test, None),
    ):
        with (files / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(pixels if truth is None else ["label", *pixels])
            for number, row in enumerate(rows.reshape(len(rows), -1).tolist()):
                writer.writerow(row if truth is None else [truth[number], *row])
    lines = ["Id,Label", *(f"{number + 1},0" for number in range(len(plan.data.test)))]
    (files / "sample_submission.csv").write_text("\n".join(lines) + "\n")
    data = load_dataset(plan.competition, files)
    return replace(plan, data=data, store=Store(plan.store.root, data.fingerprint))


def test_sampled_trials_are_screened_and_few_go_on(tmp_path: Path) -> None:
    """On a third of the rows; the shipped point is not screened, only entered as one to beat."""
    plan = plan_here(tmp_path, screen_rows=30, place=Here(made_up, 0.5))
    study = memory_study(pruned=True)
    (column,) = tune(LOGISTIC, study, plan, 40.0, quiet)
    first, to_beat, *sampled = study.trials
    assert (first.state, list(first.intermediate_values)) == (TrialState.COMPLETE, [2, 3, 4])
    assert to_beat.params == first.params
    assert list(to_beat.intermediate_values) == [1, 2, 3, 4]
    stopped = [trial for trial in sampled if list(trial.intermediate_values) == [1]]
    assert len(stopped) > len(sampled) / 2 > 3
    assert column.score.value == max(t.value or 0 for t in study.trials)
    fitted = {path.parent.name for path in plan.store.root.rglob("fold-0.npz")}
    assert fitted.isdisjoint(trial.user_attrs["key"] for trial in stopped)


def test_all_rows_from_the_start_where_that_is_asked(tmp_path: Path) -> None:
    plan = plan_here(tmp_path, screen_rows=30, two_speeds=False, place=Here(made_up, 1.0))
    tune(LOGISTIC, memory_study(pruned=True), plan, 20.0, quiet)
    assert list(plan.store.root.rglob("fold-*.npz"))
    assert not list(plan.store.root.rglob("fold-*-30.npz"))


# ---------------------------------------------------------------------- what fails, fails alone


def failing_when(
    unfit: Callable[[FitRequest], bool], error: Exception
) -> Callable[[FitRequest], FitResult]:
    def fit(request: FitRequest) -> FitResult:
        if unfit(request):
            raise error
        return made_up(request)

    return fit


def is_sampled(request: FitRequest) -> bool:
    return key_of(request) not in {point.params["C"] for point in LOGISTIC.shipped()}


@pytest.mark.parametrize(
    "error",
    [
        PodiumError("Training diverged at a learning rate of 0.02; lower it."),
        ValueError("The least populated class has only 1 member"),
        WorkerLost(),
    ],
)
def test_a_diverging_trial_fails_alone_and_the_run_goes_on(
    error: Exception, tmp_path: Path
) -> None:
    """Every second sampled trial fails; the others are scored and the time is used."""
    seen: list[float] = []

    def every_second(request: FitRequest) -> bool:
        if not is_sampled(request):
            return False
        if key_of(request) not in seen:
            seen.append(key_of(request))
        return seen.index(key_of(request)) % 2 == 0

    plan = plan_here(tmp_path, place=Here(failing_when(every_second, error)))
    study = memory_study()
    (column,) = tune(LOGISTIC, study, plan, 60.0, quiet)
    failed = study.get_trials(states=(TrialState.FAIL,))
    assert len(failed) > 2
    assert {str(error)[:20] in (owners.reason_of(study, one) or "") for one in failed} == {True}
    assert len(study.get_trials(states=(TrialState.COMPLETE,))) > 4
    assert column.score.value == study.best_value
    assert not study.get_trials(states=(TrialState.RUNNING,))


def test_a_shipped_point_that_fails_leaves_the_word_to_the_next(tmp_path: Path) -> None:
    first = LOGISTIC.shipped()[0].params["C"]
    fit = failing_when(lambda request: key_of(request) == first, ValueError("no"))
    study = memory_study()
    (column,) = tune(LOGISTIC, study, plan_here(tmp_path, place=Here(fit)), 30.0, quiet)
    assert study.trials[0].state == TrialState.FAIL
    assert column.manifest["params"]["C"] != first


def test_three_failures_before_a_success_are_the_pipelines_own(tmp_path: Path) -> None:
    fit = failing_when(lambda request: True, PodiumError("The 'C' parameter must be above 0."))
    study = memory_study()
    with pytest.raises(PipelineFailed, match="logistic cannot be fitted: The 'C' parameter must"):
        tune(LOGISTIC, study, plan_here(tmp_path, place=Here(fit, workers=1)), 30.0, quiet)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 3


def test_workers_that_keep_dying_end_the_pipeline_and_its_columns_are_kept(tmp_path: Path) -> None:
    lost = failing_when(is_sampled, WorkerLost())
    study = memory_study()
    place = Here(lost)
    (column,) = tune(LOGISTIC, study, plan_here(tmp_path, place=place), 1e6, quiet)
    assert column.manifest["params"] in [point.params for point in LOGISTIC.shipped()]
    assert place.clock < 100  # of the million seconds of the budget
    with pytest.raises(PipelineFailed, match="cannot be fitted: 3 workers died of it"):
        dead = Here(failing_when(lambda request: True, WorkerLost()))
        tune(LOGISTIC, memory_study(), plan_here(tmp_path / "b", place=dead), 60.0, quiet)


class Several(type(LOGISTIC)):  # type: ignore[misc]
    """Has two columns."""

    columns = 2


def without_test(request: FitRequest) -> FitResult:
    made = made_up(request)
    return made if request.want_test else replace(made, test=None)


def test_a_failing_finish_leaves_its_column_out_and_keeps_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fit(request: FitRequest) -> FitResult:
        if request.want_test and key_of(request) == 1.0:  # the best point of the grid
            raise WorkerLost("out of memory")
        return without_test(request)

    study, plan = memory_study(), plan_here(tmp_path, place=Here(fit))
    (column,) = tune(Several(), study, plan, 60.0, quiet, sampler="grid")
    assert study.best_params["C"] == 1.0
    assert column.manifest["params"]["C"] == 0.3
    assert "is left out: 3 workers died of it (out of memory)" in caplog.text


def test_a_finish_that_fails_altogether_is_a_sentence(tmp_path: Path) -> None:
    def fit(request: FitRequest) -> FitResult:
        if request.want_test:
            raise WorkerLost("out of memory")
        return without_test(request)

    with pytest.raises(PipelineFailed, match="could not predict the test set: 3 work"):
        tune(LOGISTIC, memory_study(), plan_here(tmp_path, place=Here(fit)), 20.0, quiet)


def test_a_worker_with_other_libraries_is_told_of_and_nothing_is_mixed(tmp_path: Path) -> None:
    def elsewhere(request: FitRequest) -> FitResult:
        made = made_up(request)
        return replace(made, maker=made.maker | {"numpy": "0.9"}) if request.fold == 1 else made

    with pytest.raises(
        PipelineFailed, match=r"A worker has other code or libraries: numpy .* 0\.9"
    ):
        tune(LOGISTIC, memory_study(), plan_here(tmp_path, place=Here(elsewhere)), 20.0, quiet)


def test_fits_of_other_code_are_made_again_where_a_column_needs_them(tmp_path: Path) -> None:
    """As after an upgrade: the best trial is known, and its folds are of the old code."""
    from pipelines.search.fit import requests_of

    place = Here(made_up)
    plan, study = plan_here(tmp_path, place=place), memory_study()
    (column,) = tune(LOGISTIC, study, plan, 0.0, quiet)
    for request in requests_of(plan.task(LOGISTIC, LOGISTIC.shipped()[0].params)):
        made = made_up(request)
        plan.store.save(request, replace(made, maker=made.maker | {"code": "old"}))
    place.requests.clear()
    (again,) = tune(LOGISTIC, study, plan, 0.0, quiet)
    assert again.key == column.key
    assert sorted(request.fold for request in place.requests) == [0, 1, 2]


# ---------------------------------------------------------------------- what ends a run


@pytest.mark.parametrize("error", [DatabaseFailed("gone"), ClusterLost("gone")])
def test_only_infrastructure_ends_a_run_and_then_with_what_is_there(
    error: InfrastructureError, tmp_path: Path
) -> None:
    fit = failing_when(lambda request: is_sampled(request) and request.fold == 2, error)
    plan, study = plan_here(tmp_path, place=Here(fit)), memory_study()
    with pytest.raises(type(error), match="gone"):
        tune(LOGISTIC, study, plan, 60.0, quiet)
    (column,) = read_columns(plan.store.root, plan.data.fingerprint, "accuracy")
    assert column.score.value == study.best_value
    assert not study.get_trials(states=(TrialState.RUNNING,))


def test_what_runs_when_the_time_is_up_is_queued_again(tmp_path: Path) -> None:
    class Slow(Here):
        """Ends the shipped point's fits, and nothing else."""

        def wait(self, futures, seconds):  # type: ignore[no-untyped-def]
            self.clock += 1.0
            return {f for f in futures if not is_sampled(futures[f][1])}

    plan, study = plan_here(tmp_path, place=Slow(made_up)), memory_study()
    tune(LOGISTIC, study, plan, 20.0, quiet)
    waiting = study.get_trials(states=(TrialState.WAITING,))
    closed = study.get_trials(states=(TrialState.FAIL,))
    assert len(waiting) == len(closed) > 0
    assert [owners.asked_of(one) for one in waiting] == [one.params for one in closed]
    reasons = {owners.reason_of(study, trial) for trial in closed}
    assert reasons == {"its run was stopped; it was queued again"}


def test_signs_of_life_are_given_and_one_that_was_taken_over_is_let_go(tmp_path: Path) -> None:
    counted: list[int] = []

    class Ticking(Here):
        def wait(self, futures, seconds):  # type: ignore[no-untyped-def]
            self.clock += 40.0
            for trial in study.get_trials(states=(TrialState.RUNNING,)):
                counted.append(trial.user_attrs.get("alive", 0))
                if len(counted) == 4:
                    owners.close(study, trial.number, "its run fell silent")
            return set(list(futures)[:1]) if len(counted) > 3 else set()

    plan = plan_here(tmp_path, place=Ticking(made_up))
    study = memory_study()
    (column,) = tune(LOGISTIC, study, plan, 200.0, quiet)
    assert counted[:3] == [0, 1, 2]
    assert study.trials[0].state == TrialState.FAIL
    assert column.score.rows == 120


# ---------------------------------------------------------------------- the study's database


def test_two_coordinators_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        sole_coordinator(tmp_path),
        pytest.raises(PodiumError, match="Another make tune is at work in"),
        sole_coordinator(tmp_path),
    ):
        pass
    with sole_coordinator(tmp_path):
        pass


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "DATABASE_URL is not a database address"),
        ("postgresql+psycopg://user:geheim@127.0.0.1:1/none", "cannot be used"),
        ("unknowndb://x", "works on SQLite and PostgreSQL"),
    ],
)
def test_a_useless_database_is_a_sentence_without_its_password(
    url: str, told: str, tmp_path: Path
) -> None:
    plan = plan_here(tmp_path)
    workspace = replace(plan.workspace, database_url=url)
    with pytest.raises(PodiumError, match=told) as caught:
        open_storage(workspace.database)
    assert "geheim" not in str(caught.value)


def test_a_damaged_database_is_a_sentence(tmp_path: Path) -> None:
    plan = plan_here(tmp_path)
    plan.workspace.runs.mkdir(parents=True)
    (plan.workspace.runs / "podium.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(DatabaseFailed, match="damaged"):
        open_storage(plan.workspace.database)


def test_a_database_that_breaks_in_the_middle_ends_the_run_with_its_sentence(
    tmp_path: Path,
) -> None:
    """A table vanishes while fits run; the column of what is done is made."""
    plan = plan_here(tmp_path)
    path = plan.workspace.runs / "podium.db"

    def fit(request: FitRequest) -> FitResult:
        if is_sampled(request):
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("DROP TABLE IF EXISTS trial_user_attributes")
        return made_up(request)

    plan = replace(plan, place=Here(fit))
    study = open_study(open_storage(plan.workspace.database), plan, LOGISTIC)
    with pytest.raises(DatabaseFailed, match="database"):
        tune(LOGISTIC, study, plan, 60.0, quiet)
    assert len(read_columns(plan.store.root, plan.data.fingerprint, "accuracy")) == 1


def test_a_runtime_error_of_a_fit_is_not_told_as_a_broken_database(tmp_path: Path) -> None:
    fit = failing_when(lambda request: True, RuntimeError("CUDA out of memory"))
    plan = plan_here(tmp_path, place=Here(fit))
    study = open_study(open_storage(plan.workspace.database), plan, LOGISTIC)
    with pytest.raises(PipelineFailed, match="RuntimeError: CUDA out of memory") as caught:
        tune(LOGISTIC, study, plan, 60.0, quiet)
    assert "database" not in str(caught.value)
