"""A practice Kaggle for each test, the official command line, and a server that says anything."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from competition.kaggle.client import KaggleClient
from competition.practice.holdout import prepare
from competition.spec import Competition, load_competition
from competition.workspace import Access
from tests.serving import Served

PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without any credentials, proxies or settings."""
    for name in os.environ:
        if name.startswith("KAGGLE_") or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    for name in ("COMPETITION", "DATA_DIR", "RUNS_DIR", "DATABASE_URL", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The optical digits, a third of them hidden; made once and copied."""
    folder = tmp_path_factory.mktemp("prepared") / "optical-digits"
    prepare(folder, load_competition("optical-digits"), None)
    return folder


@pytest.fixture
def practice_folder(prepared: Path, tmp_path: Path) -> Path:
    """A test's own copy of the prepared folder."""
    folder = tmp_path / "practice"
    shutil.copytree(prepared, folder)
    return folder


@pytest.fixture
def start(practice_folder: Path) -> Iterator[Callable[..., Served]]:
    """Start practice Kaggles of the test's own folder, with options."""
    started: list[Served] = []

    def begin(**options: Any) -> Served:
        started.append(Served(practice_folder, **({"delay": 0.2} | options)))
        return started[-1]

    yield begin
    for served in started:
        served.end()


@pytest.fixture(scope="session")
def shared_practice(prepared: Path) -> Iterator[Served]:
    """One practice Kaggle for the tests that change nothing."""
    served = Served(prepared, key="shared-key")
    yield served
    served.stop()


@pytest.fixture
def client_of() -> Callable[..., KaggleClient]:
    """Return a client of a practice Kaggle, which does not pause for long."""

    def make(practice: Served, **options: Any) -> KaggleClient:
        options = {"first_pause": 0.005} | options
        return KaggleClient(practice.competition, practice.access, **options)

    return make


@pytest.fixture
def spec() -> Competition:
    return load_competition("optical-digits")


@pytest.fixture
def submission_file(prepared: Path, tmp_path: Path) -> Path:
    """A well-formed submission: Kaggle's own sample, all zeros."""
    file = tmp_path / "submission.csv"
    shutil.copy(prepared / "public" / "sample_submission.csv", file)
    return file


@dataclass(frozen=True)
class Cli:
    """The unmodified `kaggle` command, its calls led to a practice Kaggle by a proxy setting."""

    environment: dict[str, str]

    def __call__(self, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kaggle", *map(str, arguments)],
            env=self.environment | changes,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def cli_of() -> Callable[[Served], Cli]:
    def make(practice: Served) -> Cli:
        return Cli(
            {
                **os.environ,
                "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
                "http_proxy": practice.url,
                "KAGGLE_USERNAME": practice.username,
                "KAGGLE_KEY": practice.key,
            }
        )

    return make


@dataclass
class Scripted:
    """A server that gives each method the replies it was told, the last one again and again.

    Attributes:
        url: Its address.
        calls: Each call's method, the fields of its JSON, and its headers.
        received: All that came: the first line, the headers and the body of each call.
    """

    url: str = ""
    replies: dict[str, list[tuple[int, Any, dict[str, str]]]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)

    @property
    def access(self) -> Access:
        """It, with a user's name and key."""
        return Access(endpoint=self.url, username="somebody", key="a-very-secret-key")

    def says(
        self, method: str, body: Any, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        self.replies.setdefault(method, []).append((status, body, headers or {}))

    def times(self, method: str) -> int:
        return sum(each[0] == method for each in self.calls)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A scripted server."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            head = f"{self.requestline}\n{self.headers}".encode()
            script.received.append(head + content)
            method = self.path.split("?")[0].rsplit("/", 1)[-1]
            fields = json.loads(content) if self.command == "POST" and content else {}
            script.calls.append((method, fields, dict(self.headers)))
            queue = script.replies.get(method) or [(404, {}, {})]
            status, body, headers = queue.pop(0) if len(queue) > 1 else queue[0]
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PUT = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    yield script
    server.shutdown()
    server.server_close()
