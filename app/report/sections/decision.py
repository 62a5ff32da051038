"""What a decision has learnt, in words."""

from typing import Any

from competition.problem.problem import Problem
from competition.problem.targets import Kind


def decision_in_words(facts: dict[str, Any], problem: Problem) -> str:
    """Return which predictions are answered with what; empty where nothing is learnt.

    Args:
        facts: What the decision says of itself, as the blend's manifest keeps it.
        problem: Names classes and targets.
    """
    names = problem.classes
    if facts.get("multipliers"):
        by_class = [float(each) for each in facts["multipliers"]]
        if len(by_class) == 2:
            yes = 1 if problem.positive is None else problem.positive
            return f"{names[yes]} from a probability of {_threshold(by_class, yes):.3f} on"
        return "probabilities times " + ", ".join(
            f"{each:.2f} for {name}" for name, each in zip(names, by_class, strict=True)
        )
    if facts.get("cut_points"):
        first, counted = _first(names)
        return counted + ", ".join(
            f"{name} from {first + float(cut):.2f} on"
            for name, cut in zip(names[1:], facts["cut_points"], strict=True)
        )
    if problem.kind == Kind.NUMBERS and facts.get("low"):
        return ", ".join(
            f"{name} kept between {low:.6g} and {high:.6g}"
            for name, low, high in zip(problem.targets, facts["low"], facts["high"], strict=True)
        )
    return ""


def _first(names: tuple[str, ...]) -> tuple[int, str]:
    """Return the number of the first class, and how classes are numbered where names do not say."""
    if all(name.isdecimal() for name in names):
        numbers = [int(name) for name in names]
        if numbers == list(range(numbers[0], numbers[0] + len(names))):
            return numbers[0], ""
    return 0, f"counting from {names[0]} as 0: "


def _threshold(by_class: list[float], yes: int) -> float:
    """Return the probability of one of two classes from which it is answered."""
    return by_class[1 - yes] / (by_class[0] + by_class[1])
