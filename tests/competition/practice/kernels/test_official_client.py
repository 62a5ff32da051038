"""Kernels of the practice Kaggle, as Kaggle's unmodified official client sees them."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.competition.conftest import Cli
from tests.serving import Served

pytestmark = pytest.mark.slow

SCRIPT = """
import os, sys
from pathlib import Path
print("found", *sorted(path.name for path in Path("../input").rglob("*.csv")))
print("to stderr", file=sys.stderr)
Path("deep").mkdir()
Path("deep/answer.txt").write_text("42")
Path("plain.txt").write_text(os.environ.get("KAGGLE_KERNEL_RUN_TYPE", ""))
"""


def pushed(kaggle: Cli, folder: Path, source: str, **settings: Any) -> str:
    """Push a script with the official client and return what that said."""
    folder.mkdir(exist_ok=True)
    (folder / "script.py").write_text(source)
    metadata = {
        "id": "you/my-first-run",
        "title": "my first run",
        "code_file": "script.py",
        "language": "python",
        "kernel_type": "script",
        "is_private": True,
        "enable_gpu": False,
        "enable_internet": False,
        "competition_sources": ["optical-digits"],
        "dataset_sources": [],
        "kernel_sources": [],
        "model_sources": [],
    }
    (folder / "kernel-metadata.json").write_text(json.dumps(metadata | settings))
    said = kaggle("kernels", "push", "-p", folder)
    return str(said.stdout + said.stderr)


def ended(kaggle: Cli) -> str:
    """Return what the client says of a run's end."""
    deadline, said = time.monotonic() + 60, ""
    while time.monotonic() < deadline:
        said = kaggle("kernels", "status", "you/my-first-run").stdout
        if "QUEUED" not in said and "RUNNING" not in said:
            break
        time.sleep(0.2)
    return said


@pytest.mark.long
def test_a_script_is_pushed_runs_and_is_brought_home(
    start: Callable[..., Served], cli_of: Callable[[Any], Cli], tmp_path: Path
) -> None:
    kaggle = cli_of(start(kernels=True))
    said = pushed(kaggle, tmp_path / "mine", SCRIPT)
    assert "version 1 successfully pushed" in said, said
    assert "COMPLETE" in ended(kaggle)
    kaggle("kernels", "output", "you/my-first-run", "-p", tmp_path / "home")
    assert (tmp_path / "home" / "deep" / "answer.txt").read_text() == "42"
    assert (tmp_path / "home" / "plain.txt").read_text() == "Batch"
    log = kaggle("kernels", "logs", "you/my-first-run").stdout
    assert "found sample_submission.csv test.csv train.csv" in log
    assert "to stderr" in log
    kaggle("kernels", "pull", "you/my-first-run", "-m", "-p", tmp_path / "pulled")
    assert "found" in (tmp_path / "pulled" / "my-first-run.py").read_text()
    about = json.loads((tmp_path / "pulled" / "kernel-metadata.json").read_text())
    assert about["id"] == "you/my-first-run"
    assert about["competition_sources"] == ["optical-digits"]
    assert "you/my-first-run" in kaggle("kernels", "list", "-m").stdout
    files = kaggle("kernels", "files", "you/my-first-run").stdout
    assert "deep/answer.txt" in files and "plain.txt" in files


@pytest.mark.long
def test_gpu_hours_and_a_refused_push(
    start: Callable[..., Served], cli_of: Callable[[Any], Cli], tmp_path: Path
) -> None:
    kaggle = cli_of(start(kernels=True, faults="refuse-push=2"))
    assert "30" in kaggle("quota").stdout
    said = pushed(kaggle, tmp_path / "mine", SCRIPT, enable_gpu=True)
    assert "Maximum weekly GPU quota of 30.00 hours reached." in said
    other = pushed(kaggle, tmp_path / "mine", SCRIPT, competition_sources=["titanic"])
    assert "titanic" in other  # it runs without
    assert "COMPLETE" in ended(kaggle)
    assert '"found\\n"' in kaggle("kernels", "logs", "you/my-first-run").stdout
