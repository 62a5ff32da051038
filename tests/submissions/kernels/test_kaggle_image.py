"""The packed script with the packages of Kaggle's image alone, which `.ci/kernel` installs."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from competition.drafting.from_files import draft_from_zip
from competition.practice.holdout import prepare
from competition.problem.checking.checks import check
from competition.problem.sample import read_sample
from competition.spec import Competition, load_competition
from competition.workspace import Workspace
from pipelines.base import load_pipeline
from pipelines.blending.blend import make_blend
from pipelines.columns import Column
from pipelines.kernels.archive import COLUMNS_FILE, merge_columns
from pipelines.kernels.machine import SUBMISSION_FILE, Asked
from pipelines.search.fit import fit_fold, requests_of
from pipelines.search.plan import Plan, make_plan
from pipelines.search.run import tune_all
from submissions.kernels.packing import packed_script
from submissions.kernels.sharing import write_notebook

pytestmark = pytest.mark.slow

# Without `site`, and without what the user has: only what is put on the path is there.
LAUNCH = (
    "import runpy, sys; _, packages, script = sys.argv; sys.path.append(packages);"
    "sys.argv = [script]; runpy.run_path(script, run_name='__main__')"
)


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with the packages of `kaggle-image.txt`."""
    given = os.environ.get("PODIUM_KAGGLE_PYTHON")
    if given:
        return Path(given)
    pytest.skip("needs the packages of Kaggle's image, which .ci/kernel installs to run this")


@dataclass(frozen=True)
class There:
    """A machine on which a competition's files are mounted, and what this one knows of them."""

    folder: Path
    plan: Plan

    @classmethod
    def of(cls, folder: Path, competition: Competition, data: Path | None = None) -> "There":
        spec = prepare(folder / "practice", competition, data)
        public = folder / "practice" / "public"
        shutil.copytree(public, folder / "kaggle" / "input" / "competitions" / spec.slug)
        (folder / "kaggle" / "working").mkdir()
        workspace = Workspace.in_folders(spec, folder / "data", folder / "runs")
        shutil.copytree(public, workspace.data)
        return cls(folder, make_plan(workspace, 0))

    def run(self, python: Path, pipelines: str, seconds: float) -> str:
        """Run the packed script and return what it said."""
        data = self.plan.data.fingerprint
        asked = Asked(pipelines, seconds, 0, 0, "tpe", gpu=False, data=data, attempt=1)
        script = self.folder / "script.py"
        script.write_text(packed_script("podium-test", self.plan.competition, asked))
        (packages,) = python.parents[1].glob("lib/python*/site-packages")
        done = subprocess.run(
            [python, "-S", "-I", "-c", LAUNCH, packages, script],
            cwd=self.folder / "kaggle" / "working",
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (self.folder / "kaggle" / "working" / SUBMISSION_FILE).is_file()
        return done.stdout

    def merged(self) -> list[Column]:
        return merge_columns(self.folder / "kaggle" / "working" / COLUMNS_FILE, self.plan).added


def lacking(said: str) -> set[str]:
    """Return the modules whose lack left a pipeline out."""
    return set(re.findall(r"left out   \w+: it needs (\w+)", said))


def likeness(column: Column, plan: Plan) -> float:
    """Return how a column's predictions of its first fold go with those that a fit here makes.

    With other versions of the libraries a tree splits otherwise here and there.
    """
    pipeline = load_pipeline(column.pipeline, plan.competition.rows_kind)
    request = requests_of(plan.task(pipeline, column.manifest["params"]))[0]
    _, scored = plan.dealt.split(0)
    assert request.task.folds.repeats == 1
    ours, theirs = fit_fold(request).scored, np.asarray(column.oof())[scored]
    return float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])


def test_a_table_of_all_kinds_of_columns(
    python: Path, table_zip: Callable[[str], Path], tmp_path: Path
) -> None:
    archive = table_zip("spaceship-titanic")
    there = There.of(tmp_path, draft_from_zip(archive, "accuracy").competition, archive)
    said = there.run(python, "lightgbm knn", 1.0)
    assert lacking(said) == {"faiss"}
    columns = there.merged()
    assert {column.pipeline for column in columns} == {"lightgbm"}, said
    assert min(likeness(column, there.plan) for column in columns) > 0.97


@pytest.mark.parametrize(
    ("name", "pipeline"),
    [("wine", "linear"), ("digits-rmse", "forest"), ("digits-auc", "logistic")],
)
def test_a_notebook_of_the_blend_runs_from_top_to_bottom(
    name: str, pipeline: str, python: Path, tmp_path: Path
) -> None:
    plan = There.of(tmp_path, load_competition(name)).plan
    chosen = [load_pipeline(pipeline, plan.competition.rows_kind)]
    tune_all(plan, chosen, 0.5, "tpe", lambda *_: None)
    blend = make_blend(plan, chosen)
    working = tmp_path / "kaggle" / "working"
    notebook = shutil.copy(write_notebook(plan.workspace), working / "blend.ipynb")
    done = subprocess.run(
        [python, "-I", "-m", "jupyter", "execute", "--inplace", str(notebook)],
        cwd=working,
        env={"PATH": f"{python.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cells = json.loads(Path(notebook).read_text())["cells"]
    shown = [
        kind for cell in cells for each in cell.get("outputs", []) for kind in each.get("data", {})
    ]
    assert shown.count("application/vnd.plotly.v1+json") >= 1
    sample = read_sample(plan.competition, plan.workspace.data)
    report = check(working / SUBMISSION_FILE, plan.competition, sample)
    assert report.valid and report.answers is not None
    ours = np.asarray(blend.answers(), float).ravel()
    assert np.corrcoef(ours, np.asarray(report.answers, float).ravel())[0, 1] > 0.97


def test_images(python: Path, tmp_path: Path) -> None:
    there = There.of(tmp_path, load_competition("optical-digits"))
    said = there.run(python, "logistic knn", 1.0)
    assert lacking(said) == {"faiss"}
    columns = there.merged()
    assert {column.pipeline for column in columns} == {"logistic"}, said
    assert min(likeness(column, there.plan) for column in columns) > 0.97
