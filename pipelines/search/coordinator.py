"""The coordinator: asks a study for trials, hands their fits to an executor, prunes, tells.

It alone touches the store, so workers need nothing but the data. It stops asking when the time is
up, and can be killed at any instant: fits that came back are in the store, and a trial that was
open is queued again by the next run, or by another coordinator of the same study.
"""

import logging
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from itertools import islice

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from competition.errors import PodiumError
from pipelines.base import Params, Pipeline, suggested
from pipelines.execution.base import FitExecutor, WorkerLost
from pipelines.metrics import Score
from pipelines.search.finishing import finish_columns, finishing_work, in_store
from pipelines.search.fit import FitRequest, FitResult, fit_fold
from pipelines.search.plan import Plan
from pipelines.search.progress import Progress, Report
from pipelines.search.store import Column
from pipelines.search.study import (
    best_so_far,
    best_trials,
    give_sign_of_life,
    put_back,
    reclaim,
    take_over_silent,
)
from pipelines.search.trial import SCREEN_ROWS, TrialRun
from pipelines.search.trial_source import STRETCH, TrialSource

log = logging.getLogger(__name__)

_TICK = 30.0  # seconds between two signs of life of the open trials
_LOOK = 1.0  # seconds between two looks at what the fits say of themselves
_FAILURES = 3  # a pipeline is given up after so many failures before its first success
_UNCLAIMED = timedelta(minutes=1)  # after which a trial without an owner is nobody's


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
        study: Where its trials are kept; other coordinators may be at work on it.
        plan: The data, folds and cores.
        seconds: Time for it all, the making of the columns included.
        report: Called with each step's progress.
        grid: After the first trial, try the points of the pipeline's grid one after the other and
            end with the last of them; nothing is sampled.

    Returns:
        The columns of the best trials whose fits were made here, best first.

    Raises:
        PodiumError: the pipeline cannot be fitted to this data at all, or the cluster is gone.
    """
    with plan.executor(pipeline) as executor:
        source = TrialSource(pipeline, study, plan, plan.owner, grid=grid)
        return _Coordinator(source, executor, seconds, report).run()


class _Coordinator:
    def __init__(
        self, source: TrialSource, executor: FitExecutor, seconds: float, report: Report
    ) -> None:
        self.source, self.executor, self.report = source, executor, report
        self.pipeline, self.study, self.plan = source.pipeline, source.study, source.plan
        self.deadline = executor.now() + seconds
        self.labels = self.plan.data.train_labels
        self.assigned = self.plan.folds.assign(self.labels)
        folds = range(self.plan.folds.count)
        self.truths = [self.labels[self.assigned == fold] for fold in folds]
        rows = len(self.labels) * (self.plan.folds.count - 1) // self.plan.folds.count
        self.screening = self.plan.two_speeds and rows > 2 * SCREEN_ROWS
        self.open: list[TrialRun] = []
        self.running: dict[Future[FitResult], tuple[TrialRun, FitRequest]] = {}
        self.failures = 0
        self.beat_at = 0.0
        self.best: list[Params] = []
        self._look_back()

    def _look_back(self) -> None:
        """Learn from the study what is best so far and what finishing it will take."""
        trials = self.study.get_trials(deepcopy=False)
        completed = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        self.source.learn(completed, self.executor.workers)
        self.trials = len(completed) + sum(trial.state == TrialState.PRUNED for trial in trials)
        best = best_trials(completed)
        self.score = (
            Score(best[0].value or 0.0, -best[0].user_attrs["log_loss"], len(self.labels))
            if best
            else None
        )
        params = (suggested(self.pipeline, trial.params) for trial in best)
        kept = (one for one in params if in_store(self.pipeline, self.plan, one))
        here = list(islice(kept, self.pipeline.columns))
        before = self.best
        self.best = here or [suggested(self.pipeline, trial.params) for trial in best[:1]]
        if here and self.best == before:
            return
        work = finishing_work(self.pipeline, self.plan, self.best)
        if best and not here:  # another coordinator's: its folds are to be fitted here too
            work += self.source.expected(self.best[0]) * self.plan.folds.count
        self.finishing = work / self.executor.workers
        self.source.reserve = self.finishing / max(1, len(self.best))

    # ------------------------------------------------------------------ the loop

    def run(self) -> list[Column]:
        """Ask, fit, prune and tell until the time is up, then finish the best trials' columns."""
        try:
            while self._fill():
                patience = _LOOK if self.score is None else max(0.0, min(_LOOK, self._left()))
                done = self.executor.wait(self.running, patience)
                for future in done:
                    self._receive(future)
                if not done:
                    self._say(fits_left=sum(run.fits_left for run in self.open))
                if self.score is not None and self._left() <= 0:
                    break
                self._beat()
        finally:
            self._put_back()
        return self._columns()

    def _put_back(self) -> None:
        put_back(self.study, [run.trial.number for run in self.open], "its run was stopped")
        self.source.close()
        if self.running:
            self.executor.abandon()
        self.open.clear()
        self.running.clear()
        reclaim(self.study, self.source.owner, _UNCLAIMED)

    def _beat(self) -> None:
        """Give a sign of life for every open trial, and take over those of the dead."""
        if self.executor.now() - self.beat_at < _TICK:
            return
        self.beat_at = self.executor.now()
        for run in list(self.open):
            try:
                give_sign_of_life(self.study, run.trial)
            except UpdateFinishedTrialError:
                self._let_go(run)
        take_over_silent(self.study)

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
            asked = self.source.ask(None if self.score is None else self._left)
            if asked is not None:
                trial, task = asked
                earned = bool(trial.user_attrs.get("earned"))
                screened = self.screening and not earned
                self.open.append(
                    TrialRun(trial, task, self.labels, self.assigned, self.truths, screened, earned)
                )
                return self._next_fit()
        return None

    def _receive(self, future: Future[FitResult]) -> None:
        run, request = self.running.pop(future)
        try:
            result = future.result()
        except Exception as error:
            self._fail(run, error)
            return
        self.plan.store.save(request, result)
        if run in self.open:
            self._advance(run, request, result)

    # ------------------------------------------------------------------ trials

    def _advance(self, run: TrialRun, request: FitRequest, result: FitResult) -> None:
        try:
            prune = run.receive(request, result)
            if prune:
                self._tell(run, state=TrialState.PRUNED)
            elif run.complete:
                outcome = run.score()
                run.trial.set_user_attr("log_loss", outcome.log_loss)
                width = min(self.executor.workers, self.plan.folds.count)
                run.trial.set_user_attr("seconds", run.seconds / width)
                self._tell(run, outcome.accuracy)
        except UpdateFinishedTrialError:
            self._let_go(run)
            return
        if run.complete:
            self._look_back()
        self._say(fits_left=run.fits_left, finished=prune or run.complete)

    def _tell(
        self, run: TrialRun, value: float | None = None, state: TrialState | None = None
    ) -> None:
        self.study.tell(run.trial, value, state=state)
        self.open.remove(run)
        self.trials += 1

    def _let_go(self, run: TrialRun) -> None:
        log.info("trial %d was taken over while this coordinator slept", run.trial.number)
        self.open.remove(run)

    def _fail(self, run: TrialRun, error: Exception) -> None:
        """Record why a fit failed; give the pipeline up when nothing but failures came."""
        if run not in self.open:
            return
        log.warning("%s: trial %d failed: %s", self.pipeline.name, run.trial.number, error)
        with suppress(UpdateFinishedTrialError):  # another coordinator has closed it
            run.trial.set_user_attr("failure", f"{type(error).__name__}: {error}")
            self.study.tell(run.trial, state=TrialState.FAIL, skip_if_finished=True)
        self.open.remove(run)
        self.failures += 1
        hopeless = self.score is None and (
            isinstance(error, WorkerLost) or self.failures >= _FAILURES
        )
        if isinstance(error, PodiumError) or hopeless:
            reason = str(error).rstrip(".")
            raise PodiumError(f"{self.pipeline.name} cannot be fitted: {reason}.") from error

    # ------------------------------------------------------------------ time and columns

    def _left(self) -> float:
        """Return the seconds until the deadline, less what finishing the columns will take."""
        return self.deadline - self.executor.now() - STRETCH * self.finishing

    def _wants_more(self) -> bool:
        if self.score is None:
            return not self.open
        return self._left() > self.source.least()

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
        left = self.deadline - self.executor.now()
        self.report(
            Progress(
                self.pipeline.name,
                self.trials,
                fits_left,
                self.score,
                left,
                self.executor.doing(),
                finished,
                finishing,
            )
        )
