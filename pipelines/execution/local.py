"""Fits in processes on this machine."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipelines.execution.base import MOST_DEATHS, FitExecutor, Job, WorkerLost
from pipelines.execution.gpus import claim_gpu
from pipelines.execution.notes import latest, leave_notes_in, with_notes
from pipelines.execution.threads import settle_threads

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_FITS_PER_PROCESS = 40  # a process is then replaced, which returns what libraries leaked
_LOOK = 1.0  # seconds between two looks at the pool's health


class LocalExecutor(FitExecutor):
    """Fresh processes on this machine, started by the first fit that is submitted.

    The processes end by themselves when this one is killed, so that a killed run leaves nothing
    behind.

    Args:
        workers: How many fits run at once.
        threads: How many threads each of them may use.
        gpus: Of which each process sees one alone; empty where all see what there is.
    """

    def __init__(self, workers: int, threads: int, gpus: tuple[str, ...] = ()) -> None:
        self._workers = workers
        self.threads = threads
        self._gpus = gpus
        self._claims = TemporaryDirectory(prefix="podium-gpus-")
        self._pool: ProcessPool | None = None
        self._open: set[Job] = set()
        self._breaks = 0  # of whole pools, since the last result
        self._notes = TemporaryDirectory(prefix="podium-")

    @property
    def workers(self) -> int:
        """How many fits run at once."""
        return self._workers

    def submit(
        self, fn: Callable[_Given, _Result], /, *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Result]:
        """Run a function in one of the processes."""
        self._restore()
        job = Job((fn, args, kwargs), Future())
        self._open.add(job)
        self._start(job)
        return job.outcome

    def wait(self, futures: Iterable["Future[_Result]"], seconds: float) -> set["Future[_Result]"]:
        """Return the futures that are done, once one is or the time is over."""
        waiting, end = list(futures), self.now() + seconds
        while True:
            self._restore()
            done = super().wait(waiting, max(0.0, min(_LOOK, end - self.now())))
            if done or self.now() >= end:
                return done

    def _start(self, job: Job) -> None:
        if self._pool is None:
            self._pool = ProcessPool(
                self._workers,
                max_tasks=_FITS_PER_PROCESS,
                initializer=_prepare_worker,
                initargs=(self.threads, self._notes.name, self._gpus, self._claims.name),
                context=multiprocessing.get_context("spawn"),
            )
        pool = self._pool
        try:
            inner = pool.schedule(with_notes, args=job.call)
        except RuntimeError:
            return  # the pool has broken this moment, and `wait` starts the job again
        inner.add_done_callback(lambda done: self._end(pool, job, done))

    def _end(self, pool: ProcessPool, job: Job, inner: "Future[Any]") -> None:
        """Pass a result on, or start the fit again when its process died."""
        if job not in self._open:
            return  # abandoned
        try:
            job.settle(inner.result())
            self._breaks = 0
        except ProcessExpired:
            job.attempts += 1
            if job.attempts >= MOST_DEATHS:
                job.settle(error=WorkerLost())
            elif pool is self._pool and pool.active:
                self._start(job)
        except (CancelledError, BrokenProcessPool):
            # The pool broke as a whole, and `wait` starts the job again; but not for ever.
            if self._breaks >= MOST_DEATHS:
                job.settle(error=WorkerLost())
        except Exception as error:
            job.settle(error=error)
        if job.outcome.done():
            self._open.discard(job)

    def _restore(self) -> None:
        """Replace a pool that broke as a whole.

        A process can die with the others' lock in hand, or before it was seen to take a fit.
        """
        if self._pool is not None and not self._pool.active:
            self._breaks += 1
            self._stop()
            for job in list(self._open):
                self._start(job)

    def doing(self) -> str:
        """Return what the fit that spoke last says of itself; empty where none does."""
        return latest(Path(self._notes.name))

    def abandon(self) -> None:
        """End the processes at once, running fits included; the next fit starts fresh ones."""
        self._open.clear()
        self._stop()

    def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()


def _prepare_worker(threads: int, notes: str, gpus: tuple[str, ...], claims: str) -> None:
    """Set a worker up before it imports anything that counts threads or GPUs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    leave_notes_in(notes)
    claim_gpu(gpus, Path(claims))
    settle_threads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
