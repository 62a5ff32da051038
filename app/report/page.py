"""The page: its sections put together, and written as one file that stands on its own."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from app.report.cards import p_value, signed, summary_cards
from app.report.drawing.figures import templates
from app.report.findings import Findings, gather
from app.report.sections.blend import blend_section
from app.report.sections.data.section import data_section
from app.report.sections.decision import decision_in_words
from app.report.sections.judged.judge import Judged, judge
from app.report.sections.leaderboard import leaderboard_section
from app.report.sections.tuning import tuning_section
from competition.files import atomic_path
from competition.problem.problem import Problem
from competition.problem.scores import with_error
from competition.problem.targets import Kind
from competition.verbs import step
from competition.workspace import Workspace
from pipelines.blending.blend import StoredBlend
from pipelines.columns import Column
from pipelines.display import duration

_TEMPLATES = Path(__file__).parent / "templates"


def write_report(workspace: Workspace) -> Path:
    """Write `runs/<slug>/report/index.html` from what the chain has stored; nothing is trained.

    Raises:
        PodiumError: the data is missing, what is stored is damaged, or the disk refuses the page.
    """
    findings = gather(workspace)
    blend = findings.blend
    judged = [_judged_column(findings, column) for column in findings.best_columns]
    if blend is not None:
        judged.insert(0, _judged_blend(findings, blend))
    board = leaderboard_section(workspace)
    values = {
        "cards": summary_cards(findings, board),
        "judged": judged,
        "errors": {one.column: one.parts.errors for one in judged},
        "columns": findings.columns,
        "loss": _loss_name(findings.problem),
        "studies": tuning_section(findings),
        "blend": None if blend is None else blend_section(findings, blend),
        "board": board,
    }
    return _write(findings, "index.html", values)


def write_exploration(workspace: Workspace) -> Path:
    """Write `runs/<slug>/report/explore.html`: the part about the data, before any training.

    Raises:
        PodiumError: the data is missing or broken, or the disk refuses the page.
    """
    return _write(gather(workspace), "explore.html", {"cards": []})


def _write(findings: Findings, name: str, values: dict[str, Any]) -> Path:
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["p"] = p_value
    environment.filters["signed"] = signed
    environment.filters["shown"] = lambda value: with_error(value, None)
    environment.filters["safe_json"] = lambda plot: Markup(plot.spec)
    environment.globals["step"] = step
    text = environment.get_template(name + ".j2").render(
        competition=findings.competition,
        problem=findings.problem,
        noun=findings.noun,
        made=datetime.now().astimezone(),
        data=data_section(findings),
        style=_verbatim("page.css"),
        script=_verbatim("page.js"),
        plotly=Markup(get_plotlyjs()),
        themes=Markup(json.dumps(templates())),
        **values,
    )
    path = findings.workspace.runs / "report" / name
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _verbatim(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _loss_name(problem: Problem) -> str:
    """Return the name of the training loss; empty where it is the metric itself."""
    if problem.kind == Kind.CLASSES:
        return "" if problem.metric.name == "log loss" else "log loss"
    scale = problem.metric.scale.name
    return "squared error" + ("" if scale == "plain" else f" of {scale}")


def _judged_column(findings: Findings, column: Column) -> Judged:
    manifest = column.manifest
    facts = [(name, _short(value)) for name, value in manifest["params"].items()]
    facts += [
        ("fits", duration(manifest.get("fit_seconds", 0))),
        ("made", _minute(manifest["created"])),
        ("key", column.key),
    ]
    return Judged(
        name=column.pipeline,
        column=column.key,
        note=f"its best column, out of fold on {column.score.rows:,} rows",
        facts=facts,
        score=column.score,
        parts=judge(findings, column.oof(), findings.answers(column)),
    )


def _judged_blend(findings: Findings, blend: StoredBlend) -> Judged:
    return Judged(
        name="blend",
        column="",
        note=f"cross-fitted on {blend.score.rows:,} rows",
        facts=[
            ("members", blend.name),
            ("weights", blend.method),
            *_blend_facts(findings.problem, blend),
            ("made", _minute(blend.manifest["created"])),
        ],
        score=blend.score,
        parts=judge(findings, blend.oof(), blend.oof_answers()),
    )


def _blend_facts(problem: Problem, blend: StoredBlend) -> Iterator[tuple[str, str]]:
    decision = decision_in_words(blend.manifest.get("decision") or {}, problem)
    if decision:
        yield "answers", decision
    if blend.as_sent is not None:
        yield "by the mean of all folds, which is sent", with_error(blend.as_sent, None)
    if blend.corrected is not None:
        value, trials = blend.corrected
        yield "where the choice is scored too", f"{with_error(value, None)}, of {trials} trials"
    if blend.floor is not None:
        floor = blend.floor
        gain, error = (with_error(each, None) for each in (abs(floor.gain), floor.standard_error))
        than = "better" if floor.gain > 0 else "worse"
        yield (
            f"beside the {floor.pipeline}",
            f"{gain} ± {error} {than} than its {with_error(floor.value, None)} "
            f"(p {p_value(floor.p_value)})",
        )


def _minute(created: str) -> str:
    return created[:16].replace("T", " ")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
