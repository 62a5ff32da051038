"""One to a thousand workers on a virtual clock: the project's own coordinator, made-up fits."""

import json
import math
import platform
import tempfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.families import kept
from benchmarks.scale_stubs import MadeUpResults, Stopwatch, StubPlan, VirtualExecutor
from competition.dataset import load_dataset
from competition.practice.holdout import prepare
from competition.spec import load_competition
from pipelines.base import load_pipeline
from pipelines.campaign import FOLDS
from pipelines.evaluation import FitRequest
from pipelines.execution.threads import cores
from pipelines.folds import Folds
from pipelines.storage import open_storage
from pipelines.store import Store
from pipelines.study import open_study
from pipelines.tuning import tune

WORKERS = (1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000)
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "scaling.md"
_BEGIN, _END = "<!-- simulate -->", "<!-- /simulate -->"  # around what is written anew
_WARM_UP = 60.0  # virtual seconds before the measured part, for every worker to have a fit
_DAYS = 3e6  # virtual seconds: never the limit
_FOLD_NOISE = 0.1  # by which the folds of a trial differ in time (standard deviation of the log)


@dataclass(frozen=True)
class Simulated:
    """What one number of workers came to, after the warm-up.

    Attributes:
        sampler: Which sampler chose the trials.
        workers: How many there were.
        fits_an_hour: Fits per virtual hour.
        idle: Share of the workers' time in which they had no fit.
        own_ms: Milliseconds of the coordinator a fit.
        sampler_ms: Of these, the sampler's.
        fits: How many were measured.
    """

    sampler: str
    workers: int
    fits_an_hour: float
    idle: float
    own_ms: float
    sampler_ms: float
    fits: int


class FitTimes:
    """Fit times like those of `docs/families.jsonl`: log-normal over trials, seeded.

    Args:
        seed: Of the noise.
    """

    def __init__(self, seed: int) -> None:
        logs = np.log([result["seconds_a_fit"] for result in kept()])
        self.mean, self.deviation = float(logs.mean()), float(logs.std(ddof=1))
        self._rng = np.random.default_rng(seed)

    def __call__(self, request: FitRequest) -> float:
        """Return the seconds of a fit; the folds of a trial take about as long."""
        trial = np.random.default_rng(zlib.crc32(json.dumps(request.task.params).encode()))
        noise = _FOLD_NOISE * self._rng.standard_normal()
        return float(np.exp(self.mean + self.deviation * trial.standard_normal() + noise))


def simulate(sampler: str, workers: int, fits: int, most_seconds: float) -> Simulated:
    """Tune the optical digits with so many workers.

    Args:
        sampler: `tpe` or `random`.
        workers: How many.
        fits: How many fits to measure.
        most_seconds: End after so many real seconds, if that is sooner.
    """
    competition, folds = load_competition("optical-digits"), Folds(FOLDS, 0)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder, competition, None)
        data = load_dataset(competition, folder / "public")
        executor = VirtualExecutor(
            workers,
            MadeUpResults(data, folds),
            FitTimes(workers),
            fits + 3 * workers + FOLDS,
            most_seconds=most_seconds,
        )
        store = Store(folder / "predictions", data.fingerprint)
        plan = StubPlan(competition, folder, data, folds, 0, workers, store, "me", place=executor)
        study = open_study(
            open_storage(f"sqlite:///{scratch}/podium.db"), "simulated", sampler, 0, plan.owner
        )
        sampling = Stopwatch(study.sampler)
        tune(load_pipeline("svm"), study, plan, _DAYS, lambda step: None)
    return _measured(sampler, executor, sampling.seconds)


def _measured(sampler: str, executor: VirtualExecutor, sampling: float) -> Simulated:
    """Look at what ran after the first trial, which runs alone, and the warm-up."""
    assert executor.over_at is not None
    spans = np.array(executor.spans)
    start = float(spans[:FOLDS, 1].max()) + _WARM_UP
    end = executor.over_at
    inside = np.clip(spans, start, end)
    busy = float((inside[:, 1] - inside[:, 0]).sum())
    fits = int(((spans[:, 1] > start) & (spans[:, 1] <= end)).sum())
    return Simulated(
        sampler,
        executor.workers,
        fits / (end - start) * 3600,
        1 - busy / (executor.workers * (end - start)),
        executor.coordinator_seconds / executor.fits * 1e3,
        sampling / executor.fits * 1e3,
        fits,
    )


def measure_simulated(fits: int, most_seconds: float) -> None:
    """Print a line for each number of workers, then write the page and its chart."""
    found: list[Simulated] = []
    for sampler in ("random", "tpe"):
        for workers in WORKERS:
            one = simulate(sampler, workers, max(fits, 2 * workers), most_seconds)
            found.append(one)
            print(
                f"{sampler}, {workers:,} workers: {one.fits_an_hour:,.0f} fits an hour, "
                f"{one.idle:.1%} idle, {one.own_ms:.1f} ms of the coordinator a fit, of which "
                f"{one.sampler_ms:.1f} the sampler's ({one.fits:,} fits)",
                flush=True,
            )
    draw(found).savefig(DOCS / "scaling.svg", metadata={"Date": None})
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    text = f"{before}{_BEGIN}\n{section(found)}\n{_END}{after}"
    PAGE.write_text(text, encoding="utf-8")


def speed_up(one: Simulated, found: list[Simulated]) -> float:
    """Return how much more work is done at once than by one worker."""
    (alone,) = (other for other in found if (other.sampler, other.workers) == (one.sampler, 1))
    return one.workers * (1 - one.idle) / (1 - alone.idle)


def section(found: list[Simulated]) -> str:
    """Return what the page says of the results."""
    times = FitTimes(0)
    mean = math.exp(times.mean + times.deviation**2 / 2)
    limits = [
        f"With `SAMPLER={sampler}` the coordinator spent {most.own_ms:.0f} ms on a fit with "
        f"{most.workers:,} workers, {most.sampler_ms:.0f} ms of them in the sampler, and the "
        f"workers were idle for a tenth of the time or more {_from(sampler, found)}."
        for sampler in ("random", "tpe")
        for most in found
        if (most.sampler, most.workers) == (sampler, max(WORKERS))
    ]
    return "\n".join(
        [
            f"`python -m benchmarks.scale simulate`, {datetime.now(UTC).date()}, {cores()} cores, "
            f"Python {platform.python_version()}. Fits take {math.exp(times.mean):.0f} s in the "
            f"median and {mean:.0f} s in the mean.",
            "",
            table(found),
            "![Speed-up against the number of workers](scaling.svg)",
            "",
            *limits,
        ]
    )


def _from(sampler: str, found: list[Simulated]) -> str:
    slow = [one.workers for one in found if one.sampler == sampler and one.idle >= 0.1]
    return f"from {slow[0]:,} workers on" if slow else "with none of these numbers of workers"


def table(found: list[Simulated]) -> str:
    """Return the results as a table of a page."""
    rows = ["| sampler | workers | fits an hour | speed-up | idle | coordinator, a fit |"]
    rows += ["|---|---:|---:|---:|---:|---:|"]
    rows += [
        f"| {one.sampler} | {one.workers:,} | {one.fits_an_hour:,.0f} | {speed_up(one, found):.1f} "
        f"| {one.idle:.1%} | {one.own_ms:.1f} ms |"
        for one in found
    ]
    return "\n".join([*rows, ""])


def draw(found: list[Simulated]) -> Figure:
    """Return a chart of the speed-up against the number of workers."""
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "podium", "font.size": 10}):
        figure = Figure(figsize=(6.4, 4.2), layout="constrained", facecolor="white")
        axes = figure.subplots()
        axes.plot(WORKERS, WORKERS, color="#8a8f98", linestyle=":", label="no time lost")
        for sampler, colour in (("random", "#1f5fa8"), ("tpe", "#e07b00")):
            points = [one for one in found if one.sampler == sampler]
            ups = [speed_up(one, found) for one in points]
            axes.plot([p.workers for p in points], ups, "o-", color=colour, label=sampler)
        axes.set(xscale="log", yscale="log", xlabel="workers", ylabel="speed-up over one worker")
        axes.set_title("One coordinator on SQLite, fits of 14 s (median)", loc="left")
        axes.grid(color="#e6e8eb")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    return figure
