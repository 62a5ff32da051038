"""The shapes of networks against each other, by one recipe, on one fold of the real digits.

    python -m benchmarks.architectures digit-recognizer.zip

Each is fitted to 33,600 of the labelled rows by the recipe of the shipped point `long`, for so many
epochs as the dearer ones can afford, and scored on the other 8,400. Prints a Markdown table: the
errors, the log loss, the seconds, how many of the errors the first network makes too, and what the
mean of both gets wrong. The standard error of a number of errors near 35 is 6.
"""

import argparse
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from competition.data.dataset import Dataset, load_dataset
from competition.spec import load_competition
from pipelines.base import load_pipeline
from pipelines.metrics import score
from pipelines.search.folds import Folds
from pipelines.search.run import FOLDS


@dataclass(frozen=True)
class Candidate:
    """What differs from the recipe."""

    architecture: str
    width: float
    epochs: int
    dropout: float
    learning_rate: float = 0.008


CANDIDATES = (
    Candidate("compact", 1.0, 16, 0.2),
    Candidate("pooled", 1.0, 8, 0.3),
    Candidate("deotte", 1.0, 6, 0.4),
    Candidate("two_block", 1.0, 4, 0.4, learning_rate=0.002),  # without normalisation
    Candidate("residual", 0.5, 16, 0.1),
    Candidate("residual", 1.0, 8, 0.2),
    Candidate("k3", 0.25, 8, 0.1),
    Candidate("k5", 0.25, 10, 0.1),
    Candidate("k5", 0.5, 6, 0.2),
    Candidate("k7", 0.25, 10, 0.1),
)


def fitted(candidate: Candidate, data: Dataset) -> tuple[npt.NDArray[np.float32], float]:
    """Return the probabilities (n, 10) of the first fold's rows, and the seconds they took."""
    pipeline = load_pipeline("cnn")
    recipe = next(point.params for point in pipeline.shipped() if point.name == "long")
    kept = Folds(FOLDS, 0).assign(data.train_labels) != 0
    began = time.perf_counter()
    model = pipeline.build({**recipe, **vars(candidate)}, seed=0)
    model.fit(data.train_images[kept], data.train_labels[kept])
    return model.predict_proba(data.train_images[~kept]), time.perf_counter() - began


def main() -> None:
    """Fit each and print its row."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("zip", type=Path, help="the competition's zip")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        zipfile.ZipFile(given.zip).extractall(scratch)
        data = load_dataset(load_competition("digit-recognizer"), Path(scratch))
        labels = data.train_labels[Folds(FOLDS, 0).assign(data.train_labels) == 0]
        print("| shape | width | epochs | seconds | errors | log loss | shared | of the mean |")
        print("|---|---|---|---|---|---|---|---|")
        first: npt.NDArray[np.float32] | None = None
        for candidate in CANDIDATES:
            found, seconds = fitted(candidate, data)
            first = found if first is None else first
            wrong, common = (rows.argmax(axis=1) != labels for rows in (found, first))
            together = ((found + first).argmax(axis=1) != labels).sum()
            print(
                f"| `{candidate.architecture}` | {candidate.width:g} | {candidate.epochs} | "
                f"{seconds:.0f} | {wrong.sum()} | {score(found, labels).log_loss:.4f} | "
                f"{(wrong & common).sum()} | {together} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
