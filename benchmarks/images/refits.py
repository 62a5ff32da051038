"""What refits on all rows and test rows with soft labels are worth, beside further fold models.

    python -m benchmarks.images.refits digit-recognizer.zip FOLDER [--splits 6] [--epochs 9]

For each split 10,000 of the labelled digits are hidden, and the recipe of the shipped point `long`
is fitted to the others four times five: as five fold models; as five more, of another seed; five
times to all rows; and five times, in as many steps, to all rows and the hidden ones, whose labels
are drawn from the answers of the first five. Prints the errors and the log loss of the means of
five and of ten. FOLDER keeps the predictions (10 MB a split); a split takes 14 minutes on one core.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold, train_test_split

from benchmarks.images.digits import real_digits
from competition.data.dataset import load_dataset
from competition.problem.metrics.row_losses import log_losses
from pipelines.base import load_pipeline
from pipelines.networks.classifier import NetworkClassifier

HIDDEN = 10_000
FITS = 5
Floats = npt.NDArray[np.float32]
BAGS = {
    "five folds": ("folds",),
    "five refits": ("refits",),
    "five refits, test rows with soft labels": ("students",),
    "five folds and five more": ("folds", "more folds"),
    "five folds and five refits": ("folds", "refits"),
    "five folds and five such students": ("folds", "students"),
}


class Split:
    """Digits of which some are hidden, and how networks are fitted to the others."""

    def __init__(self, images: Any, labels: Any, seed: int, params: dict[str, Any]) -> None:
        parts = train_test_split(
            images, labels, test_size=HIDDEN, stratify=labels, random_state=seed
        )
        self.images, self.hidden, self.labels, self.truth = parts
        self.seed, self.params = seed, params

    def _answers(self, images: Any, labels: Any, number: int, share: float = 1.0) -> Floats:
        """Return the answers to the hidden rows of a network that has learnt these."""
        params = {**self.params, "epochs": self.params["epochs"] * share}
        network = NetworkClassifier(**params, seed=number).fit(images, labels)
        return np.asarray(network.predict_proba(self.hidden), np.float32)

    def folds(self, first: int) -> Floats:
        """Return (fits, rows, classes): those of fold models."""
        parts = StratifiedKFold(FITS, shuffle=True, random_state=self.seed)
        return np.array(
            [
                self._answers(self.images[learnt], self.labels[learnt], first + fold)
                for fold, (learnt, _) in enumerate(parts.split(self.images, self.labels))
            ]
        )

    def refits(self, first: int) -> Floats:
        """Return the same of networks that learnt all labelled rows."""
        return np.array(
            [self._answers(self.images, self.labels, first + fit) for fit in range(FITS)]
        )

    def students(self, first: int, teacher: Floats) -> Floats:
        """Return the same of networks that learnt hidden rows too, as a teacher answers them."""
        images = np.concatenate([self.images, self.hidden])
        found = []
        for number in range(first, first + FITS):
            drawn = np.random.default_rng(number).random((HIDDEN, 1)) > teacher.cumsum(axis=1)
            labels = np.concatenate([self.labels, drawn.sum(axis=1).clip(0, 9)])
            share = len(self.images) / len(images)
            found.append(self._answers(images, labels, number, share))
        return np.array(found)

    def fitted(self) -> dict[str, Floats]:
        """Return the answers of all twenty networks, and the truth."""
        first = self.folds(100)
        teacher = first.mean(axis=0, dtype=np.float64)
        return {
            "folds": first,
            "more folds": self.folds(200),
            "refits": self.refits(300),
            "students": self.students(400, teacher / teacher.sum(axis=1, keepdims=True)),
            "truth": self.truth,
        }


def splits(given: argparse.Namespace) -> Iterator[dict[str, Floats]]:
    """Yield what was fitted of each split, fitting what is not there."""
    points = {point.name: point.params for point in load_pipeline("cnn").shipped()}
    params = points["long"] | {"epochs": given.epochs}
    with real_digits(given.zip) as workspace:
        data = load_dataset(workspace.competition, workspace.data)
        for seed in range(given.splits):
            path = given.folder / f"split-{seed}.npz"
            if not path.exists():
                given.folder.mkdir(parents=True, exist_ok=True)
                fitted = Split(data.train, data.truth, seed, params).fitted()
                np.savez(path, **fitted)  # type: ignore[arg-type]
            with np.load(path) as kept:
                yield dict(kept)


def main() -> None:
    """Print what each bag is worth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", type=Path, help="Kaggle's digit-recognizer.zip")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=6)
    parser.add_argument("--epochs", type=float, default=9)
    given = parser.parse_args()
    rows = []
    for seed, fitted in enumerate(splits(given)):
        truth = fitted["truth"]
        rows += [
            (f"one of {len(fits)}: {name}", int((each.argmax(axis=1) != truth).sum()), np.nan)
            for name, fits in fitted.items()
            if name != "truth"
            for each in fits
        ]
        for name, parts in BAGS.items():
            mean = np.concatenate([fitted[part] for part in parts]).mean(axis=0)
            errors = int((mean.argmax(axis=1) != truth).sum())
            rows.append((name, errors, float(log_losses(truth, mean).mean())))
        print(f"split {seed} done", flush=True)
    table = pd.DataFrame(rows, columns=["what", "errors", "log loss"])
    print(table.groupby("what", sort=False).mean().round(5).to_string())


if __name__ == "__main__":
    main()
