"""Tuning in this process: an executor without workers, a study in memory, tiny kinds of data."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from competition.data.dataset import Dataset
from competition.spec import Competition
from competition.workspace import Workspace
from pipelines.base import Pipeline
from pipelines.execution.base import FitExecutor
from pipelines.search.fit import FitRequest, FitResult, dataset_of, fit_fold, use_dataset
from pipelines.search.folds import Folds
from pipelines.search.makers import maker_of
from pipelines.search.plan import Plan
from pipelines.search.store import Store
from tests.pipelines.digits import digits

Fit = Callable[[FitRequest], FitResult]


class Here(FitExecutor):
    """Makes fits when they are submitted, on a clock of its own.

    Args:
        fit: What stands in for `fit_fold`; what it raises is the fit's error.
        seconds: That pass with each fit.
        workers: As many fits as are said to run at once.
    """

    def __init__(
        self,
        fit: Fit = fit_fold,
        seconds: Callable[[FitRequest], float] | float = 1.0,
        workers: int = 2,
    ) -> None:
        self.fit, self.seconds, self._workers = fit, seconds, workers
        self.clock = 0.0
        self.requests: list[FitRequest] = []

    @property
    def workers(self) -> int:
        return self._workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.requests.append(args[0])
        took = self.seconds if isinstance(self.seconds, float) else self.seconds(args[0])
        self.clock += took / self._workers
        try:
            future.set_result(self.fit(args[0]))
        except Exception as error:
            future.set_exception(error)
        return future

    def wait(self, futures: Iterable["Future[Any]"], seconds: float) -> set["Future[Any]"]:
        return set(futures)

    def abandon(self) -> None:
        pass

    def now(self) -> float:
        return self.clock


@dataclass(frozen=True)
class PlanHere(Plan):
    """A plan whose fits are made in this process."""

    place: FitExecutor = field(default_factory=Here)

    def executor(self, pipeline: Pipeline) -> FitExecutor:
        return self.place


def plan_here(folder: Path, metric: str = "accuracy", rows: int = 120, **fields: Any) -> PlanHere:
    """Return a plan on few optical digits: their class, a class in order, or a number."""
    images, labels = digits()
    train, test = images[:rows], images[rows : rows + 40]
    truth = labels[:rows].astype(np.int64)
    classes = tuple("0123456789")
    if metric.startswith("rm"):
        truth, classes = labels[:rows, np.newaxis].astype(np.float64), ()
    competition = Competition(
        slug="few-digits",
        title="A Few Digits",
        metric=metric,
        train_file="train.csv",
        test_file="test.csv",
        sample_file="sample_submission.csv",
        id_column="Id",
        target_columns=("Label",),
        label_columns=("label",),
        image_side=28,
        classes=classes,
    )
    workspace = Workspace(
        competition, folder / "data", folder / "runs", f"sqlite:///{folder}/runs/podium.db"
    )
    name = f"{metric} {rows}"
    data = Dataset(train, truth, test, np.arange(len(test)).astype(str), name, None)
    use_dataset(data)
    store = Store(workspace.predictions, data.fingerprint)
    plan = PlanHere(workspace, data, Folds(3, 0), 0, 2, store)
    return replace(plan, **fields)


def memory_study(*, maximize: bool = True, pruned: bool = False) -> optuna.Study:
    return optuna.create_study(
        direction="maximize" if maximize else "minimize",
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.SuccessiveHalvingPruner(1) if pruned else optuna.pruners.NopPruner(),
    )


def made_up(request: FitRequest) -> FitResult:
    """Return a fit's result at once: predictions that are better the nearer `C` is to 1."""
    task = request.task
    data = dataset_of(task)
    problem = task.competition.problem
    _, scored = task.folds.deal(data.truth, problem).split(request.fold)
    error = min(0.9, abs(np.log10(task.params["C"])) / 4)
    random = np.random.default_rng(request.fold)
    wrong = random.random(len(scored)) < error
    given = np.where(wrong, (data.truth[scored] + 1) % 10, data.truth[scored])
    certain = np.eye(10, dtype=np.float32)
    return FitResult(
        scored=certain[given] * 0.91 + 0.009,
        test=np.full((len(data.test), 10), 0.1, np.float32),
        fit_seconds=1.0,
        predict_seconds=0.01,
        model=b"" if request.fold == 0 and request.train_rows is None else None,
        maker=maker_of(task.pipeline, task.competition.rows_kind),
    )
