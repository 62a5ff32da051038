"""The blend that `make blend` left: probabilities of the test images, and what they are worth."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from competition.settings import runs_folder
from numpy.typing import NDArray

from competition.errors import PodiumError
from competition.problem.sample import SampleSubmission
from competition.spec import Competition
from submissions.ledger.ledger import Estimate, Ledger
from submissions.writer import fingerprint_of, labels_of, submission_text, write_submission


@dataclass(frozen=True)
class Blend:
    """A blend, ready to be written.

    Attributes:
        probabilities: `(n_test, n_classes)` float32.
        estimate: Its name, key, cross-fitted accuracy and standard error.
    """

    probabilities: NDArray[np.float32]
    estimate: Estimate


def read_blend(competition: Competition, folder: Path | None = None) -> Blend:
    """Read `runs/<slug>/blend/test.npy` and its `manifest.json`.

    Args:
        competition: Whose blend; gives the number of classes.
        folder: Another place than `RUNS_DIR/<slug>/blend`.

    Raises:
        PodiumError: there is no blend, or it is damaged.
    """
    folder = folder or runs_folder(competition) / "blend"
    predictions, manifest = folder / "test.npy", folder / "manifest.json"
    try:
        probabilities = np.load(predictions, allow_pickle=False)
        facts = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PodiumError(
            f"There is no blend to submit ({error.filename} is missing): run `make blend` first, "
            "or name a CSV file."
        ) from None
    except (OSError, ValueError, EOFError) as error:
        raise PodiumError(
            f"The blend in {folder} is damaged ({error}): run `make blend` again."
        ) from error
    columns = len(competition.classes)
    if (
        not isinstance(facts, dict)
        or not isinstance(probabilities, np.ndarray)
        or probabilities.dtype.kind != "f"
        or probabilities.shape[1:] != (columns,)
    ):
        raise PodiumError(
            f"The blend in {folder} is not of {competition.title}: {predictions.name} must hold "
            f"(rows, {columns}) probabilities and {manifest.name} an object. "
            "Run `make blend` again."
        )
    return Blend(
        probabilities,
        Estimate(
            cv_score=_number(facts.get("oof_accuracy")),
            cv_se=_number(facts.get("standard_error")),
            blend_key=_text(facts.get("key")),
            blend_name=_text(facts.get("name")),
        ),
    )


def write_blend(
    blend: Blend, competition: Competition, sample: SampleSubmission, ledger: Ledger
) -> Path:
    """Write a blend's submission file, and remember in the ledger what it is worth.

    Raises:
        PodiumError: the blend and the sample do not fit together, or disk or database fail.
    """
    labels = labels_of(blend.probabilities)
    path = write_submission(labels, competition, sample)
    fingerprint = fingerprint_of(submission_text(labels, competition, sample))
    ledger.remember_blend(path, fingerprint, blend.estimate)
    return path


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
