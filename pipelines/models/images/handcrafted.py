"""A linear model on hand-crafted features: gradients, projections, zones, holes, differences."""

from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_union
from sklearn.preprocessing import StandardScaler

from pipelines.base import Classifier, Params, Pipeline, Regressor
from pipelines.features.images.cached import Cached
from pipelines.features.images.gradient_pairs import GradientPairs, n_features
from pipelines.features.images.gradients import GRIDS, GradientHistograms, named_grids
from pipelines.features.images.shape_features import ShapeFeatures
from pipelines.parameters import POSITIVE, check_values
from pipelines.steps import in_steps

if TYPE_CHECKING:
    import optuna

_PAIRS = (0, 4, 5)  # cells along a side of the grid whose neighbours are paired; 0 for no pairs
_KINDS = ("projections", "zones", "holes", "differences")


class Handcrafted(Pipeline):
    """What is done to the images, which features are taken, how they are weighed."""

    name: ClassVar[str] = "handcrafted"
    family: ClassVar[str] = "linear on features"
    priority: ClassVar[int] = 2
    space_version: ClassVar[int] = 2

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the pre-processing, the kinds of features, and the linear model's strength."""
        return {
            "median": trial.suggest_categorical("median", [0, 3]),
            "threshold": trial.suggest_categorical("threshold", [0, 64, 128]),
            "upright": trial.suggest_categorical("upright", [True, False]),
            "blur": trial.suggest_float("blur", 0.0, 1.0),
            "orientations": trial.suggest_categorical("orientations", [8, 10, 12]),
            "grids": trial.suggest_categorical("grids", list(GRIDS)),
            "pairs": trial.suggest_categorical("pairs", _PAIRS),
            **{kind: trial.suggest_categorical(kind, [True, False]) for kind in _KINDS},
            "C": trial.suggest_float("C", 0.05, 50.0, log=True),
            "max_iter": trial.suggest_int("max_iter", 40, 200, log=True),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the pairs of gradients and the strength of the regularisation."""
        return {"pairs": list(_PAIRS), "C": [0.1, 0.3, 1.0]}

    def cost(self, params: Params) -> float:
        """Return the number of features of gradients, times the steps of the linear model."""
        cells = sum(grid**2 for grid in named_grids(params["grids"]))
        features = params["orientations"] * cells + n_features(params["pairs"])
        return float(features * params["max_iter"]) / 1e5

    def build(self, params: Params, seed: int) -> Classifier:
        """Return a logistic regression; L-BFGS is deterministic, so `seed` changes nothing.

        Raises:
            PodiumError: there are no such grids.
        """
        linear = LogisticRegression(C=params["C"], max_iter=params["max_iter"], random_state=seed)
        return in_steps(*_features(params), linear)

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return a ridge regression, of one target or several; `seed` changes nothing.

        It is solved in steps too (LSQR, Paige & Saunders 1982): an exact solution of thousands of
        features that go together, in float32, would be one of rounding errors.

        Raises:
            PodiumError: there are no such grids, or the strength is not above 0.
        """
        check_values({"C": POSITIVE}, params, "Ridge")
        linear = Ridge(alpha=1 / params["C"], solver="lsqr", max_iter=params["max_iter"])
        return in_steps(*_features(params), linear)


def _features(params: Params) -> tuple[Any, ...]:
    """Return the steps before the linear model."""
    prepared = {name: params[name] for name in ("median", "threshold", "upright")}
    gradients = GradientHistograms(
        params["orientations"], named_grids(params["grids"]), blur=params["blur"], **prepared
    )
    shapes = ShapeFeatures(**{kind: params[kind] for kind in _KINDS}, **prepared)
    pairs = GradientPairs(params["pairs"], blur=params["blur"], **prepared)
    described = [Cached(gradients), Cached(shapes), *([pairs] if params["pairs"] else [])]
    return make_union(*described), StandardScaler(with_std=False, copy=False)


PIPELINE = Handcrafted()
