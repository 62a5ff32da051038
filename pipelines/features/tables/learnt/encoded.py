"""Features as trees take them: numbers, codes of categories, and means of the truth."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from pipelines.features.tables.columns import Columns, varies
from pipelines.features.tables.learnt.slices import Inner
from pipelines.features.tables.learnt.target import TargetMeans
from pipelines.parameters import SWITCH, Constraints, at_least


class TreeEncoder(BaseEstimator):  # type: ignore[misc]
    """Categories of few levels stay codes; of others, and if wanted of all, the truth's means.

    Args:
        native: Levels up to which a category stays one, for models that take categories.
        target: Whether categories of more levels, which stay codes too where none is native, get
            the means of the truth.
    """

    constraints: ClassVar[Constraints] = {
        "native": at_least(0),
        "target": SWITCH,
    }

    def __init__(self, native: int = 16, *, target: bool = True) -> None:
        self.native = native
        self.target = target

    def fit_transform(
        self, seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner
    ) -> Columns:
        """Learn from the features of training rows, and return what a model learns from.

        Args:
            seen: As a `View` gives them.
            truth: (n,) class indices, or values.
            classes: How many classes there are; 0 for values.
            inner: How training rows may be dealt out.
        """
        few = classes <= TargetMeans.most_classes and self.target
        self.native_ = [k for k in seen.categories if seen.levels[k] <= self.native]
        many = [k for k in seen.categories if seen.levels[k] > self.native]
        self.coded_ = [k for k in many if not few or seen.levels[k] <= 2 or not self.native]
        self.means_ = many if few else []
        self.numbers_ = [k for k in seen.numbers if varies(seen.values[:, k])]
        self.encoder_ = None
        if self.means_:
            self.encoder_ = TargetMeans()
            means = self.encoder_.fit_transform(seen.values[:, self.means_], truth, classes, inner)
            return self._put_together(seen, means)
        return self._put_together(seen, None)

    def transform(self, seen: Columns) -> Columns:
        """Return the features of other rows as a fitted model takes them."""
        if self.encoder_ is None:
            return self._put_together(seen, None)
        return self._put_together(seen, self.encoder_.transform(seen.values[:, self.means_]))

    def _put_together(self, seen: Columns, means: npt.NDArray[np.float32] | None) -> Columns:
        kept = [*self.numbers_, *self.coded_, *self.native_]
        names = [seen.names[k] for k in kept]
        levels = [0] * (len(kept) - len(self.native_)) + [seen.levels[k] for k in self.native_]
        values = seen.values[:, kept]
        if means is not None:
            values = np.concatenate([values, means], axis=1)
            each = means.shape[1] // len(self.means_)
            names += [f"{seen.names[k]} mean" for k in self.means_ for _ in range(each)]
            levels += [0] * means.shape[1]
        return Columns(values, tuple(names), tuple(levels))
