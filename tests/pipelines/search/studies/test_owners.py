"""Studies that several coordinators share: nothing is done twice, nothing is left running."""

from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from pipelines.base import load_pipeline
from pipelines.search.studies import owners
from pipelines.search.studies.owners import (
    Watch,
    put_back,
    reason_of,
    same_elsewhere,
    take_back,
    take_over_silent,
)
from pipelines.search.studies.study import open_storage, open_study
from tests.pipelines.search.here import plan_here


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def study(tmp_path: Path) -> optuna.Study:
    plan = plan_here(tmp_path)
    return open_study(open_storage(plan.workspace.database), plan, load_pipeline("logistic"))


def started(study: optuna.Study, owner: str | None, x: float = 0.5) -> optuna.Trial:
    owners.enqueue(study, {"x": x}, point=f"at {x}")
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    if owner is not None:
        trial.set_user_attr("owner", owner)
    return trial


def states(study: optuna.Study) -> list[TrialState]:
    return [trial.state for trial in study.get_trials()]


def test_what_a_killed_run_left_open_is_queued_by_the_next(study: optuna.Study) -> None:
    started(study, "me", 0.25)
    take_back(study, "me")
    assert states(study) == [TrialState.FAIL, TrialState.WAITING]
    assert reason_of(study, study.trials[0]) == "its run was killed; it was queued again"
    again = study.ask()
    assert again.suggest_float("x", 0, 1) == 0.25
    assert again.user_attrs == {"point": "at 0.25", "asked": {"x": 0.25}}


def test_an_open_trial_that_was_begun_without_parameters_is_closed(study: optuna.Study) -> None:
    study.ask()
    put_back(study, study.get_trials(), "a test")
    assert states(study) == [TrialState.FAIL]
    assert reason_of(study, study.trials[0]) == "a test, before it had parameters"


def test_a_trial_that_was_never_claimed_is_taken_over_after_a_minute_of_watching(
    study: optuna.Study,
) -> None:
    started(study, "you", 0.1)
    started(study, None, 0.75)
    take_back(study, "me")  # it may be another coordinator's, which has not said so yet
    clock = Clock()
    watch = Watch("me", clock=clock)
    for now in (0.0, 59.0):
        clock.now = now
        take_over_silent(study, watch)
        assert states(study)[1] == TrialState.RUNNING
    clock.now = 61.0
    take_over_silent(study, watch)
    assert states(study) == [TrialState.RUNNING, TrialState.FAIL, TrialState.WAITING]
    assert study.ask().suggest_float("x", 0, 1) == 0.75


def test_where_nobody_else_was_ever_in_a_study_what_is_unclaimed_is_ones_own(
    study: optuna.Study,
) -> None:
    study.tell(started(study, "me").number, 0.5)
    started(study, None, 0.75)
    take_back(study, "me")
    assert states(study) == [TrialState.COMPLETE, TrialState.FAIL, TrialState.WAITING]


def test_anothers_trial_is_its_own_while_its_counter_moves_whatever_the_clocks_say(
    study: optuna.Study,
) -> None:
    """No time is written and none is read: only how long the counter has stood still here."""
    trial = started(study, "you")
    clock = Clock()
    watch = Watch("me", clock=clock)
    for beat in range(1, 5):
        trial.set_user_attr("alive", beat)
        take_over_silent(study, watch)
        clock.now += 119.0
    take_over_silent(study, watch)
    assert states(study) == [TrialState.RUNNING]
    clock.now += 121.0
    take_over_silent(study, watch)
    assert states(study) == [TrialState.FAIL, TrialState.WAITING]
    assert reason_of(study, study.trials[0]) == "its run fell silent; it was queued again"


def test_ones_own_trials_are_not_watched(study: optuna.Study) -> None:
    started(study, "me")
    clock = Clock()
    watch = Watch("me", clock=clock)
    for clock.now in (0.0, 1e6):
        take_over_silent(study, watch)
    assert states(study) == [TrialState.RUNNING]


def test_a_trial_that_was_taken_over_cannot_be_completed(study: optuna.Study) -> None:
    trial = started(study, "you")
    put_back(study, study.get_trials(), "its run fell silent")
    assert not owners.tell(study, trial.number, 0.9)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        trial.set_user_attr("alive", 1)
    assert study.trials[0].value is None


def test_of_two_equal_trials_the_later_yields(study: optuna.Study) -> None:
    mine, yours = started(study, "me"), started(study, "you")
    for trial in (mine, yours):
        trial.set_user_attr("key", "k")
    assert same_elsewhere(study, mine, "k", "me") is None
    assert same_elsewhere(study, yours, "k", "you") == mine.number
    study.tell(yours.number, 0.9)
    assert same_elsewhere(study, mine, "k", "me") == yours.number
    assert same_elsewhere(study, mine, "other", "me") is None


def test_a_trial_yields_to_an_equal_one_that_was_queued_before_it(study: optuna.Study) -> None:
    owners.enqueue(study, {"x": 0.5}, key="k")
    owners.enqueue(study, {"x": 0.5}, key="k")
    first, second = study.ask(), study.ask()
    assert same_elsewhere(study, second, "k", "me") == first.number
    assert same_elsewhere(study, first, "k", "you") is None
