"""Numbers in pieces for networks, after Gorishniy et al. 2022, and categories by their codes."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.scaling import SCALINGS, Scaler
from pipelines.features.tables.learnt.slices import Inner
from pipelines.features.tables.learnt.target import TargetMeans
from pipelines.parameters import Constraints, at_least, between, one_of

Values = npt.NDArray[np.float32]

_LEAST_GAPS = 0.005
_MOST_PIECES = 1200  # of all numbers together


class NetworkEncoder(BaseEstimator):  # type: ignore[misc]
    """Scaled numbers, each in pieces too, and codes from 1 of categories, where 0 is missing.

    A number's pieces are 1 up to the one that it lies in, and there the share of it that lies
    below: the quantile-based piecewise-linear encoding.

    Args:
        scaling: As `Scaler` has it.
        pieces: Of each number; 0 for the number alone.
        levels: Of a category, up to which it has an embedding; beyond, it is the truth's means.
    """

    constraints: ClassVar[Constraints] = {
        "scaling": one_of(SCALINGS),
        "pieces": between(0, 256),
        "levels": at_least(1),
    }

    def __init__(self, scaling: str = "quantile", pieces: int = 16, levels: int = 40) -> None:
        self.scaling = scaling
        self.pieces = pieces
        self.levels = levels

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
        values = seen.values
        self.numbers_ = seen.numbers
        numbers = values[:, self.numbers_]
        gaps = np.isnan(numbers).mean(axis=0) if len(numbers) else np.zeros(0)
        self.gaps_ = [k for k, gap in zip(self.numbers_, gaps, strict=True) if gap > _LEAST_GAPS]
        many = [k for k in seen.categories if seen.levels[k] > self.levels]
        self.codes_ = [k for k in seen.categories if seen.levels[k] <= self.levels]
        self.means_ = many if classes <= TargetMeans.most_classes else []
        self.encoder_ = TargetMeans() if self.means_ else None
        means = None
        if self.encoder_ is not None:
            means = self.encoder_.fit_transform(values[:, self.means_], truth, classes, inner)
            self.mean_scaler_ = Scaler("standard").fit(means)
        self.scaler_ = Scaler(self.scaling).fit(numbers)
        scaled = self.scaler_.transform(numbers)
        pieces = min(self.pieces, _MOST_PIECES // max(1, len(self.numbers_)))
        self.edges_ = None
        if pieces > 1:
            self.edges_ = np.quantile(scaled, np.linspace(0, 1, pieces + 1), axis=0).astype("f4")
        return self._put_together(seen, scaled, means)

    def transform(self, seen: Columns) -> Columns:
        """Return the features of other rows as a fitted model takes them."""
        means = None
        if self.encoder_ is not None:
            means = self.encoder_.transform(seen.values[:, self.means_])
        scaled = self.scaler_.transform(seen.values[:, self.numbers_])
        return self._put_together(seen, scaled, means)

    def _put_together(self, seen: Columns, scaled: Values, means: Values | None) -> Columns:
        blocks = [scaled, np.isnan(seen.values[:, self.gaps_]).astype(np.float32)]
        if self.edges_ is not None:
            blocks.append(_pieces(scaled, self.edges_))
        if means is not None:
            blocks.append(self.mean_scaler_.transform(means))
        width = sum(block.shape[1] for block in blocks)
        blocks.append(np.nan_to_num(seen.values[:, self.codes_] + 1, nan=0.0))
        values = np.concatenate(blocks, axis=1, dtype=np.float32)
        levels = (0,) * width + tuple(seen.levels[k] for k in self.codes_)
        return Columns(values, tuple(map(str, range(values.shape[1]))), levels)


def _pieces(scaled: Values, edges: Values) -> Values:
    """Return which share of each piece lies below each number, (n, pieces × d)."""
    low, high = edges[:-1], edges[1:]
    wide = np.where(high > low, high - low, np.float32(np.inf))
    parts = [
        ((scaled - low[piece]) / wide[piece]).clip(0, 1).astype(np.float32)
        for piece in range(len(low))
    ]
    return np.concatenate(parts, axis=1)
