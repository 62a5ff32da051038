"""A cluster as `make cluster` and `make worker` start it, with parts that can be killed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import socket

import psutil
import pytest

ROOT = Path(__file__).parents[3]


class Cluster:
    """A scheduler and its workers in processes of their own."""

    def __init__(self) -> None:
        self.port, self.page = free_port(), free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.parts: list[subprocess.Popen[str]] = []
        self.scheduler = self.start_scheduler()

    def start_scheduler(self) -> "subprocess.Popen[str]":
        ports = ["--port", str(self.port), "--dashboard", str(self.page)]
        process = self.start("cluster", "--scheduler-only", *ports)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert re.match(rf"scheduler {self.address}, dashboard http://127.0.0.1:{self.page}", line)
        return process

    def restart_scheduler(self) -> None:
        self.kill(self.scheduler)
        self.scheduler = self.start_scheduler()

    def add_workers(self, count: int, *options: str) -> "subprocess.Popen[str]":
        process = self.start(
            "worker", "--scheduler", self.address, "--workers", str(count), *options
        )
        assert process.stdout is not None
        assert f"{count} workers at {self.address}" in process.stdout.readline()
        return process

    @contextmanager
    def joined_by(self, count: int, *options: str) -> Iterator["subprocess.Popen[str]"]:
        """Have so many workers more for a while."""
        workers = self.add_workers(count, *options)
        try:
            yield workers
        finally:
            self.kill(workers)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.parts.append(process)
        return process

    def kill(self, process: "subprocess.Popen[str]") -> None:
        """Kill a part and all that it started, without a word."""
        with suppress(psutil.NoSuchProcess):
            whole = psutil.Process(process.pid)
            for part in [*whole.children(recursive=True), whole]:
                with suppress(psutil.NoSuchProcess):
                    part.kill()
        process.wait()

    def close(self) -> None:
        for process in self.parts:
            self.kill(process)


def free_port() -> int:
    with closing(socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A scheduler of the test's own, without workers."""
    with closing(Cluster()) as started:
        yield started


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[Cluster]:
    """A scheduler with two workers, for all tests that leave it so."""
    with closing(Cluster()) as started:
        started.add_workers(2)
        yield started


@pytest.fixture
def marked() -> Callable[[Path], list[int]]:
    """Waits until fits have left their process's number in a file, and returns these."""

    def wait_for(mark: Path) -> list[int]:
        while not (mark.exists() and mark.read_text().endswith("\n")):
            time.sleep(0.05)
        return [int(line) for line in mark.read_text().split()]

    return wait_for


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
