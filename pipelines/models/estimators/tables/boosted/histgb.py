"""Trees boosted by scikit-learn."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from pipelines.features.tables.columns import Columns
from pipelines.models.estimators.tables.boosted.stopping import StoppedBooster, Truth, patience
from pipelines.parameters import COUNT, NOT_NEGATIVE, Constraints, at_least, one_of, up_to

LOSSES = ("squared", "absolute")
_PATIENCE = 25  # rounds at most: those after the best one stay in the model
_NAMES = {"squared": "squared_error", "absolute": "absolute_error"}


class HistogramBoosting(StoppedBooster):
    """scikit-learn's histogram trees.

    Args:
        rounds: Boosting rounds at most.
        learning_rate: Shrinkage of each tree.
        leaves: Of a tree, at most.
        least_rows: Of a leaf.
        colsample: Share of the features that a cut chooses from.
        l2: Penalty of squared leaf values.
        loss: Of values: `squared` or `absolute`.
        bags: As `StoppedBooster` has it.
        refit: As `StoppedBooster` has it.
        seed: Of whatever is drawn.
    """

    constraints: ClassVar[Constraints] = {
        **StoppedBooster.constraints,
        "learning_rate": up_to(1.0),
        "leaves": at_least(2),
        "least_rows": COUNT,
        "colsample": up_to(1.0),
        "l2": NOT_NEGATIVE,
        "loss": one_of(LOSSES),
    }

    def __init__(
        self,
        *,
        rounds: int = 1000,
        learning_rate: float = 0.06,
        leaves: int = 31,
        least_rows: int = 20,
        colsample: float = 0.8,
        l2: float = 0.0,
        loss: str = "squared",
        bags: int = 1,
        refit: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(rounds=rounds, bags=bags, refit=refit, seed=seed)
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.least_rows = least_rows
        self.colsample = colsample
        self.l2 = l2
        self.loss = loss

    def _boost(
        self,
        learnt: tuple[Columns, Truth],
        aside: tuple[Columns, Truth] | None,
        rounds: int,
        seed: int,
    ) -> tuple[Any, int]:
        seen, truth = learnt
        settings: dict[str, Any] = {
            "max_iter": rounds,
            "learning_rate": self.learning_rate,
            "max_leaf_nodes": self.leaves,
            "min_samples_leaf": self.least_rows,
            "max_features": self.colsample,
            "l2_regularization": self.l2,
            "categorical_features": seen.categories,
            "early_stopping": aside is not None,
            "n_iter_no_change": min(_PATIENCE, patience(self.learning_rate)),
            "random_state": seed,
        }
        if self.classes_:
            model = HistGradientBoostingClassifier(**settings)
        else:
            model = HistGradientBoostingRegressor(loss=_NAMES[self.loss], **settings)
        if aside is None:
            return model.fit(seen.values, truth), rounds
        known = np.isin(aside[1], truth) if self.classes_ else np.ones(len(aside[1]), bool)
        model.fit(seen.values, truth, X_val=aside[0].values[known], y_val=aside[1][known])
        return model, int(np.argmax(model.validation_score_)) or 1

    def _predict(self, model: Any, seen: Columns) -> npt.NDArray[Any]:
        if not self.classes_:
            values: npt.NDArray[Any] = model.predict(seen.values)
            return values
        probabilities = np.zeros((len(seen), self.classes_))
        probabilities[:, model.classes_] = model.predict_proba(seen.values)
        return probabilities
