"""What one fit costs the coordinator: fits that take no time, everything else as ever.

    python -m benchmarks.chain.overhead [--fits 2000] [--rows 42000]

A study of `svm` on made-up images is tuned by the project's own coordinator, on SQLite, with an
executor that answers at once with made-up probabilities of full size. Prints the milliseconds a
fit, and the resident memory at the first and the last tenth of the fits.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import psutil

from competition.data.dataset import Dataset
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.base import Pipeline, load_pipeline
from pipelines.execution.base import FitExecutor
from pipelines.search.coordinator import tune
from pipelines.search.fit import FitRequest, FitResult
from pipelines.search.folds import Folds
from pipelines.search.makers import maker_of
from pipelines.search.plan import FOLDS, Plan
from pipelines.search.store import Store
from pipelines.search.studies.study import open_storage, open_study

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class AtOnce(FitExecutor):
    """An executor whose fits are made up, and done when they are submitted."""

    def __init__(self, plan: Plan, fits: int) -> None:
        self.plan, self.fits, self.done = plan, fits, 0
        self.resident: list[int] = []
        self.maker = maker_of("svm", "images")
        random = np.random.default_rng(0)
        sizes = [*np.bincount(plan.dealt.assigned), len(plan.data.test)]
        self.predictions = [
            random.dirichlet(np.ones(10), int(size)).astype(np.float32) for size in sizes
        ]

    @property
    def workers(self) -> int:
        """Two fits at once."""
        return 2

    def submit(
        self, fn: Callable[_Given, _Result], /, *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Result]:
        """Answer a fit."""
        request: Any = args[0]
        future: Future[Any] = Future()
        future.set_result(self._result(request))
        self.done += 1
        self.resident.append(psutil.Process().memory_info().rss)
        return future

    def _result(self, request: FitRequest) -> FitResult:
        scored, test = self.predictions[request.fold], self.predictions[-1]
        model = b"" if request.fold == 0 else None
        return FitResult(scored, test, 1.0, 0.1, model, self.maker)

    def now(self) -> float:
        """Return a clock that ends the run after so many fits."""
        return 0.0 if self.done < self.fits else 1e9

    def abandon(self) -> None:
        """Nothing is under way."""


def made_up(folder: Path, rows: int) -> Plan:
    """Return a plan on noise."""
    random = np.random.default_rng(0)
    train = random.integers(0, 256, (rows, 8, 8), dtype=np.uint8)
    data = Dataset(
        train, random.integers(0, 10, rows), train[: rows * 2 // 3], np.array([]), "0" * 16
    )
    competition = replace(load_competition("digit-recognizer"), image_side=8)
    workspace = Workspace.in_folders(competition, folder / "data", folder / "runs")
    store = Store(workspace.predictions, data.fingerprint)
    return Plan(workspace, data, Folds(FOLDS, 0), 0, 2, store, two_speeds=False)


def measure(sampler: str, fits: int, rows: int) -> str:
    """Return a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        plan = made_up(Path(folder), rows)
        executor = AtOnce(plan, fits)
        pipeline: Pipeline = load_pipeline("svm")
        study = open_study(open_storage(plan.workspace.database), plan, pipeline)
        object.__setattr__(plan, "executor", lambda _: executor)
        began = time.perf_counter()
        tune(pipeline, study, plan, 1e8, lambda _: None, sampler=sampler)
        each = (time.perf_counter() - began) / executor.done * 1000
    tenth = max(1, len(executor.resident) // 10)
    first, last = (
        np.median(part) / (1 << 20)
        for part in (executor.resident[:tenth], executor.resident[-tenth:])
    )
    return f"| {sampler} | {executor.done:,} | {each:.1f} ms | {first:.0f} → {last:.0f} MiB |"


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--fits", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=42_000)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| sampler | fits | a fit costs | resident memory, first to last |\n|---|---:|---:|---|")
    for sampler in ("random", "tpe"):
        print(measure(sampler, given.fits, given.rows), flush=True)


if __name__ == "__main__":
    main()
