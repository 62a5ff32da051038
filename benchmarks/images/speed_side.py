"""One side of train_speed.py in a process of its own: Podium's, or stock Keras.

    python -m benchmarks.images.speed_side SIDE ARCHITECTURE WIDTH FORMAT BATCH_SIZE IMAGES HOW

SIDE is one of `SIDES`, HOW a key of `KERAS_SETTINGS` for keras, and for a whole fit its epochs and
the views of its predictions, such as 16,8. OMP_NUM_THREADS says how many threads it has. It says
`ready`, then trains on IMAGES images for each line that it reads, and prints images/s.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from sklearn.datasets import load_digits

from pipelines.execution.threads import threads
from pipelines.features.images.augmentation import Distortion, in_background
from pipelines.networks.architectures import NetworkShape
from pipelines.networks.build import build_network
from pipelines.networks.classifier import NetworkClassifier
from pipelines.networks.training.loop import use_threads
from pipelines.networks.training.recipe import Recipe, training_chunks
from pipelines.networks.training.trainers import trainer_of

KERAS_SETTINGS: dict[str, dict[str, Any]] = {
    "one step an execution": {"jit_compile": False},
    "32 steps an execution": {"jit_compile": False, "steps_per_execution": 32},
    "XLA": {"jit_compile": True, "steps_per_execution": 32},
}


def digits(number: int) -> tuple[Any, Any]:
    """Return that many optical digits, 28 × 28, repeated as needed, and their labels."""
    bunch = load_digits()
    images = [cv2.resize((image * 15.9).astype(np.uint8), (28, 28)) for image in bunch.images]
    rows = np.arange(number) % len(images)
    return np.stack(images)[rows], bunch.target[rows].astype(np.int32)


def podium(
    shape: NetworkShape, policy: str, batch: int, number: int, how: str
) -> Callable[[], float]:
    """Return a timed run of the compiled loop, augmentation included."""
    return _loop(shape, policy, batch, number, Distortion(rotation=10, zoom=0.1, shift=0.1))


def loop(
    shape: NetworkShape, policy: str, batch: int, number: int, how: str
) -> Callable[[], float]:
    """Return a timed run of the compiled loop on images as they are."""
    return _loop(shape, policy, batch, number, Distortion())


def _loop(
    shape: NetworkShape, policy: str, batch: int, number: int, distortion: Distortion
) -> Callable[[], float]:
    images, labels = digits(number)
    recipe = Recipe(number // batch, batch, 1e-3)
    trainer = trainer_of(shape, policy, batch, 0)

    def run() -> float:
        chunks = training_chunks(images, labels, recipe, distortion, seed=0, steps=4096 // batch)
        ends = []
        started = time.perf_counter()
        trainer.train(in_background(chunks), recipe, 0, lambda *_: ends.append(time.perf_counter()))
        return number / (ends[-1] - started)

    return run


def whole(
    shape: NetworkShape, policy: str, batch: int, number: int, how: str
) -> Callable[[], float]:
    """Return a timed fit of some epochs as a tuning run makes it, and the prediction of its fold.

    The network is traced before; the fold has a quarter as many images.
    """
    images, labels = digits(number)
    epochs, views = map(int, how.split(","))
    network = NetworkClassifier(
        architecture=shape.architecture,
        width=shape.width,
        epochs=epochs,
        views=views,
        batch_size=batch,
        precision=policy,
    )

    def run() -> float:
        started = time.perf_counter()
        network.fit(images, labels).predict_proba(images[: number // 4])
        return epochs * number / (time.perf_counter() - started)

    return run


def stock(
    shape: NetworkShape, policy: str, batch: int, number: int, how: str
) -> Callable[[], float]:
    """Return a timed epoch of `Model.fit` with Keras' own layers and Adam."""
    import keras

    images, labels = digits(number)
    scaled = (images[..., None] / 255).astype(np.float32)
    network = build_network(shape, policy=policy, stock=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(1e-3), loss, **KERAS_SETTINGS[how])

    def run() -> float:
        started = time.perf_counter()
        network.fit(scaled, labels, batch_size=batch, verbose=0)
        return number / (time.perf_counter() - started)

    return run


SIDES = {"podium": podium, "loop": loop, "whole": whole, "keras": stock}


def main() -> None:
    """Warm up, then train once for each line that is read."""
    side, architecture, width, number_format, batch, number, how = sys.argv[1:]
    use_threads(threads())
    policy = "float32" if number_format == "float32" else f"mixed_{number_format}"
    shape = NetworkShape(architecture, 28, 10, width=float(width))
    run = SIDES[side](shape, policy, int(batch), int(number), how)
    run()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(f"{run():.1f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
