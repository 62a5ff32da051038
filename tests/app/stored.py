"""Workspaces with data, columns and blends as the chain leaves them, without any training."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from competition.data.dataset import Dataset, load_dataset
from competition.practice.holdout import prepare
from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth
from competition.spec import Competition, load_competition
from competition.workspace import Workspace
from pipelines.blending.cross_fitting import blend
from pipelines.blending.stored import StoredBlend, write_blend
from pipelines.columns import Column, write_column
from pipelines.saved_models import MODEL_FILE
from pipelines.search.folds import Folds

CREATED = "2026-01-02T03:04:05+00:00"


def folds_of(workspace: Workspace) -> Folds:
    """Return the folds of all that is stored."""
    return Folds(3, 0, workspace.competition.folds.by)


def prepared_workspace(
    folder: Path,
    competition: str | Competition,
    data: Path | None = None,
    hidden: int | None = None,
) -> Workspace:
    """Return a workspace with a practice competition's files."""
    spec = load_competition(competition) if isinstance(competition, str) else competition
    made = prepare(folder / "kaggle", spec, data, hidden)
    (folder / "data").mkdir()
    (folder / "kaggle" / "public").rename(folder / "data" / made.slug)
    return Workspace.in_folders(made, folder / "data", folder / "runs")


def data_of(workspace: Workspace) -> Dataset:
    return load_dataset(workspace.competition, workspace.data)


def tinted_squares(folder: Path, metric: str) -> tuple[Competition, Path]:
    """Write 120 tiny colour images; a red square means 0 and a blue one 1.

    Returns:
        Their competition, and their labelled CSV.
    """
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 120)
    images = random.integers(0, 30, (len(labels), 8, 8, 3), np.uint8)
    images[labels == 0, 2:6, 2:6, 0] += 200
    images[labels == 1, 2:6, 2:6, 2] += 200
    numbers = metric == "rmse"
    spec = replace(
        load_competition("digits-rmse" if numbers else "optical-digits"),
        slug="tinted",
        metric=metric,
        classes=() if numbers else ("0", "1"),
        image_side=8,
        channels=3,
        bundled=None,
        train_rows=None,
        test_rows=None,
    )
    pixels = images.reshape(len(labels), -1)
    lines = [",".join([*spec.label_columns, *(f"p{i}" for i in range(pixels.shape[1]))])]
    lines += [",".join(map(str, row)) for row in np.column_stack([labels, pixels]).tolist()]
    path = folder / "train.csv"
    path.write_text("\n".join(lines) + "\n")
    return spec, path


def store_column(
    workspace: Workspace,
    data: Dataset,
    pipeline: str,
    key: str,
    *,
    skill: float = 0.9,
    model: bytes | None = None,
) -> Column:
    """Write a column that is right as often as its skill says."""
    problem, folds = workspace.competition.problem, folds_of(workspace)
    dealt = folds.deal(np.asarray(data.truth), problem, data.units)
    truth = dealt.truth
    random = np.random.default_rng(int.from_bytes(key.encode()[:4]))
    oof = _guess(problem, truth, skill, random)
    test = _guess(problem, truth[np.arange(len(data.test)) % len(truth)], skill, random)
    score = problem.score(truth, oof, dealt.assigned)
    manifest = {
        "pipeline": pipeline,
        "key": key,
        "params": {"neighbours": 5, "power": 1.5},
        "seed": 0,
        "folds": folds.facts(),
        "competition": workspace.competition.slug,
        "data": data.fingerprint,
        "metric": problem.metric.name,
        "score": {
            name: getattr(score, name) for name in ("value", "standard_error", "loss", "rows")
        },
        "greater_is_better": score.greater_is_better,
        "fit_seconds": 3.0,
        "predict_seconds": 1.0,
        "trials": 4,
        "study": "a study",
        "best_so_far": [score.value],
        "created": CREATED,
        "versions": {},
        "maker": {},
        "commit": "",
    }
    folder = workspace.predictions / pipeline / key
    column = write_column(folder, manifest, oof, test)
    if model is not None:
        (folder / MODEL_FILE).write_bytes(model)
    return column


def _guess(
    problem: Problem, truth: Truth, skill: float, random: np.random.Generator
) -> Predictions:
    """Return predictions (n, k) of a truth: the more skill, the nearer."""
    rows = len(truth)
    if problem.kind == Kind.CLASSES:
        classes = len(problem.classes)
        shares = random.dirichlet(np.full(classes, 0.3), rows)
        known = random.random(rows) < skill
        shares[known] = 0.2 * shares[known] + 0.8 * np.eye(classes)[truth[known]]
        return shares.astype(np.float32)
    wanted = np.asarray(problem.learnable(truth), np.float64).reshape(rows, -1)
    noise = random.normal(0, (1 - skill) * wanted.std(axis=0), wanted.shape)
    return (wanted + noise).astype(np.float32)


def store_blend(
    workspace: Workspace, data: Dataset, columns: list[Column], weights: Mapping[str, float]
) -> StoredBlend:
    """Write the blend of columns, as it was learnt but for these weights by pipeline."""
    problem, folds = workspace.competition.problem, folds_of(workspace)
    dealt = folds.deal(np.asarray(data.truth), problem, data.units)
    truth = dealt.truth
    blended = blend([column.oof() for column in columns], truth, dealt.assigned, problem)
    members = [
        {
            "pipeline": column.pipeline,
            "key": column.key,
            "weight": weights[column.pipeline],
            "temperature": 1.0,
            "score": column.score.value,
        }
        for column in columns
    ]
    members.sort(key=lambda member: -float(member["weight"]))
    score, test = blended.score, blended.apply([column.test() for column in columns], problem)
    facts = {
        "name": " + ".join(f"{member['weight']:.0%} {member['pipeline']}" for member in members),
        "method": blended.method,
        "metric": problem.metric.name,
        "positive": problem.positive,
        "score": {
            name: getattr(score, name) for name in ("value", "standard_error", "loss", "rows")
        },
        "greater_is_better": score.greater_is_better,
        "members": members,
        "intercept": [0.0] * problem.outputs,
        "best_single": members[0],
        "gain": blended.comparison.gain,
        "p_value": blended.comparison.p_value,
        "methods": blended.methods,
        "competition": workspace.competition.slug,
        "data": data.fingerprint,
        "folds": folds.facts(),
        "seed": 0,
        "rows": None,
        "pipelines": None,
        "columns": {},
        "decision": {},
    }
    arrays = {
        "oof": blended.oof,
        "oof_answers": blended.answers,
        "test": test,
        "answers": problem.decide(truth, blended.oof).answers(test),
    }
    return write_blend(workspace, facts, arrays, truth, CREATED)
