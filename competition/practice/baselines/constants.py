"""Constant answers: those of the sample file, and the best there are."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from competition.problem.problem import Problem
from competition.problem.targets import Answers, Eats, Kind, Truth

Floats = npt.NDArray[np.float64]

_QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)


def sample_answers(problem: Problem, train: Truth, rows: int) -> Answers:
    """Return the constant answers of the sample file.

    The first class, or the first few of a ranking; equal probabilities; 0, or the median where the
    metric does not take 0.

    Args:
        problem: What is asked.
        train: The truth of the training rows.
        rows: How many answers.
    """
    if problem.kind == Kind.NUMBERS:
        zero_is_taken = problem.metric.scale.least <= 0
        value = np.zeros(train.shape[1]) if zero_is_taken else np.median(train, axis=0)
        return np.tile(value, (rows, 1))
    classes = len(problem.classes)
    return of_probabilities(problem, np.full((rows, classes), 1 / classes))


def constant_answers(problem: Problem, train: Truth, rows: int) -> tuple[str, Answers]:
    """Return the constant answers that would score best on the training rows, and their name.

    Args:
        problem: What is asked.
        train: The truth of the training rows.
        rows: How many answers.
    """
    sign = 1 if problem.greater_is_better else -1
    best, name, answer = -np.inf, "", None
    for each, one in _constants(problem, train):
        worth = sign * problem.value(train, np.repeat(one, len(train), axis=0))
        if answer is None or worth > best:
            best, name, answer = worth, each, one
    assert answer is not None
    return name, np.repeat(answer, rows, axis=0)


def _constants(problem: Problem, train: Truth) -> Iterator[tuple[str, Answers]]:
    """Yield constant answers, one row each, with their names."""
    if problem.kind == Kind.NUMBERS:
        scale = problem.metric.scale
        yield "mean value", scale.inverse(scale.forward(train).mean(axis=0))[None]
        yield "median value", np.median(train, axis=0)[None]
        for quantile in _QUANTILES:
            yield f"{quantile:.0%} quantile", np.quantile(train, quantile, axis=0)[None]
        return
    counts = np.bincount(train, minlength=len(problem.classes))
    names = {Eats.LABEL: "most frequent class", Eats.RANKING: "most frequent classes"}
    name = names.get(problem.metric.eats, "class frequencies")
    yield name, of_probabilities(problem, counts[None] / len(train))
    if problem.metric.eats == Eats.LABEL:
        for each in np.argsort(-counts, kind="stable")[1:]:
            yield f"{problem.classes[each]} everywhere", np.array([each])


def of_probabilities(problem: Problem, probabilities: Floats) -> Answers:
    """Return the answers that (m, classes) probabilities stand for, without anything learnt."""
    if problem.metric.eats == Eats.LABEL:
        return np.asarray(probabilities.argmax(axis=1))
    return problem.decision().answers(probabilities.astype(np.float32))
