"""A cluster loses workers, and its scheduler, and the run does not notice."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.workspace import Workspace
from pipelines.__main__ import app
from pipelines.base import load_pipeline
from pipelines.columns import read_columns
from pipelines.execution.base import ClusterLost
from pipelines.execution.cluster import ClusterExecutor
from pipelines.execution.remote import has_data
from pipelines.search.fit import fit_fold, requests_of
from pipelines.search.plan import Plan, make_plan
from tests.pipelines.execution.conftest import Cluster, free_port
from tests.pipelines.execution.strange_fits import name_of, take_long
from tests.typed import typed

pytestmark = pytest.mark.long

Marked = Callable[[Path], list[int]]


@pytest.fixture
def plan(make_plan_of: Callable[..., Plan]) -> Plan:
    return make_plan_of()


def joined(address: str, plan: Plan, **options: Any) -> ClusterExecutor:
    here = partial(has_data, plan.competition, plan.workspace.data, None)
    return ClusterExecutor(address, plan.data, here, **options)


def result(executor: ClusterExecutor, future: "Future[Any]") -> Any:
    assert executor.wait([future], 90.0)
    return future.result()


def test_fits_are_the_same_as_at_home_whether_the_data_is_there_or_sent(
    shared_cluster: Cluster, plan: Plan, tmp_path: Path
) -> None:
    pipeline = load_pipeline("logistic")
    request = requests_of(plan.task(pipeline, pipeline.shipped()[0].params))[0]
    away = replace(request, task=replace(request.task, folder=tmp_path / "not-here"))
    here = fit_fold(request)
    with joined(shared_cluster.address, plan) as executor:
        assert executor.workers == 2
        mapped = result(executor, executor.submit(fit_fold, request))
        sent = result(executor, executor.submit(fit_fold, away))
    assert np.array_equal(mapped.scored, here.scored)
    assert np.array_equal(sent.scored, here.scored)


def test_a_killed_worker_costs_its_fit_nothing_but_time_and_is_replaced(
    shared_cluster: Cluster, plan: Plan, tmp_path: Path, marked: Marked
) -> None:
    with joined(shared_cluster.address, plan) as executor:
        future = executor.submit(take_long, tmp_path / "mark", 1.0)
        (first,) = marked(tmp_path / "mark")
        os.kill(first, signal.SIGKILL)
        assert result(executor, future) != first
        while executor.workers < 2:  # the test's time-out tells when none comes
            time.sleep(0.2)
            result(executor, executor.submit(name_of, 1))


def test_the_command_line_tunes_on_it(
    shared_cluster: Cluster, workplace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEDULER", shared_cluster.address)
    done = typed(app, "pipelines", "tune", "-p", "logistic", "--budget", "1s")
    assert done.returncode == 0, done.stderr
    assert "logistic" in done.stdout
    fingerprint = make_plan(workplace, 0).data.fingerprint
    (column,) = read_columns(workplace.predictions, fingerprint, "accuracy")
    assert column.score.value > 0.95


def test_deep_fits_go_where_the_gpu_is(shared_cluster: Cluster, plan: Plan) -> None:
    with shared_cluster.joined_by(1, "--gpus", "1"):
        with joined(shared_cluster.address, plan) as executor:
            assert executor.workers == 3
        with joined(shared_cluster.address, plan, on_gpu=True) as executor:
            assert executor.workers == 1
            places = {result(executor, executor.submit(name_of, n))[1] for n in range(6)}
    assert len(places) == 1


@pytest.fixture(scope="module")
def bare() -> Iterator[Cluster]:
    """A scheduler whose workers come and go with a test."""
    with closing(Cluster()) as started:
        yield started


def test_no_scheduler_and_no_workers_are_a_sentence(bare: Cluster, plan: Plan) -> None:
    with pytest.raises(ClusterLost, match="has no worker; start some with `make worker"):
        joined(bare.address, plan, connect=2.0)
    with pytest.raises(ClusterLost, match="No Dask scheduler answers"):
        joined(f"tcp://127.0.0.1:{free_port()}", plan, connect=0.5)
    with pytest.raises(PodiumError, match="nonsense://x is not the address of a scheduler"):
        joined("nonsense://x", plan)


def test_a_scheduler_that_is_started_again_gets_the_lost_fits_again(
    bare: Cluster, plan: Plan, tmp_path: Path, marked: Marked
) -> None:
    with bare.joined_by(1), joined(bare.address, plan) as executor:
        future = executor.submit(take_long, tmp_path / "mark", 2.0)
        marked(tmp_path / "mark")
        bare.restart_scheduler()
        assert result(executor, future)
    assert len(marked(tmp_path / "mark")) == 2


def test_a_cluster_that_stays_away_is_lost(bare: Cluster, plan: Plan, tmp_path: Path) -> None:
    with bare.joined_by(1) as workers, joined(bare.address, plan, patience=1.0) as executor:
        future = executor.submit(take_long, tmp_path / "mark", 60.0)
        bare.kill(workers)
        with pytest.raises(ClusterLost, match="has had no worker for 1 s"):
            executor.wait([future], 60.0)
