"""What the coordinator asks of a place where fits run."""

import time
from abc import abstractmethod
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from competition.errors import InfrastructureError

_Result = TypeVar("_Result")

MOST_DEATHS = 3  # a fit that ends this many workers is given up


class WorkerLost(Exception):
    """A fit was given up because the workers that ran it died."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(
            f"{MOST_DEATHS} workers died of it{f' ({reason})' if reason else ''}; the memory may "
            "be too small: try fewer WORKERS"
        )


class ClusterLost(InfrastructureError):
    """The cluster cannot be reached, has no workers, or these cannot run Podium."""


@dataclass(eq=False)
class Job:
    """One call under way, which outlives the workers that it is sent to.

    Attributes:
        call: The function and its arguments.
        outcome: What the caller waits for.
        attempts: How many workers died of it or were lost with it.
    """

    call: tuple[Any, ...]
    outcome: "Future[Any]"
    attempts: int = 0

    def settle(self, result: Any = None, error: BaseException | None = None) -> None:
        """Give the caller its result or error, unless it has stopped waiting."""
        if self.outcome.done():
            return
        if error is not None:
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(result)


class FitExecutor(Executor):
    """A `concurrent.futures.Executor` that says how wide it is, and whose clock can be asked.

    A worker that dies costs its fits nothing but time: they are done again elsewhere, and one that
    kills `MOST_DEATHS` workers ends with `WorkerLost`. Functions and arguments must be picklable.
    What every executor promises is tested by `tests/pipelines/execution/test_contract.py`.
    """

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many fits run at once, now; at least 1."""

    @abstractmethod
    def abandon(self) -> None:
        """Stop what runs as far as that can be, and forget it; new fits may follow."""

    def wait(self, futures: Iterable["Future[_Result]"], seconds: float) -> set["Future[_Result]"]:
        """Return the futures that are done, once one is or the time is over.

        Raises:
            ClusterLost: the place where fits run cannot be reached any more.
        """
        return wait(futures, timeout=seconds, return_when=FIRST_COMPLETED).done

    def doing(self) -> str:
        """Return what the fit that spoke last says of itself; empty where none does."""
        return ""

    def now(self) -> float:
        """Return the seconds of the clock that budgets are held against."""
        return time.monotonic()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End at once; who wants a result waits for it before."""
        self.abandon()
