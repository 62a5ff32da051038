"""Bundled competitions on disk, as a download leaves them, for a notebook to open."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import podium
from competition.practice.holdout import prepare
from competition.spec import load_competition
from podium import Run


@pytest.fixture(scope="session")
def practice_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder with a bundled competition's three files, made once."""
    made: dict[str, Path] = {}

    def folder_of(slug: str) -> Path:
        if slug not in made:
            made[slug] = tmp_path_factory.mktemp(slug)
            prepare(made[slug], load_competition(slug), None)
        return made[slug] / "public"

    return folder_of


@pytest.fixture
def opened(
    practice_of: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Run]:
    """Opens a bundled competition in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATA_DIR", "RUNS_DIR", "DATABASE_URL", "KAGGLE_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)

    def open_it(slug: str) -> Run:
        folder = tmp_path / "data" / slug
        folder.mkdir(parents=True, exist_ok=True)
        for name in load_competition(slug).files:
            shutil.copy(practice_of(slug) / name, folder / name)
        return podium.open(slug)

    return open_it
