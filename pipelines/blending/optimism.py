"""How much an estimate flatters itself: its rows also chose the best of many trials.

Bootstrap bias-corrected cross-validation (Tsamardinos, Greasidou and Borboudakis, 'Bootstrapping
the out-of-sample predictions for efficient and accurate cross-validation', Machine Learning 107,
2018): rows are drawn with replacement from the out-of-fold predictions of all trials, everything is
chosen and learnt again on what was drawn, and scored on the rows that were not. Rows that err
together are drawn together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from competition.data.tables.fold_rule import Units
from competition.problem.clusters import clusters_of
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Kind, Predictions, Truth
from pipelines.blending.calibration import temperatures
from pipelines.blending.cross_fitting import at_temperatures
from pipelines.blending.methods import METHODS
from pipelines.blending.mixture import Stack, combine

MOST_ROWS = 20_000  # from which the best of a few hundred trials flatters by next to nothing
_REPLICATES, _LEAST_REPLICATES = 40, 8
_DRAWN = 100_000  # rows in all drawings together: of many rows few drawings tell as much
_MOST_TRIALS = 60  # of a pipeline, the best by all rows: a worse one is never chosen
_SEED = 20_261_126


def corrected_value(
    pool: Sequence[tuple[Stack, int]],
    truth: Truth,
    problem: Problem,
    method: str,
    units: Units | None = None,
) -> float:
    """Return what a blend is worth if the choice of its members is scored on other rows too.

    Args:
        pool: Of each pipeline the out-of-fold predictions of all its trials, (trials, s, k), and
            how many of them become columns.
        truth: Of the scored rows.
        problem: What is asked.
        method: How the blend's weights were learnt, a name of `METHODS`.
        units: (s,) which rows err together; None for none.

    Returns:
        The mean of the metric on the rows that were not drawn; NaN where no drawing leaves rows
        that can be scored.
    """
    chance = np.random.default_rng(_SEED)
    known = [_Trials.of(stack, columns, truth, problem) for stack, columns in pool]
    parts = _parts(len(truth), units)
    values = []
    for _ in range(min(_REPLICATES, max(_LEAST_REPLICATES, _DRAWN // len(truth)))):
        drawn = np.concatenate([parts[part] for part in chance.integers(0, len(parts), len(parts))])
        left = np.setdiff1d(np.arange(len(truth)), drawn)
        if len(left) and _all_there(truth, drawn, problem) and _all_there(truth, left, problem):
            values.append(_scored_on(left, drawn, known, truth, problem, method))
    return float(np.mean(values)) if values else float("nan")


def _parts(rows: int, units: Units | None) -> list[npt.NDArray[np.int64]]:
    """Return the rows that are drawn together."""
    if units is None:
        return list(np.arange(rows)[:, np.newaxis])
    clusters = clusters_of(units)
    return [np.flatnonzero(clusters == each) for each in np.unique(clusters)]


@dataclass(frozen=True)
class _Trials:
    """The promising trials of a pipeline.

    Attributes:
        stack: (trials, s, k) their predictions.
        answers: (trials, s, …) their answers, each by its decision learnt on all rows: it hardly
            moves the choice among trials, and learning it for each drawing would take minutes.
        columns: How many of them become columns.
        heated: Those that were chosen so far at their temperature, which is learnt on all rows too,
            by their place.
    """

    stack: Stack
    answers: list[Answers]
    columns: int
    heated: dict[int, Predictions] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: Stack, columns: int, truth: Truth, problem: Problem) -> "_Trials":
        answers = [problem.decide(truth, oof).answers(oof) for oof in stack]
        best = sorted(_best_first(truth, answers, problem)[:_MOST_TRIALS])  # so ties tell nothing
        return cls(stack[best], [answers[place] for place in best], columns)

    def member(self, place: int, truth: Truth, problem: Problem) -> Predictions:
        """Return a trial's predictions (s, k) as a blend takes them, at their temperature."""
        if place not in self.heated:
            alone = self.stack[place][np.newaxis]
            heat = temperatures(alone, truth, problem)
            self.heated[place] = at_temperatures(alone, heat, problem)[0]
        return self.heated[place]


def _best_first(truth: Truth, answers: Sequence[Answers], problem: Problem) -> list[int]:
    values = [problem.value(truth, each) for each in answers]
    return sorted(range(len(values)), key=values.__getitem__, reverse=problem.greater_is_better)


def _scored_on(
    left: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.int64],
    pool: Sequence[_Trials],
    truth: Truth,
    problem: Problem,
    method: str,
) -> float:
    """Choose and learn on the drawn rows, and return the metric on those that are left."""
    known = truth[drawn]
    members = []
    for trials in pool:
        order = _best_first(known, [each[drawn] for each in trials.answers], problem)
        members += [trials.member(place, truth, problem) for place in order[: trials.columns]]
    chosen = np.stack(members)
    inside = chosen[:, drawn]
    mixture = METHODS[method](inside, known, problem, None)
    decision = problem.decide(known, combine(inside, mixture, problem))
    return problem.value(truth[left], decision.answers(combine(chosen[:, left], mixture, problem)))


def _all_there(truth: Truth, rows: npt.NDArray[np.int64], problem: Problem) -> bool:
    """Tell whether some rows can be scored: whether they hold more than one class."""
    return problem.kind == Kind.NUMBERS or len(np.unique(truth[rows])) > 1
