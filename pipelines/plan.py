"""What all pipelines of one tuning run share."""

from dataclasses import dataclass
from pathlib import Path

from competition.dataset import Dataset
from competition.spec import Competition
from pipelines.base import Params, Pipeline
from pipelines.evaluation import Task
from pipelines.execution import LocalExecutor
from pipelines.folds import Folds
from pipelines.store import Store


@dataclass(frozen=True)
class Plan:
    """The data, the folds, and what may be used to learn from them.

    Attributes:
        competition: The competition.
        folder: Where its files are.
        data: Its arrays.
        folds: How training rows are dealt out.
        seed: Seed of samplers and estimators.
        workers: How many cores to use.
        store: Where predictions are kept.
        two_speeds: Whether sampled trials are screened on a subset first, where that saves time.
    """

    competition: Competition
    folder: Path
    data: Dataset
    folds: Folds
    seed: int
    workers: int
    store: Store
    two_speeds: bool = True

    def task(self, pipeline: Pipeline, params: Params) -> Task:
        """Return the fits that one configuration of a pipeline stands for."""
        return Task(self.competition, self.folder, pipeline.name, params, self.seed, self.folds)

    def executor(self, pipeline: Pipeline) -> LocalExecutor:
        """Return where a pipeline's fits run: one that uses every core, or one a core."""
        if pipeline.deep:
            return LocalExecutor(1, self.workers)
        return LocalExecutor(self.workers, 1)
