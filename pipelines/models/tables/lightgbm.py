"""Boosted trees by LightGBM."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.encoded import TreeEncoder
from pipelines.models.estimators.tables.boosted.lightgbm import LightGBM
from pipelines.models.estimators.tables.boosted.losses import LOSSES
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.tables._common import TablePipeline, made, suggested_view, width_of

if TYPE_CHECKING:
    import optuna


class GradientBoosting(TablePipeline):
    """What is seen of the table, how categories are given, and the trees."""

    name: ClassVar[str] = "lightgbm"
    family: ClassVar[str] = "boosted trees"
    priority: ClassVar[int] = 5
    columns: ClassVar[int] = 2

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, and for the number and shape of the trees."""
        return {
            **suggested_view(trial),
            "native": trial.suggest_categorical("native", [0, 16, 1000]),
            "rounds": trial.suggest_int("rounds", 50, 5000, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
            "leaves": trial.suggest_int("leaves", 4, 256, log=True),
            "least_rows": trial.suggest_int("least_rows", 1, 200, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample": trial.suggest_float("colsample", 0.1, 1.0),
            "l2": trial.suggest_float("l2", 1e-3, 100.0, log=True),
            "extra": trial.suggest_categorical("extra", [False, True]),
            "loss": trial.suggest_categorical("loss", LOSSES),
            "bags": trial.suggest_int("bags", 1, 5),
            "refit": trial.suggest_categorical("refit", [False, True]),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the leaves of the trees and their shrinkage."""
        return {"leaves": [8, 31, 127], "learning_rate": [0.03, 0.1]}

    def cost(self, params: Params) -> float:
        """Return the models, times the rounds until they stop, the leaves and the features."""
        models = params["bags"] + params["refit"]
        rounds = min(params["rounds"], 20 / params["learning_rate"])
        leaves = (params["leaves"] + 8) ** 0.7
        return float(models * rounds * leaves * width_of(params)) / 1e4

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder: few-levelled categories stay codes."""
        return TreeEncoder(params["native"])

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the trees."""
        return made(LightGBM, params, seed)


PIPELINE = GradientBoosting()
