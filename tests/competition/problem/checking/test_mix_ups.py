"""Answers beside the wrong ids are told with their one cause, and right ones are left alone."""

import numpy as np
import pytest

from competition.problem.checking.mix_ups import mix_ups
from competition.problem.targets import Answers
from competition.problem.text.ids import as_text, shifted, slipped
from tests.competition.problem.cases import FORMS, competition

RANDOM = np.random.default_rng(0)
LABEL = competition("accuracy", tuple("0123456789")).problem
ROWS = 500
IDS = tuple(str(number) for number in range(1, ROWS + 1))
STRAIGHT = tuple(range(ROWS))
TRUE = RANDOM.integers(0, 10, ROWS)
GOOD = np.where(RANDOM.random(ROWS) < 0.05, 0, TRUE)
TEXT = np.array(as_text(IDS))


def told(
    answers: Answers, previous: Answers | None = None, blend: Answers | None = None, **more: object
) -> str:
    places = more.pop("places", STRAIGHT)
    problem = more.pop("problem", LABEL)
    return " ".join(mix_ups(answers, problem, previous, blend, places, IDS))  # type: ignore[arg-type]


def from_text_order(answers: Answers) -> Answers:
    spread = np.empty_like(answers)
    spread[TEXT] = answers
    return spread


CAUSES = [
    (np.roll(GOOD, 1), "one row off"),
    (np.roll(GOOD, -1), "one row off"),
    (np.roll(GOOD, 4), "the ids are 4 rows off"),
    (np.roll(GOOD, -10), "the ids are 10 rows off"),
    (GOOD[::-1], "turned round"),
    (GOOD[TEXT], "the answers are sorted as text"),
    (from_text_order(GOOD), "the ids are sorted as text"),
]


@pytest.mark.parametrize(("answers", "cause"), CAUSES)
@pytest.mark.parametrize("beside", ["previous", "blend"])
def test_the_cause_is_told(answers: Answers, cause: str, beside: str) -> None:
    said = told(answers, **{beside: TRUE})  # type: ignore[arg-type]
    assert cause in said and "by 9" in said
    assert ("no more than by chance" in said) == (beside == "blend")


@pytest.mark.parametrize("form", ["probability", "values", "class columns"])
def test_numbers_are_compared_by_ranks(form: str) -> None:
    problem = FORMS[form].problem
    columns = {"probability": (), "values": (2,), "class columns": (3,)}[form]
    true = RANDOM.random((ROWS, *columns))
    assert "one row off" in told(np.roll(true, 1, axis=0), blend=true, problem=problem)
    assert "mixed up" in told(RANDOM.permutation(true), blend=true, problem=problem)
    assert told(true**2, blend=true, problem=problem) == ""


def test_what_agrees_is_left_alone() -> None:
    moved = tuple(np.roll(STRAIGHT, 1).tolist())
    assert told(GOOD, TRUE, TRUE) == told(GOOD) == ""
    assert told(GOOD, TRUE, places=moved) == ""  # joined by id, in another order
    assert told(np.where(RANDOM.random(ROWS) < 0.6, 3, TRUE), TRUE) == ""
    assert told(GOOD[:8], TRUE[:8][::-1]) == ""  # eight rows prove nothing
    assert told(np.zeros(ROWS, int), blend=TRUE) == ""  # said elsewhere


@pytest.mark.parametrize("others", [0, 1, 2])
def test_where_nearly_all_have_one_answer_no_order_is_by_chance(others: int) -> None:
    blend = np.full(ROWS, 3)
    blend[:others] = 5
    assert told(blend, blend=blend) == ""
    assert told(np.roll(blend, 1), blend=blend) == ""
    assert told(TRUE, blend=np.full(ROWS, 3)) == ""


def test_shuffled_answers_have_no_known_cause() -> None:
    said = told(RANDOM.permutation(GOOD), blend=TRUE)
    assert said == "The answers agree with the blend no more than by chance: are rows or classes " \
        "mixed up?"  # fmt: skip


def test_the_order_of_ids_alone_is_a_hint() -> None:
    assert "one row further down than in the sample (500, 1, 2, …)" in told(
        GOOD, places=np.roll(STRAIGHT, 1).tolist()
    )
    assert "2 rows further up" in told(GOOD, places=np.roll(STRAIGHT, -2).tolist())
    assert "sorted as text (1, 10, 100, …)" in told(GOOD, places=TEXT.tolist())
    assert told(GOOD, places=RANDOM.permutation(ROWS).tolist()) == ""
    assert told(GOOD, places=STRAIGHT[::-1]) == ""


def test_by_how_many_rows_ids_slipped() -> None:
    assert slipped([2, 0, 1]) == 1 and slipped([1, 2, 0]) == -1
    assert slipped([0, 1, 2]) == slipped([1, 0]) == slipped([1, 0, 2]) == 0


@pytest.mark.parametrize(
    ("ids", "sample", "said", "whole"),
    [
        (("0", "1", "2"), ("1", "2", "3"), "from 0 to 2 and the sample's from 1 to 3", True),
        (("2", "0", "1"), ("1", "2", "3"), "add 1 to each id", True),
        (("0.0", "1.0"), ("1", "2"), "add 1 to each id", True),
        (("1", "2", "3"), ("7", "8", "9"), "add 6 to each id", True),
        (("-1", "0", "1"), ("1", "2", "3"), "from -1 to 1 and the sample's from 1 to 3", True),
        (("8", "10"), ("7", "9"), "take 1 from each id", True),
        (("a0.png", "a1.png"), ("a01.png", "a02.png"), "add 1 to each id", True),
        (("0", "1"), ("1", "2", "3"), "if they number the rows, add 1", False),
    ],
)
def test_shifted_ids(ids: tuple[str, ...], sample: tuple[str, ...], said: str, whole: bool) -> None:
    shift = shifted(ids, sample)
    assert shift is not None and said in shift.message and shift.whole == whole
    if whole:
        assert sorted(shift.meant) == sorted(sample)


@pytest.mark.parametrize(
    ("ids", "sample"),
    [
        (("1", "2"), ("1", "2")),
        (("0", "0"), ("1", "2")),
        (("0", "2"), ("1", "2")),
        (("a0", "b1"), ("a1", "a2")),
        (("x", "y"), ("1", "2")),
        (("0",), ("1",)),
    ],
)
def test_other_ids_are_not_shifted(ids: tuple[str, ...], sample: tuple[str, ...]) -> None:
    assert shifted(ids, sample) is None
