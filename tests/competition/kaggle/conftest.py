"""A server in Kaggle's place, and a person who types commands."""

import logging
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from competition.__main__ import app
from competition.kaggle import transport
from competition.kaggle.client import KaggleClient
from competition.terminal.console import run
from tests.competition.kaggle.reports import (
    RENEWED,
    Said,
)


@pytest.fixture
def kaggle(scripted, monkeypatch: pytest.MonkeyPatch):
    """A scripted server in Kaggle's place, so that what is stored at home is looked for."""
    real = transport.Transport
    monkeypatch.setattr(transport, "Transport", lambda _, timeout: real(scripted.url, timeout))
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    scripted.says("GenerateAccessToken", {"token": RENEWED, "expiresIn": 3600})
    scripted.says("GetLeaderboard", {"submissions": []})
    return scripted


@pytest.fixture
def typed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Callable[..., Said]:
    """Run a command line in this process."""
    caplog.set_level(logging.DEBUG)
    # The command line makes a client of its own, which would pause for a person's network.
    monkeypatch.setitem(KaggleClient.__init__.__kwdefaults__, "first_pause", 0.0)

    def run_it(*arguments: str, app: Callable[..., None] = app) -> Said:
        caplog.clear()
        status = 0
        monkeypatch.setattr(sys, "argv", ["podium", *arguments])
        try:
            run(app)
        except SystemExit as ended:
            status = int(ended.code or 0)
        except BaseException:
            traceback.print_exc()
            status = -1
        written = capsys.readouterr()
        # What is below a warning is shown to nobody; a file may keep it, though.
        return Said(status, written.out + written.err + caplog.text)

    return run_it


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for data and results in which anybody may write."""
    folder = Path(tempfile.mkdtemp(prefix="podium-work-"))
    folder.chmod(0o777)
    for name in ("DATA_DIR", "RUNS_DIR"):
        monkeypatch.setenv(name, str(folder / name))
    yield folder
    shutil.rmtree(folder)
