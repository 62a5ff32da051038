"""The time that features of all images take when they are not kept yet, and the next time.

    python -m benchmarks.images.features digit-recognizer.zip

Each set is computed for the 42,000 labelled digits in one process with one thread, as the first
fit that needs it does, three times from nothing; the median is printed.
"""

import argparse
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import cv2
from threadpoolctl import threadpool_limits

from benchmarks.images.digits import real_digits
from competition.data.dataset import Dataset, load_dataset
from pipelines.features.feature_store import Transformer, features_of
from pipelines.features.images.gradients import GRIDS, GradientHistograms
from pipelines.features.images.shape_features import ShapeFeatures

ROUNDS = 3


def seconds_of(transformer: Transformer, data: Dataset) -> tuple[float, float, int]:
    """Return the seconds from nothing and from the kept file, and the number of features."""
    assert data.folder is not None
    shutil.rmtree(data.folder, ignore_errors=True)
    rows = data.train_rows()
    began = time.perf_counter()
    features_of(transformer, rows)
    cold = time.perf_counter() - began
    began = time.perf_counter()
    features = features_of(transformer, rows)
    return cold, time.perf_counter() - began, features.shape[1]


def main() -> None:
    """Print a line for each set: the gradients of every grid, and all shapes together."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("zip", type=Path, help="Kaggle's digit-recognizer.zip")
    given = parser.parse_args()
    everything: dict[str, Any] = {"median": 3, "threshold": 64, "upright": True}
    sets: dict[str, Transformer] = {
        f"gradients, grids {name}, {orientations} directions": GradientHistograms(
            orientations, grids, blur=1.0, **everything
        )
        for name, grids in GRIDS.items()
        for orientations in (8, 12)
    }
    sets["projections, zones, holes, differences"] = ShapeFeatures(differences=True, **everything)
    cv2.setNumThreads(1)
    with real_digits(given.zip) as workspace, threadpool_limits(1):
        data = load_dataset(workspace.competition, workspace.data)
        for name, transformer in sets.items():
            found = [seconds_of(transformer, data) for _ in range(ROUNDS)]
            cold, kept = (statistics.median(one[i] for one in found) for i in (0, 1))
            print(f"{name}: {found[0][2]:,} features, {cold:.1f} s; kept {kept:.2f} s", flush=True)


if __name__ == "__main__":
    main()
