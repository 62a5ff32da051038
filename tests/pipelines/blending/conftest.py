"""Tiny competitions of every kind, and columns that are made up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth
from competition.spec import Competition
from competition.workspace import Workspace

TRAIN, TEST = 90, 30

METRICS: dict[str, dict[str, tuple[str, ...]]] = {
    "accuracy": {"classes": ("a", "b", "c", "d")},
    "log loss": {"classes": ("a", "b", "c"), "target_columns": ("a", "b", "c")},
    "auc": {"classes": ("0", "1")},
    "quadratic weighted kappa": {"classes": ("1", "2", "3", "4")},
    "rmse": {"target_columns": ("high", "low"), "label_columns": ("high", "low")},
    "map@3": {"classes": ("a", "b", "c", "d", "e")},
}


def competition_of(metric: str) -> Competition:
    """Return a competition of 2 × 2 images by one of `METRICS`."""
    fields = {"target_columns": ("answer",), "label_columns": ("label",)} | METRICS[metric]
    return Competition(
        slug="tiny",
        title="Tiny",
        metric=metric,
        train_file="train.csv",
        test_file="test.csv",
        sample_file="sample_submission.csv",
        id_column="id",
        image_side=2,
        **fields,  # type: ignore[arg-type]
    )


def truth_of(problem: Problem, rows: int, seed: int = 3) -> Truth:
    """Return the truth of some rows; of numbers, in very different units."""
    random = np.random.default_rng(seed)
    if problem.kind == Kind.NUMBERS:
        return random.normal(0, 1, (rows, problem.outputs)) * [100.0, 0.1] + [1000.0, 1.0]
    return random.integers(0, len(problem.classes), rows)


def noisy(truth: Truth, problem: Problem, noise: float, seed: int) -> Predictions:
    """Return predictions that are right more often the less noise there is."""
    random = np.random.default_rng(seed)
    if problem.kind != Kind.CLASSES:
        values = np.asarray(problem.learnable(truth), np.float64).reshape(len(truth), -1)
        spread = values.std(axis=0)
        return (values + random.normal(0, noise, values.shape) * spread / 2).astype(np.float32)
    classes = len(problem.classes)
    logits = np.eye(classes)[truth] * 2 + random.normal(0, noise, (len(truth), classes))
    exponents = np.exp(logits)
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def dealt(rows: int) -> npt.NDArray[np.int64]:
    """Return a fold of five for each row."""
    return np.random.default_rng(4).integers(0, 5, rows)


@pytest.fixture(params=METRICS)
def problem(request: pytest.FixtureRequest) -> Problem:
    """Every kind of problem, one after the other."""
    return competition_of(request.param).problem


@pytest.fixture
def workspace_by(tmp_path: Path) -> Callable[[str], Workspace]:
    """Makes workspaces, their data as a download leaves it, of competitions by `METRICS`."""

    def make(metric: str) -> Workspace:
        workspace = Workspace.in_folders(
            competition_of(metric), tmp_path / "data", tmp_path / "runs"
        )
        write_data(workspace, truth_of(workspace.competition.problem, TRAIN))
        return workspace

    return make


def write_data(workspace: Workspace, truth: Truth) -> None:
    """Write the three files of a competition of random 2 × 2 images."""
    competition = workspace.competition
    random = np.random.default_rng(0)
    pixels = [f"pixel{number}" for number in range(4)]
    train = [",".join([*competition.label_columns, *pixels])]
    for label in truth:
        named = (
            [competition.classes[label]]
            if competition.classes
            else [f"{each:.6g}" for each in label]
        )
        train.append(",".join([*named, *map(str, random.integers(0, 256, 4))]))
    test = [",".join(pixels)]
    test += [",".join(map(str, random.integers(0, 256, 4))) for _ in range(TEST)]
    sample = [",".join([competition.id_column, *competition.target_columns])]
    blank = ["0"] * len(competition.target_columns)
    if competition.problem.metric.eats == "label" or competition.problem.metric.top:
        blank = [competition.classes[0]]
    sample += [",".join([str(number + 1), *blank]) for number in range(TEST)]
    workspace.data.mkdir(parents=True, exist_ok=True)
    for name, lines in zip(competition.files, (train, test, sample), strict=True):
        (workspace.data / name).write_text("\n".join(lines) + "\n")
