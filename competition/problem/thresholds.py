"""Class multipliers and cut points: labels from probabilities, and from expected class numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.problem.metrics.measures import confusion
from competition.problem.targets import Answers, Predictions, Truth

Floats = npt.NDArray[np.float64]
OfConfusion = Callable[[npt.NDArray[Any]], Floats]

_CANDIDATES = 200  # cut positions that are tried at once
_PASSES = 3


@dataclass(frozen=True)
class Multipliers:
    """The class whose probability times its multiplier is largest.

    The multipliers are found by coordinate ascent on the metric: for one class after the other,
    every multiplier at which some rows change their answer is tried. For two classes this is the
    search for the best threshold.

    Attributes:
        of_confusion: The metric of (…, K, K) counts; the greater the better.
        logarithms: (classes,) of the multipliers; None before `fit`.
    """

    of_confusion: OfConfusion
    logarithms: tuple[float, ...] | None = None
    learns = True

    def fit(self, truth: Truth, predictions: Predictions) -> "Multipliers":
        """Learn from class indices (n,) and probabilities (n, classes)."""
        logs = _logarithms(predictions)
        classes = logs.shape[1]
        shares = np.bincount(truth, minlength=classes) / max(len(truth), 1)
        starts = (np.zeros(classes), -np.log(np.maximum(shares, 1e-6)))
        found = [self._ascend(truth, logs, start) for start in starts]
        best = max(found, key=lambda each: each[0])[1]
        return Multipliers(self.of_confusion, tuple(best.tolist()))

    def _ascend(self, truth: Truth, logs: Floats, start: Floats) -> tuple[float, Floats]:
        classes, current = logs.shape[1], start.copy()
        counts = confusion(truth, (logs + current).argmax(axis=1), classes)
        best = float(self.of_confusion(counts.astype(np.float64)))
        for _ in range(_PASSES):
            before = best
            for one in range(1 if classes == 2 else 0, classes):
                value, where = self._best_of_class(truth, logs, current, one)
                if value > best + 1e-12:
                    best, current[one] = value, where
            if best <= before:
                break
        return best, current

    def _best_of_class(
        self, truth: Truth, logs: Floats, current: Floats, one: int
    ) -> tuple[float, float]:
        """Return the best value that one class's multiplier reaches, and the multiplier."""
        classes = logs.shape[1]
        others = logs + current
        others[:, one] = -np.inf
        rival = others.argmax(axis=1)
        needed = others[np.arange(len(logs)), rival] - logs[:, one]
        order = np.argsort(needed, kind="stable")
        ends = _snapped(np.linspace(0, len(order), _CANDIDATES + 1), _gaps(needed[order]))
        moved = truth[order] * classes + rival[order]
        segment = np.searchsorted(ends, np.arange(len(order)), side="right") - 1
        counts = np.zeros((len(ends), classes * classes))
        np.add.at(counts, (segment + 1, moved), 1)
        taken = counts.cumsum(axis=0)  # rows that have gone over to the class, by cell
        matrices = confusion(truth, rival, classes).ravel() - taken
        gained = taken.reshape(len(ends), classes, classes).sum(axis=2)
        matrices = matrices.reshape(len(ends), classes, classes)
        matrices[:, :, one] += gained
        values = np.nan_to_num(self.of_confusion(matrices), nan=-np.inf)
        at = int(np.argmax(values))
        return float(values[at]), _between(needed[order], int(ends[at]))

    def answers(self, predictions: Predictions) -> Answers:
        """Return (n,) class indices."""
        weights = np.zeros(predictions.shape[1]) if self.logarithms is None else self.logarithms
        return np.asarray((_logarithms(predictions) + np.asarray(weights)).argmax(axis=1))

    def facts(self) -> dict[str, Any]:
        """Return the multipliers, of which only the ratios count: their geometric mean is 1."""
        logs = np.asarray(self.logarithms or ())
        return {"multipliers": np.exp(logs - logs.mean()).tolist() if len(logs) else []}


def _logarithms(predictions: Predictions) -> Floats:
    logs: Floats = np.log(np.clip(predictions.astype(np.float64), 1e-12, None))
    return logs


def _gaps(ordered: Floats) -> npt.NDArray[np.int64]:
    """Return after how many of ordered numbers a threshold can stand: between equal ones, nowhere.

    Numbers that differ by rounding alone count as equal.
    """
    inside = np.flatnonzero(np.diff(ordered) > 1e-9) + 1
    return np.concatenate([[0], inside, [len(ordered)]])


def _snapped(ends: npt.NDArray[Any], gaps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return each of `ends`, moved up to the next gap, once."""
    snapped: npt.NDArray[np.int64] = np.unique(gaps[np.searchsorted(gaps, np.floor(ends))])
    return snapped


def _between(ordered: Floats, end: int) -> float:
    """Return a number that parts the first `end` of ordered numbers from the rest."""
    if end == 0:
        return float(ordered[0]) - 1.0
    if end == len(ordered):
        return float(ordered[-1]) + 1.0
    return float(ordered[end - 1] + ordered[end]) / 2


@dataclass(frozen=True)
class CutPoints:
    """An ordered class from an expected class number: how many cut points lie below it.

    Attributes:
        of_confusion: The metric of (…, K, K) counts; the greater the better.
        classes: How many there are.
        points: (classes - 1,) in rising order; None before `fit`, for the halves between classes.
    """

    of_confusion: OfConfusion
    classes: int
    points: tuple[float, ...] | None = None
    learns = True

    def fit(self, truth: Truth, predictions: Predictions) -> "CutPoints":
        """Learn from class indices (n,) and expected class numbers (n, 1)."""
        order = np.argsort(predictions[:, 0], kind="stable")
        values = predictions[order, 0].astype(np.float64)
        below = np.zeros((len(values) + 1, self.classes))
        below[np.arange(1, len(values) + 1), truth[order]] = 1
        below = below.cumsum(axis=0)  # rows of each class among the first
        gaps = _gaps(values)
        halves = np.searchsorted(values, np.arange(self.classes - 1) + 0.5, side="right")
        shares = np.cumsum(np.bincount(truth, minlength=self.classes))[:-1]
        starts = (halves, gaps[np.searchsorted(gaps, shares)])
        found = [self._ascend(below, gaps, start) for start in starts]
        cuts = max(found, key=lambda each: each[0])[1]
        return CutPoints(
            self.of_confusion, self.classes, tuple(_between(values, int(cut)) for cut in cuts)
        )

    def _ascend(
        self, below: Floats, gaps: npt.NDArray[np.int64], start: npt.NDArray[np.int64]
    ) -> tuple[float, npt.NDArray[np.int64]]:
        rows, cuts = len(below) - 1, start.astype(np.int64)
        best = float(self.of_confusion(self._matrices(below, cuts[None]))[0])
        for _ in range(2 * _PASSES):
            before = best
            for place in range(self.classes - 1):
                low = cuts[place - 1] if place else 0
                high = cuts[place + 1] if place + 1 < len(cuts) else rows
                tried = _snapped(np.linspace(low, high, _CANDIDATES + 1), gaps)
                trials = np.repeat(cuts[None], len(tried), axis=0)
                trials[:, place] = tried
                values = np.nan_to_num(
                    self.of_confusion(self._matrices(below, trials)), nan=-np.inf
                )
                at = int(np.argmax(values))
                if values[at] > best + 1e-12:
                    best, cuts = float(values[at]), trials[at].copy()
            if best <= before:
                break
        return best, cuts

    def _matrices(self, below: Floats, cuts: npt.NDArray[np.int64]) -> Floats:
        """Return the confusion matrices (m, K, K) of cuts (m, K - 1)."""
        edges = np.pad(cuts, ((0, 0), (1, 1)), constant_values=((0, 0), (0, len(below) - 1)))
        reached = below[edges]  # (m, K + 1, K): rows of each class below each edge
        matrices: Floats = np.diff(reached, axis=1).transpose(0, 2, 1)
        return matrices

    def answers(self, predictions: Predictions) -> Answers:
        """Return (n,) class indices."""
        points = np.arange(self.classes - 1) + 0.5 if self.points is None else self.points
        return np.searchsorted(np.asarray(points), predictions[:, 0].astype(np.float64))

    def facts(self) -> dict[str, Any]:
        """Return the cut points."""
        return {"cut_points": list(self.points or ())}
