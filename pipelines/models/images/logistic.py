"""Multinomial logistic regression on raw scaled pixels: the honest baseline."""

from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.linear_model import LogisticRegression

from pipelines.base import Classifier, Params, Pipeline
from pipelines.features.images.flatten import ScaledPixels
from pipelines.steps import in_steps

if TYPE_CHECKING:
    import optuna


class Logistic(Pipeline):
    """L2-regularised multinomial logistic regression, fitted by L-BFGS."""

    name: ClassVar[str] = "logistic"
    family: ClassVar[str] = "linear"
    budget_share: ClassVar[float] = 0.1
    quick: ClassVar[bool] = True

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the inverse regularisation strength and the number of L-BFGS steps."""
        return {
            "C": trial.suggest_float("C", 1e-3, 10.0, log=True),
            "max_iter": trial.suggest_int("max_iter", 20, 200, log=True),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return strengths of the regularisation."""
        return {"C": [0.03, 0.1, 0.3, 1.0]}

    def cost(self, params: Params) -> float:
        """Return the steps of L-BFGS at most."""
        return float(params["max_iter"])

    def build(self, params: Params, seed: int) -> Classifier:
        """Return a classifier; L-BFGS is deterministic, so `seed` changes nothing."""
        return in_steps(ScaledPixels(), LogisticRegression(**params, random_state=seed))


PIPELINE = Logistic()
