"""Folds are alike in truth, fixed by their seed, and keep what is scored out of what is learnt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from competition.data.tables.fold_rule import By
from competition.errors import PodiumError
from competition.problem.metrics.known import find_metric
from competition.problem.problem import Problem
from pipelines.search.folds import Folds, folds_by_time, folds_in

CLASSES = Problem(find_metric("accuracy"), tuple("abcdef"))
NUMBERS = Problem(find_metric("rmsle"), targets=("price", "area"))


@given(
    st.lists(st.integers(5, 30), min_size=2, max_size=6),
    st.integers(2, 5),
    st.integers(0, 1000),
)
def test_every_row_is_scored_once_and_classes_are_spread(
    sizes: list[int], count: int, seed: int
) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    folds = Folds(count, seed)
    scored = [folds.deal(labels, CLASSES).split(fold)[1] for fold in range(count)]
    assert sorted(np.concatenate(scored)) == list(range(len(labels)))
    for rows in scored:
        shares = np.bincount(labels[rows], minlength=len(sizes))
        assert np.all(np.abs(shares - np.array(sizes) / count) <= 1)


@given(
    st.lists(st.integers(0, 10**9).map(float), min_size=10, max_size=80),
    st.integers(2, 5),
    st.integers(0, 1000),
)
def test_numbers_are_spread_by_their_size(values: list[float], count: int, seed: int) -> None:
    """Of every few that follow each other in size, each fold has one."""
    truth = np.column_stack([values, np.zeros(len(values))])
    assigned = Folds(count, seed).deal(truth, NUMBERS).assigned
    assert np.bincount(assigned, minlength=count).min() >= len(values) // count
    order = np.argsort(truth[:, 0], kind="stable")
    if len(set(values)) == len(values):
        for start in range(0, len(values) - count + 1, count):
            assert len(set(assigned[order[start : start + count]])) == count


def test_subsets_are_stratified_parts_of_the_training_rows() -> None:
    labels = np.repeat(np.arange(4), [400, 300, 200, 100])
    folds = Folds(5, 7)
    whole, scored = folds.deal(labels, CLASSES).split(2)
    subset, same = folds.deal(labels, CLASSES).split(2, train_rows=80)
    assert len(set(subset)) == 80
    assert set(subset) <= set(whole)
    assert not set(subset) & set(scored)
    np.testing.assert_array_equal(scored, same)
    assert np.bincount(labels[subset]).tolist() == [32, 24, 16, 8]


def test_a_class_too_small_for_its_share_of_a_subset_costs_nothing_else() -> None:
    labels = np.repeat([0, 1, 2], [500, 500, 5])
    subset, _ = Folds(5, 0).deal(labels, CLASSES).split(0, train_rows=20)
    assert len(subset) == 20
    assert set(labels[subset]) >= {0, 1}


def test_a_subset_of_numbers_spans_them() -> None:
    truth = np.column_stack([np.arange(1000.0), np.zeros(1000)])
    subset, _ = Folds(5, 0).deal(truth, NUMBERS).split(1, train_rows=8)
    assert np.diff(truth[subset, 0]).max() < 150


@pytest.mark.parametrize("problem", [CLASSES, NUMBERS])
def test_same_seed_same_folds_and_another_seed_others(problem: Problem) -> None:
    truth = np.repeat(np.arange(3), 50) if problem is CLASSES else np.random.rand(150, 2)
    np.testing.assert_array_equal(
        Folds(5, 1).deal(truth, problem).assigned, Folds(5, 1).deal(truth, problem).assigned
    )
    assert not np.array_equal(
        Folds(5, 1).deal(truth, problem).assigned, Folds(5, 2).deal(truth, problem).assigned
    )


def test_rows_dealt_out_again_are_scored_once_more() -> None:
    labels = np.repeat(np.arange(3), 40)
    dealt = Folds(5, 0, repeats=3).deal(labels, CLASSES)
    counts = np.zeros(len(labels))
    for fit in range(dealt.folds.fits):
        train, scored = dealt.split(fit)
        counts[scored] += 1
        assert sorted([*train, *scored]) == list(range(len(labels)))
        np.testing.assert_array_equal(np.flatnonzero(dealt.scored_by(fit)), scored)
    assert counts.tolist() == [3] * len(labels)
    assert not np.array_equal(*dealt.dealings[:2])


@pytest.mark.long
@pytest.mark.parametrize("problem", [CLASSES, NUMBERS])
@pytest.mark.parametrize("by", [By.GROUP, By.BLOCKS])
@given(st.lists(st.integers(1, 6), min_size=10, max_size=40), st.integers(0, 99))
def test_a_unit_is_never_parted(problem: Problem, by: By, sizes: list[int], seed: int) -> None:
    units = np.repeat(np.arange(len(sizes)), sizes)
    chance = np.random.default_rng(seed)
    truth = (
        chance.integers(0, 2, len(units)) if problem is CLASSES else chance.random((len(units), 2))
    )
    dealt = Folds(5, seed, by).deal(truth, problem, units)
    for unit in range(len(sizes)):
        assert len(set(dealt.assigned[units == unit])) == 1
    assert set(dealt.assigned) == set(range(5))


@given(st.lists(st.integers(0, 60), min_size=60, max_size=150).filter(lambda m: len(set(m)) > 20))
def test_by_time_all_that_is_learnt_from_comes_before_what_is_scored(moments: list[int]) -> None:
    units = np.unique(moments, return_inverse=True)[1]
    dealt = Folds(3, 0, By.TIME).deal(np.random.rand(len(units), 2), NUMBERS, units)
    for fit in range(3):
        train, scored = dealt.split(fit)
        if len(scored):
            assert units[train].max() < units[scored].min()
    assert len(dealt.rows) == len(dealt.assigned) == len(dealt.truth)
    assert abs(len(dealt.rows) - len(units) / 2) <= np.bincount(units).max()
    assert dealt.folds.whole == 3
    assert [len(part) for part in dealt.split(3)] == [len(units), 0]


@pytest.mark.parametrize(
    ("rows", "test_rows", "count"), [(100, 5, 5), (100, 12, 4), (100, 17, 3), (100, 80, 2)]
)
def test_folds_by_time_are_as_long_as_the_test_set(rows: int, test_rows: int, count: int) -> None:
    assert folds_by_time(rows, test_rows, most=5) == count


def test_folds_are_read_as_they_were_told_of() -> None:
    for folds in (Folds(3, 7), Folds(5, 0, By.GROUP, 2), Folds(5, 1, By.TIME)):
        assert folds_in(folds.facts()) == folds
    assert Folds(5, 0).facts() == {"count": 5, "seed": 0}


def test_a_class_with_fewer_rows_than_folds_is_dealt_out_all_the_same() -> None:
    labels = np.repeat([0, 1], [50, 3])
    assigned = Folds(5, 0).deal(labels, CLASSES).assigned
    assert np.bincount(assigned[labels == 1], minlength=5).max() == 1


def test_too_few_rows_are_a_sentence() -> None:
    with pytest.raises(PodiumError, match="No class has 5 training rows"):
        Folds(5, 0).deal(np.arange(20) % 6, CLASSES)
    with pytest.raises(PodiumError, match="only 9 training rows, and 5 folds"):
        Folds(5, 0).deal(np.zeros((9, 2)), NUMBERS)
    with pytest.raises(PodiumError, match="only 2 different ones to part rows by group"):
        Folds(5, 0, By.GROUP).deal(np.zeros((40, 2)), NUMBERS, np.arange(40) % 2)
    with pytest.raises(PodiumError, match="too few moments for 5 folds"):
        Folds(5, 0, By.TIME).deal(np.zeros((40, 2)), NUMBERS, np.arange(40) % 5)
