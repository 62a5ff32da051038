import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from competition.errors import PodiumError
from competition.kaggle.client import AllowanceUsedUp, KaggleClient, KaggleError
from submissions.clock import Clock
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import State
from submissions.progress import Progress
from submissions.sending.allowance import NoneLeft, next_slot
from submissions.sending.marker import described
from submissions.sending.submitter import AlreadySubmitted
from tests.submissions.conftest import SHORT, Desk


class Heard(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, text: str) -> None:
        self.lines.append(text)

    def tick(self, text: str) -> None:
        self.lines.append(text)


class Interrupted(Progress):
    """A person who has enough as soon as a reply is lost."""

    def step(self, text: str) -> None:
        if "lost" in text:
            raise KeyboardInterrupt


def uploads(desk: Desk) -> int:
    """How many files have ever reached the server."""
    return len(list((desk.practice.spec_path.parent / "uploads").iterdir()))


def test_submitted_once_and_scored(desk: Desk) -> None:
    file, heard = desk.file(1), Heard()
    outcome = desk.submit(file, message="a try", progress=heard)
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
    desk.submit(file)
    other = desk.folder / "other.csv"
    other.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    before = uploads(desk)
    with pytest.raises(AlreadySubmitted, match="--again"):
        desk.submit(other)
    assert len(desk.taken(file)) == 1 and uploads(desk) == before


def test_again_submits_once_more_with_a_marker_of_its_own(desk: Desk) -> None:
    file = desk.file(3)
    for again in (False, True, True):
        desk.submit(file, again=again)
    markers = [one.description.split("]")[0] for one in desk.taken(file)]
    assert len(set(markers)) == 3
    assert {row.attempt for row in desk.rows() if row.sha256} == {1, 2, 3}


def test_a_lost_ledger_costs_nothing(desk: Desk) -> None:
    file = desk.file(4)
    desk.submit(file, message="kept at Kaggle")
    desk = desk.at(database_url=f"sqlite:///{desk.folder / 'new.db'}")
    with pytest.raises(AlreadySubmitted):
        desk.submit(file)
    (row,) = [row for row in desk.rows() if row.sha256]
    assert row.message == "kept at Kaggle" and row.public_score is not None
    assert len(desk.taken(file)) == 1


def test_a_faulty_file_never_leaves(desk: Desk) -> None:
    file = desk.file(5)
    file.write_text(file.read_text().replace(",3\n", ",3.0\n"))
    before = uploads(desk)
    with pytest.raises(PodiumError, match=r"line \d+: .*'3.0' must be written as 3"):
        desk.submit(file)
    assert uploads(desk) == before and not [row for row in desk.rows() if row.sha256]


@pytest.mark.parametrize(
    "faults",
    [
        "lose-reply",
        "refuse=500@CreateSubmission*2,lose-reply",
        "cut-upload*2,refuse=429@StartSubmissionUpload,refuse=503@ListSubmissions,retry-after=0.1",
    ],
)
def test_one_submission_whatever_breaks(faults: str, own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults=faults)
    file = desk.file(6)
    outcome = desk.submit(file)
    assert outcome.submission.status == "complete"
    (remote,) = desk.taken(file)
    assert remote.ref == outcome.submission.ref


def test_a_list_that_lags_is_waited_for(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="lose-reply,lag=0.6*99")
    file = desk.file(7)
    outcome = desk.submit(file)
    assert len(desk.taken(file)) == 1 and outcome.submission.status == "complete"


def test_a_list_that_lags_too_long_is_not_believed(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="lose-reply,lag=600*99")
    file = desk.file(8)
    with pytest.raises(PodiumError, match="counts one submission more than it lists"):
        desk.submit(file)
    desk.practice.plan("")
    assert desk.submit(file).submission.status == "complete"
    assert len(desk.taken(file)) == 1


class Jumping(Clock):
    """A wall clock that is set forward by an hour whenever somebody looks at it."""

    def __init__(self) -> None:
        self.looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return super().now() + timedelta(hours=self.looks)


@pytest.mark.parametrize("clock", [Clock(), Jumping()])
def test_a_call_that_is_carried_out_late_is_waited_for(
    clock: Clock, own_desk: Callable[..., Desk]
) -> None:
    """However the wall clock jumps meanwhile: the wait is measured by another."""
    desk = own_desk(faults="slow=1.5@CreateSubmission*2", daily=10_000)
    file = desk.file(23)
    impatient = KaggleClient(desk.competition, desk.workspace.access, timeout=(5, 0.7))
    patience = replace(SHORT, flight=5)
    outcome = desk.submit(file, client=impatient, clock=clock, patience=patience)
    time.sleep(1.5)  # what a second call would have left behind is there now
    (remote,) = desk.taken(file)
    assert outcome.submission.ref == remote.ref


def test_one_that_was_given_up_is_looked_for_before_it_is_sent_again(
    own_desk: Callable[..., Desk],
) -> None:
    """A jump of the wall clock made another submit call it lost while Kaggle still had it."""
    desk = own_desk(faults="slow=1.5@CreateSubmission*1")
    file = desk.file(24)
    impatient = KaggleClient(desk.competition, desk.workspace.access, timeout=(5, 0.3))
    with pytest.raises(KeyboardInterrupt):
        desk.submit(file, client=impatient, progress=Interrupted())
    ledger = Ledger.open(desk.workspace)
    ledger.close_abandoned("0" * 12, datetime.now(UTC) + timedelta(days=1))
    assert [row.state for row in desk.rows()] == [State.LOST]
    desk.submit(file, patience=replace(SHORT, flight=5))
    time.sleep(1.5)
    assert len(desk.taken(file)) == 1


def test_a_refusal_leaves_the_attempt_free(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="refuse=403@CreateSubmission")
    file = desk.file(9)
    with pytest.raises(KaggleError, match="denies submitting"):
        desk.submit(file)
    (row,) = desk.rows()
    assert row.state == State.REFUSED and "denies submitting" in (row.error or "")
    assert desk.submit(file).submission.id == row.id
    assert len(desk.taken(file)) == 1


def test_the_allowance_is_asked_before_anything_leaves(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(daily=1)
    desk.submit(desk.file(10))
    second = desk.file(11)
    with pytest.raises(NoneLeft, match=r"used up \(1 of 1\).*midnight UTC\), in \d") as error:
        desk.submit(second)
    local = next_slot(datetime.now(UTC)).astimezone()
    assert f"at {local:%H:%M}" in str(error.value)
    assert uploads(desk) == 1 and len(desk.rows()) == 1


def test_waiting_for_the_next_slot(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(daily=1)
    desk.submit(desk.file(12))
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
    outcome = desk.submit(file, wait=True, progress=heard, clock=clock)
    assert outcome.submission.status == "complete" and clock.passed >= 60
    assert any("Waiting for the next slot" in line for line in heard.lines)
    assert len(desk.taken(file)) == 1


class NeverTaken(KaggleClient):
    """Of a team whose mates use up every day before it can."""

    def create_submission(self, token: str, description: str) -> int:
        raise AllowanceUsedUp("none is left")


class Asleep(Clock):
    """A clock of which every sleep lasts until the day after."""

    def __init__(self) -> None:
        self.nights = 0

    def now(self) -> datetime:
        return super().now() + timedelta(days=self.nights)

    def sleep(self, seconds: float) -> None:
        self.nights += 1


@pytest.mark.parametrize("queued", [False, True])
def test_a_wait_has_an_end(queued: bool, desk: Desk) -> None:
    """However often midnight brings no slot."""
    file, clock = desk.file(3100 + queued), Asleep()
    client = NeverTaken(desk.competition, desk.workspace.access)
    options = {"wait": True, "client": client, "clock": clock}
    if queued:
        assert desk.run("queue", "add", file).returncode == 0
        sent = desk.submit_queue(**options)
        assert isinstance(sent.stopped, NoneLeft) and not sent.outcomes
    else:
        with pytest.raises(NoneLeft, match="none is left"):
            desk.submit(file, **options)
    assert clock.nights == SHORT.nights and desk.taken(file) == []


def test_pending_is_no_failure_and_is_completed_later(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(delay=0.8)
    file = desk.file(14)
    first = desk.submit(file, timeout=0)
    assert first.submission.pending
    second = desk.submit(file)
    assert second.submission.id == first.submission.id
    assert second.submission.status == "complete" and second.allowance is None
    assert len(desk.taken(file)) == 1


def test_what_kaggle_cannot_score_fails_with_its_reason(desk: Desk) -> None:
    """The server's rows are more than this desk's sample knows: only Kaggle can tell."""
    sample = desk.workspace.data / desk.competition.sample_file
    sample.write_text(re.sub(r"\n1,", "\n100001,", sample.read_text(), count=1))
    file = desk.file(15)
    with pytest.raises(PodiumError, match="could not score submission"):
        desk.submit(file)
    with pytest.raises(AlreadySubmitted):
        desk.submit(file)


def test_an_unreachable_kaggle_is_a_sentence_and_leaves_no_intent(desk: Desk) -> None:
    nobody = replace(desk.workspace.access, endpoint="http://127.0.0.1:9")
    client = KaggleClient(desk.competition, nobody, attempts=1)
    with pytest.raises(KaggleError, match="could not be reached"):
        desk.submit(desk.file(19), client=client)
    assert desk.at(access=nobody).rows() == []


def test_a_file_that_changes_while_it_is_uploaded_is_not_submitted(desk: Desk) -> None:
    file, other = desk.file(20), desk.file(21, "other.csv")

    class Disturbed(KaggleClient):
        def upload(self, path: Path) -> str:
            path.write_bytes(other.read_bytes())
            return super().upload(path)

    with pytest.raises(PodiumError, match="changed while it was uploaded"):
        desk.submit(file, client=Disturbed(desk.competition, desk.workspace.access))
    assert desk.taken(other) == []
