"""Every command prints what its terminal takes, and ends with the status that it has on any."""

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import app as app_app
from competition.__main__ import app as competition_app
from competition.kaggle.download import download
from competition.terminal.console import run
from pipelines.__main__ import app as pipelines_app
from submissions.__main__ import app as submissions_app
from submissions.clock import Patience
from submissions.submit import submit_file
from tests.chain.conftest import ROOT, Chain, Hurried

APPS = {
    "competition": competition_app,
    "pipelines": pipelines_app,
    "submissions": submissions_app,
    "app": app_app,
}
# The cheap path of each; FILE was submitted before.
COMMANDS = """
competition download
competition describe
competition describe --json
competition leaderboard
competition practice --faults nonsense
pipelines list
pipelines tune --pipelines no-such
pipelines blend
pipelines results
pipelines clean
pipelines cluster --help
pipelines worker --help
submissions submit FILE
submissions check FILE
submissions check --fix FILE
submissions check none.csv
submissions left
submissions fetch 1000000
submissions queue
submissions queue add FILE
submissions queue drop 7
submissions kernel --status
submissions scores
submissions scores --csv
submissions scores --json --refresh
submissions fly
app rehearse --help
app report
app explore --help
app draw --help
app dashboard --help
""".strip().splitlines()


class Broken(io.StringIO):
    """A pipe that nobody reads, or a disk that is full."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, text: str) -> int:
        raise OSError(self._number, os.strerror(self._number))

    def flush(self) -> None:
        self.write("")


def encoded(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


TERMINALS: dict[str, Callable[[], Any]] = {
    "ascii": partial(encoded, "ascii"),
    "latin-1": partial(encoded, "latin-1"),
    "nothing": lambda: None,
    "closed": closed,
    "a pipe that broke": partial(Broken, errno.EPIPE),
    "a full disk": partial(Broken, errno.ENOSPC),
}


def typed(command: str, stream: Callable[[], Any], patch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """Run a command line in this process; return its status, and what it wrote."""
    name, *arguments = command.split()
    out, status = [stream(), stream()], 0
    with patch.context() as here:
        here.setattr(sys, "argv", [name, *arguments])
        here.setattr(sys, "stdout", out[0])
        here.setattr(sys, "stderr", out[1])
        try:
            run(partial(APPS[name], obj=Patience(look=0.02, flight=0.2)))
        except SystemExit as ended:
            status = ended.code
    written = ""
    for each in out:
        if isinstance(each, io.TextIOWrapper):
            each.flush()
            written += each.buffer.getvalue().decode(each.encoding)  # type: ignore[attr-defined]
    return status or 0, written


@pytest.fixture
def at_work(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """A chain with one submission, whose message no ASCII terminal can show."""
    monkeypatch.chdir(chain.root)
    download(chain.workspace, chain.client())
    message = "caf\xe9 \u2265 \x1b]0;mine\x07"
    submit_file(chain.file(1), chain.workspace, chain.client(), message=message, clock=Hurried())
    yield chain


@pytest.mark.long
def test_every_command_ends_with_its_own_status(
    at_work: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(at_work.root / "mine.csv")
    for line in COMMANDS:
        command = line.replace("FILE", file)
        wanted, plain = typed(command, partial(encoded, "utf-8"), monkeypatch)
        assert plain and "Traceback" not in plain and "\x1b" not in plain, (line, plain)
        for name, terminal in TERMINALS.items():
            status, written = typed(command, terminal, monkeypatch)
            assert status == wanted, (line, name, status, wanted, written)
            if name in ("ascii", "latin-1"):
                assert written and "Traceback" not in written, (line, name)
        with monkeypatch.context() as narrow:
            narrow.setenv("COLUMNS", "40")
            status, written = typed(command, partial(encoded, "utf-8"), monkeypatch)
            assert (status, bool(written)) == (wanted, True), (line, written)


SHELLS = {
    "ascii": "PYTHONIOENCODING=ascii {} >out 2>&1",
    "the C locale": "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {} >out 2>&1",
    "no stdout": "{} >&-",
    "no stream at all": "{} <&- >&- 2>&-",
    "a full disk": "{} >/dev/full",
    "a reader that left": "set -o pipefail; {{ {}; echo $? >status; }} | true; exit $(cat status)",
    "40 columns": "COLUMNS=40 {} >out 2>&1",
}
REFUSED_IN = {"the C locale", "no stream at all", "a full disk"}


@pytest.mark.long
@pytest.mark.parametrize("shell", SHELLS)
def test_a_process_of_its_own_does_too(shell: str, at_work: Chain) -> None:
    file = at_work.root / "mine.csv"
    commands = {"submissions scores": 0}
    if shell in REFUSED_IN:
        commands[f"submissions submit {file}"] = 1
    for command, wanted in commands.items():
        line = SHELLS[shell].format(f"{sys.executable} -m {command}")
        said = subprocess.run(
            ["bash", "-c", line], capture_output=True, text=True, check=False, cwd=at_work.root
        )
        assert said.returncode == wanted, (command, said)
        if "out 2>&1" in line:
            written = Path(at_work.root, "out").read_text()
            assert written and "Traceback" not in written and "\x1b" not in written
        assert "Traceback" not in said.stderr and "Exception ignored" not in said.stderr
        if (out := at_work.root / "out").exists():
            out.unlink()
    assert len(at_work.taken()) == 1 and len(at_work.rows()) == 1


@pytest.mark.long
def test_a_closed_stdout_is_never_the_database(at_work: Chain) -> None:
    """The number of a closed stream goes to the next file that is opened."""
    line = f"{sys.executable} -m submissions scores --refresh >&- 2>&-"
    assert subprocess.run(["bash", "-c", line], check=False, cwd=ROOT).returncode == 0
    assert len(at_work.rows()) == 1
