"""The coordinator: asks a study for trials, hands their fits to an executor, prunes, tells.

It alone touches the database and the store, so SQLite has a single writer and workers need nothing
but the data. It stops asking when the time is up, and can be killed at any instant: fits that came
back are in the store, and a trial that was open is queued again by the next run.
"""

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import optuna
from optuna.trial import TrialState

from competition.errors import PodiumError
from pipelines.base import Params, Pipeline, ShippedPoint, suggested
from pipelines.evaluation import FitRequest, FitResult, fit_fold
from pipelines.execution import LocalExecutor
from pipelines.finishing import finish_columns, finishing_work
from pipelines.grid import grid_points
from pipelines.metrics import Score
from pipelines.plan import Plan
from pipelines.progress import Progress, Report
from pipelines.store import Column
from pipelines.study import best_so_far, best_trials, finished_trials, put_back, untried
from pipelines.trial_run import SCREEN_ROWS, TrialRun

log = logging.getLogger(__name__)

_STRETCH = 1.15  # predicted times are stretched by this before they are held against the clock
_TICK = 30.0  # seconds after which a fit that goes on is spoken of
_LOOKS = 10  # so many trials are asked for in search of one that fits the time left
_FAILURES = 3  # a pipeline is given up after so many failures before its first success


def tune(
    pipeline: Pipeline,
    study: optuna.Study,
    plan: Plan,
    seconds: float,
    report: Report,
    *,
    grid: bool = False,
) -> list[Column]:
    """Tune one pipeline for some time and finish the columns of its best trials.

    The first trial, the cheapest shipped point, is always completed, so that even a budget that is
    too small ends with a column. Then come the shipped points that fit the time left, the dearest
    first, then sampled trials. What runs when the time is up is stopped and queued again.

    Args:
        pipeline: What to tune.
        study: Where its trials are kept.
        plan: The data, folds and cores.
        seconds: Time for it all, the making of the columns included.
        report: Called with each step's progress.
        grid: After the first trial, try the points of the pipeline's grid one after the other and
            end with the last of them; nothing is sampled.

    Returns:
        The columns of the best trials, best first.

    Raises:
        PodiumError: the pipeline cannot be fitted to this data at all.
    """
    deadline = time.monotonic() + seconds
    with plan.executor(pipeline) as executor:
        return _Coordinator(pipeline, study, plan, deadline, executor, report, grid).run()


class _Coordinator:
    def __init__(
        self,
        pipeline: Pipeline,
        study: optuna.Study,
        plan: Plan,
        deadline: float,
        executor: LocalExecutor,
        report: Report,
        grid: bool,
    ) -> None:
        self.pipeline, self.study, self.plan = pipeline, study, plan
        self.deadline, self.executor, self.report = deadline, executor, report
        self.shipped = pipeline.shipped()
        self.grid = grid_points(pipeline) if grid else None
        rows = len(plan.data.train_labels) * (plan.folds.count - 1) // plan.folds.count
        self.screening = plan.two_speeds and rows > 2 * SCREEN_ROWS
        self.open: list[TrialRun] = []
        self.running: dict[Future[FitResult], tuple[TrialRun, FitRequest]] = {}
        self.failures = 0
        self.postponed: list[int] = []
        self.rate = 0.0  # wall seconds of a trial of cost 1
        self._look_back()

    def _look_back(self) -> None:
        """Learn from the study what is best so far and what finishing it will take."""
        self.trials = finished_trials(self.study)
        best = best_trials(self.study, self.pipeline.columns)
        self.best: list[Params] = [suggested(self.pipeline, trial.params) for trial in best]
        self.score = (
            Score(best[0].value or 0.0, -best[0].user_attrs["log_loss"], len(self._labels))
            if best
            else None
        )
        work = finishing_work(self.pipeline, self.plan, self.best)
        self.finishing = work / self.executor.workers
        timed = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))[-1:]
        costs = [self.pipeline.cost(suggested(self.pipeline, trial.params)) for trial in timed]
        self.rate = timed[0].user_attrs["seconds"] / costs[0] if timed else 0.0

    @property
    def _labels(self) -> Any:
        return self.plan.data.train_labels

    # ------------------------------------------------------------------ the loop

    def run(self) -> list[Column]:
        """Ask, fit, prune and tell until the time is up, then finish the best trials' columns."""
        for _ in range(_FAILURES):
            try:
                self._work()
                return self._columns()
            except BrokenProcessPool:
                log.warning("a worker of %s died; starting anew", self.pipeline.name)
                self.executor.abandon()
        raise PodiumError(
            f"Workers of {self.pipeline.name} keep dying: the memory may be too small. Try again "
            "with fewer WORKERS, or leave it out of PIPELINES."
        )

    def _work(self) -> None:
        try:
            while self._fill():
                patience = _TICK if self.score is None else max(0.0, min(_TICK, self._left()))
                done, _ = wait(self.running, timeout=patience, return_when=FIRST_COMPLETED)
                for future in done:
                    self._receive(future)
                if not done:
                    self._say(fits_left=sum(run.fits_left for run in self.open))
                if self.score is not None and self._left() <= 0:
                    break
        finally:
            put_back(self.study, [*(run.trial.number for run in self.open), *self.postponed])
            self.postponed.clear()
            if self.running:
                self.executor.abandon()
            self.open.clear()
            self.running.clear()

    def _fill(self) -> bool:
        """Keep every process busy; return whether anything is running."""
        while len(self.running) < self.executor.workers:
            due = self._next_fit()
            if due is None:
                break
            known = self.plan.store.load(due[1])
            if known is None:
                self.running[self.executor.submit(fit_fold, due[1])] = due
            else:
                self._advance(*due, known)
        return bool(self.running)

    def _next_fit(self) -> tuple[TrialRun, FitRequest] | None:
        for run in self.open:
            request = run.next_request()
            if request is not None:
                return run, request
        if len(self.open) < self.executor.workers and self._wants_more():
            asked = self._ask()
            if asked is not None:
                self.open.append(asked)
                return self._next_fit()
        return None

    def _receive(self, future: Future[FitResult]) -> None:
        run, request = self.running.pop(future)
        try:
            result = future.result()
        except BrokenProcessPool:
            raise
        except Exception as error:
            self._fail(run, error)
            return
        self.plan.store.save(request, result)
        if run in self.open:
            self._advance(run, request, result)

    # ------------------------------------------------------------------ trials

    def _ask(self) -> TrialRun | None:
        """Ask for a trial that fits the time left; None where none turns up."""
        for _ in range(_LOOKS):
            if not self._queue_point() and self.grid is not None:
                return None
            trial = self.study.ask()
            params = self.pipeline.suggest(trial)
            if self.score is None or self._expected(params) <= self._left():
                task = self.plan.task(self.pipeline, params)
                trial.set_user_attr("key", self.plan.store.key(task))
                screened = self.screening and not trial.user_attrs.get("earned")
                return TrialRun(trial, task, self._labels, screened)
            if trial.user_attrs:  # it was queued, and is worth waiting for more time
                self.postponed.append(trial.number)
            else:
                self.study.tell(trial, state=TrialState.FAIL)
        return None

    def _queue_point(self) -> bool:
        """Queue the fixed point that is due; return whether any is queued.

        The first is the cheapest shipped point; then come the points of the grid in their order, or
        else the dearest shipped point that fits the time left.
        """
        if self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            return True
        points, earned = untried(self.study, self.shipped), True
        if self.score is not None and self.grid is not None:
            points, earned = untried(self.study, self.grid), False
        elif self.score is not None:
            points = [point for point in points if self._fits(point)][-1:]
        for point in points[:1]:
            attributes = {"point": point.name, "earned": earned}
            self.study.enqueue_trial(point.params, user_attrs=attributes)
        return bool(points)

    def _fits(self, point: ShippedPoint) -> bool:
        return self._expected(suggested(self.pipeline, point.params)) <= self._left()

    def _expected(self, params: Params) -> float:
        """Predict the wall seconds of a full trial from the last that was timed; 0 for no idea."""
        return self.pipeline.cost(params) * self.rate * _STRETCH

    def _advance(self, run: TrialRun, request: FitRequest, result: FitResult) -> None:
        prune = run.receive(request, result)
        if prune:
            self._tell(run, state=TrialState.PRUNED)
        elif run.complete:
            outcome = run.score()
            run.trial.set_user_attr("log_loss", outcome.log_loss)
            run.trial.set_user_attr("seconds", run.seconds / self.executor.workers)
            self._tell(run, outcome.accuracy)
            self._look_back()
        self._say(fits_left=run.fits_left, finished=prune or run.complete)

    def _tell(
        self, run: TrialRun, value: float | None = None, state: TrialState | None = None
    ) -> None:
        self.study.tell(run.trial, value, state=state)
        self.open.remove(run)
        self.trials += 1

    def _fail(self, run: TrialRun, error: Exception) -> None:
        """Record why a fit failed; give the pipeline up when nothing but failures came."""
        if run not in self.open:
            return
        log.warning("%s: trial %d failed: %s", self.pipeline.name, run.trial.number, error)
        run.trial.set_user_attr("failure", f"{type(error).__name__}: {error}")
        self.study.tell(run.trial, state=TrialState.FAIL)
        self.open.remove(run)
        self.failures += 1
        hopeless = self.failures >= _FAILURES and self.score is None
        if isinstance(error, PodiumError) or hopeless:
            raise PodiumError(f"{self.pipeline.name} cannot be fitted: {error}") from error

    # ------------------------------------------------------------------ time and columns

    def _left(self) -> float:
        """Return the seconds until the deadline, less what finishing the columns will take."""
        return self.deadline - time.monotonic() - _STRETCH * self.finishing

    def _wants_more(self) -> bool:
        if self.score is None:
            return not self.open
        return self._left() > min(point.cost for point in self.shipped) * self.rate

    def _columns(self) -> list[Column]:
        """Finish the columns of the best trials."""
        facts = {
            "trials": self.trials,
            "study": self.study.study_name,
            "best_so_far": best_so_far(self.study),
        }
        return finish_columns(
            self.pipeline,
            self.plan,
            self.best,
            facts,
            self.executor,
            lambda fits_left: self._say(fits_left, finishing=True),
        )

    def _say(self, fits_left: int, *, finished: bool = False, finishing: bool = False) -> None:
        left = self.deadline - time.monotonic()
        self.report(
            Progress(
                self.pipeline.name, self.trials, fits_left, self.score, left, finished, finishing
            )
        )
