"""What all pipelines of one tuning run share."""

from dataclasses import dataclass
from pathlib import Path

from competition.dataset import Dataset
from competition.spec import Competition
from pipelines.base import Params, Pipeline
from pipelines.evaluation import Task
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
    """

    competition: Competition
    folder: Path
    data: Dataset
    folds: Folds
    seed: int
    workers: int
    store: Store

    def task(self, pipeline: Pipeline, params: Params) -> Task:
        """Return the fits that one configuration of a pipeline stands for."""
        return Task(self.competition, self.folder, pipeline.name, params, self.seed, self.folds)

    def processes(self, pipeline: Pipeline) -> int:
        """Return how many fits run at once: one that uses every core, or one a core."""
        return 1 if pipeline.deep else self.workers

    def threads(self, pipeline: Pipeline) -> int:
        """Return the threads of one fit; times `processes` these are the cores."""
        return self.workers if pipeline.deep else 1
