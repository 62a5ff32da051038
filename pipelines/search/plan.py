"""What all pipelines of one tuning run share."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from competition.data.dataset import Dataset
from competition.spec import Competition
from pipelines.base import Params, Pipeline
from pipelines.execution.base import FitExecutor
from pipelines.execution.local import LocalExecutor
from pipelines.search.fit import Task
from pipelines.search.folds import Folds
from pipelines.search.store import Store


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
        owner: What marks this coordinator's trials in a study that others share.
        scheduler: Address of a Dask scheduler; none for processes on this machine.
        rows: How many labelled rows `data` was limited to; None for all.
        two_speeds: Whether sampled trials are screened on a subset first, where that saves time.
    """

    competition: Competition
    folder: Path
    data: Dataset
    folds: Folds
    seed: int
    workers: int
    store: Store
    owner: str = ""
    scheduler: str = ""
    rows: int | None = None
    two_speeds: bool = True

    def task(self, pipeline: Pipeline, params: Params) -> Task:
        """Return the fits that one configuration of a pipeline stands for."""
        return Task(
            self.competition,
            self.folder.resolve(),
            self.data.fingerprint,
            pipeline.name,
            params,
            self.seed,
            self.folds,
            self.rows,
        )

    def executor(self, pipeline: Pipeline) -> FitExecutor:
        """Return where a pipeline's fits run.

        On this machine, that is one process that uses every core, or one a core.

        Raises:
            PodiumError: the cluster does not answer.
        """
        if self.scheduler:
            from pipelines.execution.cluster import ClusterExecutor
            from pipelines.execution.remote import has_data

            here = partial(has_data, self.competition, self.folder.resolve(), self.rows)
            return ClusterExecutor(self.scheduler, self.data, here, on_gpu=pipeline.deep)
        if pipeline.deep:
            return LocalExecutor(1, self.workers)
        return LocalExecutor(self.workers, 1)
