import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from competition import PodiumError
from competition.kaggle_client import KaggleClient, KaggleError
from submissions import once
from submissions.allowance import NoneLeft, next_slot
from submissions.clock import Clock
from submissions.ledger import Ledger
from submissions.marker import described
from submissions.once import AlreadySubmitted
from submissions.progress import Progress
from submissions.tables import State
from submissions.uploader import submit_file
from tests.submissions.conftest import ROOT, Desk


class Heard(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, text: str) -> None:
        self.lines.append(text)

    def tick(self, text: str) -> None:
        self.lines.append(text)


def uploads(desk: Desk) -> int:
    """How many files have ever reached the server."""
    return len(list((desk.practice.spec_path.parent / "uploads").iterdir()))


def test_submitted_once_and_scored(desk: Desk) -> None:
    file, heard = desk.file(1), Heard()
    outcome = submit_file(file, desk.competition, desk.client, message="a try", progress=heard)
    (remote,) = desk.taken(file)
    row = outcome.submission
    assert (row.ref, row.status, row.state) == (remote.ref, "complete", State.SUBMITTED)
    assert row.public_score == remote.public_score is not None
    assert row.private_score == remote.private_score
    assert remote.description == described("a try", row.fingerprint or "", 1)
    assert outcome.allowance is not None
    assert any(line.startswith(outcome.allowance.slot) for line in heard.lines)


def test_the_same_content_is_refused_whatever_its_file(desk: Desk) -> None:
    file = desk.file(2)
    submit_file(file, desk.competition, desk.client)
    other = desk.folder / "other.csv"
    other.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    before = uploads(desk)
    with pytest.raises(AlreadySubmitted, match="--again"):
        submit_file(other, desk.competition, desk.client)
    assert len(desk.taken(file)) == 1 and uploads(desk) == before


def test_again_submits_once_more_with_a_marker_of_its_own(desk: Desk) -> None:
    file = desk.file(3)
    for again in (False, True, True):
        submit_file(file, desk.competition, desk.client, again=again)
    endings = [one.description.rsplit(" ", 1)[1] for one in desk.taken(file)]
    assert len(set(endings)) == 3
    assert {row.attempt for row in desk.rows() if row.sha256} == {1, 2, 3}


def test_a_lost_ledger_costs_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk.file(4)
    submit_file(file, desk.competition, desk.client, message="kept at Kaggle")
    monkeypatch.setenv("RUNS_DIR", str(desk.folder / "new"))
    with pytest.raises(AlreadySubmitted):
        submit_file(file, desk.competition, desk.client)
    (row,) = [row for row in desk.rows() if row.sha256]
    assert row.message == "kept at Kaggle" and row.public_score is not None
    assert len(desk.taken(file)) == 1


def test_a_faulty_file_never_leaves(desk: Desk) -> None:
    file = desk.file(5)
    file.write_text(file.read_text().replace(",3\n", ",3.0\n"))
    before = uploads(desk)
    with pytest.raises(PodiumError, match=r"line \d+: .*'3.0' must be written as 3"):
        submit_file(file, desk.competition, desk.client)
    assert uploads(desk) == before and not [row for row in desk.rows() if row.sha256]


@pytest.mark.parametrize(
    "faults",
    [
        "lose-reply",
        "refuse=500@CreateSubmission*2,lose-reply",
        "cut-upload*2,refuse=429@StartSubmissionUpload,refuse=503@ListSubmissions,retry-after=0.1",
    ],
)
def test_one_submission_whatever_breaks(
    faults: str, own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk(faults=faults)
    file = desk.file(6)
    outcome = submit_file(file, desk.competition, desk.client)
    assert outcome.submission.status == "complete"
    (remote,) = desk.taken(file)
    assert remote.ref == outcome.submission.ref


def test_a_list_that_lags_is_waited_for(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="lose-reply,lag=0.6*99")
    file = desk.file(7)
    outcome = submit_file(file, desk.competition, desk.client)
    assert len(desk.taken(file)) == 1 and outcome.submission.status == "complete"


def test_a_list_that_lags_too_long_is_not_believed(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="lose-reply,lag=600*99")
    file = desk.file(8)
    with pytest.raises(PodiumError, match="counts one submission more than it lists"):
        submit_file(file, desk.competition, desk.client)
    desk.practice.plan("")
    assert submit_file(file, desk.competition, desk.client).submission.status == "complete"
    assert len(desk.taken(file)) == 1


def test_a_call_that_is_carried_out_late_is_waited_for(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "FLIGHT_SECONDS", 5)
    desk = own_desk(faults="slow=1.5@CreateSubmission*2")
    file = desk.file(23)
    impatient = KaggleClient(desk.competition, timeout=(5, 0.7))
    outcome = submit_file(file, desk.competition, impatient)
    (remote,) = desk.taken(file)
    assert outcome.submission.ref == remote.ref


def test_a_refusal_leaves_the_attempt_free(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="refuse=403@CreateSubmission")
    file = desk.file(9)
    with pytest.raises(KaggleError, match="rules"):
        submit_file(file, desk.competition, desk.client)
    (row,) = desk.rows()
    assert row.state == State.REFUSED and "rules" in (row.error or "")
    assert submit_file(file, desk.competition, desk.client).submission.id == row.id
    assert len(desk.taken(file)) == 1


def test_the_allowance_is_asked_before_anything_leaves(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(daily=1)
    submit_file(desk.file(10), desk.competition, desk.client)
    second = desk.file(11)
    with pytest.raises(NoneLeft, match=r"used up \(1 of 1\).*midnight UTC\), in \d") as error:
        submit_file(second, desk.competition, desk.client)
    local = next_slot(datetime.now(UTC)).astimezone()
    assert f"at {local:%H:%M}" in str(error.value)
    assert uploads(desk) == 1 and len(desk.rows()) == 1


def test_waiting_for_the_next_slot(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(daily=1)
    submit_file(desk.file(12), desk.competition, desk.client)
    state = desk.practice.spec_path.parent / "practice.db"

    class Midnight(Clock):
        """Its sleep lets the day of the server's submissions pass."""

        def __init__(self) -> None:
            self.passed = 0.0

        def now(self) -> datetime:
            start = datetime.now(UTC).replace(hour=23, minute=59, second=30)
            return datetime.fromtimestamp(start.timestamp() + self.passed, UTC)

        def sleep(self, seconds: float) -> None:
            self.passed += seconds
            time.sleep(0.05)
            if self.passed >= 60:  # Kaggle's own midnight is late
                with sqlite3.connect(state) as database:
                    database.execute(
                        "UPDATE submissions SET created = created - 86400 WHERE ref = 1"
                    )

    file, heard, clock = desk.file(13), Heard(), Midnight()
    outcome = submit_file(
        file, desk.competition, desk.client, wait=True, progress=heard, clock=clock
    )
    assert outcome.submission.status == "complete" and clock.passed >= 60
    assert any("Waiting for the next slot" in line for line in heard.lines)
    assert len(desk.taken(file)) == 1


def test_pending_is_no_failure_and_is_completed_later(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(delay=0.8)
    file = desk.file(14)
    first = submit_file(file, desk.competition, desk.client, timeout=0)
    assert first.submission.pending
    second = submit_file(file, desk.competition, desk.client)
    assert second.submission.id == first.submission.id
    assert second.submission.status == "complete" and second.allowance is None
    assert len(desk.taken(file)) == 1


def test_what_kaggle_cannot_score_fails_with_its_reason(desk: Desk) -> None:
    """The server's rows are more than this desk's sample knows: only Kaggle can tell."""
    folder = desk.folder / "data" / desk.competition.slug
    sample = folder / desk.competition.sample_file
    sample.write_text(re.sub(r"\n1,", "\n100001,", sample.read_text(), count=1))
    file = desk.file(15)
    with pytest.raises(PodiumError, match="could not score submission"):
        submit_file(file, desk.competition, desk.client)
    with pytest.raises(AlreadySubmitted):
        submit_file(file, desk.competition, desk.client)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_several_at_once_make_one_submission(
    database: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database == "postgresql":
        if "PODIUM_TEST_POSTGRES" not in os.environ:
            pytest.skip("needs a PostgreSQL server; set PODIUM_TEST_POSTGRES to its address")
        monkeypatch.setenv("DATABASE_URL", os.environ["PODIUM_TEST_POSTGRES"])
    file = desk.file(16 if database == "sqlite" else 116)
    start, ends = threading.Barrier(4), []

    def one() -> None:
        client = KaggleClient(desk.competition)
        start.wait()
        try:
            ends.append(submit_file(file, desk.competition, client).submission.ref)
        except AlreadySubmitted as late:  # it came after the others' end
            ends.append(int(re.findall(r"submission (\d+)", str(late))[0]))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (remote,) = desk.taken(file)
    assert ends == [remote.ref] * 4


def test_two_processes_at_once_make_one_submission(desk: Desk) -> None:
    file = desk.file(17)
    command = [sys.executable, "-m", "submissions", "submit", str(file)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert len(desk.taken(file)) == 1
    assert 0 in [process.returncode for process in both]
    assert all(
        process.returncode == 0 or "submitted on" in errors
        for process, (_, errors) in zip(both, said, strict=True)
    )


KILLED = """
import json, os, signal, sys
from pathlib import Path
from competition import load_competition
from competition.kaggle_client import KaggleClient
from submissions import uploader
from submissions.ledger import Ledger

def die(*arguments, **values):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(method):
    def call(*arguments, **values):
        method(*arguments, **values)
        die()
    return call

def submit(moment, file):
    match moment:
        case "intended": KaggleClient.upload = die
        case "uploading": KaggleClient.upload = then_die(KaggleClient.upload)
        case "uploaded": Ledger.change = then_die(Ledger.change)
        case "sending": KaggleClient.create_submission = die
        case "created": KaggleClient.create_submission = then_die(KaggleClient.create_submission)
        case "submitted": uploader.await_score = die
    competition = load_competition(os.environ["COMPETITION"])
    uploader.submit_file(file, competition, KaggleClient(competition))

for line in sys.stdin:
    moment, file, environment = json.loads(line)
    if (child := os.fork()) == 0:
        os.environ.update(environment)
        submit(moment, Path(file))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def submit_and_die() -> Iterator[Callable[[str, Path], int]]:
    """Submit a file in a process that dies at a moment, and return how it ended.

    The processes are forked from one that has imported everything, which takes most of a second.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:

        def submit(moment: str, file: Path) -> int:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps([moment, str(file), dict(os.environ)]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield submit


@pytest.mark.parametrize(
    ("moment", "state", "made"),
    [
        ("intended", State.INTENT, 0),
        ("uploading", State.INTENT, 0),
        ("uploaded", State.UPLOADED, 0),
        ("sending", State.SENDING, 0),
        ("created", State.SENDING, 1),
        ("submitted", State.SUBMITTED, 1),
    ],
)
def test_killed_at_any_stage_the_next_call_finishes_it(
    moment: str,
    state: State,
    made: int,
    desk: Desk,
    submit_and_die: Callable[[str, Path], int],
) -> None:
    file = desk.file(sum(moment.encode()), f"{moment}.csv")
    assert submit_and_die(moment, file) == -signal.SIGKILL
    (row,) = [row for row in Ledger.open(desk.competition).submissions() if row.sha256]
    assert row.state == state and len(desk.taken(file)) == made
    outcome = submit_file(file, desk.competition, desk.client)
    (remote,) = desk.taken(file)
    assert outcome.submission.ref == remote.ref
    assert outcome.submission.public_score == remote.public_score is not None
    assert [one.id for one in desk.rows() if one.sha256] == [row.id]


def test_ctrl_c_while_the_score_is_pending_loses_nothing(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(delay=6)
    file = desk.file(18)
    command = [sys.executable, "-m", "submissions", "submit", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "pending" in line:
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert "Traceback" not in process.stderr.read()
    (row,) = desk.rows()
    assert row.pending and row.ref == desk.taken(file)[0].ref


def test_an_unreachable_kaggle_is_a_sentence_and_leaves_no_intent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("competition.kaggle_retry.ATTEMPTS", 1)
    with pytest.raises(KaggleError, match="could not be reached"):
        submit_file(desk.file(19), desk.competition, desk.client)
    assert Ledger.open(desk.competition).submissions() == []


def test_a_file_that_changes_while_it_is_uploaded_is_not_submitted(desk: Desk) -> None:
    file, other = desk.file(20), desk.file(21, "other.csv")

    class Disturbed(KaggleClient):
        def upload(self, path: Path) -> str:
            path.write_bytes(other.read_bytes())
            return super().upload(path)

    with pytest.raises(PodiumError, match="changed while it was uploaded"):
        submit_file(file, desk.competition, Disturbed(desk.competition))
    assert desk.taken(other) == []
