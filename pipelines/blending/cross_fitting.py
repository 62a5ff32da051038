"""Blends of columns, scored on rows that nothing of them was learnt from."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.data.tables.fold_rule import Units
from competition.problem.problem import Problem
from competition.problem.scores import Comparison, Score
from competition.problem.targets import Answers, Assigned, Kind, Predictions, Truth
from pipelines.blending.averaging import Sent
from pipelines.blending.calibration import temperatures, tempered
from pipelines.blending.cells import Mask, cells_of
from pipelines.blending.methods import METHODS, Method
from pipelines.blending.mixture import Floats, Mixture, Stack, combine

# Weights and temperatures are a few numbers, which more rows than these would hardly move.
ENOUGH_ROWS, ENOUGH_OF_A_CLASS = 100_000, 1_000


@dataclass(frozen=True)
class Blend:
    """A combination of columns, each at its own temperature.

    Attributes:
        method: How the weights were learnt.
        mixture: Weights (c,) and what goes with them, learnt from rows of all folds.
        temperatures: (c,) float64, learnt from these too; ones where there are no probabilities.
        oof: (n, k) cross-fitted predictions: each fold's rows are blended with temperatures and
            weights learnt on the other folds.
        answers: Made of `oof` by decisions that were learnt on the other folds.
        score: Of these answers.
        best_single: Position of the best single column.
        comparison: Of these answers with those of the best single column, on the same rows.
        methods: Cross-fitted value of every method that was tried.
    """

    method: str
    mixture: Mixture
    temperatures: Floats
    oof: Predictions
    answers: Answers
    score: Score
    best_single: int
    comparison: Comparison
    methods: dict[str, float]

    def apply(self, columns: Sequence[Predictions], problem: Problem) -> Predictions:
        """Return the blend (m, k) float32 of other rows' columns, (m, k) each."""
        heated = at_temperatures(np.stack(columns), self.temperatures, problem)
        return combine(heated, self.mixture, problem)


def blend(
    columns: Sequence[Predictions],
    truth: Truth,
    assigned: Assigned,
    problem: Problem,
    methods: Mapping[str, Method] = METHODS,
    units: Units | None = None,
    others: Sequence[Assigned] = (),
    sent: Sent | None = None,
) -> Blend:
    """Blend columns in several ways and keep the best by cross-fitted value.

    Methods that are not surely worse than the best one are tied with it: among these the loss of
    what is sent decides, which a few lucky rows do not move. What scores less than the best single
    column is not among these: on few rows hardly anything is surely worse.

    Args:
        columns: Out-of-fold predictions, (n, k) each.
        truth: Of all rows.
        assigned: (n,) fold of each row, the same that the columns were made with.
        problem: What is asked.
        methods: What is tried, by name.
        units: (n,) which rows err together; None for none.
        others: The same as `assigned`, of columns that were made on other folds.
        sent: Test rows of the columns, as single models predict them and as they are sent; None
            where a training row is predicted as a test row is, or nothing is known of it.
    """
    stack = np.stack(columns)
    fitted = _cross_fitted(stack, truth, cells_of(assigned, others), problem, methods, sent)
    answers = {name: problem.answers(truth, oof, assigned) for name, oof in fitted.items()}
    losses = {name: problem.loss(truth, oof) for name, oof in fitted.items()}
    scores = {
        name: problem.score_answers(truth, given, losses[name], units)
        for name, given in answers.items()
    }
    heat, mixtures = _learnt(stack, truth, problem, methods, sent)
    if sent is not None:
        heated = sent.at_temperatures(heat, problem)
        losses = {name: losses[name] - heated.gain(mixtures[name], problem) for name in losses}
    method = _chosen(scores, answers, losses, truth, problem, units)
    single, single_answers = _best_single(stack, truth, assigned, problem)
    return Blend(
        method=method,
        mixture=mixtures[method],
        temperatures=heat,
        oof=fitted[method],
        answers=answers[method],
        score=scores[method],
        best_single=single,
        comparison=problem.compare(truth, answers[method], single_answers, units),
        methods={name: score.value for name, score in scores.items()},
    )


def at_temperatures(stack: Stack, heat: Floats, problem: Problem) -> Stack:
    """Return columns (c, n, k) float32, each at its temperature (c,) where they are of classes."""
    if problem.kind != Kind.CLASSES:
        return stack
    heated = np.empty_like(stack)
    for place, (column, of_column) in enumerate(zip(stack, heat, strict=True)):
        heated[place] = tempered(column, of_column)
    return heated


def _cross_fitted(
    stack: Stack,
    truth: Truth,
    cells: Iterable[tuple[Mask, Mask]],
    problem: Problem,
    methods: Mapping[str, Method],
    sent: Sent | None,
) -> dict[str, Predictions]:
    """Return each method's blend, every fold's rows by what was learnt on the other folds."""
    blended = {name: np.empty_like(stack[0]) for name in methods}
    for inside, others in cells:
        heat, mixtures = _learnt(stack[:, others], truth[others], problem, methods, sent)
        scored = at_temperatures(stack[:, inside], heat, problem)
        for name, mixture in mixtures.items():
            blended[name][inside] = combine(scored, mixture, problem)
    return blended


def _learnt(
    stack: Stack,
    truth: Truth,
    problem: Problem,
    methods: Mapping[str, Method],
    sent: Sent | None,
) -> tuple[Floats, dict[str, Mixture]]:
    """Return the temperatures and each method's weights, learnt from these rows or some of them."""
    rows = enough_rows(truth, problem)
    stack, truth = stack[:, rows], truth[rows]
    heat = temperatures(stack, truth, problem)
    known = at_temperatures(stack, heat, problem)
    heated = None if sent is None else sent.at_temperatures(heat, problem)
    return heat, {name: method(known, truth, problem, heated) for name, method in methods.items()}


def enough_rows(
    truth: Truth, problem: Problem, enough: int = ENOUGH_ROWS, of_class: int = ENOUGH_OF_A_CLASS
) -> npt.NDArray[np.int64] | slice:
    """Return the positions of rows that weights and temperatures can be learnt from.

    All where there are few. Else every so many in the order of the truth, which keeps the shares of
    classes and the spread of numbers, and `of_class` rows of every class that has them.

    Args:
        truth: (n,) or, for several targets, (n, t).
        problem: What is asked.
        enough: How many rows are kept at least, where there are more.
        of_class: The same of each class.
    """
    first = np.asarray(truth).reshape(len(truth), -1)[:, 0]
    step = len(first) // enough
    if problem.kind == Kind.CLASSES:
        counts = np.bincount(first)
        step = min(step, int(counts[counts > 0].min(initial=len(first))) // of_class)
    if step < 2:
        return slice(None)
    return np.sort(np.argsort(first, kind="stable")[step // 2 :: step])


def _chosen(
    scores: dict[str, Score],
    answers: dict[str, Answers],
    losses: dict[str, float],
    truth: Truth,
    problem: Problem,
    units: Units | None,
) -> str:
    leader = max(scores, key=lambda name: scores[name].rank)
    single = scores["best single"].rank[0] if "best single" in scores else -math.inf

    def tied() -> Iterator[str]:
        for name in scores:
            against = problem.compare(truth, answers[name], answers[leader], units)
            if name == leader or not (against.sure or scores[name].rank[0] < single):
                yield name

    return min(tied(), key=lambda name: losses[name])


def _best_single(
    stack: Stack, truth: Truth, assigned: Assigned, problem: Problem
) -> tuple[int, Answers]:
    """Return the position and the answers of the column that scores best out of fold."""
    answers = [problem.answers(truth, column, assigned) for column in stack]
    scores = [
        problem.score_answers(truth, given, problem.loss(truth, column))
        for given, column in zip(answers, stack, strict=True)
    ]
    best = max(range(len(stack)), key=lambda place: scores[place].rank)
    return best, answers[best]
