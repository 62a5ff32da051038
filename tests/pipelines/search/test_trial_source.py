"""What is asked for next, with fits that are made at once in this process."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from pipelines.base import Params, Pipeline
from pipelines.execution.base import FitExecutor
from pipelines.models.images.logistic import Logistic
from pipelines.search.coordinator import tune
from pipelines.search.plan import Plan
from pipelines.search.storage import open_storage
from pipelines.search.study import open_study
from pipelines.search.trial_source import TrialSource

UNFIT = 0.3  # the strength of which every fit fails


class Here(FitExecutor):
    """Makes fits when they are submitted."""

    workers = 2

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        if args[0].task.params["C"] == UNFIT:
            future.set_exception(RuntimeError("it does not converge"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future

    def wait(self, futures: Iterable["Future[Any]"], seconds: float) -> set["Future[Any]"]:
        return set(futures)

    def abandon(self) -> None:
        pass


@dataclass(frozen=True)
class PlanHere(Plan):
    def executor(self, pipeline: Pipeline) -> FitExecutor:
        return Here()


def test_a_point_that_fails_is_tried_once_and_those_after_it_have_their_turn(
    make_plan_of: Callable[..., Plan],
) -> None:
    study = optuna.create_study(direction="maximize", pruner=optuna.pruners.NopPruner())
    plan = PlanHere(**vars(make_plan_of()))
    (column,) = tune(Logistic(), study, plan, 600.0, lambda step: None, grid=True)
    states = {trial.params["C"]: trial.state for trial in study.trials[1:]}
    assert {strength: state.name for strength, state in states.items()} == {
        0.03: "COMPLETE",
        0.1: "COMPLETE",
        UNFIT: "FAIL",
        1.0: "COMPLETE",
    }
    assert len(study.get_trials(states=(TrialState.FAIL,))) == 1
    assert column.score.accuracy == study.best_value


class Asleep(Logistic):
    """Sleeps in the middle of asking, once, until another process takes its trial for dead."""

    def __init__(self, other: optuna.Study) -> None:
        self.other = other
        self.woken = False

    def suggest(self, trial: optuna.trial.BaseTrial) -> Params:
        if not self.woken and isinstance(trial, optuna.Trial):
            self.woken = True
            self.other.tell(trial.number, state=TrialState.FAIL)
        return super().suggest(trial)


def test_a_trial_that_another_process_closed_meanwhile_is_let_go(
    make_plan_of: Callable[..., Plan], tmp_path: Path
) -> None:
    address, plan = f"sqlite:///{tmp_path}/podium.db", PlanHere(**vars(make_plan_of()))
    study, other = (open_study(open_storage(address), "s", "grid", 0, "me") for _ in range(2))
    (column,) = tune(Asleep(other), study, plan, 600.0, lambda step: None, grid=True)
    assert study.trials[0].state == TrialState.FAIL
    assert column.score.accuracy == study.best_value


class Clocked(Here):
    """A clock on which a fit takes a second, and its predictions ten for what is left out."""

    def __init__(self) -> None:
        self.clock = 0.0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        request, future = args[0], super().submit(fn, *args, **kwargs)
        if future.exception() is None:
            made = future.result()
            cost = Dearer().cost(request.task.params)
            share = len(made.test) / len(made.scored) if request.want_test else 0.0
            self.clock += cost * (1 + 10 * (1 + share)) / self.workers
            future = Future()
            future.set_result(
                replace(
                    made,
                    fit_seconds=cost,
                    predict_seconds=10 * cost,
                    test=made.test if request.want_test else None,
                )
            )
        return future

    def now(self) -> float:
        return self.clock


class Dearer(Logistic):
    """Four times the work at one strength."""

    def cost(self, params: Params) -> float:
        return 4.0 if params["C"] == 1.0 else 1.0


@dataclass(frozen=True)
class PlanClocked(Plan):
    place: Clocked = field(default_factory=Clocked)

    def executor(self, pipeline: Pipeline) -> FitExecutor:
        return self.place


def test_a_trial_whose_test_predictions_would_not_fit_the_time_waits_for_more(
    make_plan_of: Callable[..., Plan],
) -> None:
    """The dear one would take 110 of the 300 seconds, and 360 more if it were the best."""
    study = optuna.create_study(direction="maximize", pruner=optuna.pruners.NopPruner())
    plan = PlanClocked(**vars(make_plan_of()))
    tune(Dearer(), study, plan, 300.0, lambda step: None, grid=True)
    completed = {t.params["C"] for t in study.get_trials(states=(TrialState.COMPLETE,))}
    assert {0.03, 0.1} < completed
    assert 1.0 not in completed
    assert len(study.get_trials(states=(TrialState.WAITING,))) == 1
    assert plan.place.clock < 300


def test_one_slow_trial_does_not_set_the_time_of_those_to_come(
    make_plan_of: Callable[..., Plan],
) -> None:
    source = TrialSource(Logistic(), optuna.create_study(), make_plan_of(), "me", grid=False)
    params = source.shipped[0].params
    strength = optuna.distributions.FloatDistribution(1e-4, 1e4, log=True)
    completed = [
        optuna.trial.create_trial(
            params=params,
            distributions=dict.fromkeys(params, strength),
            value=0.9,
            user_attrs={"seconds": seconds},
        )
        for seconds in (10.0, 10.0, 10.0, 500.0)
    ]
    source.learn(completed, 2)
    assert source.least() == 10.0
