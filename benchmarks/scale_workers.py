"""Two workers against one, and a Dask cluster against local processes, with real fits."""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from socket import socket

from competition.data.dataset import load_dataset
from competition.spec import load_competition
from pipelines.base import load_pipeline, suggested
from pipelines.execution.base import FitExecutor
from pipelines.execution.cluster import ClusterExecutor
from pipelines.execution.local import LocalExecutor
from pipelines.execution.remote import has_data
from pipelines.search.fit import FitRequest, FitResult, fit_fold, requests_of
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan
from pipelines.search.run import FOLDS
from pipelines.search.store import Store

ROOT = Path(__file__).parents[1]
_PIPELINES = ("knn", "svm")
_REPEATS = 2  # times that the list of fits is gone through in a round


def fixed_fits(plan: Plan) -> list[FitRequest]:
    """Return the fits of a round, the folds of the pipelines in turn."""
    tasks = []
    for name in _PIPELINES:
        pipeline = load_pipeline(name)
        tasks.append(plan.task(pipeline, suggested(pipeline, pipeline.shipped()[0].params)))
    by_fold = zip(*(requests_of(task) for task in tasks), strict=True)
    return [request for requests in by_fold for request in requests] * _REPEATS


def warm_up(executor: FitExecutor, fits: list[FitRequest]) -> None:
    """Let every worker start, import what it needs and map the data, by one fit of each kind."""
    for request in fits[: len(_PIPELINES)]:
        _all_done(executor, [request] * executor.workers)


def _all_done(executor: FitExecutor, requests: list[FitRequest]) -> None:
    """Submit fits and wait for them as the coordinator does."""
    due = list(reversed(requests))
    waiting: set[Future[FitResult]] = set()
    while due or waiting:
        while due and len(waiting) < executor.workers:
            waiting.add(executor.submit(fit_fold, due.pop()))
        for future in executor.wait(waiting, 60.0):
            future.result()
            waiting.discard(future)


def seconds_of(executor: FitExecutor, fits: list[FitRequest]) -> float:
    """Return the wall seconds of a round."""
    began = time.perf_counter()
    _all_done(executor, fits)
    return time.perf_counter() - began


def _free_port() -> int:
    with closing(socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Run `pipelines cluster` and yield its address."""
    ports = ["--port", str(_free_port()), "--dashboard", str(_free_port())]
    command = [sys.executable, "-m", "pipelines", "cluster", "--workers", str(workers), *ports]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        found = re.match(r"scheduler (tcp://\S+),", process.stdout.readline())
        assert found, "the cluster does not start"
        for line in process.stdout:
            if " workers at " in line:
                break
        try:
            yield found[1]
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def measure_workers(data: Path, rounds: int) -> None:
    """Print each round, then the medians of both ratios."""
    competition = load_competition("digit-recognizer")
    with tempfile.TemporaryDirectory() as scratch, cluster(2) as address:
        folder = Path(scratch)
        with zipfile.ZipFile(data) as packed:
            packed.extractall(folder)
        dataset = load_dataset(competition, folder)
        store = Store(folder / "predictions", dataset.fingerprint)
        plan = Plan(competition, folder, dataset, Folds(FOLDS, 0), 0, 2, store)
        fits = fixed_fits(plan)
        here = partial(has_data, competition, folder, None)
        with (
            LocalExecutor(1, 1) as one,
            LocalExecutor(2, 1) as two,
            ClusterExecutor(address, dataset, here) as dask,
        ):
            sides: dict[str, FitExecutor] = {
                "1 process": one,
                "2 processes": two,
                "Dask, 2 workers": dask,
            }
            for executor in sides.values():
                warm_up(executor, fits)
            found: dict[str, list[float]] = {name: [] for name in sides}
            for number in range(rounds):
                order = list(sides) if number % 2 == 0 else list(reversed(sides))
                for name in order:
                    found[name].append(seconds_of(sides[name], fits))
                one_s, two_s, dask_s = (found[name][-1] for name in sides)
                print(
                    f"round {number + 1}, {len(fits)} fits: 1 process {one_s:.1f} s, 2 processes "
                    f"{two_s:.1f} s ({one_s / two_s:.2f}x), Dask {dask_s:.1f} s "
                    f"({two_s / dask_s:.2f}x of 2 processes), load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
    ones, twos, dasks = found.values()
    gains = statistics.median(a / b for a, b in zip(ones, twos, strict=True))
    shares = statistics.median(a / b for a, b in zip(twos, dasks, strict=True))
    print(f"median: 2 processes {gains:.2f}x of 1; Dask {shares:.2f}x of 2 processes")
