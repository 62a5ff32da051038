"""Weights are learnt on rows that no model of the scored ones has predicted."""

import numpy as np
import pytest

from pipelines.blending.cells import cells_of


@pytest.mark.parametrize("counts", [(), (7,), (10,), (12, 10), (3, 10, 40)])
def test_every_row_is_scored_once_by_rows_outside_of_its_folds(counts: tuple[int, ...]) -> None:
    chance = np.random.default_rng(0)
    assigned = chance.integers(0, 5, 3000)
    others = [chance.integers(0, count, 3000) for count in counts]
    scored = np.zeros(3000, int)
    cells = list(cells_of(assigned, others))
    for inside, learnt in cells:
        scored += inside
        assert learnt.any() and not (inside & learnt).any()
        for part in (assigned, *others):
            assert not set(part[inside]) & set(part[learnt])
    assert (scored == 1).all()
    assert len(cells) <= 60


def test_folds_that_are_ours_or_the_same_change_nothing() -> None:
    assigned, other = np.arange(100) % 5, np.arange(100) % 4
    alone = list(cells_of(assigned, []))
    assert len(alone) == 5
    for first, second in zip(alone, cells_of(assigned, [9 - assigned]), strict=True):
        np.testing.assert_array_equal(first, second)
    assert len(list(cells_of(assigned, [other, 3 - other]))) == 20
