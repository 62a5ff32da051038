"""The storage that remembers what it wrote tells the same as one that reads everything."""

from pathlib import Path

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from pipelines import own_trials
from pipelines.search.storage import open_storage
from pipelines.search.study import give_sign_of_life


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every look at a study be at the database."""
    monkeypatch.setattr(own_trials, "_FRESH", 0.0)


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
    give_sign_of_life(study, trial)
    return trial


def test_it_tells_what_is_in_the_database(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    study.enqueue_trial({"x": 0.5, "kind": "b", "count": 3}, user_attrs={"point": "quick"})
    for number in range(6):
        trial = ask(study, number)
        trial.report(0.1 * number, 1)
        give_sign_of_life(study, trial)
        assert told(study) == told(study_of(tmp_path))
        trial.report(0.3 * number, 2)
        if number % 3 == 0:
            study.tell(trial, 0.5)
        elif number % 3 == 1:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            give_sign_of_life(study, trial)
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


def test_a_trial_that_is_added_whole_is_kept_whole(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    known = {"x": optuna.distributions.FloatDistribution(0.0, 1.0)}
    for state, value in ((TrialState.WAITING, None), (TrialState.COMPLETE, 0.5)):
        study.add_trial(
            optuna.trial.create_trial(
                state=state,
                value=value,
                params={"x": 0.25},
                distributions=known,
                intermediate_values={1: 0.5},
                user_attrs={"owner": "me"},
            )
        )
    assert [trial.params for trial in study.trials] == [{"x": 0.25}] * 2
    assert told(study) == told(study_of(tmp_path))


def test_what_is_set_is_known_here_at_once_and_elsewhere_with_the_next_sign_of_life(
    tmp_path: Path,
) -> None:
    one, two = study_of(tmp_path), study_of(tmp_path)
    ask(one, 0)
    trial = ask(one, 1)
    trial.report(0.5, 1)
    trial.set_user_attr("owner", "another")
    assert [each.intermediate_values for each in one.trials] == [{}, {1: 0.5}]
    assert [each.intermediate_values for each in two.trials] == [{}, {}]
    give_sign_of_life(one, trial)
    assert told(one) == told(two)
    assert two.trials[1].user_attrs == {"owner": "another"}


def test_a_value_that_another_study_knows_otherwise_is_refused(tmp_path: Path) -> None:
    ask(study_of(tmp_path), 0)
    trial = study_of(tmp_path).ask()
    with pytest.raises(ValueError, match="same parameter name"):
        trial.suggest_categorical("x", [1, 2])


def test_others_trials_are_read_again_after_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = study_of(tmp_path), study_of(tmp_path)
    assert not one.trials
    monkeypatch.setattr(own_trials, "_FRESH", 60.0)
    ask(two, 0)
    assert not one.trials
    ask(one, 1)  # its sign of life makes the next look a fresh one
    assert [each.number for each in one.trials] == [0, 1]


def test_another_processs_trial_that_is_closed_here_is_closed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = study_of(tmp_path), study_of(tmp_path)
    trial = ask(two, 0)
    assert [each.state for each in one.trials] == [TrialState.RUNNING]
    monkeypatch.setattr(own_trials, "_FRESH", 60.0)
    one.tell(trial.number, state=TrialState.FAIL)
    assert [each.state for each in one.trials] == [TrialState.FAIL]


@pytest.mark.parametrize("last", ["sign of life", "end"])
def test_a_trial_that_was_taken_over_cannot_be_written_to(tmp_path: Path, last: str) -> None:
    one, two = study_of(tmp_path), study_of(tmp_path)
    trial = ask(one, 0)
    two.tell(trial.number, state=TrialState.FAIL)
    trial.report(0.5, 1)
    with pytest.raises(UpdateFinishedTrialError):
        if last == "end":
            one.tell(trial, 0.5)
        else:
            give_sign_of_life(one, trial)
    assert [each.state for each in one.trials] == [TrialState.FAIL]
    assert not one.trials[0].intermediate_values
    one.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
    assert told(one) == told(two)
