"""Seconds from arrays in memory to an accuracy on held-out digits, against the best-known kernel.

    python -m benchmarks.images.time_to_accuracy digit-recognizer.zip [--seeds 3]
        [--peer-seconds 1200]

A stratified 10,000 of the competition's 42,000 labelled rows are held out; the others are learnt
from. Podium's recipe for a target is fixed beforehand, and its time is that of the whole fit,
tracing included, in a process that has imported TensorFlow. The peer is the two-block net of Y.
Ghouzam's kernel in stock Keras with its published recipe (RMSprop, batches of 86, learning rate
halved on plateaus); it is looked at after every epoch, and its time is that of the first epoch
at the target, which flatters it. It gets its augmentation from OpenCV, faster than as published,
and 32 steps an execution (XLA is slower on a processor: see train_speed.py).
"""

import argparse
import os
import statistics
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402

from pipelines.base import load_pipeline  # noqa: E402
from pipelines.features.images.augmentation import Distortion, in_background  # noqa: E402
from pipelines.networks.architectures import NetworkShape  # noqa: E402
from pipelines.networks.build import build_network  # noqa: E402
from pipelines.networks.classifier import NetworkClassifier  # noqa: E402
from pipelines.networks.training.precision import choose_precision, find_gpu  # noqa: E402

# The recipe that Podium bets on for each target: a shipped point, and the passes it needs.
RECIPES: dict[float, dict[str, Any]] = {
    0.990: {"point": "quick", "epochs": 1.25},
    0.995: {"point": "long", "epochs": 9},
    0.996: {"point": "long", "epochs": 18},
}

Split = tuple[Any, Any, Any, Any]


def held_out_split(path: Path) -> Split:
    """Return training images, held-out images, training labels, held-out labels."""
    with zipfile.ZipFile(path) as packed, packed.open("train.csv") as file:
        table = pd.read_csv(file, dtype=np.uint8)
    images = table.drop(columns="label").to_numpy().reshape(-1, 28, 28)
    labels = table["label"].to_numpy().astype(np.int64)
    split: Split = tuple(
        train_test_split(images, labels, test_size=10_000, stratify=labels, random_state=2026)
    )
    return split


def ours(split: Split, target: float, seed: int) -> tuple[float, float]:
    """Return the seconds of a fit by the target's recipe, and its held-out accuracy."""
    images, held_images, labels, held_labels = split
    recipe = RECIPES[target]
    points = {point.name: point.params for point in load_pipeline("cnn").shipped()}
    params = {**points[recipe["point"]], "epochs": recipe["epochs"]}
    started = time.perf_counter()
    model = NetworkClassifier(**params, seed=seed).fit(images, labels)
    seconds = time.perf_counter() - started
    return seconds, float((model.predict(held_images) == held_labels).mean())


def peer(split: Split, seed: int, patience: float) -> Iterator[tuple[float, float]]:
    """Yield after each epoch the seconds of training so far and the held-out accuracy."""
    images, held_images, labels, held_labels = split
    keras.utils.set_random_seed(seed)
    policy = choose_precision(gpu=find_gpu()).policy
    network = build_network(NetworkShape("two_block", 28, 10, dropout=0.5), policy=policy)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.RMSprop(1e-3), loss, jit_compile=False, steps_per_execution=32)
    batch, distortion = 86, Distortion(rotation=10, zoom=0.1, shift=0.1)
    generator = np.random.default_rng(seed)

    def epochs() -> Iterator[tuple[Any, Any]]:
        while True:
            rows = generator.permutation(len(images))
            warped = distortion.apply(images[rows], generator)
            yield (warped[..., None] / np.float32(255)).astype(np.float32), labels[rows]

    seconds, best, stale = 0.0, 0.0, 0
    for warped, truth in in_background(epochs(), ahead=1):
        started = time.perf_counter()
        network.fit(warped, truth, batch_size=batch, verbose=0, shuffle=False)
        seconds += time.perf_counter() - started
        scaled = (held_images[..., None] / np.float32(255)).astype(np.float32)
        guesses = network.predict(scaled, batch_size=1000, verbose=0).argmax(axis=1)
        accuracy = float((guesses == held_labels).mean())
        yield seconds, accuracy
        best, stale = max(best, accuracy), 0 if accuracy > best else stale + 1
        if stale == 3:
            network.optimizer.learning_rate = float(network.optimizer.learning_rate) / 2
            stale = 0
        if seconds > patience:
            return


def main() -> None:
    """Print for each target the medians of both sides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", type=Path, help="Kaggle's digit-recognizer.zip")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peer-seconds", type=float, default=1200, help="then it is given up")
    given = parser.parse_args()
    split = held_out_split(given.zip)
    precision = choose_precision(gpu=find_gpu())
    print(f"{precision.policy}: {precision.why}; load average {os.getloadavg()[0]:.1f}")

    for target in RECIPES:
        runs = [ours(split, target, seed) for seed in range(given.seeds)]
        seconds, accuracies = zip(*runs, strict=True)
        print(
            f"podium to {target}: {statistics.median(seconds):.1f} s, median accuracy "
            f"{statistics.median(accuracies):.4f} of {', '.join(f'{a:.4f}' for a in accuracies)}",
            flush=True,
        )
    reached: dict[float, list[float]] = {target: [] for target in RECIPES}
    for seed in range(given.seeds):
        curve = list(peer(split, seed, given.peer_seconds)) if given.peer_seconds else []
        for target, times in reached.items():
            times.append(min((s for s, a in curve if a >= target), default=float("inf")))
    for target, times in reached.items():
        print(f"stock Keras to {target}: {statistics.median(times):.0f} s (inf: not reached)")


if __name__ == "__main__":
    main()
