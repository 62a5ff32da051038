"""One fit of one pipeline on one fold: the unit of work that workers are sent."""

import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.dataset import Dataset
from competition.data.subset import load_subset
from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions
from competition.spec import Competition
from pipelines.base import Params, load_pipeline
from pipelines.execution.base import WorkerLost
from pipelines.saved_models import dump_model
from pipelines.search.folds import Dealt, Folds
from pipelines.search.makers import Maker, maker_of

_given: dict[str, Dataset] = {}
_dealt: dict[tuple[str, Folds, Problem], Dealt] = {}

_CHEAP = 0.5  # predicting the test set costs at most this share of fitting again


class DataAbsent(PodiumError):
    """The disk of the machine that a fit was sent to lacks the data."""


@dataclass(frozen=True)
class Task:
    """What every fit of one configuration shares.

    Attributes:
        competition: The competition whose data is used.
        folder: Where its files are; workers map the cached arrays from there.
        fingerprint: Of the data that is meant: the whole, or `rows` of it.
        pipeline: Name of the pipeline.
        params: Arguments of the pipeline's `build`.
        seed: Seed of the estimator; a fold adds its number.
        folds: How rows are dealt out.
        rows: Learn from a subset of this many rows; None for all.
    """

    competition: Competition
    folder: Path
    fingerprint: str
    pipeline: str
    params: Params
    seed: int
    folds: Folds
    rows: int | None = None

    @property
    def keeps_model(self) -> bool:
        """Whether the first fit's estimator is kept, for the page on which digits are drawn."""
        return self.competition.rows_kind == "images"


@dataclass(frozen=True)
class FitRequest:
    """One fit.

    Attributes:
        task: The configuration.
        fold: The number of the fit, which says the fold that is scored and not trained on.
        train_rows: Train on a subset of this size; None for all rows.
        want_test: Predict the test set even where that costs as much as fitting again: it is for a
            column, which has test predictions and, of its first fold, the fitted estimator.
    """

    task: Task
    fold: int
    train_rows: int | None = None
    want_test: bool = False


@dataclass(frozen=True)
class FitResult:
    """What one fit gave.

    Attributes:
        scored: (n_scored, k) float32 predictions of the rows left out.
        test: (m, k) float32 predictions of the test set; None where they cost too much.
        fit_seconds: Wall time of `fit`.
        predict_seconds: Wall time of predicting the rows left out.
        model: The fitted estimator, as `saved_models.dump_model` writes it; of the first fold on
            all rows alone.
        maker: The code and libraries that computed it.
    """

    scored: Predictions
    test: Predictions | None
    fit_seconds: float
    predict_seconds: float
    model: bytes | None = None
    maker: Maker = field(default_factory=dict)


def fit_fold(request: FitRequest) -> FitResult:
    """Fit a fresh estimator on the rows outside a fold and predict the rows in it.

    The test set is predicted too where that is cheap beside the fit, so that a good trial need not
    be fitted again for it, and a poor one wastes little.

    Raises:
        PodiumError: the pipeline cannot take this data or these parameters.
        ValueError: the pipeline gave something else than probabilities or finite numbers.
    """
    task = request.task
    data = dataset_of(task)
    problem = task.competition.problem
    dealt = dealt_of(task)
    train, left_out = dealt.split(request.fold, request.train_rows)
    estimator, classifies = _estimator(task, request.fold)
    truth = problem.learnable(data.truth)
    began = time.perf_counter()
    estimator.fit(data.train_rows(train), truth[train])
    fitted = time.perf_counter()
    scored = np.empty((0, problem.outputs), np.float32)
    if len(left_out):
        scored = predict(estimator, data.train_rows(left_out), problem, classifies)
    fit_seconds, predict_seconds = fitted - began, time.perf_counter() - fitted
    full = request.train_rows is None
    test_cost = predict_seconds * len(data.test) / max(1, len(left_out))
    cheap = full and task.folds.whole is None and test_cost <= _CHEAP * fit_seconds
    test = None
    if request.want_test or cheap:
        test = predict(estimator, data.test_rows(), problem, classifies)
    keeps_model = full and request.fold == 0 and task.keeps_model
    model = dump_model(estimator) if keeps_model else None
    maker = maker_of(task.pipeline, task.competition.rows_kind, estimator)
    return FitResult(scored, test, fit_seconds, predict_seconds, model, maker)


def failure_of(error: Exception) -> str:
    """Return in words why a fit failed."""
    told = isinstance(error, PodiumError | WorkerLost)
    return str(error) if told else f"{type(error).__name__}: {error}"


def use_dataset(data: Dataset) -> None:
    """Let fits in this process take these arrays instead of those on its disk."""
    if data.fingerprint not in _given:
        _given.clear()
        folder = Path(gettempdir()) / f"podium-{data.fingerprint}" / "features"
        _given[data.fingerprint] = replace(data, folder=folder)


def dataset_of(task: Task) -> Dataset:
    """Return the data that a task's fits learn from: what was given, or what is on the disk.

    Raises:
        DataAbsent: this machine's disk lacks it.
    """
    return _dataset(task.competition, task.folder, task.rows, task.fingerprint)


def dealt_of(task: Task) -> Dealt:
    """Return how the rows of a task's data are dealt out."""
    data = dataset_of(task)
    key = (task.fingerprint, task.folds, task.competition.problem)
    if key not in _dealt:
        _dealt.clear()
        _dealt[key] = task.folds.deal(data.truth, task.competition.problem, data.units)
    return _dealt[key]


@lru_cache(maxsize=1)
def _dataset(competition: Competition, folder: Path, rows: int | None, fingerprint: str) -> Dataset:
    data = _given.get(fingerprint)
    if data is None:
        try:
            data = load_subset(competition, folder, rows)
        except PodiumError as error:
            raise DataAbsent(str(error)) from error
    if data.fingerprint != fingerprint:
        raise DataAbsent(f"{folder} holds other data here than where the run was started.")
    return data


def _estimator(task: Task, fold: int) -> tuple[Any, bool]:
    """Return an unfitted estimator, and whether it is a classifier."""
    pipeline = load_pipeline(task.pipeline, task.competition.rows_kind)
    kind = task.competition.problem.kind
    classifies = pipeline.classifies(kind)
    if classifies is None:
        raise PodiumError(f"{pipeline.name} cannot learn {kind}.")
    build = pipeline.build if classifies else pipeline.build_regressor
    return build(dict(task.params), task.seed + fold), classifies


# ---------------------------------------------------------------------- predictions (n, k)


def predict(
    estimator: Any, rows: npt.NDArray[Any], problem: Problem, classifies: bool
) -> Predictions:
    """Return predictions (n, k) float32 in the form of the problem, checked.

    Args:
        estimator: Fitted, as `Pipeline.build` or `build_regressor` made it.
        rows: (n, …) what to predict.
        problem: What is asked.
        classifies: Whether the estimator is a classifier.

    Raises:
        ValueError: it gave something else than probabilities or finite numbers.
    """
    if not classifies:
        return _values(estimator, rows, problem)
    probabilities = _probabilities(estimator, rows, len(problem.classes))
    if problem.kind != Kind.ORDERED:
        return probabilities
    expected = probabilities @ np.arange(len(problem.classes))
    return expected[:, np.newaxis].astype(np.float32)


def _probabilities(estimator: Any, rows: npt.NDArray[Any], n_classes: int) -> Predictions:
    """Return probabilities with one column per class of the competition, checked."""
    given = np.asarray(estimator.predict_proba(rows), dtype=np.float32)
    classes = np.asarray(getattr(estimator, "classes_", np.arange(n_classes)))
    if given.shape != (len(rows), len(classes)) or not np.isfinite(given).all():
        raise ValueError(
            f"predict_proba gave {given.shape} where ({len(rows)}, {len(classes)}) finite "
            "numbers are due"
        )
    probabilities = np.zeros((len(rows), n_classes), dtype=np.float32)
    probabilities[:, classes] = given
    sums = probabilities.sum(axis=1, keepdims=True)
    if np.abs(sums - 1).max(initial=0) > 1e-2:
        raise ValueError("predict_proba gave rows that do not sum to 1")
    normalised: Predictions = probabilities / sums
    return normalised


def _values(estimator: Any, rows: npt.NDArray[Any], problem: Problem) -> Predictions:
    """Return values on the training scale, or class numbers within their range, checked."""
    given = np.asarray(estimator.predict(rows))
    values: Predictions = given.reshape(len(given), -1).astype(np.float32)
    if values.shape != (len(rows), problem.outputs) or not np.isfinite(values).all():
        raise ValueError(
            f"predict gave {given.shape} where ({len(rows)}, {problem.outputs}) finite numbers "
            "are due"
        )
    if problem.kind == Kind.ORDERED:
        values = np.clip(values, 0, len(problem.classes) - 1)
    return values


# ---------------------------------------------------------------------- the fits of a task


def requests_of(task: Task, *, want_test: bool = False) -> list[FitRequest]:
    """Return the fits that a configuration is judged by, one a fold."""
    return [FitRequest(task, fold, want_test=want_test) for fold in range(task.folds.fits)]


def column_requests(task: Task) -> list[FitRequest]:
    """Return the fits that a column is made of: those it is judged by, and those of the test set.

    The fits of the folds predict the test set, or one that learns from all rows.
    """
    if task.folds.whole is None:
        return requests_of(task, want_test=True)
    return [*requests_of(task), FitRequest(task, task.folds.whole, want_test=True)]


def screening_of(task: Task, train_rows: int, folds: int) -> list[FitRequest]:
    """Return cheap fits on a subset, of the first few folds."""
    return [replace(request, train_rows=train_rows) for request in requests_of(task)[:folds]]
