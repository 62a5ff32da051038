"""A small competition with awkward names; a practice Kaggle, and a person who sits before it."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition.data.dataset import load_dataset
from competition.kaggle.client import KaggleClient, RemoteSubmission
from competition.practice.holdout import prepare
from competition.problem.checking.checks import check
from competition.problem.form import Form
from competition.problem.sample import read_sample
from competition.problem.targets import Answers, Kind
from competition.spec import Competition, load_competition
from competition.workspace import Workspace
from pipelines.blending.blend import StoredBlend
from pipelines.columns import write_column
from pipelines.search.plan import FOLDS
from submissions.__main__ import app
from submissions.clock import Patience
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import Submission
from submissions.queue.sending import Sent, submit_queue
from submissions.sending.marker import parsed
from submissions.sending.submitter import Outcome
from submissions.submit import submit_blend, submit_file
from tests.serving import Served
from tests.typed import Said, typed

ROOT = Path(__file__).parents[2]

# Look and try again as often as ever, without the long pauses in between.
SHORT = Patience(look=0.05, lag=0.4, flight=0.8, first_poll=0.1)


@pytest.fixture
def awkward(tmp_path: Path) -> Workspace:
    """Eight rows, 7,000 of which, as it were, are public; ids and a class name need quotes."""
    competition = replace(
        load_competition("digit-recognizer"),
        slug="awkward",
        id_column="Id",
        target_columns=("Class",),
        classes=("0", "1", "3", "cat", "a,b"),
        train_rows=None,
        test_rows=8,
    )
    return Workspace.in_folders(competition, tmp_path / "data", tmp_path / "runs")


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
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DATABASE_URL", "KAGGLE_ENDPOINT", "KAGGLE_API_TOKEN", "MESSAGE", "COMPETITION"):
        monkeypatch.delenv(name, raising=False)


def random_answers(competition: Competition, rows: int, seed: int) -> Answers:
    """Return valid answers of their own for each seed, in the competition's form."""
    problem, random = competition.problem, np.random.default_rng(seed)
    predictions = random.random((rows, problem.outputs)).astype(np.float32)
    if problem.kind == Kind.CLASSES:
        predictions /= predictions.sum(axis=1, keepdims=True)
    return problem.decision().answers(predictions)


@dataclass
class Desk:
    """A person's workspace, pointed at a practice Kaggle."""

    practice: Served
    workspace: Workspace
    folder: Path

    @property
    def competition(self) -> Competition:
        return self.workspace.competition

    @property
    def client(self) -> KaggleClient:
        return KaggleClient(self.competition, self.workspace.access, first_pause=0.02)

    def at(self, **changes: Any) -> "Desk":
        """Return this desk with another workspace, such as one with other folders."""
        return replace(self, workspace=replace(self.workspace, **changes))

    def file(self, seed: int, name: str = "mine.csv") -> Path:
        """Write a valid file of random answers, of its own content for each seed."""
        sample = read_sample(self.competition, self.workspace.data)
        answers = random_answers(self.competition, len(sample.ids), seed)
        path = self.folder / name
        path.write_text(Form.of(self.competition).render(answers, sample))
        return path

    def submit(self, file: Path, **options: Any) -> Outcome:
        options = {"patience": SHORT, "client": self.client} | options
        return submit_file(file, self.workspace, **options)

    def submit_blend(self, **options: Any) -> Outcome:
        return submit_blend(self.workspace, self.client, **({"patience": SHORT} | options))

    def submit_queue(self, **options: Any) -> Sent:
        options = {"patience": SHORT, "client": self.client} | options
        return submit_queue(self.workspace, **options)

    def taken(self, file: Path) -> list[RemoteSubmission]:
        """Return what the server has of a file's content."""
        sample = read_sample(self.competition, self.workspace.data)
        fingerprint = check(file, self.competition, sample).fingerprint
        found = [(one, parsed(one.description)) for one in self.client.submissions()]
        return [one for one, marked in found if marked and marked[1] == fingerprint]

    def rows(self) -> list[Submission]:
        return Ledger.open(self.workspace).submissions()

    def run(self, *arguments: object) -> Said:
        """Run the command line, in this process."""
        return typed(partial(app, obj=SHORT), "submissions", *arguments)


def tuned(workspace: Workspace, seed: int = 0, pipeline: str = "knn", created: str = "") -> None:
    """Leave what `make tune` leaves: a column, of random predictions that are a little right."""
    competition = workspace.competition
    problem, random = competition.problem, np.random.default_rng(seed)
    data = load_dataset(competition, workspace.data)

    def predictions(rows: int) -> Answers:
        drawn = random.random((rows, problem.outputs))
        if problem.kind == Kind.CLASSES:
            drawn /= drawn.sum(axis=1, keepdims=True)
        return drawn.astype(np.float32)

    oof = predictions(len(data.truth))
    if problem.kind == Kind.CLASSES:
        oof = (oof + 0.3 * np.eye(problem.outputs, dtype=np.float32)[data.truth]) / 1.3
    folds = np.arange(len(oof)) % FOLDS
    score = problem.score(data.truth, oof, folds)
    key = f"{seed:016x}"
    manifest = {
        "pipeline": pipeline,
        "key": key,
        "params": {},
        "seed": 0,
        "folds": {"count": FOLDS, "seed": 0},
        "competition": competition.slug,
        "data": data.fingerprint,
        "metric": problem.metric.name,
        "score": {
            "value": score.value,
            "standard_error": score.standard_error,
            "loss": score.loss,
            "rows": score.rows,
        },
        "greater_is_better": problem.greater_is_better,
        "fit_seconds": 1.0,
        "predict_seconds": 1.0,
        "trials": 1,
        "study": "s",
        "best_so_far": [score.value],
        "created": created or f"2025-01-01T00:00:{seed % 60:02d}+00:00",
        "versions": {},
        "maker": "m",
        "commit": "c",
    }
    folder = workspace.predictions / pipeline / key
    write_column(folder, manifest, oof, predictions(len(data.test)))


def change_blend(blend: StoredBlend, **facts: Any) -> None:
    """Change entries of a blend's manifest."""
    path = blend.folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


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
    """Return what points a test's workspace, and its environment, at a practice Kaggle."""

    def sit(practice: Served) -> Desk:
        for name, value in practice.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        workspace = Workspace.in_folders(
            load_competition(str(practice.spec_path)),
            tmp_path / "data",
            tmp_path / "runs",
            access=practice.access,
        )
        public = practice.spec_path.parent / "public"
        shutil.copytree(public, workspace.data, dirs_exist_ok=True)
        return Desk(practice, workspace, tmp_path)

    return sit


@pytest.fixture
def desk(shared_practice: Served, sit_down: Callable[[Served], Desk]) -> Desk:
    return sit_down(shared_practice)


@pytest.fixture
def own_desk(
    prepared: Path, tmp_path: Path, sit_down: Callable[[Served], Desk]
) -> Iterator[Callable[..., Desk]]:
    """Return what starts a practice Kaggle with options of its own.

    `competition` names another shipped one than the optical digits.
    """
    started: list[Served] = []

    def start(competition: str = "", **options: Any) -> Desk:
        folder = tmp_path / "kaggle"
        spec = None
        if competition:
            spec = load_competition(competition)
            prepare(folder, spec, None)
        else:
            shutil.copytree(prepared, folder)
        started.append(Served(folder, spec, **({"delay": 0, "daily": 100} | options)))
        return sit_down(started[-1])

    yield start
    for practice in started:
        practice.end()
