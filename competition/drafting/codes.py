"""Whole numbers that are codes: their order tells less of the target than each of them does."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

_ROWS = 20_000
_FOLDS = 5
_FEWEST, _REPEATED = 30, 3  # different values, and rows for each of them on average
_PRIOR = 10.0  # rows that the overall mean counts for
_SURE, _LIKELY = 4.0, 1.5  # standard errors
_LESS = 0.25  # of what codes explain, that numbers leave
_FAR_APART = 10  # whole numbers for each that occurs
_SEED = 20_240_601

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """How well a column of whole numbers explains the target by its values, and in their order.

    Attributes:
        more: What the values explain beyond the order, of the target's variance.
        error: Its standard error.
        gain: What the values explain.
        sparse: Whether most whole numbers between the least and the greatest do not occur.
    """

    more: float
    error: float
    gain: float
    sparse: bool

    @property
    def sure(self) -> bool:
        """Whether the values tell clearly more."""
        return self.more > max(_SURE * self.error, _LESS * self.gain)

    @property
    def likely(self) -> bool:
        """Whether the values tell more, as far as can be seen."""
        return self.more > _LIKELY * self.error


def code_columns(train: pd.DataFrame, target: Floats) -> list[str]:
    """Return the columns of whole numbers that are better taken for categories.

    Out of fold, the target's mean of each value has to explain clearly more than boosted trees do
    that see the numbers in their order. Of prices, ages or counts it does not: neighbours tell of
    each other there. Where one column is such, codes are usual in the table, and another whose
    values lie far apart is one too if they seem to explain more. At most 20,000 rows are looked at.

    Args:
        train: (n, columns).
        target: (n,) a number for each row: the target, or whether a row has the usual class.
    """
    looked = {str(name): _evidence(train[name], target) for name in train}
    found = {name: each for name, each in looked.items() if each is not None}
    if not any(each.sure for each in found.values()):
        return []
    return [name for name, each in found.items() if each.sure or (each.sparse and each.likely)]


def _evidence(cells: pd.Series, target: Floats) -> Evidence | None:
    """Return what speaks for codes; None where nothing can, or nothing is explained at all."""
    if not pd.api.types.is_integer_dtype(cells) or cells.min() < 0:
        return None
    values = cells.to_numpy(np.int64)
    random = np.random.default_rng(_SEED)
    rows = random.permutation(len(values))[:_ROWS]
    values, target = values[rows], target[rows]
    different = len(np.unique(values))
    if not _FEWEST <= different <= len(values) / _REPEATED:
        return None
    folds = random.integers(0, _FOLDS, len(values))
    spread = float(target.var())
    if spread == 0:
        return None
    by_value = _out_of_fold(values, target, folds, _mean_of_value)
    gain = spread - float(((target - by_value) ** 2).mean())
    if gain <= 0.001 * spread:
        return None
    by_order = _out_of_fold(values, target, folds, _boosted)
    more = (target - by_order) ** 2 - (target - by_value) ** 2
    sparse = int(values.max() - values.min()) > _FAR_APART * different
    return Evidence(float(more.mean()), float(more.std() / np.sqrt(len(more))), gain, sparse)


def _out_of_fold(
    values: Codes, target: Floats, folds: Codes, guess: Callable[[Codes, Floats, Codes], Floats]
) -> Floats:
    """Return a guess for each row that was made of the other folds' rows."""
    found = np.empty(len(values))
    for fold in range(_FOLDS):
        inside = folds == fold
        found[inside] = guess(values[~inside], target[~inside], values[inside])
    return found


def _mean_of_value(known: Codes, target: Floats, asked: Codes) -> Floats:
    means = pd.Series(target).groupby(known).agg(["sum", "count"])
    whole = target.mean()
    smooth = (means["sum"] + _PRIOR * whole) / (means["count"] + _PRIOR)
    return np.asarray(smooth.reindex(asked).fillna(whole), np.float64)


def _boosted(known: Codes, target: Floats, asked: Codes) -> Floats:
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(n_estimators=60, learning_rate=0.15, n_jobs=1, verbose=-1)
    model.fit(known[:, None].astype(np.float64), target)
    return np.asarray(model.predict(asked[:, None].astype(np.float64)), np.float64)
