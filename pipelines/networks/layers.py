"""Keras layers that cost less to train than their stock relatives. Importing this imports Keras."""

from typing import Any

import keras

TENSORFLOW = keras.backend.backend() == "tensorflow"
if TENSORFLOW:
    import tensorflow as tf


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
