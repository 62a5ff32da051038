"""A blend is read whole or refused with a sentence; after a kill, the old one still stands."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Truth
from competition.workspace import Workspace
from pipelines.blending.history import change
from pipelines.blending.stored import StoredBlend, read_blend, write_blend
from tests.pipelines.blending.conftest import competition_of, noisy, truth_of

ROWS, OTHERS = 40, 20


def workspace_in(folder: Path, metric: str) -> Workspace:
    return Workspace.in_folders(competition_of(metric), folder / "data", folder / "runs")


def facts_of(workspace: Workspace, name: str = "knn") -> dict[str, Any]:
    problem = workspace.competition.problem
    member = {"pipeline": name, "key": "k1", "weight": 1.0, "temperature": 0.8, "score": 0.5}
    return {
        "name": name,
        "method": "uniform",
        "metric": problem.metric.name,
        "positive": problem.positive,
        "score": {"value": 0.5, "standard_error": 0.1, "loss": 0.3, "rows": ROWS},
        "greater_is_better": problem.greater_is_better,
        "members": [member],
        "intercept": [0.0] * problem.outputs,
        "temperature": 0.9,
        "logarithmic": False,
        "best_single": member,
        "gain": 0.0,
        "p_value": 1.0,
        "methods": {"uniform": 0.5},
        "competition": workspace.competition.slug,
        "data": "d1",
    }


def arrays_of(problem: Problem, seed: int = 0) -> tuple[Truth, dict[str, np.ndarray]]:
    truth = truth_of(problem, ROWS)
    oof, test = noisy(truth, problem, 1.0, seed), noisy(truth[:OTHERS], problem, 1.0, seed + 1)
    decision = problem.decide(truth, oof)
    answers = {"oof_answers": decision.answers(oof), "answers": decision.answers(test)}
    return truth, {"oof": oof, "test": test} | answers


def write(workspace: Workspace, name: str = "knn", seed: int = 0) -> StoredBlend:
    truth, arrays = arrays_of(workspace.competition.problem, seed)
    return write_blend(workspace, facts_of(workspace, name), arrays, truth, "2026-01-01T00:00:00")


def test_what_is_written_is_read(problem: Problem, tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, problem.metric.name)
    assert read_blend(workspace) is None
    stored = write(workspace)
    found = read_blend(workspace)
    assert found == stored
    assert found is not None and found.folder == workspace.runs / "blend" / found.key
    _, arrays = arrays_of(problem)
    read = {"oof": found.oof, "oof_answers": found.oof_answers} | {
        "test": found.test,
        "answers": found.answers,
    }
    for name, of in read.items():
        np.testing.assert_array_equal(of(), arrays[name])
    assert (found.score.value, found.score.rows) == (0.5, ROWS)
    assert found.members[0].temperature == 0.8
    mixture = found.mixture_of(np.ones(1))
    assert (mixture.temperature, mixture.logarithmic) == (0.9, False)
    assert mixture.intercept.shape == (workspace.competition.problem.outputs,)
    other = write(workspace, "forest", seed=5)
    assert read_blend(workspace) == other
    assert other.key != stored.key and stored.folder.is_dir()
    assert change(workspace.runs / "blend", stored.key, other.key, problem) is not None


def test_the_same_blend_is_one_folder_and_a_damaged_one_is_written_again(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, "accuracy")
    stored = write(workspace)
    (stored.folder / "test.npy").write_bytes(b"")
    assert write(workspace).key == stored.key
    assert read_blend(workspace) == stored


def killed_at(step: int, root: Path, work: Callable[[], object]) -> bool:
    """Do some work in a child that is killed at its n-th step on the disk; say whether it was."""
    child = os.fork()
    if child == 0:
        steps = 0

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal steps
            if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod") and (
                str(root) in str(arguments[0])
            ):
                if steps == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                steps += 1

        try:
            sys.addaudithook(watch)
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_the_blend_is_whole_or_the_old_one_after_a_kill(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, "accuracy")
    problem, root = workspace.competition.problem, workspace.runs / "blend"
    new = write(workspace, "forest", seed=5)
    before = write(workspace, "knn")
    contents = {key: arrays_of(problem, seed)[1] for key, seed in ((before.key, 0), (new.key, 5))}
    seen = set()
    for step in range(200):
        write(workspace, "knn")
        shutil.rmtree(new.folder)
        (root / "history" / f"{new.key}.npz").unlink(missing_ok=True)
        killed = killed_at(step, root, lambda: write(workspace, "forest", seed=5))
        found = read_blend(workspace)
        assert found is not None
        for name in ("oof", "oof_answers", "test", "answers"):
            np.testing.assert_array_equal(
                np.load(found.folder / f"{name}.npy"), contents[found.key][name]
            )
        assert found.manifest["name"] == {before.key: "knn", new.key: "forest"}[found.key]
        assert change(root, before.key, found.key, problem) is not None
        seen.add((found.key, killed))
        assert write(workspace, "forest", seed=5) == read_blend(workspace)
        if not killed:
            break
    assert step > 15
    assert seen == {(before.key, True), (new.key, True), (new.key, False)}
    assert not [path for path in root.rglob("*.part") if path.is_file()]


def manifest_with(**fields: object) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return damage


def says(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "manifest.json").write_text(text)


def saves(name: str, array: np.ndarray) -> Callable[[Path], object]:
    return lambda folder: np.save(folder / f"{name}.npy", array)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a list": says("[]"),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "half a manifest": says('{"name": '),
    "no members": manifest_with(members=None),
    "an intercept of other make": manifest_with(intercept=None),
    "a temperature of other make": manifest_with(temperature="hot"),
    "a member of other make": manifest_with(members=[{"pipeline": "knn"}]),
    "no score": manifest_with(score={}),
    "a floor of other make": manifest_with(floor={"pipeline": "baseline"}),
    "a floor without numbers": manifest_with(
        floor={
            "pipeline": "baseline",
            "value": "0.5",
            "gain": None,
            "standard_error": 0.1,
            "p_value": 0.5,
        }
    ),
    "no folder": shutil.rmtree,
    "pointer to nothing": lambda folder: (folder.parent / "current").write_text("../../etc"),
    "pointer of bytes": lambda folder: (folder.parent / "current").write_bytes(b"\xff"),
    "no answers": lambda folder: (folder / "answers.npy").unlink(),
    "empty answers": lambda folder: (folder / "answers.npy").write_bytes(b""),
    "answers of other rows": saves("answers", np.zeros(OTHERS + 1, np.int64)),
    "answers of another form": saves("answers", np.zeros((OTHERS, 4))),
    "an unknown class": saves("answers", np.full(OTHERS, 4)),
    "rows of other data": saves("oof", np.zeros((ROWS - 1, 4), np.float32)),
    "other classes": saves("test", np.zeros((OTHERS, 3), np.float32)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_blend_is_refused_with_a_sentence(damage: str, tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, "accuracy")
    DAMAGES[damage](write(workspace).folder)
    with pytest.raises(PodiumError, match=r"^The blend in .* is damaged .*make blend"):
        read_blend(workspace)


def test_a_blend_of_another_competition_or_metric_is_refused(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, "auc")
    write(workspace)
    asked = {
        "is of 'tiny', not of 'other'": {"slug": "other"},
        "another metric than 'accuracy'": {"metric": "accuracy"},
        "another metric than 'auc'": {"positive": "0"},
    }
    for said, fields in asked.items():
        competition = replace(workspace.competition, **fields)
        elsewhere = replace(workspace, competition=competition)
        with pytest.raises(PodiumError, match=said):
            read_blend(elsewhere)
