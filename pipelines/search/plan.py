"""What all pipelines of one tuning run share."""

import socket
from dataclasses import dataclass
from functools import cached_property, partial

from competition.data.dataset import Dataset
from competition.data.subset import load_subset
from competition.data.tables.fold_rule import By
from competition.problem.problem import Problem
from competition.spec import Competition
from competition.workspace import Workspace
from pipelines.base import Params, Pipeline
from pipelines.execution.base import FitExecutor
from pipelines.execution.gpus import gpus
from pipelines.execution.local import LocalExecutor
from pipelines.execution.threads import cores
from pipelines.search.fit import Task
from pipelines.search.folds import Dealt, Folds, folds_by_time
from pipelines.search.store import Store

FOLDS = 5
SCREEN_ROWS = 8_000
SCREEN_FOLDS = 2
_DEEP_PROCESSES = 4  # each takes a gigabyte for TensorFlow
_REPEATS = ((5_000, 1), (2_500, 2), (1_000, 3), (0, 4))  # from so many rows on, so many dealings


@dataclass(frozen=True)
class Plan:
    """The data, the folds, and what may be used to learn from them.

    Attributes:
        workspace: The competition with its folders and its database.
        data: Its arrays.
        folds: How training rows are dealt out.
        seed: Seed of samplers and estimators.
        workers: How many cores to use.
        store: Where fits are kept.
        scheduler: Address of a Dask scheduler; none for processes on this machine.
        rows: How many labelled rows `data` was limited to; None for all.
        two_speeds: Whether sampled trials are screened on a subset first, where that saves time.
        screen_rows: Rows that a screening fit trains on.
        screen_folds: Folds that are screened.
    """

    workspace: Workspace
    data: Dataset
    folds: Folds
    seed: int
    workers: int
    store: Store
    scheduler: str = ""
    rows: int | None = None
    two_speeds: bool = True
    screen_rows: int = SCREEN_ROWS
    screen_folds: int = SCREEN_FOLDS

    @property
    def competition(self) -> Competition:
        """The competition."""
        return self.workspace.competition

    @cached_property
    def problem(self) -> Problem:
        """What is asked of predictions."""
        return self.competition.problem

    @cached_property
    def owner(self) -> str:
        """What marks this coordinator's trials in a study that others share."""
        return f"{socket.gethostname()}:{self.workspace.runs.resolve()}"

    @cached_property
    def dealt(self) -> Dealt:
        """Which fold scores each training row."""
        return self.folds.deal(self.data.truth, self.problem, self.data.units)

    @property
    def screens(self) -> bool:
        """Whether the data is so large that a screening saves time."""
        rows = len(self.data.truth) * (self.folds.count - 1) // self.folds.count
        return self.two_speeds and rows > 2 * self.screen_rows

    def task(self, pipeline: Pipeline, params: Params) -> Task:
        """Return the fits that one configuration of a pipeline stands for."""
        return Task(
            self.competition,
            self.workspace.data.resolve(),
            self.data.fingerprint,
            pipeline.name,
            params,
            self.seed,
            self.folds,
            self.rows,
        )

    def executor(self, pipeline: Pipeline) -> FitExecutor:
        """Return where a pipeline's fits run.

        On this machine, that is one process a core, or one a GPU for networks. Networks that have
        the processor alone train in a few processes, which share the cores: one thread in each of
        two trains 1.4 times as many images as two threads in one.

        Raises:
            InfrastructureError: the cluster does not answer.
        """
        if self.scheduler:
            from pipelines.execution.cluster import ClusterExecutor
            from pipelines.execution.remote import has_data

            here = partial(has_data, self.competition, self.workspace.data.resolve(), self.rows)
            return ClusterExecutor(self.scheduler, self.data, here, on_gpu=pipeline.deep)
        if pipeline.deep:
            found = gpus()
            if len(found) > 1:
                return LocalExecutor(len(found), max(1, self.workers // len(found)), found)
            processes = 1 if found else min(self.workers, _DEEP_PROCESSES)
            return LocalExecutor(processes, self.workers // processes)
        return LocalExecutor(self.workers, 1)


def make_plan(
    workspace: Workspace,
    seed: int,
    workers: int | None = None,
    scheduler: str = "",
    rows: int | None = None,
) -> Plan:
    """Load the data of a workspace and say how it is learnt from.

    Args:
        workspace: The competition with its folders.
        seed: Of folds, samplers and fits.
        workers: Cores of this machine to use; None or 0 for all.
        scheduler: Address of a Dask scheduler whose workers fit instead.
        rows: Learn from a subset of this many rows; None or 0 for all.

    Raises:
        PodiumError: the data is missing or broken, a class has fewer rows than folds, or the
            scheduler's address is malformed.

    Example:
        >>> make_plan(workspace, seed=0).folds  # doctest: +SKIP
        Folds(count=5, seed=0, by=<By.STRATIFIED: 'stratified'>, repeats=1)
    """
    if scheduler:
        from pipelines.execution.address import connection_to

        connection_to(scheduler, "client")
    data = load_subset(workspace.competition, workspace.data, rows or None)
    plan = Plan(
        workspace=workspace,
        data=data,
        folds=_folds(data, workspace.competition, seed),
        seed=seed,
        workers=workers or cores(),
        store=Store(workspace.predictions, data.fingerprint),
        scheduler=scheduler,
        rows=rows or None,
    )
    _ = plan.dealt  # rows that cannot be dealt out are told of before anything is fitted
    return plan


def _folds(data: Dataset, competition: Competition, seed: int) -> Folds:
    """Return the folds of a competition; a small table is dealt out several times.

    On few rows the luck of one dealing is as large as what configurations differ by.
    """
    by, rows = competition.folds.by, len(data.truth)
    if by == By.TIME:
        count = folds_by_time(competition.train_rows or rows, len(data.test), most=FOLDS)
        return Folds(count, seed, by)
    if competition.rows_kind != "tables":
        return Folds(FOLDS, seed, by)
    return Folds(FOLDS, seed, by, next(times for least, times in _REPEATS if rows >= least))
