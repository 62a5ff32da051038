"""Local processes: they end when they are not wanted any more, and their notes come and go."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from pipelines.execution.base import WorkerLost
from pipelines.execution.local import LocalExecutor
from pipelines.execution.notes import latest
from tests.pipelines.execution.strange_fits import name_of, never_ready, take_long


def test_what_is_abandoned_stops_at_once(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with LocalExecutor(1, 1) as executor:
        executor.submit(take_long, mark, 600.0)
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.05)
        executor.abandon()
        assert not alive(int(mark.read_text()))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_last_note_is_read_while_workers_write_and_delete_theirs(tmp_path: Path) -> None:
    """A note that goes between two looks at its folder is no error."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            for number in range(20):
                (tmp_path / str(number)).write_text("epoch 1")
            for number in range(20):
                (tmp_path / str(number)).unlink()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        heard = {latest(tmp_path) for _ in range(3000)}
    finally:
        over.set()
        thread.join()
    assert heard <= {"", "epoch 1"}
    assert "epoch 1" in heard


def test_a_pool_whose_idle_process_was_killed_is_replaced(tmp_path: Path) -> None:
    """A process can die before it is seen to take a fit, which takes the whole pool with it."""
    with LocalExecutor(1, 1) as executor:
        _, idle = executor.submit(name_of, 1).result(60)
        os.kill(idle, signal.SIGKILL)
        time.sleep(0.5)  # until the pool has seen it
        after = executor.submit(name_of, 2)
        while not executor.wait([after], 1.0):
            pass  # the test's time-out tells when it never ends
        assert after.result()[0] == 2


def test_a_process_that_never_starts_is_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.execution.local._prepare_worker", never_ready)
    with LocalExecutor(1, 1) as executor:
        fit = executor.submit(name_of, 1)
        while not executor.wait([fit], 1.0):
            pass
        with pytest.raises(WorkerLost):
            fit.result()
