"""The storage that remembers what it wrote tells the same as one that reads everything."""

from pathlib import Path

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from pipelines.storage import open_storage


def study_of(folder: Path) -> optuna.Study:
    """Return the study as another process would open it."""
    return optuna.create_study(
        storage=open_storage(f"sqlite:///{folder / 'podium.db'}"),
        study_name="s",
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.RandomSampler(seed=0),
    )


def told(study: optuna.Study) -> list[tuple[object, ...]]:
    return [
        (
            trial.number,
            trial.state,
            trial.values,
            trial.params,
            trial.distributions,
            trial.user_attrs,
            trial.intermediate_values,
            trial.datetime_start,
        )
        for trial in study.get_trials()
    ]


def ask(study: optuna.Study, number: int) -> optuna.Trial:
    trial = study.ask()
    trial.suggest_float("x", 1e-3, 1, log=True)
    trial.suggest_categorical("kind", ["a", "b"])
    trial.suggest_int("count", 1, 9)
    trial.set_user_attr("owner", f"me {number}")
    return trial


def test_it_tells_what_is_in_the_database(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    study.enqueue_trial({"x": 0.5, "kind": "b", "count": 3}, user_attrs={"point": "quick"})
    for number in range(6):
        trial = ask(study, number)
        trial.report(0.1 * number, 1)
        assert told(study) == told(study_of(tmp_path))
        if number % 3 == 0:
            study.tell(trial, 0.5)
        elif number % 3 == 1:
            study.tell(trial, state=TrialState.PRUNED)
        assert told(study) == told(study_of(tmp_path))
    assert study.trials[0].params["x"] == 0.5


def test_others_trials_are_seen_at_once(tmp_path: Path) -> None:
    one, two = study_of(tmp_path), study_of(tmp_path)
    trials = [ask(study, number) for number, study in enumerate((one, two, two, one))]
    assert told(one) == told(two) == told(study_of(tmp_path))
    trials[1].report(0.3, 2)
    two.tell(trials[1], 0.7)
    one.tell(trials[0], 0.6)
    assert told(one) == told(two) == told(study_of(tmp_path))
    assert one.best_trial.number == 1


def test_a_queued_trial_is_given_to_one_of_two(tmp_path: Path) -> None:
    one, two = study_of(tmp_path), study_of(tmp_path)
    one.enqueue_trial({"x": 0.25})
    assert [trial.state for trial in two.trials] == [TrialState.WAITING]
    assert one.ask().number == 0
    assert two.ask().number == 1
    assert told(one) == told(two)


def test_a_trial_that_was_taken_over_cannot_be_written_to(tmp_path: Path) -> None:
    one, two = study_of(tmp_path), study_of(tmp_path)
    trial = ask(one, 0)
    two.tell(trial.number, state=TrialState.FAIL)
    with pytest.raises(UpdateFinishedTrialError):
        trial.report(0.5, 1)
    assert [each.state for each in one.trials] == [TrialState.FAIL]
    one.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
    assert told(one) == told(two)
