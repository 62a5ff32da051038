"""What a row's truth is called, for people."""

from typing import Any

import numpy as np

from competition.problem.problem import Problem
from competition.problem.targets import Kind


def truth_in_words(problem: Problem, truth: Any) -> str:
    """Return the class of a row, or its values.

    Args:
        problem: Names the classes or the targets.
        truth: One row's: a class index, or values (t,).

    Example:
        >>> from competition.spec import load_competition
        >>> truth_in_words(load_competition("digit-recognizer").problem, 7)
        '7'
    """
    if problem.kind != Kind.NUMBERS:
        return problem.classes[int(truth)]
    values = [f"{value:.4g}" for value in np.ravel(truth)]
    if len(values) == 1:
        return values[0]
    return ", ".join(f"{name} {value}" for name, value in zip(problem.targets, values, strict=True))
