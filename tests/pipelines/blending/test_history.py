"""Blends that came and went can still be compared row by row."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from pipelines.blending.history import change, keep_answers

LABELS = np.random.default_rng(0).integers(0, 10, 500)


def answers(wrong: slice, classes: int = 10) -> np.ndarray:
    """Return one-hot probabilities that are right but on some rows."""
    predicted = LABELS.copy()
    predicted[wrong] = (predicted[wrong] + 1) % 10
    return np.eye(classes, dtype=np.float32)[predicted]


def test_a_change_counts_the_rows_on_which_one_alone_is_right(tmp_path: Path) -> None:
    keep_answers(tmp_path, "old", answers(slice(0, 30)), LABELS)
    keep_answers(tmp_path, "new", answers(slice(20, 33)), LABELS)
    found = change(tmp_path, "old", "new")
    assert found is not None
    assert (found.wins, found.losses, found.rows) == (20, 3, 500)
    assert found.gain == pytest.approx(17 / 500)
    assert found.p_value == pytest.approx(binomtest(20, 23).pvalue)
    same = change(tmp_path, "old", "old")
    assert same is not None and same.p_value == 1.0
    assert (tmp_path / "history" / "old.npz").stat().st_size < 2 * 500 + 600


def test_many_classes_fit(tmp_path: Path) -> None:
    keep_answers(tmp_path, "old", answers(slice(0, 30), classes=300), LABELS)
    keep_answers(tmp_path, "new", answers(slice(0, 0)), LABELS)
    found = change(tmp_path, "old", "new")
    assert found is not None and (found.wins, found.losses) == (30, 0)


@pytest.mark.parametrize("damage", ["missing", "cut", "other data", "other rows"])
def test_what_cannot_be_compared_is_none(damage: str, tmp_path: Path) -> None:
    keep_answers(tmp_path, "old", answers(slice(0, 30)), LABELS)
    keep_answers(tmp_path, "new", answers(slice(0, 20)), LABELS)
    file = tmp_path / "history" / "new.npz"
    match damage:
        case "missing":
            file.unlink()
        case "cut":
            file.write_bytes(file.read_bytes()[:300])
        case "other data":
            keep_answers(tmp_path, "new", answers(slice(0, 20)), (LABELS + 1) % 10)
        case "other rows":
            keep_answers(tmp_path, "new", answers(slice(0, 20))[:400], LABELS[:400])
    assert change(tmp_path, "old", "new") is None
