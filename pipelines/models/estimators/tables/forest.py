"""Random forests and extremely randomised trees, on a table."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from pipelines.execution.threads import threads
from pipelines.features.tables.columns import Columns, Values
from pipelines.features.tables.learnt.slices import Inner
from pipelines.parameters import COUNT, SEED, SWITCH, Constraints, one_of, up_to

KINDS = ("random", "extra")
_MODELS = {
    ("random", True): RandomForestClassifier,
    ("random", False): RandomForestRegressor,
    ("extra", True): ExtraTreesClassifier,
    ("extra", False): ExtraTreesRegressor,
}
_MOST_ROWS = 60_000  # that a tree learns from
_GAP = -1e16  # what stands for a missing cell: below all that is there


class Forest(BaseEstimator):  # type: ignore[misc]
    """scikit-learn's forests, whose missing cells lie below all others.

    On large tables each tree learns from a part of the rows.

    Args:
        kind: `random` or `extra`.
        trees: How many.
        colsample: Share of the features that a cut chooses from.
        least_rows: Of a leaf.
        entropy: Whether classes are parted by entropy rather than Gini impurity.
        seed: Of the trees.
    """

    constraints: ClassVar[Constraints] = {
        "kind": one_of(KINDS),
        "trees": COUNT,
        "colsample": up_to(1.0),
        "least_rows": COUNT,
        "entropy": SWITCH,
        "seed": SEED,
    }

    def __init__(
        self,
        kind: str = "extra",
        trees: int = 300,
        colsample: float = 0.5,
        least_rows: int = 2,
        *,
        entropy: bool = True,
        seed: int = 0,
    ) -> None:
        self.kind = kind
        self.trees = trees
        self.colsample = colsample
        self.least_rows = least_rows
        self.entropy = entropy
        self.seed = seed

    def learn(self, seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner) -> Self:
        """Learn from rows and their class indices (n,), or, where `classes` is 0, values (n,)."""
        settings: dict[str, Any] = {"criterion": "entropy" if self.entropy else "gini"}
        if not classes:
            settings = {}
        many = len(seen) > _MOST_ROWS
        self.model_ = _MODELS[self.kind, bool(classes)](
            n_estimators=self.trees,
            max_features=self.colsample,
            min_samples_leaf=self.least_rows,
            bootstrap=many or self.kind == "random",
            max_samples=_MOST_ROWS if many else None,
            n_jobs=threads(),
            random_state=self.seed,
            **settings,
        ).fit(_without_gaps(seen.values), truth)
        return self

    def outputs(self, seen: Columns) -> npt.NDArray[Any]:
        """Return probabilities (n, classes), or values (n,)."""
        values = _without_gaps(seen.values)
        predict = getattr(self.model_, "predict_proba", self.model_.predict)
        outputs: npt.NDArray[Any] = predict(values)
        return outputs


def _without_gaps(values: Values) -> Values:
    return np.nan_to_num(values, nan=_GAP)
