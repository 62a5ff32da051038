"""The trainer of a network on Keras' present backend; the latest are kept and used again."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pipelines.execution.quiet import quiet_native_stderr
from pipelines.execution.threads import threads
from pipelines.networks.architectures import NetworkShape
from pipelines.networks.build import build_network, set_fresh_weights
from pipelines.networks.training.precision import choose_precision, find_gpu
from pipelines.networks.training.recipe import Images, Recipe, Report, Targets


class Trainer(Protocol):
    """Trains a Keras network and predicts with it."""

    network: Any
    batch_size: int

    def train(
        self, chunks: Iterable[tuple[Images, Targets]], recipe: Recipe, seed: int, report: Report
    ) -> None:
        """Train from the network's present weights and leave the averaged ones in it.

        Args:
            chunks: Images (k × batch, side, side[, 3]) uint8, and for each its class (int32) or its
                values (float32), until the recipe's steps are covered.
            recipe: Steps, learning rate, decay, smoothing, averaging.
            seed: Of dropout.
            report: Called now and then with the steps done and a mean loss.
        """

    def measure_statistics(self, images: Images) -> None:
        """Measure normalisation's statistics for predicting on some whole batches of images."""

    def predict(self, images: Images) -> npt.NDArray[np.float32]:
        """Return the network's outputs (n, outputs) for images (n, side, side[, 3]) uint8."""


# The folds of a configuration share a trainer: tracing costs seconds, and every new graph some
# memory that never comes back. Who predicts with several networks in turn raises the limit.
most_kept = 1
_kept: dict[tuple[NetworkShape, str], Trainer] = {}


def number_format(precision: str) -> str:
    """Return the Keras dtype policy of a precision: its own, or the best here for `auto`."""
    if precision != "auto":
        return precision
    with quiet_native_stderr():
        return choose_precision(gpu=find_gpu()).policy


def trainer_of(shape: NetworkShape, precision: str, batch_size: int | None, seed: int) -> Trainer:
    """Return a trainer of such a network.

    Args:
        shape: Of the network.
        precision: `auto`, or a Keras dtype policy.
        batch_size: Of training, which then starts from fresh weights; None for predicting only,
            whatever the weights are.
        seed: Of the fresh weights.
    """
    with quiet_native_stderr():
        import keras

    policy = number_format(precision)
    trainer = _kept.get((shape, policy))
    if trainer is None or batch_size not in (None, trainer.batch_size):
        if len(_kept) >= most_kept:
            _kept.clear()
            keras.utils.clear_session()  # which collects the garbage too
        trainer = _new_trainer(shape, policy, batch_size or 1)
        _kept[shape, policy] = trainer
    if batch_size is not None:
        set_fresh_weights(trainer.network, seed)
    return trainer


def _new_trainer(shape: NetworkShape, policy: str, batch_size: int) -> Trainer:
    """Return a trainer for the backend: the compiled loop is TensorFlow's alone."""
    import keras

    numbers = shape.head == "linear"
    if keras.backend.backend() == "tensorflow":
        from pipelines.networks.training.loop import CompiledLoop, use_threads

        use_threads(threads())
        network = build_network(shape, policy=policy, momentum=0.0)
        return CompiledLoop(network, batch_size, numbers=numbers)
    from pipelines.networks.training.keras_loop import KerasLoop

    network = build_network(shape, policy=policy, momentum=0.9)
    return KerasLoop(network, batch_size, numbers=numbers)
