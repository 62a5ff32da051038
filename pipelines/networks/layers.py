"""Keras layers that cost less to train than their stock relatives. Importing this imports Keras."""

from functools import lru_cache
from typing import Any

import keras
from keras import ops

TENSORFLOW = keras.backend.backend() == "tensorflow"
if TENSORFLOW:
    import tensorflow as tf


@keras.saving.register_keras_serializable(package="podium")
class SmallMapConvolution(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution to maps of few places, without stride or padding, by matrix products.

    oneDNN's gradient of a kernel goes through an image's places one after the other. Where there
    are only a few, it takes five to ten times as long as the same sums in one matrix product.
    """

    def call(self, inputs: Any) -> Any:
        """Return the maps (n, height, width, filters)."""
        if inputs.shape[1:3] == self.kernel_size:  # one place, which sees all
            kernel = ops.reshape(self.kernel, (-1, self.filters))
            sums = ops.matmul(ops.reshape(inputs, (-1, kernel.shape[0])), kernel)
            return ops.reshape(ops.add(sums, self.bias), (-1, 1, 1, self.filters))
        if not TENSORFLOW:
            return super().call(inputs)
        kernel = tf.convert_to_tensor(self.kernel)
        _, down, across, _ = self.compute_output_shape(inputs.shape)
        convolved = _convolution(tuple(kernel.shape), down, across)
        return tf.nn.bias_add(convolved(inputs, kernel), self.bias)


@lru_cache
def _convolution(kernel_shape: tuple[int, ...], down: int, across: int) -> Any:
    """Return a function of inputs and a kernel that convolves as TensorFlow does.

    The gradient of the kernel is a matrix product. There is one function for maps of a size, made
    once: TensorFlow never forgets a graph in which somebody's own gradient was asked for.

    Args:
        kernel_shape: Height, width, channels and filters.
        down: Height of the maps.
        across: Their width.
    """
    high, wide, channels, filters = kernel_shape
    strides = [1, 1, 1, 1]

    def convolved(inputs: Any, kernel: Any) -> Any:
        def gradient(maps: Any) -> tuple[Any, Any]:
            of_inputs = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(inputs),
                filter=kernel,
                out_backprop=maps,
                strides=strides,
                padding="VALID",
            )
            corners = ((row, column) for row in range(high) for column in range(wide))
            seen = tf.concat(
                [inputs[:, top : top + down, left : left + across] for top, left in corners],
                axis=-1,
            )
            flat = tf.reshape(seen, (-1, high * wide * channels))
            of_kernel = tf.matmul(flat, tf.reshape(maps, (-1, filters)), transpose_a=True)
            return of_inputs, tf.reshape(of_kernel, kernel_shape)

        return tf.nn.conv2d(inputs, kernel, strides, "VALID"), gradient

    return tf.function(tf.custom_gradient(convolved), autograph=False)


@keras.saving.register_keras_serializable(package="podium")
class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalisation over the last axis of (n, height, width, channels) in one fused kernel.

    Keras 3 composes the same arithmetic (Ioffe & Szegedy 2015) of some fifteen operations in
    float32, each a trip through memory; on a processor they take longer than the convolutions
    between them. TensorFlow's fused kernel reads its input once forward and twice backward, takes
    bfloat16 as it is, and sums in float32. Other backends, and inputs of another rank, go Keras'
    own way.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the normalised inputs; in training, also move the running statistics."""
        if not TENSORFLOW or mask is not None or len(inputs.shape) != 4:
            return super().call(inputs, training=training, mask=mask)
        learning = bool(training and self.trainable)
        nothing = tf.zeros((0,), tf.float32)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=nothing if learning else tf.cast(self.moving_mean, tf.float32),
            variance=nothing if learning else tf.cast(self.moving_variance, tf.float32),
            epsilon=self.epsilon,
            is_training=learning,
        )
        if learning:
            keep = self.momentum
            self.moving_mean.assign(self.moving_mean * keep + mean * (1.0 - keep))
            self.moving_variance.assign(self.moving_variance * keep + variance * (1.0 - keep))
        return outputs
