"""What a metric is: its names, its direction, what it is computed from, how it is decided by."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.problem.decisions import (
    BalancedProbabilities,
    ClassProbabilities,
    Decision,
    MostProbable,
    Probability,
    Ranking,
    Values,
)
from competition.problem.metrics.measures import ByConfusion, Measure, OfConfusion
from competition.problem.targets import Eats, Kind
from competition.problem.thresholds import CutPoints, Multipliers

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The scale on which values are learnt and blended.

    Attributes:
        name: For people.
        forward: From the metric's values to the training scale.
        inverse: Back.
        least: The smallest value that it takes.
    """

    name: str
    forward: Callable[[Floats], Floats]
    inverse: Callable[[Floats], Floats]
    least: float = -np.inf


def _same(values: Floats) -> Floats:
    return values


PLAIN = Scale("plain", _same, _same)
LOG1P = Scale("log(1 + x)", np.log1p, np.expm1, least=0.0)
LOG = Scale("log x", np.log, np.exp, least=np.nextafter(0, 1))


@dataclass(frozen=True)
class Metric:
    """A competition's metric.

    Attributes:
        name: As Podium writes it.
        known_as: Other names, Kaggle's among them; capitals, blanks and dashes do not count.
        kind: The truth that it needs.
        eats: What it is computed from.
        greater_is_better: Its direction.
        measure: Computes it, its standard error and its paired test.
        scale: On which values are learnt, for numbers.
        top: How many classes a ranking holds.
        of_positive: Whether labels are scored by how the positive class is found.
        balanced: Whether probabilities are scored as if all classes had as many rows.
    """

    name: str
    known_as: tuple[str, ...]
    kind: Kind
    eats: Eats
    greater_is_better: bool
    measure: Measure
    scale: Scale = PLAIN
    top: int = 0
    of_positive: bool = False
    balanced: bool = False

    def decision(self, classes: int, positive: int | None) -> Decision:
        """Return what turns predictions into answers, not yet fitted.

        Args:
            classes: How many classes there are; 0 for numbers.
            positive: The positive class's number, where there is one.
        """
        match self.eats:
            case Eats.VALUE:
                return Values(self.scale.inverse)
            case Eats.RANKING:
                return Ranking(min(self.top, classes))
            case Eats.CLASS_PROBABILITIES:
                return BalancedProbabilities() if self.balanced else ClassProbabilities()
            case Eats.PROBABILITY:
                assert positive is not None
                return Probability(positive)
            case Eats.LABEL:
                return self._of_labels(classes, positive)

    def _of_labels(self, classes: int, positive: int | None) -> Decision:
        if not isinstance(self.measure, ByConfusion):
            return MostProbable()
        of_confusion = self._upward(self.measure.of_confusion)
        if self.kind == Kind.ORDERED:
            return CutPoints(of_confusion, classes)
        if classes == 2 and positive == 0:  # measures take the last class for the positive one
            return Multipliers(lambda counts: of_confusion(counts[..., ::-1, ::-1]))
        return Multipliers(of_confusion)

    def _upward(self, of_confusion: OfConfusion) -> OfConfusion:
        """Return the metric, turned round where lower is better: decisions climb."""
        if self.greater_is_better:
            return of_confusion
        return lambda counts: -of_confusion(counts)
