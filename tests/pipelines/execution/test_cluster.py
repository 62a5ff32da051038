"""A cluster loses workers, and its scheduler, and the run does not notice."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.workspace import Workspace
from pipelines.base import load_pipeline
from pipelines.columns import read_columns
from pipelines.execution.base import ClusterLost
from pipelines.execution.cluster import ClusterExecutor
from pipelines.execution.remote import has_data
from pipelines.search.fit import fit_fold, requests_of
from pipelines.search.plan import Plan, make_plan
from tests.pipelines.execution.conftest import ROOT, Cluster, free_port
from tests.pipelines.execution.strange_fits import name_of, take_long

pytestmark = pytest.mark.slow

Marked = Callable[[Path], list[int]]


@pytest.fixture
def plan(make_plan_of: Callable[..., Plan]) -> Plan:
    return make_plan_of()


def joined(cluster: Cluster, plan: Plan, **options: Any) -> ClusterExecutor:
    here = partial(has_data, plan.competition, plan.workspace.data, None)
    return ClusterExecutor(cluster.address, plan.data, here, **options)


def result(executor: ClusterExecutor, future: "Future[Any]") -> Any:
    assert executor.wait([future], 90.0)
    return future.result()


def test_fits_are_the_same_as_at_home_whether_the_data_is_there_or_sent(
    cluster: Cluster, plan: Plan, tmp_path: Path
) -> None:
    cluster.add_workers(2)
    pipeline = load_pipeline("logistic")
    request = requests_of(plan.task(pipeline, pipeline.shipped()[0].params))[0]
    away = replace(request, task=replace(request.task, folder=tmp_path / "not-here"))
    here = fit_fold(request)
    with joined(cluster, plan) as executor:
        assert executor.workers == 2
        mapped = result(executor, executor.submit(fit_fold, request))
        sent = result(executor, executor.submit(fit_fold, away))
    assert np.array_equal(mapped.scored, here.scored)
    assert np.array_equal(sent.scored, here.scored)


def test_a_killed_worker_costs_its_fit_nothing_but_time(
    cluster: Cluster, plan: Plan, tmp_path: Path, marked: Marked
) -> None:
    cluster.add_workers(2)
    with joined(cluster, plan) as executor:
        future = executor.submit(take_long, tmp_path / "mark", 2.0)
        (first,) = marked(tmp_path / "mark")
        os.kill(first, signal.SIGKILL)
        assert result(executor, future) != first


def test_a_scheduler_that_is_started_again_gets_the_lost_fits_again(
    cluster: Cluster, plan: Plan, tmp_path: Path, marked: Marked
) -> None:
    cluster.add_workers(1)
    with joined(cluster, plan) as executor:
        future = executor.submit(take_long, tmp_path / "mark", 5.0)
        marked(tmp_path / "mark")
        cluster.restart_scheduler()
        assert result(executor, future)
    assert len(marked(tmp_path / "mark")) == 2


def test_deep_fits_go_where_the_gpu_is(cluster: Cluster, plan: Plan) -> None:
    cluster.add_workers(2)
    cluster.add_workers(1, "--gpus", "1")
    with joined(cluster, plan) as executor:
        assert executor.workers == 3
    with joined(cluster, plan, on_gpu=True) as executor:
        assert executor.workers == 1
        places = {result(executor, executor.submit(name_of, n))[1] for n in range(6)}
    assert len(places) == 1


def test_the_command_line_tunes_on_it(
    cluster: Cluster, workplace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.add_workers(2)
    monkeypatch.setenv("SCHEDULER", cluster.address)
    command = [sys.executable, "-m", "pipelines", "tune", "-p", "logistic", "--budget", "1s"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "logistic" in done.stdout
    fingerprint = make_plan(workplace, 0).data.fingerprint
    (column,) = read_columns(workplace.predictions, fingerprint, "accuracy")
    assert column.score.value > 0.95


def test_no_scheduler_and_no_workers_are_a_sentence(cluster: Cluster, plan: Plan) -> None:
    with pytest.raises(ClusterLost, match="has no worker; start some with `make worker"):
        joined(cluster, plan, connect=2.0)
    cluster.address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ClusterLost, match="No Dask scheduler answers"):
        joined(cluster, plan, connect=2.0)
    cluster.address = "nonsense://x"
    with pytest.raises(PodiumError, match="nonsense://x is not the address of a scheduler"):
        joined(cluster, plan)


def test_a_cluster_that_stays_away_is_lost(cluster: Cluster, plan: Plan, tmp_path: Path) -> None:
    workers = cluster.add_workers(1)
    with joined(cluster, plan, connect=2.0, patience=3.0) as executor:
        future = executor.submit(take_long, tmp_path / "mark", 60.0)
        cluster.kill(workers)
        with pytest.raises(ClusterLost, match="has had no worker for 3 s"):
            executor.wait([future], 60.0)
