"""The command lines of a cluster: `pipelines cluster` and `pipelines worker`."""

from typing import Annotated

import typer
from rich.console import Console

from competition.errors import PodiumError
from competition.verbs import step

WorkersOption = Annotated[
    int, typer.Option(envvar="WORKERS", min=0, help="Fits at once; 0 for one a core.")
]


def cluster(
    workers: WorkersOption = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The scheduler's port.")] = 8786,
    dashboard: Annotated[int, typer.Option(min=0, max=65535, help="The port of its page.")] = 8787,
    scheduler_only: Annotated[
        bool, typer.Option("--scheduler-only", help="Start no workers here.")
    ] = False,
) -> None:
    """Start a Dask scheduler with workers on this machine, until Ctrl-C."""
    from pipelines.execution.serving import serve_cluster
    from pipelines.execution.threads import cores

    wanted = 0 if scheduler_only else workers or cores()
    serve_cluster(host, port, dashboard, wanted, _say)


def worker(
    scheduler: Annotated[
        str, typer.Option(envvar="SCHEDULER", help="Its address, such as tcp://10.0.0.1:8786.")
    ] = "",
    workers: WorkersOption = 0,
    gpus: Annotated[
        int, typer.Option(envvar="GPUS", min=0, help="So many workers take a GPU's fits.")
    ] = 0,
) -> None:
    """Fit for a Dask scheduler on another machine, until Ctrl-C."""
    from pipelines.execution.serving import serve_workers

    if not scheduler:
        raise PodiumError(
            f"SCHEDULER is not given; it is the address that `{step('cluster')}` printed, such as "
            "tcp://10.0.0.1:8786."
        )
    serve_workers(scheduler, workers, gpus, _say)


def _say(line: str) -> None:
    Console(soft_wrap=True).print(line, highlight=False)
