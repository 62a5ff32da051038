"""A practice Kaggle whose runs take a moment: what is pushed leaves a column made beforehand."""

import base64
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from competition.kaggle.client import KaggleClient
from competition.kaggle.kernels.client import KernelClient
from competition.kaggle.retry import Patience as Again
from competition.practice.holdout import prepare
from competition.practice.kernels.state import Version, Versions
from competition.practice.serving.state import State, Submission
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.kernels.archive import COLUMNS_FILE, Merged, pack_columns
from pipelines.kernels.machine import SUBMISSION_FILE, Asked
from pipelines.search.plan import Plan, make_plan
from submissions.kernels.running import Runner, digest_of
from submissions.kernels.runs import KernelRuns
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import KernelRun
from submissions.progress import Progress
from submissions.sending.submitter import Outcome
from submissions.submit import submit_blend
from tests.chain.conftest import Hurried
from tests.columns import made_column
from tests.serving import Served

SECONDS = 60


class Heard(Progress):
    """Keeps the lines that stay."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, text: str) -> None:
        self.lines.append(text)


@dataclass
class Desk:
    """A person with the competition's files, before a practice Kaggle that runs kernels."""

    server: Served
    folder: Path
    plan: Plan
    heard: Heard

    @property
    def asked(self) -> Asked:
        return Asked("logistic", 5.0, 0, 0, "tpe", False, self.plan.data.fingerprint, 1)

    @property
    def runs(self) -> KernelRuns:
        return KernelRuns(Ledger.open(self.plan.workspace, account=self.server.username))

    def client(self, patience: float = 20.0) -> KernelClient:
        """Return a client that waits so many seconds for an answer."""
        return KernelClient(
            self.plan.competition,
            self.plan.workspace.access,
            timeout=(20, patience),
            patience=Again(5, 0.005),
        )

    def run(self, asked: Asked | None = None, patience: float = 20.0) -> Merged:
        runner = Runner(self.plan, self.client(patience), self.runs, self.heard, Hurried())
        return runner.run(asked or self.asked, SECONDS)

    def rows(self) -> list[KernelRun]:
        """Return what the ledger has, newest first."""
        return self.runs.all()

    def taken(self) -> list[Version]:
        """Return what the server has, from its own database, newest first."""
        return Versions(self.folder / "kernels", begins=False).all()

    def started_for(self, row: KernelRun) -> int:
        """Return how many runs the server has of one intent."""
        return sum(digest_of(each.source) == row.sha256 for each in self.taken())


@pytest.fixture(scope="session")
def wine_kaggle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a practice Kaggle, made once and copied."""
    folder = tmp_path_factory.mktemp("wine") / "kaggle"
    prepare(folder, load_competition("wine"), None)
    return folder


@pytest.fixture
def at_desk(
    wine_kaggle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Desk]]:
    """Start a practice Kaggle with faults; what is pushed leaves a column made beforehand."""
    folder, opened = tmp_path / "kaggle", []
    shutil.copytree(wine_kaggle, folder)

    def start(faults: str = "", body: str = "") -> Desk:
        server = Served(folder, load_competition("wine"), kernels=True, faults=faults)
        opened.append(server)
        competition = load_competition(str(server.spec_path))
        workspace = Workspace.in_folders(
            competition, tmp_path / "data", tmp_path / "runs", access=server.access
        )
        shutil.copytree(folder / "public", workspace.data, dirs_exist_ok=True)
        plan = make_plan(workspace, 0)
        monkeypatch.setattr(
            "submissions.kernels.running.packed_script", quick_script(plan, tmp_path, body)
        )
        return Desk(server, folder, plan, Heard())

    yield start
    for server in opened:
        server.end()


def quick_script(plan: Plan, folder: Path, body: str) -> Callable[..., str]:
    """Return what packs a script which leaves a column at once.

    Args:
        plan: Whose column it is.
        folder: For the work.
        body: Lines that it carries out first.
    """
    column = made_column(plan, folder / "made")
    pack_columns([column], folder / COLUMNS_FILE)
    content = base64.b64encode((folder / COLUMNS_FILE).read_bytes()).decode()

    def script(title: str, competition: Any, asked: Asked) -> str:
        return (
            f"# {title}, attempt {asked.attempt}\n{body}\n"
            f"import base64\nprint('a column is made')\n"
            f"open('{COLUMNS_FILE}', 'wb').write(base64.b64decode('{content}'))\n"
        )

    return script


NOTEBOOKS = replace(load_competition("wine"), notebooks_only=True, test_rows=None)


@dataclass
class Author:
    """A person with a blend, before a Kaggle that takes notebooks alone."""

    server: Served
    folder: Path
    plan: Plan

    def submit(self, patience: float = 20.0) -> Outcome:
        client = KaggleClient(
            self.plan.competition,
            self.plan.workspace.access,
            timeout=(20, patience),
            first_pause=0.005,
        )
        return submit_blend(self.plan.workspace, client, timeout=60, clock=Hurried())

    def pushed(self) -> list[Version]:
        """Return the runs that the server has."""
        return Versions(self.folder / "kernels", begins=False).all()

    def taken(self) -> list[Submission]:
        """Return the submissions that the server has."""
        return State(self.folder).submissions()


@pytest.fixture
def as_author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Author]]:
    """Start such a Kaggle with faults; what is pushed answers with the sample at once."""
    folder, opened = tmp_path / "kaggle", []

    def script(title: str, competition: Any, asked: Asked) -> str:
        assert asked.blend is not None
        return (
            f"# {title}, {asked.blend['blend']}, attempt {asked.attempt}\n"
            "import shutil\nfrom pathlib import Path\n"
            "(sample,) = Path('../input').rglob('sample_submission.csv')\n"
            f"shutil.copyfile(sample, '{SUBMISSION_FILE}')\n"
        )

    def start(faults: str = "") -> Author:
        server = Served(folder, NOTEBOOKS, kernels=True, faults=faults, delay=0)
        opened.append(server)
        competition = load_competition(str(server.spec_path))
        workspace = Workspace.in_folders(
            competition, tmp_path / "data", tmp_path / "runs", access=server.access
        )
        shutil.copytree(folder / "public", workspace.data)
        plan = make_plan(workspace, 0)
        made_column(plan, workspace.predictions, pipeline="linear")
        monkeypatch.setattr("submissions.kernels.running.packed_script", script)
        return Author(server, folder, plan)

    yield start
    for server in opened:
        server.end()
