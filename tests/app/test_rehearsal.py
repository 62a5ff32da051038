"""The whole chain, from nothing to a scored submission, as one command."""

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from app.__main__ import app
from app.rehearsal import on_all_rows
from competition.console import run
from competition.practice.holdout import prepare
from competition.problem.metrics import find_metric
from competition.spec import load_competition
from tests.typed import typed

ROOT = Path(__file__).parents[2]


def podium(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m ...` as a user of the checkout does, with an empty home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KAGGLE", "COMPETITION"))}
    places = {"HOME": str(folder), "RUNS_DIR": str(folder / "runs"), "DATA_DIR": str(folder / "d")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=kept | places | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


@dataclass(frozen=True)
class Twice:
    """A rehearsal and its repetition, by a person who has credentials in every place."""

    home: Path
    secrets: list[str]
    runs: list[subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    """A token and a key at home, others in the environment; one trial of each pipeline a run."""
    home = tmp_path_factory.mktemp("home")
    kaggle = home / ".kaggle"
    kaggle.mkdir()
    secrets = ["KGAT_" + "1" * 32, "2" * 32, "KGAT_" + "3" * 32, "4" * 32]
    (kaggle / "access_token").write_text(secrets[0])
    (kaggle / "kaggle.json").write_text(json.dumps({"username": "me", "key": secrets[1]}))
    variables = {
        "PIPELINES": "logistic knn",
        "WORKERS": "1",
        "BUDGET": "1s",
        "KAGGLE_API_TOKEN": secrets[2],
        "KAGGLE_USERNAME": "me",
        "KAGGLE_KEY": secrets[3],
    }
    runs = [podium("app", "rehearse", folder=home, **variables) for _ in range(2)]
    return Twice(home, secrets, runs)


@pytest.mark.slow
def test_a_rehearsal_ends_on_its_leaderboard_and_can_be_repeated(twice: Twice) -> None:
    first, again = twice.runs
    assert first.returncode == 0, first.stderr
    hidden = re.search(r"(\d\.\d{4}) ± \S+ on all 599 hidden rows", first.stdout)
    assert hidden is not None
    assert float(hidden[1]) >= 0.97
    assert re.search(r"^ +1  you +", first.stdout, re.MULTILINE)
    assert "nearest class mean" in first.stdout
    assert "the sample" in first.stdout
    assert again.returncode == 0, again.stderr
    assert (twice.home / "runs/rehearsal/optical-digits/runs/optical-digits/podium.db").is_file()
    assert not (twice.home / "d").exists()


@pytest.mark.slow
def test_nobodys_credentials_have_a_part_in_it(twice: Twice) -> None:
    """None is used, sent or spoken of."""
    words = ("token", "Token", "redential", "kaggle.json")
    for done in twice.runs:
        assert done.returncode == 0, done.stderr
        assert re.search(r"^ +\d+  you +", done.stdout, re.MULTILINE)
        said = done.stdout + done.stderr
        assert [secret for secret in twice.secrets if secret in said] == []
        run, _, advice = done.stdout.partition("\nNext: the real one.")
        assert "Make a token" in advice
        assert [word for word in words if word in run + done.stderr] == []
    kaggle = twice.home / ".kaggle"
    written = [
        path for path in twice.home.rglob("*") if path.is_file() and kaggle not in path.parents
    ]
    assert len(written) > 10
    for path in written:
        content = path.read_bytes()
        assert [secret for secret in twice.secrets if secret.encode() in content] == [], path


@pytest.mark.parametrize(
    ("metric", "public", "private", "shown"),
    [
        ("accuracy", 1.0, 0.99, "0.9925 ± 0.0050"),
        ("log loss", 0.1, 0.2, "0.1750"),
        ("mae", 100.0, 200.0, "175.00"),
        ("map@3", 1.0, 0.5, "0.6250"),
        ("auc", 0.9, 0.8, ""),
        ("rmse", 1.0, 2.0, ""),
        ("balanced accuracy", 0.9, 0.8, ""),
    ],
)
def test_the_whole_follows_from_its_parts_only_for_means(
    metric: str, public: float, private: float, shown: str
) -> None:
    assert on_all_rows(find_metric(metric), public, private, 100, 300) == shown


@pytest.mark.slow
def test_any_competition_of_this_form_is_one_toml_file_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other class names and another side: brought from a zip, rehearsed by its TOML alone."""
    public = tmp_path / "optical" / "public"
    prepare(tmp_path / "optical", load_competition("optical-digits"), None)
    names = [f"digit {number}" for number in range(10)]
    head, *rows = (public / "train.csv").read_text().splitlines()
    side = 20
    kept = [y * 28 + x for y in range(4, 24) for x in range(4, 24)]
    lines = [",".join(["kind", *[f"p{i}" for i in range(side**2)]])]
    for row in rows[:900]:
        label, *pixels = row.split(",")
        lines.append(",".join([names[int(label)], *[pixels[i] for i in kept]]))
    assert head.startswith("label")
    with zipfile.ZipFile(tmp_path / "kinds.zip", "w") as archive:
        archive.writestr("train.csv", "\n".join(lines) + "\n")
    spec = tmp_path / "kinds.toml"
    spec.write_text(
        f"""
slug = "kinds-of-digits"
title = "Kinds of digits"
metric = "accuracy"
daily_submissions = 3
classes = {json.dumps(names)}
image_side = {side}
[files]
train = "train.csv"
test = "test.csv"
sample_submission = "sample.csv"
[columns]
id = "file"
target = "kind"
label = "kind"
"""
    )
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ("-c", spec, "--data", tmp_path / "kinds.zip", "-p", "knn", "--budget", "1s")
    done = typed(app, "app", "rehearse", *words, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert "submission 1 of 3 today" in done.stdout
    assert "on all 300 hidden rows" in done.stdout
    (written,) = tmp_path.rglob("submissions/*.csv")
    assert written.read_text().splitlines()[0] == "file,kind"
    assert written.read_text().splitlines()[1].split(",")[1] in names


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "told"),
    [
        (("app", "rehearse"), {"BUDGET": "abc"}, 1, "BUDGET=abc is not a length of time"),
        (("app", "rehearse"), {"PIPELINES": "knn nope"}, 1, "no pipeline 'nope'"),
        (("app", "rehearse"), {"DATA": "/nowhere.zip"}, 1, "DATA=/nowhere.zip is not"),
        (("app", "rehearse"), {"COMPETITION": "titanic"}, 1, "no competition 'titanic'"),
        (
            ("app", "rehearse"),
            {"COMPETITION": "digit-recognizer"},
            1,
            "No data of digit-recognizer",
        ),
        (("pipelines", "tune"), {"BUDGET": "abc"}, 1, "BUDGET=abc is not a length of time"),
        (("pipelines", "tune"), {}, 1, "train.csv is not there"),
        (("pipelines", "tune"), {"WORKERS": "many"}, 2, "should be a valid integer"),
        (("pipelines", "tune"), {"SAMPLER": "x"}, 2, "'x' is not one of 'tpe', 'random'"),
        (("pipelines", "blend"), {}, 1, "train.csv is not there"),
        (("pipelines", "dance"), {}, 2, "No such command 'dance'"),
    ],
)
def test_bad_input_is_a_sentence_and_leaves_nothing(
    arguments: tuple[str, ...],
    variables: dict[str, str],
    status: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("COMPETITION", "KAGGLE_ENDPOINT", "KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("DATA_DIR", "RUNS_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    package, *words = arguments
    monkeypatch.setattr(sys, "argv", [f"python -m {package}", *words])
    with pytest.raises(SystemExit) as ended:
        run(import_module(f"{package}.__main__").app)
    said = capsys.readouterr()
    assert ended.value.code == status
    assert told in said.err
    assert said.out == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
