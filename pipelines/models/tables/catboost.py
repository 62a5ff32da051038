"""Boosted trees by CatBoost, which takes categories of any number of levels as they are."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.encoded import TreeEncoder
from pipelines.models.estimators.tables.boosted.catboost import CatBoost
from pipelines.models.estimators.tables.boosted.losses import LOSSES
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.tables._common import TablePipeline, made, suggested_view, width_of

if TYPE_CHECKING:
    import optuna

_EVERY_LEVEL = 1 << 24


class Boosting(TablePipeline):
    """What is seen of the table, and the trees."""

    name: ClassVar[str] = "catboost"
    family: ClassVar[str] = "boosted trees"
    priority: ClassVar[int] = 4
    budget_share: ClassVar[float] = 2.0
    columns: ClassVar[int] = 2

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, and for the number and shape of the trees."""
        return {
            **suggested_view(trial, "crossings"),  # it crosses categories itself
            "rounds": trial.suggest_int("rounds", 50, 5000, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "depth": trial.suggest_int("depth", 3, 9),
            "l2": trial.suggest_float("l2", 0.1, 30.0, log=True),
            "random_strength": trial.suggest_float("random_strength", 0.1, 10.0, log=True),
            "temperature": trial.suggest_float("temperature", 0.0, 2.0),
            "colsample": trial.suggest_float("colsample", 0.2, 1.0),
            "combined": trial.suggest_int("combined", 1, 4),
            "one_hot": trial.suggest_int("one_hot", 2, 32, log=True),
            "loss": trial.suggest_categorical("loss", LOSSES),
            "bags": trial.suggest_int("bags", 1, 3),
            "refit": trial.suggest_categorical("refit", [False, True]),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the depth of the trees and their shrinkage."""
        return {"depth": [4, 6, 8], "learning_rate": [0.03, 0.1]}

    def cost(self, params: Params) -> float:
        """Return the models, times the rounds until they stop, the leaves and the features."""
        models = params["bags"] + params["refit"]
        rounds = min(params["rounds"], 30 / params["learning_rate"])
        leaves = 8 + 2.0 ** params["depth"] / 8
        return float(models * rounds * leaves * width_of(params) * params["combined"] ** 0.5) / 5e3

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder: all categories stay what they are."""
        return TreeEncoder(_EVERY_LEVEL, target=False)

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the trees."""
        return made(CatBoost, params, seed)


PIPELINE = Boosting()
