"""A run over several pipelines: one that cannot be fitted does not cost the others."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from competition.errors import InfrastructureError, PodiumError
from pipelines.base import load_pipeline
from pipelines.execution.base import ClusterLost
from pipelines.search.coordinator import NO_TIME
from pipelines.search.fit import FitRequest, FitResult
from pipelines.search.run import tune_all
from pipelines.search.studies.study import sole_coordinator
from tests.pipelines.search.here import Here, made_up, plan_here

LOGISTIC = load_pipeline("logistic")


class Other(type(LOGISTIC)):  # type: ignore[misc]
    """The same by another name, whose fits fail."""

    name = "knn"
    problems: Exception = PodiumError("A class is too small.")

    def shipped(self) -> list[Any]:
        return list(LOGISTIC.shipped())


def fit(request: FitRequest) -> FitResult:
    if request.task.pipeline == "knn":
        raise Other.problems
    return made_up(request)


def said(step: object, left: float) -> None:
    """Say nothing."""


def test_a_pipeline_that_cannot_be_fitted_is_left_out_and_the_later_ones_are_tuned(
    tmp_path: Path,
) -> None:
    plan = plan_here(tmp_path, place=Here(fit))
    tuned = tune_all(plan, [Other(), LOGISTIC], 1.0, "tpe", said)
    assert list(tuned.columns) == ["logistic"]
    assert tuned.left_out == {"knn": "knn cannot be fitted: A class is too small."}


def test_a_pipeline_whose_own_code_fails_is_left_out_too(tmp_path: Path) -> None:
    class Broken(Other):
        def suggest(self, trial: Any) -> Any:
            raise KeyError("depth")

    plan = plan_here(tmp_path, place=Here(fit))
    tuned = tune_all(plan, [Broken(), LOGISTIC], 1.0, "tpe", said)
    assert tuned.left_out == {"knn": "KeyError: 'depth'"}
    assert len(tuned.columns["logistic"]) == 1


def test_a_pipeline_for_fewer_rows_is_left_out_before_anything_fails(tmp_path: Path) -> None:
    class Small(Other):
        most_rows = 10

    plan = plan_here(tmp_path, place=Here(fit))
    tuned = tune_all(plan, [Small(), LOGISTIC], 1.0, "tpe", said)
    rows = len(plan.data.truth) * 2 // 3  # of three folds
    assert tuned.left_out == {"knn": f"knn learns from up to 10 rows, and a fold has {rows:,}."}
    with pytest.raises(PodiumError, match=r"No pipeline could be tuned\. knn learns from up to 10"):
        tune_all(plan, [Small()], 1.0, "tpe", said)


def test_where_every_pipeline_is_left_out_the_reasons_are_said(tmp_path: Path) -> None:
    plan = plan_here(tmp_path, place=Here(fit))
    with pytest.raises(
        PodiumError, match=r"No pipeline could be tuned\. knn cannot be fitted: A c"
    ):
        tune_all(plan, [Other()], 1.0, "tpe", said)


def test_a_lost_cluster_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Other, "problems", ClusterLost("The cluster is gone."))
    plan = plan_here(tmp_path, place=Here(fit))
    with pytest.raises(InfrastructureError, match="The cluster is gone"):
        tune_all(plan, [Other(), LOGISTIC], 1.0, "tpe", said)


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    plan = plan_here(tmp_path, place=Here(fit))
    with (
        sole_coordinator(plan.workspace.runs),
        pytest.raises(PodiumError, match="Another make tune is at work"),
    ):
        tune_all(plan, [LOGISTIC], 1.0, "tpe", said)


def test_two_runs_folders_share_a_database(tmp_path: Path) -> None:
    """What one has completed, the other does not repeat."""
    places = [Here(made_up), Here(made_up)]
    plans = [
        plan_here(tmp_path / name, place=place) for name, place in zip("ab", places, strict=True)
    ]
    shared = f"sqlite:///{tmp_path}/podium.db"
    plans = [
        replace(plan, workspace=replace(plan.workspace, database_url=shared)) for plan in plans
    ]
    first = tune_all(plans[0], [LOGISTIC], 60.0, "grid", said)
    second = tune_all(plans[1], [LOGISTIC], 60.0, "grid", said)
    assert first.columns["logistic"][0].key == second.columns["logistic"][0].key
    params = {str(request.task.params) for request in places[1].requests}
    assert len(params) == 1  # the best, which the second folder lacks: its column is made there


def test_a_first_trial_may_take_a_few_times_its_share_and_not_all_that_is_left(
    tmp_path: Path,
) -> None:
    class Slow(Other):
        budget_share = 0.01

    class Main(Other):
        name = "svm"
        budget_share = 10.0

    def seconds(request: FitRequest) -> float:
        return 20.0 if request.task.pipeline == "knn" else 0.01

    plan = plan_here(tmp_path, place=Here(made_up, seconds, workers=1))
    tuned = tune_all(plan, [LOGISTIC, Slow(), Main()], 100.0, "grid", said)
    assert list(tuned.columns) == ["logistic", "svm"]
    assert tuned.left_out == {"knn": NO_TIME}


def test_where_time_is_short_the_quick_ones_come_next(tmp_path: Path) -> None:
    class Slow(Other):
        name = "svm"
        quick = False

    class AlsoSlow(Slow):
        name = "xgboost"

    def seconds(request: FitRequest) -> float:
        return 60.0 if request.task.pipeline in ("svm", "xgboost") else 0.01

    plan = plan_here(tmp_path, place=Here(made_up, seconds, workers=1))
    tuned = tune_all(plan, [Slow(), AlsoSlow(), LOGISTIC], 40.0, "grid", said)
    assert list(tuned.columns) == ["logistic"]
    assert tuned.left_out == {"svm": NO_TIME, "xgboost": NO_TIME}


def test_what_is_begun_late_may_take_as_long_again_as_is_left(tmp_path: Path) -> None:
    began: list[float] = []

    def slow_at_first(request: FitRequest) -> FitResult:
        if not began:
            began.append(time.monotonic())
            time.sleep(1.5)
        return made_up(request)

    def seconds(request: FitRequest) -> float:
        return 2.0 if request.task.pipeline == "knn" else 0.01

    plan = plan_here(tmp_path, place=Here(slow_at_first, seconds, workers=1))
    tuned = tune_all(plan, [LOGISTIC, Other()], 2.0, "grid", said)
    assert list(tuned.columns) == ["logistic"]
    assert tuned.left_out == {"knn": NO_TIME}


def test_the_floor_is_there_however_short_the_time_is(tmp_path: Path) -> None:
    class Floor(Other):
        name = "forest"
        floor = True

    def seconds(request: FitRequest) -> float:
        return 2.0 if request.task.pipeline == "forest" else 0.01

    plan = plan_here(tmp_path, place=Here(made_up, seconds, workers=1))
    tuned = tune_all(plan, [Floor(), LOGISTIC], 4.0, "grid", said)
    assert set(tuned.columns) == {"forest", "logistic"}
