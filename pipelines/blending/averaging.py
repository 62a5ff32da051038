"""What averaging over the models of all folds does to test rows, measured without a label.

A row of the training set is predicted by the one model that did not see it, a test row by the mean
of the models of all folds. Columns that differ much from fold to fold gain by that, and a blend
whose weights are learnt on training rows knows nothing of it. How much a blend gains follows from
its own predictions of test rows: for the squared error it is the models' spread about their mean
(Krogh and Vedelsby, 'Neural network ensembles, cross validation, and active learning', 1995), for
the log loss the mean divergence of one model's blend from that of them all, as far as the latter's
probabilities mean what they say. Of any other metric a truth of the test rows is drawn: classes by
what is sent, numbers as what is sent plus an error that was made out of fold, less that spread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from competition.problem.decisions import Decision
from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth
from pipelines.blending.calibration import log_shares, tempered
from pipelines.blending.mixture import Floats, Mixture, Stack, combine

ROWS = 2_000  # of the test set, evenly spaced: more would hardly move what is learnt of them
MANY_ROWS = 20_000  # where the metric is computed: few rows tell one model from the mean of all
_DRAWINGS = 20
_SEED = 20_261_128

Parts = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sent:
    """Some test rows, as single models predict them and as they are sent.

    Attributes:
        parts: (c, g, s, k): of each column, predictions by g models as a training row has them.
        whole: (c, s, k): by all of them together.
    """

    parts: Parts
    whole: Stack

    def at_temperatures(self, heat: Floats, problem: Problem) -> "Sent":
        """Return the same, each column at its temperature (c,) where they are of classes."""
        if problem.kind != Kind.CLASSES:
            return self
        models, rows, outputs = self.parts.shape[1:]
        parts, whole = np.empty_like(self.parts), np.empty_like(self.whole)
        for place, of_column in enumerate(heat):
            flat = self.parts[place].reshape(models * rows, outputs)
            parts[place] = tempered(flat, of_column).reshape(models, rows, outputs)
            whole[place] = tempered(self.whole[place], of_column)
        return replace(self, parts=parts, whole=whole)

    def gain(self, mixture: Mixture, problem: Problem) -> float:
        """Return by how much the loss of a blend is less for what is sent than for one model."""
        sent = combine(self.whole, mixture, problem)
        models = [combine(self.parts[:, each], mixture, problem) for each in self._models]
        if problem.kind != Kind.CLASSES:
            return float(np.mean([np.mean(np.square(one - sent)) for one in models]))
        of_sent = np.log(np.clip(sent, 1e-7, None))
        apart = (of_sent - np.log(np.clip(one, 1e-7, None)) for one in models)
        return float(np.mean([(sent * each).sum(axis=1).mean() for each in apart]))

    def spread(self, scale: Floats) -> Floats:
        """Return (c, c): how columns vary together from model to model, in units of scale (k,)."""
        apart = ((self.parts - self.whole[:, np.newaxis]) / scale).reshape(len(self.parts), -1)
        return np.asarray(apart @ apart.T, np.float64) / apart.shape[1]

    def logarithms(self) -> "Logarithms":
        """Return what the gain of a product of columns is computed from."""
        return Logarithms(log_shares(self.parts), log_shares(self.whole))

    @property
    def _models(self) -> range:
        return range(self.parts.shape[1])


@dataclass(frozen=True)
class Logarithms:
    """The logarithms of `Sent`, of classes.

    Attributes:
        parts: (c, g, s, k).
        whole: (c, s, k).
    """

    parts: Parts
    whole: Stack

    def gain(self, powers: Floats) -> float:
        """Return the gain of the product of columns to these powers (c,)."""
        of_sent, sent = _product(powers, self.whole)
        of_models, _ = _product(powers, self.parts)
        return float((sent * (of_sent - of_models.mean(axis=0))).sum(axis=1).mean())

    def slope(self, powers: Floats) -> Floats:
        """Return the gradient (c,) of the gain at these powers (c,)."""
        of_sent, sent = _product(powers, self.whole)
        of_models, models = _product(powers, self.parts)
        apart = sent * (of_sent - of_models.mean(axis=0))
        columns, rows = self.whole.shape[:2]
        means = np.einsum("csk,sk->cs", self.whole, sent)
        slope = self.whole.reshape(columns, -1) @ apart.ravel() - means @ apart.sum(axis=1)
        slope += self.parts.reshape(columns, -1) @ (models - sent).ravel() / len(models)
        return np.asarray(slope / rows, np.float64)


def _product(powers: Floats, logs: npt.NDArray[np.float32]) -> tuple[Predictions, Predictions]:
    """Return the logarithms of a product of columns (c, …, k), and itself."""
    total = np.tensordot(powers.astype(np.float32), logs, axes=1)
    total -= total.max(axis=-1, keepdims=True)
    shares = np.exp(total)
    sums = shares.sum(axis=-1, keepdims=True)
    return total - np.log(sums), shares / sums


def sent_rows(
    tests: Sequence[Predictions], fits: Iterable[Parts | None], count: int, rows: int = ROWS
) -> Sent | None:
    """Return what is known of test rows; None where nothing is.

    Args:
        tests: (m, k) of each column.
        fits: Of each column the predictions of its fits, (fits, m, k), one dealing's folds after
            the other's; None where only their mean is known, which then passes for one model.
        count: How many folds a dealing has.
        rows: How many test rows are looked at, about.
    """
    step, known = max(1, len(tests[0]) // rows), False
    parts = []
    for test, each in zip(tests, fits, strict=True):
        known |= each is not None
        if each is None:
            parts.append(np.broadcast_to(test[::step], (count, *test[::step].shape)))
        else:  # a training row has one fold's model of every dealing
            dealings = each[:, ::step].reshape(-1, count, *test[::step].shape)
            parts.append(dealings.mean(axis=0, dtype=np.float32))
    if not known:
        return None
    return Sent(np.stack(parts), np.stack([np.asarray(test[::step]) for test in tests]))


def gain_of_the_mean(
    sent: Sent,
    mixture: Mixture,
    problem: Problem,
    decision: Decision,
    truth: Truth,
    oof: Predictions,
) -> float:
    """Return the metric of what is sent less that of single models, in its own unit.

    Args:
        sent: Test rows of the blend's columns, each at its temperature.
        mixture: How they are combined.
        problem: What is asked.
        decision: What makes answers of test rows.
        truth: Of the training rows.
        oof: (n, k) the blend's predictions of these.

    Returns:
        NaN where the metric has no value for such a truth.
    """
    whole = combine(sent.whole, mixture, problem)
    models = [combine(parts, mixture, problem) for parts in np.moveaxis(sent.parts, 1, 0)]
    errors = _errors(truth, oof, whole, models, problem)
    flags = problem.kind == Kind.NUMBERS and bool(np.isin(truth, (0, 1)).all())
    answers, others = decision.answers(whole), [decision.answers(each) for each in models]
    chance = np.random.default_rng(_SEED)
    gains = []
    for _ in range(_DRAWINGS):
        drawn = _drawn(whole, errors, flags, problem, chance)
        alone = np.mean([problem.value(drawn, each) for each in others])
        gains.append(problem.value(drawn, answers) - alone)
    return float(np.mean(gains))


def _errors(
    truth: Truth, oof: Predictions, whole: Predictions, models: list[Predictions], problem: Problem
) -> npt.NDArray[np.float64] | None:
    """Return errors (n, k) such as what is sent makes; None for classes."""
    if problem.kind == Kind.CLASSES:
        return None
    known = np.asarray(problem.learnable(truth), np.float64).reshape(len(truth), -1)
    errors = known - oof
    spread = np.mean([np.square(each - whole).mean(axis=0) for each in models], axis=0)
    squared = np.maximum(np.square(errors).mean(axis=0), 1e-300)
    scaled: npt.NDArray[np.float64] = errors * np.sqrt(np.maximum(1 - spread / squared, 0))
    return scaled


def _drawn(
    whole: Predictions,
    errors: npt.NDArray[np.float64] | None,
    flags: bool,
    problem: Problem,
    chance: np.random.Generator,
) -> Truth:
    """Return a truth (s,) or (s, t) that test rows may have; of 0 and 1 where these are flags."""
    if errors is None:
        below = np.cumsum(whole, axis=1, dtype=np.float64)
        places = (chance.random((len(whole), 1)) * below[:, -1:] > below).sum(axis=1)
        return np.asarray(places, np.int64)
    scale = problem.metric.scale
    if flags:
        shares = scale.inverse(whole.astype(np.float64))
        return (chance.random(whole.shape) < shares).astype(np.float64)
    values = whole + errors[chance.integers(0, len(errors), len(whole))]
    if problem.kind == Kind.ORDERED:
        return np.asarray(np.rint(values[:, 0]).clip(0, len(problem.classes) - 1), np.int64)
    return np.maximum(scale.inverse(values), scale.least)
