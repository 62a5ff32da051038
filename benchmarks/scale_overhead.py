"""What the coordinator itself costs: fits that take no time, everything else real."""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from optuna.trial import TrialState

from benchmarks.scale_stubs import (
    MadeUpResults,
    Stopwatch,
    StubPlan,
    VirtualExecutor,
    resident_mib,
    unread_dataset,
)
from competition.spec import load_competition
from pipelines.base import Pipeline, load_pipeline
from pipelines.models.images.logistic import Logistic
from pipelines.search.coordinator import tune
from pipelines.search.folds import Folds
from pipelines.search.run import FOLDS
from pipelines.search.storage import open_storage
from pipelines.search.store import Store
from pipelines.search.study import open_study

_MARKS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)  # shares of the fits after which memory is weighed
_DAY = 86_400.0


@dataclass(frozen=True)
class Overhead:
    """What one run of instantaneous fits took.

    Attributes:
        fits: How many there were.
        trials: How many of the trials ended in each state.
        seconds: Of the coordinator, its sampler and its storage included.
        sampler_seconds: Of the sampler alone, with what it reads.
        storage_seconds: Of Optuna's storage alone, but for what the sampler reads.
        memory: Resident MiB by the number of fits done.
        most_in_flight: The most fits that were out at once.
    """

    fits: int
    trials: dict[str, int]
    seconds: float
    sampler_seconds: float
    storage_seconds: float
    memory: dict[int, float]
    most_in_flight: int


class LargeGrid(Logistic):
    """A grid of 20,000 points."""

    def grid(self) -> dict[str, list[Any]]:
        """Return 200 strengths by 100 numbers of steps."""
        return {
            "C": np.geomspace(1e-3, 10.0, 200).tolist(),
            "max_iter": list(range(20, 120)),
        }


def run_no_fits(sampler: str, pipeline_name: str, fits: int, workers: int) -> Overhead:
    """Tune with instantaneous fits on 42,000 rows and a new SQLite file until enough are done."""
    pipeline: Pipeline = LargeGrid() if sampler == "grid" else load_pipeline(pipeline_name)
    data, folds = unread_dataset(42_000, 28_000, "stub"), Folds(FOLDS, 0)
    memory: dict[int, float] = {}
    marks = {round(share * fits) for share in _MARKS}
    executor = VirtualExecutor(
        workers, MadeUpResults(data, folds), lambda request: 0.0, fits, _weigher(marks, memory)
    )
    competition = load_competition("digit-recognizer")
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch) / "predictions", data.fingerprint)
        plan = StubPlan(
            competition, Path(scratch), data, folds, 0, workers, store, "me", place=executor
        )
        storage = open_storage(f"sqlite:///{scratch}/podium.db")
        study = open_study(storage, "overhead", sampler, 0, plan.owner)
        sampling = Stopwatch(study.sampler)
        storing = Stopwatch(storage, sampling)
        memory[0] = resident_mib()
        began, own = time.perf_counter(), executor.own
        tune(pipeline, study, plan, _DAY, lambda step: None, grid=sampler == "grid")
        seconds = time.perf_counter() - began - (executor.own - own)
        states = [trial.state for trial in study.get_trials(deepcopy=False)]
        trials = {state.name: states.count(state) for state in TrialState if state in states}
    return Overhead(
        executor.fits,
        trials,
        seconds,
        sampling.seconds,
        storing.seconds,
        memory,
        executor.most_in_flight,
    )


def _weigher(marks: set[int], memory: dict[int, float]) -> Callable[[int], None]:
    def weigh(fits: int) -> None:
        if fits in marks:
            memory[fits] = resident_mib()

    return weigh


def measure_overhead(fits: int, workers: int, pipeline: str) -> None:
    """Print what fits of both samplers, and of a grid of 100,000 fits, cost the coordinator."""
    for sampler, count in (("random", fits), ("tpe", fits), ("grid", min(fits, 5_000))):
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:  # memory of its own
            found = apart.submit(run_no_fits, sampler, pipeline, count, workers).result()
        whole, sampling, storing = (
            seconds / found.fits * 1e3
            for seconds in (found.seconds, found.sampler_seconds, found.storage_seconds)
        )
        memory = ", ".join(f"{mib:.0f} MiB at {at:,}" for at, mib in found.memory.items())
        ends = ", ".join(f"{n:,} {state.lower()}" for state, n in found.trials.items())
        print(
            f"{sampler}: {found.fits:,} fits, a fit takes the coordinator {whole:.2f} ms: "
            f"{storing:.2f} ms in Optuna's storage, {sampling:.2f} ms in its sampler and "
            f"{whole - storing - sampling:.2f} ms of its own; trials: {ends}; "
            f"at most {found.most_in_flight} fits under way with {workers} workers; "
            f"resident {memory}",
            flush=True,
        )
