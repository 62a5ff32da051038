import csv
import io
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from competition.settings import data_folder, runs_folder

from competition import Competition, PodiumError
from competition.database import open_engine
from competition.kaggle.client import RemoteSubmission
from competition.problem.sample import read_sample
from submissions.blend import read_blend
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import State
from submissions.tracking.scores import PUBLIC_SHARE, sampling_error, score_table
from submissions.uploader import submit_blend
from tests.submissions.conftest import ROOT, Desk

FIELDS = {
    "ref",
    "sha256",
    "file",
    "message",
    "created",
    "status",
    "cv_score",
    "cv_se",
    "public_score",
    "private_score",
}
HEAVY = ("tensorflow", "sklearn", "kaggle", "pandas", "numpy", "scipy")


def write_blend(competition: Competition, seed: int, **facts: Any) -> None:
    """Leave what `make blend` leaves."""
    folder = runs_folder(competition) / "blend"
    folder.mkdir(parents=True, exist_ok=True)
    rows = len(read_sample(competition).ids)
    weights = np.random.default_rng(seed).random((rows, 10), dtype=np.float32)
    np.save(folder / "test.npy", weights / weights.sum(axis=1, keepdims=True))
    manifest = {
        "name": "2 x cnn + knn",
        "key": "abc",
        "oof_accuracy": 0.1,
        "standard_error": 0.01,
        "members": {"cnn": 2, "knn": 1},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | facts))


def row_of(desk: Desk, ref: int | None) -> dict[str, Any]:
    listed = json.loads(desk.run("scores", "--json").stdout)
    return next(row for row in listed if row["ref"] == ref)


def test_the_blend_from_probabilities_to_the_table(desk: Desk) -> None:
    write_blend(desk.competition, 30)
    submitted = desk.run("submit", "--message", "the first")
    assert submitted.returncode == 0, submitted.stderr
    assert "today: public 0." in submitted.stdout and "estimate 0.1000 ± 0.0100" in submitted.stdout
    (own,) = [row for row in desk.rows() if row.sha256]
    row = row_of(desk, own.ref)
    assert row.keys() >= FIELDS
    assert (row["message"], row["status"], row["cv_score"], row["cv_se"]) == (
        "the first",
        "complete",
        0.1,
        0.01,
    )
    assert 0 < row["public_score"] < 1 and 0 < row["private_score"] < 1
    spread = math.hypot(0.01, sampling_error(row["public_score"], round(PUBLIC_SHARE * 599)))
    assert row["difference"] == pytest.approx((row["public_score"] - 0.1) / spread)
    table = desk.run("scores")
    assert table.returncode == 0
    assert "2 x cnn + knn" in table.stdout and "0.1000 ± 0.0100" in table.stdout
    read = list(csv.DictReader(io.StringIO(desk.run("scores", "--csv").stdout)))
    assert str(own.ref) in [line["ref"] for line in read] and read[0].keys() == row.keys()


def test_a_copy_of_a_blend_file_keeps_its_estimate_and_others_have_none(desk: Desk) -> None:
    write_blend(desk.competition, 31)
    first = submit_blend(desk.competition, desk.client).submission
    assert first.message == "2 x cnn + knn"
    assert Path(first.file).parent == (runs_folder(desk.competition) / "submissions").absolute()
    copy = desk.folder / "copy.csv"
    copy.write_bytes(Path(first.file).read_bytes())
    again = desk.run("submit", copy, "--again")
    assert again.returncode == 0, again.stderr
    other = desk.run("submit", desk.file(32))
    assert other.returncode == 0
    newest, second, *_ = [row for row in desk.rows() if row.sha256]
    assert (second.sha256, second.attempt, second.cv_score) == (first.sha256, 2, 0.1)
    assert row_of(desk, newest.ref)["cv_score"] is None


@pytest.mark.parametrize(
    "damage", ["none", "no manifest", "cut", "manifest", "shape", "rows", "nan"]
)
def test_a_blend_that_cannot_be_used_sends_to_make_blend(damage: str, desk: Desk) -> None:
    folder = runs_folder(desk.competition) / "blend"
    if damage != "none":
        write_blend(desk.competition, 33)
    match damage:
        case "no manifest":
            (folder / "manifest.json").unlink()
        case "cut":
            (folder / "test.npy").write_bytes((folder / "test.npy").read_bytes()[:1000])
        case "manifest":
            (folder / "manifest.json").write_text('{"name": ')
        case "shape":
            np.save(folder / "test.npy", np.zeros((599, 9), np.float32))
        case "rows":
            np.save(folder / "test.npy", np.zeros((598, 10), np.float32))
        case "nan":
            np.save(folder / "test.npy", np.full((599, 10), np.nan, np.float32))
    with pytest.raises(PodiumError, match="make blend"):
        submit_blend(desk.competition, desk.client)
    assert not (runs_folder(desk.competition) / "submissions").exists()


def test_odd_numbers_in_a_manifest_are_no_estimate(desk: Desk) -> None:
    write_blend(desk.competition, 34, oof_accuracy=float("nan"), standard_error=None, key=7)
    estimate = read_blend(desk.competition).estimate
    assert (estimate.cv_score, estimate.cv_se, estimate.blend_key) == (None, None, "7")


def test_check_says_everything_and_uploads_nothing(desk: Desk) -> None:
    good = desk.run("check", desk.file(35))
    assert good.returncode == 0 and "599 rows, all lawful" in good.stdout
    bad = desk.file(36)
    bad.write_text(bad.read_text().replace(",3\n", ",3.0\n").replace("\n7,", "\n8,"))
    said = desk.run("check", bad)
    assert said.returncode == 1
    assert "'3.0' must be written as 3" in said.stdout and "came already" in said.stdout
    assert "mend what is listed" in said.stderr and len(said.stderr.splitlines()) == 1
    zeros = data_folder(desk.competition) / desk.competition.sample_file
    assert "shares are far from" in desk.run("check", zeros).stdout
    assert not runs_folder(desk.competition).exists()


def test_a_pending_score_is_completed_by_scores(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(delay=0.6)
    said = desk.run("submit", desk.file(37), "--timeout", 0)
    assert said.returncode == 0 and "make scores" in said.stdout
    pending = desk.run("scores", "--json", "--offline")
    (row,) = json.loads(pending.stdout)
    assert (row["status"], row["public_score"]) == ("pending", None)
    time.sleep(0.6)
    (row,) = json.loads(desk.run("scores", "--json").stdout)
    assert row["status"] == "complete" and row["public_score"] is not None


def test_scores_without_kaggle_show_what_the_ledger_has(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk(faults="pending")
    desk.run("submit", desk.file(38), "--timeout", 0)
    desk.practice.stop()
    monkeypatch.setattr("competition.kaggle.retry.ATTEMPTS", 1)
    table = score_table(desk.competition)
    assert table.trouble is not None and "could not be reached" in table.trouble
    assert [row.submission.status for row in table.rows] == ["pending"]
    monkeypatch.delenv("KAGGLE_USERNAME")
    monkeypatch.delenv("KAGGLE_KEY")
    monkeypatch.setenv("HOME", str(desk.folder))
    said = desk.run("scores", "--json")
    assert said.returncode == 0
    assert json.loads(said.stdout)[0]["status"] == "pending"
    warnings = [line for line in said.stderr.splitlines() if line.startswith("Warning:")]
    assert len(warnings) == 1 and "what the ledger has" in warnings[0]


def test_refresh_imports_what_was_submitted_elsewhere(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk()
    token = desk.client.upload(desk.file(39))
    ref = desk.client.create_submission(token, "on the web page")
    empty = desk.run("scores", "--json")
    assert json.loads(empty.stdout) == [] and "--refresh" in empty.stderr
    (row,) = json.loads(desk.run("scores", "--json", "--refresh").stdout)
    assert (row["ref"], row["sha256"], row["message"]) == (ref, None, "on the web page")
    assert row["public_score"] is not None
    monkeypatch.setenv("KAGGLE_ENDPOINT", "http://127.0.0.1:9")
    elsewhere = desk.run("scores", "--json")
    assert json.loads(elsewhere.stdout) == [] and desk.practice.url in elsewhere.stderr


def test_an_unknown_status_is_shown_as_it_is(desk: Desk) -> None:
    ledger = Ledger.open(desk.competition)
    row = ledger.intend("0" * 12, 1, message="", file="a.csv", sha256="0" * 64, rows=599)
    ledger.change(row.id, state=State.SUBMITTED, ref=10**9, status="under review")
    assert (
        json.loads(desk.run("scores", "--json", "--offline").stdout)[0]["status"] == "under review"
    )


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["submit", "none.csv"], 1),
        (["submit", "."], 1),
        (["check", "none.csv"], 1),
        (["submit", "--timeout", "soon"], 2),
        (["scores", "--json", "--csv"], 2),
        (["scores", "--competition", "no-such"], 1),
        (["fly"], 2),
    ],
)
def test_bad_input_is_a_sentence(arguments: list[str], status: int, desk: Desk) -> None:
    said = desk.run(*arguments)
    assert said.returncode == status and said.stderr.strip()


def test_a_damaged_database_is_a_sentence(desk: Desk) -> None:
    folder = runs_folder(desk.competition)
    folder.mkdir(parents=True)
    (folder / "podium.db").write_text("notes " * 1000)
    said = desk.run("scores", "--json")
    assert said.returncode == 1 and said.stdout == ""
    assert "no database" in said.stderr and "Traceback" not in said.stderr


def test_scores_loads_nothing_heavy(tmp_path: Path) -> None:
    """With a thousand rows in the ledger, none of them pending."""
    folder = tmp_path / "runs" / "digit-recognizer"
    ledger = Ledger(
        open_engine(f"sqlite:///{folder / 'podium.db'}"),
        "digit-recognizer",
        "https://www.kaggle.com",
    )
    score = RemoteSubmission(1, "a.csv", "", datetime.now(UTC), "complete", 0.99, 0.99, None, 9)
    ledger.absorb(replace(score, ref=number) for number in range(1, 1001))
    command = [sys.executable, "-X", "importtime", "-m", "submissions", "scores"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    imported = {line.rsplit("|", 1)[-1].strip() for line in said.stderr.splitlines()}
    assert not imported.intersection(HEAVY)
