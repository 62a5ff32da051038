import csv
import io
import json
import math
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from competition import database
from competition.journal import read_journal
from competition.kaggle.client import KaggleClient, RemoteSubmission
from competition.problem.form import Form
from competition.problem.metrics.measures import binomial_error
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.blending.blend import fresh_blend
from submissions import checking
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import State
from submissions.tracking.scores import score_table
from tests.chat import listening
from tests.submissions.conftest import ROOT, Desk, tuned

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
HEAVY = ("tensorflow", "sklearn", "kaggle", "pandas", "scipy", "plotly", "alembic")


def row_of(desk: Desk, ref: int | None) -> dict[str, Any]:
    listed = json.loads(desk.run("scores", "--json").stdout)
    return next(row for row in listed if row["ref"] == ref)


def test_the_blend_from_tuning_to_the_table(desk: Desk) -> None:
    tuned(desk.workspace, 30)
    submitted = desk.run("submit", "--message", "the first")
    assert submitted.returncode == 0, submitted.stderr
    assert "Made the blend of all that is tuned: there was none" in submitted.stderr
    blend = fresh_blend(desk.workspace).blend
    assert "today: public 0." in submitted.stdout and f"estimate {blend.score}" in submitted.stdout
    (own,) = [row for row in desk.rows() if row.sha256]
    row = row_of(desk, own.ref)
    assert row.keys() >= FIELDS
    told = (row["message"], row["status"], row["cv_score"], row["cv_se"], row["cv_rows"])
    score = blend.score
    assert told == ("the first", "complete", score.value, score.standard_error, 1198)
    assert 0 < row["public_score"] < 1 and 0 < row["private_score"] < 1
    assert row["public_se"] == binomial_error(row["public_score"], 150)
    spread = math.hypot(score.standard_error, row["public_se"])
    assert row["difference"] == pytest.approx((row["public_score"] - score.value) / spread)
    table = desk.run("scores")
    assert table.returncode == 0
    assert "knn" in table.stdout and str(score) in table.stdout
    read = list(csv.DictReader(io.StringIO(desk.run("scores", "--csv").stdout)))
    assert str(own.ref) in [line["ref"] for line in read] and read[0].keys() == row.keys()


def test_a_copy_of_a_blend_file_keeps_its_estimate_and_others_have_none(desk: Desk) -> None:
    tuned(desk.workspace, 31)
    first = desk.submit_blend().submission
    assert first.message == "knn"
    assert Path(first.file).parent == desk.workspace.runs / "submissions"
    copy = desk.folder / "copy.csv"
    copy.write_bytes(Path(first.file).read_bytes())
    again = desk.run("submit", copy, "--again")
    assert again.returncode == 0, again.stderr
    other = desk.run("submit", desk.file(32))
    assert other.returncode == 0
    newest, second, *_ = [row for row in desk.rows() if row.sha256]
    assert (second.sha256, second.attempt, second.cv_score) == (first.sha256, 2, first.cv_score)
    assert row_of(desk, newest.ref)["cv_score"] is None


def test_a_submit_reads_and_renders_each_thing_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One engine, one sample; the blend is rendered when it is written and when it is checked."""
    counts: Counter[str] = Counter()

    def counted(owner: object, name: str, call: Callable[..., Any]) -> None:
        def counting(*arguments: Any, **options: Any) -> Any:
            counts[name] += 1
            return call(*arguments, **options)

        monkeypatch.setattr(owner, name, counting)

    counted(checking, "read_sample", checking.read_sample)
    counted(Form, "render", Form.render)
    counted(database, "create_engine", database.create_engine)
    tuned(desk.workspace, 40)
    desk.submit_blend()
    assert counts == {"read_sample": 1, "render": 2, "create_engine": 1}
    counts.clear()
    for seed in range(41, 45):
        desk.run("queue", "add", desk.file(seed, f"{seed}.csv"))
    counts.clear()
    assert len(desk.submit_queue().outcomes) == 4
    assert counts == {"read_sample": 1, "render": 4}


def test_check_says_everything_and_uploads_nothing(desk: Desk) -> None:
    good = desk.run("check", desk.file(35))
    assert good.returncode == 0 and "599 rows, all valid" in good.stdout
    bad = desk.file(36)
    bad.write_text(bad.read_text().replace(",3\n", ",3.0\n").replace("\n7,", "\n8,"))
    said = desk.run("check", bad)
    assert said.returncode == 1
    assert "'3.0' must be written as 3" in said.stdout and "came already" in said.stdout
    assert "fix what is listed" in said.stderr and len(said.stderr.splitlines()) == 1
    zeros = desk.workspace.data / desk.competition.sample_file
    assert "shares are far from" in desk.run("check", zeros).stdout
    assert not desk.workspace.runs.exists()


def test_a_pending_score_is_completed_by_scores_and_told(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk(delay=0.6)
    said = desk.run("submit", desk.file(37), "--timeout", 0)
    assert said.returncode == 0 and "make scores" in said.stdout
    pending = desk.run("scores", "--json", "--offline")
    (row,) = json.loads(pending.stdout)
    assert (row["status"], row["public_score"]) == ("pending", None)
    time.sleep(0.6)
    with listening() as chat:
        monkeypatch.setenv("NOTIFY", chat.url)
        (row,) = json.loads(desk.run("scores", "--json").stdout)
        assert row["status"] == "complete" and row["public_score"] is not None
        desk.run("scores")
    ((_, _, line),) = chat.heard  # not again by the second
    assert f"scores: submission {row['ref']}: public {row['public_score']:.4f}" in line


def test_scores_without_kaggle_show_what_the_ledger_has(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk(faults="pending")
    desk.run("submit", desk.file(38), "--timeout", 0)
    desk.practice.stop()

    def connect() -> KaggleClient:
        return KaggleClient(desk.competition, desk.workspace.access, attempts=1)

    table = score_table(desk.workspace, connect=connect)
    assert table.trouble is not None and "could not be reached" in table.trouble
    assert [row.submission.status for row in table.rows] == ["pending"]
    monkeypatch.delenv("KAGGLE_USERNAME")
    monkeypatch.delenv("KAGGLE_KEY")
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
    assert json.loads(empty.stdout) == [] and "make scores REFRESH=1" in empty.stderr
    (row,) = json.loads(desk.run("scores", "--json", "--refresh").stdout)
    assert (row["ref"], row["sha256"], row["message"]) == (ref, None, "on the web page")
    assert row["public_score"] is not None
    monkeypatch.setenv("KAGGLE_ENDPOINT", "http://127.0.0.1:9")
    elsewhere = desk.run("scores", "--json")
    assert json.loads(elsewhere.stdout) == [] and desk.practice.url in elsewhere.stderr


def test_an_unknown_status_is_shown_as_it_is(desk: Desk) -> None:
    ledger = Ledger.open(desk.workspace)
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
    folder = desk.workspace.runs
    folder.mkdir(parents=True)
    (folder / "podium.db").write_text("notes " * 1000)
    said = desk.run("scores", "--json")
    assert said.returncode == 1 and said.stdout == ""
    assert "not a database" in said.stderr and "Traceback" not in said.stderr


@pytest.mark.long
def test_scores_loads_nothing_heavy(tmp_path: Path) -> None:
    """With a thousand rows in the ledger, none of them pending."""
    competition = load_competition("digit-recognizer")
    ledger = Ledger.open(Workspace.in_folders(competition, tmp_path / "data", tmp_path / "runs"))
    score = RemoteSubmission(1, "a.csv", "", datetime.now(UTC), "complete", 0.99, 0.99, None, 9)
    ledger.absorb(replace(score, ref=number) for number in range(1, 1001))
    command = [sys.executable, "-X", "importtime", "-m", "submissions", "scores"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    imported = {line.rsplit("|", 1)[-1].strip() for line in said.stderr.splitlines()}
    assert not imported.intersection(HEAVY)


def test_a_submission_tags_the_commit_of_the_persons_own_folder(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = ["git", "-c", "user.name=Me", "-c", "user.email=me@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*own, *words], check=True)
    said = desk.run("submit", desk.file(77), "--tag")
    assert said.returncode == 0, said.stderr
    (entry,) = read_journal(desk.workspace)
    tag = f"{desk.competition.slug}-{entry.found['submission']}"
    assert f"as {tag}" in said.stderr
    assert subprocess.check_output(["git", "tag"], text=True) == f"{tag}\n"
