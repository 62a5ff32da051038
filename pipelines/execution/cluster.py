"""Fits on a Dask cluster."""

import logging
import pickle
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any, ParamSpec, TypeVar

import numpy as np
from distributed import Client, KilledWorker

from competition.data.dataset import Dataset
from competition.verbs import step
from pipelines.execution.address import connection_to
from pipelines.execution.base import ClusterLost, FitExecutor, Job, WorkerLost
from pipelines.execution.jobs import Jobs
from pipelines.execution.remote import run_here
from pipelines.search.fit import DataAbsent

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

log = logging.getLogger(__name__)

_LOOK = 0.5  # seconds between two looks at the cluster's health
_ARRAYS = ("train", "truth", "test", "test_ids")
_MOST_LOSSES = 20  # times that a fit is sent again because the scheduler forgot it


class ClusterExecutor(FitExecutor):
    """The workers of a Dask scheduler, those that join later included.

    A fit whose worker dies is done again elsewhere, by Dask itself; when the scheduler is started
    again, the fits that it forgot are sent to it once more. Fits that are abandoned while they run
    go on to their end on their worker, and nobody looks at the result: threads cannot be stopped.

    Args:
        address: The scheduler's, such as `tcp://10.0.0.1:8786`; TLS as Dask's configuration says.
        data: The arrays that fits use; sent once to every worker, unless all have them on disk.
        is_here: Asked on the workers with the fingerprint whether they have; picklable.
        on_gpu: Fits go to the workers that declare the resource `GPU`, if there are any.
        connect: Seconds in which a scheduler must answer, and have a worker.
        patience: Seconds that a lost scheduler, or the last lost worker, is waited for.

    Raises:
        InfrastructureError: the address is malformed or its certificates are missing, no scheduler
            answers, or no worker has joined it.
    """

    def __init__(
        self,
        address: str,
        data: Dataset,
        is_here: Callable[[str], bool],
        *,
        on_gpu: bool = False,
        connect: float = 10.0,
        patience: float = 120.0,
    ) -> None:
        connection_to(address, "client")
        self.address = address
        self.on_gpu = on_gpu
        self._connect_seconds, self._patience = connect, patience
        copies: dict[str, Any] = {name: np.array(getattr(data, name)) for name in _ARRAYS}
        self._data = replace(data, folder=None, **copies)
        self._jobs = Jobs()
        self._connect()
        self._wait_for_workers()
        self._send_data = not self._all_have_data(is_here)

    def _all_have_data(self, is_here: Callable[[str], bool]) -> bool:
        """Ask the workers for the data; this is also the first time that they import Podium."""
        try:
            found = self._client.run(is_here, self._data.fingerprint)
        except Exception as error:
            self._client.close()
            raise ClusterLost(
                f"The workers of {self.address} cannot run Podium ({error}); start them in a copy "
                f"of this folder with `{step('worker', SCHEDULER=self.address)}`."
            ) from error
        return all(found.values())

    def _connect(self) -> None:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            self._client = Client(self.address, timeout=self._connect_seconds, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterLost(
                f"No Dask scheduler answers at {self.address}; start one with "
                f"`{step('cluster')}`, or check SCHEDULER (such as tcp://127.0.0.1:8786)."
            ) from error
        self._scattered: Any = None
        self._looked_at = self._well_at = time.monotonic()
        self._count_workers()

    def _wait_for_workers(self) -> None:
        while not self._threads:
            if time.monotonic() - self._well_at > self._connect_seconds:
                self._client.close()
                raise ClusterLost(
                    f"The scheduler at {self.address} has no worker; start some with "
                    f"`{step('worker', SCHEDULER=self.address)}` on each machine."
                )
            time.sleep(_LOOK)
            self._count_workers()

    @property
    def workers(self) -> int:
        """How many fits run at once on the workers that are there now; at least 1."""
        return max(1, self._threads)

    def submit(
        self, fn: Callable[_Given, _Result], /, *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Result]:
        """Run a function on one of the workers."""
        job = Job((fn, args, kwargs), Future())
        self._send(job)
        return job.outcome

    def wait(self, futures: Iterable["Future[_Result]"], seconds: float) -> set["Future[_Result]"]:
        """Return the futures that are done, once one is or the time is over.

        Raises:
            ClusterLost: the scheduler or its last worker has been gone for two minutes.
        """
        waiting, end = list(futures), self.now() + seconds
        while True:
            self._keep_connected()
            done = super().wait(waiting, max(0.0, min(_LOOK, end - self.now())))
            if done or self.now() >= end:
                return done

    def abandon(self) -> None:
        """Cancel what waits, and forget what runs."""
        dropped = self._jobs.drop()
        if dropped and self._client.status == "running":
            self._client.cancel(dropped)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Abandon what is under way and leave the cluster."""
        self.abandon()
        self._client.close()

    # ------------------------------------------------------------------ sending and receiving

    def _send(self, job: Job) -> None:
        fn, args, kwargs = job.call
        try:
            if self._send_data and self._scattered is None:
                self._scattered = self._client.scatter(self._data, broadcast=True)
            resources = {"GPU": 1} if self.on_gpu and self._gpus else None
            future = self._client.submit(
                run_here, fn, args, kwargs, self._scattered, pure=False, resources=resources
            )
        except (OSError, RuntimeError, ValueError):  # the connection is gone: `wait` sends it again
            self._jobs.lose(job)
            return
        self._jobs.start(job, future)
        future.add_done_callback(partial(self._end, job))

    def _end(self, job: Job, future: Any) -> None:
        """Pass a result on; called by the client's thread."""
        if not self._jobs.end(job, future):
            return  # abandoned
        if future.status == "finished":
            try:
                job.settle(pickle.loads(future.result()))
            except Exception as error:  # of a class that this process does not have
                job.settle(error=error)
        elif future.status == "error":
            self._fail(job, future.exception())
        else:  # cancelled or lost
            job.attempts += 1
            if job.attempts > _MOST_LOSSES:
                job.settle(error=WorkerLost("the scheduler lost it again and again"))
            else:
                self._jobs.lose(job)

    def _fail(self, job: Job, error: BaseException) -> None:
        if isinstance(error, DataAbsent) and not self._send_data:
            self._send_data = True  # a worker that joined later has another disk
            self._jobs.lose(job)
        elif isinstance(error, KilledWorker):
            job.settle(error=WorkerLost(f"last on {error.last_worker.address}"))
        else:
            job.settle(error=error)

    # ------------------------------------------------------------------ health

    def _keep_connected(self) -> None:
        """Come back to a scheduler that was started again, and send again what it forgot."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK:
            self._looked_at = now
            if self._client.status == "closed":
                self._reconnect()
            self._count_workers()
            if self._threads:
                self._well_at = now
        if now - self._well_at > self._patience:
            raise ClusterLost(
                f"The cluster at {self.address} has had no worker for {self._patience:.0f} s, or "
                "its scheduler does not answer. Start it again, then the same command: what was "
                "finished is kept."
            )
        again = self._jobs.take_lost() if self._threads else []
        if again:
            self._scattered = None  # what a scheduler was given goes with it
        for job in again:
            self._send(job)

    def _reconnect(self) -> None:
        well_at = self._well_at
        try:
            self._connect()
        except ClusterLost:
            log.info("the scheduler at %s is still away", self.address)
        self._well_at = well_at

    def _count_workers(self) -> None:
        """Ask how wide the cluster is; nothing, while its scheduler does not answer."""
        self._threads = self._gpus = 0
        if self._client.status != "running":
            return
        try:
            found = self._client.scheduler_info()["workers"].values()
        except (OSError, RuntimeError, KeyError):
            return
        self._gpus = int(sum(worker["resources"].get("GPU", 0) for worker in found))
        threads = sum(worker["nthreads"] for worker in found)
        self._threads = self._gpus if self.on_gpu and self._gpus else threads
