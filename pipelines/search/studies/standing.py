"""What a study has found so far, and what it will take to finish it."""

from itertools import islice

from optuna.trial import FrozenTrial, TrialState

from competition.problem.scores import Score
from pipelines.base import Params, suggested
from pipelines.search.finishing import finishing_work, in_store
from pipelines.search.studies.study import best_so_far, best_trials, score_of
from pipelines.search.studies.trial_source import TrialSource


class Standing:
    """What a coordinator knows of its study.

    Attributes:
        trials: How many were completed or pruned, over all runs.
        values: The best value after each completed trial.
        score: Of the best trial; None before the first.
        best: The configurations that become columns: the best whose fits were made here.
        finishing: Wall seconds that making their columns will take.
    """

    def __init__(self, source: TrialSource) -> None:
        self._source, self._pipeline, self._plan = source, source.pipeline, source.plan
        self.trials = 0
        self.values: list[float] = []
        self.score: Score | None = None
        self.best: list[Params] = []
        self.finishing = 0.0

    def look(self, workers: int) -> None:
        """Learn from the study's trials, of which one was completed, and tell the source of times.

        Args:
            workers: How many fits run at once.
        """
        trials = self._source.study.get_trials(deepcopy=False)
        completed = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        self._source.learn(completed, workers)
        self.trials = len(completed) + sum(trial.state == TrialState.PRUNED for trial in trials)
        self.values = best_so_far(completed, self._plan)
        best = best_trials(completed, self._plan)
        self.score = score_of(best[0], self._plan) if best else None
        self._choose(best, workers)

    def _choose(self, best: list[FrozenTrial], workers: int) -> None:
        """Say which configurations become columns, and what that takes."""
        params = (suggested(self._pipeline, trial.params) for trial in best)
        kept = (one for one in params if in_store(self._pipeline, self._plan, one))
        here = list(islice(kept, self._pipeline.columns))
        before = self.best
        self.best = here or [suggested(self._pipeline, trial.params) for trial in best[:1]]
        if here and self.best == before:
            return
        work = finishing_work(self._pipeline, self._plan, self.best)
        if best and not here:  # another coordinator's, or other code's: its folds are to be fitted
            work += self._source.expected(self.best[0]) * self._plan.folds.fits
        self.finishing = work / workers
        self._source.reserve = self.finishing / max(1, len(self.best))
