"""Columns: what one configuration predicted, for every training row and every test row."""

import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from competition.errors import PodiumError
from competition.files import atomic_path, explained_os_errors
from competition.problem.scores import Score
from competition.problem.targets import Assigned, Predictions
from pipelines.saved_models import MODEL_FILE

log = logging.getLogger(__name__)

_MANIFEST = "manifest.json"
_FOLDS = "folds.npy"
_TEXTS = ("pipeline", "key", "competition", "data", "metric", "created")


@dataclass(frozen=True)
class Column:
    """A finished configuration.

    Attributes:
        folder: Where its files are.
        manifest: What made it and what it is worth, as `manifest.json` says.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def pipeline(self) -> str:
        """Name of the pipeline."""
        return str(self.manifest["pipeline"])

    @property
    def key(self) -> str:
        """Hash of what was asked."""
        return str(self.manifest["key"])

    @property
    def created(self) -> str:
        """When it was written, as ISO 8601 in UTC."""
        return str(self.manifest["created"])

    @property
    def score(self) -> Score:
        """Out-of-fold score over all training rows."""
        return Score(
            **{name: self.manifest["score"][name] for name in ("value", "standard_error", "loss")},
            rows=self.manifest["score"]["rows"],
            greater_is_better=self.manifest["greater_is_better"],
        )

    @property
    def model(self) -> Path:
        """The file of the first fold's fitted estimator, for `saved_models.load_model`."""
        return self.folder / MODEL_FILE

    def oof(self) -> Predictions:
        """Return the out-of-fold predictions (n, k) float32, mapped into memory.

        Raises:
            PodiumError: the file is damaged.
        """
        return self._array("oof")

    def test(self) -> Predictions:
        """Return the test predictions (m, k) float32, averaged over the fold models.

        Raises:
            PodiumError: the file is damaged.
        """
        return self._array("test")

    def folds(self) -> Assigned | None:
        """Return the fold (n,) of each row, where these are not ours; None where they are.

        Raises:
            PodiumError: the file is damaged.
        """
        if not (self.folder / _FOLDS).is_file():
            return None
        return np.asarray(self._array("folds"), np.int64)

    def _array(self, name: str) -> Predictions:
        path = self.folder / f"{name}.npy"
        try:
            array: Predictions = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise PodiumError(
                f"{path} cannot be read ({error}); delete its folder and tune again."
            ) from error
        return array


def write_column(
    folder: Path,
    manifest: dict[str, Any],
    oof: Predictions,
    test: Predictions,
    folds: Assigned | None = None,
) -> Column:
    """Write a column: both arrays, then the manifest that says that it is whole.

    An older column in the folder ends before its arrays are replaced, so that a process killed here
    leaves no column rather than a mixture.

    Args:
        folder: `<predictions>/<pipeline>/<key>`; made where it is missing.
        manifest: What made it and what it is worth.
        oof: (n, k) out-of-fold predictions.
        test: (m, k) test predictions.
        folds: (n,) that `oof` is of, where these are not ours.

    Raises:
        PodiumError: the disk refuses a file.
    """
    with explained_os_errors(folder / _MANIFEST):
        (folder / _MANIFEST).unlink(missing_ok=True)
        (folder / _FOLDS).unlink(missing_ok=True)
    if folds is not None:
        with atomic_path(folder / _FOLDS) as temporary, temporary.open("wb") as file:
            np.save(file, folds)
    for name, array in (("oof", oof), ("test", test)):
        with atomic_path(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, np.asarray(array, np.float32))
    with atomic_path(folder / _MANIFEST) as temporary:
        temporary.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return Column(folder, manifest)


def read_columns(root: Path, fingerprint: str, metric: str) -> list[Column]:
    """Return the whole columns of some data and a metric, the best first.

    What is damaged is left out with a line in the log.

    Args:
        root: `runs/<slug>/predictions`.
        fingerprint: Of the data.
        metric: The metric's name.
    """
    found = []
    for path in root.glob(f"*/*/{_MANIFEST}"):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(manifest, dict):
                raise TypeError("it is not an object")
            if (manifest.get("data"), manifest.get("metric")) != (fingerprint, metric):
                continue
            column = Column(path.parent, manifest)
            _check(column)
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            log.warning("%s is left out: it is damaged (%r).", path, error)
            continue
        found.append(column)
    return sorted(found, key=lambda column: (column.score.rank, column.key), reverse=True)


def _check(column: Column) -> None:
    """Check that everything that readers rely on is there, of the right type.

    Raises:
        KeyError: an entry is missing.
        TypeError: an entry is of another type.
        FileNotFoundError: an array is missing.
    """
    manifest = column.manifest
    for name in _TEXTS:
        if not isinstance(manifest[name], str):
            raise TypeError(f"{name} is not a text")
    numbers = [manifest["score"][name] for name in ("value", "standard_error", "loss", "rows")]
    numbers += [manifest["folds"]["count"], manifest["folds"]["seed"], manifest["seed"]]
    if not all(isinstance(number, int | float) for number in numbers):
        raise TypeError("score, folds and seed must be numbers")
    if math.isnan(manifest["score"]["value"]):
        raise ValueError("the score is not a number")
    if not isinstance(manifest["greater_is_better"], bool):
        raise TypeError("greater_is_better is not true or false")
    for name in ("oof.npy", "test.npy"):
        if not (column.folder / name).is_file():
            raise FileNotFoundError(f"{name} is missing")
