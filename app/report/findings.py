"""What the chain has stored so far, read for the report; nothing is trained or written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from competition.settings import data_folder, runs_folder

from competition.data.dataset import Dataset, load_dataset
from competition.errors import PodiumError
from competition.spec import Competition
from pipelines.metrics import Probabilities, Score
from pipelines.search.store import Column, Store


@dataclass(frozen=True)
class StoredBlend:
    """The blend in `runs/<slug>/blend`.

    Attributes:
        manifest: What made it.
        oof: (n, n_classes) float32 cross-fitted out-of-fold probabilities.
        test: (m, n_classes) float32.
    """

    manifest: dict[str, Any]
    oof: Probabilities
    test: Probabilities

    @property
    def name(self) -> str:
        """The blend in words."""
        return str(self.manifest["name"])

    @property
    def score(self) -> Score:
        """Cross-fitted score over all training rows."""
        accuracy, log_loss = self.manifest["oof_accuracy"], self.manifest["oof_log_loss"]
        return Score(accuracy, -log_loss, self.manifest["rows"])


@dataclass(frozen=True)
class Findings:
    """All that a report can show of one competition's data.

    Attributes:
        competition: Names the classes.
        data: The images and labels.
        columns: Every finished column of this data, best first.
        blend: None where there is none of this data.
    """

    competition: Competition
    data: Dataset
    columns: tuple[Column, ...]
    blend: StoredBlend | None

    @property
    def best_columns(self) -> list[Column]:
        """The best column of each pipeline, best first."""
        best: dict[str, Column] = {}
        for column in self.columns:
            best.setdefault(column.pipeline, column)
        return list(best.values())


def gather(competition: Competition) -> Findings:
    """Read the data, the finished columns and the blend.

    Raises:
        PodiumError: the data is missing or broken, or a file of the blend is.
    """
    data = load_dataset(competition, data_folder(competition))
    runs = runs_folder(competition)
    columns = Store(runs / "predictions", data.fingerprint).columns()
    return Findings(competition, data, tuple(columns), _blend(runs / "blend", data))


def _blend(folder: Path, data: Dataset) -> StoredBlend | None:
    """Read the blend; None where there is none, or one of other data."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["data"] != data.fingerprint:
            return None
        oof, test = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("oof", "test"))
        fits = len(oof) == len(data.train_labels) and len(test) == len(data.test_images)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise PodiumError(
            f"The blend in {folder} is damaged ({error}): run `make blend` again."
        ) from error
    if not fits:
        raise PodiumError(
            f"The blend in {folder} has other rows than the data: run `make blend` again."
        )
    return StoredBlend(manifest, oof, test)
