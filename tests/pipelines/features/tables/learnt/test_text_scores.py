"""Texts are scored by models that have not seen their truth."""

from pathlib import Path

import numpy as np

from pipelines.features.tables.learnt.slices import Inner
from pipelines.features.tables.learnt.text_scores import TextScores
from tests.pipelines.tables import ROWS, Made


def test_words_that_tell_the_truth_make_a_score(tmp_path: Path) -> None:
    made = Made(tmp_path)
    tall = made.matrix[:ROWS, 10].astype(int) % 2  # whose texts say so
    for truth, classes in ((tall, 2), (tall.astype(float), 0)):
        scores = TextScores()
        own = scores.fit_transform(made.train(), truth, classes, Inner())
        assert own.values.shape == (ROWS, 1)
        assert np.corrcoef(own.values[:, 0], tall)[0, 1] > 0.9
        other = scores.transform(made.test()).values[:, 0]
        assert np.corrcoef(other, made.matrix[ROWS:, 10] % 2)[0, 1] > 0.9


def test_training_rows_are_not_scored_by_their_own_truth(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.matrix[:, 10] = np.arange(len(made.matrix)) % 200
    chance = np.random.default_rng(0).integers(0, 2, ROWS)
    own = TextScores().fit_transform(made.train(), chance, 2, Inner()).values[:, 0]
    assert abs(np.corrcoef(own, chance)[0, 1]) < 0.3


def test_three_classes_have_three_scores_and_tables_without_texts_none(tmp_path: Path) -> None:
    made = Made(tmp_path)
    scores = TextScores().fit_transform(made.train(), made.labels, 3, Inner())
    np.testing.assert_allclose(scores.values.sum(axis=1), 1, atol=1e-4)
    plain = np.zeros((30, 2))
    assert TextScores().fit_transform(plain, np.arange(30) % 2, 2, Inner()).values.shape == (30, 0)
