"""Runs a practice Kaggle: in this process until Ctrl-C, or as a child process of a program."""

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.practice.serving.fault_plan import parse_faults
from competition.spec import Competition
from competition.workspace import Access

HOST = "127.0.0.1"
OPTICAL_DIGITS = "optical-digits"
_CREDENTIALS_FILE = "credentials.json"


@dataclass(frozen=True)
class Running:
    """A practice Kaggle that takes calls, and what a program needs to call it."""

    url: str
    username: str
    key: str
    spec_path: Path

    @property
    def access(self) -> Access:
        """What a client calls it with; nothing that is stored at home."""
        return Access(endpoint=self.url, username=self.username, key=self.key)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send this project's commands to it."""
        return {
            "KAGGLE_ENDPOINT": self.url,
            "KAGGLE_USERNAME": self.username,
            "KAGGLE_KEY": self.key,
            "COMPETITION": str(self.spec_path),
        }

    def as_json(self) -> dict[str, Any]:
        """Return what `practice --json` prints."""
        return {
            "url": self.url,
            "username": self.username,
            "key": self.key,
            "spec_path": str(self.spec_path),
            "environment": self.environment,
        }


class PracticeServer:
    """A practice Kaggle in this process: prepared and bound when made, served by `serve`.

    Args:
        folder: Keeps its data and its state.
        competition: The competition whose form it has.
        data: The labelled data to hide some of; None for those that the competition names as
            bundled.
        hidden: How many rows to hide; None for a third.
        seed: Of the rows that are hidden.
        port: To listen on; 0 for any free one.
        username: Of the one user; None for the folder's own, at first `you`.
        key: Their key; None for the folder's own, at first a random one.
        daily: Submissions in a day (UTC); None for the competition's own.
        delay: Seconds until a submission is scored.
        rules_accepted: When false, calls about the competition are answered 403.
        faults: What goes wrong on purpose, in the grammar of `practice.fault_plan`.
        kernels: Whether scripts that are pushed run here; without, calls about them are refused.

    Raises:
        PodiumError: the data breaks a promise, or the port is taken.
    """

    def __init__(
        self,
        folder: Path,
        competition: Competition,
        data: Path | None = None,
        *,
        hidden: int | None = None,
        seed: int = 0,
        port: int = 0,
        username: str | None = None,
        key: str | None = None,
        daily: int | None = None,
        delay: float = 1.0,
        rules_accepted: bool = True,
        faults: str = "",
        kernels: bool = False,
    ) -> None:
        import uvicorn

        from competition.practice.holdout import PUBLIC_FOLDER, SPEC_FILE, prepare
        from competition.practice.kernels.calls import KernelCalls
        from competition.practice.serving.calls import Calls
        from competition.practice.serving.faults import Faults
        from competition.practice.serving.server import AbsoluteForm, Door

        if competition.notebooks_only and not kernels:
            raise PodiumError(
                f"{competition.slug} takes submissions from notebooks alone. Add --kernels (make: "
                "KERNEL=1): what is pushed is then run here, by whoever has the key, as this user."
            )
        planned = parse_faults(faults)
        self._socket = _bound(port)
        if daily is not None:
            competition = replace(competition, daily_submissions=daily)
        self.competition = prepare(folder, competition, data, hidden, seed)
        username, key = _credentials(folder, username, key)
        spec, public = self.competition, folder / PUBLIC_FOLDER
        self._kernels = (
            KernelCalls(folder, public, spec.slug, spec.files, username) if kernels else None
        )
        calls = Calls(folder, username, delay, rules_accepted, self._kernels)
        self._faults = Faults(Door(calls, username, key, self._kernels).app(), planned)
        app = AbsoluteForm(self._faults)
        # No access log: it would hold signed addresses.
        config = uvicorn.Config(
            app, lifespan="off", log_level="error", access_log=False, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._socket.listen(128)
        url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self.running = Running(url, username, key, (folder / SPEC_FILE).absolute())

    def serve(self, until_stdin_closes: bool = False) -> None:
        """Take calls until Ctrl-C or SIGTERM.

        Args:
            until_stdin_closes: End also when stdin does, as it does when the parent dies.
        """
        if until_stdin_closes:
            threading.Thread(target=self._stop_with_stdin, daemon=True).start()
        with suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])
        self._stop_kernels()

    def plan(self, faults: str) -> None:
        """Let these faults strike from now on, in place of those planned before.

        Raises:
            PodiumError: they do not follow the grammar.
        """
        self._faults.planned = parse_faults(faults)

    def stop(self) -> None:
        """Let `serve`, which runs in another thread, return."""
        self._server.should_exit = True
        self._stop_kernels()

    def _stop_kernels(self) -> None:
        if self._kernels is not None:
            self._kernels.machine.stop()

    def _stop_with_stdin(self) -> None:
        sys.stdin.buffer.read()
        self.stop()


class PracticeKaggle:
    """A practice Kaggle in a child process, for rehearsals and tests; a context manager.

    The child ends with the block, and also when this process is killed.

    Args:
        folder: Keeps its data and its state; may be used again.
        competition_name: A slug, or the path of a TOML file: the form that the data takes.
        data: As for `PracticeServer`, like `hidden`, `seed`, `port` and `kernels`.

    Raises:
        PodiumError: on entering: whatever keeps it from starting.
    """

    running: Running

    def __init__(
        self,
        folder: Path,
        competition_name: str = OPTICAL_DIGITS,
        data: Path | None = None,
        *,
        hidden: int | None = None,
        seed: int = 0,
        port: int = 0,
        kernels: bool = False,
    ) -> None:
        options: dict[str, object] = {
            "--folder": folder,
            "--competition": competition_name,
            "--data": data,
            "--hidden": hidden,
            "--seed": seed,
            "--port": port,
        }
        given = [[name, str(value)] for name, value in options.items() if value is not None]
        self._arguments = [
            "--json",
            "--until-stdin-closes",
            *(["--kernels"] if kernels else []),
            *(part for pair in given for part in pair),
        ]
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return self.running.url

    @property
    def username(self) -> str:
        """Its one user."""
        return self.running.username

    @property
    def key(self) -> str:
        """The user's key."""
        return self.running.key

    @property
    def spec_path(self) -> Path:
        """The TOML file of its competition."""
        return self.running.spec_path

    @property
    def access(self) -> Access:
        """What a client calls it with."""
        return self.running.access

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send this project's commands to it."""
        return self.running.environment

    def start(self) -> None:
        """Start the child process and wait until it takes calls."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "competition", "practice", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the parent, which may still need it while it winds up.
            start_new_session=True,
            env=_environment_of_child(),
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            said = json.loads(line)
        except ValueError:
            _, complaint = self._process.communicate(timeout=30)
            self._process = None
            raise PodiumError(complaint.strip() or "The practice Kaggle did not start.") from None
        self.running = Running(said["url"], said["username"], said["key"], Path(said["spec_path"]))

    def stop(self) -> None:
        """End the child process; its state stays in the folder."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _environment_of_child() -> dict[str, str]:
    """Return this process's environment without a person's Kaggle, and with this code in reach."""
    told = "DATA", "COMPETITION", "NOTIFY"  # by arguments, or not at all
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("KAGGLE_") and name not in told
    }
    paths = [str(Path(__file__).parents[2]), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except (OSError, OverflowError) as error:
        bound.close()
        why = error.strerror if isinstance(error, OSError) else "ports end at 65535"
        raise PodiumError(
            f"Port {port} of {HOST} cannot be used ({why}). "
            "Choose another with --port, or 0 for any free one."
        ) from None
    return bound


def _credentials(folder: Path, username: str | None, key: str | None) -> tuple[str, str]:
    """Return what was given, else what the folder keeps, else `you` with a random key."""
    file = folder / _CREDENTIALS_FILE
    kept = json.loads(file.read_text()) if file.is_file() else {}
    username = username or kept.get("username") or "you"
    key = key or kept.get("key") or secrets.token_hex(16)
    with atomic_path(file) as path:
        path.write_text(json.dumps({"username": username, "key": key}))
    file.chmod(0o600)
    return username, key
