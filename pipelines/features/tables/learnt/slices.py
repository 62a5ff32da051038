"""Training rows dealt out once more inside a fold, with what belongs together kept together."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.rows import origin_of
from competition.problem.clusters import clusters_of

Numbers = npt.NDArray[np.int64]

_SMALL = 5_000  # rows below which a greater share of them is put aside
_MOST_ASIDE = 30_000


@dataclass(frozen=True)
class Inner:
    """How the rows given to a fit may be dealt out.

    Attributes:
        units: (n,) the unit of each row, such as its group; None where rows are on their own.
        forward: Whether what is scored comes after what is learnt from.
        seed: Of the draw.
    """

    units: Numbers | None = None
    forward: bool = False
    seed: int = 0

    def parts(self, truth: npt.NDArray[Any], count: int) -> Numbers:
        """Return for each row which of `count` parts it is dealt to; parts are alike in truth.

        Rows of a unit stay together, and parts then are as alike in size as units allow.
        """
        chance = np.random.default_rng(self.seed)
        if self.units is not None:
            different, again, sizes = np.unique(self.units, return_inverse=True, return_counts=True)
            order = chance.permutation(len(different))
            middles = np.cumsum(sizes[order]) - sizes[order] / 2
            of_unit = np.empty(len(different), np.int64)
            of_unit[order] = np.minimum(middles * count // len(self.units), count - 1)
            return of_unit[again]
        order = np.lexsort((chance.random(len(truth)), truth))
        blocks = -(-len(truth) // count)
        dealt = chance.permuted(np.tile(np.arange(count), (blocks, 1)), axis=1).ravel()
        parts = np.empty(len(truth), np.int64)
        parts[order] = dealt[: len(truth)]
        return parts

    def aside(
        self, truth: npt.NDArray[Any], share: float, count: int, *, classes: bool
    ) -> list[tuple[Numbers, Numbers]]:
        """Return `count` times the rows to learn from, and others that tell when to stop.

        Where time runs forward these are stretches of it between others. The last rows would stop
        a model early wherever something changes with time, though one that learns from all rows up
        to now has seen the change. A class's only row stays with those that are learnt from.

        Args:
            truth: (n,) of all rows.
            share: Of the rows, that are put aside.
            count: How often.
            classes: Whether the truth is class indices.
        """
        everything = np.arange(len(truth))
        dealt = self
        if self.forward and self.units is not None:
            dealt = replace(self, units=clusters_of(self.units))
        parts = dealt.parts(truth, max(2, round(1 / share)))
        slices = []
        for part in range(min(count, int(parts.max()) + 1)):
            outside = parts == part
            if classes:
                left = np.bincount(truth[~outside], minlength=int(truth.max()) + 1)
                outside = outside & (left[truth] > 0)
            if outside.any() and not outside.all():
                slices.append((everything[~outside], everything[outside]))
        return slices


def share_aside(rows: int) -> float:
    """Return which share of this many rows is to tell when to stop."""
    return 0.2 if rows < _SMALL else min(0.1, _MOST_ASIDE / rows)


def inner_of(rows: npt.NDArray[Any], seed: int) -> Inner:
    """Return how the rows given to a fit may be dealt out, as their origin tells."""
    origin = origin_of(rows)
    if origin is None or origin.units is None:
        return Inner(seed=seed)
    return Inner(origin.units[origin.numbers], origin.forward, seed)
