"""Boosted trees by XGBoost, on pixels, gradient histograms, or components of these."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Classifier, Params, Pipeline, Regressor
from pipelines.features.components import FewComponents
from pipelines.features.images.cached import Cached
from pipelines.features.images.described import FEATURES, columns_of, described
from pipelines.models.estimators.boosting import BoostedTrees, BoostedValues
from pipelines.steps import CheckedPipeline, in_steps

if TYPE_CHECKING:
    import optuna

_OF_FEATURES = ("features", "upright", "components")


class Boosting(Pipeline):
    """The features, whether as they are or by their components, and the trees."""

    name: ClassVar[str] = "xgboost"
    family: ClassVar[str] = "boosted trees"
    budget_share: ClassVar[float] = 0.5
    needs: ClassVar[tuple[str, ...]] = ("xgboost",)

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
        columns = params["components"] or columns_of(params["features"])
        return float(params["rounds"] * params["max_depth"] * columns) / 1e5

    def build(self, params: Params, seed: int) -> Classifier:
        """Return a classifier; `seed` decides the slice to stop on and the rows of each tree.

        Raises:
            PodiumError: there are no such features.
        """
        return _built(params, seed, BoostedTrees)

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return a regressor, with a model for each target; `seed` decides as for a classifier.

        Raises:
            PodiumError: there are no such features.
        """
        return _built(params, seed, BoostedValues)


def _built(
    params: Params, seed: int, kind: type[BoostedTrees] | type[BoostedValues]
) -> CheckedPipeline:
    seen = described(params["features"], upright=params["upright"])
    few = [FewComponents(params["components"])] if params["components"] else []
    of_trees = {name: value for name, value in params.items() if name not in _OF_FEATURES}
    return in_steps(Cached(seen), *few, kind(**of_trees, seed=seed))


PIPELINE = Boosting()
