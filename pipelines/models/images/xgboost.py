"""Boosted trees by XGBoost, on pixels, gradient histograms, or components of these."""

import os
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split

from competition.errors import PodiumError
from pipelines.base import Estimator, Params, Pipeline
from pipelines.features.components import FewComponents
from pipelines.features.images.cached import Cached
from pipelines.features.images.described import FEATURES, described
from pipelines.features.images.gradients import GRIDS
from pipelines.parameters import (
    COUNT,
    SEED,
    Constraints,
    between,
    check_parameters,
)
from pipelines.steps import in_steps

if TYPE_CHECKING:
    import optuna

_STOPPING_SHARE = 0.1  # of the rows to learn from: where to stop is read from them
_PATIENCE = 15  # rounds without a better loss
_BINS = 64
_SHARE = between(1e-6, 1.0)


class BoostedTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """XGBoost's histogram trees, stopped early on a slice of the rows given to `fit`.

    The rows that a fold scores are never given to `fit`, so they have no part in the stopping.

    Args:
        rounds: Boosting rounds at most, each a tree a class.
        learning_rate: Shrinkage of each tree.
        max_depth: Of a tree.
        subsample: Share of the rows that a tree learns from.
        colsample: Share of the features that a cut chooses from.
        min_child_weight: Least weight of a leaf.
        seed: Of the slice and the trees.
    """

    # XGBoost takes a depth of 0 for no bound, and shares of 0, of which nothing is learnt; it has
    # no room for depths and weights that are far greater.
    _parameter_constraints: ClassVar[Constraints] = {
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

    def fit(self, rows: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> Self:
        """Learn from rows (n, n_features) and labels (n,).

        Raises:
            PodiumError: a parameter is out of its range, or a class has too few rows to spare one
                for the stopping.
        """
        check_parameters(self)
        import xgboost

        self.classes_, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        stopping = max(len(self.classes_), int(_STOPPING_SHARE * len(rows)))
        if counts.min() < 2 or len(rows) - stopping < len(self.classes_):
            raise PodiumError(
                f"Boosting stops early on rows set aside, and a class with {counts.min()} rows to "
                "learn from can spare none; leave xgboost out of PIPELINES or add rows."
            )
        learnt, aside = train_test_split(
            np.arange(len(rows)), test_size=stopping, stratify=codes, random_state=self.seed
        )
        self.model_ = xgboost.XGBClassifier(
            n_estimators=self.rounds,
            learning_rate=self.learning_rate,
            max_depth=self.max_depth,
            subsample=self.subsample,
            colsample_bynode=self.colsample,
            min_child_weight=self.min_child_weight,
            max_bin=_BINS,
            tree_method="hist",
            early_stopping_rounds=_PATIENCE,
            n_jobs=_threads(),
            random_state=self.seed,
        )
        self.model_.fit(
            rows[learnt], codes[learnt], eval_set=[(rows[aside], codes[aside])], verbose=False
        )
        return self

    def predict_proba(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return probabilities (n, n_classes), by the trees up to the best round."""
        probabilities: npt.NDArray[np.float32] = self.model_.predict_proba(rows)
        return probabilities

    def predict(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return the most probable label (n,) of each row."""
        labels: npt.NDArray[Any] = self.classes_[self.predict_proba(rows).argmax(axis=1)]
        return labels


def _threads() -> int:
    """Return how many threads this process was given; 0 leaves it to XGBoost."""
    return int(os.environ.get("OMP_NUM_THREADS", "0"))


class Boosting(Pipeline):
    """The features, whether as they are or by their components, and the trees."""

    name: ClassVar[str] = "xgboost"
    family: ClassVar[str] = "boosted trees"

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, and for the number and shape of the trees."""
        return {
            "features": trial.suggest_categorical("features", FEATURES),
            "upright": trial.suggest_categorical("upright", [True, False]),
            "components": trial.suggest_categorical("components", [0, 60, 100, 150]),
            "rounds": trial.suggest_int("rounds", 50, 600, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.4, log=True),
            "max_depth": trial.suggest_int("max_depth", 3, 8),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample": trial.suggest_float("colsample", 0.05, 0.6, log=True),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 8.0, log=True),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the depth of the trees and their shrinkage."""
        return {"max_depth": [3, 4, 6], "learning_rate": [0.1, 0.2, 0.3]}

    def cost(self, params: Params) -> float:
        """Return the rounds, times the depth and the number of features."""
        cells = sum(grid**2 for grid in GRIDS.get(params["features"], (10,)))
        columns = params["components"] or 8 * cells
        return float(params["rounds"] * params["max_depth"] * columns) / 1e5

    def build(self, params: Params, seed: int) -> Estimator:
        """Return the estimator; `seed` decides the slice to stop on and the rows of each tree.

        Raises:
            PodiumError: there are no such features.
        """
        trees = BoostedTrees(
            **{name: params[name] for name in params if name not in _OF_FEATURES}, seed=seed
        )
        seen = described(params["features"], upright=params["upright"])
        few = [FewComponents(params["components"])] if params["components"] else []
        return in_steps(Cached(seen), *few, trees)


_OF_FEATURES = ("features", "upright", "components")

PIPELINE = Boosting()
