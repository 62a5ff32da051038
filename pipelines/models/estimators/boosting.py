"""Trees boosted by XGBoost, stopped early on rows of their own."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split

from competition.errors import PodiumError
from pipelines.execution.threads import threads
from pipelines.parameters import COUNT, SEED, Constraints, between, check_parameters
from pipelines.targets import StandardisedRegressor, Values

Features = npt.NDArray[np.float32]

_STOPPING_SHARE = 0.1  # of the rows to learn from: where to stop is read from them
_PATIENCE = 15  # rounds without a better loss
_BINS = 64
_SHARE = between(1e-6, 1.0)


class _Boosted(BaseEstimator):  # type: ignore[misc]
    """XGBoost's histogram trees, stopped early on a slice of the rows given to `fit`.

    The rows that a fold scores are never given to `fit`, so they have no part in the stopping.

    Args:
        rounds: Boosting rounds at most, each a tree for each class or target.
        learning_rate: Shrinkage of each tree.
        max_depth: Of a tree.
        subsample: Share of the rows that a tree learns from.
        colsample: Share of the features that a cut chooses from.
        min_child_weight: Least weight of a leaf.
        seed: Of the slice and the trees.
    """

    # XGBoost takes a depth of 0 for no bound, and shares of 0, of which nothing is learnt; it has
    # no room for depths and weights that are far greater.
    constraints: ClassVar[Constraints] = {
        "rounds": COUNT,
        "learning_rate": _SHARE,
        "max_depth": between(1, 64),
        "subsample": _SHARE,
        "colsample": _SHARE,
        "min_child_weight": between(0.0, 1e9),
        "seed": SEED,
    }

    def __init__(
        self,
        rounds: int = 300,
        learning_rate: float = 0.2,
        max_depth: int = 4,
        subsample: float = 0.8,
        colsample: float = 0.2,
        min_child_weight: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.subsample = subsample
        self.colsample = colsample
        self.min_child_weight = min_child_weight
        self.seed = seed

    def _settings(self) -> dict[str, Any]:
        """Return XGBoost's parameters."""
        return {
            "n_estimators": self.rounds,
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "subsample": self.subsample,
            "colsample_bynode": self.colsample,
            "min_child_weight": self.min_child_weight,
            "max_bin": _BINS,
            "tree_method": "hist",
            "early_stopping_rounds": _PATIENCE,
            "n_jobs": threads(),
            "random_state": self.seed,
        }

    def _slices(
        self, rows: Features, least: int, codes: npt.NDArray[Any] | None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the numbers of the rows to learn from, and of those to stop on.

        Args:
            rows: (n, n_features).
            least: How many rows each of the two must have.
            codes: (n,) classes of which each part gets its share; None for a draw at random.
        """
        learnt, aside = train_test_split(
            np.arange(len(rows)),
            test_size=max(least, int(_STOPPING_SHARE * len(rows))),
            stratify=codes,
            random_state=self.seed,
        )
        return learnt, aside


class BoostedTrees(ClassifierMixin, _Boosted):  # type: ignore[misc]
    """Boosted trees that tell classes apart by log loss; the parameters are `_Boosted`'s."""

    def fit(self, rows: Features, labels: npt.NDArray[np.int64]) -> Self:
        """Learn from rows (n, n_features) and labels (n,).

        Raises:
            PodiumError: a parameter is out of its range, or a class has too few rows to spare one
                for the stopping.
        """
        check_parameters(self)
        from xgboost import XGBClassifier

        self.classes_, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        classes = len(self.classes_)
        if counts.min() < 2 or len(rows) - max(classes, int(_STOPPING_SHARE * len(rows))) < classes:
            raise PodiumError(
                f"Boosting stops early on rows set aside, and a class with {counts.min()} rows to "
                "learn from can spare none; leave xgboost out of PIPELINES or add rows."
            )
        learnt, aside = self._slices(rows, classes, codes)
        self.model_ = XGBClassifier(**self._settings())
        self.model_.fit(
            rows[learnt], codes[learnt], eval_set=[(rows[aside], codes[aside])], verbose=False
        )
        return self

    def predict_proba(self, rows: Features) -> Features:
        """Return probabilities (n, n_classes), by the trees up to the best round."""
        probabilities: Features = self.model_.predict_proba(rows)
        return probabilities

    def predict(self, rows: Features) -> npt.NDArray[Any]:
        """Return the most probable label (n,) of each row."""
        labels: npt.NDArray[Any] = self.classes_[self.predict_proba(rows).argmax(axis=1)]
        return labels


class BoostedValues(_Boosted, StandardisedRegressor):
    """Boosted trees that learn values by their squared error, a model for each target.

    The parameters are those of `_Boosted`.
    """

    def fit(self, rows: Features, values: npt.NDArray[Any]) -> Self:
        """Learn from rows (n, n_features) and values (n,) or (n, t).

        Raises:
            PodiumError: a parameter is out of its range, or there is a single row, which leaves
                none for the stopping.
        """
        check_parameters(self)
        from xgboost import XGBRegressor

        if len(rows) < 2:
            raise PodiumError(
                "Boosting stops early on rows set aside, and a single row leaves none; add rows."
            )
        learnt, aside = self._slices(rows, 1, None)
        self.models_ = [
            XGBRegressor(**self._settings()).fit(
                rows[learnt], column[learnt], eval_set=[(rows[aside], column[aside])], verbose=False
            )
            for column in self._standardised(values).T
        ]
        return self

    def predict(self, rows: Features) -> Values:
        """Return values (n,), or (n, t) of several targets, by the trees up to the best round."""
        return self._restored(np.stack([model.predict(rows) for model in self.models_], axis=1))
