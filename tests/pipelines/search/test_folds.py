"""Folds are stratified, fixed by their seed, and keep what is scored out of what is learnt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from competition import PodiumError
from pipelines.search.folds import Folds


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
    scored = [folds.split(labels, fold)[1] for fold in range(count)]
    assert sorted(np.concatenate(scored)) == list(range(len(labels)))
    for rows in scored:
        shares = np.bincount(labels[rows], minlength=len(sizes))
        assert np.all(np.abs(shares - np.array(sizes) / count) <= 1)


def test_subsets_are_stratified_parts_of_the_training_rows() -> None:
    labels = np.repeat(np.arange(4), [400, 300, 200, 100])
    folds = Folds(5, 7)
    whole, scored = folds.split(labels, 2)
    subset, same = folds.split(labels, 2, train_rows=80)
    assert len(subset) == 80
    assert set(subset) <= set(whole)
    assert not set(subset) & set(scored)
    np.testing.assert_array_equal(scored, same)
    assert np.bincount(labels[subset]).tolist() == [32, 24, 16, 8]


def test_same_seed_same_folds_and_another_seed_others() -> None:
    labels = np.repeat(np.arange(3), 50)
    np.testing.assert_array_equal(Folds(5, 1).assign(labels), Folds(5, 1).assign(labels))
    assert not np.array_equal(Folds(5, 1).assign(labels), Folds(5, 2).assign(labels))


def test_a_class_smaller_than_the_folds_is_a_sentence() -> None:
    with pytest.raises(PodiumError, match="only 3 training rows, and 5 folds"):
        Folds(5, 0).assign(np.repeat([0, 1], [50, 3]))
