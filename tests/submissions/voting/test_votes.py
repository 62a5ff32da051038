"""What several files say together, for each thing that a file may hold."""

from dataclasses import replace

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.problem.metrics.known import find_metric
from competition.problem.problem import Problem
from submissions.voting.votes import vote

CLASSES = ("a", "b", "c")


def problem(metric: str, **fields: object) -> Problem:
    made = Problem(find_metric(metric), CLASSES, ("value",))
    return replace(made, **fields)  # type: ignore[arg-type]


def test_labels_go_to_the_majority_and_a_tie_to_the_first_file() -> None:
    files = [np.array([0, 1, 2, 0]), np.array([0, 2, 2, 1]), np.array([1, 2, 2, 2])]
    found = vote(files, problem("accuracy"))
    assert found.answers.tolist() == [0, 2, 2, 0]
    assert found.how == "the majority"
    assert found.agreement[0, 1] == 0.5 and found.agreement.diagonal().tolist() == [1, 1, 1]


def test_ordered_labels_go_to_the_median() -> None:
    files = [np.array([0, 0]), np.array([2, 0]), np.array([1, 2])]
    assert vote(files, problem("quadratic weighted kappa")).answers.tolist() == [1, 0]


def test_where_only_the_order_counts_no_file_shouts_louder() -> None:
    one = np.array([[0.1], [0.2], [0.3], [0.4]])
    loud = np.array([[1000.0], [3.0], [2.0], [1.0]])
    found = vote([one, one, loud], problem("auc", positive=1, one_column=True))
    assert np.argsort(found.answers[:, 0]).tolist() == [0, 1, 2, 3]
    assert found.agreement[0, 2] == pytest.approx(-1)


def test_probabilities_and_values_are_averaged() -> None:
    shares = [np.array([[0.2, 0.3, 0.5]]), np.array([[0.4, 0.5, 0.1]])]
    assert vote(shares, problem("log loss")).answers == pytest.approx(np.array([[0.3, 0.4, 0.3]]))
    values = [np.array([[1.0], [3.0]]), np.array([[3.0], [5.0]])]
    assert vote(values, problem("rmse")).answers.tolist() == [[2], [4]]
    logs = vote([np.array([[0.0]]), np.array([[3.0]])], problem("rmsle"))
    assert logs.answers == pytest.approx(np.array([[1.0]]))
    assert logs.how == "the mean of log(1 + x)"


def test_ranked_labels_are_counted_by_their_places() -> None:
    ranked = replace(problem("map@2"), metric=find_metric("map@2"))
    files = [np.array([[0, 1]]), np.array([[1, 2]]), np.array([[0, 2]])]
    assert vote(files, ranked).answers.tolist() == [[0, 1]]


def test_one_file_is_no_vote() -> None:
    with pytest.raises(PodiumError, match="needs two files"):
        vote([np.array([0])], problem("accuracy"))
