"""The Keras models are those that their sources describe."""

import numpy as np
import pytest

from pipelines.networks.architectures import Architecture, NetworkShape, Residual
from pipelines.networks.build import build_network


@pytest.mark.parametrize(
    ("architecture", "convolutions", "maps"),
    [
        ("deotte", 7, (1, 1, 128)),
        ("k3", 10, (8, 8, 176)),
        ("k5", 5, (8, 8, 160)),
        ("k7", 4, (4, 4, 192)),
    ],
)
def test_published_stacks_have_their_depth_and_end_in_their_maps(
    architecture: str, convolutions: int, maps: tuple[int, ...]
) -> None:
    import keras

    network = build_network(NetworkShape(architecture, 28, 10))
    made = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(made) == convolutions
    assert made[-1].output.shape[1:] == maps


def test_a_residual_block_without_weights_passes_its_input_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import keras

    alone = Architecture((Residual(8), Residual(8)))
    monkeypatch.setattr(NetworkShape, "stack", lambda shape: alone)
    network = build_network(NetworkShape("residual", 28, 10))
    first, second = (layer for layer in network.layers if isinstance(layer, keras.layers.Add))
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (3, 3):
            layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    maps = keras.Model(network.input, [first.output, second.output])
    images = np.random.default_rng(0).random((2, 28, 28, 1), dtype=np.float32)
    below, above = (np.asarray(value) for value in maps(images))
    assert below.std() > 0
    assert np.allclose(np.maximum(below, 0), above)
