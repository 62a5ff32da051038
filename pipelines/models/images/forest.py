"""Random forests and extremely randomised trees, on pixels or on gradient histograms."""

from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from pipelines.base import Classifier, Params, Pipeline, Regressor
from pipelines.features.images.cached import Cached
from pipelines.features.images.described import FEATURES, columns_of, described
from pipelines.parameters import chosen
from pipelines.steps import CheckedPipeline, in_steps

if TYPE_CHECKING:
    import optuna

_CLASSIFIERS = {"extra": ExtraTreesClassifier, "random": RandomForestClassifier}
_REGRESSORS = {"extra": ExtraTreesRegressor, "random": RandomForestRegressor}
_TIME = {"extra": 1.0, "random": 3.5}  # of a tree: a random forest looks for the best of all cuts


class Forest(Pipeline):
    """The kind of forest, what it sees of an image, and the shape of its trees."""

    name: ClassVar[str] = "forest"
    family: ClassVar[str] = "trees"
    budget_share: ClassVar[float] = 0.5

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the kind of trees and their features, number and size."""
        return {
            "kind": trial.suggest_categorical("kind", list(_TIME)),
            "features": trial.suggest_categorical("features", FEATURES),
            "upright": trial.suggest_categorical("upright", [True, False]),
            "trees": trial.suggest_int("trees", 40, 300, log=True),
            "max_features": trial.suggest_float("max_features", 0.02, 0.3, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 8, log=True),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the kinds, and how many features a cut chooses from."""
        return {"kind": list(_TIME), "max_features": [0.04, 0.1, 0.2]}

    def cost(self, params: Params) -> float:
        """Return the number of trees, times the time of one and the features that a cut weighs."""
        weighed = params["max_features"] * columns_of(params["features"])
        return float(params["trees"] * _TIME[params["kind"]] * weighed) / 1e3

    def build(self, params: Params, seed: int) -> Classifier:
        """Return a classifier; `seed` decides its trees.

        Raises:
            PodiumError: there is no such kind of trees or of features.
        """
        return self._built(params, seed, _CLASSIFIERS)

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return a regressor of one target or several; `seed` decides its trees.

        Raises:
            PodiumError: there is no such kind of trees or of features.
        """
        return self._built(params, seed, _REGRESSORS)

    def _built(self, params: Params, seed: int, kinds: dict[str, Any]) -> CheckedPipeline:
        seen = described(params["features"], upright=params["upright"])
        forest = chosen("kind", params["kind"], kinds)(
            params["trees"],
            max_features=params["max_features"],
            min_samples_leaf=params["min_samples_leaf"],
            random_state=seed,
        )
        return in_steps(Cached(seen), forest)


PIPELINE = Forest()
