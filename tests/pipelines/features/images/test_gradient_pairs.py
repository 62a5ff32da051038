"""Pairs of gradients say which edge goes on as which."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from competition.errors import PodiumError
from pipelines.features.images.gradient_pairs import GradientPairs, n_features
from pipelines.features.images.gradients import GradientHistograms
from tests.pipelines.digits import digits


def test_each_two_cells_that_touch_are_paired_once() -> None:
    images = digits()[0][:5]
    pairs = GradientPairs(cells=2, orientations=3, upright=False).transform(images)
    cells = GradientHistograms(3, (2,), upright=False).transform(images).reshape(5, 3, 4)
    cells = cells.astype(np.float16).astype(np.float32)
    assert pairs.shape == (5, 6 * 9) == (5, n_features(2, 3))
    expected = [
        8 * cells[:, :, near, None] * cells[:, None, :, far]
        for near, far in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
    ]
    every_way = np.sort(np.concatenate([e.reshape(5, -1) for e in expected], axis=1), axis=1)
    np.testing.assert_allclose(np.sort(pairs, axis=1), every_way, rtol=1e-5)


def test_pairs_tell_digits_apart_better_than_the_gradients_they_are_made_of() -> None:
    images, labels = digits()
    images, labels = images[:1200], labels[:1200]
    reached = []
    for features in (GradientHistograms(8, (3,)), GradientPairs(3)):
        rows = features.transform(images)
        model = LogisticRegression(max_iter=60).fit(rows[:600], labels[:600])
        reached.append(model.score(rows[600:], labels[600:]))
    assert reached[1] > reached[0] > 0.85


def test_a_grid_of_one_cell_has_no_pairs() -> None:
    blank = np.zeros((2, 8, 8), np.uint8)
    assert GradientPairs(1).transform(blank).shape == (2, 0)
    assert GradientPairs(5).transform(blank[:0]).shape == (0, n_features(5))
    with pytest.raises(PodiumError, match="'cells' parameter"):
        GradientPairs(-1).transform(blank)
