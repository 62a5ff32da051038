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
from competition.data.dataset import load_dataset
from competition.practice.holdout import prepare
from competition.spec import load_competition
from pipelines.base import load_pipeline
from pipelines.execution.threads import cores
from pipelines.search.coordinator import tune
from pipelines.search.fit import FitRequest
from pipelines.search.folds import Folds
from pipelines.search.run import FOLDS
from pipelines.search.storage import open_storage
from pipelines.search.store import Store
from pipelines.search.study import open_study

WORKERS = (1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000)
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "scaling.md"
_BEGIN, _END = "<!-- simulate -->", "<!-- /simulate -->"  # around what is written anew
# By what the measured fit times are divided, the sampler, and how their curve is drawn.
CURVES = {
    (1, "random"): "o-C0",
    (1, "tpe"): "o-C1",
    (10, "random"): "s--C0",
    (10, "tpe"): "s--C1",
}
_WARM_UP = 60.0  # virtual seconds before the measured part, about two fits of every worker
_DAYS = 3e6  # virtual seconds: never the limit
_FOLD_NOISE = 0.1  # by which the folds of a trial differ in time (standard deviation of the log)


@dataclass(frozen=True)
class Simulated:
    """What one number of workers came to, after the warm-up.

    Attributes:
        sampler: Which sampler chose the trials.
        shorter: How many times shorter than the measured ones the fits were.
        workers: How many there were.
        fits_an_hour: Fits per virtual hour.
        idle: Share of the workers' time in which they had no fit.
        own_ms: Milliseconds of the coordinator a fit.
        sampler_ms: Of these, the sampler's.
        fits: How many were measured.
    """

    sampler: str
    shorter: int
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
        shorter: By what to divide them.
    """

    def __init__(self, seed: int, shorter: int) -> None:
        logs = np.log([result["seconds_a_fit"] / shorter for result in kept()])
        self.mean, self.deviation = float(logs.mean()), float(logs.std(ddof=1))
        self._rng = np.random.default_rng(seed)

    def __call__(self, request: FitRequest) -> float:
        """Return the seconds of a fit; the folds of a trial take about as long."""
        trial = np.random.default_rng(zlib.crc32(json.dumps(request.task.params).encode()))
        noise = _FOLD_NOISE * self._rng.standard_normal()
        return float(np.exp(self.mean + self.deviation * trial.standard_normal() + noise))


def simulate(sampler: str, shorter: int, workers: int, fits: int, most_seconds: float) -> Simulated:
    """Tune the optical digits with so many workers.

    Args:
        sampler: `tpe` or `random`.
        shorter: By what to divide the fits' times.
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
            FitTimes(workers, shorter),
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
    return _measured(sampler, shorter, executor, sampling.seconds)


def _measured(sampler: str, shorter: int, executor: VirtualExecutor, sampling: float) -> Simulated:
    """Look at what ran after the first trial, which runs alone, and the warm-up."""
    assert executor.over_at is not None
    spans = np.array(executor.spans)
    start = float(spans[:FOLDS, 1].max()) + _WARM_UP / shorter
    end = executor.over_at
    inside = np.clip(spans, start, end)
    busy = float((inside[:, 1] - inside[:, 0]).sum())
    fits = int(((spans[:, 1] > start) & (spans[:, 1] <= end)).sum())
    return Simulated(
        sampler,
        shorter,
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
    for shorter, sampler in CURVES:
        for workers in WORKERS:
            one = simulate(sampler, shorter, workers, max(fits, 2 * workers), most_seconds)
            found.append(one)
            print(
                f"{_named(one)}, {workers:,} workers: {one.fits_an_hour:,.0f} fits an hour, "
                f"{one.idle:.1%} idle, {one.own_ms:.1f} ms of the coordinator a fit, of which "
                f"{one.sampler_ms:.1f} the sampler's ({one.fits:,} fits)",
                flush=True,
            )
    draw(found).savefig(DOCS / "scaling.svg", metadata={"Date": None})
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    text = f"{before}{_BEGIN}\n{section(found)}\n{_END}{after}"
    PAGE.write_text(text, encoding="utf-8")


def _named(one: Simulated) -> str:
    return f"{one.sampler}, fits of {median_seconds(one.shorter):.3g} s"


def median_seconds(shorter: int) -> float:
    """Return the median time of the fits."""
    return math.exp(FitTimes(0, shorter).mean)


def speed_up(one: Simulated, found: list[Simulated]) -> float:
    """Return how much more work is done at once than by one worker."""
    (alone,) = (other for other in found if _named(other) == _named(one) and other.workers == 1)
    return one.workers * (1 - one.idle) / (1 - alone.idle)


def section(found: list[Simulated]) -> str:
    """Return what the page says of the results."""
    return "\n".join(
        [
            f"`python -m benchmarks.scale simulate`, {datetime.now(UTC).date()}, {cores()} cores, "
            f"Python {platform.python_version()}.",
            "",
            table(found),
            "![Speed-up and idle share against the number of workers](scaling.svg)",
        ]
    )


def table(found: list[Simulated]) -> str:
    """Return the results as a table of a page."""
    rows = ["| sampler, median fit | workers | fits an hour | speed-up | idle | a fit takes the "]
    rows[0] += "coordinator | of which the sampler |"
    rows += ["|---|---:|---:|---:|---:|---:|---:|"]
    rows += [
        f"| {_named(one)} | {one.workers:,} | {one.fits_an_hour:,.0f} | {speed_up(one, found):.1f} "
        f"| {one.idle:.1%} | {one.own_ms:.1f} ms | {one.sampler_ms:.1f} ms |"
        for one in found
    ]
    return "\n".join([*rows, ""])


def draw(found: list[Simulated]) -> Figure:
    """Return charts of speed-up and idle share against the number of workers."""
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "podium", "font.size": 10}):
        figure = Figure(figsize=(9.6, 4.2), layout="constrained", facecolor="white")
        ups, idle = figure.subplots(1, 2)
        ups.plot(WORKERS, WORKERS, color="#8a8f98", linestyle=":", label="no time lost")
        for (shorter, sampler), style in CURVES.items():
            points = [one for one in found if (one.shorter, one.sampler) == (shorter, sampler)]
            workers = [one.workers for one in points]
            ups.plot(workers, [speed_up(one, found) for one in points], style)
            idle.plot(workers, [100 * one.idle for one in points], style, label=_named(points[0]))
        ups.set(yscale="log", ylabel="speed-up over one worker")
        ups.set_title("One coordinator on SQLite", loc="left")
        idle.set(ylabel="workers' time without a fit, %", ylim=(-2, 100))
        for axes in (ups, idle):
            axes.set(xscale="log", xlabel="workers")
            axes.grid(color="#e6e8eb")
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False)
    return figure
