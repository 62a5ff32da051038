"""A blend made again from its recipe: the same answers, and those of rows that it never saw."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.practice.holdout import prepare
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.base import load_pipeline
from pipelines.blending.blend import make_blend
from pipelines.kernels.inference import recipe_of, remake, seconds_of
from pipelines.kernels.machine import ASKED_FILE, SPEC_FILE, SUBMISSION_FILE, Asked, carry_out
from pipelines.outside.columns import keep_column
from pipelines.search.plan import Plan, make_plan
from pipelines.search.run import tune_all
from tests.columns import made_column
from tests.pipelines.search.here import Here

PIPELINES = [load_pipeline("linear", "tables"), load_pipeline("knn", "tables")]


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Of wine, whose fits are made in this process."""
    monkeypatch.setattr(Plan, "executor", lambda plan, pipeline: Here())
    competition = prepare(tmp_path / "kaggle", load_competition("wine"), None)
    workspace = Workspace.in_folders(competition, tmp_path / "data", tmp_path / "runs")
    shutil.copytree(tmp_path / "kaggle" / "public", workspace.data)
    return make_plan(workspace, 0, workers=1)


@pytest.mark.long
def test_the_same_rows_get_the_same_answers_and_other_rows_get_theirs(
    plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune_all(plan, PIPELINES, 0.5, "tpe", lambda *_: None)
    blend = make_blend(plan, PIPELINES)
    recipe, before = recipe_of(blend, plan), np.array(blend.answers())
    assert seconds_of(blend, plan) > 0
    shutil.rmtree(plan.workspace.runs)
    said: list[str] = []
    remade = remake(recipe, plan, said.append)
    np.testing.assert_allclose(remade.answers, before, atol=1e-5)
    assert abs(remade.score.value - blend.score.value) < blend.score.standard_error
    assert len(said) == len(recipe["members"])

    mounted, there = tmp_path / "input" / "wine", tmp_path / "there"
    shutil.copytree(plan.workspace.data, mounted, ignore=shutil.ignore_patterns("cache"))
    for name in ("test.csv", "sample_submission.csv"):
        head, *rows = (mounted / name).read_text().splitlines()
        (mounted / name).write_text("\n".join([head, *rows[20:]]) + "\n")
    there.mkdir()
    (there / SPEC_FILE).write_text(plan.competition.to_toml())
    asked = Asked("", 0.0, 0, 0, "tpe", gpu=False, data="another", attempt=1, blend=recipe)
    assert Asked.from_json(asked.to_json()) == asked
    (there / ASKED_FILE).write_text(asked.to_json())
    carry_out(there, tmp_path, [tmp_path / "input"])
    lines = (tmp_path / SUBMISSION_FILE).read_text().splitlines()[1:]
    answered = np.array([[float(cell) for cell in line.split(",")[1:]] for line in lines])
    assert len(answered) == len(before) - 20
    np.testing.assert_allclose(answered, before[20:], atol=0.02)  # features may rest on test rows
    assert "39 to answer" in capsys.readouterr().out


def test_a_member_from_outside_cannot_be_made_there(plan: Plan) -> None:
    made = made_column(plan, plan.workspace.predictions)
    keep_column(plan, "teammate", np.array(made.oof()), np.array(made.test()), "a file")
    shutil.rmtree(made.folder)
    blend = make_blend(plan, PIPELINES)
    with pytest.raises(PodiumError, match="teammate comes from outside"):
        recipe_of(blend, plan)
