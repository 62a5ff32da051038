"""Networks of a table's rows keep the weights that were best on rows aside, where that is asked."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.slices import Inner
from pipelines.models.estimators.tables.network import TableNetwork

pytestmark = pytest.mark.slow  # a network takes its time

ROWS = 320


@pytest.fixture(scope="module")
def noisy() -> tuple[Columns, npt.NDArray[Any]]:
    """Return rows of ten numbers, of which one tells a little of the truth."""
    chance = np.random.default_rng(0)
    values = chance.normal(size=(3000, 10)).astype(np.float32)
    truth = values[:, 0] + 2 * chance.normal(size=3000)
    return Columns(values, tuple("abcdefghij"), (0,) * 10), truth


def learnt(
    seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner | None = None, **params: Any
) -> npt.NDArray[Any]:
    """Return what a network that is far too long trained says of other rows."""
    network = TableNetwork(width=64, depth=2, dropout=0.0, epochs=60, weight_decay=0.0, **params)
    rows = np.arange(ROWS)
    network.learn(seen.rows(rows), truth[:ROWS], classes, inner or Inner())
    return network.outputs(seen.rows(np.arange(ROWS, len(truth))))


@pytest.mark.long
def test_classes_are_not_learnt_by_heart(noisy: tuple[Columns, npt.NDArray[Any]]) -> None:
    seen, values = noisy
    truth = (values > 0).astype(np.int64)

    def loss(probabilities: npt.NDArray[Any]) -> float:
        of_truth = probabilities[np.arange(len(probabilities)), truth[ROWS:]]
        return float(-np.log(np.maximum(of_truth, 1e-15)).mean())

    whole, stopped = (learnt(seen, truth, 2, stopped=stopped) for stopped in (False, True))
    assert loss(whole) > 1.0
    assert loss(stopped) < 0.72
    np.testing.assert_allclose(stopped.sum(axis=1), 1, atol=1e-5)
    again = learnt(seen, truth, 2, stopped=True)
    np.testing.assert_allclose(again, stopped, atol=0.02)
    members = learnt(seen, truth, 2, stopped=True, members=3)
    assert loss(members) < loss(stopped) + 0.005


@pytest.mark.long
def test_numbers_are_not_learnt_by_heart(noisy: tuple[Columns, npt.NDArray[Any]]) -> None:
    seen, truth = noisy
    whole, stopped = (
        np.mean((learnt(seen, truth, 0, stopped=stopped) - truth[ROWS:]) ** 2)
        for stopped in (False, True)
    )
    assert stopped < 0.85 * whole
    assert stopped < 1.05 * truth.var()


@pytest.mark.long
def test_nothing_is_aside_where_time_runs_forward(
    noisy: tuple[Columns, npt.NDArray[Any]],
) -> None:
    seen, truth = noisy
    inner = Inner(np.arange(ROWS), forward=True)
    whole, stopped = (learnt(seen, truth, 0, inner, stopped=stopped) for stopped in (False, True))
    np.testing.assert_allclose(stopped, whole, atol=0.05)
