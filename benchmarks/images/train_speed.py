"""Images/s of Podium's training loop against stock Keras and plain PyTorch, all in one run.

    python -m benchmarks.images.train_speed [--architecture deotte|two_block] [--torch-python PATH]

Every side trains the same layers at the same batch size, round after round in turn, so that a
machine's moods fall on all alike; the medians of the rounds and of their ratios are printed. Ours
runs as a fit does, with augmentation on its background thread, up to the last step (measuring the
statistics of normalisation for predicting, once a fit, takes as long as some eight steps); stock
Keras and PyTorch get finished images. Ours uses the precision that Podium chooses here; the peers
are timed in float32 and in bfloat16, each at the fastest of its documented settings, which a short
trial before the rounds finds: Keras with one or 32 steps an execution and with XLA, PyTorch eager
and with torch.compile, both channels last. The last figure is the share of the machine's own matrix
rate, in the format in use, that ours reaches.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402

from pipelines.execution.threads import threads  # noqa: E402
from pipelines.features.images.augmentation import Distortion, in_background  # noqa: E402
from pipelines.networks.architectures import NetworkShape  # noqa: E402
from pipelines.networks.build import build_network  # noqa: E402
from pipelines.networks.training.precision import choose_precision, find_gpu  # noqa: E402
from pipelines.networks.training.recipe import Recipe, training_chunks  # noqa: E402
from pipelines.networks.training.trainers import trainer_of  # noqa: E402

Side = Callable[[], float]

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


def ours(shape: NetworkShape, policy: str, batch: int, number: int) -> Side:
    """Return a timed run of the compiled loop, augmentation included."""
    images, labels = digits(number)
    recipe = Recipe(number // batch, batch, 1e-3)
    trainer = trainer_of(shape, policy, batch, 0)

    def run() -> float:
        distortion = Distortion(rotation=10, zoom=0.1, shift=0.1)
        chunks = training_chunks(images, labels, recipe, distortion, seed=0, steps=4096 // batch)
        ends = []
        started = time.perf_counter()
        trainer.train(in_background(chunks), recipe, 0, lambda *_: ends.append(time.perf_counter()))
        return number / (ends[-1] - started)

    run()
    return run


def stock(shape: NetworkShape, policy: str, batch: int, number: int) -> tuple[Side, str]:
    """Return a timed epoch of `Model.fit` with Keras' own layers and Adam, at its best setting."""
    import keras

    images, labels = digits(number)
    scaled = (images[..., None] / 255).astype(np.float32)

    def timed(setting: dict[str, Any], rows: int) -> Side:
        network = build_network(shape, policy=policy, fused=False)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile(keras.optimizers.Adam(1e-3), loss, **setting)

        def run() -> float:
            started = time.perf_counter()
            network.fit(scaled[:rows], labels[:rows], batch_size=batch, verbose=0)
            return rows / (time.perf_counter() - started)

        run()
        return run

    few = min(number, 8 * batch)
    best = max(KERAS_SETTINGS, key=lambda name: timed(KERAS_SETTINGS[name], few)())
    return timed(KERAS_SETTINGS[best], number), best


def torch_peer(
    python: str, number_format: str, batch: int, number: int, name: str
) -> tuple[Side, str]:
    """Return a timed run of plain PyTorch at its best setting, in a process of its own."""
    script = str(ROOT / "benchmarks" / "images" / "torch_peer.py")

    def timed(how: str, rows: int) -> float:
        command = [python, script, name, number_format, str(batch), str(rows), str(threads()), how]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    best = max(("eager", "compile"), key=lambda how: timed(how, min(number, 16 * batch)))
    return (lambda: timed(best, number)), best


def matrix_rate(policy: str) -> Side:
    """Return a timed product of two 4096 × 4096 matrices, in FLOP/s."""
    number_format = tf.bfloat16 if "bfloat16" in policy else tf.float32
    matrix = tf.cast(tf.random.normal((4096, 4096)), number_format)

    def run() -> float:
        started = time.perf_counter()
        tf.cast(matrix @ matrix, tf.float32).numpy()
        return 2 * 4096**3 / (time.perf_counter() - started)

    return run


def flops_per_image(network: Any) -> int:
    """Return the floating-point operations of training on one image: three times the forward's."""
    products = 0
    for layer in network.layers:
        if hasattr(layer, "kernel"):
            positions = int(np.prod(layer.output.shape[1:-1]))
            products += int(np.prod(layer.kernel.shape)) * positions
    return 3 * 2 * products


def main() -> None:
    """Time all sides in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=["deotte", "two_block"], default="deotte")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=8192, help="trained on per round and side")
    parser.add_argument("--torch-python", help="a Python that has PyTorch; default this one")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    precision = choose_precision(gpu=find_gpu())
    shape = NetworkShape(given.architecture, 28, 10)
    amount = (given.batch_size, given.images // given.batch_size * given.batch_size)
    sides = {"podium": ours(shape, precision.policy, *amount)}
    settings: dict[str, str] = {}
    # Where bfloat16 is emulated it takes minutes: a quarter of the images says as much.
    slow = (amount[0], max(4, amount[1] // amount[0] // 4) * amount[0])
    emulated = precision.policy == "float32"
    for policy, name in (("float32", "float32"), ("mixed_bfloat16", "bfloat16")):
        size = slow if emulated and name == "bfloat16" else amount
        side = f"keras {name}"
        sides[side], settings[side] = stock(shape, policy, *size)
        python = given.torch_python or (sys.executable if find_spec("torch") else None)
        if python:
            side = f"torch {name}"
            sides[side], settings[side] = torch_peer(python, name, *size, given.architecture)
    sides["matrix"] = matrix_rate(precision.policy)
    sides["matrix"]()

    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(given.rounds):
        for name, run in sides.items():
            rates[name].append(run())
    flops = flops_per_image(build_network(shape))
    peers = [name for name in sides if name not in ("podium", "matrix")]
    result = {
        "architecture": given.architecture,
        "batch_size": given.batch_size,
        "precision": precision.policy,
        "why": precision.why,
        "load_average": os.getloadavg()[0],
        "images_per_second": {name: statistics.median(rates[name]) for name in ["podium", *peers]},
        "podium_over": {name: _median_ratio(rates["podium"], rates[name]) for name in peers},
        "settings": settings,
        "matrix_gflops": statistics.median(rates["matrix"]) / 1e9,
        "share_of_matrix_rate": flops * _median_ratio(rates["podium"], rates["matrix"]),
    }
    print(json.dumps(result, indent=2) if given.json else _table(result))


def _median_ratio(over: list[float], under: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def _table(result: dict[str, Any]) -> str:
    lines = [
        f"{result['architecture']}, batches of {result['batch_size']}; Podium chose "
        f"{result['precision']}: {result['why']}. Load average {result['load_average']:.1f}."
    ]
    for name, rate in result["images_per_second"].items():
        ratio = result["podium_over"].get(name)
        setting = result["settings"].get(name)
        beside = f"   podium ÷ {name} = {ratio:.2f} ({setting})" if ratio else ""
        lines.append(f"{name:15s} {rate:7.0f} images/s{beside}")
    lines.append(
        f"matrix rate {result['matrix_gflops']:.0f} GFLOP/s, of which Podium's training uses "
        f"{result['share_of_matrix_rate']:.0%}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
