"""Training through Keras' own loop, for JAX and PyTorch. Importing this imports Keras' backend."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from pipelines.networks.recipe import Images, Labels, Recipe, Report, one_cycle


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
        network: A Keras model from (batch, side, side, 1) to (batch, n_classes) float32 logits.
        batch_size: Images per step.
    """

    def __init__(self, network: Any, batch_size: int) -> None:
        self.network = network
        self.batch_size = batch_size

    def train(
        self,
        chunks: Iterable[tuple[Images, Labels]],
        recipe: Recipe,
        seed: int,
        report: Report,
    ) -> None:
        """Train from the network's present weights and leave the averaged ones in it.

        Args:
            chunks: Images (k × batch, side, side) uint8 and labels (k × batch,) int32, until the
                recipe's steps are covered.
            recipe: Steps, learning rate, decay, smoothing, averaging.
            seed: Of dropout.
            report: Called after each chunk with the steps done and the mean loss so far.
        """
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
            optimizer, keras.losses.CategoricalCrossentropy(True, recipe.label_smoothing)
        )
        every = max(1, recipe.steps // 20)
        self.network.fit(
            self._batches(chunks),
            steps_per_epoch=recipe.steps,
            verbose=0,
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

    def predict_logits(self, images: Images, batch_size: int = 1000) -> npt.NDArray[np.float32]:
        """Return the network's logits (n, n_classes) for images (n, side, side) uint8."""
        logits = self.network.predict(_scaled(images), batch_size=batch_size, verbose=0)
        return np.asarray(logits, np.float32)

    def _batches(
        self, chunks: Iterable[tuple[Images, Labels]]
    ) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
        """Yield the chunks batch by batch, labels one-hot."""
        classes = np.eye(self.network.output_shape[-1], dtype=np.float32)
        for images, labels in chunks:
            for first in range(0, len(images), self.batch_size):
                rows = slice(first, first + self.batch_size)
                yield _scaled(images[rows]), classes[labels[rows]]


def _scaled(images: Images) -> npt.NDArray[np.float32]:
    """Return uint8 images (n, side, side) as (n, side, side, 1) float32 between 0 and 1."""
    return images[..., None].astype(np.float32) / np.float32(255)
