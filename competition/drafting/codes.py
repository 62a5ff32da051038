"""Whole numbers that are codes: their order tells less of the target than each of them does."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

_ROWS = 20_000
_FOLDS = 5
_FEWEST, _REPEATED = 30, 3  # different values, and rows for each of them on average
_PRIOR = 10.0  # rows that the overall mean counts for
_SURE = 4.0  # standard errors
_LESS = 0.25  # of what codes explain, that numbers leave
_SEED = 20_240_601

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def are_codes(cells: pd.Series, target: Floats) -> bool:
    """Tell whether a column of whole numbers is better taken for categories.

    Out of fold, the target's mean of each value has to explain clearly more than boosted trees do
    that see the numbers in their order. Of prices, ages or counts it does not: neighbours tell of
    each other there. At most 20,000 rows are looked at.

    Args:
        cells: (n,) a column of train.
        target: (n,) a number for each row: the target, or whether a row has the usual class.
    """
    if not pd.api.types.is_integer_dtype(cells) or cells.min() < 0:
        return False
    values = cells.to_numpy(np.int64)
    random = np.random.default_rng(_SEED)
    rows = random.permutation(len(values))[:_ROWS]
    values, target = values[rows], target[rows]
    if not _FEWEST <= len(np.unique(values)) <= len(values) / _REPEATED:
        return False
    folds = random.integers(0, _FOLDS, len(values))
    spread = float(target.var())
    if spread == 0:
        return False
    by_value = _out_of_fold(values, target, folds, _mean_of_value)
    gain = spread - float(((target - by_value) ** 2).mean())
    if gain <= 0.001 * spread:
        return False
    by_order = _out_of_fold(values, target, folds, _boosted)
    more = (target - by_order) ** 2 - (target - by_value) ** 2
    error = float(more.std() / np.sqrt(len(more)))
    return float(more.mean()) > max(_SURE * error, _LESS * gain)


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
