"""Blends that came and went can still be compared row by row."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from competition.problem.problem import Problem
from competition.problem.targets import Eats
from pipelines.blending.history import change, keep_answers
from tests.pipelines.blending.conftest import competition_of, dealt, noisy, truth_of

ACCURACY = competition_of("accuracy").problem
TRUTH = truth_of(ACCURACY, 500)


def wrong_on(rows: slice) -> np.ndarray:
    """Return classes that are right but on some rows."""
    answers = TRUTH.copy()
    answers[rows] = (answers[rows] + 1) % 4
    return answers


def test_a_change_counts_the_rows_on_which_one_alone_is_right(tmp_path: Path) -> None:
    keep_answers(tmp_path, "old", wrong_on(slice(0, 30)), TRUTH)
    keep_answers(tmp_path, "new", wrong_on(slice(20, 33)), TRUTH)
    found = change(tmp_path, "old", "new", ACCURACY)
    assert found is not None
    assert (found.wins, found.losses) == (20, 3)
    assert found.gain == pytest.approx(17 / 500)
    assert found.p_value == pytest.approx(binomtest(20, 23).pvalue)
    same = change(tmp_path, "old", "old", ACCURACY)
    assert same is not None and same.p_value == 1.0
    assert (tmp_path / "history" / "old.npz").stat().st_size < 2 * 500 + 600


def test_answers_of_every_form_are_compared(problem: Problem, tmp_path: Path) -> None:
    truth, assigned = truth_of(problem, 1000), dealt(1000)
    worse, better = (
        problem.answers(truth, noisy(truth, problem, noise, 0), assigned) for noise in (3.0, 1.0)
    )
    keep_answers(tmp_path, "old", worse, truth)
    keep_answers(tmp_path, "new", better, truth)
    found = change(tmp_path, "old", "new", problem)
    direct = problem.compare(truth, better, worse)
    assert found is not None and found.gain > 0 and found.sure
    assert found.difference == pytest.approx(direct.difference, rel=1e-4)
    assert found.p_value == pytest.approx(direct.p_value, rel=0.05, abs=1e-12)


def cut(folder: Path) -> None:
    file = folder / "history" / "new.npz"
    file.write_bytes(file.read_bytes()[:300])


DAMAGES: dict[str, Callable[[Path], None]] = {
    "missing": lambda folder: (folder / "history" / "new.npz").unlink(),
    "cut": cut,
    "no zip": lambda folder: (folder / "history" / "new.npz").write_bytes(b"{}"),
    "other data": lambda folder: keep_answers(folder, "new", TRUTH, (TRUTH + 1) % 4),
    "other rows": lambda folder: keep_answers(folder, "new", TRUTH[:400], TRUTH[:400]),
    "unknown class": lambda folder: keep_answers(folder, "new", TRUTH + 1, TRUTH),
    "no rows": lambda folder: keep_answers(folder, "new", TRUTH[:0], TRUTH[:0]),
    "another form": lambda folder: keep_answers(folder, "new", np.eye(4)[TRUTH], TRUTH),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_cannot_be_compared_is_none(damage: str, tmp_path: Path) -> None:
    keep_answers(tmp_path, "old", wrong_on(slice(0, 30)), TRUTH)
    keep_answers(tmp_path, "new", wrong_on(slice(0, 20)), TRUTH)
    assert change(tmp_path, "old", "new", ACCURACY) is not None
    DAMAGES[damage](tmp_path)
    assert change(tmp_path, "old", "new", ACCURACY) is None
    assert change(tmp_path, "new", "new", ACCURACY) is None or damage in (
        "other data",
        "other rows",
    )


def test_a_metric_of_another_form_does_not_read_old_answers(
    problem: Problem, tmp_path: Path
) -> None:
    keep_answers(tmp_path, "old", wrong_on(slice(0, 30)), TRUTH)
    found = change(tmp_path, "old", "old", problem)
    assert (found is None) == (problem.metric.eats != Eats.LABEL)


def test_any_flipped_byte_is_a_comparison_or_none(tmp_path: Path) -> None:
    keep_answers(tmp_path, "old", wrong_on(slice(0, 30)), TRUTH)
    file = tmp_path / "history" / "new.npz"
    keep_answers(tmp_path, "new", wrong_on(slice(0, 20)), TRUTH)
    whole = file.read_bytes()
    for place in range(0, len(whole), 3):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        found = change(tmp_path, "old", "new", ACCURACY)
        assert found is None or (found.wins, found.losses) == (10, 0), place
