"""Optuna's dashboard on the project's studies, to look at while a tuning run goes on."""

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from rich.console import Console

from competition.errors import PodiumError
from competition.terminal.console import DEFAULT_COMPETITION, CompetitionOption, workspace_of
from competition.verbs import step

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from optuna.storages import RDBStorage

    from competition.database import Database

HOST = "127.0.0.1"
PORT = 8080
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


def dashboard(competition: CompetitionOption = DEFAULT_COMPETITION) -> None:
    """Serve Optuna's dashboard on 127.0.0.1 until Ctrl-C; it only reads, also during `tune`."""
    with make_dashboard(workspace_of(competition).database) as server:
        console = Console(soft_wrap=True)
        console.print(f"Optuna's dashboard: {address(server)} (Ctrl-C ends it)", highlight=False)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("Ended.")


def make_dashboard(database: "Database", port: int = PORT) -> WSGIServer:
    """Return a server that listens on 127.0.0.1, to be served and closed by the caller.

    Args:
        database: Holds the studies.
        port: To listen on; any free one where it is taken.

    Raises:
        PodiumError: there is no database yet, or it cannot be used.
    """
    if database.missing:
        raise PodiumError(
            f"There is nothing to show: {database.described} is not there yet. `{step('tune')}` "
            "makes it."
        )

    from optuna_dashboard import wsgi

    app = _Guard(wsgi(reading_storage(database)))
    try:
        return make_server(HOST, port, app, _Server, _Quiet)
    except OSError:
        return make_server(HOST, 0, app, _Server, _Quiet)


def address(server: WSGIServer) -> str:
    """Return the address of a server's page."""
    return f"http://{HOST}:{server.server_port}/"


def reading_storage(database: "Database") -> "RDBStorage":
    """Open the studies so that no connection can write, nor hold a lock beyond one query.

    Raises:
        PodiumError: the database cannot be used.
    """
    from sqlalchemy import event

    from pipelines.search.studies.study import open_storage

    storage = open_storage(database)
    statement = _READ_ONLY[storage.engine.dialect.name]

    @event.listens_for(storage.engine, "connect")
    def forbid_writing(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()

    storage.engine.dispose()  # the connections that were opened before may still write
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
