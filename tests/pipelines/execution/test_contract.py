"""What every executor promises. A new one joins with one line in `EXECUTORS`."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from competition.data.dataset import Dataset
from competition.spec import load_competition
from pipelines.execution.base import FitExecutor, WorkerLost
from pipelines.execution.cluster import ClusterExecutor
from pipelines.execution.local import LocalExecutor
from pipelines.execution.remote import has_data
from tests.pipelines.execution.conftest import Cluster
from tests.pipelines.execution.strange_fits import (
    die,
    die_once,
    fail,
    name_of,
    speak,
    take_long,
    unpicklable,
)

Make = Callable[[], FitExecutor]


def local(request: pytest.FixtureRequest) -> Make:
    return lambda: LocalExecutor(2, 1)


def on_a_cluster(request: pytest.FixtureRequest) -> Make:
    cluster: Cluster = request.getfixturevalue("shared_cluster")
    files: Path = request.getfixturevalue("practice_files")
    data: Dataset = request.getfixturevalue("optical")
    here = partial(has_data, load_competition("optical-digits"), files, None)
    return lambda: ClusterExecutor(cluster.address, data, here)


EXECUTORS = {
    "local": local,
    "cluster": on_a_cluster,
}


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.long] if name == "cluster" else [])
        for name in EXECUTORS
    ]
)
def executor(request: pytest.FixtureRequest) -> Iterator[FitExecutor]:
    with EXECUTORS[request.param](request)() as made:
        yield made


def result(executor: FitExecutor, future: "Future[Any]") -> Any:
    """Wait as the coordinator does, by looks of a second."""
    deadline = time.monotonic() + 90
    while not executor.wait([future], 1.0):
        assert time.monotonic() < deadline
    return future.result()


def test_it_is_as_wide_as_asked_and_results_come_back(executor: FitExecutor) -> None:
    assert executor.workers == 2
    futures = [executor.submit(name_of, number) for number in range(12)]
    found = [result(executor, future) for future in futures]
    assert [number for number, _ in found] == list(range(12))
    assert os.getpid() not in {process for _, process in found}


def test_errors_come_back_as_they_are_and_cost_nothing_else(executor: FitExecutor) -> None:
    with pytest.raises(ValueError, match="no such kernel"):
        result(executor, executor.submit(fail, "no such kernel"))
    with pytest.raises(Exception, match="pickle"):  # a result that cannot travel
        result(executor, executor.submit(unpicklable))
    assert result(executor, executor.submit(name_of, 7))[0] == 7


def test_a_fit_whose_worker_died_is_done_again(executor: FitExecutor, tmp_path: Path) -> None:
    assert result(executor, executor.submit(die_once, tmp_path / "mark")) == "alive"


def test_poison_is_given_up_after_three_workers_and_its_neighbours_are_not(
    executor: FitExecutor, tmp_path: Path
) -> None:
    poison = executor.submit(die)
    others = [executor.submit(take_long, tmp_path / str(n), 0.2) for n in range(4)]
    with pytest.raises(WorkerLost, match="3 workers died of it"):
        result(executor, poison)
    assert {type(result(executor, other)) for other in others} == {int}
    assert result(executor, executor.submit(name_of, 5))[0] == 5


def test_waiting_ends_with_the_time_or_with_the_first_result(
    executor: FitExecutor, tmp_path: Path
) -> None:
    result(executor, executor.submit(name_of, 0))
    long = executor.submit(take_long, tmp_path / "long", 4.0)
    began = time.monotonic()
    assert executor.wait([long], 0.2) == set()
    assert time.monotonic() - began < 2
    quick = executor.submit(name_of, 1)
    assert executor.wait([long, quick], 3.5) == {quick}


def test_what_is_abandoned_is_forgotten_and_new_fits_may_follow(
    executor: FitExecutor, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    futures = [executor.submit(take_long, mark, 2.5) for _ in range(6)]
    while not (mark.exists() and mark.read_text()):
        executor.wait(futures, 0.1)
    executor.abandon()
    assert result(executor, executor.submit(name_of, 3))[0] == 3
    assert len(mark.read_text().split()) <= 2  # those that waited were never begun
    assert not any(future.done() for future in futures)


def test_the_clock_runs_and_what_fits_say_is_a_line_that_ends_with_them(
    executor: FitExecutor,
) -> None:
    before = executor.now()
    speaking = executor.submit(speak, "epoch 3 of 8", 1.0)
    heard = {executor.doing()}
    while not executor.wait([speaking], 0.1):
        heard.add(executor.doing())
    assert heard <= {"", "epoch 3 of 8"}
    assert executor.doing() == ""
    assert executor.now() > before
    if isinstance(executor, LocalExecutor):
        assert "epoch 3 of 8" in heard
