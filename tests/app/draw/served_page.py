"""The drawing page as `make app` serves it, on models that were fitted and saved just now."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from competition.data.dataset import Dataset
from competition.spec import Competition, load_competition
from competition.workspace import Workspace
from pipelines.base import load_pipeline, suggested
from pipelines.saved_models import dump_model
from tests.app.stored import data_of, prepared_workspace, store_blend, store_column

ROOT = Path(__file__).parents[3]
ROWS = 4_000
HELD_OUT = 300  # of them, the last ones, that no model has seen
WEIGHTS = {"knn": 0.25, "svm": 0.75}  # of the blend
ALONE = "handcrafted"  # saved, but no part of the blend
LOST = "forest"  # finished, but its model was not kept


@dataclass(frozen=True)
class Workplace:
    """A competition's data and runs in folders of their own."""

    folder: Path
    workspace: Workspace
    data: Dataset

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATA_DIR": str(self.folder / "data"),
            "RUNS_DIR": str(self.folder / "runs"),
            "COMPETITION": str(self.folder / "competition.toml"),
        }


def make_workplace(folder: Path, real_zip: Path | None) -> Workplace:
    """Lay out some thousand rows of the real digits, or the optical ones, and their models."""
    if real_zip is None:
        workspace = prepared_workspace(folder, "optical-digits")
    else:
        competition = _first_rows(folder, real_zip)
        workspace = Workspace.in_folders(competition, folder / "data", folder / "runs")
    (folder / "competition.toml").write_text(workspace.competition.to_toml())
    workplace = Workplace(folder, workspace, data_of(workspace))
    columns = {
        name: store_column(
            workspace, workplace.data, name, _key(name), model=_model(workplace.data, name)
        )
        for name in (*WEIGHTS, ALONE, LOST)
    }
    store_blend(workspace, workplace.data, [columns[name] for name in WEIGHTS], WEIGHTS)
    return workplace


def _first_rows(folder: Path, real_zip: Path) -> Competition:
    competition = load_competition("digit-recognizer")
    target = folder / "data" / competition.slug
    target.mkdir(parents=True)
    with zipfile.ZipFile(real_zip) as archive:
        for name in competition.files:
            rows = ROWS if name == competition.train_file else 10
            with archive.open(name) as file:
                (target / name).write_bytes(b"".join(file.readline() for _ in range(rows + 1)))
    return replace(competition, train_rows=None, test_rows=None)


def _model(data: Dataset, name: str) -> bytes | None:
    if name == LOST:
        return None
    pipeline = load_pipeline(name)
    estimator = pipeline.build(suggested(pipeline, pipeline.shipped()[0].params), 0)
    with threadpool_limits(1):  # several threads wait for each other where others test too
        estimator.fit(np.asarray(data.train[:-HELD_OUT]), np.asarray(data.truth[:-HELD_OUT]))
    return dump_model(estimator)


def _key(name: str) -> str:
    return name.encode().hex().ljust(16, "0")[:16]


@contextmanager
def served(workplace: Workplace) -> Iterator[str]:
    """Run `python -m app draw` and give its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "draw", "--port", "0"],
        cwd=ROOT,
        env=workplace.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("Draw a digit: "):
                yield line.split()[3].rstrip("/")
                break
        else:
            raise AssertionError("the page was never served")
    finally:
        process.terminate()
        process.communicate(timeout=20)


def photo(data: Dataset, lines: list[list[int]]) -> npt.NDArray[np.uint8]:
    """Return a photo (height, width, 3) uint8 of real digits on paper, one side in the shade."""
    import cv2

    labels = np.asarray(data.truth)
    ink = np.zeros((60 + 150 * len(lines), 60 + 140 * max(map(len, lines))), np.float32)
    for row, line in enumerate(lines):
        for column, label in enumerate(line):
            image = np.asarray(data.train[np.flatnonzero(labels == label)[5 * row + column]])
            size = 110 + 10 * ((row + column) % 3)
            large = cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC)
            top, left = 40 + 150 * row - 6 * (column % 3), 40 + 140 * column
            ink[top : top + size, left : left + size] = large / 255
    light = np.linspace(235, 165, ink.shape[1])[None, :, None] * np.array([0.94, 0.97, 1.0])
    colour = np.array([0.85, 0.7, 0.45])
    return (light * (1 - colour * ink.clip(0, 1)[..., None])).astype(np.uint8)
