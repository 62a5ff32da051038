"""A small competition with awkward names; a practice Kaggle, and a person who sits before it."""

import io
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from competition.settings import data_folder

from competition import Competition, load_competition
from competition.console import run
from competition.kaggle.client import KaggleClient, RemoteSubmission
from competition.practice.holdout import prepare
from competition.problem.checks import check
from competition.problem.sample import SampleSubmission, read_sample
from submissions import submitter as once
from submissions.__main__ import app
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import Submission
from submissions.marker import parsed
from submissions.writer import submission_text
from tests.serving import Served

ROOT = Path(__file__).parents[2]

IDS = ("1", "2", "3", "10", "a b", 'say "a"', "x,y", "ü")


@pytest.fixture(scope="session")
def awkward() -> Competition:
    """Eight rows; ids and one class name need quotes."""
    return replace(
        load_competition("digit-recognizer"),
        slug="awkward",
        id_column="Id",
        target_column="Class",
        classes=("0", "1", "3", "cat", "a,b"),
        train_rows=None,
        test_rows=len(IDS),
    )


@pytest.fixture(scope="session")
def awkward_sample(
    awkward: Competition, tmp_path_factory: pytest.TempPathFactory
) -> SampleSubmission:
    path: Path = tmp_path_factory.mktemp("awkward") / "sample_submission.csv"
    lines = ["Id,Class", "1,0", "2,0", "3,0", "10,0", "a b,0", '"say ""a""",0', '"x,y",0', "ü,0"]
    path.write_bytes("\r\n".join([*lines, ""]).encode())
    return read_sample(awkward, path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of an empty database: an SQLite file, or a PostgreSQL schema of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'runs' / 'podium.db'}"
        return
    yield request.getfixturevalue("postgres_schema")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test gets data and runs folders of its own, and nobody's credentials."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    for name in ("DATABASE_URL", "KAGGLE_ENDPOINT", "KAGGLE_API_TOKEN", "MESSAGE", "COMPETITION"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Desk:
    """A person's folders, pointed at a practice Kaggle."""

    practice: Served
    competition: Competition
    folder: Path

    @property
    def client(self) -> KaggleClient:
        return KaggleClient(self.competition)

    def file(self, seed: int, name: str = "mine.csv") -> Path:
        """Write a lawful file of random labels, of its own content for each seed."""
        sample = read_sample(self.competition)
        labels = np.random.default_rng(seed).integers(0, 10, len(sample.ids))
        path = self.folder / name
        path.write_text(submission_text(labels, self.competition, sample))
        return path

    def taken(self, file: Path) -> list[RemoteSubmission]:
        """Return what the server has of a file's content."""
        fingerprint = check(file, self.competition, read_sample(self.competition)).fingerprint
        found = [(one, parsed(one.description)) for one in self.client.submissions()]
        return [one for one, marked in found if marked and marked[1] == fingerprint]

    def rows(self) -> list[Submission]:
        return Ledger.open(self.competition).submissions()

    def run(self, *arguments: object) -> "Said":
        """Run the command line, in this process: its start-up has tests of its own."""
        out, errors, status = io.StringIO(), io.StringIO(), 0
        command = ["python -m submissions", *map(str, arguments)]
        with (
            patch.object(sys, "argv", command),
            redirect_stdout(out),
            redirect_stderr(errors),
        ):
            try:
                run(app)
            except SystemExit as ended:
                status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return Said(status, out.getvalue(), errors.getvalue())


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A practice Kaggle's folder with the optical digits, made once."""
    folder = tmp_path_factory.mktemp("practice") / "kaggle"
    prepare(folder, load_competition("optical-digits"), None)
    return folder


@pytest.fixture(scope="session")
def shared_practice(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One without faults that takes any number: tests tell their files by content."""
    folder = tmp_path_factory.mktemp("shared") / "kaggle"
    shutil.copytree(prepared, folder)
    served = Served(folder, daily=10_000, delay=0)
    yield served
    served.end()


@pytest.fixture
def sit_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Served], Desk]:
    """Return what points a test's environment at a practice Kaggle."""

    def sit(practice: Served) -> Desk:
        for name, value in practice.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        competition = load_competition(str(practice.spec_path))
        folder = data_folder(competition)
        shutil.copytree(practice.spec_path.parent / "public", folder, dirs_exist_ok=True)
        return Desk(practice, competition, tmp_path)

    return sit


@pytest.fixture
def desk(shared_practice: Served, sit_down: Callable[[Served], Desk]) -> Desk:
    return sit_down(shared_practice)


@pytest.fixture
def own_desk(
    prepared: Path, tmp_path: Path, sit_down: Callable[[Served], Desk]
) -> Iterator[Callable[..., Desk]]:
    """Return what starts a practice Kaggle with options of its own."""
    started: list[Served] = []

    def start(**options: Any) -> Desk:
        folder = tmp_path / "kaggle"
        shutil.copytree(prepared, folder)
        started.append(Served(folder, **({"delay": 0, "daily": 100} | options)))
        return sit_down(started[-1])

    yield start
    for practice in started:
        practice.end()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look and try again as often as ever, without the long pauses in between."""
    monkeypatch.setattr(once, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(once, "LAG_SECONDS", 0.4)
    monkeypatch.setattr(once, "FLIGHT_SECONDS", 0.8)
    monkeypatch.setattr("submissions.polling.FIRST_SECONDS", 0.1)
    monkeypatch.setattr("competition.kaggle.retry.FIRST_SECONDS", 0.02)
