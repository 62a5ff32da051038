"""Trees boosted by LightGBM."""

from typing import Any, ClassVar

import numpy.typing as npt

from pipelines.execution.threads import threads
from pipelines.features.tables.columns import Columns
from pipelines.models.estimators.tables.boosted.losses import LOSSES
from pipelines.models.estimators.tables.boosted.stopping import StoppedBooster, Truth, patience
from pipelines.parameters import COUNT, NOT_NEGATIVE, SWITCH, Constraints, at_least, one_of, up_to

_OBJECTIVES = {"squared": "regression", "absolute": "regression_l1", "huber": "huber"}


class LightGBM(StoppedBooster):
    """Leaf-wise histogram trees.

    Args:
        rounds: Boosting rounds at most.
        learning_rate: Shrinkage of each tree.
        leaves: Of a tree, at most.
        least_rows: Of a leaf.
        subsample: Share of the rows that a tree learns from.
        colsample: Share of the features that a tree chooses from.
        l2: Penalty of squared leaf values.
        extra: Whether cuts are tried at random.
        loss: Of values: `squared`, `absolute` or `huber`.
        bags: As `StoppedBooster` has it.
        refit: As `StoppedBooster` has it.
        seed: Of whatever is drawn.
    """

    constraints: ClassVar[Constraints] = {
        **StoppedBooster.constraints,
        "learning_rate": up_to(1.0),
        "leaves": at_least(2),
        "least_rows": COUNT,
        "subsample": up_to(1.0),
        "colsample": up_to(1.0),
        "l2": NOT_NEGATIVE,
        "extra": SWITCH,
        "loss": one_of(LOSSES),
    }

    def __init__(
        self,
        *,
        rounds: int = 2000,
        learning_rate: float = 0.05,
        leaves: int = 31,
        least_rows: int = 20,
        subsample: float = 1.0,
        colsample: float = 0.8,
        l2: float = 0.0,
        extra: bool = False,
        loss: str = "squared",
        bags: int = 1,
        refit: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(rounds=rounds, bags=bags, refit=refit, seed=seed)
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.least_rows = least_rows
        self.subsample = subsample
        self.colsample = colsample
        self.l2 = l2
        self.extra = extra
        self.loss = loss

    def _boost(
        self,
        learnt: tuple[Columns, Truth],
        aside: tuple[Columns, Truth] | None,
        rounds: int,
        seed: int,
    ) -> tuple[Any, int]:
        import lightgbm

        params = self._params(seed)
        data = _dataset(*learnt, params)
        if aside is None:
            return lightgbm.train(params, data, rounds), rounds
        stopping = lightgbm.early_stopping(patience(self.learning_rate), verbose=False)
        model = lightgbm.train(
            params,
            data,
            rounds,
            valid_sets=[data.create_valid(aside[0].values, aside[1])],
            callbacks=[stopping],
        )
        return model, int(model.best_iteration)

    def _predict(self, model: Any, seen: Columns) -> npt.NDArray[Any]:
        outputs: npt.NDArray[Any] = model.predict(seen.values, num_threads=threads())
        return outputs

    def _params(self, seed: int) -> dict[str, Any]:
        if self.classes_ == 0:
            objective: dict[str, Any] = {"objective": _OBJECTIVES[self.loss]}
        elif self.classes_ == 2:
            objective = {"objective": "binary"}
        else:
            objective = {"objective": "multiclass", "num_class": self.classes_}
        return {
            **objective,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_rows,
            "bagging_fraction": self.subsample,
            "bagging_freq": 1 if self.subsample < 1 else 0,
            "feature_fraction": self.colsample,
            "lambda_l2": self.l2,
            "extra_trees": self.extra,
            "cat_smooth": 10,
            "feature_pre_filter": False,
            "force_col_wise": True,
            "deterministic": True,
            "num_threads": threads(),
            "seed": seed,
            "verbosity": -1,
        }


def _dataset(seen: Columns, truth: Truth, params: dict[str, Any]) -> Any:
    import lightgbm

    return lightgbm.Dataset(
        seen.values,
        truth,
        params=params,
        categorical_feature=seen.categories,
        free_raw_data=True,
    )
