"""Which trial comes next: a queued one, a fixed point that is due, or one that is sampled."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from operator import truediv
from statistics import median

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from pipelines.base import Params, Pipeline, ShippedPoint, suggested
from pipelines.search.finishing import finishing_work
from pipelines.search.fit import Task
from pipelines.search.grid import grid_points
from pipelines.search.plan import Plan
from pipelines.search.study import (
    REASON,
    best_trials,
    give_sign_of_life,
    put_back,
    same_elsewhere,
    untried,
)

STRETCH = 1.15  # predicted times are stretched by this before they are held against the clock
_NO_TIME = "it would not have ended in the time left"
_TO_BEAT = "the one to beat"
_TIMED = 5  # so many trials, the last that were completed, tell the time of the next
_LOOKS = 10  # so many trials are asked for in search of one that fits the time left


class TrialSource:
    """Asks a study for trials that fit the time left.

    The first is the cheapest shipped point. Then come the points of the grid in their order, or
    else the shipped points, the dearest that fits first, the best once more for others to beat, and
    sampled trials. What waits in the queue, from a run that was stopped, goes before them all.

    Args:
        pipeline: What is tuned.
        study: Where its trials are kept.
        plan: What its fits share.
        owner: What the trials of this coordinator are marked with.
        grid: Try the points of the pipeline's grid, and sample nothing.
    """

    def __init__(
        self, pipeline: Pipeline, study: optuna.Study, plan: Plan, owner: str, *, grid: bool
    ) -> None:
        self.pipeline, self.study, self.plan, self.owner = pipeline, study, plan, owner
        self.shipped = pipeline.shipped()
        self.grid = grid_points(pipeline) if grid else None
        self.rate = 0.0  # wall seconds of a trial of cost 1
        self.finishing_rate = 0.0  # wall seconds of the test predictions that it lacks
        self.reserve = 0.0  # wall seconds that are kept for those of the best trial so far
        self.postponed: list[int] = []
        self.fixed = {point.name for point in self.shipped} | {_TO_BEAT}
        self.given: set[str] = set()  # names of the fixed points that were queued here

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
        if not self.finishing_rate:
            work = finishing_work(self.pipeline, self.plan, timed[-1:])
            self.finishing_rate = work / workers / costs[-1]

    def expected(self, params: Params) -> float:
        """Predict the wall seconds of a full trial, on the safe side; 0 for no idea.

        Where neighbours are looked for, the test predictions can take longer than the trial, and
        they are due if it turns out the best: in place of those that time is kept for already.
        """
        cost = self.pipeline.cost(params)
        finishing = max(0.0, cost * self.finishing_rate - self.reserve)
        return STRETCH * (cost * self.rate + finishing)

    def least(self) -> float:
        """Predict the wall seconds of the cheapest shipped point."""
        return self.rate * self.shipped[0].cost

    def ask(self, left: Callable[[], float] | None) -> tuple[optuna.Trial, Task] | None:
        """Return a trial and its fits; None where none turns up that fits.

        Args:
            left: The seconds left; None while nothing has a score, when the first point is due
                however long it takes.
        """
        for _ in range(_LOOKS):
            if not self._queue_point(left) and self.grid is not None:
                return None
            trial = self.study.ask()
            # Another run closes it where this process slept for so long that it passes for dead.
            with suppress(UpdateFinishedTrialError):
                task = self._claim(trial, left)
                if task is not None:
                    return trial, task
        return None

    def _claim(self, trial: optuna.Trial, left: Callable[[], float] | None) -> Task | None:
        """Return a trial's fits; None where it does not fit, which its reason says."""
        queued = bool(trial.user_attrs)
        trial.set_user_attr("owner", self.owner)
        if self.grid is not None and not queued:  # nothing is to be sampled
            return self._give_up(trial, "another run took the point that was queued")
        params = self.pipeline.suggest(trial)
        if left is not None and self.expected(params) > left():
            if not queued:
                return self._give_up(trial, _NO_TIME)
            self.postponed.append(trial.number)  # it is worth waiting for more time
            return None
        task = self.plan.task(self.pipeline, params)
        key = self.plan.store.key(task)
        trial.set_user_attr("key", key)
        give_sign_of_life(self.study, trial)  # from here on others see what it tries
        twin = same_elsewhere(self.study, trial, key, self.owner)
        if twin is None:
            return task
        trial.set_user_attr("twin", twin)
        return self._give_up(trial, f"trial {twin} of another run tries the same")

    def _give_up(self, trial: optuna.Trial, reason: str) -> Task | None:
        trial.set_user_attr(REASON, reason)
        self.study.tell(trial, state=TrialState.FAIL)
        return None

    def close(self) -> None:
        """Queue again what did not fit this time."""
        put_back(self.study, self.postponed, _NO_TIME)
        self.postponed.clear()

    def _queue_point(self, left: Callable[[], float] | None) -> bool:
        """Queue the fixed point that is due; return whether any is queued."""
        if self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            return True
        if left is not None and self.grid is None and self.given >= self.fixed:
            return False
        trials = self.study.get_trials(deepcopy=False)
        points, earned = list(self._due(trials, self.shipped, left is None)), True
        if self.grid is not None and (left is not None or not points):
            points = list(islice(self._due(trials, self.grid, left is None), 1))  # of thousands
        if left is not None and self.grid is None:
            points = [point for point in points if self._expected_point(point) <= left()][-1:]
            if not points:
                points, earned = self._to_beat(trials), False
        for point in points[:1]:
            self.given.add(point.name)
            task = self.plan.task(self.pipeline, suggested(self.pipeline, point.params))
            attributes = {"point": point.name, "earned": earned, "queued": True}
            attributes["key"] = self.plan.store.key(task)
            self.study.enqueue_trial(point.params, user_attrs=attributes)
        return bool(points)

    def _due(
        self, trials: list[FrozenTrial], points: list[ShippedPoint], again: bool
    ) -> Iterator[ShippedPoint]:
        """Return the untried points: one that failed is not due again, or nothing else would be."""
        return untried(trials, (point for point in points if again or point.name not in self.given))

    def _to_beat(self, trials: list[FrozenTrial]) -> list[ShippedPoint]:
        """Return the best trial so far, unless it was entered as the one to beat before."""
        if _TO_BEAT in self.given or not any(untried(trials, [ShippedPoint(_TO_BEAT, {}, 0.0)])):
            return []
        best = best_trials([trial for trial in trials if trial.state == TrialState.COMPLETE])[0]
        return [ShippedPoint(_TO_BEAT, best.params, 0.0)]

    def _expected_point(self, point: ShippedPoint) -> float:
        return self.expected(suggested(self.pipeline, point.params))
