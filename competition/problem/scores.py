"""A score with its standard error, and the comparison of two on the same rows."""

import math
from dataclasses import dataclass

SURE = 0.05  # the p-value below which a difference is called one


@dataclass(frozen=True)
class Score:
    """What predictions are worth by the competition's metric.

    Attributes:
        value: The metric's value.
        standard_error: Of that value.
        loss: The training loss, lower is better: log loss in nats, or the mean squared error on the
            training scale. It settles what the metric leaves tied.
        rows: How many rows were scored.
        greater_is_better: The metric's direction.
    """

    value: float
    standard_error: float
    loss: float
    rows: int
    greater_is_better: bool = True

    @property
    def rank(self) -> tuple[float, float]:
        """A key to sort by: the higher, the better; ties are settled by the loss."""
        return (self.value if self.greater_is_better else -self.value, -self.loss)

    def __str__(self) -> str:
        """Return `0.9925 ± 0.0031`."""
        return with_error(self.value, self.standard_error)


@dataclass(frozen=True)
class Comparison:
    """Two sets of answers on the same rows.

    Attributes:
        difference: The metric's value of the first less that of the second.
        standard_error: Of that difference; the rows are paired.
        p_value: Two-sided, of the hypothesis that both are worth the same.
        greater_is_better: The metric's direction.
        wins: Rows on which only the first is right; None where rows are not right or wrong.
        losses: Rows on which only the second is.
    """

    difference: float
    standard_error: float
    p_value: float
    greater_is_better: bool = True
    wins: int | None = None
    losses: int | None = None

    @property
    def gain(self) -> float:
        """How much better the first is, in the metric's unit; negative where it is worse."""
        return self.difference if self.greater_is_better else -self.difference

    @property
    def sure(self) -> bool:
        """Whether chance alone hardly makes such a difference."""
        return self.p_value < SURE


def decimals(value: float) -> int:
    """Return how many decimals a score of this size is shown with: four below ten."""
    size = abs(value)
    return 4 if size < 10 else max(0, 4 - int(math.log10(size)))


def with_error(value: float | None, error: float | None) -> str:
    """Return `0.9925 ± 0.0031`, or `23,451 ± 812`; nothing for an unknown value."""
    if value is None:
        return ""
    places = decimals(value)
    shown = f"{value:,.{places}f}"
    return shown if error is None else f"{shown} ± {error:,.{places}f}"


def two_sided(z: float) -> float:
    """Return the two-sided p-value of a standard normal deviate."""
    return math.erfc(abs(z) / math.sqrt(2))
