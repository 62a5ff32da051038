"""What `draw` prints."""

import os
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console

from competition.terminal.console import DEFAULT_COMPETITION, CompetitionOption, workspace_of


def draw(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    host: Annotated[
        str, typer.Option(help="Another address than this machine's own; others can reach it.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="8000, or a free one if that is taken.")
    ] = None,
) -> None:
    """Serve a page to draw digits on and have them read, until Ctrl-C."""
    workspace = workspace_of(competition)
    # One image at a time is read fastest by one thread: several wait for each other. Libraries look
    # when they are first imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    from app.draw.serving import DrawingServer

    console = Console(soft_wrap=True)
    server = DrawingServer(workspace, host, port, lambda text: console.print(text, highlight=False))
    console.print(f"Draw a digit: {server.address} (Ctrl-C ends it)", highlight=False)
    with suppress(KeyboardInterrupt):
        server.serve()
    console.print("Ended.")
