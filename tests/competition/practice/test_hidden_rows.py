"""Which rows are hidden."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from competition.data.tables.fold_rule import FoldRule
from competition.errors import PodiumError
from competition.practice.hidden_rows import rows_to_hide, stratified_share
from competition.practice.labelled.labels import Label
from tests.competition.practice.tables import by, table_spec

Numbers = npt.NDArray[np.int64]
SPEC = table_spec(classes=("0", "1", "2", "3", "4"))


@dataclass(frozen=True)
class Rows:
    """Rows that have nothing but what decides who is hidden."""

    truth: Numbers
    units: Numbers | None = None
    name: str = "train.csv"

    @property
    def labels(self) -> list[Label]:
        return [(str(each),) for each in self.truth]

    def ids(self, hidden: Numbers) -> tuple[str, ...]:
        return tuple(map(str, hidden))

    def train_file(self, kept: Numbers) -> bytes:
        return b""

    def test_file(self, hidden: Numbers) -> bytes:
        return b""


def hidden_of(rows: Rows, rule: FoldRule, wanted: int | None = None, seed: int = 0) -> Numbers:
    return rows_to_hide(rows, replace(SPEC, folds=rule), wanted, seed)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.integers(0, 9))
def test_a_share_is_stratified_and_fixed(labels: list[int], seed: int) -> None:
    array = np.array(labels)
    taken = stratified_share(array, 1 / 3, seed)
    assert len(taken) == round(len(labels) / 3)
    assert len(set(taken)) == len(taken)
    counts, chosen = Counter(labels), Counter(array[taken].tolist())
    assert all(abs(chosen[each] - counts[each] / 3) < 1 for each in counts)
    assert (taken == stratified_share(array, 1 / 3, seed)).all()


@given(st.lists(st.integers(1, 6), min_size=12, max_size=60), st.integers(0, 99))
@settings(max_examples=60)
@pytest.mark.parametrize("rule", [by("group", "g"), by("blocks", "g")])
def test_units_are_hidden_whole_and_near_the_share(
    rule: FoldRule, sizes: list[int], seed: int
) -> None:
    units = np.repeat(np.arange(len(sizes)), sizes)
    truth = np.zeros(len(units), np.int64)
    truth[0] = 1  # the one row of its class, which has to stay
    hidden = hidden_of(Rows(truth, units), rule, seed=seed)
    kept = np.setdiff1d(np.arange(len(units)), hidden)
    assert not set(units[hidden]) & set(units[kept])
    assert abs(len(hidden) - len(units) / 3) <= 12  # of which a unit may have been given back
    assert 0 in kept
    assert (hidden == hidden_of(Rows(truth, units), rule, seed=seed)).all()


@given(st.lists(st.integers(0, 30), min_size=12, max_size=80).filter(lambda x: len(set(x)) > 3))
def test_of_time_the_last_stretch_is_hidden(moments: list[int]) -> None:
    units = np.unique(moments, return_inverse=True)[1].astype(np.int64)
    rows = Rows(np.zeros(len(units), np.int64), units)
    try:
        hidden = hidden_of(rows, by("time", "t"))
    except PodiumError:  # most rows are of the last moment
        assert (units == units.max()).mean() > 0.5
        return
    kept = np.setdiff1d(np.arange(len(units)), hidden)
    assert units[kept].max() < units[hidden].min()


def test_as_many_rows_as_wanted_as_near_as_units_allow() -> None:
    units = np.repeat(np.arange(20), 5)
    truth = np.zeros(100, np.int64)
    assert len(hidden_of(Rows(truth, units), by("group", "g"), wanted=12)) == 10
    assert len(hidden_of(Rows(truth, units), by("time", "g"), wanted=12)) == 10
    assert len(hidden_of(Rows(truth), SPEC.folds, wanted=12)) == 12


@pytest.mark.parametrize("seed", range(20))
def test_a_class_of_one_row_is_never_hidden(seed: int) -> None:
    truth = np.array([0] * 11 + [1, 2, 3, 4])
    hidden = hidden_of(Rows(truth), SPEC.folds, seed=seed)
    assert set(np.delete(truth, hidden)) == {0, 1, 2, 3, 4}


def test_a_class_that_comes_only_last_is_a_sentence() -> None:
    truth = np.array([0] * 20 + [1])
    with pytest.raises(PodiumError, match="class '1' are among the last"):
        hidden_of(Rows(truth, np.arange(21)), by("time", "t"))


def test_one_group_cannot_be_parted() -> None:
    with pytest.raises(PodiumError, match="1 different values of 'g' are too few"):
        hidden_of(Rows(np.zeros(30, np.int64), np.zeros(30, np.int64)), by("group", "g"))
