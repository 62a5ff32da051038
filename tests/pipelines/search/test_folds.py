"""Folds are alike in truth, fixed by their seed, and keep what is scored out of what is learnt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from competition.errors import PodiumError
from competition.problem.metrics import find_metric
from competition.problem.problem import Problem
from pipelines.search.folds import Folds

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
    scored = [folds.split(labels, CLASSES, fold)[1] for fold in range(count)]
    assert sorted(np.concatenate(scored)) == list(range(len(labels)))
    for rows in scored:
        shares = np.bincount(labels[rows], minlength=len(sizes))
        assert np.all(np.abs(shares - np.array(sizes) / count) <= 1)


@given(
    st.lists(st.floats(0, 1e9), min_size=10, max_size=80), st.integers(2, 5), st.integers(0, 1000)
)
def test_numbers_are_spread_by_their_size(values: list[float], count: int, seed: int) -> None:
    """Of every few that follow each other in size, each fold has one."""
    truth = np.column_stack([values, np.zeros(len(values))])
    assigned = Folds(count, seed).assign(truth, NUMBERS)
    assert np.bincount(assigned, minlength=count).min() >= len(values) // count
    order = np.argsort(truth[:, 0], kind="stable")
    if len(set(values)) == len(values):
        for start in range(0, len(values) - count + 1, count):
            assert len(set(assigned[order[start : start + count]])) == count


def test_subsets_are_stratified_parts_of_the_training_rows() -> None:
    labels = np.repeat(np.arange(4), [400, 300, 200, 100])
    folds = Folds(5, 7)
    whole, scored = folds.split(labels, CLASSES, 2)
    subset, same = folds.split(labels, CLASSES, 2, train_rows=80)
    assert len(set(subset)) == 80
    assert set(subset) <= set(whole)
    assert not set(subset) & set(scored)
    np.testing.assert_array_equal(scored, same)
    assert np.bincount(labels[subset]).tolist() == [32, 24, 16, 8]


def test_a_class_too_small_for_its_share_of_a_subset_costs_nothing_else() -> None:
    labels = np.repeat([0, 1, 2], [500, 500, 5])
    subset, _ = Folds(5, 0).split(labels, CLASSES, 0, train_rows=20)
    assert len(subset) == 20
    assert set(labels[subset]) >= {0, 1}


def test_a_subset_of_numbers_spans_them() -> None:
    truth = np.column_stack([np.arange(1000.0), np.zeros(1000)])
    subset, _ = Folds(5, 0).split(truth, NUMBERS, 1, train_rows=8)
    assert np.diff(truth[subset, 0]).max() < 150


@pytest.mark.parametrize("problem", [CLASSES, NUMBERS])
def test_same_seed_same_folds_and_another_seed_others(problem: Problem) -> None:
    truth = np.repeat(np.arange(3), 50) if problem is CLASSES else np.random.rand(150, 2)
    np.testing.assert_array_equal(
        Folds(5, 1).assign(truth, problem), Folds(5, 1).assign(truth, problem)
    )
    assert not np.array_equal(
        Folds(5, 1).assign(truth, problem), Folds(5, 2).assign(truth, problem)
    )


def test_too_few_rows_are_a_sentence() -> None:
    with pytest.raises(PodiumError, match="only 3 training rows, and 5 folds"):
        Folds(5, 0).assign(np.repeat([0, 1], [50, 3]), CLASSES)
    with pytest.raises(PodiumError, match="only 9 training rows, and 5 folds"):
        Folds(5, 0).assign(np.zeros((9, 2)), NUMBERS)
