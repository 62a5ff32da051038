"""Inside a fold, what belongs together stays together, and time runs forward."""

from pathlib import Path

import numpy as np

from pipelines.features.tables.learnt.slices import Inner, inner_of
from tests.pipelines.tables import ROWS, Made


def test_rows_on_their_own_are_dealt_out_alike_in_truth() -> None:
    truth = np.repeat([0, 1], [160, 40])
    slices = Inner(seed=1).aside(truth, 0.1, 3, classes=True)
    assert len(slices) == 3
    for learnt, aside in slices:
        assert sorted([*learnt, *aside]) == list(range(200))
        assert truth[aside].sum() == 4 and len(aside) == 20
    assert not set(slices[0][1]) & set(slices[1][1])


def test_a_classs_only_row_is_learnt_from() -> None:
    truth = np.array([0] * 50 + [1])
    for seed in range(30):
        for learnt, _ in Inner(seed=seed).aside(truth, 0.2, 5, classes=True):
            assert 50 in learnt


def test_groups_are_never_parted(tmp_path: Path) -> None:
    rows = Made(tmp_path).train(np.random.default_rng(0).permutation(ROWS)[:300])
    inner = inner_of(rows, 0)
    assert inner.units is not None and not inner.forward
    for learnt, aside in inner.aside(np.zeros(300), 0.2, 2, classes=False):
        assert not set(inner.units[learnt]) & set(inner.units[aside])
        assert 30 <= len(aside) <= 90


def test_where_time_runs_forward_stretches_of_it_tell_when_to_stop(tmp_path: Path) -> None:
    inner = inner_of(Made(tmp_path).train(forward=True), 0)
    assert inner.forward and inner.units is not None
    slices = inner.aside(np.zeros(ROWS), 0.2, 3, classes=False)
    assert len(slices) == 3
    for learnt, aside in slices:
        assert not set(inner.units[learnt]) & set(inner.units[aside])
        runs = np.count_nonzero(np.diff(np.unique(inner.units[aside])) > 1) + 1
        assert runs <= 5  # stretches, and not moments here and there
    # The last rows are learnt from too, if not each time.
    assert any(inner.units[learnt].max() > inner.units[aside].max() for learnt, aside in slices)


def test_rows_of_one_unit_have_nothing_to_put_aside() -> None:
    assert Inner(np.zeros(20, np.int64)).aside(np.arange(20.0), 0.2, 1, classes=False) == []
