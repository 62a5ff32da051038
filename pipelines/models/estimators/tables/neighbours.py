"""k nearest rows of a table, by features that are weighed by what they tell."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from pipelines.execution.threads import threads
from pipelines.features.tables.columns import Columns, Values, chunks
from pipelines.features.tables.learnt.slices import Inner
from pipelines.parameters import COUNT, SEED, Constraints, between

_MOST_ROWS = 60_000  # that are compared with
_MOST_WEIGHED = 10_000  # that weights are learnt from
_PRIOR = 0.5  # votes of the shares of all classes, so that no probability is 0
_AT_ONCE = 4096


class Neighbours(BaseEstimator):  # type: ignore[misc]
    """The k nearest training rows, each with a vote that falls with its distance.

    Args:
        k: How many neighbours vote.
        power: Of the distance that votes fall by; 0 gives every neighbour the same vote.
        weighing: Power of the features' importance in a small forest, by which they are
            stretched; 0 leaves them as they are.
        seed: Of the forest, and of the rows that are compared with where there are many.
    """

    constraints: ClassVar[Constraints] = {
        "k": COUNT,
        "power": between(0.0, 20.0),
        "weighing": between(0.0, 4.0),
        "seed": SEED,
    }

    def __init__(
        self, k: int = 20, power: float = 1.0, weighing: float = 0.5, seed: int = 0
    ) -> None:
        self.k = k
        self.power = power
        self.weighing = weighing
        self.seed = seed

    def learn(self, seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner) -> Self:
        """Learn from rows and their class indices (n,), or, where `classes` is 0, values (n,)."""
        import faiss

        chance = np.random.default_rng(self.seed)
        kept = np.arange(len(seen))
        if len(kept) > _MOST_ROWS:
            kept = np.sort(chance.choice(len(kept), _MOST_ROWS, replace=False))
        values, truth = seen.values[kept], truth[kept]
        self.classes_ = classes
        self.weights_ = self._weights(values, truth, chance)
        self.truth_ = np.eye(classes)[truth] if classes else truth[:, np.newaxis]
        self.means_ = self.truth_.mean(axis=0)
        rows = self._stretched(values)
        self.index_ = faiss.serialize_index(_filled(faiss.IndexFlatL2(rows.shape[1]), rows))
        return self

    def outputs(self, seen: Columns) -> npt.NDArray[Any]:
        """Return probabilities (n, classes), or values (n,)."""
        import faiss

        faiss.omp_set_num_threads(threads())
        index = faiss.deserialize_index(self.index_)
        k = min(self.k, index.ntotal)
        parts = []
        for part in chunks(len(seen), _AT_ONCE):
            squares, places = index.search(self._stretched(seen.values[part]), k)
            parts.append(self._voted(np.maximum(squares, 0), places))
        found = np.concatenate(parts) if parts else np.empty((0, self.truth_.shape[1]))
        return found if self.classes_ else found[:, 0]

    def _voted(self, squares: Values, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the mean truth of neighbours; distances are relative to the furthest of them."""
        furthest = np.maximum(squares[:, -1:], 1e-12)
        votes = (np.sqrt(squares / furthest) + 1e-2) ** -self.power
        votes = votes / votes.sum(axis=1, keepdims=True) * squares.shape[1]
        sums = np.einsum("nk,nkc->nc", votes, self.truth_[places])
        prior = _PRIOR if self.classes_ else 0.0
        voted: npt.NDArray[np.float64] = (sums + prior * self.means_) / (squares.shape[1] + prior)
        return voted

    def _weights(
        self, values: Values, truth: npt.NDArray[Any], chance: np.random.Generator
    ) -> Values:
        if not self.weighing:
            return np.ones(values.shape[1], np.float32)
        kind = ExtraTreesClassifier if self.classes_ else ExtraTreesRegressor
        kept = chance.permutation(len(values))[:_MOST_WEIGHED]
        forest = kind(
            50,
            min_samples_leaf=5,
            max_features=0.5,
            n_jobs=threads(),
            random_state=self.seed,
        ).fit(values[kept], truth[kept])
        importance = forest.feature_importances_ * values.shape[1]
        return np.asarray(importance**self.weighing, np.float32)

    def _stretched(self, values: Values) -> Values:
        return np.ascontiguousarray(values * self.weights_, np.float32)


def _filled(index: Any, rows: Values) -> Any:
    index.add(rows)
    return index
