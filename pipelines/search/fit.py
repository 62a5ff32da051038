"""One fit of one pipeline on one fold: the unit of work that workers are sent."""

import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from competition.data.dataset import Dataset
from competition.data.subset import load_subset
from competition.errors import PodiumError
from competition.spec import Competition
from pipelines.base import Params, load_pipeline
from pipelines.execution.notes import clear
from pipelines.features.images.feature_cache import remember
from pipelines.metrics import Probabilities
from pipelines.saved_models import dump_model
from pipelines.search.folds import Folds

if TYPE_CHECKING:
    from pipelines.base import Estimator

_given: dict[str, Dataset] = {}

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
        rows: Learn from a stratified subset of this many rows; None for all.
    """

    competition: Competition
    folder: Path
    fingerprint: str
    pipeline: str
    params: Params
    seed: int
    folds: Folds
    rows: int | None = None


@dataclass(frozen=True)
class FitRequest:
    """One fit.

    Attributes:
        task: The configuration.
        fold: The fold that is scored and not trained on.
        train_rows: Train on a stratified subset of this size; None for all rows.
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
        scored: (n_scored, n_classes) probabilities of the rows left out.
        test: (m, n_classes) probabilities of the test set; None where they were too dear.
        fit_seconds: Wall time of `fit`.
        predict_seconds: Wall time of predicting the rows left out.
        model: The fitted estimator, as `saved_models.dump_model` writes it; of the first fold on
            all rows alone.
    """

    scored: Probabilities
    test: Probabilities | None
    fit_seconds: float
    predict_seconds: float
    model: bytes | None = None


def fit_fold(request: FitRequest) -> FitResult:
    """Fit a fresh estimator on the rows outside a fold and predict the rows in it.

    The test set is predicted too where that is cheap beside the fit, so that a good trial need not
    be fitted again for it, and a poor one wastes little.

    Raises:
        PodiumError: the pipeline cannot take this data or these parameters.
        ValueError: the pipeline gave something else than probabilities.
    """
    task = request.task
    data = _dataset(task.competition, task.folder, task.rows, task.fingerprint)
    train, left_out = task.folds.split(data.train_labels, request.fold, request.train_rows)
    estimator = load_pipeline(task.pipeline).build(dict(task.params), task.seed + request.fold)
    began = time.perf_counter()
    estimator.fit(data.train_images[train], data.train_labels[train])
    fitted = time.perf_counter()
    clear()
    n_classes = len(task.competition.classes)
    scored = _predict(estimator, data.train_images[left_out], n_classes)
    fit_seconds, predict_seconds = fitted - began, time.perf_counter() - fitted
    full = request.train_rows is None
    test_cost = predict_seconds * len(data.test_images) / len(left_out)
    test = None
    if request.want_test or (full and test_cost <= _CHEAP * fit_seconds):
        test = _predict(estimator, np.asarray(data.test_images), n_classes)
    model = dump_model(estimator) if full and request.fold == 0 else None
    return FitResult(scored, test, fit_seconds, predict_seconds, model)


def use_dataset(data: Dataset) -> None:
    """Let fits in this process take these arrays instead of those on its disk."""
    if data.fingerprint not in _given:
        _given.clear()
        _given[data.fingerprint] = data


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
    kept = folder if folder.is_dir() else Path(gettempdir()) / f"podium-{fingerprint}"
    remember(kept / "features", [data.train_images, data.test_images])
    return data


def _predict(
    estimator: "Estimator", images: npt.NDArray[np.uint8], n_classes: int
) -> Probabilities:
    """Return probabilities with one column per class of the competition, checked."""
    given = np.asarray(estimator.predict_proba(images), dtype=np.float32)
    classes = np.asarray(getattr(estimator, "classes_", np.arange(n_classes)))
    if given.shape != (len(images), len(classes)) or not np.isfinite(given).all():
        raise ValueError(
            f"predict_proba gave {given.shape} where ({len(images)}, {len(classes)}) finite "
            "numbers are due"
        )
    probabilities = np.zeros((len(images), n_classes), dtype=np.float32)
    probabilities[:, classes] = given
    sums = probabilities.sum(axis=1, keepdims=True)
    if np.abs(sums - 1).max(initial=0) > 1e-2:
        raise ValueError("predict_proba gave rows that do not sum to 1")
    normalised: Probabilities = probabilities / sums
    return normalised


def requests_of(task: Task, *, want_test: bool = False) -> list[FitRequest]:
    """Return the fits on all rows, one a fold."""
    return [FitRequest(task, fold, want_test=want_test) for fold in range(task.folds.count)]


def screening_of(task: Task, train_rows: int, folds: int) -> list[FitRequest]:
    """Return cheap fits on a stratified subset, of the first few folds."""
    return [replace(request, train_rows=train_rows) for request in requests_of(task)[:folds]]
