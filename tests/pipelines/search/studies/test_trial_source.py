"""What is asked for next, and what never is."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from competition.errors import PodiumError
from pipelines.base import Params, ShippedPoint, suggested
from pipelines.models.images.logistic import Logistic
from pipelines.search.coordinator import tune
from pipelines.search.fit import FitRequest, FitResult
from pipelines.search.studies import owners
from pipelines.search.studies.study import open_storage, open_study
from pipelines.search.studies.trial_source import STRETCH, TrialSource
from tests.pipelines.search.here import Here, made_up, memory_study, plan_here

UNFIT = 0.3  # the strength of which every fit fails


def quiet(step: object) -> None:
    """Say nothing."""


def failing_at_one_point(request: FitRequest) -> FitResult:
    if request.task.params["C"] == UNFIT:
        raise PodiumError("Training diverged.")
    return made_up(request)


def test_a_point_that_fails_is_tried_once_and_those_after_it_have_their_turn(
    tmp_path: Path,
) -> None:
    study = memory_study()
    plan = plan_here(tmp_path, place=Here(failing_at_one_point))
    (column,) = tune(Logistic(), study, plan, 600.0, quiet, sampler="grid")
    states = {trial.params["C"]: trial.state.name for trial in study.trials[1:]}
    assert states == {0.03: "COMPLETE", 0.1: "COMPLETE", UNFIT: "FAIL", 1.0: "COMPLETE"}
    (failed,) = study.get_trials(states=(TrialState.FAIL,))
    assert owners.reason_of(study, failed) == "Training diverged."
    assert column.score.value == study.best_value


class Asleep(Logistic):
    """Sleeps in the middle of asking, once, until another process takes its trial for dead."""

    def __init__(self, close: Callable[[int], None]) -> None:
        self.close = close
        self.woken = False

    def suggest(self, trial: optuna.trial.BaseTrial) -> Params:
        if not self.woken and not isinstance(trial, optuna.trial.FixedTrial):
            self.woken = True
            self.close(trial.number)
        return super().suggest(trial)


def test_a_trial_that_another_process_closed_meanwhile_is_let_go(tmp_path: Path) -> None:
    plan = plan_here(tmp_path, place=Here(made_up))
    storage = open_storage(plan.workspace.database)
    study, other = (open_study(storage, plan, Logistic()) for _ in range(2))
    pipeline = Asleep(lambda number: owners.close(other, number, "its run fell silent"))
    (column,) = tune(pipeline, study, plan, 600.0, quiet, sampler="grid")
    assert study.trials[0].state == TrialState.FAIL
    assert column.score.value == study.best_value


class Uneven(Logistic):
    """The work grows with the strength: four times as much at 1 as at 0.1 or less."""

    def cost(self, params: Params) -> float:
        return 4.0 ** max(0.0, math.log10(params["C"]) + 1)


def by_cost(request: FitRequest) -> float:
    """A fit takes a second, and its predictions ten for what is left out."""
    share = 40 / 40 if request.want_test else 0.0
    return Uneven().cost(request.task.params) * (1 + 10 * (1 + share))


def costly(request: FitRequest) -> FitResult:
    cost = Uneven().cost(request.task.params)
    made = made_up(request)
    return replace(
        made,
        fit_seconds=cost,
        predict_seconds=10 * cost,
        test=made.test if request.want_test else None,
    )


def test_a_grid_point_whose_test_predictions_would_not_fit_the_time_is_left_for_more(
    tmp_path: Path,
) -> None:
    study, place = memory_study(), Here(costly, by_cost)
    plan = plan_here(tmp_path, place=place)
    tune(Uneven(), study, plan, 240.0, quiet, sampler="grid")
    completed = {t.params["C"] for t in study.get_trials(states=(TrialState.COMPLETE,))}
    assert {0.03, 0.1} < completed
    assert 1.0 not in completed
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert place.clock < 240


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_points_are_sampled_within_the_time_left_and_none_is_failed_for_it(
    sampler: str, tmp_path: Path
) -> None:
    """Half of the space would take longer than what is left of the budget."""
    study, place = memory_study(pruned=True), Here(costly, by_cost)
    plan = plan_here(tmp_path, place=place)
    tune(Uneven(), study, plan, 900.0, quiet, sampler=sampler)
    sampled = [trial for trial in study.trials if "point" not in trial.user_attrs]
    assert len(sampled) > 3
    assert all(t.state in (TrialState.COMPLETE, TrialState.PRUNED) for t in study.trials)
    assert all(trial.params == trial.user_attrs[owners.ASKED] for trial in sampled)
    assert place.clock < 1000


class BestLast(Uneven):
    """Ships a cheap point, and the best, whose work is four times as much."""

    def shipped(self) -> list[ShippedPoint]:
        points = [{"C": strength, "max_iter": 50} for strength in (0.1, 1.0)]
        return [ShippedPoint(f"C = {one['C']}", one, self.cost(one)) for one in points]


def test_the_one_to_beat_costs_no_time_as_its_folds_are_there(tmp_path: Path) -> None:
    def work(request: FitRequest) -> float:
        return BestLast().cost(request.task.params)

    def fit(request: FitRequest) -> FitResult:
        return replace(made_up(request), fit_seconds=work(request))

    study, place = memory_study(pruned=True), Here(fit, work, workers=1)
    tune(BestLast(), study, plan_here(tmp_path, place=place), 20.0, quiet)
    points = [trial.user_attrs.get("point") for trial in study.trials]
    assert points[:3] == ["C = 0.1", "C = 1.0", "the one to beat"]
    assert all(trial.state != TrialState.FAIL for trial in study.trials)
    assert place.clock < 20


def test_one_slow_trial_does_not_set_the_time_of_those_to_come(tmp_path: Path) -> None:
    source = TrialSource(Logistic(), memory_study(), plan_here(tmp_path), "tpe")
    params = source.shipped[0].params
    distribution = optuna.distributions.FloatDistribution(1e-4, 1e4, log=True)
    completed = [
        optuna.trial.create_trial(
            params=params,
            distributions=dict.fromkeys(params, distribution),
            value=0.9,
            user_attrs={"seconds": seconds},
        )
        for seconds in (10.0, 10.0, 10.0, 500.0)
    ]
    source.learn(completed, 2)
    assert source.least() == 10.0


def test_the_last_of_three_folds_has_nothing_beside_it_on_two_cores(tmp_path: Path) -> None:
    plan = plan_here(tmp_path)
    source = TrialSource(Logistic(), memory_study(), plan, "tpe")
    params = source.shipped[0].params
    distribution = optuna.distributions.FloatDistribution(1e-4, 1e4, log=True)
    trial = optuna.trial.create_trial(
        params=params,
        distributions=dict.fromkeys(params, distribution),
        value=0.9,
        user_attrs={"seconds": 15.0},  # three fits of ten seconds each
    )
    source.finishing_rate = -1.0  # nothing is to be finished
    source.learn([trial], 2)
    assert plan.folds.fits == 3
    assert source.expected(suggested(Logistic(), params)) == pytest.approx(STRETCH * 20)
    source.busy = lambda: [15.0]  # the second core joins in for the last fit
    assert source.expected(suggested(Logistic(), params)) == pytest.approx(STRETCH * 25)
    source.busy = lambda: [100.0]  # the first makes all three
    assert source.expected(suggested(Logistic(), params)) == pytest.approx(STRETCH * 30)


class Passes(Logistic):
    """Ships a short point and one of ten times its work, and may shorten the latter."""

    def cost(self, params: Params) -> float:
        return float(params["max_iter"])

    def shipped(self) -> list[ShippedPoint]:
        points = [{"C": 0.1, "max_iter": passes} for passes in (20, 200)]
        return [ShippedPoint(str(one["max_iter"]), one, self.cost(one)) for one in points]

    def shortened(self, params: Params, share: float) -> Params:
        return params | {"max_iter": round(share * params["max_iter"])}


@pytest.mark.parametrize(("seconds", "passes"), [(1000, 200), (700, 180), (400, None)])
def test_a_point_that_does_not_fit_the_time_left_is_shortened(
    seconds: float, passes: int | None, tmp_path: Path
) -> None:
    """By two fifths at most: one that is shorter still is left for another run."""

    def work(request: FitRequest) -> float:
        return Passes().cost(request.task.params)

    def fit(request: FitRequest) -> FitResult:
        return replace(made_up(request), fit_seconds=work(request))

    study, place = memory_study(), Here(fit, work, workers=1)
    tune(Passes(), study, plan_here(tmp_path, place=place), seconds, quiet)
    tried = {t.user_attrs.get("point"): t.params["max_iter"] for t in study.trials}
    assert tried.get("200", tried.get("200, shortened")) == passes
    assert place.clock < seconds


def test_a_longer_run_tries_the_whole_of_a_shortened_point(tmp_path: Path) -> None:
    def work(request: FitRequest) -> float:
        return Passes().cost(request.task.params)

    def fit(request: FitRequest) -> FitResult:
        return replace(made_up(request), fit_seconds=work(request))

    study = memory_study()
    for seconds in (700.0, 700.0, 1500.0):
        place = Here(fit, work, workers=1)
        tune(Passes(), study, plan_here(tmp_path, place=place), seconds, quiet)
    named = [t.user_attrs["point"] for t in study.trials if "point" in t.user_attrs]
    assert sorted(set(named)) == ["20", "200", "200, shortened", "the one to beat"]
    assert named.count("200, shortened") == 1
    (whole,) = (t for t in study.trials if t.user_attrs.get("point") == "200")
    assert whole.params["max_iter"] == 200


class Lucky(Passes):
    """Fits that differ by their random start, which the strength stands for."""

    def redrawn(self, params: Params, draw: int) -> Params:
        return params | {"C": 0.1 + draw / 1000}


def test_what_is_left_of_the_time_goes_to_other_random_starts_of_the_best(tmp_path: Path) -> None:
    def work(request: FitRequest) -> float:
        return Lucky().cost(request.task.params)

    def fit(request: FitRequest) -> FitResult:
        return replace(made_up(request), fit_seconds=work(request))

    study = memory_study(pruned=True)
    for seconds in (1800.0, 2000.0):  # a second run goes on where the first had to stop
        place = Here(fit, work, workers=1)
        tune(Lucky(), study, plan_here(tmp_path, place=place), seconds, quiet)
        assert place.clock < seconds
    named = [t.user_attrs["point"] for t in study.trials if "point" in t.user_attrs]
    assert named[:2] == ["20", "200"]
    drawn = [name for name in named if ", draw " in name]
    assert sorted(drawn) == [f"{one}, draw {draw}" for one in ("20", "200") for draw in (2, 3, 4)]
    assert {name[-1] for name in drawn[:2]} == {"2"}
    points = [t for t in study.trials if t.user_attrs.get("point", "").startswith("200")]
    assert all(trial.state == TrialState.COMPLETE for trial in points)
    assert len({trial.params["C"] for trial in points}) == 4
