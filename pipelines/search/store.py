"""What was predicted, by what, from what: folds of a configuration, and finished columns."""

import hashlib
import json
import logging
import platform
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from competition.errors import PodiumError
from competition.files import atomic_path
from pipelines.base import load_pipeline
from pipelines.metrics import Probabilities, Score
from pipelines.saved_models import MODEL_FILE, MOST_BYTES
from pipelines.search.fit import FitRequest, FitResult, Task

log = logging.getLogger(__name__)

_PACKAGES = ("numpy", "scikit-learn", "keras", "tensorflow", "xgboost", "faiss-cpu", "optuna")


@dataclass(frozen=True)
class Column:
    """A finished configuration: predictions for every training row and every test row.

    Attributes:
        folder: Where its files are.
        manifest: What made it, as `manifest.json` says.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def pipeline(self) -> str:
        """Name of the pipeline."""
        return str(self.manifest["pipeline"])

    @property
    def key(self) -> str:
        """Hash of all that decides the content."""
        return str(self.manifest["key"])

    @property
    def score(self) -> Score:
        """Out-of-fold score over all training rows."""
        return Score(
            self.manifest["oof_accuracy"], -self.manifest["oof_log_loss"], self.manifest["rows"]
        )

    @property
    def model(self) -> Path:
        """The file of the first fold's fitted estimator, for `saved_models.load_model`."""
        return self.folder / MODEL_FILE

    def oof(self) -> Probabilities:
        """Return the out-of-fold probabilities (n, n_classes) float32."""
        return self._array("oof")

    def test(self) -> Probabilities:
        """Return the test probabilities (m, n_classes) float32, averaged over the fold models."""
        return self._array("test")

    def _array(self, name: str) -> Probabilities:
        path = self.folder / f"{name}.npy"
        try:
            array: Probabilities = np.load(path, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise PodiumError(
                f"{path} cannot be read ({error}); delete its folder and run `make tune` again."
            ) from error
        return array


class Store:
    """The folder `runs/<slug>/predictions`.

    Args:
        root: That folder; made when first written to.
        fingerprint: Digest of the dataset, so that columns of other data are never mixed in.
    """

    def __init__(self, root: Path, fingerprint: str) -> None:
        self.root = root
        self.fingerprint = fingerprint

    def key(self, task: Task) -> str:
        """Return the hash (16 hexadecimal digits) of all that decides a task's predictions."""
        identity = {
            "pipeline": task.pipeline,
            "space_version": load_pipeline(task.pipeline).space_version,
            "params": task.params,
            "seed": task.seed,
            "folds": [task.folds.count, task.folds.seed],
            "data": self.fingerprint,
        }
        text = json.dumps(identity, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def folder(self, task: Task) -> Path:
        """Return where a task's predictions are kept."""
        return self.root / task.pipeline / self.key(task)

    def load(self, request: FitRequest) -> FitResult | None:
        """Return a fit that was done before; None where it has to be done.

        A damaged file counts as not done, and a request for what a column needs is only met by a
        fit that has its test predictions, and its model if it is of the first fold.
        """
        try:
            with np.load(self.fit_file(request)) as saved:
                test = saved.get("test")
                seconds = saved["seconds"]
                result = FitResult(saved["scored"], test, float(seconds[0]), float(seconds[1]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        if request.want_test and (test is None or not self._has_model(request)):
            return None
        return result

    def _has_model(self, request: FitRequest) -> bool:
        return request.fold > 0 or (self.folder(request.task) / MODEL_FILE).exists()

    def save(self, request: FitRequest, result: FitResult) -> None:
        """Keep a fit, whole or not at all; one that a power cut breaks is made again."""
        arrays = {
            "scored": result.scored,
            "seconds": np.array([result.fit_seconds, result.predict_seconds]),
        }
        if result.test is not None:
            arrays["test"] = result.test
        path = self.fit_file(request)
        with atomic_path(path, durable=False) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        if result.model is not None:
            self._save_model(request, result.model)

    def _save_model(self, request: FitRequest, model: bytes) -> None:
        if len(model) > MOST_BYTES:
            log.warning(
                "the model of %s takes %.0f MB, which is more than the %.0f MB of a sound one",
                request.task.pipeline,
                len(model) / 1e6,
                MOST_BYTES / 1e6,
            )
        with atomic_path(self.folder(request.task) / MODEL_FILE) as temporary:
            temporary.write_bytes(model)

    def drop_models(self, pipeline: str, kept: set[str]) -> None:
        """Delete the fitted estimators of a pipeline's configurations but those of these keys."""
        for path in (self.root / pipeline).glob(f"*/{MODEL_FILE}"):
            if path.parent.name not in kept:
                path.unlink(missing_ok=True)

    def fit_file(self, request: FitRequest) -> Path:
        """Return where a fit is kept."""
        rows = "" if request.train_rows is None else f"-{request.train_rows}"
        return self.folder(request.task) / f"fold-{request.fold}{rows}.npz"

    def finish(
        self, task: Task, oof: Probabilities, test: Probabilities, facts: dict[str, Any]
    ) -> Column:
        """Write a column: both arrays, then the manifest that says it is whole."""
        folder = self.folder(task)
        for name, array in (("oof", oof), ("test", test)):
            with atomic_path(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
                np.save(file, array)
        manifest = {
            "pipeline": task.pipeline,
            "key": self.key(task),
            "params": task.params,
            "seed": task.seed,
            "folds": {"count": task.folds.count, "seed": task.folds.seed},
            "competition": task.competition.slug,
            "data": self.fingerprint,
            "rows": len(oof),
            **facts,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": _versions(),
            "commit": _commit(),
        }
        with atomic_path(folder / "manifest.json") as temporary:
            temporary.write_text(json.dumps(manifest, indent=2) + "\n")
        return Column(folder, manifest)

    def columns(self) -> list[Column]:
        """Return the finished columns of this data, the best first."""
        found = []
        for path in self.root.glob("*/*/manifest.json"):
            try:
                manifest = json.loads(path.read_text())
            except (OSError, ValueError):
                continue
            if manifest.get("data") == self.fingerprint:
                found.append(Column(path.parent, manifest))
        return sorted(found, key=lambda column: (column.score, column.key), reverse=True)


@cache
def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


@cache
def _commit() -> str | None:
    """Return the git commit of the code, or None outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
