"""The coordinator: asks a study for trials, hands their fits to an executor, prunes, tells.

It alone touches the store, so workers need nothing but the data. It stops asking when the time is
up, and can be killed at any instant: fits that came back are in the store, and a trial that was
open is queued again by the next run, or by another coordinator of the same study.
"""

import logging
import math
from concurrent.futures import Future
from contextlib import nullcontext, suppress

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from competition.database import DatabaseFailed
from competition.errors import InfrastructureError, PodiumError
from pipelines.base import Pipeline
from pipelines.columns import Column
from pipelines.execution.base import FitExecutor
from pipelines.search.finishing import finish_columns
from pipelines.search.fit import FitRequest, FitResult, fit_fold
from pipelines.search.makers import maker_of, unlike
from pipelines.search.plan import Plan
from pipelines.search.progress import Progress, Report
from pipelines.search.studies import owners
from pipelines.search.studies.failures import Failures
from pipelines.search.studies.standing import Standing
from pipelines.search.studies.trial_source import STRETCH, TrialSource
from pipelines.search.trial import TrialRun

log = logging.getLogger(__name__)

_TICK = 30.0  # seconds between two signs of life of the open trials
_START, _DEEP_START = 8.0, 30.0  # seconds that the first fit may take in any case, and a network's
_LET_END = 1.5  # seconds that running fits have to end in, before they are ended
_FIRST_SHARE = 1 / 3  # of the time left, that it may take
_LOOK = 1.0  # seconds between two looks at what the fits say of themselves

NO_TIME = "Its first trial would not have ended in the time left."


class PipelineFailed(PodiumError):
    """A pipeline cannot be fitted to this data, or none of its columns could be made."""


def tune(
    pipeline: Pipeline,
    study: optuna.Study,
    plan: Plan,
    seconds: float,
    report: Report,
    *,
    sampler: str = "tpe",
    grace: float = math.inf,
    executor: FitExecutor | None = None,
) -> list[Column]:
    """Tune one pipeline for some time and finish the columns of its best trials.

    The first trial, the cheapest shipped point, is always completed, so that even a budget that is
    too small ends with a column. Then come the shipped points that fit the time left, the most
    expensive first, then sampled trials. What runs when the time is up is stopped and queued again.
    A trial whose fit fails ends with its reason, and the next one is asked for.

    Args:
        pipeline: What to tune.
        study: Where its trials are kept; other coordinators may be at work on it.
        plan: The data, folds and cores.
        seconds: Time for it all, the making of the columns included.
        report: Called with each step's progress.
        sampler: `tpe`, `random`, or `grid`: after the first trial, the points of the pipeline's
            grid one after the other, and an end with the last of them.
        grace: Seconds after its time that the first trial may still take. One that cannot end by
            then is given up at once, so that the time is left to others.
        executor: Where fits run; one of the pipeline's own for None.

    Returns:
        The columns of the best trials whose fits were made here, best first.

    Raises:
        PipelineFailed: the pipeline cannot be fitted to this data, or not in this time.
        InfrastructureError: the database, the cluster or the disk failed; the columns that could be
            made are in the store.
    """
    with nullcontext(executor) if executor else plan.executor(pipeline) as place:
        source = TrialSource(pipeline, study, plan, sampler)
        return _Coordinator(source, place, seconds, report, grace).run()


class _Coordinator:
    def __init__(
        self,
        source: TrialSource,
        executor: FitExecutor,
        seconds: float,
        report: Report,
        grace: float,
    ) -> None:
        self.source, self.executor, self.report = source, executor, report
        self.grace = grace
        self.pipeline, self.study, self.plan = source.pipeline, source.study, source.plan
        self.deadline = executor.now() + seconds
        self.opened = executor.now()  # when the last trial was
        self.late = False
        self.maker = maker_of(self.pipeline.name, self.plan.competition.rows_kind)
        self.open: list[TrialRun] = []
        self.running: dict[Future[FitResult], tuple[TrialRun, FitRequest, float]] = {}
        self.watch = owners.Watch(self.plan.owner)
        self.beats = 0
        self.beat_at = executor.now()
        self.failures = Failures()
        source.busy = self._busy
        self.standing = Standing(source)
        self.standing.look(executor.workers)

    # ------------------------------------------------------------------ the loop

    def run(self) -> list[Column]:
        """Ask, fit, prune and tell until the time is up, then finish the best trials' columns."""
        try:
            self._work()
        except InfrastructureError:
            self._keep_what_is_there()
            raise
        except BaseException:
            self._stop()
            raise
        self._let_end()
        self._stop()
        return self._columns()

    def _work(self) -> None:
        while self._fill():
            until = self._left() + (0 if self.standing.score is not None else self.grace)
            patience = max(0.0, min(_LOOK, until))
            done = self.executor.wait(self.running, patience)
            for future in done:
                self._receive(future)
            if not done:
                self._say(fits_left=sum(run.fits_left for run in self.open))
            self.late = self._over()
            if self._hopeless() or self.late:
                break
            self._beat()

    def _let_end(self) -> None:
        """Wait for short fits: to end them is to end processes that other fits could go on in."""
        until = self.executor.now() + (0.0 if self.pipeline.deep else _LET_END)
        while self.running and (left := until - self.executor.now()) > 0:
            for future in self.executor.wait(self.running, left):
                self.running.pop(future)

    def _stop(self) -> None:
        """Queue again what is open, and what others have left."""
        trials = self.study.get_trials(deepcopy=False)
        numbers = [run.trial.number for run in self.open]
        owners.put_back(self.study, [trials[number] for number in numbers], "its run was stopped")
        self.source.close()
        if self.running:
            self.executor.abandon()
        self.open.clear()
        self.running.clear()
        owners.take_back(self.study, self.plan.owner)
        owners.take_over_silent(self.study, self.watch)

    def _keep_what_is_there(self) -> None:
        """Make the columns that can still be made where database, cluster or disk failed."""
        with suppress(PodiumError):
            self.executor.abandon()
            self._columns()
        with suppress(DatabaseFailed):
            self._stop()

    def _beat(self) -> None:
        """Give a sign of life for every open trial, and take over those of the silent."""
        if self.executor.now() - self.beat_at < _TICK:
            return
        self.beat_at = self.executor.now()
        self.beats += 1
        for run in list(self.open):
            try:
                run.trial.set_user_attr(owners.ALIVE, self.beats)
            except UpdateFinishedTrialError:
                self._let_go(run)
        owners.take_over_silent(self.study, self.watch)

    def _fill(self) -> bool:
        """Keep every process busy; return whether anything is running."""
        while len(self.running) < self.executor.workers and not self._hopeless():
            due = self._next_fit()
            if due is None:
                break
            known = self.plan.store.load(due[1])
            if known is None:
                began = self.executor.now()
                self.running[self.executor.submit(fit_fold, due[1])] = (*due, began)
            else:
                self._advance(*due, known)
        return bool(self.running)

    def _next_fit(self) -> tuple[TrialRun, FitRequest] | None:
        for run in self.open:
            request = run.next_request()
            if request is not None:
                return run, request
        if len(self.open) < self.executor.workers and self._wants_more():
            asked = self.source.ask(None if self.standing.score is None else self._left)
            if asked is not None:
                screened = self.plan.screens and not asked.earned
                run = TrialRun(asked.trial, asked.task, self.plan, screened, asked.earned)
                self.open.append(run)
                self.opened = self.executor.now()
                return self._next_fit()
        return None

    def _receive(self, future: Future[FitResult]) -> None:
        run, request, _ = self.running.pop(future)
        try:
            result = future.result()
        except InfrastructureError:
            raise
        except Exception as error:
            self._fail(run, error)
            return
        self.plan.store.save(request, result)
        if run in self.open:
            self._advance(run, request, result)

    # ------------------------------------------------------------------ trials

    def _advance(self, run: TrialRun, request: FitRequest, result: FitResult) -> None:
        try:
            difference = unlike(self.maker, result.maker, formats=False)
            if difference:
                raise PodiumError(f"A worker has other code or libraries: {difference}.")
            prune = run.receive(request, result)
            if prune:
                self._tell(run, state=TrialState.PRUNED)
            elif run.complete:
                self._complete(run)
        except UpdateFinishedTrialError:
            self._let_go(run)
            return
        except InfrastructureError:
            raise
        except Exception as error:
            self._fail(run, error)
            return
        self._say(fits_left=run.fits_left, finished=prune or run.complete)

    def _complete(self, run: TrialRun) -> None:
        outcome = run.score()
        width = min(self.executor.workers, self.plan.folds.fits)
        run.trial.set_user_attr("loss", outcome.loss)
        run.trial.set_user_attr("standard_error", outcome.standard_error)
        run.trial.set_user_attr("seconds", run.seconds / width)
        self._tell(run, outcome.value)
        self.standing.look(self.executor.workers)

    def _tell(
        self, run: TrialRun, value: float | None = None, state: TrialState | None = None
    ) -> None:
        if not owners.tell(self.study, run.trial.number, value, state):
            self._let_go(run)
            return
        self.open.remove(run)
        self.standing.trials += 1
        self.failures.clear()

    def _let_go(self, run: TrialRun) -> None:
        log.info("trial %d was taken over while this coordinator slept", run.trial.number)
        self.open.remove(run)

    def _fail(self, run: TrialRun, error: Exception) -> None:
        """Record why a fit failed; the trial alone fails with it."""
        if run not in self.open:
            return
        reason = self.failures.add(error)
        log.warning("%s: trial %d failed: %s", self.pipeline.name, run.trial.number, reason)
        owners.fail(self.study, run.trial, reason)
        self.open.remove(run)

    def _hopeless(self) -> bool:
        return self.failures.hopeless(scored=self.standing.score is not None)

    # ------------------------------------------------------------------ time and columns

    def _left(self) -> float:
        """Return the seconds until the deadline, less what finishing the columns will take."""
        return self.deadline - self.executor.now() - STRETCH * self.standing.finishing

    def _busy(self) -> list[float]:
        """Return the seconds that each running fit will probably still take."""
        now = self.executor.now()
        return [
            max(0.0, began + self.source.fit_seconds(run.task.params) - now)
            for run, request, began in self.running.values()
            if request.train_rows is None
        ]

    def _over(self) -> bool:
        """Tell whether the time is up; the first trial has some more, if it can end by then."""
        if self.standing.score is not None:
            return self._left() <= 0
        left = self._left() + self.grace
        return left <= 0 or any(self._cannot_end(run, left) for run in self.open)

    def _cannot_end(self, run: TrialRun, left: float) -> bool:
        """Tell whether the first trial's fits so far say that it takes longer than what is left."""
        workers = self.executor.workers
        if run.results or run.fits_left <= workers:
            return run.least_left(workers) > left
        waited = self.executor.now() - self.opened
        start = _DEEP_START if self.pipeline.deep else _START
        return waited > max(start, _FIRST_SHARE * (waited + left))

    def _wants_more(self) -> bool:
        if self.standing.score is None:
            return not self.open
        return self._left() > self.source.least()

    def _columns(self) -> list[Column]:
        """Finish the columns of the best trials."""
        if not self.standing.best:
            if self.late and not self.failures.count:
                raise PipelineFailed(NO_TIME)
            raise PipelineFailed(f"{self.pipeline.name} cannot be fitted: {self.failures.last}")
        facts = {
            "trials": self.standing.trials,
            "study": self.study.study_name,
            "best_so_far": self.standing.values,
        }
        columns, reasons = finish_columns(
            self.pipeline,
            self.plan,
            self.standing.best,
            facts,
            self.executor,
            lambda fits_left: self._say(fits_left, finishing=True),
        )
        if not columns:
            raise PipelineFailed(
                f"{self.pipeline.name} could not predict the test set: {reasons[0]}"
            )
        return columns

    def _say(self, fits_left: int, *, finished: bool = False, finishing: bool = False) -> None:
        left = self.deadline - self.executor.now()
        self.report(
            Progress(
                self.pipeline.name,
                self.standing.trials,
                fits_left,
                self.standing.score,
                left,
                self.executor.doing(),
                finished,
                finishing,
            )
        )
