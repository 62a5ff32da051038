"""Real digits on disk, as a download leaves them."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from competition.data.dataset import Dataset, load_dataset
from competition.practice.holdout import prepare
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan
from pipelines.search.store import Store


@pytest.fixture(scope="session")
def practice_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The optical digits' three files, made once."""
    folder = tmp_path_factory.mktemp("practice")
    prepare(folder, load_competition("optical-digits"), None)
    return folder / "public"


@pytest.fixture(scope="session")
def optical(practice_files: Path) -> Dataset:
    """The optical digits: 1,198 labelled images of 28 × 28, 599 others."""
    return load_dataset(load_competition("optical-digits"), practice_files)


@pytest.fixture
def workplace(practice_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The optical digits, downloaded, with empty runs; a command line finds them too."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("COMPETITION", "optical-digits")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    workspace = Workspace.in_folders(
        load_competition("optical-digits"), tmp_path / "data", tmp_path / "runs"
    )
    workspace.data.mkdir(parents=True)
    for name in workspace.competition.files:
        shutil.copy(practice_files / name, workspace.data / name)
    return workspace


@pytest.fixture
def make_plan_of(practice_files: Path, optical: Dataset, tmp_path: Path) -> Callable[..., Plan]:
    """Makes plans on the optical digits, with fields replaced."""

    def make(**fields: object) -> Plan:
        runs = tmp_path / "runs"
        workspace = Workspace(
            load_competition("optical-digits"), practice_files, runs, f"sqlite:///{runs}/podium.db"
        )
        plan = Plan(
            workspace=workspace,
            data=optical,
            folds=Folds(3, 0),
            seed=0,
            workers=1,
            store=Store(workspace.predictions, optical.fingerprint),
        )
        return replace(plan, **fields)  # type: ignore[arg-type]

    return make
