"""The training loop: many steps per call of one compiled graph. Importing this imports TensorFlow.

What it saves against `Model.fit`: the optimiser updates one flat vector in a handful of operations
instead of a dozen for each of some thirty variables, and decays and averages it only every few
steps; a chunk of batches is one call, so Python is out of the way; running statistics of
normalisation are not kept during training but measured after it, for the averaged weights.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from pipelines.networks.training.recipe import Images, Recipe, Report, Targets

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.99, 1e-7


class CompiledLoop:
    """Trains one Keras network, if wanted again and again, with one compiled graph.

    Its batch normalisation must have momentum 0: a step then returns each batch's own statistics.

    Args:
        network: A Keras model to (batch, outputs) float32, from images (batch, side, side,
            channels), or from rows of a table (batch, features), which are float32 where this
            class speaks of images.
        batch_size: Images per step.
        numbers: Whether the outputs are values, and not logits of classes.
    """

    def __init__(self, network: Any, batch_size: int, *, numbers: bool = False) -> None:
        self.network = network
        self.batch_size = batch_size
        self._loss = _squared_error if numbers else _cross_entropy
        self.shapes = [tuple(variable.shape) for variable in network.trainable_variables]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        self._weights, self._mean, self._square, self._average = (
            tf.Variable(tf.zeros(sum(self.sizes))) for _ in range(4)
        )
        # Weight decay is for kernels: biases and normalisation's scales keep their size.
        self._decayed = tf.constant(
            np.repeat([float(len(shape) > 1) for shape in self.shapes], self.sizes), tf.float32
        )
        shape = network.input_shape[1:]
        self._image_shape = shape[:-1] if shape[-1] == 1 and len(shape) == 3 else shape
        self._seen = _scaled if len(shape) == 3 else _as_they_are
        kind = tf.uint8 if len(shape) == 3 else tf.float32
        image = tf.TensorSpec((None, *self._image_shape), kind)
        values = tf.TensorSpec((None, network.output_shape[-1]), tf.float32)
        targets = values if numbers else tf.TensorSpec((None,), tf.int32)
        self._train_chunk = _compiled(
            self._chunk,
            [
                image,
                targets,
                tf.TensorSpec((2,), tf.int64),
                tf.TensorSpec((None, 3), tf.float32),
                tf.TensorSpec((), tf.float32),
            ],
        )
        self._batch_statistics = _compiled(self._statistics, [image])
        self._outputs = _compiled(
            lambda images: network(self._seen(images), training=False), [image]
        )

    def train(
        self, chunks: Iterable[tuple[Images, Targets]], recipe: Recipe, seed: int, report: Report
    ) -> None:
        """Train as `Trainer.train` says; `report` hears of each chunk's mean loss."""
        start = [variable.numpy().ravel() for variable in self.network.trainable_variables]
        self._weights.assign(np.concatenate(start))
        self._average.assign(self._weights)
        for state in (self._mean, self._square):
            state.assign(tf.zeros_like(state))
        step = 0
        for images, targets in chunks:
            steps = np.arange(step, step + len(images) // self.batch_size)
            loss = self._train_chunk(
                images,
                targets,
                np.array([seed, step], np.int64),
                recipe.paces(steps),
                recipe.label_smoothing,
            )
            step += len(steps)
            report(step, float(loss))
        self.use_average()

    def use_average(self) -> None:
        """Put the averaged weights into the network; training itself never looks at those there."""
        for variable, value in zip(
            self.network.trainable_variables, self._split(self._average), strict=True
        ):
            variable.assign(value)

    def measure_statistics(self, images: Images) -> None:
        """Put into the network its normalisation statistics on some batches of images."""
        batches = np.split(images, len(images) // self.batch_size)
        found = [[part.numpy() for part in self._batch_statistics(batch)] for batch in batches]
        means = iter([np.mean(parts, axis=0) for parts in zip(*found, strict=True)])
        for variable in self.network.non_trainable_variables:
            if variable.dtype == "float32":
                variable.assign(next(means))

    def predict(self, images: Images, batch_size: int = 500) -> npt.NDArray[np.float32]:
        """Return the network's outputs (n, outputs) for images (n, side, side[, 3]) uint8."""
        parts = [
            self._outputs(images[first : first + batch_size]).numpy()
            for first in range(0, len(images), batch_size)
        ]
        return np.concatenate(parts)

    def _split(self, flat: Any) -> list[Any]:
        """Return the network's trainable variables as they lie one after the other in `flat`."""
        parts = tf.split(flat, self.sizes)
        return [tf.reshape(part, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _states(self, state: Any) -> list[Any]:
        """Return values for the non-trainable variables: zeros, and dropout's seed and step."""
        return [
            tf.zeros(variable.shape)
            if variable.dtype == "float32"
            else state + tf.constant([7919 * number, 0], tf.int64)
            for number, variable in enumerate(self.network.non_trainable_variables)
        ]

    def _forward(self, weights: list[Any], images: Any, state: Any) -> tuple[Any, list[Any]]:
        """Return the training-mode outputs, and the non-trainable variables after the step."""
        images = tf.ensure_shape(images, (self.batch_size, *self._image_shape))
        outputs, states = self.network.stateless_call(
            weights, self._states(state), self._seen(images), training=True
        )
        return outputs, states

    def _statistics(self, images: Any) -> list[Any]:
        """Return one batch's normalisation statistics under the averaged weights."""
        _, states = self._forward(self._split(self._average), images, tf.zeros(2, tf.int64))
        return [state for state in states if state.dtype == tf.float32]

    def _chunk(self, images: Any, targets: Any, start: Any, paces: Any, smoothing: Any) -> Any:
        """Take as many steps as `paces` has rows; return the mean loss.

        Args:
            images: (steps × batch, side, side[, 3]) uint8.
            targets: (steps × batch,) int32 classes, or (steps × batch, outputs) float32 values.
            start: (2,) int64: dropout's seed and the number of the first step.
            paces: (steps, 3) float32, from `Recipe.paces`.
            smoothing: Of the labels.
        """
        steps = tf.shape(paces)[0]

        def body(number: Any, total: Any) -> tuple[Any, Any]:
            rows = slice(number * self.batch_size, (number + 1) * self.batch_size)
            state = start + tf.stack([0, tf.cast(number, tf.int64)])
            loss, gradient = self._gradient(images[rows], targets[rows], smoothing, state)
            self._update(gradient, state[1], paces[number])
            return number + 1, total + loss

        _, total = tf.while_loop(
            lambda number, _: number < steps,
            body,
            (tf.constant(0), tf.constant(0.0)),
            parallel_iterations=1,
        )
        return total / tf.cast(steps, tf.float32)

    def _gradient(self, images: Any, targets: Any, smoothing: Any, state: Any) -> tuple[Any, Any]:
        """Return the loss of a batch and its gradient in the flat weights."""
        weights = self._split(self._weights)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            outputs, _ = self._forward(weights, images, state)
            loss = self._loss(outputs, targets, smoothing)
        gradients = tape.gradient(loss, weights)
        return loss, tf.concat([tf.reshape(part, [-1]) for part in gradients], axis=0)

    def _update(self, gradient: Any, step: Any, pace: Any) -> None:
        """Move the flat weights by AdamW (Loshchilov & Hutter 2019), and their average to them."""
        rate, decay, share = tf.unstack(pace)
        power = tf.cast(step + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=self._weights.handle,
            m=self._mean.handle,
            v=self._square.handle,
            beta1_power=tf.pow(_BETA_1, power),
            beta2_power=tf.pow(_BETA_2, power),
            lr=rate,
            beta1=_BETA_1,
            beta2=_BETA_2,
            epsilon=_EPSILON,
            grad=gradient,
        )
        tf.cond(share > 0, lambda: self._settle(decay, share), lambda: tf.constant(0))

    def _settle(self, decay: Any, share: Any) -> Any:
        """Shrink the kernels by `decay` and move the average towards the weights by `share`."""
        self._weights.assign_sub(decay * self._decayed * self._weights)
        self._average.assign_add(share * (self._weights - self._average))
        return tf.constant(0)


def _cross_entropy(logits: Any, labels: Any, smoothing: Any) -> Any:
    """Return the mean cross-entropy; the labels' share `smoothing` is spread over all classes.

    The smoothing is that of Szegedy et al. 2016.
    """
    n_classes = logits.shape[-1]
    truth = tf.one_hot(labels, n_classes) * (1.0 - smoothing) + smoothing / n_classes
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=truth, logits=logits))


def _squared_error(values: Any, targets: Any, smoothing: Any) -> Any:
    """Return the mean squared error over rows and targets; nothing is smoothed."""
    return tf.reduce_mean(tf.square(values - targets))


def _compiled(function: Any, signature: list[Any]) -> Any:
    """Return a function as one graph, traced at its first call."""
    graph = tf.function(function, input_signature=signature, autograph=False)
    traced = lru_cache(maxsize=1)(graph.get_concrete_function)

    def call(*arguments: Any) -> Any:
        pairs = zip(arguments, signature, strict=True)
        return traced()(*(tf.convert_to_tensor(value, spec.dtype) for value, spec in pairs))

    return call


def _scaled(images: Any) -> Any:
    """Return uint8 images as (n, side, side, channels) float32 between 0 and 1."""
    channels = images[..., None] if len(images.shape) == 3 else images
    return tf.cast(channels, tf.float32) * (1 / 255)


def _as_they_are(rows: Any) -> Any:
    return rows


def use_threads(number: int) -> None:
    """Let TensorFlow compute with `number` threads, one operation at a time.

    TensorFlow takes the setting only before its first computation; later calls change nothing.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(number)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass
