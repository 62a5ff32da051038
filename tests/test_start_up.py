"""Every command explains itself at once: help never loads what only the work needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    "tensorflow",
    "keras",
    "sklearn",
    "scipy",
    "optuna",
    "plotly",
    "kaggle",
    "kagglesdk",
    "xgboost",
    "pandas",
    "matplotlib",
    "cv2",
    "faiss",
    "sqlalchemy",
}
COMMANDS = {
    "competition": ["", "download", "practice", "describe", "leaderboard"],
    "pipelines": ["", "list", "tune", "blend", "results", "device"],
    "submissions": ["", "submit", "check", "scores", "queue"],
    "app": ["", "rehearse", "report", "explore", "draw", "dashboard"],
}


# Says after each command what is loaded; in one process, as nothing that is loaded ever leaves it.
ASK_EACH = """
import json, runpy, sys
package, *commands = sys.argv[1:]
for command in commands:
    sys.argv = [package, *command.split(), "--help"]
    try:
        runpy.run_module(package, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        assert not end.code, end.code
    print(json.dumps([command, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize("package", COMMANDS)
def test_help_loads_nothing_heavy(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK_EACH, package, *COMMANDS[package]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("Usage:") == len(COMMANDS[package])
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [command for command, _ in told] == COMMANDS[package]
    for command, loaded in told:
        assert not HEAVY.intersection(loaded), command
