"""The page: its sections put together, and written as one file that stands on its own."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from competition.settings import runs_folder
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from app.report.blend import BlendSection, blend_section
from app.report.data import data_section
from app.report.figures import templates
from app.report.findings import Findings, StoredBlend, gather
from app.report.judged import Judged, judge
from app.report.leaderboard import LeaderboardSection, leaderboard_section
from app.report.tuning import tuning_section
from competition.files import atomic_path
from competition.spec import Competition
from pipelines.display import duration
from pipelines.search.store import Column

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Card:
    """A figure at the top of the page.

    Attributes:
        title: What it is.
        value: The figure, or a dash.
        note: What to know of it, or what to run.
    """

    title: str
    value: str
    note: str


def write_report(competition: Competition) -> Path:
    """Write `runs/<slug>/report/index.html` from what the chain has stored; nothing is trained.

    Raises:
        PodiumError: the data is missing, what is stored is damaged, or the disk refuses the page.
    """
    findings = gather(competition)
    blend = None if findings.blend is None else blend_section(findings, findings.blend)
    judged = [_judged_column(findings, column) for column in findings.best_columns]
    if findings.blend is not None and blend is not None:
        judged.insert(0, _judged_blend(findings, findings.blend, blend))
    board = leaderboard_section(competition)
    values = {
        "cards": _cards(findings, blend, board),
        "judged": judged,
        "columns": findings.columns,
        "studies": tuning_section(findings),
        "blend": blend,
        "board": board,
    }
    return _write(findings, "index.html", values)


def write_exploration(competition: Competition) -> Path:
    """Write `runs/<slug>/report/explore.html`: the part about the data, before any training.

    Raises:
        PodiumError: the data is missing or broken, or the disk refuses the page.
    """
    return _write(gather(competition), "explore.html", {"cards": []})


def _write(findings: Findings, name: str, values: dict[str, Any]) -> Path:
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["p"] = _p_value
    environment.filters["safe_json"] = lambda plot: Markup(plot.spec)
    text = environment.get_template(name + ".j2").render(
        competition=findings.competition,
        made=datetime.now().astimezone(),
        data=data_section(findings),
        style=_verbatim("page.css"),
        script=_verbatim("page.js"),
        plotly=Markup(get_plotlyjs()),
        themes=Markup(json.dumps(templates())),
        **values,
    )
    path = runs_folder(findings.competition) / "report" / name
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _verbatim(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _judged_column(findings: Findings, column: Column) -> Judged:
    manifest = column.manifest
    facts = [(name, _short(value)) for name, value in manifest["params"].items()]
    facts += [
        ("fits", duration(manifest.get("fit_seconds", 0))),
        ("made", str(manifest["created"])[:16].replace("T", " ")),
        ("key", column.key),
    ]
    return judge(
        findings,
        column.oof(),
        column.pipeline,
        f"its best column, out of fold on {column.score.rows:,} rows",
        column.score,
        facts,
    )


def _judged_blend(findings: Findings, stored: StoredBlend, blend: BlendSection) -> Judged:
    facts = [("members", stored.name), ("weights", blend.method)]
    facts.append(("made", str(stored.manifest["created"])[:16].replace("T", " ")))
    note = f"cross-fitted on {stored.score.rows:,} rows"
    return judge(findings, stored.oof, "blend", note, stored.score, facts)


def _cards(
    findings: Findings, blend: BlendSection | None, board: LeaderboardSection | None
) -> list[Card]:
    """Return the best single column, the blend, the public score and the place."""
    single = Card("Best single", "–", "nothing is tuned yet: make tune")
    if findings.columns:
        best = findings.columns[0]
        single = Card("Best single", str(best.score), best.pipeline)
    mixed = Card("Blend", "–", "nothing is blended yet: make blend")
    if findings.blend is not None and blend is not None:
        sure = "" if blend.p_value < 0.05 else ", not yet a gain"
        note = f"{blend.gain:+.4f} on the best single (p {_p_value(blend.p_value)}{sure})"
        mixed = Card("Blend", str(findings.blend.score), note)
    public = Card("Public score", "–", "nothing is scored yet: make submit")
    place = Card("Place", "–", "the leaderboard was not seen yet: make scores")
    if board is not None and (row := board.best) is not None:
        public = Card(
            "Public score",
            f"{row.submission.public_score:.4f} ± {row.public_se or 0:.4f}",
            ""
            if row.difference is None
            else f"{row.difference:+.1f} standard errors from its estimate",
        )
        if row.place is not None:
            place = Card(
                "Place", f"{row.place:,}", f"ahead of {row.percentile:.0f}% of {board.seen}"
            )
    return [single, mixed, public, place]


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.2g}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
