"""Networks of a table's rows."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from competition.errors import PodiumError
from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.slices import Inner
from pipelines.networks.table_network import TableShape, batch_of, predict, train
from pipelines.networks.training.recipe import Recipe
from pipelines.parameters import BELOW_ONE, COUNT, NOT_NEGATIVE, POSITIVE, SEED, Constraints

_LEAST_STEPS = 300
_MOST_STEPS = 40_000


class TableNetwork(BaseEstimator):  # type: ignore[misc]
    """Residual layers, trained in one cycle of the learning rate with averaged weights.

    The length of the cycle is a parameter, so no rows are put aside to stop on.

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
        batch = batch_of(self.batch_size, len(seen))
        steps = round(self.epochs * len(seen) / batch)
        recipe = Recipe(
            steps=min(_MOST_STEPS, max(_LEAST_STEPS, steps)),
            batch_size=batch,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            label_smoothing=self.label_smoothing,
        )
        targets = truth.astype(np.int32) if classes else truth.astype(np.float32)[:, np.newaxis]
        self.weights_ = [
            train(self.shape_, seen.values, targets, recipe, self.seed + 1000 * member)
            for member in range(self.members)
        ]
        if not all(np.isfinite(part).all() for member in self.weights_ for part in member):
            raise PodiumError(
                f"Training diverged at a learning rate of {self.learning_rate:g}; lower it."
            )
        return self

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
