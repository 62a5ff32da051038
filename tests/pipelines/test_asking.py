"""What is asked for next, with fits that are made at once in this process."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import TrialState

from pipelines.base import Pipeline
from pipelines.execution.base import FitExecutor
from pipelines.models.logistic import Logistic
from pipelines.plan import Plan
from pipelines.tuning import tune

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
