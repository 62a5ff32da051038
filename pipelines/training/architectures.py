"""Network shapes as data, and the Keras models made of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from competition.errors import PodiumError

SMALLEST_SIDE = 28


@dataclass(frozen=True)
class Convolution:
    """A square convolution with bias and ReLU, then max pooling, then normalisation."""

    filters: int
    kernel: int
    stride: int = 1
    padding: str = "valid"
    pool: int = 1


@dataclass(frozen=True)
class Dense:
    """A dense layer of ReLUs on the flattened maps."""

    units: int


@dataclass(frozen=True)
class Dropout:
    """Dropout at `share` of the network's dropout rate."""

    share: float = 1.0


Block = Convolution | Dense | Dropout


@dataclass(frozen=True)
class Architecture:
    """A stack of blocks, closed by dropout-free logits.

    Attributes:
        blocks: From the image upwards.
        normalise: Whether batch normalisation follows each convolution.
    """

    blocks: tuple[Block, ...]
    normalise: bool = True


def _deotte(first: int, second: int, last: int) -> tuple[Block, ...]:
    stages = (
        (
            Convolution(width, 3),
            Convolution(width, 3),
            Convolution(width, 5, stride=2, padding="same"),
            Dropout(),
        )
        for width in (first, second)
    )
    return (*(block for stage in stages for block in stage), Convolution(last, 4), Dropout())


ARCHITECTURES = {
    # Narrow where the maps are large and wide where they are small: a seventh of the arithmetic of
    # the next one, and so more passes over the images in the same time.
    "compact": Architecture(
        (
            Convolution(16, 5, pool=2),
            Convolution(32, 3),
            Convolution(64, 3, pool=2),
            Convolution(128, 3),
            Convolution(256, 2),
            Dropout(),
        )
    ),
    # C. Deotte, '25 Million Images' on Kaggle.
    "deotte": Architecture(_deotte(32, 64, 128)),
    "pooled": Architecture(
        (
            Convolution(32, 5, pool=2),
            Convolution(64, 3, padding="same"),
            Convolution(64, 3),
            Convolution(64, 3, pool=2),
            Dropout(0.5),
            Convolution(128, 3),
            Dropout(),
        )
    ),
    # Y. Ghouzam, 'Introduction to CNN Keras' on Kaggle, which has no normalisation.
    "two_block": Architecture(
        (
            Convolution(32, 5, padding="same"),
            Convolution(32, 5, padding="same", pool=2),
            Dropout(0.5),
            Convolution(64, 3, padding="same"),
            Convolution(64, 3, padding="same", pool=2),
            Dropout(0.5),
            Dense(256),
            Dropout(),
        ),
        normalise=False,
    ),
}
DENSE = "dense"  # the architecture whose layers are given by their units


@dataclass(frozen=True)
class NetworkShape:
    """All that decides a network's layers.

    Attributes:
        architecture: A key of `ARCHITECTURES`, or `DENSE`.
        side: Height and width of the images in pixels, at least `SMALLEST_SIDE`.
        n_classes: How many logits.
        width: Factor on every layer's number of filters or units.
        dropout: Rate of each dropout layer, times the layer's share.
        hidden: Units of each hidden layer of a dense network.
    """

    architecture: str
    side: int
    n_classes: int
    width: float = 1.0
    dropout: float = 0.4
    hidden: tuple[int, ...] = ()

    def stack(self) -> Architecture:
        """Return the blocks.

        Raises:
            PodiumError: there is no such architecture.
        """
        if self.architecture == DENSE:
            pairs = ((Dense(units), Dropout()) for units in self.hidden)
            return Architecture(tuple(block for pair in pairs for block in pair), normalise=False)
        if self.architecture not in ARCHITECTURES:
            known = ", ".join([*ARCHITECTURES, DENSE])
            raise PodiumError(f"There is no architecture {self.architecture!r}: known are {known}.")
        return ARCHITECTURES[self.architecture]


def network_side(side: int) -> int:
    """Return the side to which images are enlarged for a network: valid padding eats pixels."""
    return max(side, SMALLEST_SIDE)


def build_network(
    shape: NetworkShape,
    *,
    policy: str = "float32",
    momentum: float = 0.99,
    fused: bool = True,
) -> Any:
    """Return a Keras model from (n, side, side, 1) images to (n, n_classes) float32 logits.

    Args:
        shape: What to build.
        policy: Keras dtype policy of every layer but the logits.
        momentum: What the running statistics of normalisation keep per step.
        fused: Whether normalisation is `FusedBatchNormalization` or Keras' own.

    Raises:
        PodiumError: there is no such architecture.
    """
    import keras

    architecture = shape.stack()
    options: dict[str, Any] = {
        "width": shape.width,
        "dropout": shape.dropout,
        "policy": policy,
        "norm": {"momentum": momentum, "fused": fused} if architecture.normalise else None,
    }
    layers = [layer for block in architecture.blocks for layer in _layers(block, **options)]
    if not any(isinstance(block, Dense) for block in architecture.blocks):
        layers.append(keras.layers.Flatten(dtype=policy))
    logits = keras.layers.Dense(shape.n_classes, dtype="float32", name="logits")
    return keras.Sequential([keras.Input((shape.side, shape.side, 1)), *layers, logits])


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


def _layers(
    block: Block,
    *,
    width: float,
    dropout: float,
    policy: str,
    norm: dict[str, Any] | None,
) -> Iterator[Any]:
    """Yield the Keras layers of one block."""
    from keras import layers

    from pipelines.training.layers import FusedBatchNormalization

    match block:
        case Dropout(share):
            if dropout * share > 0:
                yield layers.Dropout(dropout * share, seed=0, dtype=policy)
        case Dense(units):
            yield layers.Flatten(dtype=policy)
            yield layers.Dense(_scaled(units, width), "relu", dtype=policy)
        case Convolution(filters, kernel, stride, padding, pool):
            yield layers.Conv2D(
                _scaled(filters, width),
                kernel,
                stride,
                padding,
                activation=None if pool > 1 else "relu",
                dtype=policy,
            )
            if pool > 1:
                # The same as the other way round, on a quarter of the numbers.
                yield layers.MaxPooling2D(pool, dtype=policy)
                yield layers.ReLU(dtype=policy)
            if norm:
                kind = FusedBatchNormalization if norm["fused"] else layers.BatchNormalization
                yield kind(momentum=norm["momentum"], dtype=policy)


def _scaled(number: int, width: float) -> int:
    """Return a scaled layer width, a multiple of 8 as vector units like them."""
    return max(8, round(number * width / 8) * 8)
