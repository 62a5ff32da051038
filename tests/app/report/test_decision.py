"""What a decision has learnt is told in words."""

import numpy as np

from app.report.sections.decision import decision_in_words
from competition.problem.metrics.known import find_metric
from competition.problem.problem import Problem


def test_a_threshold_is_where_the_answer_turns() -> None:
    problem = Problem(find_metric("f1"), ("no", "yes"), positive=1)
    chance = np.random.default_rng(0)
    truth = (chance.random(400) < 0.2).astype(np.int64)
    yes = np.clip(0.2 + 0.3 * truth + chance.normal(0, 0.15, 400), 0.01, 0.99)
    decision = problem.decide(truth, np.column_stack([1 - yes, yes]).astype(np.float32))
    said = decision_in_words(decision.facts(), problem)
    assert said.startswith("yes from a probability of ") and said.endswith(" on")
    threshold = float(said.split()[-2])
    around = np.array([threshold - 0.002, threshold + 0.002])
    answers = decision.answers(np.column_stack([1 - around, around]).astype(np.float32))
    assert answers.tolist() == [0, 1]


def test_cut_points_multipliers_and_ranges() -> None:
    ordered = Problem(find_metric("quadratic weighted kappa"), ("3", "4", "5"))
    said = decision_in_words({"cut_points": [0.4, 1.62]}, ordered)
    assert said == "4 from 3.40 on, 5 from 4.62 on"
    worded = Problem(find_metric("quadratic weighted kappa"), ("low", "high"))
    assert (
        decision_in_words({"cut_points": [0.4]}, worded)
        == "counting from low as 0: high from 0.40 on"
    )
    many = Problem(find_metric("balanced accuracy"), ("a", "b", "c"))
    said = decision_in_words({"multipliers": [0.5, 1.0, 2.0]}, many)
    assert said == "probabilities times 0.50 for a, 1.00 for b, 2.00 for c"
    price = Problem(find_metric("rmse"), targets=("price",))
    said = decision_in_words({"low": [34_900.0], "high": [755_000.0]}, price)
    assert said == "price kept between 34900 and 755000"
    assert decision_in_words({}, price) == ""
