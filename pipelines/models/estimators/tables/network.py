"""Networks of a table's rows."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from competition.errors import PodiumError
from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.slices import Inner, Numbers, share_aside
from pipelines.networks.table_network import TableShape, batch_of, predict, train
from pipelines.networks.training.recipe import Recipe, Targets
from pipelines.parameters import BELOW_ONE, COUNT, NOT_NEGATIVE, POSITIVE, SEED, SWITCH, Constraints

_LEAST_STEPS = 300
_MOST_STEPS = 40_000

Slice = tuple[Numbers, Numbers]  # the rows to learn from, and those aside


class TableNetwork(BaseEstimator):  # type: ignore[misc]
    """Residual layers, trained in one cycle of the learning rate with averaged weights.

    The length of the cycle is a parameter. On rows aside the best moment of it can be found too.

    Args:
        width: Units of a layer.
        depth: Layers.
        dropout: Share of units that are left out of a step.
        epochs: Passes over the rows.
        batch_size: Rows of a step; fewer where there are few.
        learning_rate: The highest.
        weight_decay: AdamW's, relative to the learning rate.
        label_smoothing: Share of each label that is spread over all classes.
        members: Networks of other seeds that are averaged.
        stopped: Whether each member has a slice of the rows put aside, and keeps the weights that
            were best on it. Never where time runs forward, as the last rows tell most of the next
            ones.
        seed: Of weights, order and dropout.
    """

    constraints: ClassVar[Constraints] = {
        "width": COUNT,
        "depth": COUNT,
        "dropout": BELOW_ONE,
        "epochs": POSITIVE,
        "batch_size": COUNT,
        "learning_rate": POSITIVE,
        "weight_decay": NOT_NEGATIVE,
        "label_smoothing": BELOW_ONE,
        "members": COUNT,
        "stopped": SWITCH,
        "seed": SEED,
    }

    def __init__(
        self,
        *,
        width: int = 128,
        depth: int = 2,
        dropout: float = 0.15,
        epochs: float = 40,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.0,
        members: int = 1,
        stopped: bool = False,
        seed: int = 0,
    ) -> None:
        self.width = width
        self.depth = depth
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.members = members
        self.stopped = stopped
        self.seed = seed

    def learn(self, seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner) -> Self:
        """Learn from rows and their class indices (n,), or, where `classes` is 0, values (n,).

        Raises:
            PodiumError: the loss leaves the finite numbers.
        """
        self.shape_ = TableShape(
            numbers=len(seen.numbers),
            levels=tuple(seen.levels[k] for k in seen.categories),
            outputs=classes or 1,
            classes=bool(classes),
            width=self.width,
            depth=self.depth,
            dropout=self.dropout,
        )
        targets = truth.astype(np.int32) if classes else truth.astype(np.float32)[:, np.newaxis]
        slices = self._slices(truth, classes, inner)
        self.weights_ = [
            self._member(seen, targets, member, slices[member % len(slices)] if slices else None)
            for member in range(self.members)
        ]
        if not all(np.isfinite(part).all() for member in self.weights_ for part in member):
            raise PodiumError(
                f"Training diverged at a learning rate of {self.learning_rate:g}; lower it."
            )
        return self

    def _slices(self, truth: npt.NDArray[Any], classes: int, inner: Inner) -> list[Slice]:
        """Return which rows each member learns from, and which are aside; nothing for all."""
        if not self.stopped or inner.forward:
            return []
        share = share_aside(len(truth))
        return inner.aside(truth, share, self.members, classes=bool(classes))

    def _member(
        self, seen: Columns, targets: Targets, member: int, parted: Slice | None
    ) -> list[npt.NDArray[np.float32]]:
        """Return the weights of one network."""
        rows, aside = seen.values, None
        if parted is not None:
            learnt, outside = parted
            aside = rows[outside], targets[outside]
            rows, targets = rows[learnt], targets[learnt]
        batch = batch_of(self.batch_size, len(seen))  # alike for all members: they share a graph
        steps = round(self.epochs * len(rows) / batch)
        recipe = Recipe(
            steps=min(_MOST_STEPS, max(_LEAST_STEPS, steps)),
            batch_size=batch,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            label_smoothing=self.label_smoothing,
        )
        return train(self.shape_, rows, targets, recipe, self.seed + 1000 * member, aside)

    def outputs(self, seen: Columns) -> npt.NDArray[Any]:
        """Return probabilities (n, classes), or values (n,): the mean of the members'."""
        total: Any = 0
        for weights in self.weights_:
            outputs = predict(self.shape_, weights, seen.values)
            total = total + (_probabilities(outputs) if self.shape_.classes else outputs[:, 0])
        mean: npt.NDArray[Any] = total / len(self.weights_)
        return mean


def _probabilities(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities
