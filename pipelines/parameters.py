"""Parameters out of their range: every estimator declares its ranges, and one sentence says so.

An estimator of ours names what each of its parameters may be in a class attribute, `constraints`.
As scikit-learn's contract wants, nothing is checked before `fit`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol, TypeVar

from sklearn.base import BaseEstimator

from competition.errors import PodiumError

Item = TypeVar("Item")


class Constraint(Protocol):
    """What a parameter may be; as a text, it goes on after 'must be'."""

    def allows(self, value: object) -> bool:
        """Return whether a parameter may have this value."""


# What an estimator's `constraints` holds, by the names of its parameters.
Constraints = dict[str, Constraint]


@dataclass(frozen=True)
class Interval:
    """A number between bounds; NaN and truth values are none.

    Attributes:
        kind: `Integral` or `Real`.
        low: The least, or what it must be above.
        high: The greatest, or what it must be below; infinity where there is no bound.
        closed: Which of the bounds it may be: `both`, `left`, `right` or `neither`.

    Example:
        >>> str(Interval(Integral, 1)), Interval(Real, 0.0, 1.0).allows(1.0)
        ('an int in the range [1, inf)', False)
    """

    kind: type
    low: float
    high: float = float("inf")
    closed: str = "left"

    def allows(self, value: object) -> bool:
        """Return whether it is such a number."""
        if not isinstance(value, self.kind) or isinstance(value, bool):
            return False
        number: Any = value
        above = number >= self.low if self.closed in ("both", "left") else number > self.low
        below = number <= self.high if self.closed in ("both", "right") else number < self.high
        return bool(above and below)

    def __str__(self) -> str:
        name, low, high = "an int", self.low, self.high
        if self.kind is Real:
            name, low, high = "a float", float(low), float(high)
        left = "[" if self.closed in ("both", "left") else "("
        right = "]" if self.closed in ("both", "right") else ")"
        return f"{name} in the range {left}{low}, {high}{right}"


@dataclass(frozen=True)
class Options:
    """One of several texts or integers."""

    values: tuple[Any, ...]

    def allows(self, value: object) -> bool:
        """Return whether it is one of them, and of their type."""
        wanted = type(self.values[0])
        of_type = isinstance(value, str) if wanted is str else isinstance(value, Integral)
        return of_type and not isinstance(value, bool) and value in self.values

    def __str__(self) -> str:
        name = "a str" if isinstance(self.values[0], str) else "an int"
        return f"{name} among {{{', '.join(map(repr, self.values))}}}"


@dataclass(frozen=True)
class Switch:
    """True or False."""

    def allows(self, value: object) -> bool:
        """Return whether it is one of the two."""
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class Counts:
    """A tuple of integers of 1 or more; `least` says how many there are at least."""

    least: int

    def allows(self, value: object) -> bool:
        """Return whether it is such a tuple."""
        return (
            isinstance(value, tuple) and len(value) >= self.least and all(map(COUNT.allows, value))
        )

    def __str__(self) -> str:
        return f"a tuple of {self.least} or more, each {COUNT}"


def at_least(low: int) -> Interval:
    """Return the constraint of an integer without an upper bound."""
    return Interval(Integral, low)


def between(low: float, high: float) -> Interval:
    """Return the constraint of a number: an integer where the bounds, which it may be, are."""
    kind = Integral if isinstance(low, int) and isinstance(high, int) else Real
    return Interval(kind, low, high, "both")


def up_to(high: float) -> Interval:
    """Return the constraint of a number above 0, of which the highest is this one."""
    return Interval(Real, 0, high, "right")


def one_of(values: Iterable[Any]) -> Options:
    """Return the constraint of a choice among texts, or among integers."""
    return Options(tuple(values))


COUNT = at_least(1)
NOT_NEGATIVE = Interval(Real, 0)
POSITIVE = Interval(Real, 0, closed="neither")
SEED = between(0, 2**32 - 1)
BELOW_ONE = Interval(Real, 0, 1)
SWITCH = Switch()


def check_parameters(estimator: BaseEstimator) -> None:
    """Check an estimator's parameters, and those of all of ours that it is made of.

    scikit-learn's own estimators check theirs when they are fitted.

    Raises:
        PodiumError: one is out of its range.
    """
    for part in (estimator, *estimator.get_params(deep=True).values()):
        if isinstance(part, BaseEstimator):
            constraints = getattr(part, "constraints", {})
            check_values(constraints, part.get_params(deep=False), type(part).__name__)


def check_values(constraints: Constraints, values: Mapping[str, Any], owner: str) -> None:
    """Check values by name against their constraints.

    Args:
        constraints: What each may be; a value without one may be anything.
        values: The values.
        owner: Whose they are, for the sentence.

    Raises:
        PodiumError: one is out of its range.
    """
    for name, value in values.items():
        constraint = constraints.get(name)
        if constraint is not None and not constraint.allows(value):
            raise wrong_parameter(f"{name!r} parameter of {owner}", str(constraint), repr(value))


def wrong_parameter(name: str, wanted: str, value: str) -> PodiumError:
    """Return the error that tells of a parameter what it must be and is not."""
    return PodiumError(f"The {name} must be {wanted}, not {value}; fix the pipeline's parameters.")


def chosen(parameter: str, value: str, known: Mapping[str, Item]) -> Item:
    """Return what a parameter names, where an estimator is made of that.

    Raises:
        PodiumError: there is nothing of that name.
    """
    if value not in list(known):  # a list, as a value of another type may have no hash
        raise wrong_parameter(f"{parameter!r} parameter", f"one of {', '.join(known)}", repr(value))
    return known[value]
