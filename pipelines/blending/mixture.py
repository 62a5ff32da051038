"""How columns are combined, once their weights are known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions
from pipelines.blending.calibration import log_shares, tempered

Stack = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """A weighted mean of columns, plus the intercept, and at a temperature where it is of classes.

    The mean of probabilities that mean what they say is less sure than it might be (Ranjan and
    Gneiting, 'Combining probability forecasts', 2010), which a temperature below 1 makes good.

    Attributes:
        weights: (c,) float64, of any sign.
        intercept: (k,) float64.
        temperature: Of the mean; 1 where there are no probabilities.
        logarithmic: Whether logarithms of probabilities are averaged, not these themselves.
    """

    weights: Floats
    intercept: Floats
    temperature: float = 1.0
    logarithmic: bool = False

    @classmethod
    def of(cls, weights: Floats, facts: Mapping[str, Any]) -> "Mixture":
        """Return what `facts` told of, with these weights (c,)."""
        return cls(
            weights,
            np.asarray(facts["intercept"], np.float64),
            float(facts.get("temperature", 1.0)),
            bool(facts.get("logarithmic", False)),
        )

    def of_columns(self, places: list[int]) -> "Mixture":
        """Return how some of the columns are combined, the others having no weight."""
        return replace(self, weights=self.weights[places])

    def facts(self) -> dict[str, Any]:
        """Return all but the weights, ready for JSON."""
        return {
            "intercept": self.intercept.tolist(),
            "temperature": self.temperature,
            "logarithmic": self.logarithmic,
        }


def combine(stack: Stack, mixture: Mixture, problem: Problem) -> Predictions:
    """Return the combination (n, k) float32 of a stack (c, n, k).

    Probabilities of classes are kept at 0 or above, and sum to 1.
    """
    used = np.flatnonzero(mixture.weights)
    weights = mixture.weights[used].astype(np.float32)
    if mixture.logarithmic:
        total: Predictions = np.tensordot(weights, log_shares(stack[used]), axes=1)
        powers = np.exp((total - total.max(axis=1, keepdims=True)) / mixture.temperature)
        products: Predictions = powers / powers.sum(axis=1, keepdims=True)
        return products
    total = np.tensordot(weights, stack[used], axes=1)
    total += mixture.intercept.astype(np.float32)
    if problem.kind != Kind.CLASSES:
        return total
    total = np.clip(total, 0, None)
    sums = total.sum(axis=1, keepdims=True)
    even = np.float32(1 / total.shape[1])  # where nothing is left of a row
    shares: Predictions = np.where(sums > 0, total / np.where(sums > 0, sums, 1), even)
    return shares if mixture.temperature == 1 else tempered(shares, mixture.temperature)
