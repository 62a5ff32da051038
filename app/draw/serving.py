"""Serves the drawing page: models loaded and warm before an address is named."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from competition.errors import PodiumError
from competition.workspace import Workspace

if TYPE_CHECKING:
    from app.draw.studio import Library
    from competition.data.dataset import Dataset

HOST = "127.0.0.1"
PORT = 8000


class DrawingServer:
    """The page, ready to be served: prepared and bound when made, served by `serve`.

    Args:
        workspace: Whose models read.
        host: The address to listen on.
        port: To listen on; None for 8000, or any free one where that is taken.
        report: Called with what is being done, for a person who waits.

    Raises:
        PodiumError: the images are in colour, there is no model to read with, or the address or
            port cannot be used.
    """

    def __init__(
        self,
        workspace: Workspace,
        host: str = HOST,
        port: int | None = None,
        report: Callable[[str], None] = lambda text: None,
    ) -> None:
        from app.draw.readers import load_readers

        competition = workspace.competition
        if competition.rows_kind != "images":
            raise PodiumError(
                f"{competition.slug} asks about rows of a table, which cannot be drawn. The "
                "report shows them."
            )
        if competition.channels != 1:
            raise PodiumError(
                f"The images of {competition.slug} are in colour, and a pen draws in grey: they "
                "cannot be drawn. The report shows them."
            )
        self._socket = _bound(host, port)
        self.host = host
        try:
            data = _data(workspace, report)
            readers = load_readers(workspace, data, lambda title: report(f"Loading {title}"))

            import uvicorn

            from app.draw.application import make_application
            from app.draw.studio import Studio

            studio = Studio(competition, readers, _library(data, report))
        except BaseException:
            self._socket.close()
            raise
        config = uvicorn.Config(
            make_application(studio, host),
            lifespan="off",
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._socket.listen(128)

    @property
    def address(self) -> str:
        """The page's address."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self._socket.getsockname()[1]}/"

    def serve(self) -> None:
        """Answer until Ctrl-C, SIGTERM or `stop`."""
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Let `serve`, which runs in another thread, return."""
        self._server.should_exit = True


def _data(workspace: Workspace, report: Callable[[str], None]) -> "Dataset | None":
    """Return the data, or None where they are not here: the models read without them."""
    from competition.data.dataset import load_dataset

    try:
        return load_dataset(workspace.competition, workspace.data)
    except PodiumError as error:
        report(f"No training images to compare with: {error}")
        return None


def _library(data: "Dataset | None", report: Callable[[str], None]) -> "Library | None":
    """Return the training images, arranged to be searched; None where they are not here."""
    if data is None:
        return None

    from app.draw.neighbours import NearestImages
    from app.draw.studio import Library

    report(f"Arranging {len(data.train):,} training images")
    return Library(data, NearestImages(data.train))


def _bound(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in (PORT, 0) if port is None else (port,):
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, wanted))
        except (OSError, OverflowError) as error:
            bound.close()
            failure = error
        else:
            return bound
    why = failure.strerror if isinstance(failure, OSError) else "ports end at 65535"
    raise PodiumError(
        f"Port {port if port is not None else PORT} of {host} cannot be used ({why}). "
        "Choose another with --port, or leave --host out for this machine alone."
    )
