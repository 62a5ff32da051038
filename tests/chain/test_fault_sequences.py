"""Whatever goes wrong, in any order: the right files, one submission, its score; or a sentence.

Each sequence is decided by its seed, and a failure says seed and plan: the same plan works with
`python -m competition practice --faults`. PODIUM_TEST_SEQUENCES is how many are run.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from random import Random

import pytest

from competition.errors import PodiumError
from competition.kaggle.client import OutcomeUnknown
from competition.kaggle.download import download
from competition.problem.checking.checks import check
from competition.problem.sample import read_sample
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import State
from submissions.sending.submitter import AlreadySubmitted
from submissions.submit import submit_file
from tests.chain.conftest import Chain, Hurried

SEQUENCES = int(os.environ.get("PODIUM_TEST_SEQUENCES", "8"))
CALLS = (
    "ListDataFiles",
    "DownloadDataFiles",
    "ListSubmissions",
    "GetSubmissionLimits",
    "StartSubmissionUpload",
    "CreateSubmission",
    "storage",
    "upload",
)


def one_fault(random: Random) -> str:
    """Draw a fault; CreateSubmission, where most is at stake, is struck more often than others."""
    call = f"@{random.choice(CALLS)}"
    passing, final = random.choice((429, 500, 502, 503, 504)), random.choice((400, 401, 403, 404))
    kinds = (
        f"refuse={passing}{call}",
        f"refuse={passing}@CreateSubmission",
        f"refuse={final}{call}",
        f"drop{call}",
        "drop@CreateSubmission",
        f"lose-reply{call}",
        "lose-reply@CreateSubmission",
        f"lose-reply={random.choice((500, 502, 503, 504))}@CreateSubmission",
        f"slow=0.8{call}",
        "slow=0.8@CreateSubmission",
        "cut",
        "corrupt",
        "error-body",
        "cut-upload",
        "pending",
        f"lag={random.choice((0.05, 0.1, 0.8))}",
        "lose-reply=500@CreateSubmission,lag=0.8",
    )
    return random.choice(kinds) + random.choice(("", "", "*2", "*3", "*6", "*30", "%30", "%60"))


def plan_of(seed: int, random: Random) -> str:
    faults = [one_fault(random) for _ in range(random.randint(1, 6))]
    if random.random() < 0.25:
        faults.insert(0, "refuse=404@DownloadDataFiles*99")  # no archive: file by file
    if random.random() < 0.5:  # what leaves the marker whole
        faults.append(random.choice(("cut-description=100*99", "cut-description=255*99")))
        faults.append(f"late-description={random.choice((0.1, 0.4))}*9")
    return ",".join([*faults, f"seed={seed}", "retry-after=0.05"])


class Person:
    """Downloads and submits one file, again and again, and takes nothing but sentences."""

    def __init__(self, chain: Chain, seed: int) -> None:
        self.chain, self.file = chain, chain.file(seed)
        self.patience = 0.5  # less than a slow answer takes
        self.said: list[str] = []
        self.broken: list[BaseException] = []

    def tries(self) -> None:
        self._one(self._downloads)
        self._one(self._submits)

    def _one(self, action: Callable[[], None]) -> None:
        try:
            action()
        except PodiumError as error:
            self.said.append(str(error))
        except BaseException as error:
            self.broken.append(error)

    def _downloads(self) -> None:
        download(self.chain.workspace, self.chain.client(self.patience))
        assert files_right(self.chain), "a download that reported no failure is not right"

    def _submits(self) -> None:
        chain = self.chain
        try:
            client = chain.client(self.patience)
            outcome = submit_file(self.file, chain.workspace, client, timeout=20, clock=Hurried())
        except AlreadySubmitted:
            assert len(chain.taken()) == 1
            return
        (remote,) = chain.taken()
        assert outcome.submission.ref == remote.ref


def files_right(chain: Chain) -> bool:
    names = chain.competition.files
    return all((chain.data / name).is_file() for name in names) and not wrong_files(chain)


def wrong_files(chain: Chain) -> list[str]:
    """Return the files that have a final name and other bytes than the server's, and litter."""
    if not chain.data.exists():
        return []
    names = [name for name in chain.competition.files if (chain.data / name).exists()]
    wrong = [
        name
        for name in names
        if (chain.data / name).read_bytes() != (chain.public / name).read_bytes()
    ]
    return wrong + [path.name for path in chain.data.glob(".*.part")]


def check_ledger(chain: Chain, person: Person) -> None:
    """Compare the one submission of the server with the one row of the ledger."""
    (remote,) = chain.taken()
    (row,) = chain.rows()
    assert (row.ref, row.state, row.attempt) == (remote.ref, State.SUBMITTED, 1)
    if remote.ready is None:
        assert row.status == "pending" and row.public_score is None
    else:
        assert (row.public_score, row.private_score) == chain.worth(person.file)
        assert row.status == "complete"


@contextmanager
def noted(text: str, said: list[str]) -> Iterator[None]:
    """Have a failure say how to make it again, and what the person heard."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"{text}; said: {said}")
        raise


def run(plan: str, chain: Chain, person: Person, at_once: int) -> None:
    """Let a person try while faults strike, or several persons with one file; check what is left.

    Whatever they were told: no file is wrong, no litter is left, nothing is submitted twice.
    """
    chain.server.plan(plan)
    threads = [threading.Thread(target=person.tries) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not person.broken, person.broken
    assert not wrong_files(chain), wrong_files(chain)
    assert len(chain.taken()) <= 1


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_any_sequence_of_faults_ends_right_or_in_a_sentence_and_then_right(
    seed: int,
    chain: Chain,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> None:
    caplog.set_level(logging.DEBUG)
    random, person = Random(seed), Person(chain, seed)
    plans = [plan_of(seed, random) for _ in range(random.randint(1, 2))]
    with noted(f"seed {seed}: --faults {' and then '.join(plans)}", person.said):
        for plan in plans:
            run(plan, chain, person, at_once=random.choice((1, 1, 2)))
        record_property("ended", "sentence" if person.said else "right")
        person.patience = 20.0
        run("", chain, person, at_once=1)
        assert files_right(chain)
        check_ledger(chain, person)
        heard = caplog.text + "\n".join(person.said)
        assert not [secret for secret in chain.secrets() if secret in heard]


def spoilt(random: Random) -> str:
    """Draw what becomes of every description, and of the calls around it."""
    fate = random.choice(
        (
            f"cut-description={random.choice((0, 5, 14, 21, 30, 100, 255))}*99",
            f"alter-description={random.randint(0, 6)}*99",
            f"late-description={random.choice((0.2, 0.6, 5))}*999",
        )
    )
    lost = random.choice(
        (
            "lose-reply",
            "lose-reply=500",
            "lose-reply=503*2",
            "refuse=502@CreateSubmission,lose-reply",
            "lose-reply,drop@ListSubmissions*2",
            "lose-reply,lag=0.5*3",
            "slow=0.8@CreateSubmission",
        )
    )
    return f"{lost},{fate},retry-after=0.05"


def earlier(chain: Chain, seed: int, random: Random) -> None:
    """Leave a ledger of other days: of another folder's server, of another account, or none."""
    match random.choice(("server", "account", "none")):
        case "server":
            submit_file(chain.file(seed + 1000), chain.workspace, chain.client(), clock=Hurried())
            with sqlite3.connect(chain.folder / "practice.db") as database:
                database.executescript("DELETE FROM submissions; DELETE FROM sqlite_sequence")
        case "account":
            sample = read_sample(chain.competition, chain.data)
            report = check(chain.file(seed), chain.competition, sample)
            ledger = Ledger.open(chain.workspace).of_account("somebody")
            row = ledger.intend(report.fingerprint, 1, message="", file="mine.csv", sha256="0" * 64)
            ledger.change(row.id, state=State.SUBMITTED, ref=1, status="complete")


@pytest.mark.parametrize("seed", range(SEQUENCES // 2))
def test_no_spelling_of_a_description_leads_to_a_second_upload(
    seed: int, chain: Chain, record_property: Callable[[str, object], None]
) -> None:
    """It ends right, or in a doubt that says so; with one submission at the server either way."""
    random = Random(seed)
    download(chain.workspace, chain.client())
    earlier(chain, seed, random)
    person = Person(chain, seed)
    plan = spoilt(random)
    with noted(f"seed {seed}: --faults {plan}", person.said):
        run(plan, chain, person, at_once=random.choice((1, 2)))
        run("", chain, person, at_once=1)
        assert len(chain.taken()) == 1
        doubtful = False
        try:
            submit_file(person.file, chain.workspace, chain.client(), clock=Hurried())
        except AlreadySubmitted:
            pass
        except OutcomeUnknown as doubt:
            doubtful = True
            assert "Nothing is uploaded again" in str(doubt)
        record_property("ended", "doubt" if doubtful else "right")
        assert len(chain.taken()) == 1
        if not doubtful:
            (remote,) = chain.taken()
            content = sha256(person.file.read_bytes()).hexdigest()
            rows = [row for row in chain.rows() if row.sha256 == content and row.account == "you"]
            worth = chain.worth(person.file)[0]
            assert [(row.ref, row.public_score) for row in rows] == [(remote.ref, worth)]
