"""Local processes die one by one: the fits they held are done again, poison alone is given up."""

import os
import time
from pathlib import Path

import pytest

from pipelines.execution.base import WorkerLost
from pipelines.execution.local import LocalExecutor
from tests.pipelines.execution.strange_fits import die, die_once, fail, name_of, take_long


def test_results_and_errors_come_back() -> None:
    with LocalExecutor(2, 1) as executor:
        futures = [executor.submit(name_of, number) for number in range(20)]
        assert [future.result()[0] for future in futures] == list(range(20))
        assert os.getpid() not in {future.result()[1] for future in futures}
        with pytest.raises(ValueError, match="no such kernel"):
            executor.submit(fail, "no such kernel").result()


def test_a_fit_whose_process_died_is_done_again(tmp_path: Path) -> None:
    with LocalExecutor(1, 1) as executor:
        assert executor.submit(die_once, tmp_path / "mark").result(timeout=60) == "alive"


def test_poison_is_given_up_and_its_neighbours_are_not(tmp_path: Path) -> None:
    with LocalExecutor(2, 1) as executor:
        poison = executor.submit(die)
        others = [executor.submit(take_long, tmp_path / str(n), 0.2) for n in range(8)]
        assert {type(other.result(timeout=60)) for other in others} == {int}
        with pytest.raises(WorkerLost, match="3 workers died of it"):
            poison.result(timeout=60)
        runs = [len((tmp_path / str(n)).read_text().split()) for n in range(8)]
        assert runs == [1] * 8


def test_waiting_ends_with_the_time_or_with_the_first_result(tmp_path: Path) -> None:
    with LocalExecutor(2, 1) as executor:
        executor.submit(name_of, 0).result()
        long = executor.submit(take_long, tmp_path / "long", 30.0)
        assert executor.wait([long], 0.1) == set()
        quick = executor.submit(name_of, 1)
        assert executor.wait([long, quick], 30.0) == {quick}


def test_what_is_abandoned_stops_at_once_and_new_fits_may_follow(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with LocalExecutor(1, 1) as executor:
        executor.submit(take_long, mark, 600.0)
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.05)
        executor.abandon()
        assert not alive(int(mark.read_text()))
        assert executor.submit(name_of, 3).result()[0] == 3


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
