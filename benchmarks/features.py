"""The time that features of all images take when they are not kept yet, and the next time.

    python -m benchmarks.features digit-recognizer.zip

Each set is computed for the 42,000 labelled digits in one process with one thread, as the first
fit that needs it does, three times from nothing; the median is printed.
"""

import argparse
import statistics
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import cv2
from threadpoolctl import threadpool_limits

from competition.data.dataset import load_dataset
from competition.spec import load_competition
from pipelines.features.images.feature_cache import Images, Transformer, features_of, remember
from pipelines.features.images.gradients import GRIDS, GradientHistograms
from pipelines.features.images.shape_features import ShapeFeatures

ROUNDS = 3


def seconds_of(transformer: Transformer, images: Images) -> tuple[float, float, int]:
    """Return the seconds from nothing and from the kept file, and the number of features."""
    with tempfile.TemporaryDirectory() as folder:
        remember(Path(folder), [images])
        began = time.perf_counter()
        features_of(transformer, images)
        cold = time.perf_counter() - began
        began = time.perf_counter()
        rows = features_of(transformer, images)
        return cold, time.perf_counter() - began, rows.shape[1]


def main() -> None:
    """Print a line for each set: the gradients of every grid, and all shapes together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("zip", type=Path, help="Kaggle's digit-recognizer.zip")
    given = parser.parse_args()
    dearest: dict[str, Any] = {"median": 3, "threshold": 64, "upright": True}
    sets: dict[str, Transformer] = {
        f"gradients, grids {name}, {orientations} directions": GradientHistograms(
            orientations, grids, blur=1.0, **dearest
        )
        for name, grids in GRIDS.items()
        for orientations in (8, 12)
    }
    sets["projections, zones, holes, differences"] = ShapeFeatures(differences=True, **dearest)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as scratch, threadpool_limits(1):
        folder = Path(scratch)
        with zipfile.ZipFile(given.zip) as packed:
            packed.extractall(folder)
        images = load_dataset(load_competition("digit-recognizer"), folder).train_images
        for name, transformer in sets.items():
            found = [seconds_of(transformer, images) for _ in range(ROUNDS)]
            cold, kept = (statistics.median(one[i] for one in found) for i in (0, 1))
            print(f"{name}: {found[0][2]:,} features, {cold:.1f} s; kept {kept:.2f} s", flush=True)


if __name__ == "__main__":
    main()
