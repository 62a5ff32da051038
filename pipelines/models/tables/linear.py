"""Linear models: logistic regression, ridge and elastic net, on scaled and bent numbers."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.dense import DenseEncoder
from pipelines.features.tables.learnt.scaling import SCALINGS
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.estimators.tables.linear import Linear
from pipelines.models.tables._common import TablePipeline, suggested_view, width_of

if TYPE_CHECKING:
    import optuna


class WeightedSum(TablePipeline):
    """What is seen of the table, how it is scaled and bent, and the penalty."""

    name: ClassVar[str] = "linear"
    family: ClassVar[str] = "linear"
    priority: ClassVar[int] = 2
    quick: ClassVar[bool] = True
    cycles: ClassVar[bool] = True

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, their scale and shape, and the penalty."""
        return {
            **suggested_view(trial),
            "scaling": trial.suggest_categorical("scaling", SCALINGS),
            "levels": trial.suggest_int("levels", 2, 200, log=True),
            "splines": trial.suggest_int("splines", 0, 12),
            "strength": trial.suggest_float("strength", 1e-4, 100.0, log=True),
            "l1": trial.suggest_categorical("l1", [0.0, 0.5, 1.0]),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the penalty's strength, and how numbers are bent."""
        return {"strength": [0.01, 0.1, 1.0], "splines": [0, 6]}

    def cost(self, params: Params) -> float:
        """Return the features, and what an elastic net takes longer."""
        wide = (1 + params["splines"]) * width_of(params) + params["levels"] ** 0.5
        return float(wide * (3 if params["l1"] else 1)) / 10

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder."""
        return DenseEncoder(params["scaling"], params["levels"], params["splines"])

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the linear model."""
        return Linear(params["strength"], params["l1"], seed)


PIPELINE = WeightedSum()
