"""The jobs of a cluster, told of by two threads: the one that sends, and the one that hears."""

from threading import Lock
from typing import Any

from pipelines.execution.base import Job


class Jobs:
    """Which jobs are under way, as which of the cluster's futures, and which it lost.

    Every method may be called from any thread, and a job is never forgotten: it is under way, lost,
    or settled.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[Job, Any] = {}
        self._lost: list[Job] = []

    def start(self, job: Job, future: Any) -> None:
        """Note that a job is under way as a future."""
        with self._lock:
            self._open[job] = future

    def end(self, job: Job, future: Any) -> bool:
        """Note that a future is over; return whether its job is still wanted of it."""
        with self._lock:
            wanted = self._open.get(job) is future
            if wanted:
                del self._open[job]
            return wanted

    def lose(self, job: Job) -> None:
        """Note that a job is to be sent again."""
        with self._lock:
            self._lost.append(job)

    def take_lost(self) -> list[Job]:
        """Return the jobs to send again, each once."""
        with self._lock:
            lost = self._lost.copy()
            self._lost.clear()
            return lost

    def drop(self) -> list[Any]:
        """Forget all jobs; return the futures of those under way."""
        with self._lock:
            futures = list(self._open.values())
            self._open.clear()
            self._lost.clear()
            return futures
