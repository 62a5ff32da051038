"""The Keras models made of network shapes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.networks.architectures import (
    Block,
    Convolution,
    Dense,
    Dropout,
    NetworkShape,
    Residual,
)

_FEW_PLACES = 4  # of a map, up to which a matrix product is faster than a convolution


def build_network(
    shape: NetworkShape,
    *,
    policy: str = "float32",
    momentum: float = 0.99,
    stock: bool = False,
) -> Any:
    """Return a Keras model from images to the float32 outputs of its head.

    It goes from (n, side, side, channels) to logits of classes or values, (n, outputs).

    Args:
        shape: What to build.
        policy: Keras dtype policy of every layer but the last.
        momentum: What the running statistics of normalisation keep per step.
        stock: Whether all layers are Keras' own, of which Podium's are faster relatives.

    Raises:
        PodiumError: there is no such architecture.
    """
    import keras

    architecture = shape.stack()
    made = _Layers(
        width=shape.width,
        dropout=shape.dropout,
        policy=policy,
        momentum=momentum if architecture.normalise else None,
        stock=stock,
    )
    images = keras.Input((shape.side, shape.side, shape.channels))
    maps = images
    for block in architecture.blocks:
        maps = made.stacked(block, maps)
    if not any(isinstance(block, Dense) for block in architecture.blocks):
        maps = keras.layers.Flatten(dtype=policy)(maps)
    name = "logits" if shape.head == "softmax" else "values"
    outputs = keras.layers.Dense(shape.outputs, dtype="float32", name=name)(maps)
    return keras.Model(images, outputs)


def set_fresh_weights(network: Any, seed: int) -> None:
    """Give a network the weights that training starts from, the same on every backend.

    Kernels are drawn uniformly (Glorot & Bengio 2010), biases and offsets are 0, scales and running
    variances 1. Building a new network instead would cost memory that Keras never frees.
    """
    generator = np.random.default_rng(seed)
    for variable in network.weights:
        shape = tuple(variable.shape)
        if len(shape) > 1:
            area = int(np.prod(shape[:-2]))
            limit = (6 / (area * (shape[-2] + shape[-1]))) ** 0.5
            variable.assign(generator.uniform(-limit, limit, shape))
        else:
            one = variable.name in ("gamma", "moving_variance")
            variable.assign(np.full(shape, float(one)))


@dataclass(frozen=True)
class _Layers:
    """Puts the Keras layers of a block on symbolic maps."""

    width: float
    dropout: float
    policy: str
    momentum: float | None  # of normalisation; None for none
    stock: bool

    def stacked(self, block: Block, maps: Any) -> Any:
        """Return the block's output for the maps below it."""
        from keras import layers

        match block:
            case Dropout(share):
                rate = self.dropout * share
                return layers.Dropout(rate, seed=0, dtype=self.policy)(maps) if rate > 0 else maps
            case Dense(units):
                flat = layers.Flatten(dtype=self.policy)(maps)
                return layers.Dense(_scaled(units, self.width), "relu", dtype=self.policy)(flat)
            case Convolution(filters, kernel, stride, padding, pool):
                maps = self._convolved(maps, filters, kernel, stride, padding)
                return self._normalised(self._rectified(maps, pool))
            case Residual(filters, pool):
                inner = self._convolved(maps, filters, 3, padding="same")
                inner = self._normalised(self._rectified(inner))
                inner = self._normalised(self._convolved(inner, filters, 3, padding="same"))
                if inner.shape[-1] != maps.shape[-1]:
                    maps = self._convolved(maps, filters, 1)
                return self._rectified(layers.Add(dtype=self.policy)([maps, inner]), pool)

    def _convolved(
        self, maps: Any, filters: int, kernel: int, stride: int = 1, padding: str = "valid"
    ) -> Any:
        from keras.layers import Conv2D

        from pipelines.networks.layers import SmallMapConvolution

        number, side = _scaled(filters, self.width), maps.shape[1] - kernel + 1
        few = padding == "valid" and stride == 1 and side**2 <= _FEW_PLACES
        if few and not self.stock:
            return SmallMapConvolution(number, kernel, dtype=self.policy)(maps)
        return Conv2D(number, kernel, stride, padding, dtype=self.policy)(maps)

    def _rectified(self, maps: Any, pool: int = 1) -> Any:
        from keras.layers import MaxPooling2D, ReLU

        if pool > 1:
            # The same as the other way round, on a quarter of the numbers.
            maps = MaxPooling2D(pool, dtype=self.policy)(maps)
        return ReLU(dtype=self.policy)(maps)

    def _normalised(self, maps: Any) -> Any:
        from keras.layers import BatchNormalization

        from pipelines.networks.layers import FusedBatchNormalization

        if self.momentum is None:
            return maps
        kind = BatchNormalization if self.stock else FusedBatchNormalization
        return kind(momentum=self.momentum, dtype=self.policy)(maps)


def _scaled(number: int, width: float) -> int:
    """Return a scaled layer width, a multiple of 8 as vector units like them."""
    return max(8, round(number * width / 8) * 8)
