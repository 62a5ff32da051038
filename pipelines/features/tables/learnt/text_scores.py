"""Texts by what a linear model of their words says of the truth, learnt inside a fold."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator

from competition.data.rows import origin_of
from competition.data.tables.schema import Role, Schema
from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.slices import Inner
from pipelines.features.tables.learnt.target import TargetMeans
from pipelines.features.tables.parts.texts import terms_of

_INNER = 5
_STRENGTH = 3.0  # of the words against the penalty
_STEPS = 100

_kept: dict[tuple[Path, int], csr_matrix[np.float64]] = {}


class TextScores(BaseEstimator):  # type: ignore[misc]
    """A linear model of the words of each text column, as features.

    Training rows get what models of the other inner folds say, as with a target encoding; other
    rows what a model of all training rows says. Tables without texts have no such features.
    """

    def fit_transform(
        self, rows: npt.NDArray[Any], truth: npt.NDArray[Any], classes: int, inner: Inner
    ) -> Columns:
        """Learn from rows with an origin, and return their scores.

        Args:
            rows: (n, columns).
            truth: (n,) class indices, or values.
            classes: How many classes there are; 0 for values.
            inner: How training rows may be dealt out.
        """
        origin = origin_of(rows)
        schema = origin.schema if origin is not None else None
        few = classes <= TargetMeans.most_classes
        self.places_ = schema.places(Role.TEXT) if schema is not None and few else []
        self.models_ = []
        self.classes_ = classes
        parts = inner.parts(truth, _INNER)
        blocks = []
        for place in self.places_:
            assert schema is not None
            terms = _terms_of_rows(rows, schema, place)
            scores = np.zeros((len(rows), max(1, classes)))
            for part in np.unique(parts):
                inside, outside = parts == part, parts != part
                if outside.any():
                    scores[inside] = self._scores(
                        self._fitted(terms[outside], truth[outside]), terms[inside]
                    )
            blocks.append(scores)
            self.models_.append(self._fitted(terms, truth))
        return self._columns(blocks, len(rows))

    def transform(self, rows: npt.NDArray[Any]) -> Columns:
        """Return the scores of other rows of the same table."""
        origin = origin_of(rows)
        blocks = []
        for place, model in zip(self.places_, self.models_, strict=True):
            assert origin is not None and origin.schema is not None
            terms = _terms_of_rows(rows, origin.schema, place)
            blocks.append(self._scores(model, terms))
        return self._columns(blocks, len(rows))

    def _fitted(self, terms: csr_matrix[np.float64], truth: npt.NDArray[Any]) -> Any:
        """Return a linear model, or the share of the only class that is there."""
        from sklearn.linear_model import LogisticRegression, Ridge

        if not self.classes_:
            return Ridge(1 / _STRENGTH, solver="sparse_cg").fit(terms, truth)
        if len(np.unique(truth)) == 1 or not terms.shape[1]:
            return np.bincount(truth, minlength=self.classes_) / len(truth)
        return LogisticRegression(C=_STRENGTH, max_iter=_STEPS).fit(terms, truth)

    def _scores(self, model: Any, terms: csr_matrix[np.float64]) -> npt.NDArray[np.float64]:
        if isinstance(model, np.ndarray):
            return np.tile(model, (terms.shape[0], 1))
        if not self.classes_:
            values: npt.NDArray[np.float64] = model.predict(terms)[:, np.newaxis]
            return values
        scores = np.zeros((terms.shape[0], self.classes_))
        scores[:, model.classes_] = model.predict_proba(terms)
        return scores

    def _columns(self, blocks: list[npt.NDArray[np.float64]], rows: int) -> Columns:
        if self.classes_ == 2:
            blocks = [block[:, 1:] for block in blocks]
        values = np.concatenate([np.empty((rows, 0)), *blocks], axis=1).astype(np.float32)
        width = values.shape[1]
        names = tuple(f"score of words {number + 1}" for number in range(width))
        return Columns(values, names, (0,) * width)


def _terms_of_rows(rows: npt.NDArray[Any], schema: Schema, place: int) -> csr_matrix[np.float64]:
    """Return the TF-IDF (n, terms) of the texts of rows; a missing text has no words."""
    terms = _kept.get((schema.folder, place))
    if terms is None:
        terms = _with_an_empty_row(terms_of(schema.levels(place), letters=True))
        if len(_kept) > 4:
            _kept.clear()
        _kept[schema.folder, place] = terms
    codes = np.asarray(rows)[:, place]
    places = np.where(np.isnan(codes), terms.shape[0] - 1, codes).astype(np.int64)
    return terms[places]


def _with_an_empty_row(terms: csr_matrix[np.float64]) -> csr_matrix[np.float64]:
    pointers = np.append(terms.indptr, terms.indptr[-1])
    shape = (terms.shape[0] + 1, terms.shape[1])
    return csr_matrix((terms.data, terms.indices, pointers), shape=shape)
