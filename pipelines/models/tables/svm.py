"""Support vector machines, for tables of some thousands of rows."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.dense import DenseEncoder
from pipelines.features.tables.learnt.scaling import SCALINGS
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.estimators.tables.support import MOST_ROWS, SupportVectors
from pipelines.models.tables._common import TablePipeline, made, suggested_view, width_of

if TYPE_CHECKING:
    import optuna


class SupportVectorMachine(TablePipeline):
    """What is seen of the table, how it is scaled, and the kernel."""

    name: ClassVar[str] = "svm"
    family: ClassVar[str] = "kernel"
    budget_share: ClassVar[float] = 0.5
    most_rows: ClassVar[int | None] = MOST_ROWS
    cycles: ClassVar[bool] = True

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, their scale, and the kernel."""
        return {
            **suggested_view(trial, "crossings"),
            "scaling": trial.suggest_categorical("scaling", SCALINGS),
            "levels": trial.suggest_int("levels", 2, 100, log=True),
            "C": trial.suggest_float("C", 0.03, 100.0, log=True),
            "gamma": trial.suggest_float("gamma", 0.01, 10.0, log=True),
            "epsilon": trial.suggest_float("epsilon", 0.001, 0.3, log=True),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the penalty of an error and the width of the kernel."""
        return {"C": [0.5, 3.0, 20.0], "gamma": [0.1, 0.5, 2.0]}

    def cost(self, params: Params) -> float:
        """Return the features, and how long a high penalty takes."""
        return float(width_of(params) * (1 + params["C"] ** 0.5) * (1 + params["levels"] / 100))

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder."""
        return DenseEncoder(params["scaling"], params["levels"])

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the machine."""
        return made(SupportVectors, params, seed)


PIPELINE = SupportVectorMachine()
