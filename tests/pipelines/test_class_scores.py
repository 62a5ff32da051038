import numpy as np

from pipelines.class_scores import class_scores


def test_precision_recall_and_f1_of_each_class() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    given = np.array([0, 0, 1, 1, 1, 1])
    found = class_scores(np.eye(4, dtype=np.float32)[given], labels, ("a", "b", "c", "d"))
    assert [one.name for one in found] == ["a", "b", "c", "d"]
    assert [one.rows for one in found] == [3, 2, 1, 0]
    assert (found[0].precision, found[0].recall) == (1.0, 2 / 3)
    assert (found[1].precision, found[1].recall) == (0.5, 1.0)
    assert found[1].f1 == 2 / 3
    assert (found[2].precision, found[2].recall, found[2].f1) == (0, 0, 0)
    assert found[3].rows == 0
