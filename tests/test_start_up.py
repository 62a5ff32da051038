"""Every command explains itself at once: help never loads what only the work needs."""

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
}
COMMANDS = {
    "competition": ["", "download", "practice", "describe", "leaderboard"],
    "pipelines": ["", "list", "tune", "blend", "results", "device"],
    "submissions": ["", "submit", "check", "scores", "queue"],
    "app": ["", "rehearse", "report", "explore", "draw", "dashboard"],
}


@pytest.mark.parametrize("package", COMMANDS)
def test_help_loads_nothing_heavy(package: str) -> None:
    for command in COMMANDS[package]:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", package, *command.split(), "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Usage:" in done.stdout
        loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
        assert not loaded & HEAVY, command
