import numpy as np
import pytest

from pipelines.class_scores import class_scores


def test_precision_recall_and_f1_of_each_class() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2])
    answers = np.array([0, 0, 1, 1, 1, 1])
    found = class_scores(answers, truth, ("a", "b", "c", "d"))
    assert [one.name for one in found] == ["a", "b", "c", "d"]
    assert [one.rows for one in found] == [3, 2, 1, 0]
    assert (found[0].precision, found[0].recall) == (1.0, 2 / 3)
    assert (found[1].precision, found[1].recall) == (0.5, 1.0)
    assert found[1].f1 == 2 / 3
    assert (found[2].precision, found[2].recall, found[2].f1) == (0, 0, 0)
    assert found[3].rows == 0


def test_probabilities_are_not_taken_for_answers() -> None:
    with pytest.raises(ValueError, match="class indices"):
        class_scores(np.eye(3, dtype=np.float32), np.arange(3), ("a", "b", "c"))
