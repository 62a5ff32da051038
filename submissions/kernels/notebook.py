"""A notebook of a blend for people to read: it runs from top to bottom, and shows what it finds."""

import json
from typing import Any

from competition.problem.targets import Eats, Kind
from competition.spec import Competition
from competition.terminal.words import asked_of
from pipelines.kernels.inference import Recipe
from pipelines.kernels.machine import Asked
from submissions.kernels.packing import checked, files_of, packed_code

NOTEBOOK = "notebook"

_UNPACK = """# Podium packed itself into this text: the packages competition and pipelines, and
# libraries that the machine may lack. FILES holds the blend. It needs no internet.
import base64
import io
import sys
import tarfile
import tempfile
from pathlib import Path

PACKED = "{packed}"
FILES = {files}

folder = Path(tempfile.mkdtemp(prefix="podium-"))
with tarfile.open(fileobj=io.BytesIO(base64.b85decode(PACKED)), mode="r:xz") as archive:
    archive.extractall(folder, filter="data")
for name, text in FILES.items():
    (folder / name).write_text(text, encoding="utf-8")
sys.path.insert(0, str(folder / "code"))"""

_OPEN = """import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pipelines.kernels.machine import leave_submission, opened

asked, plan = opened(folder)
print(f"{len(plan.data.truth):,} rows to learn from, {len(plan.data.test):,} to answer")"""

_TABLE = """train = pd.read_csv(plan.workspace.data / plan.competition.train_file)
train.head()"""
_COLUMNS = """pd.DataFrame({"type": train.dtypes, "missing": train.isna().mean().round(3),
              "different": train.nunique()})"""
_IMAGES = """strip = np.hstack(list(plan.data.train[:12]))
go.Figure(go.Image(z=strip if strip.ndim == 3 else np.stack([strip] * 3, axis=2)))"""

_FIT = """from pipelines.kernels.inference import remake

made = remake(asked.blend, plan)"""
_SCORES = """rows = [(f"{{number}}. {{column.pipeline}}", column.score)
        for number, column in enumerate(made.columns, 1)]
rows.append(("blend", made.score))
scores = pd.DataFrame(
    {{"{metric}": [score.value for _, score in rows],
     "standard error": [score.standard_error for _, score in rows]}},
    index=[name for name, _ in rows])
scores"""
_FIGURE = """bars = go.Bar(x=scores["{metric}"], y=scores.index, orientation="h",
              error_x={{"array": scores["standard error"]}})
go.Figure(bars).update_xaxes(title="{metric}, out of fold").update_yaxes(autorange="reversed")"""

_CONFUSION = """names = plan.competition.classes
true, probable = (pd.Categorical.from_codes(codes, names)
                  for codes in (plan.dealt.truth, made.oof.argmax(axis=1)))
pd.crosstab(true, probable, rownames=["true"], colnames=["most probable"], dropna=False)"""
_VALUES = """true = plan.problem.learnable(plan.dealt.truth).reshape(len(made.oof), -1)[:, 0]
dots = go.Scattergl(x=made.oof[:, 0], y=true, mode="markers", marker={"size": 3})
go.Figure(dots).update_xaxes(title="predicted, out of fold").update_yaxes(title="true")"""
_SHARES = """positive = plan.problem.positive
go.Figure(
    [go.Histogram(x=made.oof[plan.dealt.truth == label, positive], name=name, opacity=0.6)
     for label, name in enumerate(plan.competition.classes)]
).update_layout(barmode="overlay").update_xaxes(
    title=f"probability of {plan.competition.classes[positive]}, out of fold")"""

_SUBMIT = """submission = leave_submission(made.answers, plan, Path.cwd())
pd.read_csv(submission).head()"""


def packed_notebook(title: str, competition: Competition, asked: Asked) -> str:
    """Return the JSON of a notebook that makes a blend again; the same for the same blend.

    Args:
        title: What it calls itself.
        competition: Whose files it gets.
        asked: With the blend.

    Raises:
        PodiumError: it is larger than Kaggle takes.
    """
    assert asked.blend is not None
    metric = competition.problem.metric.name
    images = competition.rows_kind == "images"
    cells = [
        _text(_opening(title, competition, asked.blend)),
        _code(
            _UNPACK.format(packed=packed_code(), files=files_of(competition, asked)), hidden=True
        ),
        _text("## The data"),
        _code(_OPEN),
        *([_code(_IMAGES)] if images else [_code(_TABLE), _code(_COLUMNS)]),
        _text(_members(asked.blend)),
        _code(_FIT),
        _text(
            "## What they are worth\n\nOut of fold: each row is predicted by models that have not "
            "seen it. The blend's weights were learnt from these rows, so its own figure here "
            "flatters a little; the estimate above does not."
        ),
        _code(_SCORES.format(metric=metric)),
        _code(_FIGURE.format(metric=metric)),
        _code(_figure_of(competition)),
        _text("## The submission"),
        _code(_SUBMIT),
    ]
    notebook = {
        "cells": [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return checked(json.dumps(notebook, indent=1), competition)


def sources_of(notebook: str) -> list[str]:
    """Return the sources of a notebook's cells; the whole text where it is none."""
    try:
        return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"]]
    except (ValueError, LookupError, TypeError):
        return [notebook]


def _opening(title: str, competition: Competition, recipe: Recipe) -> str:
    metric = competition.problem.metric
    better = "higher" if metric.greater_is_better else "lower"
    return (
        f"# {competition.title}\n\n"
        f"Asked is {asked_of(competition)}, scored by {metric.name} ({better} is better). This "
        f"blend, **{recipe['name']}**, is worth {recipe['estimate']}: estimated on rows that "
        "neither its models nor its weights were learnt from.\n\n"
        f"`{title}` was written by Podium, which unpacks itself below."
    )


def _members(recipe: Recipe) -> str:
    lines = ["## The pipelines", "", "| weight | pipeline | parameters |", "|---|---|---|"]
    for member in recipe["members"]:
        told = ", ".join(f"{name} {_short(value)}" for name, value in member["params"].items())
        lines.append(f"| {member['weight']:.2f} | {member['pipeline']} | {told} |")
    lines += ["", "Each is fitted on the training rows of every fold, and predicts the others."]
    return "\n".join(lines)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", "\\|")


def _figure_of(competition: Competition) -> str:
    problem = competition.problem
    if problem.kind != Kind.CLASSES:
        return _VALUES
    if problem.metric.eats == Eats.PROBABILITY and problem.positive is not None:
        return _SHARES
    return _CONFUSION


def _text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def _code(source: str, *, hidden: bool = False) -> dict[str, Any]:
    """Return a cell of code, folded away where it is for the machine alone."""
    folded = {"_kg_hide-input": True, "jupyter": {"source_hidden": True}} if hidden else {}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": folded,
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }
