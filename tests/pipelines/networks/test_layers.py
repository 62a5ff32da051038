from typing import Any

import numpy as np
import pytest


def both(policy: str) -> tuple[Any, Any]:
    """Return the fused layer and Keras' own, with equal parameters away from their start."""
    import keras

    from pipelines.networks.layers import FusedBatchNormalization

    layers = (
        FusedBatchNormalization(momentum=0.9, dtype=policy),
        keras.layers.BatchNormalization(momentum=0.9, dtype=policy),
    )
    generator = np.random.default_rng(3)
    weights = [generator.uniform(0.5, 1.5, 16).astype(np.float32) for _ in range(4)]
    for layer in layers:
        layer.build((None, 6, 6, 16))
        layer.set_weights(weights)
    return layers


def train_step(layer: Any, images: Any, wanted: Any) -> list[Any]:
    """Return outputs, and the gradients of a loss in inputs, scale and offset."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images, training=True)
        loss = tf.reduce_mean(tf.square(tf.cast(outputs, tf.float32) - wanted))
    gradients = tape.gradient(loss, [images, layer.gamma.value, layer.beta.value])
    return [tf.cast(part, tf.float32).numpy() for part in (outputs, *gradients)]


@pytest.mark.long
@pytest.mark.parametrize(("policy", "tolerance"), [("float32", 1e-4), ("mixed_bfloat16", 3e-2)])
def test_fused_normalisation_is_keras_own(policy: str, tolerance: float) -> None:
    import keras
    import tensorflow as tf

    generator = np.random.default_rng(4)
    values = generator.normal(0.7, 2.0, (32, 6, 6, 16)).astype(np.float32)
    images = tf.cast(values, keras.DTypePolicy(policy).compute_dtype)
    wanted = generator.normal(size=values.shape).astype(np.float32)
    fused, stock = both(policy)
    for ours, theirs in zip(
        train_step(fused, images, wanted), train_step(stock, images, wanted), strict=True
    ):
        # Relative to the largest value: a gradient's small entries are differences of large ones.
        assert np.abs(ours - theirs).max() < tolerance * np.abs(theirs).max()
    for ours, theirs in zip(fused.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=5e-3)
    # TensorFlow's running variance is the unbiased one: from here on, the same for both.
    stock.set_weights(fused.get_weights())
    predicted = [
        tf.cast(layer(images, training=False), tf.float32).numpy() for layer in (fused, stock)
    ]
    assert np.abs(predicted[0] - predicted[1]).max() < tolerance * np.abs(predicted[1]).max()


@pytest.mark.long
def test_flat_inputs_are_normalised_too() -> None:
    from pipelines.networks.layers import FusedBatchNormalization

    values = np.random.default_rng(5).normal(3.0, 2.0, (64, 5)).astype(np.float32)
    outputs = np.asarray(FusedBatchNormalization()(values, training=True))
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=1e-5)


@pytest.mark.parametrize(("policy", "tolerance"), [("float32", 1e-4), ("mixed_bfloat16", 3e-2)])
@pytest.mark.parametrize(("side", "kernel"), [(2, 2), (4, 3), (5, 4), (4, 4), (3, 3)])
def test_a_convolution_to_few_places_is_keras_own(
    side: int, kernel: int, policy: str, tolerance: float
) -> None:
    import keras
    import tensorflow as tf

    from pipelines.networks.layers import SmallMapConvolution

    generator = np.random.default_rng(5)
    values = generator.normal(0.7, 2.0, (32, side, side, 16)).astype(np.float32)
    images = tf.cast(values, keras.DTypePolicy(policy).compute_dtype)
    layers = [kind(24, kernel, dtype=policy) for kind in (SmallMapConvolution, keras.layers.Conv2D)]
    found = []
    for layer in layers:
        layer.build(images.shape)
        layer.set_weights([*layers[0].get_weights()[:1], np.arange(24, dtype=np.float32) / 24])
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images)
            assert outputs.shape == layer.compute_output_shape(images.shape)
            loss = tf.reduce_mean(tf.square(tf.cast(outputs, tf.float32)))
        watched = [images, layer.kernel.value, layer.bias.value]
        found.append([outputs, *tape.gradient(loss, watched)])
    for pair in zip(*found, strict=True):
        ours, theirs = (tf.cast(part, tf.float32).numpy() for part in pair)
        assert np.abs(ours - theirs).max() < tolerance * np.abs(theirs).max()


def test_a_network_of_small_maps_is_written_and_read_by_keras(tmp_path: Any) -> None:
    import keras

    from pipelines.networks.architectures import NetworkShape
    from pipelines.networks.build import build_network

    network = build_network(NetworkShape("compact", side=28, outputs=3, width=0.25))
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("SmallMapConvolution") == 2
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    images = np.random.default_rng(6).random((4, 28, 28, 1)).astype(np.float32)
    np.testing.assert_allclose(network(images), again(images), rtol=1e-5)
