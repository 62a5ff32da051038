"""A blend's notebook: readable, small, and run on Kaggle once; test_kaggle_image.py executes it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from competition.kaggle.kernels.client import KernelClient
from competition.practice.holdout import prepare
from competition.practice.kernels.state import Versions
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.base import load_pipeline
from pipelines.blending.blend import make_blend
from pipelines.search.plan import Plan, make_plan
from submissions.__main__ import app
from submissions.kernels.notebook import sources_of
from submissions.kernels.packing import MOST_BYTES
from submissions.kernels.running import digest_of
from submissions.kernels.sharing import push_notebook, write_notebook
from submissions.progress import Progress
from tests.columns import made_column
from tests.serving import Served
from tests.typed import typed


def workspace_of(name: str, folder: Path, server: Served | None = None) -> Workspace:
    """Return a workspace with the files of a practice Kaggle."""
    if server is None:
        spec, access = prepare(folder / "kaggle", load_competition(name), None), None
    else:
        spec, access = load_competition(str(server.spec_path)), server.access
    places = folder / "data", folder / "runs"
    workspace = Workspace.in_folders(spec, *places, **({"access": access} if access else {}))
    shutil.copytree(folder / "kaggle" / "public", workspace.data)
    return workspace


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return make_plan(workspace_of("wine", tmp_path), 0, workers=1)


def test_people_can_read_it(plan: Plan) -> None:
    made_column(plan, plan.workspace.predictions, pipeline="linear", params={"C": 0.123456})
    blend = make_blend(plan, [load_pipeline("linear", "tables")])
    first = write_notebook(plan.workspace)
    assert first.stat().st_size < 700_000 < MOST_BYTES
    sources = sources_of(first.read_text())
    assert f"is worth {blend.score}" in sources[0] and "log loss (lower is better)" in sources[0]
    assert any("| 1.00 | linear | C 0.1235 |" in source for source in sources)
    folded = [
        cell
        for cell in json.loads(first.read_text())["cells"]
        if cell["metadata"].get("_kg_hide-input")
    ]
    assert len(folded) == 1 and "PACKED" in "".join(folded[0]["source"])
    check_that_it_is_known_by_its_cells_alone(first.read_text())


def check_that_it_is_known_by_its_cells_alone(text: str) -> None:
    again = json.loads(text)
    again["metadata"]["kaggle"] = {"accelerator": "none"}
    for cell in again["cells"]:
        cell["source"] = "".join(cell["source"])
    assert digest_of(json.dumps(again)) == digest_of(text)
    again["cells"][0]["source"] += "more"
    assert digest_of(json.dumps(again)) != digest_of(text)
    assert digest_of("{no notebook") == digest_of("{no notebook\r\n")


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., Served]:
    opened: list[Served] = []

    def start(faults: str = "") -> Served:
        wine = load_competition("wine")
        opened.append(Served(tmp_path / "kaggle", wine, kernels=True, faults=faults))
        return opened[-1]

    yield start  # type: ignore[misc]
    for server in opened:
        server.end()


def test_kaggle_runs_it_once(
    served: Callable[..., Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = workspace_of("wine", tmp_path, served("lose-reply@SaveKernel"))
    made_column(make_plan(workspace, 0), workspace.predictions, pipeline="linear")
    monkeypatch.setattr("submissions.kernels.notebook._UNPACK", "# {packed:.9} {files!r}")
    for cell in ("_OPEN", "_TABLE", "_COLUMNS", "_FIT", "_SCORES", "_FIGURE", "_CONFUSION"):
        monkeypatch.setattr(f"submissions.kernels.notebook.{cell}", "pass")
    monkeypatch.setattr("submissions.kernels.notebook._SUBMIT", "open('submission.csv', 'w')")
    client = KernelClient(workspace.competition, workspace.access)
    addresses = {push_notebook(workspace, client, Progress()) for _ in range(2)}
    (version,) = Versions(tmp_path / "kaggle" / "kernels", begins=False).all()
    assert addresses == {f"https://www.kaggle.com/code/you/{version.slug}"}
    assert version.kind == "notebook" and version.status == "COMPLETE"


def test_push_alone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPETITION", "wine")
    told = typed(app, "submissions", "kernel", "--push")
    assert told.returncode == 2 and "--push is for --notebook" in told.stderr
