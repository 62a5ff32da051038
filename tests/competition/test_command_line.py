"""`python -m competition`, as a person types it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import requests

from competition.__main__ import app
from tests.typed import Said, typed

ROOT = Path(__file__).parents[2]
Start = Callable[..., Any]


def podium(*arguments: object, environment: dict[str, str] | None = None) -> Said:
    with patch.dict(os.environ, environment or {}):
        return typed(app, "competition", *arguments)


def test_download_describe_and_leaderboard(start: Start, tmp_path: Path) -> None:
    environment = start().environment | {"DATA_DIR": str(tmp_path / "data")}
    before = podium("describe", environment=environment)
    assert before.stdout.count("missing") == 3
    first = podium("download", environment=environment)
    assert (first.returncode, "3 files, 3.5 MB, checked" in first.stdout) == (0, True)
    assert "already there" in podium("download", environment=environment).stdout
    refreshed = podium("download", "--refresh", environment=environment)
    assert re.search(r"checked, unchanged at Kaggle since 20\d\d-", refreshed.stdout)
    (tmp_path / "data" / "optical-digits" / "test.csv").write_text("x")
    described = json.loads(podium("describe", "--json", environment=environment).stdout)
    assert described["slug"] == "optical-digits"
    states = {each["name"]: each["state"] for each in described["files"]}
    assert states == {
        "train.csv": "right",
        "test.csv": "changed since the download",
        "sample_submission.csv": "right",
    }
    board = json.loads(podium("leaderboard", "--json", environment=environment).stdout)
    teams = [row["team"] for row in board]
    assert teams == ["nearest class mean", "most frequent class", "the sample"]
    assert "nearest class mean" in podium("leaderboard", environment=environment).stdout


@pytest.mark.parametrize(
    ("slug", "asked", "held"),
    [
        ("optical-digits", "10 classes, scored by accuracy (higher", "a class in Label; 5 a day"),
        ("digits-log-loss", "log loss (lower", "a probability for each class in digit_0, …, digit"),
        ("digits-auc", "2 classes, scored by auc", "the probability of 1 in Even"),
        ("digits-kappa", "10 ordered classes, scored by quadratic", "a class in Label"),
        ("digits-map3", "map@3", "up to 3 classes, the likeliest first, in Labels"),
        ("digits-rmse", "the number Value, scored by rmse (lower", "a value in Value"),
    ],
)
def test_describe_says_what_is_asked_and_what_a_submission_holds(
    slug: str, asked: str, held: str, tmp_path: Path
) -> None:
    told = podium("describe", "-c", slug, environment={"DATA_DIR": str(tmp_path)}).stdout
    assert asked in told
    assert f"A submission holds {held}" in told
    assert "Grey images of 28×28 pixels, 1,198 to learn from, 599 to answer" in told


def test_describe_says_where_notebooks_alone_are_taken(tmp_path: Path) -> None:
    told = podium("describe", "-c", "wine-notebooks", environment={"DATA_DIR": str(tmp_path)})
    assert "5 a day, and comes from a notebook alone" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["download"], {}, "credentials"),
        (["download", "-c", "digit-recogniser"], {}, "digit-recognizer"),
        (["download"], {"KAGGLE_ENDPOINT": "nowhere"}, "KAGGLE_ENDPOINT"),
        (["practice", "--port", "99999"], {}, "--port"),
        (["practice", "--data", "none.csv"], {}, "none.csv"),
        (["practice", "-c", "digit-recognizer"], {}, "--data"),
        (["practice", "--faults", "flood"], {}, "flood"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], words: str
) -> None:
    """No credentials and no address: with an endpoint nobody listens at, nothing goes out."""
    folders = {"DATA_DIR": str(tmp_path / "data"), "RUNS_DIR": str(tmp_path / "runs")}
    done = podium(
        *arguments,
        environment={"KAGGLE_ENDPOINT": "http://127.0.0.1:9", **folders, **environment},
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.rglob("*.*")) == []


def test_practice_serves_another_competition_of_given_data(tmp_path: Path) -> None:
    images = [f"{mark},{255 * mark}" for mark in (0, 1)] * 60
    (tmp_path / "train.csv").write_text("\n".join(["bright,p", *images]))
    text = (ROOT / "competition/specs/digits-auc.toml").read_text()
    text = text[: text.index("[rows]")].replace('bundled = "optical-digits-even"\n', "")
    text = text.replace("image_side = 28", "image_side = 1").replace('"label"', '"bright"')
    (tmp_path / "bright.toml").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "competition", "practice", "--json"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RUNS_DIR": str(tmp_path / "runs"),
            "COMPETITION": str(tmp_path / "bright.toml"),
            "DATA": str(tmp_path / "train.csv"),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    running = json.loads(process.stdout.readline())
    shown = podium("leaderboard", "--json", environment=running["environment"])
    process.terminate()
    process.communicate(timeout=10)
    assert [(row["team"], row["score"]) for row in json.loads(shown.stdout)] == [
        ("nearest class mean", 1.0),
        ("the sample", 0.5),
        ("class frequencies", 0.5),
    ]
    assert Path(running["spec_path"]).is_relative_to(tmp_path / "runs" / "digits-auc")


def test_practice_serves_until_ctrl_c(practice_folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "competition", "practice", "--folder", str(practice_folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(9)]
    exported = dict(re.findall(r"export (\w+)=(\S+)$", "".join(lines[:6]), re.MULTILINE))
    assert set(exported) == {"KAGGLE_ENDPOINT", "KAGGLE_USERNAME", "KAGGLE_KEY", "COMPETITION"}
    assert podium("leaderboard", environment=exported).returncode == 0
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=10)
    assert (process.returncode, complaint) == (0, "")


def test_a_practice_kaggle_ends_with_the_program_that_started_it(practice_folder: Path) -> None:
    program = (
        "import os, sys, time; from pathlib import Path\n"
        "from competition.practice import PracticeKaggle\n"
        f"practice = PracticeKaggle(Path({str(practice_folder)!r})); practice.start()\n"
        "print(practice.url, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    url = parent.stdout.readline().strip()
    assert requests.get(url, timeout=5).status_code == 404
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            return
        time.sleep(0.1)
    pytest.fail("it still answers")
