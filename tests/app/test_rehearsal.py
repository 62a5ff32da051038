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

import numpy as np
import pytest

from app.__main__ import app
from app.rehearsal import score_on_all
from competition.practice.holdout import HIDDEN_FILE, prepare
from competition.practice.scoring import Solution
from competition.spec import load_competition
from competition.terminal.console import run
from tests.competition.practice.tables import as_csv, by, pets, table_spec
from tests.typed import Said, typed

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


def rehearsed(patch: pytest.MonkeyPatch, folder: Path, *options: str, **variables: str) -> Said:
    """Run `python -m app rehearse` in this process, with the environment of `podium`."""
    for name in [name for name in os.environ if name.startswith(("KAGGLE", "COMPETITION"))]:
        patch.delenv(name)
    places = {"HOME": str(folder), "RUNS_DIR": str(folder / "runs"), "DATA_DIR": str(folder / "d")}
    for name, value in (places | {"WORKERS": "1", "BUDGET": "1s"} | variables).items():
        patch.setenv(name, value)
    return typed(app, "app", "rehearse", *options)


@dataclass(frozen=True)
class Twice:
    """A rehearsal and its repetition, by a person who has credentials in every place."""

    home: Path
    secrets: list[str]
    runs: list[subprocess.CompletedProcess[str] | Said]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    """A token and a key at home, others in the environment; one trial a run, few rows."""
    home = tmp_path_factory.mktemp("home")
    kaggle = home / ".kaggle"
    kaggle.mkdir()
    secrets = ["KGAT_" + "1" * 32, "2" * 32, "KGAT_" + "3" * 32, "4" * 32]
    (kaggle / "access_token").write_text(secrets[0])
    (kaggle / "kaggle.json").write_text(json.dumps({"username": "me", "key": secrets[1]}))
    variables = {
        "PIPELINES": "knn",
        "WORKERS": "1",
        "BUDGET": "1s",
        "HIDDEN": "1200",
        "KAGGLE_API_TOKEN": secrets[2],
        "KAGGLE_USERNAME": "me",
        "KAGGLE_KEY": secrets[3],
    }
    first = podium("app", "rehearse", folder=home, **variables)
    with pytest.MonkeyPatch.context() as patch:
        again = rehearsed(patch, home, **variables)
    return Twice(home, secrets, [first, again])


@pytest.mark.long
def test_a_rehearsal_ends_on_its_leaderboard_and_can_be_repeated(twice: Twice) -> None:
    first, again = twice.runs
    assert first.returncode == 0, first.stderr
    hidden = re.search(r"(\d\.\d{4}) ± \S+ on all 1,200 hidden rows", first.stdout)
    assert hidden is not None
    assert float(hidden[1]) >= 0.95
    assert re.search(r"^ +1  you +", first.stdout, re.MULTILINE)
    assert "nearest class mean" in first.stdout
    assert "the sample" in first.stdout
    assert again.returncode == 0, again.stderr
    assert (
        twice.home / "runs/rehearsal/optical-digits-1200/runs/optical-digits/podium.db"
    ).is_file()
    assert not (twice.home / "d").exists()


@pytest.mark.long
def test_a_bundled_table_goes_the_whole_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = rehearsed(monkeypatch, tmp_path, PIPELINES="linear", COMPETITION="wine")
    assert done.returncode == 0, done.stderr
    assert re.search(r"submit +submission 1 of 5 today: public", done.stdout)
    board = re.findall(r"^ +\d  (.+?) +\d", done.stdout, re.MULTILINE)
    assert set(board[:2]) == {"you", "linear model"}
    assert "the sample" in board[2:]


@pytest.mark.long
def test_any_csv_is_drafted_and_goes_the_whole_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups of three rows; names with line ends; labels of two words; no terminal to ask."""
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(pets(150), "\r\n"))
    variables = {"DATA": str(file), "TARGET": "kind", "METRIC": "AUC", "POSITIVE": "dog"}
    done = rehearsed(monkeypatch, tmp_path, PIPELINES="linear", **variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("draft      kind (2 classes), scored by auc; ids id\n")
    assert re.search(r"^ +\d  you +", done.stdout, re.MULTILINE)
    (written,) = tmp_path.rglob("submissions/*.csv")
    assert written.read_text().startswith("id,kind\n0")


@pytest.mark.long
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


def test_the_score_on_all_hidden_rows_is_that_of_both_parts(tmp_path: Path) -> None:
    competition = prepare(tmp_path, load_competition("optical-digits"), None)
    sample = tmp_path / "public" / "sample_submission.csv"
    score = score_on_all(tmp_path, competition, sample)
    public, private = Solution.read(tmp_path / HIDDEN_FILE, competition).score(sample.read_bytes())
    assert score.rows == 599
    assert score.value == pytest.approx((150 * public + 449 * private) / 599)
    assert score.standard_error == pytest.approx(0.0122, abs=1e-4)


def test_hidden_rows_of_a_group_err_together(tmp_path: Path) -> None:
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(pets(300)))
    competition = prepare(tmp_path, table_spec(folds=by("group", "id", "(.+)_")), file)
    hidden = Solution.read(tmp_path / HIDDEN_FILE, competition)
    wrong = np.repeat(np.random.default_rng(0).integers(0, 2, 33), 3)  # whole groups
    answers = np.abs(hidden.truth - wrong)
    sent = tmp_path / "sent.csv"
    sent.write_text(hidden.form.render(answers, hidden.sample))
    found = score_on_all(tmp_path, competition, sent)
    alone = competition.problem.score_answers(hidden.truth, answers)
    assert found.value == alone.value == pytest.approx(1 - wrong.mean())
    assert found.standard_error > 1.4 * alone.standard_error


@pytest.mark.long
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
    for row in rows[:450]:
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
    assert "on all 150 hidden rows" in done.stdout
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
        (("app", "rehearse"), {"METRIC": "auc"}, 1, "METRIC is for data that no competition"),
        (
            ("app", "rehearse"),
            {"DATA": str(ROOT / "requirements.lock"), "METRIC": "auc"},
            1,
            "says not which column is asked. Give it as TARGET=column",
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


@pytest.mark.long
def test_a_kernel_of_the_practice_kaggle_does_the_tuning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one makes the blend again, on hidden rows of which the test file has a fifth."""
    asked = {"PIPELINES": "linear", "COMPETITION": "wine-notebooks"}
    done = rehearsed(monkeypatch, tmp_path, "--kernel", **asked)
    assert done.returncode == 0, done.stderr
    assert re.search(r"kernel +linear 0\.\d+ ± ", done.stdout)
    assert "  tune       linear" in done.stderr  # the log of the run, as it went
    assert "12 to answer" in done.stderr
    assert re.search(r"submit +submission 1 of 5 today: public", done.stdout)
    assert "on all 59 hidden rows" in done.stdout
