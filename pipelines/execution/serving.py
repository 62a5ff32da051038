"""A Dask scheduler and workers, as `make cluster` and `make worker` start them."""

import asyncio
import logging
import warnings
from collections.abc import Callable
from typing import Any

from competition.errors import PodiumError
from competition.verbs import step
from pipelines.execution.address import certificates, connection_to
from pipelines.execution.base import MOST_DEATHS
from pipelines.execution.threads import cores, thread_variables

Say = Callable[[str], None]

_CONNECT = 5.0  # seconds in which a scheduler must answer
_AGAIN = 2.0  # seconds between two attempts to reach a scheduler
_SETTINGS = {
    "distributed.scheduler.allowed-failures": MOST_DEATHS - 1,
    # A worker is sent one fit at a time: another that waited there would be held to have had a part
    # in its death.
    "distributed.scheduler.worker-saturation": 1.0,
    # A host that falls silent is noticed by TCP, after `distributed.comm.timeouts.tcp` (30 s). A
    # process that hangs still answers TCP, and is told by its missing heartbeats alone.
    "distributed.scheduler.worker-ttl": "60s",
    # A fit takes memory that Dask cannot spill: it is let be until it takes all there is.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.profile.interval": "100ms",  # a hundred looks a second slow a fit down
}


def serve_cluster(host: str, port: int, dashboard: int, workers: int, say: Say) -> None:
    """Run a scheduler, with workers beside it, until Ctrl-C.

    It speaks TLS where Dask's configuration requires encryption.

    Args:
        host: Address to listen on; this machine alone unless another is asked for.
        port: Of the scheduler.
        dashboard: Port of its page; another where it is taken.
        workers: How many workers to start here; 0 for none, when others will join.
        say: Given the lines to print.

    Raises:
        PodiumError: the port or address cannot be used, or TLS lacks its certificate.
    """
    asyncio.run(_cluster(host, port, dashboard, workers, say))


def serve_workers(address: str, workers: int, gpus: int, say: Say) -> None:
    """Run workers for a scheduler elsewhere until Ctrl-C; when it goes, wait for it to come back.

    Args:
        address: The scheduler's, such as `tcp://10.0.0.1:8786`, or `tls://...`.
        workers: How many fits to run at once; 0 for one a core.
        gpus: How many of the workers take fits that want a GPU.
        say: Given the lines to print.

    Raises:
        PodiumError: the address is malformed, or does not go with the configuration of TLS.
    """
    asyncio.run(_Crew(address, workers or cores(), say).work(gpus))


async def _cluster(host: str, port: int, dashboard: int, workers: int, say: Say) -> None:
    import dask
    from distributed import Scheduler

    encrypted = certificates("scheduler")["require_encryption"]
    _quieten()
    with dask.config.set(_SETTINGS):
        try:
            scheduler = await Scheduler(
                host=host,
                port=port,
                protocol="tls" if encrypted else "tcp",
                dashboard_address=f"{host}:{dashboard}",
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise PodiumError(
                f"Nothing can listen on {host}:{port} ({_reason(error)}); give another --host or "
                "--port, or stop what listens there."
            ) from error
        page = scheduler.http_server.port
        async with scheduler:
            say(f"scheduler {scheduler.address}, dashboard http://{host}:{page}/status")
            say(f"Next: {step('tune', SCHEDULER=scheduler.address)}")
            if workers == 0:
                await scheduler.finished()
                return
            crew = _Crew(scheduler.address, workers, say)
            async with asyncio.TaskGroup() as group:
                work = group.create_task(crew.work(0))
                await scheduler.finished()
                work.cancel()


class _Crew:
    """Worker processes of one fit each, which share the cores.

    Each comes back to the scheduler by itself, however it lost it.

    Args:
        address: The scheduler's.
        workers: How many.
        say: Given the lines to print.

    Raises:
        PodiumError: the address is malformed, or does not go with the configuration of TLS.
    """

    def __init__(self, address: str, workers: int, say: Say) -> None:
        self.address, self.workers, self.say = address, workers, say
        self.how = connection_to(address, "worker")
        self.threads = max(1, cores() // workers)
        self.joined = 0
        self.away = False

    async def work(self, gpus: int) -> None:
        """Run the workers, the first few for fits that want a GPU, until this is cancelled."""
        import dask

        _quieten()
        # Dask's own list has the allocator give back each freed array, only to fault it in again.
        environment = {"distributed.nanny.pre-spawn-environ": thread_variables(self.threads)}
        with dask.config.set(_SETTINGS | environment):
            async with asyncio.TaskGroup() as group:
                for number in range(self.workers):
                    group.create_task(self._keep(on_gpu=number < gpus))

    async def _keep(self, *, on_gpu: bool) -> None:
        """Run one worker, again and again."""
        while True:
            try:
                await self._reach()
                async with self._nanny(on_gpu) as nanny:
                    self._join()
                    try:
                        await nanny.finished()
                    finally:
                        self.joined -= 1
                reason = "connection lost"
            except (OSError, RuntimeError) as error:  # Dask wraps what goes wrong at the start
                reason = _reason(error)
            if not self.away:  # one line however many workers and attempts there are
                self.away = True
                self.say(f"{self.address} does not answer ({reason}); trying again until Ctrl-C.")
            await asyncio.sleep(_AGAIN)

    async def _reach(self) -> None:
        """Fail soon where a nanny would try for half a minute, without a word."""
        from distributed.comm import connect

        await (await connect(self.address, timeout=_CONNECT, **self.how)).close()

    def _join(self) -> None:
        self.joined += 1
        if self.joined == self.workers:
            self.away = False
            self.say(f"{self.workers} workers at {self.address}, {self.threads} threads each")

    def _nanny(self, on_gpu: bool) -> Any:
        """Return what starts a worker process, and starts it again when it dies."""
        from distributed import Nanny

        return Nanny(
            self.address,
            nthreads=1,
            env=thread_variables(self.threads),
            resources={"GPU": 1} if on_gpu else {},
            memory_limit=0,
            silence_logs=logging.ERROR,
        )


def _reason(error: BaseException) -> str:
    """Return what lies at the bottom of an error, on one line."""
    while error.__cause__ is not None and not isinstance(error, TimeoutError):
        error = error.__cause__
    if isinstance(error, TimeoutError):
        return "timed out"
    told = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return told.splitlines()[0]


def _quieten() -> None:
    logging.getLogger("distributed").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=r"(?s)Port \d+ is already in use")
