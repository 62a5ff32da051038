"""Any scikit-learn estimator on the folds that all pipelines share."""

import copy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Kind
from pipelines.columns import Column
from pipelines.outside.columns import check_name, keep_column

if TYPE_CHECKING:
    from pipelines.search.plan import Plan

Labels = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """What an estimator is given.

    Attributes:
        train: (n, columns) a frame, or an array.
        test: (m, columns) the same.
        target: (n,) labels or values as a person knows them, or (n, t) values of several targets.
        labels: The classes' labels in the competition's order; empty for numbers.
    """

    train: Any
    test: Any
    target: npt.NDArray[Any]
    labels: Labels


class Validation:
    """An estimator that is fitted on each fold, and predicts the rest and the test rows.

    It learns the labels or values as they are, from the same rows as every pipeline; it is cloned
    for each fit. Of rows by time the test set is predicted by one more fit, on all of them, and
    otherwise by the mean of the fits.

    Args:
        plan: The data and the folds.
        name: What to call the column.
        estimator: With `fit(X, y)`, and `predict_proba(X)` where probabilities are asked, or
            `predict(X)`.
        given: What it learns from.

    Raises:
        PodiumError: the name cannot be used.

    Example:
        >>> validation = Validation(plan, "mine", LogisticRegression(), given)  # doctest: +SKIP
        >>> for fit in validation.fits:  # doctest: +SKIP
        ...     validation.fit(fit)
        >>> validation.column().score  # doctest: +SKIP
    """

    def __init__(self, plan: "Plan", name: str, estimator: Any, given: Given) -> None:
        check_name(name, plan)
        self._plan, self._name, self._estimator, self._given = plan, name, estimator, given
        self._oof = np.zeros((len(plan.dealt.rows), plan.problem.outputs))
        self._tests: list[Floats] = []
        self._seconds = 0.0

    @property
    def fits(self) -> list[int]:
        """The numbers of all fits."""
        folds = self._plan.folds
        return [*range(folds.fits)] if folds.whole is None else [*range(folds.fits), folds.whole]

    def fit(self, number: int) -> None:
        """Make one of the fits.

        Raises:
            PodiumError: the estimator fails, or does not predict what is asked.
        """
        began = time.monotonic()
        dealt, whole, problem = self._plan.dealt, self._plan.folds.whole, self._plan.problem
        learnt, scored = dealt.split(number)
        fitted = _fitted(self._estimator, self._name, self._given, learnt)
        if len(scored):
            rows = _rows(self._given.train, scored)
            places = np.searchsorted(dealt.rows, scored)
            self._oof[places] += _predicted(fitted, self._name, rows, self._given, problem)
        if whole in (None, number):
            test = _predicted(fitted, self._name, self._given.test, self._given, problem)
            self._tests.append(test)
        self._seconds += time.monotonic() - began

    def column(self) -> Column:
        """Keep what was predicted as a column, which the next blend takes part of.

        Raises:
            PodiumError: the disk refuses it.
        """
        return keep_column(
            self._plan,
            self._name,
            np.asarray(self._oof / self._plan.folds.repeats, np.float32),
            np.asarray(np.mean(self._tests, axis=0), np.float32),
            f"cross-validated: {type(self._estimator).__name__}",
            {"fit_seconds": round(self._seconds, 3)},
        )


def _fitted(estimator: Any, name: str, given: Given, rows: Indices) -> Any:
    """Return a fitted copy of an estimator."""
    from sklearn.base import clone

    try:
        try:
            fresh = clone(estimator)
        except TypeError:  # a class that is not scikit-learn's
            fresh = copy.deepcopy(estimator)
        fresh.fit(_rows(given.train, rows), given.target[rows])
    except Exception as error:
        raise PodiumError(f"{name} cannot be fitted: {_first_line(error)}") from error
    return fresh


def _predicted(fitted: Any, name: str, rows: Any, given: Given, problem: Problem) -> Floats:
    """Return predictions (n, k) as Podium has them, of what an estimator says of rows."""
    try:
        shares = None if problem.kind == Kind.NUMBERS else _probabilities(fitted, rows)
        if shares is not None:
            shares = _aligned(shares, fitted, given)
            if problem.kind == Kind.ORDERED:
                shares = shares @ np.arange(len(given.labels))[:, np.newaxis]
            return np.asarray(shares)
        if problem.kind == Kind.CLASSES:
            raise PodiumError(
                f"{name} gives no probabilities. Wrap it in scikit-learn's CalibratedClassifierCV."
            )
        values = np.asarray(fitted.predict(rows), np.float64).reshape(len(rows), -1)
    except PodiumError:
        raise
    except Exception as error:
        raise PodiumError(f"{name} cannot predict: {_first_line(error)}") from error
    if problem.kind == Kind.ORDERED:
        known = np.asarray(given.labels, np.float64)
        return np.interp(values, known, np.arange(len(known)))
    scale = problem.metric.scale
    if np.isfinite(scale.least):  # a logarithm, which takes no value below
        values = np.maximum(values, given.target.min(axis=0))
    return np.asarray(scale.forward(values), np.float64)


def _probabilities(fitted: Any, rows: Any) -> Floats | None:
    """Return what an estimator gives each class; None where it has no probabilities."""
    if hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict_proba(rows), np.float64)
    if hasattr(fitted, "decision_function"):  # of Keras' own wrapper, a network's probabilities
        raw = np.asarray(fitted.decision_function(rows), np.float64)
        if raw.ndim == 2 and (raw >= 0).all() and np.allclose(raw.sum(axis=1), 1, atol=1e-3):
            return raw
    return None


def _aligned(shares: Floats, fitted: Any, given: Given) -> Any:
    """Return probabilities (n, classes) in the competition's order, of an estimator's own order."""
    own = getattr(fitted, "classes_", None)
    own = np.unique(given.target) if own is None else np.asarray(own)
    places = {label: place for place, label in enumerate(given.labels.tolist())}
    if shares.ndim != 2 or shares.shape[1] != len(own):
        raise ValueError(f"probabilities of the shape {shares.shape} for {len(own)} classes")
    aligned = np.zeros((len(shares), len(given.labels)))
    aligned[:, [places[label] for label in own.tolist()]] = shares
    return aligned


def _rows(whole: Any, numbers: Indices) -> Any:
    return whole.iloc[numbers] if hasattr(whole, "iloc") else whole[numbers]


def _first_line(error: Exception) -> str:
    text = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
