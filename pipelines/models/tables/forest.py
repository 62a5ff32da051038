"""Random forests and extremely randomised trees."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.encoded import TreeEncoder
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.estimators.tables.forest import KINDS, Forest
from pipelines.models.tables._common import TablePipeline, made, suggested_view, width_of

if TYPE_CHECKING:
    import optuna


class Trees(TablePipeline):
    """What is seen of the table, the kind of forest, and the shape of its trees."""

    name: ClassVar[str] = "forest"
    family: ClassVar[str] = "trees"
    columns: ClassVar[int] = 2

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, and for the number and shape of the trees."""
        return {
            **suggested_view(trial),
            "target": trial.suggest_categorical("target", [False, True]),
            "kind": trial.suggest_categorical("kind", KINDS),
            "trees": trial.suggest_int("trees", 100, 600, log=True),
            "colsample": trial.suggest_float("colsample", 0.1, 1.0),
            "least_rows": trial.suggest_int("least_rows", 1, 30, log=True),
            "entropy": trial.suggest_categorical("entropy", [False, True]),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the kinds, and the least rows of a leaf."""
        return {"kind": list(KINDS), "least_rows": [1, 4, 12]}

    def cost(self, params: Params) -> float:
        """Return the trees, times the features that a cut weighs and how deep they grow."""
        kind = 1.5 if params["kind"] == "extra" else 2.0
        weighed = 0.1 + params["colsample"]
        return float(kind * params["trees"] * weighed * width_of(params)) / 500

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder: categories are codes, and means of the truth too if wanted."""
        return TreeEncoder(0, target=params["target"])

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the forest."""
        return made(Forest, params, seed)


PIPELINE = Trees()
