"""k nearest rows, by features that are weighed by what they tell."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.dense import DenseEncoder
from pipelines.features.tables.learnt.scaling import SCALINGS
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.estimators.tables.neighbours import Neighbours
from pipelines.models.tables._common import TablePipeline, made, suggested_view, width_of

if TYPE_CHECKING:
    import optuna

_LEVELS = 40


class NearestRows(TablePipeline):
    """What is seen of the table, how it is scaled and weighed, and who votes."""

    name: ClassVar[str] = "knn"
    family: ClassVar[str] = "neighbours"
    budget_share: ClassVar[float] = 0.5
    quick: ClassVar[bool] = True
    cycles: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("faiss",)

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, their scale and weight, and the neighbours and their votes."""
        return {
            **suggested_view(trial, "pairs", "crossings"),
            "scaling": trial.suggest_categorical("scaling", SCALINGS),
            "k": trial.suggest_int("k", 2, 100, log=True),
            "power": trial.suggest_float("power", 0.0, 4.0),
            "weighing": trial.suggest_float("weighing", 0.0, 1.5),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return how many neighbours vote, and how features are weighed."""
        return {"k": [5, 15, 40], "weighing": [0.0, 0.5, 1.0]}

    def cost(self, params: Params) -> float:
        """Return the features, the neighbours, and the forest that weighs the features."""
        weighed = 1.0 + bool(params["weighing"])
        return float(width_of(params) * weighed * (1 + params["k"] / 50)) / 5

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder."""
        return DenseEncoder(params["scaling"], _LEVELS)

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the neighbours."""
        return made(Neighbours, params, seed)


PIPELINE = NearestRows()
