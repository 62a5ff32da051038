"""Parameters out of their range: every estimator declares its ranges, and one sentence says so.

The declaration is scikit-learn's own, `_parameter_constraints`, so that the steps that are its
estimators are held to theirs in the same way. As its contract wants, nothing is checked before
`fit`.
"""

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, TypeVar

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import (
    Interval,
    Options,
    validate_parameter_constraints,
)

from competition.errors import PodiumError

Item = TypeVar("Item")

# What `_parameter_constraints` holds: for each parameter, what it may be, one of several.
Constraints = dict[str, list[Any]]


def at_least(low: int) -> list[Any]:
    """Return the constraint of an integer without an upper bound."""
    return [Interval(Integral, low, None, closed="left")]


def between(low: float, high: float) -> list[Any]:
    """Return the constraint of a number: an integer where the bounds, which it may be, are."""
    kind = Integral if isinstance(low, int) and isinstance(high, int) else Real
    return [Interval(kind, low, high, closed="both")]


def up_to(high: float) -> list[Any]:
    """Return the constraint of a number above 0, of which the highest is this one."""
    return [Interval(Real, 0, high, closed="right")]


def one_of(values: Iterable[Any]) -> list[Any]:
    """Return the constraint of a choice among texts, or among integers."""
    known = dict.fromkeys(values).keys()  # unlike a set, it keeps their order for the sentence
    return [Options(str if all(isinstance(value, str) for value in known) else Integral, known)]


COUNT = at_least(1)
NOT_NEGATIVE = [Interval(Real, 0, None, closed="left")]
POSITIVE = [Interval(Real, 0, None, closed="neither")]
SEED = between(0, 2**32 - 1)
BELOW_ONE = [Interval(Real, 0, 1, closed="left")]
SWITCH = ["boolean"]


class Counts(Interval):  # type: ignore[misc]
    """A constraint: a tuple of integers of 1 or more.

    Args:
        least: How many there are at least.
    """

    def __init__(self, least: int) -> None:
        super().__init__(Integral, 1, None, closed="left")
        self.least = least

    def is_satisfied_by(self, val: object) -> bool:
        """Say whether a value is such a tuple."""
        count = super().is_satisfied_by
        return isinstance(val, tuple) and len(val) >= self.least and all(map(count, val))

    def __str__(self) -> str:
        return f"a tuple of {self.least} or more, each {super().__str__()}"


def check_parameters(estimator: BaseEstimator) -> None:
    """Check an estimator's parameters, and those of all that it is made of, as they declare them.

    Raises:
        PodiumError: one is out of its range.
    """
    for part in (estimator, *estimator.get_params(deep=True).values()):
        if isinstance(part, BaseEstimator):
            constraints = getattr(part, "_parameter_constraints", {})
            check_values(constraints, part.get_params(deep=False), type(part).__name__)


def check_values(constraints: Constraints, values: Mapping[str, Any], owner: str) -> None:
    """Check values by name against their constraints.

    Raises:
        PodiumError: one is out of its range.
    """
    try:
        validate_parameter_constraints(constraints, values, owner)
    except ValueError as error:  # of two sentences: what it must be, and what it is instead
        sentence = str(error).removesuffix(" instead.").replace(". Got ", ", not ", 1)
        raise PodiumError(f"{sentence}; mend the pipeline's parameters.") from error


def chosen(parameter: str, value: str, known: Mapping[str, Item]) -> Item:
    """Return what a parameter names, where an estimator is made of that.

    Raises:
        PodiumError: there is nothing of that name.
    """
    if value not in list(known):  # a list, as a value of another type may have no hash
        raise PodiumError(
            f"The {parameter!r} parameter must be one of {', '.join(known)}, not {value!r}; mend "
            "the pipeline's parameters."
        )
    return known[value]
