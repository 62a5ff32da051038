"""Whether somebody's predictions are what they are said to be: out of fold, of these rows, new.

Everything is measured against columns that are known to be honest. An out-of-fold row and a test
row are alike but for how many models predict it, so what sets somebody's predictions apart from
ours must be of the same kind on both. Predictions of rows that a model has seen lean towards the
truth, beyond all that is known of the row: that lean has no counterpart on test rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth
from pipelines.execution.threads import threads

# From which predictions are taken for those of rows that were learnt from, and what chance adds on
# few rows; told by the files that `benchmarks/teammates.py` makes.
_LEAN, _LEAN_BY_CHANCE = 0.2, 1.5
_MOST_ROWS = 20_000  # that the difference on test rows is learnt from
_MOST_FEATURES, _COMPONENTS = 400, 50  # of more features, so many components are looked at
_PARTS = 3  # in which the rows are dealt out, to learn about each from the others
_MOST_OUTPUTS = 5  # classes or targets, those of the largest error
_COPY = 0.999  # a correlation, from which a column is taken for a copy of another
_STRAYED = 0.3  # by which a correlation may be smaller on test rows than out of fold
_OTHER_SCALE = 3.0  # standard deviations of the truth, of which an honest column's error is one
_BETTER_ORDER = 0.02  # by which another order of the classes must raise the true class's mean share

Floats = npt.NDArray[np.float64]
Pair = tuple[Floats, Floats]  # of the scored rows, and of the test rows


@dataclass(frozen=True)
class Reference:
    """A column that is known to be honest.

    Attributes:
        name: What it is called.
        oof: (s, k) out of fold.
        test: (m, k).
    """

    name: str
    oof: Predictions
    test: Predictions


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        fine: Whether the predictions may become a column as far as this goes.
        text: What it found, with its figure.
    """

    fine: bool
    text: str


def verdicts(
    oof: Predictions,
    test: Predictions,
    truth: Truth,
    problem: Problem,
    references: Sequence[Reference],
    features: tuple[Any, Any],
) -> list[Verdict]:
    """Return what all checks found; those that need the one before to be fine are left out.

    Args:
        oof: (s, k) predictions that are said to be out of fold.
        test: (m, k) of the test rows.
        truth: Of the scored rows.
        problem: What is asked.
        references: Columns that are known to be honest, one or more.
        features: (s, …) and (m, …), what is known of the rows.
    """
    shape = _order(oof, truth, problem) if problem.kind == Kind.CLASSES else None
    shape = shape or _scale(oof, truth, problem)
    if shape is not None:
        return [shape]
    ours = np.asarray(np.mean([each.oof for each in references], axis=0, dtype=np.float64))
    ours_test = np.asarray(np.mean([each.test for each in references], axis=0, dtype=np.float64))
    found = [_aligned(oof, test, ours, ours_test)]
    if found[0].fine:
        theirs = np.asarray(oof, np.float64), np.asarray(test, np.float64)
        found.append(_lean(theirs, (ours, ours_test), truth, problem, features))
    found += _copies(oof, test, references)
    return found


def lean_of(
    theirs: Pair, ours: Pair, truth: Truth, problem: Problem, features: tuple[Any, Any]
) -> float:
    """Return how far predictions lean towards the truth, beyond what can be known of a row.

    What sets them apart from ours is z, out of fold and on test rows. Both are models of what is
    known of a row, so on test rows z is learnt from that; what this explains of z out of fold is
    taken off, and with it what a better model than ours knows. Of our error r what is known of a
    row is taken off too, learnt on other rows: so what the one leaves over has to meet what the
    other does (Robinson, Econometrica 56, 1988). Of the rests, the part of z that r explains is
    b r, b = Σ z r / Σ r². Its root mean square, over that of z on test rows, is returned. Honest
    predictions stay near 0, however good.

    Args:
        theirs: (s, k) said to be out of fold, and (m, k).
        ours: The same of honest columns.
        truth: Of the scored rows.
        problem: What is asked.
        features: (s, …) and (m, …), what is known of the rows; NaN where missing.
    """
    error = _as_predictions(truth, problem) - ours[0]
    outputs = np.argsort(-(error**2).sum(axis=0))[:_MOST_OUTPUTS]
    apart, of_test = (one - other for one, other in zip(theirs, ours, strict=True))
    known, known_of_test = (
        np.hstack([part, mine]) for part, mine in zip(_narrow(features), ours, strict=True)
    )
    rest, error = apart[:, outputs].copy(), error[:, outputs]
    for place, output in enumerate(outputs):
        rest[:, place] -= _learnt(known_of_test, of_test[:, output]).predict(known)
        error[:, place] -= _learnt_on_others(known, error[:, place])
    share = float((rest * error).sum() / max((error**2).sum(), 1e-12))
    size = float(np.sqrt(np.mean(of_test[:, outputs] ** 2)))
    return share * float(np.sqrt(np.mean(error**2))) / max(size, 1e-9)


def _narrow(features: tuple[Any, Any]) -> Pair:
    """Return what is known of the rows in columns (s, f) and (m, f): of pixels, what tells most."""
    flat = [np.asarray(part).reshape(len(part), -1) for part in features]
    if flat[0].shape[1] <= _MOST_FEATURES:
        return flat[0], flat[1]
    from sklearn.decomposition import TruncatedSVD

    flat = [np.nan_to_num(np.asarray(part, np.float32)) for part in flat]
    components = TruncatedSVD(_COMPONENTS, random_state=0).fit(flat[1][:_MOST_ROWS])
    return components.transform(flat[0]), components.transform(flat[1])


def _learnt(rows: Floats, values: Floats) -> Any:
    """Return what boosted trees make of some numbers (m,)."""
    from lightgbm import LGBMRegressor

    some = np.random.default_rng(0).permutation(len(rows))[:_MOST_ROWS]
    trees = LGBMRegressor(
        n_estimators=100,
        num_leaves=8,
        learning_rate=0.08,
        min_child_samples=10,
        n_jobs=threads(),
        random_state=0,
        verbose=-1,
    )
    return trees.fit(rows[some], values[some])


def _learnt_on_others(rows: Floats, values: Floats) -> Floats:
    """Return what boosted trees make of each row's number, learnt on other rows."""
    part = np.random.default_rng(1).integers(0, _PARTS, len(rows))
    found = np.zeros(len(rows))
    for each in range(_PARTS):
        inside = part == each
        if inside.any() and not inside.all():
            found[inside] = _learnt(rows[~inside], values[~inside]).predict(rows[inside])
    return found


def _as_predictions(truth: Truth, problem: Problem) -> Floats:
    """Return the truth as perfect predictions (s, k)."""
    if problem.kind == Kind.CLASSES:
        return np.asarray(np.eye(problem.outputs)[np.asarray(truth, np.int64)])
    return np.asarray(problem.learnable(truth), np.float64).reshape(len(truth), -1)


def _lean(
    theirs: Pair, ours: Pair, truth: Truth, problem: Problem, features: tuple[Any, Any]
) -> Verdict:
    lean = lean_of(theirs, ours, truth, problem, features)
    if lean < _LEAN + _LEAN_BY_CHANCE / np.sqrt(len(truth)):
        return Verdict(True, f"no lean towards the truth that test rows lack ({lean:.2f})")
    return Verdict(
        False,
        f"the training rows were learnt from: they lean towards the truth by {lean:.2f} of what "
        "sets them apart from our columns on test rows, and honest ones stay near 0",
    )


def _aligned(oof: Predictions, test: Predictions, ours: Floats, ours_test: Floats) -> Verdict:
    """Tell whether test rows are in their order: they agree with ours as those out of fold do."""
    first, second = _correlation(oof, ours), _correlation(test, ours_test)
    said = f"correlation with our columns {first:.2f} out of fold, {second:.2f} on test rows"
    if second < min(0.1, first - _STRAYED) or second < first - 2 * _STRAYED:
        return Verdict(False, f"the test rows are in another order, or of another model: {said}")
    if first < min(0.1, second - _STRAYED) or first < second - 2 * _STRAYED:
        return Verdict(False, f"the training rows are in another order: {said}")
    if max(first, second) < 0.1:
        return Verdict(False, f"the rows are in another order, or of another question: {said}")
    return Verdict(True, said)


def _order(oof: Predictions, truth: Truth, problem: Problem) -> Verdict | None:
    """Tell whether the classes stand in another order."""
    from scipy.optimize import linear_sum_assignment

    labels, classes = np.asarray(truth, np.int64), problem.outputs
    there = np.isin(np.arange(classes), labels)  # early rows by time are not scored
    means = np.zeros((classes, classes))
    for each in np.flatnonzero(there):
        means[each] = oof[labels == each].mean(axis=0)
    rows, columns = linear_sum_assignment(-means)
    gained = means[rows, columns].mean() - means.diagonal().mean()
    elsewhere = np.flatnonzero((columns != np.arange(classes)) & there)
    if not len(elsewhere) or gained < _BETTER_ORDER:
        return None
    wrong = int(elsewhere[0])
    return Verdict(
        False,
        f"the classes are in another order: the column of {problem.classes[columns[wrong]]} fits "
        f"{problem.classes[wrong]}, and the order is {', '.join(problem.classes)}",
    )


def _scale(oof: Predictions, truth: Truth, problem: Problem) -> Verdict | None:
    """Tell whether values are on another scale than the truth."""
    if problem.kind != Kind.NUMBERS:
        return None
    known = _as_predictions(truth, problem)
    spread = np.maximum(known.std(axis=0), 1e-12)
    off = float((np.sqrt(((oof - known) ** 2).mean(axis=0)) / spread).max())
    if off < _OTHER_SCALE:
        return None
    return Verdict(
        False,
        f"the values are on another scale: their error is {off:.3g} standard deviations of the "
        "truth. Give them as they would be submitted",
    )


def _copies(oof: Predictions, test: Predictions, references: Sequence[Reference]) -> list[Verdict]:
    found = []
    for each in references:
        alike = min(_correlation(oof, each.oof), _correlation(test, each.test))
        if alike > _COPY:
            found.append(Verdict(True, f"a near copy of {each.name} (correlation {alike:.5f})"))
    return found


def _correlation(one: Predictions, other: Predictions | Floats) -> float:
    """Return the mean correlation of the outputs; 0 for one that does not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [np.corrcoef(one[:, place], other[:, place])[0, 1] for place in range(one.shape[1])]
    return float(np.mean(np.nan_to_num(found)))
