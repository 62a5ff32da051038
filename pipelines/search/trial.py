"""One trial on its way through its fits: what is due next, and what came of it so far."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import optuna

from competition.errors import PodiumError
from competition.problem.scores import Score
from competition.problem.targets import Predictions
from pipelines.search.fit import FitRequest, FitResult, Task, requests_of, screening_of
from pipelines.search.folds import Dealt
from pipelines.search.makers import unlike
from pipelines.search.plan import Plan


@dataclass
class TrialRun:
    """A trial that is being evaluated, first on a subset, then on all rows.

    The rule of the two speeds: where a training fold has more than twice `Plan.screen_rows` rows, a
    sampled trial is first fitted on a subset of that size, for `Plan.screen_folds` folds, which
    costs a tenth of a full trial or less. Its mean value there is step 1 of the trial; the running
    mean over the first k full folds is step k + 1. At step 1 and again at step 4 Optuna's
    successive halving (Li et al., MLSys 2020) lets a trial go on if it stands among the best
    quarter of all that came as far, pruned ones included, or is the best while these are few.
    Shipped points and those of a grid have earned their folds: they skip the screening and are
    never pruned. Before anything is sampled the best of them is entered again, as the one to beat:
    that costs a screening, since its folds are in the store.

    Values are those of the metric with a decision learnt on the fold's own rows
    (`Problem.quick_value`); the score of the whole trial has decisions learnt on other folds.

    Attributes:
        trial: Optuna's trial.
        task: The configuration.
        plan: The data and the folds.
        screened: Whether it is to be screened first.
        earned: Whether it is to be completed, come what may.
    """

    trial: optuna.Trial
    task: Task
    plan: Plan
    screened: bool
    earned: bool = False
    results: dict[tuple[int, int | None], FitResult] = field(default_factory=dict)
    _values: dict[tuple[int, int | None], float] = field(default_factory=dict)
    _reported: int = 0

    def __post_init__(self) -> None:
        """Lay out the fits of each stage."""
        rows, folds = self.plan.screen_rows, self.plan.screen_folds
        self._screen = screening_of(self.task, rows, folds) if self.screened else []
        self._full = requests_of(self.task)
        self._due = [*self._screen, *self._full]

    def next_request(self) -> FitRequest | None:
        """Return the next fit that may start now; None while the screening is not decided."""
        if not self._due:
            return None
        if self._due[0].train_rows is None and not self._screened_through():
            return None
        return self._due.pop(0)

    def receive(self, request: FitRequest, result: FitResult) -> bool:
        """Take a fit's result, report the steps it completes; return whether to prune the trial."""
        truth = self.plan.dealt.truth[self.plan.dealt.scored_by(request.fold)]
        self.results[_stage(request)] = result
        self._values[_stage(request)] = self.plan.problem.quick_value(truth, result.scored)
        if not self._reported:
            if not self._screened_through():
                return False
            self._reported = 1
            if self._screen:
                self._report(1, self._mean_value(self._screen))
                if self._falls_behind():
                    return True
        while self._reported <= len(self._full) and self._has(self._full[self._reported - 1]):
            done = self._full[: self._reported]
            self._report(len(done) + 1, self._mean_value(done))
            if len(done) < len(self._full) and self._falls_behind():
                return True
        return False

    @property
    def complete(self) -> bool:
        """Whether every fold on all rows is there."""
        return all(self._has(request) for request in self._full)

    @property
    def fits_left(self) -> int:
        """How many fits have not come back."""
        return len(self._screen) + len(self._full) - len(self.results)

    def least_left(self, workers: int) -> float:
        """Return the seconds that the fits which wait for a worker will take at least.

        Each is taken to last as long as the fastest that came back. The first of every worker tell
        nothing, as they pay for its start, and for features that are then kept.
        """
        came = [result.fit_seconds + result.predict_seconds for result in self.results.values()]
        if len(came) <= workers:
            return 0.0
        return min(came) * math.ceil(max(0, self.fits_left - workers) / workers)

    def out_of_fold(self) -> Predictions:
        """Return the out-of-fold predictions (n, k) of a complete trial."""
        folds = {request.fold: self.results[_stage(request)] for request in self._full}
        return join_folds(folds, self.plan.dealt)

    def score(self) -> Score:
        """Score a complete trial's out-of-fold predictions.

        Raises:
            PodiumError: its folds cannot be joined, or it has no score.
        """
        plan = self.plan
        dealt = plan.dealt
        oof = self.out_of_fold()
        found = plan.problem.score(dealt.truth, oof, dealt.assigned, dealt.units)
        if not (math.isfinite(found.value) and math.isfinite(found.loss)):
            raise PodiumError(
                f"Its predictions have no score: {plan.problem.metric.name} is {found.value}, and "
                f"the loss {found.loss}."
            )
        return found

    @property
    def seconds(self) -> float:
        """Seconds of work that all its fits took together."""
        return sum(r.fit_seconds + r.predict_seconds for r in self.results.values())

    def _has(self, request: FitRequest) -> bool:
        return _stage(request) in self.results

    def _screened_through(self) -> bool:
        return all(self._has(request) for request in self._screen)

    def _mean_value(self, requests: list[FitRequest]) -> float:
        return float(np.mean([self._values[_stage(request)] for request in requests]))

    def _falls_behind(self) -> bool:
        return not self.earned and self.trial.should_prune()

    def _report(self, step: int, value: float) -> None:
        self.trial.report(value, step)
        self._reported = step


def _stage(request: FitRequest) -> tuple[int, int | None]:
    return request.fold, request.train_rows


def join_folds(results: Mapping[int, FitResult], dealt: Dealt) -> Predictions:
    """Put the folds' predictions back into the order of the scored rows, (s, k).

    Where the rows were dealt out several times, a row's prediction is the mean of all.

    Args:
        results: The fit of every fold.
        dealt: Which rows each of them scored.

    Raises:
        PodiumError: a fold is missing, has other rows than it should, or another maker.
    """
    fits = range(dealt.folds.fits)
    missing = [str(fit) for fit in fits if fit not in results]
    if missing:
        raise PodiumError(f"Fold {', '.join(missing)} is missing, so its rows have no predictions.")
    first = results[0]
    joined: npt.NDArray[np.float64] = np.zeros((len(dealt.rows), first.scored.shape[1]))
    for fit in fits:
        result, inside = results[fit], dealt.scored_by(fit)
        difference = unlike(first.maker, result.maker)
        if difference:
            raise PodiumError(f"Its folds were computed by different makers: {difference}.")
        if result.scored.shape != (int(inside.sum()), joined.shape[1]):
            raise PodiumError(f"Fold {fit} has predictions {result.scored.shape} for other rows.")
        joined[inside] += result.scored
    return (joined / dealt.folds.repeats).astype(np.float32)
