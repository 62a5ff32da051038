"""Boosting that stops early on rows of its own, once or several times."""

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.slices import Inner, share_aside
from pipelines.parameters import COUNT, SEED, SWITCH, Constraints

Truth = npt.NDArray[Any]

_GROWN = 1.1  # more rounds for a refit, which has more rows


class StoppedBooster(BaseEstimator):  # type: ignore[misc]
    """Boosting, stopped early on slices of the rows given to a fit.

    Args:
        rounds: At most.
        bags: Models that are averaged, each stopped on another slice.
        refit: Whether one model of all rows, with the number of rounds found, takes their place. It
            always does where time runs forward, as the last rows tell most of the next ones.
        seed: Of whatever is drawn.
    """

    constraints: ClassVar[Constraints] = {
        "rounds": COUNT,
        "bags": COUNT,
        "refit": SWITCH,
        "seed": SEED,
    }

    def __init__(
        self, *, rounds: int = 1000, bags: int = 1, refit: bool = False, seed: int = 0
    ) -> None:
        self.rounds = rounds
        self.bags = bags
        self.refit = refit
        self.seed = seed

    def learn(self, seen: Columns, truth: Truth, classes: int, inner: Inner) -> Self:
        """Learn from rows and their class indices (n,), or, where `classes` is 0, values (n,)."""
        self.classes_ = classes
        slices = inner.aside(truth, share_aside(len(seen)), self.bags, classes=bool(classes))
        fitted = [
            self._boost(
                (seen.rows(learnt), truth[learnt]),
                (seen.rows(aside), truth[aside]),
                self.rounds,
                self.seed + bag,
            )
            for bag, (learnt, aside) in enumerate(slices)
        ]
        found = [rounds for _, rounds in fitted]
        if self.refit or inner.forward or not fitted:
            rounds = max(1, round(_GROWN * float(np.mean(found)))) if found else 100
            fitted = [self._boost((seen, truth), None, rounds, self.seed)]
        self.models_ = [model for model, _ in fitted]
        self.found_ = found
        return self

    def outputs(self, seen: Columns) -> npt.NDArray[Any]:
        """Return probabilities (n, classes), or values (n,): the mean of the models'."""
        total: Any = 0
        for model in self.models_:
            total = total + self._predict(model, seen)
        outputs: npt.NDArray[Any] = total / len(self.models_)
        return outputs

    @abstractmethod
    def _boost(
        self,
        learnt: tuple[Columns, Truth],
        aside: tuple[Columns, Truth] | None,
        rounds: int,
        seed: int,
    ) -> tuple[Any, int]:
        """Return a model, and how many rounds it has; without rows aside, all of them."""

    @abstractmethod
    def _predict(self, model: Any, seen: Columns) -> npt.NDArray[Any]:
        """Return what one model says."""


def patience(learning_rate: float) -> int:
    """Return the rounds without a better loss, after which boosting stops."""
    return max(20, min(200, round(4 / learning_rate)))
