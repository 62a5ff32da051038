import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from competition.database import Database
from competition.errors import PodiumError
from competition.kaggle.client import RemoteSubmission
from submissions.ledger.ledger import Estimate, Ledger
from submissions.ledger.tables import State, Submission
from submissions.sending.marker import described, marker, parsed

FINGERPRINT = "0123456789ab"
REAL = "https://www.kaggle.com"


@pytest.fixture
def ledger(database: str) -> Ledger:
    return Ledger(Database(database), "digits", REAL)


def intend(ledger: Ledger, fingerprint: str = FINGERPRINT, attempt: int = 1) -> Submission:
    return ledger.intend(
        fingerprint, attempt, message="first", file="a.csv", sha256="0" * 64, rows=4
    )


def remote(ref: int, **values: object) -> RemoteSubmission:
    plain = RemoteSubmission(
        ref=ref,
        file_name="a.csv",
        description="by hand",
        created=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        status="pending",
        public_score=None,
        private_score=None,
        error=None,
        total_bytes=20,
    )
    return replace(plain, **values)  # type: ignore[arg-type]


def test_an_intent_outlives_its_process(ledger: Ledger, database: str) -> None:
    begun = intend(ledger)
    assert begun.created.tzinfo is UTC
    again = Ledger(Database(database), "digits", REAL).latest(FINGERPRINT)
    assert again is not None and again.id == begun.id
    assert again.unfinished and again.message == "first"
    assert abs((datetime.now(UTC) - again.created).total_seconds()) < 60


def test_an_attempt_that_came_to_nothing_is_taken_up(ledger: Ledger) -> None:
    first = intend(ledger)
    ledger.change(first.id, state=State.REFUSED, error="no")
    second = intend(ledger)
    assert (second.id, second.state, second.error) == (first.id, State.INTENT, None)
    assert intend(ledger, attempt=2).id != first.id


def test_a_lost_number_is_found_by_its_marker(ledger: Ledger) -> None:
    row = intend(ledger)
    ledger.change(row.id, state=State.SENDING)
    ledger.absorb(
        [
            remote(
                7,
                description=described("first", FINGERPRINT, 1),
                status="complete",
                public_score=0.5,
                private_score=0.25,
            )
        ]
    )
    (found,) = ledger.submissions()
    assert (found.id, found.ref, found.state) == (row.id, 7, State.SUBMITTED)
    assert (found.public_score, found.private_score, found.scored) == (0.5, 0.25, True)


def test_what_was_made_elsewhere_is_imported_once(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.absorb([remote(9), remote(8, status="running"), remote(0)])
    newest, older = ledger.submissions()
    assert {newest.ref, older.ref} == {8, 9}
    assert newest.sha256 is None and newest.message == "by hand"
    assert {newest.shown_status, older.shown_status} == {"pending", "running"}
    assert newest.pending and older.pending


def test_two_with_one_marker_are_both_kept(ledger: Ledger) -> None:
    same = described("first", FINGERPRINT, 1)
    ledger.absorb([remote(9, description=same), remote(8, description=same)])
    assert sorted(row.ref or 0 for row in ledger.submissions()) == [8, 9]
    ledger.absorb([remote(9, description=same), remote(8, description=same)])
    assert len(ledger.submissions()) == 2


def test_a_score_once_given_is_not_lost(ledger: Ledger) -> None:
    ledger.absorb([remote(9, status="complete", public_score=0.9)])
    ledger.absorb([remote(9, status="complete")])
    ledger.absorb([remote(9, status="complete", public_score=float("nan"))])
    assert ledger.submissions()[0].public_score == 0.9


def test_what_was_abandoned_is_closed_and_can_come_back(ledger: Ledger) -> None:
    names = ("a" * 12, "b" * 12, "c" * 12)
    never_sent, perhaps, own = (intend(ledger, name).id for name in names)
    ledger.change(perhaps, state=State.SENDING)

    def states() -> list[str]:
        return [ledger.get(number).state for number in (never_sent, perhaps, own)]

    ledger.close_abandoned("c" * 12, datetime.now(UTC))
    assert states() == [State.REFUSED, State.SENDING, State.INTENT]
    ledger.close_abandoned("c" * 12, datetime.now(UTC) + timedelta(hours=2))
    assert states() == [State.REFUSED, State.LOST, State.INTENT]
    ledger.absorb([remote(5, description=described("late", "b" * 12, 1))])
    assert states()[1] == State.SUBMITTED and ledger.get(perhaps).ref == 5


def test_servers_and_competitions_never_mix(ledger: Ledger) -> None:
    intend(ledger)
    practice = Ledger(ledger.database, "digits", "http://127.0.0.1:1")
    letters = Ledger(ledger.database, "letters", REAL)
    assert practice.submissions() == [] and practice.latest(FINGERPRINT) is None
    assert letters.submissions() == []
    assert practice.other_endpoints() == {REAL: 1}


def test_an_estimate_is_found_by_content(ledger: Ledger) -> None:
    assert ledger.estimate_of(FINGERPRINT) == Estimate()
    ledger.remember_blend(Path("a.csv"), FINGERPRINT, Estimate(0.5, 0.1, 90, "key", "cnn"))
    ledger.remember_blend(Path("b.csv"), FINGERPRINT, Estimate(0.6, 0.1, None, "other", "knn"))
    assert ledger.estimate_of(FINGERPRINT) == Estimate(0.6, 0.1, None, "other", "knn")


def test_many_open_a_new_database_at_once(database: str) -> None:
    found: list[int] = []
    start = threading.Barrier(6)

    def one(number: int) -> None:
        start.wait()
        row = intend(Ledger(Database(database), "digits", REAL), fingerprint=f"{number:012x}")
        found.append(row.id)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 6


def test_sqlite_writes_ahead_and_lives_beside_other_tables(tmp_path: Path) -> None:
    file = tmp_path / "podium.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE studies (study_id INTEGER)")
    ledger = Ledger(Database(f"sqlite:///{file}"), "digits", REAL)
    with ledger.database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        names = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
    assert {name for name in names if not name.startswith("sqlite")} == {
        "studies",
        "podium_submissions",
        "podium_blend_files",
        "podium_queue",
        "podium_kernels",
        "podium_alembic_version",
    }


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "not a database address"),
        ("mysql://me:s3cret@host/name", "mysql"),
        ("postgresql+nodriver://me:s3cret@host/name?password=s3cret", "driver"),
        ("sqlite:////proc/none/podium.db", "cannot be made"),
    ],
)
def test_a_database_that_cannot_be_opened_is_a_sentence(address: str, said: str) -> None:
    with pytest.raises(PodiumError, match=said) as error:
        Ledger(Database(address), "digits", REAL)
    assert "s3cret" not in str(error.value)


def test_a_file_that_is_not_a_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "podium.db"
    file.write_text("these are my notes\n" * 100)
    with pytest.raises(PodiumError, match="not a database"):
        Ledger(Database(f"sqlite:///{file}"), "digits", REAL)
    assert file.read_text() == "these are my notes\n" * 100


MESSAGES = ["", "better", "two\nlines", "x" * 1000, "[podium aaaaaaaaaaaa]", "a\x1b[31m\udcff"]


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("attempt", [1, 2, 12])
def test_a_marker_is_read_back_from_any_message(message: str, attempt: int) -> None:
    description = described(message, FINGERPRINT, attempt)
    assert len(description) <= 500 and description.isprintable()
    assert description.startswith(marker(FINGERPRINT, attempt))
    for length in (len(description), 255, 100, 30):
        found = parsed(description[:length])
        assert found is not None and found[1:] == (FINGERPRINT, attempt)


@pytest.mark.parametrize(
    ("description", "message", "attempt"),
    [
        (f"a try [podium {FINGERPRINT}]", "a try", 1),
        (f"[podium aaaaaaaaaaaa] [podium {FINGERPRINT}.12] ", "[podium aaaaaaaaaaaa]", 12),
        (f"[PODIUM {FINGERPRINT.upper()}.2] A TRY", "A TRY", 2),
        (f"by API: podium_{FINGERPRINT}_a_try", "by API: _a_try", 1),
        (f"&#91;podium {FINGERPRINT}&#93; a try", "&#91; &#93; a try", 1),
    ],
)
def test_markers_at_the_end_and_in_other_spellings_are_understood(
    description: str, message: str, attempt: int
) -> None:
    """Those at the end are of earlier versions."""
    assert parsed(description) == (message, FINGERPRINT, attempt)


@pytest.mark.parametrize("text", ["", "podium", "[podium 0123456789abc] later", "[podium 0123]"])
def test_other_descriptions_have_no_marker(text: str) -> None:
    assert parsed(text) is None


def test_the_marker_decides_and_not_the_number(ledger: Ledger) -> None:
    """A practice server of another folder at the same address counts from 1 again."""
    first = intend(ledger)
    ledger.change(first.id, state=State.SUBMITTED, ref=1, status="pending")
    done = intend(ledger, "b" * 12)
    ledger.change(done.id, state=State.SUBMITTED, ref=2, status="complete", public_score=0.5)
    other = [remote(number, description=described("", "c" * 12, number)) for number in (1, 2)]
    for _ in range(2):
        ledger.absorb(other)
        rows = {(row.fingerprint, row.attempt): row for row in ledger.submissions()}
        assert len(rows) == 4
        assert (rows["c" * 12, 1].ref, rows["c" * 12, 2].ref) == (1, 2)
        assert rows[FINGERPRINT, 1].state == State.LOST and rows[FINGERPRINT, 1].ref is None
        assert (rows["b" * 12, 1].ref, rows["b" * 12, 1].public_score) == (2, 0.5)
    ledger.absorb([remote(1, description=described("", FINGERPRINT, 1), status="complete")])
    assert ledger.get(first.id).ref == 1 and ledger.get(first.id).scored


def test_a_description_that_comes_late_makes_no_second_row(ledger: Ledger) -> None:
    row = intend(ledger)
    ledger.change(row.id, state=State.SENDING)
    ledger.absorb([remote(7, description="")])
    assert len(ledger.submissions()) == 2
    for _ in range(2):
        ledger.absorb([remote(7, description=described("first", FINGERPRINT, 1))])
        (found,) = ledger.submissions()
        assert (found.id, found.ref) == (row.id, 7)


def test_two_accounts_are_told_apart(ledger: Ledger) -> None:
    old = intend(ledger, "d" * 12)  # nobody knew whose
    mine, yours = ledger.of_account("Me"), ledger.of_account("you")
    first = intend(mine)
    assert yours.latest(FINGERPRINT) is None
    second = intend(yours)
    assert first.id != second.id and mine.latest(FINGERPRINT).id == first.id  # type: ignore[union-attr]
    assert {row.id for row in ledger.of_account("ME ").submissions()} == {old.id, first.id}
    assert mine.other_accounts() == {"you": 1}
    yours.absorb([remote(3, description=described("", "d" * 12, 1))])
    assert {row.id for row in mine.submissions()} == {first.id}
    assert len(ledger.submissions()) == 3


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({}, True),
        ({"description": described("", FINGERPRINT, 2)}, True),
        ({"total_bytes": 0}, True),
        ({"description": described("", "b" * 12, 1)}, True),
        ({"description": described("", "c" * 12, 1)}, False),  # that content went from here
        ({"file_name": "A.CSV"}, True),
        ({"file_name": "up/a_.csv.zip"}, True),
        ({"file_name": "%61.csv"}, True),
        ({"total_bytes": 21}, False),
        ({"file_name": "b.csv"}, False),
        ({"ref": 4}, False),
    ],
)
def test_what_may_be_a_submission_in_doubt(
    changes: dict[str, object], alike: bool, ledger: Ledger
) -> None:
    ledger.intend("c" * 12, 1, message="", file="/x/a.csv", sha256="c" * 64)
    row = ledger.intend(FINGERPRINT, 1, message="", file="/x/a.csv", size=20, newest_before=4)
    entry = replace(remote(5), **changes)  # type: ignore[arg-type]
    ledger.absorb([entry])
    assert ledger.lookalikes(row, [entry]) == ([entry] if alike else [])
