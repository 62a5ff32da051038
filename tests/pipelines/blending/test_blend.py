"""From finished columns to what is sent, made again where a column is newer."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.workspace import Workspace
from pipelines.base import Pipeline, chosen_pipelines, load_pipeline
from pipelines.blending.blend import fresh_blend, make_blend, read_blend
from pipelines.blending.candidates import candidates, fits_of
from pipelines.blending.history import change, fits
from pipelines.columns import Column, write_column
from pipelines.display import blend_line
from pipelines.search.plan import Plan, make_plan
from tests.pipelines.blending.conftest import TEST, noisy, truth_of, write_data

Make = Callable[[str], Workspace]


def finish(
    plan: Plan, pipeline: str, noise: float = 1.0, *, seed: int = 0, created: int = 0
) -> Column:
    """Write a column as tuning does; its test predictions are of rows like the first ones."""
    truth, problem = plan.data.truth, plan.problem
    oof = noisy(truth, problem, noise, seed)
    score = problem.score(truth, oof, plan.dealt.assigned)
    key = f"{seed:016x}"
    manifest: dict[str, Any] = {
        "pipeline": pipeline,
        "key": key,
        "params": {},
        "seed": plan.seed,
        "folds": {"count": plan.folds.count, "seed": plan.folds.seed},
        "competition": plan.competition.slug,
        "data": plan.data.fingerprint,
        "metric": problem.metric.name,
        "score": {
            "value": score.value,
            "standard_error": score.standard_error,
            "loss": score.loss,
            "rows": score.rows,
        },
        "greater_is_better": score.greater_is_better,
        "created": f"2026-01-01T00:00:{created:02}+00:00",
    }
    test = noisy(truth[:TEST], problem, noise, seed + 100)
    return write_column(plan.workspace.predictions / pipeline / key, manifest, oof, test)


def all_of(workspace: Workspace) -> list[Pipeline]:
    return chosen_pipelines(None, workspace.competition).pipelines


def usual(workspace: Workspace) -> Plan:
    """Return the plan of a workspace in which two pipelines have finished."""
    plan = make_plan(workspace, 0)
    finish(plan, "knn", 1.2, seed=1)
    finish(plan, "forest", 1.2, seed=2)
    return plan


def test_what_is_sent_is_decided_on_all_rows(problem: Problem, workspace_by: Make) -> None:
    workspace = workspace_by(problem.metric.name)
    plan = usual(workspace)
    stored = make_blend(plan, all_of(workspace))
    assert read_blend(workspace) == stored
    truth = plan.data.truth
    decision = problem.decide(truth, stored.oof())
    assert stored.manifest["decision"] == decision.facts()
    np.testing.assert_array_equal(stored.answers(), decision.answers(stored.test()))
    assert fits(stored.answers(), TEST, problem)
    np.testing.assert_array_equal(
        stored.oof_answers(), problem.answers(truth, stored.oof(), plan.dealt.assigned)
    )
    assert stored.score == problem.score(truth, stored.oof(), plan.dealt.assigned)
    assert {member.pipeline for member in stored.members} <= {"knn", "forest"}
    assert stored.best_single.pipeline in ("knn", "forest")
    assert problem.loss(truth[:TEST], stored.test()) < 3 * stored.score.loss  # not shuffled
    assert change(workspace.runs / "blend", stored.key, stored.key, problem) is not None


def test_weights_look_at_what_the_models_of_the_folds_say_of_test_rows(workspace_by: Make) -> None:
    workspace = workspace_by("rmse")
    plan = usual(workspace)
    before = make_blend(plan, all_of(workspace))
    column = next(each for each in candidates(plan, all_of(workspace)) if each.pipeline == "knn")
    assert fits_of(column, plan) is None
    scale = np.asarray(column.oof()).std(axis=0)
    for fold in range(plan.folds.fits):
        apart = np.random.default_rng(fold).normal(0, 0.5, column.test().shape) * scale
        path = column.folder / f"fold-{fold}.npz"
        np.savez(path, test=(column.test() + apart).astype(np.float32))
    found = fits_of(column, plan)
    assert found is not None and found.shape == (plan.folds.fits, *column.test().shape)
    after = make_blend(plan, all_of(workspace))
    changed = {name for name, value in after.methods.items() if value != before.methods[name]}
    assert changed == {"convex", "logarithmic"}
    (column.folder / "fold-0.npz").write_bytes(b"")
    assert fits_of(column, plan) is None


def test_nothing_tuned_is_a_sentence(workspace_by: Make) -> None:
    workspace = workspace_by("accuracy")
    with pytest.raises(PodiumError, match="nothing to blend"):
        fresh_blend(workspace)
    finish(make_plan(workspace, 1), "knn")  # other folds
    with pytest.raises(PodiumError, match="nothing to blend"):
        fresh_blend(workspace)


def test_a_damaged_column_is_left_out(workspace_by: Make, caplog: pytest.LogCaptureFixture) -> None:
    workspace = workspace_by("accuracy")
    plan = usual(workspace)
    np.save(finish(plan, "knn", 0.5, seed=1).folder / "oof.npy", np.zeros((3, 4), np.float32))
    stored = make_blend(plan, all_of(workspace))
    assert [member.pipeline for member in stored.members] == ["forest"]
    assert "A column of knn is left out" in caplog.text
    assert fresh_blend(workspace).remade == ""


@pytest.fixture
def knn_as_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nearest neighbours be what the others have to beat."""
    monkeypatch.setattr(type(load_pipeline("knn")), "floor", True)


def test_a_floor_is_blended_only_where_there_is_nothing_else(
    workspace_by: Make, knn_as_floor: None
) -> None:
    workspace = workspace_by("accuracy")
    plan = make_plan(workspace, 0)
    finish(plan, "knn", 0.5, seed=1)
    assert [member.pipeline for member in make_blend(plan, all_of(workspace)).members] == ["knn"]
    finish(plan, "forest", 1.2, seed=2)
    stored = fresh_blend(workspace).blend
    assert [member.pipeline for member in stored.members] == ["forest"]
    assert stored.floor is not None and stored.floor.gain < 0 and not stored.floor.beaten
    assert f"not surely better than the knn, {stored.floor.value:.4f}" in blend_line(stored)


def test_a_blend_that_beats_the_floor_says_nothing_of_it(
    workspace_by: Make, knn_as_floor: None
) -> None:
    workspace = workspace_by("accuracy")
    plan = make_plan(workspace, 0)
    finish(plan, "knn", 5.0, seed=1)
    finish(plan, "forest", 0.5, seed=2)
    stored = make_blend(plan, all_of(workspace))
    assert stored.floor is not None and stored.floor.beaten
    assert "not surely better" not in blend_line(stored)


@pytest.mark.parametrize(
    ("gain", "p_value", "said"),
    [
        (0.01, 0.5, "not yet a gain"),
        (0.01, 0.001, "(p = 0.001)"),
        (-0.01, 0.001, "worse, on the rows that chose that column"),
    ],
)
def test_the_line_says_whether_it_is_a_gain(
    workspace_by: Make, gain: float, p_value: float, said: str
) -> None:
    workspace = workspace_by("accuracy")
    plan = make_plan(workspace, 0)
    finish(plan, "knn", 0.6, seed=1)
    stored = make_blend(plan, all_of(workspace))
    told = replace(stored, manifest=stored.manifest | {"gain": gain, "p_value": p_value})
    assert said in blend_line(told)


def again(plan: Plan) -> None:
    finish(plan, "knn", 0.6, seed=1, created=7)


def appeared(plan: Plan) -> None:
    finish(plan, "logistic", 0.6, seed=3)


def gone(plan: Plan) -> None:
    (plan.workspace.predictions / "forest" / f"{2:016x}" / "manifest.json").unlink()


def no_manifest(plan: Plan) -> None:
    (current(plan) / "manifest.json").unlink()


def cut_answers(plan: Plan) -> None:
    (current(plan) / "answers.npy").write_bytes(b"")


def current(plan: Plan) -> Path:
    stored = read_blend(plan.workspace)
    assert stored is not None
    return stored.folder


def nothing(plan: Plan) -> None:
    """Change nothing that counts: a worse column than the pipeline's, and one of other folds."""
    finish(plan, "knn", 9.0, seed=8, created=9)
    finish(make_plan(plan.workspace, 5), "svm", 0.1, seed=9, created=9)


def all_gone(plan: Plan) -> None:
    for path in plan.workspace.predictions.rglob("manifest.json"):
        path.unlink()


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (again, "knn was tuned again"),
        (appeared, "logistic has a new column"),
        (gone, "forest has lost a column"),
        (no_manifest, "the old one is damaged"),
        (cut_answers, "the old one is damaged"),
        (nothing, ""),
        (all_gone, ""),
    ],
)
def test_the_blend_is_made_again_only_where_a_column_is_newer(
    happened: Callable[[Plan], None], said: str, workspace_by: Make
) -> None:
    workspace = workspace_by("accuracy")
    plan = usual(workspace)
    first = fresh_blend(workspace)
    assert first.remade == "there was none"
    pointer = workspace.runs / "blend" / "current"
    stamp = pointer.stat().st_mtime_ns
    happened(plan)
    found = fresh_blend(workspace)
    assert found.remade.startswith(said) and bool(found.remade) == bool(said)
    assert (pointer.stat().st_mtime_ns == stamp) == (not said)
    assert fresh_blend(workspace).remade == ""
    assert read_blend(workspace) == found.blend
    if happened in (again, appeared):
        assert found.blend.score.rank > first.blend.score.rank


def test_the_blend_of_other_data_is_not_sent(workspace_by: Make) -> None:
    workspace = workspace_by("accuracy")
    old = make_blend(usual(workspace), all_of(workspace))
    write_data(workspace, truth_of(workspace.competition.problem, 120, seed=8))
    with pytest.raises(PodiumError, match="nothing to blend"):
        fresh_blend(workspace)
    finish(make_plan(workspace, 0), "knn", seed=4)
    found = fresh_blend(workspace)
    assert found.remade == "the old one was of other data"
    assert found.blend.key != old.key and found.blend.score.rows == 120


def test_the_blend_of_another_metric_is_not_sent(workspace_by: Make) -> None:
    workspace = workspace_by("accuracy")
    make_blend(usual(workspace), all_of(workspace))
    other = replace(
        workspace, competition=replace(workspace.competition, metric="balanced accuracy")
    )
    with pytest.raises(PodiumError, match="'balanced accuracy'"):
        fresh_blend(other)
    finish(make_plan(other, 0), "knn", seed=4)
    found = fresh_blend(other)
    assert "another metric" in found.remade
    assert found.blend.manifest["metric"] == "balanced accuracy"


def test_it_is_made_again_as_it_was_asked(workspace_by: Make) -> None:
    """The seed, the rows and the pipelines of the stored blend hold."""
    workspace = workspace_by("accuracy")
    plan = make_plan(workspace, 3, rows=60)
    finish(plan, "knn", seed=1)
    finish(plan, "forest", 0.1, seed=2)
    chosen = chosen_pipelines("knn logistic", workspace.competition).pipelines
    stored = make_blend(plan, chosen)
    assert stored.name == "knn"
    assert stored.manifest["pipelines"] == [each.name for each in chosen]
    assert fresh_blend(workspace).remade == ""
    finish(plan, "logistic", 0.1, seed=6)
    found = fresh_blend(workspace)
    assert found.remade == "logistic has a new column"
    facts = found.blend.manifest
    assert (facts["seed"], facts["rows"], facts["score"]["rows"]) == (3, 60, 60)
    assert "forest" not in found.blend.name
