"""The chain in small: a practice Kaggle of noise, a person before it, a clock in a hurry."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from competition.kaggle.client import KaggleClient
from competition.practice.holdout import HIDDEN_FILE
from competition.practice.scoring import Solution
from competition.practice.serving.state import State
from competition.practice.serving.state import Submission as Remote
from competition.problem.form import Form
from competition.problem.sample import read_sample
from competition.spec import Competition, load_competition
from competition.workspace import Workspace
from submissions.clock import Clock
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import Submission
from tests.serving import Served

ROOT = Path(__file__).parents[2]
SPEED = 50


class Hurried(Clock):
    """Fifty of its seconds pass in one of ours; calls to the server take as long as ever."""

    def __init__(self) -> None:
        self._began, self._start = time.monotonic(), datetime.now(UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * SPEED

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / SPEED)


@dataclass
class Chain:
    """The server, which the tests may look into, and a person's own folders."""

    server: Served
    folder: Path
    root: Path

    @cached_property
    def workspace(self) -> Workspace:
        return Workspace.in_folders(
            load_competition(str(self.server.spec_path)),
            self.root / "data",
            self.root / "runs",
            access=self.server.access,
        )

    @property
    def competition(self) -> Competition:
        return self.workspace.competition

    @property
    def data(self) -> Path:
        return self.workspace.data

    @property
    def public(self) -> Path:
        return self.folder / "public"

    def client(self, patience: float = 20.0) -> KaggleClient:
        """Return a client that waits so many seconds for an answer."""
        return KaggleClient(
            self.competition, self.workspace.access, timeout=(20, patience), first_pause=0.005
        )

    def file(self, seed: int) -> Path:
        """Write a valid file of its own content for each seed."""
        sample = read_sample(self.competition, self.public)
        labels = np.random.default_rng(seed).integers(0, 10, len(sample.ids))
        path = self.root / "mine.csv"
        path.write_text(Form.of(self.competition).render(labels, sample))
        return path

    def rows(self) -> list[Submission]:
        """Return what the ledger has."""
        return Ledger.open(self.workspace).submissions()

    def taken(self) -> list[Remote]:
        """Return what the server has, from its own database."""
        return State(self.folder).submissions()

    def worth(self, file: Path) -> tuple[float, float]:
        """Return the public and the private score that a file deserves, as Kaggle writes them."""
        solution = Solution.read(self.folder / HIDDEN_FILE, self.competition)
        public, private = solution.score(file.read_bytes())
        return round(public, 5), round(private, 5)

    def secrets(self) -> list[str]:
        """Return what nobody may read: the key, and the tokens of all uploads."""
        with sqlite3.connect(self.folder / "practice.db") as database:
            tokens = [token for (token,) in database.execute("SELECT token FROM uploads")]
        return [self.server.key, *tokens, "X-Goog-Signature"]


@pytest.fixture(scope="session")
def noise_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A practice Kaggle of 150 images that hardly compress, so that their zip comes in pieces."""
    folder = tmp_path_factory.mktemp("noise")
    competition = replace(
        load_competition("optical-digits"), slug="noise", train_rows=None, test_rows=None
    )
    pixels = np.random.default_rng(0).integers(0, 256, (150, 28 * 28))
    header = ",".join(["label", *[f"pixel{index}" for index in range(28 * 28)]])
    rows = [",".join([str(row % 10), *map(str, pixels[row])]) for row in range(len(pixels))]
    data = folder / "train.csv"
    data.write_text("\n".join([header, *rows, ""]))
    server = Served(folder / "kaggle", competition, data=data, delay=0.05)
    yield server, folder / "kaggle"
    server.end()


@pytest.fixture
def chain(
    noise_server: tuple[Served, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Chain]:
    """The practice Kaggle as on its first day, and empty folders before it."""
    server, folder = noise_server
    with sqlite3.connect(folder / "practice.db") as database:
        tables = ("submissions", "uploads", "sqlite_sequence")  # the last: numbers from 1 again
        database.executescript("".join(f"DELETE FROM {table};" for table in tables))
    shutil.rmtree(folder / "uploads")
    (folder / "uploads").mkdir()
    places = {"HOME": "home", "DATA_DIR": "data", "RUNS_DIR": "runs"}
    variables = {name: str(tmp_path / place) for name, place in places.items()}
    for name in ("DATABASE_URL", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR", "MESSAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (variables | server.environment).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    server.plan("")
    yield Chain(server, folder, tmp_path)
    server.plan("")
