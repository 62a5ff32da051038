"""Boosted trees by XGBoost."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.encoded import TreeEncoder
from pipelines.models.estimators.tables.boosted.losses import LOSSES
from pipelines.models.estimators.tables.boosted.xgboost import XGBoost
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.tables._common import TablePipeline, made, suggested_view, width_of

if TYPE_CHECKING:
    import optuna


class Boosting(TablePipeline):
    """What is seen of the table, how categories are given, and the trees."""

    name: ClassVar[str] = "xgboost"
    family: ClassVar[str] = "boosted trees"
    needs: ClassVar[tuple[str, ...]] = ("xgboost",)
    priority: ClassVar[int] = 3
    columns: ClassVar[int] = 2

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, and for the number and shape of the trees."""
        return {
            **suggested_view(trial),
            "native": trial.suggest_categorical("native", [0, 16, 1000]),
            "rounds": trial.suggest_int("rounds", 50, 5000, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
            "depth": trial.suggest_int("depth", 2, 12),
            "least_weight": trial.suggest_float("least_weight", 0.01, 100.0, log=True),
            "subsample": trial.suggest_float("subsample", 0.4, 1.0),
            "colsample": trial.suggest_float("colsample", 0.1, 1.0),
            "l2": trial.suggest_float("l2", 1e-3, 100.0, log=True),
            "l1": trial.suggest_float("l1", 1e-4, 10.0, log=True),
            "loss": trial.suggest_categorical("loss", LOSSES),
            "bags": trial.suggest_int("bags", 1, 5),
            "refit": trial.suggest_categorical("refit", [False, True]),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the depth of the trees and their shrinkage."""
        return {"depth": [3, 6, 9], "learning_rate": [0.03, 0.1]}

    def cost(self, params: Params) -> float:
        """Return the models, times the rounds until they stop, the depth and the features."""
        models = params["bags"] + params["refit"]
        rounds = min(params["rounds"], 20 / params["learning_rate"])
        return float(models * rounds * 1.35 ** params["depth"] * width_of(params)) / 5e3

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder: few-levelled categories stay codes."""
        return TreeEncoder(params["native"])

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the trees."""
        return made(XGBoost, params, seed)


PIPELINE = Boosting()
