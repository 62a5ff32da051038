"""From predictions to answers: what is learnt for it is learnt inside folds, like a model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from competition.problem.targets import Answers, Predictions, Truth

Floats = npt.NDArray[np.float64]


class Decision(Protocol):
    """Turns predictions into answers.

    `learns` says whether `fit` does anything; what it learnt stands in `facts`, for manifests.
    """

    learns: bool

    def fit(self, truth: Truth, predictions: Predictions) -> Self:
        """Return a decision that has learnt from these rows."""

    def answers(self, predictions: Predictions) -> Answers:
        """Return the answers for predictions (n, k)."""

    def facts(self) -> dict[str, Any]:
        """Return what was learnt, ready for JSON; empty for nothing."""


@dataclass(frozen=True)
class MostProbable:
    """The most probable class (n,); the lowest number where several tie."""

    learns = False

    def fit(self, truth: Truth, predictions: Predictions) -> "MostProbable":
        """Learn nothing."""
        return self

    def answers(self, predictions: Predictions) -> Answers:
        """Return (n,) class indices."""
        return np.asarray(predictions.argmax(axis=1))

    def facts(self) -> dict[str, Any]:
        """Return nothing: nothing is learnt."""
        return {}


@dataclass(frozen=True)
class Probability:
    """The positive class's probability, (n,)."""

    positive: int
    learns = False

    def fit(self, truth: Truth, predictions: Predictions) -> "Probability":
        """Learn nothing."""
        return self

    def answers(self, predictions: Predictions) -> Answers:
        """Return (n,) probabilities between 0 and 1."""
        return np.clip(predictions[:, self.positive].astype(np.float64), 0, 1)

    def facts(self) -> dict[str, Any]:
        """Return nothing: nothing is learnt."""
        return {}


@dataclass(frozen=True)
class ClassProbabilities:
    """All probabilities, (n, classes), summing to 1."""

    learns = False

    def fit(self, truth: Truth, predictions: Predictions) -> "ClassProbabilities":
        """Learn nothing."""
        return self

    def answers(self, predictions: Predictions) -> Answers:
        """Return (n, classes) probabilities."""
        shares = np.clip(predictions.astype(np.float64), 0, None)
        normalised: Answers = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
        return normalised

    def facts(self) -> dict[str, Any]:
        """Return nothing: nothing is learnt."""
        return {}


@dataclass(frozen=True)
class BalancedProbabilities:
    """Probabilities as if all classes were as frequent: each over its share of the training rows.

    That is what a loss which averages over classes asks for (Saerens, Latinne and Decaestecker,
    "Adjusting the outputs of a classifier to new a priori probabilities", 2002).

    Attributes:
        positive: The class whose probability alone is sent; None for all.
        shares: (classes,) of the training rows; None before `fit`.
    """

    positive: int | None = None
    shares: tuple[float, ...] | None = None
    learns = True

    def fit(self, truth: Truth, predictions: Predictions) -> "BalancedProbabilities":
        """Learn the shares from class indices (n,)."""
        counts = np.bincount(truth, minlength=predictions.shape[1]) + 0.5  # none may be 0
        return BalancedProbabilities(self.positive, tuple((counts / counts.sum()).tolist()))

    def answers(self, predictions: Predictions) -> Answers:
        """Return (n, classes) probabilities that sum to 1, or (n,) of the positive class."""
        weighed = np.clip(predictions.astype(np.float64), 0, None) / np.asarray(self.shares or 1.0)
        normalised: Answers = weighed / np.maximum(weighed.sum(axis=1, keepdims=True), 1e-300)
        return normalised if self.positive is None else normalised[:, self.positive]

    def facts(self) -> dict[str, Any]:
        """Return the shares."""
        return {"shares": list(self.shares or ())}


@dataclass(frozen=True)
class Ranking:
    """The most probable classes, best first, (n, length)."""

    length: int
    learns = False

    def fit(self, truth: Truth, predictions: Predictions) -> "Ranking":
        """Learn nothing."""
        return self

    def answers(self, predictions: Predictions) -> Answers:
        """Return (n, length) class indices, the most probable first."""
        return np.argsort(-predictions, axis=1, kind="stable")[:, : self.length]

    def facts(self) -> dict[str, Any]:
        """Return nothing: nothing is learnt."""
        return {}


@dataclass(frozen=True)
class Values:
    """Values brought back from the training scale, and kept within what the training rows span.

    Attributes:
        inverse: From the training scale to the metric's.
        low: (t,) the smallest true values; None before `fit`.
        high: (t,) the largest.
    """

    inverse: Callable[[Floats], Floats]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    learns = True

    def fit(self, truth: Truth, predictions: Predictions) -> "Values":
        """Learn the range of true values (n, t)."""
        low, high = truth.min(axis=0), truth.max(axis=0)
        return Values(self.inverse, tuple(low.tolist()), tuple(high.tolist()))

    def answers(self, predictions: Predictions) -> Answers:
        """Return (n, t) values."""
        values = self.inverse(predictions.astype(np.float64))
        if self.low is None or self.high is None:
            return values
        return np.clip(values, self.low, self.high)

    def facts(self) -> dict[str, Any]:
        """Return the range."""
        return {"low": list(self.low or ()), "high": list(self.high or ())}
