"""Network shapes as data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from competition.errors import PodiumError

SMALLEST_SIDE = 28

# What the last layer gives: logits of classes, of which a softmax makes probabilities, or values.
Head = Literal["softmax", "linear"]


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


@dataclass(frozen=True)
class Residual:
    """Two 3×3 convolutions that keep the maps' size, added to their input, then max pooling.

    Where the number of filters changes, a 1×1 convolution carries the input across.
    """

    filters: int
    pool: int = 1


Block = Convolution | Residual | Dense | Dropout


@dataclass(frozen=True)
class Architecture:
    """A stack of blocks, closed by a layer without dropout.

    Attributes:
        blocks: From the image upwards.
        normalise: Whether batch normalisation follows each convolution.
    """

    blocks: tuple[Block, ...]
    normalise: bool = True


def _plain(kernel: int, filters: Iterable[int]) -> Architecture:
    return Architecture((*(Convolution(width, kernel) for width in filters), Dropout()))


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
    # After He et al. 2016, at the sizes of `compact`.
    "residual": Architecture(
        (
            Convolution(32, 5, pool=2),
            Residual(32),
            Residual(64, pool=2),
            Residual(128, pool=2),
            Dropout(),
        )
    ),
    # S. An et al., arXiv 2008.10400. None of them pools, which makes them expensive.
    "k3": _plain(3, range(32, 177, 16)),
    "k5": _plain(5, range(32, 161, 32)),
    "k7": _plain(7, range(48, 193, 48)),
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
    """All that decides a network's layers, and by its head the loss that it learns by.

    Attributes:
        architecture: A key of `ARCHITECTURES`, or `DENSE`.
        side: Height and width of the images in pixels, at least `SMALLEST_SIDE`.
        outputs: How many logits, one for each class, or values, one for each target.
        width: Factor on every layer's number of filters or units.
        dropout: Rate of each dropout layer, times the layer's share.
        hidden: Units of each hidden layer of a dense network.
        channels: 1 for grey images, 3 for colour.
        head: `softmax` to tell classes apart, by cross-entropy; `linear` to learn values, by their
            mean squared error.
    """

    architecture: str
    side: int
    outputs: int
    width: float = 1.0
    dropout: float = 0.4
    hidden: tuple[int, ...] = ()
    channels: int = 1
    head: Head = "softmax"

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
