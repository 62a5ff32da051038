"""A view of a table, an encoder and a learner, as one estimator of scikit-learn's contract."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from competition.errors import PodiumError
from pipelines.features.tables.columns import Columns, joined
from pipelines.features.tables.learnt.slices import Inner, inner_of
from pipelines.features.tables.learnt.text_scores import TextScores
from pipelines.features.tables.view import View
from pipelines.parameters import SEED, Constraints, check_parameters
from pipelines.targets import StandardisedRegressor, Values

Rows = npt.NDArray[Any]
Truth = npt.NDArray[Any]
Outputs = npt.NDArray[Any]


class Encoder(Protocol):
    """Turns the features of a table into what a learner takes."""

    def fit_transform(self, seen: Columns, truth: Truth, classes: int, inner: Inner) -> Columns:
        """Learn from the features of training rows; return what a learner takes of them."""

    def transform(self, seen: Columns) -> Columns:
        """Return what a learner takes of other rows."""


class Learner(Protocol):
    """Learns one truth: classes from 0, or values."""

    def learn(self, seen: Columns, truth: Truth, classes: int, inner: Inner) -> Self:
        """Learn from rows and their class indices (n,), or, where `classes` is 0, values (n,)."""

    def outputs(self, seen: Columns) -> Outputs:
        """Return probabilities (n, classes), or values (n,)."""


_CONSTRAINTS: Constraints = {"seed": SEED}


class _OfTable(BaseEstimator):  # type: ignore[misc]
    """What classifier and regressor have in common.

    Args:
        view: What is seen of the rows.
        encoder: Turns it into what the learner takes.
        learner: Learns.
        seed: Of inner folds and of whatever the learner draws.
    """

    constraints = _CONSTRAINTS

    def __init__(self, view: View, encoder: Encoder, learner: Learner, seed: int = 0) -> None:
        self.view = view
        self.encoder = encoder
        self.learner = learner
        self.seed = seed

    def _learn(
        self, rows: Rows, seen: Columns, truth: Truth, classes: int, inner: Inner
    ) -> "_Learnt":
        scores, encoder, learner = TextScores(), clone(self.encoder), clone(self.learner)
        seen = joined([seen, scores.fit_transform(rows, truth, classes, inner)])
        encoded = encoder.fit_transform(seen, truth, classes, inner)
        return _Learnt(scores, encoder, learner.learn(encoded, truth, classes, inner))

    def _seen(self, rows: Rows) -> Columns:
        """Return the features of rows to predict.

        Raises:
            PodiumError: they are of another table than the training rows.
        """
        seen = self.view.transform(rows)
        if (seen.names, seen.levels) != self.table_:
            raise PodiumError(
                f"These rows have {len(seen.names)} features, and the model learnt from "
                f"{len(self.table_[0])} of another table; give it rows of the same data set."
            )
        return seen


@dataclass
class _Learnt:
    """All that was learnt of one truth."""

    scores: TextScores
    encoder: Encoder
    learner: Learner

    def outputs(self, rows: Rows, seen: Columns) -> Outputs:
        """Return probabilities (n, classes), or values (n,)."""
        seen = joined([seen, self.scores.transform(rows)])
        return self.learner.outputs(self.encoder.transform(seen))


class TableClassifier(ClassifierMixin, _OfTable):  # type: ignore[misc]
    """Tells classes of a table's rows apart; the parameters are `_OfTable`'s."""

    def fit(self, rows: Rows, labels: Rows) -> Self:
        """Learn from rows (n, columns) and their labels (n,).

        Raises:
            PodiumError: there is nothing to learn from, or a parameter is out of its range.
        """
        check_parameters(self)
        rows, labels = checked(rows, labels, numbers=False)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        seen = self.view.transform(rows)
        self.table_ = (seen.names, seen.levels)
        inner = inner_of(rows, self.seed)
        self.learnt_ = self._learn(rows, seen, codes, len(self.classes_), inner)
        return self

    def predict_proba(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Return probabilities (n, n_classes)."""
        probabilities = np.asarray(self.learnt_.outputs(rows, self._seen(rows)), np.float32)
        if probabilities.ndim == 1:
            probabilities = np.column_stack([1 - probabilities, probabilities])
        return probabilities

    def predict(self, rows: Rows) -> Rows:
        """Return the most probable label (n,) of each row."""
        labels: Rows = self.classes_[self.predict_proba(rows).argmax(axis=1)]
        return labels


class TableRegressor(_OfTable, StandardisedRegressor):
    """Learns values of a table's rows, a model for each target; the parameters are `_OfTable`'s."""

    def fit(self, rows: Rows, values: Rows) -> Self:
        """Learn from rows (n, columns) and their values (n,) or (n, t).

        Raises:
            PodiumError: there is nothing to learn from, or a parameter is out of its range.
        """
        check_parameters(self)
        rows, values = checked(rows, values, numbers=True)
        seen = self.view.transform(rows)
        self.table_ = (seen.names, seen.levels)
        inner = inner_of(rows, self.seed)
        columns = self._standardised(values)
        self.ranges_ = columns.min(axis=0), columns.max(axis=0)
        self.models_ = [
            self._learn(rows, seen, column, 0, inner) if column.any() else None
            for column in columns.T
        ]
        return self

    def predict(self, rows: Rows) -> Values:
        """Return values (n,), or (n, t) of several targets."""
        seen = self._seen(rows)
        columns = [
            np.zeros(len(seen)) if model is None else model.outputs(rows, seen)
            for model in self.models_  # none where all that was learnt from is equal
        ]
        low, high = self.ranges_
        slack = 0.1 * (high - low)  # a line that goes on past all that was seen is no answer
        standardised = np.clip(np.stack(columns, axis=1), low - slack, high + slack)
        return self._restored(standardised)


def checked(rows: Rows, truth: Rows, *, numbers: bool) -> tuple[Rows, Truth]:
    """Return rows, which keep their origin, and their truth, as an estimator can learn from.

    Raises:
        PodiumError: they are no table of numbers, or the truth does not go with them.
    """
    rows, truth = np.asanyarray(rows), np.asarray(truth)
    table = rows.ndim == 2 and rows.size > 0 and rows.dtype.kind in "fiu"
    if numbers:
        right = truth.ndim in (1, 2) and truth.dtype.kind in "iuf"
        right = right and truth.size > 0 and bool(np.isfinite(truth).all())
    else:
        right = truth.ndim == 1 and len(np.unique(truth)) > 1
    if not (table and right and truth.shape[0] == rows.shape[0]):
        wanted = "finite numbers for each" if numbers else "a class for each, of two or more"
        raise PodiumError(
            f"Learning takes a table of numbers with {wanted}; these are {rows.shape} of type "
            f"{rows.dtype} with a truth of shape {truth.shape}: give others to `fit`."
        )
    return rows, truth.astype(np.float64) if numbers else truth
