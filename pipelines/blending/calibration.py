"""Temperatures: one number a column that makes its probabilities mean what they say."""

import numpy as np
import numpy.typing as npt

from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth

COLDEST, _HOTTEST = 0.1, 10.0
_LEAST = 1e-7  # the smallest probability that a logarithm is taken of


def temperature(probabilities: Predictions, truth: Truth) -> float:
    """Return the temperature that the log loss asks for (Guo et al., ICML 2017).

    Label smoothing and averaging over views make networks say 0.9 where they are right 99 times of
    100, which costs them their share of a blend. Below 1 is sharper, above 1 softer; the most
    probable class stays the same. The logarithm of a temperature is normal with deviation 1 before
    anything is seen: where a column hardly errs, few rows would ask for any sharpness.

    Args:
        probabilities: (n, n_classes).
        truth: (n,) class indices.
    """
    from scipy.optimize import minimize_scalar

    logs = log_shares(probabilities)
    rows = np.arange(len(truth))

    def loss(log_temperature: float) -> float:
        scaled = logs / np.float32(np.exp(log_temperature))
        known = float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, truth]))
        return known + log_temperature**2 / 2 / len(truth)

    bounds = (np.log(COLDEST), np.log(_HOTTEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def temperatures(
    stack: npt.NDArray[np.float32], truth: Truth, problem: Problem
) -> npt.NDArray[np.float64]:
    """Return the temperature (c,) float64 of each column of a stack (c, n, k).

    Only probabilities of classes have one; of other columns it is 1.
    """
    if problem.kind != Kind.CLASSES:
        return np.ones(len(stack))
    return np.array([temperature(column, truth) for column in stack])


def tempered(probabilities: Predictions, temperature: float) -> Predictions:
    """Return probabilities (n, n_classes) float32 at a temperature; 1 leaves them as they are."""
    powers = np.exp(log_shares(probabilities) / np.float32(temperature))
    shares: Predictions = powers / powers.sum(axis=1, keepdims=True)
    return shares


def log_shares(probabilities: Predictions) -> Predictions:
    """Return logarithms (…, n_classes) float32 of probabilities, the greatest of each row 0."""
    logs: Predictions = np.log(np.clip(probabilities, _LEAST, None, dtype=np.float32))
    logs -= logs.max(axis=-1, keepdims=True)
    return logs
