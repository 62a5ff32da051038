"""Trees boosted by CatBoost, which makes numbers of categories by itself, in order."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pipelines.execution.threads import threads
from pipelines.features.tables.columns import Columns
from pipelines.models.estimators.tables.boosted.losses import LOSSES
from pipelines.models.estimators.tables.boosted.stopping import StoppedBooster, Truth, patience
from pipelines.parameters import NOT_NEGATIVE, Constraints, between, one_of, up_to

_SMALL = 4_000  # rows up to which numbers are cut at fewer places
_MOST_WEIGHED = 80  # features that a cut chooses from: of many, more take long and tell no more
_OBJECTIVES = {"squared": "RMSE", "absolute": "MAE", "huber": "Huber:delta=1.0"}


class CatBoost(StoppedBooster):
    """Symmetric trees.

    Args:
        rounds: Boosting rounds at most.
        learning_rate: Shrinkage of each tree.
        depth: Of a tree.
        l2: Penalty of squared leaf values.
        random_strength: Of the noise on the scores of cuts.
        temperature: Of the random weights of rows; 0 for equal ones.
        colsample: Share of the features that a cut chooses from.
        combined: Categories that are put together, at most.
        one_hot: Levels up to which a category is given as 0/1.
        loss: Of values: `squared`, `absolute` or `huber`.
        bags: As `StoppedBooster` has it.
        refit: As `StoppedBooster` has it.
        seed: Of whatever is drawn.
    """

    constraints: ClassVar[Constraints] = {
        **StoppedBooster.constraints,
        "learning_rate": up_to(1.0),
        "depth": between(1, 16),
        "l2": NOT_NEGATIVE,
        "random_strength": NOT_NEGATIVE,
        "temperature": NOT_NEGATIVE,
        "colsample": up_to(1.0),
        "combined": between(1, 8),
        "one_hot": between(2, 255),
        "loss": one_of(LOSSES),
    }

    def __init__(
        self,
        *,
        rounds: int = 2000,
        learning_rate: float = 0.05,
        depth: int = 6,
        l2: float = 3.0,
        random_strength: float = 1.0,
        temperature: float = 1.0,
        colsample: float = 1.0,
        combined: int = 1,
        one_hot: int = 4,
        loss: str = "squared",
        bags: int = 1,
        refit: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(rounds=rounds, bags=bags, refit=refit, seed=seed)
        self.learning_rate = learning_rate
        self.depth = depth
        self.l2 = l2
        self.random_strength = random_strength
        self.temperature = temperature
        self.colsample = colsample
        self.combined = combined
        self.one_hot = one_hot
        self.loss = loss

    def _boost(
        self,
        learnt: tuple[Columns, Truth],
        aside: tuple[Columns, Truth] | None,
        rounds: int,
        seed: int,
    ) -> tuple[Any, int]:
        from catboost import CatBoost as Model

        model = Model(self._params(rounds, seed, *learnt[0].values.shape))
        data = _pool(*learnt)
        if aside is None:
            model.fit(data)
        else:
            wait = patience(self.learning_rate)
            model.fit(
                data,
                eval_set=_pool(*aside),
                early_stopping_rounds=wait,
                use_best_model=True,
            )
        return model, int(model.tree_count_)

    def _predict(self, model: Any, seen: Columns) -> npt.NDArray[Any]:
        kind = "Probability" if self.classes_ else "RawFormulaVal"
        outputs: npt.NDArray[Any] = model.predict(
            _pool(seen, None), prediction_type=kind, thread_count=threads()
        )
        return outputs

    def _params(self, rounds: int, seed: int, rows: int, columns: int) -> dict[str, Any]:
        if self.classes_ == 0:
            objective: dict[str, Any] = {"loss_function": _OBJECTIVES[self.loss]}
        elif self.classes_ == 2:
            objective = {"loss_function": "Logloss"}
        else:
            objective = {"loss_function": "MultiClass", "classes_count": self.classes_}
        return {
            **objective,
            "iterations": rounds,
            "learning_rate": self.learning_rate,
            "depth": self.depth,
            "l2_leaf_reg": self.l2,
            "random_strength": self.random_strength,
            "bootstrap_type": "Bayesian",
            "bagging_temperature": self.temperature,
            "rsm": min(self.colsample, _MOST_WEIGHED / columns),
            "max_ctr_complexity": self.combined,
            "one_hot_max_size": self.one_hot,
            "border_count": 128 if rows > _SMALL else 48,
            "boosting_type": "Plain",
            "leaf_estimation_iterations": 1 if self.classes_ == 0 else 3,
            "thread_count": threads(),
            "random_seed": seed,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }


def _pool(seen: Columns, truth: Truth | None) -> Any:
    """Return rows as CatBoost takes them: codes as integers, where 0 is a missing one."""
    import pandas as pd
    from catboost import Pool

    columns = {
        place: np.where(np.isnan(column), -1, column).astype(np.int64) + 1
        if seen.levels[place]
        else column
        for place, column in enumerate(seen.values.T)
    }
    return Pool(pd.DataFrame(columns), truth, cat_features=seen.categories, thread_count=threads())
