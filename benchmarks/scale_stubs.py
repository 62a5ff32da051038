"""What stands in for workers where the coordinator itself is measured: no fit is ever made."""

import heapq
import math
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import psutil

from competition.data.dataset import Dataset
from pipelines.base import Pipeline
from pipelines.execution.base import FitExecutor
from pipelines.metrics import Probabilities
from pipelines.search.fit import FitRequest, FitResult
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_LEVELS = 20  # different accuracies, between the two that follow
_WORST, _BEST = 0.90, 0.99
_MODEL = bytes(100_000)
_PAST = 1e9  # seconds by which the clock jumps to end a run


@dataclass(frozen=True)
class StubPlan(Plan):
    """A plan whose fits are made by the executor that it was given."""

    place: FitExecutor | None = None

    def executor(self, pipeline: Pipeline) -> FitExecutor:
        """Return that executor."""
        assert self.place is not None
        return self.place


def unread_dataset(train_rows: int, test_rows: int, name: str) -> Dataset:
    """Return balanced random labels with images that take no memory, as nothing reads them."""
    labels = np.random.default_rng(0).permutation(np.arange(train_rows) % 10)
    side = 28
    return Dataset(
        train_images=np.zeros((train_rows, side, side), np.uint8),
        train_labels=labels.astype(np.int64),
        test_images=np.zeros((test_rows, side, side), np.uint8),
        test_ids=np.arange(1, test_rows + 1).astype(np.str_),
        fingerprint=name,
    )


class MadeUpResults:
    """Results of the size and form of real ones; a configuration's accuracy is drawn by its hash.

    Args:
        data: Whose labels are to be hit.
        folds: How its rows are dealt out.
    """

    def __init__(self, data: Dataset, folds: Folds) -> None:
        assigned = folds.assign(data.train_labels)
        rng = np.random.default_rng(1)
        self._scored = [
            [_right(data.train_labels[assigned == fold], accuracy, rng) for fold in range(5)]
            for accuracy in np.linspace(_WORST, _BEST, _LEVELS)
        ]
        self._test = np.full((len(data.test_images), 10), 0.1, np.float32)

    def of(self, request: FitRequest, seconds: float) -> FitResult:
        """Return a fit's result, with arrays of its own as one that came from a worker has."""
        text = repr(sorted(request.task.params.items())).encode()
        level = zlib.crc32(text) % _LEVELS
        keeps_model = request.train_rows is None and request.fold == 0
        return FitResult(
            self._scored[level][request.fold].copy(),
            self._test.copy() if request.want_test else None,
            0.9 * seconds,
            0.1 * seconds,
            _MODEL if keeps_model else None,
        )


def _right(
    truth: npt.NDArray[np.int64], accuracy: float, rng: np.random.Generator
) -> Probabilities:
    said = np.where(rng.random(len(truth)) < accuracy, truth, (truth + 1) % 10)
    probabilities = np.full((len(truth), 10), 0.02, np.float32)
    probabilities[np.arange(len(truth)), said] = 0.82
    return probabilities


class VirtualExecutor(FitExecutor):
    """Workers on a virtual clock, which jumps over the fits and counts the coordinator's own time.

    The time in which this class itself makes results is left out of it.

    Args:
        workers: How many there are.
        results: What fits give.
        seconds_of: How long a fit takes; called once for each.
        fits: After so many fits the clock jumps past every deadline.
        after: Called after each result with the number of them; its time is left out too.
        most_seconds: After so many real seconds it jumps, too.

    Attributes:
        spans: Of each fit that was submitted, the virtual seconds of its start and its end.
        most_in_flight: The most fits that were out at once, until the clock jumped.
        over_at: Virtual second at which it did; None before.
    """

    def __init__(
        self,
        workers: int,
        results: MadeUpResults,
        seconds_of: Callable[[FitRequest], float],
        fits: int,
        after: Callable[[int], None] = lambda fits: None,
        most_seconds: float = math.inf,
    ) -> None:
        self._workers, self._results, self._seconds_of = workers, results, seconds_of
        self._most, self._after = fits, after
        self._jumped = self.own = 0.0
        self._under_way: list[tuple[float, int, float, FitRequest, Future[Any]]] = []
        self.fits = self.submitted = self.most_in_flight = 0
        self.spans: list[tuple[float, float]] = []
        self.over_at: float | None = None
        self._began = time.perf_counter()
        self._real_end = self._began + most_seconds

    @property
    def workers(self) -> int:
        """How many fits run at once."""
        return self._workers

    def clock(self) -> float:
        """Return the virtual seconds, without the jump at the end."""
        return time.perf_counter() - self.own + self._jumped

    def now(self) -> float:
        """Return the virtual seconds."""
        return self.clock() + (_PAST if self.over_at is not None else 0.0)

    def submit(
        self, fn: Callable[_Given, _Result], /, *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Result]:
        """Take a fit; `fn` is never called."""
        (request,) = args
        assert isinstance(request, FitRequest)
        seconds = self._seconds_of(request)
        future: Future[Any] = Future()
        self.submitted += 1
        start = self.clock()
        self.spans.append((start, start + seconds))
        entry = (start + seconds, self.submitted, seconds, request, future)
        heapq.heappush(self._under_way, entry)
        if self.over_at is None:
            self.most_in_flight = max(self.most_in_flight, len(self._under_way))
        return future

    def wait(self, futures: Iterable["Future[_Result]"], seconds: float) -> set["Future[_Result]"]:
        """Jump to the next end of a fit, or over the time."""
        end = self.clock() + seconds
        jump_to = min(end, self._under_way[0][0] if self._under_way else end)
        self._jumped += max(0.0, jump_to - self.clock())
        self._settle(self.clock())
        return super().wait(futures, 0)  # what it costs to watch them all is part of the measure

    def _settle(self, until: float) -> None:
        began = time.perf_counter()
        while self._under_way and self._under_way[0][0] <= until:
            _, _, seconds, request, future = heapq.heappop(self._under_way)
            future.set_result(self._results.of(request, seconds))
            self.fits += 1
            self._after(self.fits)
        self.own += time.perf_counter() - began
        over = self.fits >= self._most or time.perf_counter() > self._real_end
        if over and self.over_at is None:
            self.over_at = self.clock()

    @property
    def coordinator_seconds(self) -> float:
        """Real seconds since it was made, less its own."""
        return time.perf_counter() - self._began - self.own

    def abandon(self) -> None:
        """Forget what runs."""
        self._under_way.clear()


class Stopwatch:
    """Counts the time that calls of an object's methods take, those within each other once.

    Args:
        watched: Whose public methods are replaced by timed ones.
        caller: Counts nothing of what is called by the object that this one watches.

    Attributes:
        seconds: The time so far.
    """

    def __init__(self, watched: object, caller: "Stopwatch | None" = None) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._caller = caller
        for name in dir(watched):
            member = getattr(watched, name)
            if callable(member) and not name.startswith("_"):
                setattr(watched, name, self._timed(member))

    def _timed(self, call: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
        def timed(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
            self._depth += 1
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth and not (self._caller and self._caller._depth):
                    self.seconds += time.perf_counter() - began

        return timed


def resident_mib() -> float:
    """Return the resident memory of this process in MiB."""
    return float(psutil.Process().memory_info().rss) / (1 << 20)
