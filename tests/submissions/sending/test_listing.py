"""Nothing that the server takes and lists, in any spelling of it, is uploaded a second time."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from competition.errors import PodiumError
from competition.kaggle.client import KaggleClient, OutcomeUnknown, SubmissionLimits
from submissions.clock import Clock
from submissions.ledger.tables import State
from submissions.progress import Progress
from submissions.screen import show_allowance
from submissions.sending.allowance import Allowance
from submissions.sending.submitter import AlreadySubmitted
from tests.serving import Served
from tests.submissions.conftest import Desk


class Heard(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, text: str) -> None:
        self.lines.append(text)


def on_server(desk: Desk) -> int:
    return len(desk.client.submissions())


@pytest.mark.parametrize("fate", ["cut-description=100", "cut-description=25"])
@pytest.mark.parametrize("message", ["short", "long " * 100])
def test_a_description_that_is_cut_still_has_its_marker(
    fate: str, message: str, own_desk: Callable[..., Desk]
) -> None:
    desk = own_desk(faults=f"lose-reply,{fate}*99")
    file = desk.file(1)
    outcome = desk.submit(file, message=message)
    assert on_server(desk) == 1 and outcome.submission.status == "complete"
    desk = desk.at(database_url=f"sqlite:///{desk.folder / 'new.db'}")
    with pytest.raises(AlreadySubmitted):
        desk.submit(file)


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4])
def test_a_marker_in_another_spelling_is_known(number: int, own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults=f"lose-reply,alter-description={number}*99")
    outcome = desk.submit(desk.file(2))
    assert on_server(desk) == 1 and outcome.submission.status == "complete"


@pytest.mark.parametrize("fate", ["cut-description=12", "alter-description=5", "cut-description=0"])
def test_a_new_file_like_it_without_a_marker_is_a_doubt(
    fate: str, own_desk: Callable[..., Desk]
) -> None:
    desk = own_desk(faults=f"lose-reply,{fate}")
    file = desk.file(3)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match=r"submission 1 in its list, mine.csv.*`--again`"):
            desk.submit(file)
    assert on_server(desk) == 1
    again = desk.submit(file, again=True).submission  # a person has looked, and it is another file
    assert (again.attempt, again.status, on_server(desk)) == (2, "complete", 2)
    with pytest.raises(AlreadySubmitted):
        desk.submit(file)
    states = {row.attempt: row.state for row in desk.rows() if row.sha256}
    assert states == {1: State.LOST, 2: State.SUBMITTED}


def test_a_doubt_does_not_hold_up_the_queue(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="lose-reply,cut-description=0")
    for seed, name, estimate in ((21, "best.csv", 0.9), (22, "next.csv", 0.8)):
        desk.run("queue", "add", desk.file(seed, name), "--estimate", estimate)
    for _ in range(2):
        said = desk.run("submit", "--from-queue")
        assert said.returncode == 1 and "best.csv: Whether Kaggle took" in said.stderr
        assert "1 file still in the queue" in said.stdout
    names = sorted(one.file_name for one in desk.client.submissions())
    assert names == ["best.csv", "next.csv"]


def test_a_doubt_ends_when_the_description_comes(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="lose-reply,late-description=3*999")
    file = desk.file(4)
    with pytest.raises(OutcomeUnknown):
        desk.submit(file)
    desk.practice.plan("")
    assert desk.submit(file).submission.status == "complete"
    assert on_server(desk) == 1 and len(desk.rows()) == 1


def test_another_file_of_that_moment_is_no_doubt(own_desk: Callable[..., Desk]) -> None:
    """Another name or another size: a person submits on the web page meanwhile."""
    desk = own_desk(faults="refuse=503@CreateSubmission")
    file, other = desk.file(5), desk.file(6, "other.csv")

    class Meanwhile(type(desk.client)):  # type: ignore[misc]
        def create_submission(self, token: str, description: str) -> int:
            if on_server(desk) == 0:
                client = desk.client
                desk.practice.plan("")
                client.create_submission(client.upload(other), "by hand")
                desk.practice.plan("refuse=503@CreateSubmission")
            return super().create_submission(token, description)

    client = Meanwhile(desk.competition, desk.workspace.access, first_pause=0.02)
    assert desk.submit(file, client=client).submission.ref == 2 and on_server(desk) == 2


def test_a_server_of_another_folder_at_the_address(
    prepared: Path, own_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    """It counts from 1 again, has none of the files, and perhaps another user."""
    desk = own_desk()
    port = int(desk.practice.url.rsplit(":", 1)[1])
    first, second = desk.file(7, "first.csv"), desk.file(8, "second.csv")
    desk.submit(first)
    desk.practice.stop()
    shutil.copytree(prepared, tmp_path / "elsewhere")
    other = Served(tmp_path / "elsewhere", delay=0, port=port, faults="lose-reply", username="me")
    try:
        there = desk.at(access=other.access)
        outcome = there.submit(second)
        assert (outcome.submission.ref, on_server(there)) == (1, 1)
        assert there.submit(first).submission.ref == 2  # this account has not submitted it
        with pytest.raises(AlreadySubmitted):
            there.submit(second)
        assert on_server(there) == 2
    finally:
        other.stop()
    told = sorted((row.account, row.ref, Path(row.file).name) for row in desk.rows())
    assert told == [("me", 1, "second.csv"), ("me", 2, "first.csv"), ("you", 1, "first.csv")]


def test_the_same_account_at_another_folders_server(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(delay=60)
    desk.submit(desk.file(9, "first.csv"), timeout=0)
    with sqlite3.connect(desk.practice.spec_path.parent / "practice.db") as database:
        database.executescript("DELETE FROM submissions; DELETE FROM sqlite_sequence")
    second = desk.submit(desk.file(10, "second.csv"), timeout=0).submission
    assert second.ref == 1 and on_server(desk) == 1
    desk.run("scores", "--json")
    first = next(row for row in desk.rows() if row.file.endswith("first.csv"))
    assert first.state == State.LOST and "another submission's now" in (first.error or "")
    desk.submit(desk.file(9, "first.csv"), timeout=0)
    assert sorted(one.file_name for one in desk.client.submissions()) == ["first.csv", "second.csv"]


def test_again_says_that_it_waits_for_the_first(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="pending")
    file, heard = desk.file(11), Heard()
    desk.submit(file, timeout=0)
    desk.submit(file, timeout=0, again=True, progress=heard)
    assert on_server(desk) == 1
    assert any("`--again` sends nothing" in line for line in heard.lines)


def test_a_file_whose_name_is_no_utf8_is_submitted_once(desk: Desk) -> None:
    file = desk.file(12)
    odd = file.rename(file.with_name("caf\udce9 \x1b[31m.csv"))
    said = desk.run("submit", odd, "--message", "na\udcefve \x1b]0;x\x07\nthing")
    assert said.returncode == 0, said.stderr
    (remote,) = desk.taken(odd)
    assert remote.file_name == "caf\ufffd \\x1b[31m.csv"
    assert "na\ufffdve \\x1b]0;x\\x07 thing" in remote.description
    for shown in (said, desk.run("scores"), desk.run("scores", "--csv"), desk.run("check", odd)):
        assert "\x1b" not in shown.stdout + shown.stderr
        (shown.stdout + shown.stderr).encode()
    assert desk.run("queue", "add", desk.file(13, "caf\udce9.csv")).returncode == 0
    assert desk.run("submit", "--from-queue").returncode == 0
    with pytest.raises(AlreadySubmitted):
        desk.submit(odd)


def test_scores_tell_files_of_one_name_apart(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk()
    for seed, message in ((14, "lr 0.1"), (15, "lr 0.2")):
        desk.submit(desk.file(seed, "submission.csv"), message=message)
    shown = desk.run("scores").stdout
    assert "1 submission.csv: lr 0.1" in shown and "2 submission.csv: lr 0.2" in shown


def test_scores_of_two_accounts(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk()
    desk.submit(desk.file(16))
    other = desk.at(access=replace(desk.workspace.access, username="somebody"))
    assert other.rows()[0].account == "you"
    monkeypatch.setenv("KAGGLE_USERNAME", "somebody")
    said = desk.run("scores", "--offline")
    assert "1 submission by you: KAGGLE_USERNAME=you shows them" in said.stderr
    monkeypatch.setenv("KAGGLE_USERNAME", "YOU")
    assert "mine.csv" in desk.run("scores", "--offline").stdout


def test_what_is_left_today(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(daily=2)
    desk.submit(desk.file(17))
    said = desk.run("left")
    assert said.returncode == 0 and said.stdout.startswith("1 submission left today, 1 used.")
    assert '"left": 1' in desk.run("left", "--json").stdout
    assert on_server(desk) == 1


def test_a_closed_competition_promises_no_new_day(capsys: pytest.CaptureFixture[str]) -> None:
    show_allowance(Allowance(0, 0, of_total=False), Clock())
    said = capsys.readouterr().out
    assert "takes no submissions (0 of 0 today)" in said and "new day" not in said


def test_a_submitted_file_is_fetched_back(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KaggleClient.__init__.__kwdefaults__, "first_pause", 0.02)
    desk = own_desk()
    file = desk.file(18)
    content = file.read_bytes()
    ref = desk.submit(file).submission.ref
    file.unlink()
    said = desk.run("fetch", ref)
    assert said.returncode == 0, said.stderr
    assert Path(said.stdout.strip()).read_bytes() == content
    nothing = desk.run("fetch", 99)
    assert nothing.returncode == 1 and "no submission 99" in nothing.stderr
    desk.practice.plan("refuse=404@DownloadSubmission")
    kept = desk.run("fetch", ref)
    assert kept.returncode == 1 and "does not give its file" in kept.stderr
    desk.practice.plan("error-body@storage*99,seed=1")
    odd = desk.run("fetch", ref)
    assert odd.returncode == 1 and "Run the command again" in odd.stderr
    assert Path(said.stdout.strip()).read_bytes() == content


def test_check_writes_a_corrected_copy_where_that_is_certain(desk: Desk) -> None:
    right, file = desk.file(19), desk.folder / "odd.csv"
    file.write_bytes(b"\xef\xbb\xbf" + right.read_bytes().replace(b"\n", b"\r\r\n"))
    plain = desk.run("check", file)
    assert plain.returncode == 1 and "check --fix" in plain.stderr
    fixed = desk.run("check", "--fix", file)
    assert fixed.returncode == 0 and "The corrected copy" in fixed.stdout
    copy = desk.folder / "odd-fixed.csv"
    assert copy.read_bytes() == right.read_bytes()
    assert desk.run("check", "--fix", file).returncode == 0
    copy.write_text("mine")
    kept = desk.run("check", "--fix", file)
    assert kept.returncode == 1 and copy.read_text() == "mine"
    file.write_text(right.read_text().replace(",3\n", ",ten\n"))
    unsure = desk.run("check", "--fix", file)
    assert unsure.returncode == 1 and "no certain fix" in unsure.stderr
    assert desk.run("check", "--fix", right).returncode == 0


def test_a_competition_that_takes_nothing_is_not_waited_for(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk()
    monkeypatch.setattr(KaggleClient, "submission_limits", lambda _: SubmissionLimits(0, 0, False))
    with pytest.raises(PodiumError, match="takes no submissions"):
        desk.submit(desk.file(20), wait=True)
