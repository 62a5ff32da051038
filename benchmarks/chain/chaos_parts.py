"""A scheduler, two workers and a PostgreSQL that can be killed and started again."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import Self

import psutil

ROOT = Path(__file__).parents[2]


class Parts:
    """What a coordinator depends on, as processes that this one can kill.

    Args:
        root: A folder for the database.
    """

    kinds = ("worker 1", "worker 2", "scheduler", "database")

    def __init__(self, root: Path) -> None:
        self.folder = root / "postgres"
        self.ports = [free_port() for _ in range(3)]
        self.scheduler = f"tcp://127.0.0.1:{self.ports[0]}"
        self.database = f"postgresql+psycopg://postgres@127.0.0.1:{self.ports[2]}/postgres"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._make_database()
        for kind in ("database", "scheduler", "worker 1", "worker 2"):
            self._start(kind)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in ("worker 1", "worker 2", "scheduler", "database"):
            self._kill(name)

    def kill_and_restart(self, kind: str) -> None:
        """Kill a part with all its processes, without a word, and start it again."""
        self._kill(kind)
        self._start(kind)

    def _kill(self, kind: str) -> None:
        process = self.processes.pop(kind)
        with suppress(psutil.NoSuchProcess):
            whole = psutil.Process(process.pid)
            for part in [whole, *whole.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    part.send_signal(signal.SIGKILL)
        process.wait()

    def _start(self, kind: str) -> None:
        if kind == "database":
            command = self._as_postgres(
                str(self._program("postgres")),
                *("-D", str(self.folder), "-p", str(self.ports[2]), "-k", str(self.folder)),
                *("-c", "listen_addresses=127.0.0.1"),
            )
        elif kind == "scheduler":
            command = [sys.executable, "-m", "pipelines", "cluster", "--scheduler-only"]
            command += ["--port", str(self.ports[0]), "--dashboard", str(self.ports[1])]
        else:
            command = [sys.executable, "-m", "pipelines", "worker", "--workers", "1"]
            command += ["--scheduler", self.scheduler]
        self.processes[kind] = subprocess.Popen(
            command,
            cwd=ROOT if kind != "database" else self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if kind.startswith("worker") and hasattr(os, "sched_setaffinity"):
            # Each stands for a machine of its own, so each gets a share of the cores.
            here = sorted(os.sched_getaffinity(0))
            share = set(here[int(kind[-1]) - 1 :: 2]) or set(here)
            os.sched_setaffinity(self.processes[kind].pid, share)

    def _make_database(self) -> None:
        self.folder.mkdir()
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        program = str(self._program("initdb"))
        command = self._as_postgres(
            program, "-D", str(self.folder), "-A", "trust", "-U", "postgres"
        )
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def _as_postgres(self, *command: str) -> list[str]:
        """Return the command, for the user that PostgreSQL insists on where this one is root."""
        if os.getuid() != 0:
            return list(command)
        identity = pwd.getpwnam("postgres")
        numbers = [f"--reuid={identity.pw_uid}", f"--regid={identity.pw_gid}", "--clear-groups"]
        return ["setpriv", *numbers, "--", *command]

    def _program(self, name: str) -> Path:
        found = [*Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
        on_path = shutil.which(name)
        if on_path:
            found.append(Path(on_path))
        if not found:
            raise SystemExit("PostgreSQL is not installed; on Debian: apt install postgresql")
        return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))])


def free_port() -> int:
    """Return a port that nothing listens on."""
    with closing(socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
