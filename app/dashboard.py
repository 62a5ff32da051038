"""Optuna's dashboard on the project's studies, to look at while a tuning run goes on."""

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from competition.settings import database_url
from rich.console import Console
from sqlalchemy import event, make_url

from competition.console import DEFAULT_COMPETITION, CompetitionOption
from competition.database import described, missing_file
from competition.errors import PodiumError
from competition.spec import load_competition

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from optuna.storages import RDBStorage

HOST = "127.0.0.1"
PORT = 8080
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


def dashboard(competition: CompetitionOption = DEFAULT_COMPETITION) -> None:
    """Serve Optuna's dashboard on 127.0.0.1 until Ctrl-C; it only reads, also during `tune`."""
    url = database_url(load_competition(competition))
    with make_dashboard(url) as server:
        console = Console(soft_wrap=True)
        console.print(f"Optuna's dashboard: {address(server)} (Ctrl-C ends it)", highlight=False)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("Ended.")


def make_dashboard(url: str, port: int = PORT) -> WSGIServer:
    """Return a server that listens on 127.0.0.1, to be served and closed by the caller.

    Args:
        url: The database's address.
        port: To listen on; any free one where it is taken.

    Raises:
        PodiumError: there is no database yet, or it cannot be used.
    """
    if missing_file(url):
        raise PodiumError(
            f"There is nothing to show: {described(make_url(url))} is not there yet. `make tune` "
            "makes it."
        )

    from optuna_dashboard import wsgi

    from pipelines.search.storage import explained_database_errors

    with explained_database_errors(url):
        app = _Guard(wsgi(_reading(url)))
    try:
        return make_server(HOST, port, app, _Server, _Quiet)
    except OSError:
        return make_server(HOST, 0, app, _Server, _Quiet)


def address(server: WSGIServer) -> str:
    """Return the address of a server's page."""
    return f"http://{HOST}:{server.server_port}/"


def _reading(url: str) -> "RDBStorage":
    """Open the studies so that no connection can write, nor hold a lock beyond one query."""
    from pipelines.search.storage import open_database

    storage = open_database(url)
    statement = _READ_ONLY.get(storage.engine.dialect.name)

    @event.listens_for(storage.engine, "connect")
    def forbid_writing(connection: Any, _record: Any) -> None:
        if statement is not None:
            cursor = connection.cursor()
            cursor.execute(statement)
            cursor.close()
            connection.commit()

    storage.engine.dispose()
    return storage


class _Guard:
    """Lets only reading requests through, and only those addressed to this machine.

    The second keeps off web pages that have their own name resolved to 127.0.0.1.

    Args:
        app: The dashboard.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
        if host not in (HOST, "localhost"):
            return _refuse(start_response, "This page is for this machine alone.")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _refuse(start_response, "It only reads: nothing disturbs a tuning run.")
        return self._app(environ, start_response)


def _refuse(start_response: "StartResponse", reason: str) -> Iterable[bytes]:
    start_response("403 Forbidden", [("Content-Type", "application/json")])
    return [f'{{"reason": "{reason}"}}'.encode()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True  # an open request does not keep Ctrl-C waiting


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of every request."""
