"""The floor that all else has to beat: a constant, or means by a few columns."""

from typing import TYPE_CHECKING, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.encoded import TreeEncoder
from pipelines.models.estimators.tables.baseline import Baseline
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.tables._common import TablePipeline

if TYPE_CHECKING:
    import optuna


class Floor(TablePipeline):
    """How many columns the means are taken by."""

    name: ClassVar[str] = "baseline"
    family: ClassVar[str] = "means"
    priority: ClassVar[int] = 6
    floor: ClassVar[bool] = True
    budget_share: ClassVar[float] = 0.1

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the number of columns, and how far means are drawn together."""
        return {
            "columns": trial.suggest_int("columns", 0, 4),
            "smoothing": trial.suggest_float("smoothing", 1.0, 100.0, log=True),
        }

    def cost(self, params: Params) -> float:
        """Return the number of columns."""
        return 0.05 + 0.1 * float(params["columns"])

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder: categories are codes."""
        return TreeEncoder(0, target=False)

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the means."""
        return Baseline(params["columns"], params["smoothing"])


PIPELINE = Floor()
