"""Temperatures: one number a column that makes its probabilities mean what they say."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from pipelines.metrics import Labels, Probabilities

_COLDEST, _HOTTEST = 0.1, 10.0
_LEAST = 1e-7  # the smallest probability that a logarithm is taken of


def temperature(probabilities: Probabilities, labels: Labels) -> float:
    """Return the temperature at which the log loss is least (Guo et al., ICML 2017).

    Label smoothing and averaging over views make networks say 0.9 where they are right 99 times of
    100, which costs them their share of a blend. Below 1 is sharper, above 1 softer; the most
    probable class stays the same.

    Args:
        probabilities: (n, n_classes).
        labels: (n,) true classes.
    """
    logs = _logarithms(probabilities)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = logs / np.float32(np.exp(log_temperature))
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, labels]))

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def temperatures(columns: Iterable[Probabilities], labels: Labels) -> npt.NDArray[np.float64]:
    """Return the temperature (n_columns,) float64 of each column of (n, n_classes)."""
    return np.array([temperature(column, labels) for column in columns])


def tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return probabilities (n, n_classes) float32 at a temperature; 1 leaves them as they are."""
    powers = np.exp(_logarithms(probabilities) / np.float32(temperature))
    shares: Probabilities = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _logarithms(probabilities: Probabilities) -> Probabilities:
    """Return logarithms, the greatest of each row 0."""
    logs: Probabilities = np.log(np.clip(probabilities, _LEAST, None, dtype=np.float32))
    logs -= logs.max(axis=1, keepdims=True)
    return logs
