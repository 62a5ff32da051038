"""Trees boosted by XGBoost, on a table."""

from typing import Any, ClassVar

import numpy.typing as npt

from pipelines.execution.threads import threads
from pipelines.features.tables.columns import Columns
from pipelines.models.estimators.tables.boosted.losses import LOSSES
from pipelines.models.estimators.tables.boosted.stopping import StoppedBooster, Truth, patience
from pipelines.parameters import NOT_NEGATIVE, Constraints, between, one_of, up_to

_OBJECTIVES = {
    "squared": "reg:squarederror",
    "absolute": "reg:absoluteerror",
    "huber": "reg:pseudohubererror",
}


class XGBoost(StoppedBooster):
    """Depth-wise histogram trees.

    Args:
        rounds: Boosting rounds at most.
        learning_rate: Shrinkage of each tree.
        depth: Of a tree, at most.
        least_weight: Of a leaf.
        subsample: Share of the rows that a tree learns from.
        colsample: Share of the features that a tree chooses from.
        l2: Penalty of squared leaf values.
        l1: Penalty of absolute leaf values.
        loss: Of values: `squared`, `absolute` or `huber`.
        bags: As `StoppedBooster` has it.
        refit: As `StoppedBooster` has it.
        seed: Of whatever is drawn.
    """

    constraints: ClassVar[Constraints] = {
        **StoppedBooster.constraints,
        "learning_rate": up_to(1.0),
        "depth": between(1, 32),
        "least_weight": NOT_NEGATIVE,
        "subsample": up_to(1.0),
        "colsample": up_to(1.0),
        "l2": NOT_NEGATIVE,
        "l1": NOT_NEGATIVE,
        "loss": one_of(LOSSES),
    }

    def __init__(
        self,
        *,
        rounds: int = 2000,
        learning_rate: float = 0.05,
        depth: int = 6,
        least_weight: float = 1.0,
        subsample: float = 0.8,
        colsample: float = 0.8,
        l2: float = 1.0,
        l1: float = 0.0,
        loss: str = "squared",
        bags: int = 1,
        refit: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(rounds=rounds, bags=bags, refit=refit, seed=seed)
        self.learning_rate = learning_rate
        self.depth = depth
        self.least_weight = least_weight
        self.subsample = subsample
        self.colsample = colsample
        self.l2 = l2
        self.l1 = l1
        self.loss = loss

    def _boost(
        self,
        learnt: tuple[Columns, Truth],
        aside: tuple[Columns, Truth] | None,
        rounds: int,
        seed: int,
    ) -> tuple[Any, int]:
        import xgboost

        params = self._params(seed)
        data = xgboost.QuantileDMatrix(**_matrix(learnt[0]), label=learnt[1], max_bin=256)
        if aside is None:
            return xgboost.train(params, data, num_boost_round=rounds), rounds
        wait = patience(self.learning_rate)
        stopping = xgboost.callback.EarlyStopping(rounds=wait, save_best=True)
        against = xgboost.QuantileDMatrix(**_matrix(aside[0]), label=aside[1], ref=data)
        model = xgboost.train(
            params,
            data,
            num_boost_round=rounds,
            evals=[(against, "aside")],
            callbacks=[stopping],
            verbose_eval=False,
        )
        return model, int(model.num_boosted_rounds())

    def _predict(self, model: Any, seen: Columns) -> npt.NDArray[Any]:
        import xgboost

        outputs: npt.NDArray[Any] = model.predict(xgboost.DMatrix(**_matrix(seen)))
        return outputs

    def _params(self, seed: int) -> dict[str, Any]:
        if self.classes_ == 0:
            objective: dict[str, Any] = {"objective": _OBJECTIVES[self.loss]}
            if self.loss == "huber":
                objective["eval_metric"] = "mphe"
        elif self.classes_ == 2:
            objective = {"objective": "binary:logistic"}
        else:
            objective = {"objective": "multi:softprob", "num_class": self.classes_}
        return {
            **objective,
            "learning_rate": self.learning_rate,
            "max_depth": self.depth,
            "min_child_weight": self.least_weight,
            "subsample": self.subsample,
            "colsample_bytree": self.colsample,
            "reg_lambda": self.l2,
            "reg_alpha": self.l1,
            "tree_method": "hist",
            "max_bin": 256,
            "nthread": threads(),
            "seed": seed,
            "verbosity": 0,
        }


def _matrix(seen: Columns) -> dict[str, Any]:
    return {
        "data": seen.values,
        "feature_types": ["c" if levels else "q" for levels in seen.levels],
        "enable_categorical": True,
        "nthread": threads(),
    }
