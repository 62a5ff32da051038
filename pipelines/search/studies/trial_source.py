"""Which trial comes next: a queued one, a fixed point that is due, or one that is sampled."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import chain
from operator import itemgetter, truediv
from statistics import median
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from pipelines.base import Params, Pipeline, ShippedPoint, suggested
from pipelines.search.finishing import finishing_work, in_store
from pipelines.search.fit import Task
from pipelines.search.plan import Plan
from pipelines.search.studies import owners
from pipelines.search.studies.grid import grid_points
from pipelines.search.studies.proposals import Proposals
from pipelines.search.studies.study import best_trials, score_of, untried

STRETCH = 1.15  # predicted times are stretched by this before they are held against the clock
_NO_TIME = "it would not have ended in the time left"
_TAKEN = "another run took the point that was queued"
_TO_BEAT = "the one to beat"
_TIMED = 5  # so many trials, the last that were completed, tell the time of the next
# Shares of a fixed point's time that are tried where the whole does not fit.
_SHORTER = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
_SHORTENED = ", shortened"  # behind the name of such a point
_DRAWN = ", draw "  # behind the name of one from another random start
_MOST_DRAWS = 4  # of one point, the first included
_ATTEMPTS = 10  # so many trials are asked for before the source is taken for dry

Left = Callable[[], float]  # the seconds left


@dataclass(frozen=True)
class Asked:
    """A trial that was asked for.

    Attributes:
        trial: Optuna's.
        task: Its fits.
        earned: Whether it is to be completed, come what may.
    """

    trial: optuna.Trial
    task: Task
    earned: bool


class TrialSource:
    """Asks a study for trials that fit the time left.

    The first is the cheapest shipped point. Then come the points of the grid in their order, or
    else the shipped points, the most expensive that fits first (as it is, or somewhat shortened),
    the best ones by another draw of their random start, the best once more for others to beat, and
    sampled trials. What waits in the queue, from a run
    that was stopped, goes before them all. Nothing is asked of the study that was not queued in it.

    Args:
        pipeline: What is tuned.
        study: Where its trials are kept.
        plan: What its fits share.
        sampler: `tpe`, `random`, or `grid`, which tries the points of the pipeline's grid alone.
    """

    def __init__(self, pipeline: Pipeline, study: optuna.Study, plan: Plan, sampler: str) -> None:
        self.pipeline, self.study, self.plan, self.owner = pipeline, study, plan, plan.owner
        self.shipped = pipeline.shipped()
        self.grid = grid_points(pipeline) if sampler == "grid" else None
        self.proposals = Proposals(study, pipeline, sampler, plan.seed)
        self.rate = 0.0  # wall seconds of a trial of cost 1
        self.workers = 1  # how many fits run at once
        self.busy: Callable[[], list[float]] = list  # seconds that the running fits still take
        self.finishing_rate = 0.0  # wall seconds of the test predictions that it lacks
        self.reserve = 0.0  # wall seconds that are kept for those of the best trial so far
        self.postponed: list[int] = []
        self.given: set[str] = set()  # names of the fixed points that were queued here

    # ------------------------------------------------------------------ time

    def learn(self, completed: list[FrozenTrial], workers: int) -> None:
        """Take the times of the last completed trials as the measure of those to come.

        Their median, since a pipeline's cost is a rough guess: one slow trial that set the measure
        alone would leave the rest of the time unused.

        Args:
            completed: The study's.
            workers: How many fits run at once.
        """
        if not completed:
            return
        timed = [suggested(self.pipeline, trial.params) for trial in completed[-_TIMED:]]
        costs = [self.pipeline.cost(params) for params in timed]
        seconds = [trial.user_attrs["seconds"] for trial in completed[-_TIMED:]]
        self.rate = median(map(truediv, seconds, costs))
        self.workers = workers
        if not self.finishing_rate:
            work = finishing_work(self.pipeline, self.plan, timed[-1:])
            self.finishing_rate = work / workers / costs[-1]

    def expected(self, params: Params) -> float:
        """Predict the wall seconds of a full trial, on the safe side; 0 for no idea.

        Five folds on two cores take as long as six: the last one has nothing beside it. And a core
        that is at work on another trial joins in when it is done with that.
        Where neighbours are looked for, the test predictions can take longer than the trial, and
        they are due if it turns out the best: in place of those that time is kept for already.
        """
        cost = self.pipeline.cost(params)
        finishing = max(0.0, cost * self.finishing_rate - self.reserve)
        free = sorted([*self.busy(), *[0.0] * self.workers])[-self.workers :]
        last = 0.0
        for _ in range(self.plan.folds.fits):  # each goes to the core that is free first
            last = heappop(free) + self.fit_seconds(params)
            heappush(free, last)
        return STRETCH * (last + finishing)

    def fit_seconds(self, params: Params) -> float:
        """Predict the seconds of a fit; 0 for no idea."""
        fits = self.plan.folds.fits
        return self.pipeline.cost(params) * self.rate * min(self.workers, fits) / fits

    def least(self) -> float:
        """Predict the wall seconds of the cheapest shipped point."""
        return self.rate * self.shipped[0].cost

    # ------------------------------------------------------------------ asking

    def ask(self, left: Left | None) -> Asked | None:
        """Return a trial with its fits; None where none turns up that fits.

        Args:
            left: The seconds left; None while nothing has a score, when a trial is due however long
                it takes.
        """
        for _ in range(_ATTEMPTS):
            if not self._queue_one(left):
                return None
            trial = self.study.ask()
            # Another run closes it where this process slept for so long that it passes for dead.
            with suppress(UpdateFinishedTrialError):
                asked = self._claim(trial, left)
                if asked is not None:
                    return asked
        return None

    def _claim(self, trial: optuna.Trial, left: Left | None) -> Asked | None:
        """Return what was asked for; None where it does not fit, or is another run's."""
        known = trial.user_attrs
        trial.set_user_attr(owners.OWNER, self.owner)
        if owners.ASKED not in known:  # another run was faster, and the queue empty
            owners.close(self.study, trial.number, _TAKEN)
            return None
        params = self.pipeline.suggest(trial)
        late = left is not None and self.expected(params) > left()
        if late and not in_store(self.pipeline, self.plan, params):
            self.postponed.append(trial.number)  # it is worth waiting for more time
            return None
        task = self.plan.task(self.pipeline, params)
        key = self.plan.store.key(task)
        trial.set_user_attr("key", key)
        twin = owners.same_elsewhere(self.study, trial, key, self.owner)
        if twin is None:
            return Asked(trial, task, bool(known.get("earned")))
        trial.set_user_attr("twin", twin)
        owners.close(self.study, trial.number, f"trial {twin} of another run tries the same")
        return None

    def close(self) -> None:
        """Queue again what did not fit this time."""
        trials = self.study.get_trials(deepcopy=False)
        owners.put_back(self.study, [trials[number] for number in self.postponed], _NO_TIME)
        self.postponed.clear()

    # ------------------------------------------------------------------ queueing

    def _queue_one(self, left: Left | None) -> bool:
        """See to it that a trial waits in the queue; return whether one does."""
        trials = self.study.get_trials(deepcopy=False)
        if any(trial.state == TrialState.WAITING for trial in trials):
            return True
        point = self._due_point(trials, left)
        if point is not None:
            self.given.add(point.name)
            earned = point.name != _TO_BEAT
            self._enqueue(point.params, point=point.name, earned=earned)
            return True
        if self.grid is not None:
            return False
        sampled = self.proposals.propose(lambda params: self._fits(params, left))
        if sampled is None:
            return False
        self._enqueue(sampled)
        return True

    def _enqueue(self, params: Params, **attributes: Any) -> None:
        task = self.plan.task(self.pipeline, suggested(self.pipeline, params))
        owners.enqueue(self.study, params, key=self.plan.store.key(task), **attributes)

    def _fits(self, params: Params, left: Left | None) -> bool:
        return left is None or self.expected(params) <= left()

    def _fits_point(self, point: ShippedPoint, left: Left | None) -> bool:
        return self._fits(suggested(self.pipeline, point.params), left)

    def _due_point(self, trials: list[FrozenTrial], left: Left | None) -> ShippedPoint | None:
        """Return the fixed point that is due; one that failed here is not due again."""
        if left is None:
            first = self._due(trials, [*self.shipped, *(self.grid or [])])
            return next(first, None)
        if self.grid is not None:
            due = self._due(trials, self.grid)
            return next((point for point in due if self._fits_point(point, left)), None)
        untried_here = list(self._due(trials, self.shipped))
        fitting = (self._within(point, trials, left) for point in reversed(untried_here))
        again = (point for point in self._redrawn(trials) if self._fits_point(point, left))
        return next(filter(None, chain(fitting, again)), None) or self._to_beat(trials)

    def _within(
        self, point: ShippedPoint, trials: list[FrozenTrial], left: Left
    ) -> ShippedPoint | None:
        """Return a point that fits the time left: as it is, or shortened; None for neither.

        A shortened one has a name of its own, so that a longer run tries the whole.
        """
        if self._fits_point(point, left):
            return point
        for share in _SHORTER:
            params = self.pipeline.shortened(point.params, share)
            if params is not None and self._fits(suggested(self.pipeline, params), left):
                shorter = replace(point, name=point.name + _SHORTENED, params=params)
                return next(self._due(trials, [shorter]), None)
        return None

    def _due(self, trials: list[FrozenTrial], points: list[ShippedPoint]) -> Iterator[ShippedPoint]:
        names = self.given | {name.removesuffix(_SHORTENED) for name in self.given}
        return untried(trials, (point for point in points if point.name not in names))

    def _redrawn(self, trials: list[FrozenTrial]) -> Iterator[ShippedPoint]:
        """Return the points that chance alone may part from the best, from other random starts.

        Those of the fewest starts come first, the best among these before the others.
        """
        points = [
            trial
            for trial in trials
            if trial.state == TrialState.COMPLETE
            and _DRAWN not in trial.user_attrs.get("point", _DRAWN)
        ]
        best = [(score_of(trial, self.plan), trial) for trial in best_trials(points, self.plan)]
        again = [
            (draw, place, ShippedPoint(f"{trial.user_attrs['point']}{_DRAWN}{draw + 1}", params, 0))
            for place, (score, trial) in enumerate(best)
            if best[0][0].rank[0] - score.rank[0] <= best[0][0].standard_error
            for draw in range(1, _MOST_DRAWS)
            if (params := self.pipeline.redrawn(trial.params, draw)) is not None
        ]
        return self._due(trials, [point for *_, point in sorted(again, key=itemgetter(0, 1))])

    def _to_beat(self, trials: list[FrozenTrial]) -> ShippedPoint | None:
        """Return the best trial so far, unless it was entered as the one to beat before."""
        if _TO_BEAT in self.given or not any(untried(trials, [ShippedPoint(_TO_BEAT, {}, 0.0)])):
            return None
        best = best_trials(
            [trial for trial in trials if trial.state == TrialState.COMPLETE], self.plan
        )[0]
        return ShippedPoint(_TO_BEAT, best.params, 0.0)
