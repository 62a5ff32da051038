"""A Dask scheduler and workers, as `make cluster` and `make worker` start them."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from competition.errors import PodiumError
from pipelines.execution.base import MOST_DEATHS
from pipelines.execution.threads import cores, thread_variables

Say = Callable[[str], None]

_AGAIN = 2.0  # seconds between two attempts to reach a scheduler
_SETTINGS = {
    "distributed.scheduler.allowed-failures": MOST_DEATHS - 1,
    # A fit takes memory that Dask cannot spill: it is let be until it takes all there is.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
}


def serve_cluster(host: str, port: int, dashboard: int, workers: int, say: Say) -> None:
    """Run a scheduler, with workers beside it, until Ctrl-C.

    Args:
        host: Address to listen on; this machine alone unless another is asked for.
        port: Of the scheduler.
        dashboard: Port of its page.
        workers: How many workers to start here; 0 for none, when others will join.
        say: Given the lines to print.

    Raises:
        PodiumError: the port or address cannot be used.
    """
    asyncio.run(_cluster(host, port, dashboard, workers, say))


def serve_workers(address: str, workers: int, gpus: int, say: Say) -> None:
    """Run workers for a scheduler elsewhere until Ctrl-C; when it goes, wait for it to come back.

    Args:
        address: The scheduler's, such as `tcp://10.0.0.1:8786`.
        workers: How many fits to run at once; 0 for one a core.
        gpus: How many of the workers take fits that want a GPU.
        say: Given the lines to print.

    Raises:
        PodiumError: the address is malformed.
    """
    while True:
        try:
            asyncio.run(_workers(address, workers or cores(), gpus, say))
        except (TimeoutError, OSError):
            say(f"{address} does not answer; trying again until Ctrl-C.")
        except ValueError as error:
            raise PodiumError(
                f"{address} is not the address of a scheduler; it looks like tcp://host:8786."
            ) from error
        time.sleep(_AGAIN)


async def _cluster(host: str, port: int, dashboard: int, workers: int, say: Say) -> None:
    import dask
    from distributed import Scheduler

    _quieten()
    with dask.config.set(_SETTINGS):
        try:
            scheduler = await Scheduler(
                host=host, port=port, dashboard_address=f"{host}:{dashboard}"
            )
        except OSError as error:
            raise PodiumError(
                f"Nothing can listen on {host}:{port} ({error.strerror or error}); give another "
                "--host or --port, or stop what listens there."
            ) from error
        async with scheduler:
            say(f"scheduler {scheduler.address}, dashboard http://{host}:{dashboard}/status")
            say(f"Next: make tune SCHEDULER={scheduler.address}")
            if workers:
                await _workers(scheduler.address, workers, 0, say)
            await scheduler.finished()


async def _workers(address: str, workers: int, gpus: int, say: Say) -> None:
    """Run worker processes of one fit each, which share the cores, until the scheduler goes."""
    import dask
    from distributed import Nanny

    _quieten()
    threads = max(1, cores() // workers)
    with dask.config.set(_SETTINGS):
        async with AsyncExitStack() as stack:
            nannies = [
                await stack.enter_async_context(_nanny(Nanny, address, threads, number < gpus))
                for number in range(workers)
            ]
            say(f"{workers} workers at {address}, {threads} threads each")
            await asyncio.gather(*(nanny.finished() for nanny in nannies))


def _nanny(kind: Any, address: str, threads: int, gpu: bool) -> Any:
    """Return what starts a worker process, and starts it anew when it dies."""
    return kind(
        address,
        nthreads=1,
        env=thread_variables(threads),
        resources={"GPU": 1} if gpu else {},
        memory_limit=0,
        silence_logs=logging.ERROR,
    )


def _quieten() -> None:
    logging.getLogger("distributed").setLevel(logging.ERROR)
