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

from competition import Competition, PodiumError
from pipelines.base import load_pipeline
from pipelines.execution import cluster as clusters
from pipelines.execution.base import WorkerLost
from pipelines.execution.cluster import ClusterExecutor
from pipelines.execution.remote import has_data
from pipelines.search.fit import fit_fold, requests_of
from pipelines.search.plan import Plan
from pipelines.search.run import make_plan
from tests.pipelines.execution.conftest import ROOT, Cluster, free_port
from tests.pipelines.execution.strange_fits import die, name_of, take_long

pytestmark = pytest.mark.slow

Marked = Callable[[Path], list[int]]


@pytest.fixture
def plan(make_plan_of: Callable[..., Plan]) -> Plan:
    return make_plan_of()


def joined(cluster: Cluster, plan: Plan, **options: Any) -> ClusterExecutor:
    here = partial(has_data, plan.competition, plan.folder, None)
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


def test_a_scheduler_that_is_started_anew_gets_the_lost_fits_again(
    cluster: Cluster, plan: Plan, tmp_path: Path, marked: Marked
) -> None:
    cluster.add_workers(1)
    with joined(cluster, plan) as executor:
        future = executor.submit(take_long, tmp_path / "mark", 5.0)
        marked(tmp_path / "mark")
        cluster.restart_scheduler()
        assert result(executor, future)
    assert len(marked(tmp_path / "mark")) == 2


def test_poison_is_given_up_after_three_workers(cluster: Cluster, plan: Plan) -> None:
    cluster.add_workers(2)
    with joined(cluster, plan) as executor:
        poison = executor.submit(die)
        with pytest.raises(WorkerLost, match="3 workers died of it"):
            result(executor, poison)
        assert result(executor, executor.submit(name_of, 5))[0] == 5


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
    cluster: Cluster, workplace: Competition, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.add_workers(2)
    monkeypatch.setenv("SCHEDULER", cluster.address)
    command = [sys.executable, "-m", "pipelines", "tune", "-p", "logistic", "--budget", "1s"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "logistic" in done.stdout
    (column,) = make_plan(workplace, 0).store.columns()
    assert column.score.accuracy > 0.95


def test_no_scheduler_and_no_workers_are_a_sentence(
    cluster: Cluster, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "_CONNECT", 2.0)
    with pytest.raises(PodiumError, match="has no worker; start some with `make worker"):
        joined(cluster, plan)
    cluster.address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(PodiumError, match="No Dask scheduler answers"):
        joined(cluster, plan)
    cluster.address = "nonsense://x"
    with pytest.raises(PodiumError, match="nonsense://x is not the address of a scheduler"):
        joined(cluster, plan)
