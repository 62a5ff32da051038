"""Fits that were made: each in a file, with what made it, found again by what was asked."""

import hashlib
import json
import logging
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from competition.files import atomic_path
from competition.problem.targets import Predictions
from pipelines.base import load_pipeline
from pipelines.saved_models import MODEL_FILE, MOST_BYTES
from pipelines.search.fit import FitRequest, FitResult, Task
from pipelines.search.makers import Maker, maker_of, unlike

log = logging.getLogger(__name__)

_BROKEN = (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile)


class Store:
    """The folder `runs/<slug>/predictions`: a folder a configuration, a file a fit.

    Args:
        root: That folder; made when first written to.
        fingerprint: Digest of the dataset, so that fits of other data are never mixed in.
        most_bytes: Of a fitted estimator; a larger one is kept, with a warning.
    """

    def __init__(self, root: Path, fingerprint: str, most_bytes: int = MOST_BYTES) -> None:
        self.root = root
        self.fingerprint = fingerprint
        self.most_bytes = most_bytes
        self._told: set[str] = set()  # pipelines whose fits of other makers were logged

    def key(self, task: Task) -> str:
        """Return the hash (16 hexadecimal digits) of all that decides what a task asks for."""
        problem = task.competition.problem
        pipeline = load_pipeline(task.pipeline, task.competition.rows_kind)
        identity = {
            "pipeline": task.pipeline,
            "space_version": pipeline.space_version,
            "params": task.params,
            "seed": task.seed,
            "folds": list(task.folds.facts().values()),
            "data": self.fingerprint,
            "problem": [problem.kind, problem.metric.scale.name],
        }
        text = json.dumps(identity, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def folder(self, task: Task) -> Path:
        """Return where a task's predictions are kept."""
        return self.root / task.pipeline / self.key(task)

    def fit_file(self, request: FitRequest) -> Path:
        """Return where a fit is kept."""
        rows = "" if request.train_rows is None else f"-{request.train_rows}"
        return self.folder(request.task) / f"fold-{request.fold}{rows}.npz"

    # ------------------------------------------------------------------ reading

    def load(self, request: FitRequest) -> FitResult | None:
        """Return a fit that was done before; None where it has to be done.

        A damaged file counts as not done, and so does a fit that other code or other libraries
        made. A request for what a column needs is only met by a fit that has its test predictions,
        and its model if it is of the first fold.
        """
        try:
            with np.load(self.fit_file(request)) as saved:
                maker = _maker_in(saved)
                if self._is_foreign(request.task, maker):
                    return None
                test = saved.get("test")
                fit_seconds, predict_seconds = map(float, saved["seconds"])
                result = FitResult(saved["scored"], test, fit_seconds, predict_seconds, maker=maker)
        except _BROKEN:
            return None
        if request.want_test and (test is None or not self._has_model(request)):
            return None
        return result

    def has(self, requests: Iterable[FitRequest]) -> bool:
        """Say whether all of some fits were done here, by this code and these libraries."""
        try:
            for request in requests:
                with np.load(self.fit_file(request)) as saved:
                    if self._is_foreign(request.task, _maker_in(saved)):
                        return False
        except _BROKEN:
            return False
        return True

    def _is_foreign(self, task: Task, maker: Maker) -> bool:
        difference = unlike(
            maker, maker_of(task.pipeline, task.competition.rows_kind), formats=False
        )
        if difference and task.pipeline not in self._told:
            self._told.add(task.pipeline)
            log.warning(
                "fits of %s were made by other code or libraries (%s): what is needed of them is "
                "fitted again",
                task.pipeline,
                difference,
            )
        return bool(difference)

    def _has_model(self, request: FitRequest) -> bool:
        unkept = request.fold > 0 or not request.task.keeps_model
        return unkept or (self.folder(request.task) / MODEL_FILE).exists()

    def scored_of(self, pipeline: str, key: str, fits: int) -> dict[int, FitResult]:
        """Return the fits on all rows that are there of a configuration, by their numbers."""
        found = {}
        for fit in range(fits):
            try:
                with np.load(self.root / pipeline / key / f"fold-{fit}.npz") as saved:
                    found[fit] = FitResult(saved["scored"], None, 0.0, 0.0, maker=_maker_in(saved))
            except _BROKEN:
                continue
        return found

    def tests_of(self, pipeline: str, key: str, fits: int) -> Predictions | None:
        """Return the test predictions (fits, m, k) of a configuration's fits; None without all."""
        found = []
        for fit in range(fits):
            try:
                with np.load(self.root / pipeline / key / f"fold-{fit}.npz") as saved:
                    found.append(saved["test"])
            except _BROKEN:
                return None
        alike = {test.shape for test in found}
        return np.stack(found) if len(alike) == 1 else None

    # ------------------------------------------------------------------ writing

    def save(self, request: FitRequest, result: FitResult) -> None:
        """Keep a fit, whole or not at all; one that a power cut breaks is made again.

        Raises:
            InfrastructureError: the disk is full or cannot be written.
        """
        arrays: dict[str, Any] = {
            "scored": result.scored,
            "seconds": np.array([result.fit_seconds, result.predict_seconds]),
            "maker": np.array(json.dumps(result.maker, sort_keys=True)),
        }
        if result.test is not None:
            arrays["test"] = result.test
        path = self.fit_file(request)
        with atomic_path(path, durable=False) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)
        if result.model is not None:
            self._save_model(request, result.model)

    def _save_model(self, request: FitRequest, model: bytes) -> None:
        if len(model) > self.most_bytes:
            log.warning(
                "the model of %s takes %.0f MB, which is more than the %.0f MB of a sound one",
                request.task.pipeline,
                len(model) / 1e6,
                self.most_bytes / 1e6,
            )
        with atomic_path(self.folder(request.task) / MODEL_FILE) as temporary:
            temporary.write_bytes(model)

    def drop_models(self, pipeline: str, kept: set[str]) -> None:
        """Delete the fitted estimators of a pipeline's configurations but those of these keys."""
        for path in (self.root / pipeline).glob(f"*/{MODEL_FILE}"):
            if path.parent.name not in kept:
                path.unlink(missing_ok=True)


def _maker_in(saved: Any) -> Maker:
    maker = json.loads(str(saved["maker"]))
    if not isinstance(maker, dict):
        raise ValueError("the maker of a fit is not an object")
    return maker
