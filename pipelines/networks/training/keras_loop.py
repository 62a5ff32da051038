"""Training through Keras' own loop, for JAX and PyTorch. Importing this imports Keras' backend."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from pipelines.networks.training.recipe import Images, Recipe, Report, Targets, one_cycle


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The recipe's one-cycle schedule as Keras wants it."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step."""
        recipe = self.recipe
        step = keras.ops.cast(step, "float32")
        return one_cycle(step, recipe.steps, recipe.learning_rate, recipe.warm_up, keras.ops)


class KerasLoop:
    """Trains one Keras network by `Model.fit`; Keras decides whether to compile the step.

    Args:
        network: A Keras model from (batch, side, side, channels) to (batch, outputs) float32.
        batch_size: Images per step.
        numbers: Whether the outputs are values, and not logits of classes.
    """

    def __init__(self, network: Any, batch_size: int, *, numbers: bool = False) -> None:
        self.network = network
        self.batch_size = batch_size
        self.numbers = numbers

    def train(
        self, chunks: Iterable[tuple[Images, Targets]], recipe: Recipe, seed: int, report: Report
    ) -> None:
        """Train as `Trainer.train` says; `report` hears of the mean loss so far."""
        for number, variable in enumerate(self.network.non_trainable_variables):
            if not str(variable.dtype).startswith("float"):
                variable.assign([seed + 7919 * number, 0])
        window = max(1.0, recipe.averaging * recipe.steps)
        optimizer = keras.optimizers.AdamW(
            OneCycle(recipe),
            weight_decay=recipe.weight_decay,
            beta_2=0.99,
            use_ema=window > 1,
            ema_momentum=1 - 1 / window,
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.network.compile(
            optimizer,
            keras.losses.MeanSquaredError()
            if self.numbers
            else keras.losses.CategoricalCrossentropy(True, recipe.label_smoothing),
        )
        every = max(1, recipe.steps // 20)
        self.network.fit(
            self._batches(chunks),
            steps_per_epoch=recipe.steps,
            verbose=0,
            shuffle=False,  # the chunks are shuffled
            callbacks=[
                keras.callbacks.LambdaCallback(
                    on_train_batch_end=lambda step, logs: (
                        report(step + 1, float(logs["loss"]))
                        if (step + 1) % every == 0 or step + 1 == recipe.steps
                        else None
                    )
                )
            ],
        )

    def measure_statistics(self, images: Images) -> None:
        """Move the network's running normalisation statistics towards those of some batches."""
        for first in range(0, len(images), self.batch_size):
            self.network(_scaled(images[first : first + self.batch_size]), training=True)

    def predict(self, images: Images, batch_size: int = 1000) -> npt.NDArray[np.float32]:
        """Return the network's outputs (n, outputs) for images (n, side, side[, 3]) uint8."""
        outputs = self.network.predict(_scaled(images), batch_size=batch_size, verbose=0)
        return np.asarray(outputs, np.float32)

    def _batches(
        self, chunks: Iterable[tuple[Images, Targets]]
    ) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
        """Yield the chunks batch by batch, classes one-hot."""
        classes = np.eye(self.network.output_shape[-1], dtype=np.float32)
        for images, targets in chunks:
            for first in range(0, len(images), self.batch_size):
                rows = slice(first, first + self.batch_size)
                wanted = targets[rows] if self.numbers else classes[targets[rows]]
                yield _scaled(images[rows]), np.asarray(wanted, np.float32)


def _scaled(images: Images) -> npt.NDArray[np.float32]:
    """Return uint8 images as (n, side, side, channels) float32 between 0 and 1."""
    channels = images[..., None] if images.ndim == 3 else images
    return channels.astype(np.float32) / np.float32(255)
