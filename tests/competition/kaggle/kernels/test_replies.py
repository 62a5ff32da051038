"""Logs and quotas of kernels, as odd as they come."""

import json

import pytest

from competition.kaggle.kernels.replies import Quota, RunStatus, lines_of

PIECES = [
    {"stream_name": "stdout", "time": 0.1, "data": "tune 0.99 ± 0.01\n"},
    {"stream_name": "stderr", "time": 0.2, "data": "cuda: not found\n"},
    {"stream_name": "stdout", "time": 0.3, "data": "blend\n"},
]


def test_a_log_is_pieces_of_two_streams() -> None:
    log = json.dumps(PIECES)
    assert lines_of(log) == ["tune 0.99 ± 0.01", "cuda: not found", "blend"]
    assert lines_of(log, errors=False) == ["tune 0.99 ± 0.01", "blend"]


@pytest.mark.parametrize("log", ["plain\ntext", "[1, 2", '["a"]'])
def test_a_log_of_another_kind_is_taken_as_text(log: str) -> None:
    assert lines_of(log) == log.splitlines()


def test_nothing_in_a_log_moves_the_cursor() -> None:
    assert "\x1b" not in "".join(lines_of("\x1b[2Jgone"))


def test_hours_of_a_quota() -> None:
    quota = Quota.of(
        {"timeUsed": "5400s", "timeReserved": "1800.5s", "totalTimeAllowed": "108000s"}
    )
    assert (quota.used, quota.allowed) == (1.5, 30.0)
    assert quota.left == pytest.approx(28, abs=0.01)
    assert Quota.of({"timeUsed": "soon"}).left == 0


@pytest.mark.parametrize(
    ("status", "ended"),
    [("queued", False), ("running", False), ("cancel_requested", False)]
    + [(status, True) for status in ("complete", "error", "cancel_acknowledged")],
)
def test_what_an_end_is(status: str, ended: bool) -> None:
    assert RunStatus(status, "").ended is ended
