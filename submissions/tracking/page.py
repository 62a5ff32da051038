"""The chart of the scores on disk: one page with the chart, the verdict and the table."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.problem.scores import with_error
from competition.workspace import Workspace
from submissions.tracking.charts import score_figure
from submissions.tracking.scores import ScoreRow, ScoreTable

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ font: 15px/1.5 system-ui, sans-serif; color: #22262c; max-width: 1200px;
         margin: 2em auto; padding: 0 1em; }}
  table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
  th, td {{ text-align: left; padding: .3em .8em .3em 0; border-bottom: 1px solid #e6e8eb; }}
  td.number, th.number {{ text-align: right; white-space: nowrap; }}
  tr.best {{ font-weight: bold; }}
  p.note {{ color: #6b7078; }}
</style>
"""
# The table's columns, and whether each holds numbers.
COLUMNS = (
    ("time", False),
    ("blend or file", False),
    ("message", False),
    ("estimate", True),
    ("public score", True),
    ("difference", True),
    ("place", True),
    ("percentile", True),
    ("status", False),
)


def write_page(table: ScoreTable, sentences: Sequence[str], workspace: Workspace) -> Path:
    """Write `runs/<slug>/scores/scores.html`, which stands on its own, and return its path.

    Args:
        table: The submissions.
        sentences: From `verdicts`.
        workspace: Gives the folder and the title.

    Raises:
        PodiumError: no submission is scored yet, or the disk refuses the file.
    """
    if all(row.submission.public_score is None for row in table.rows):
        raise PodiumError("There is nothing to draw: no submission has a public score yet.")
    chart = score_figure(table)
    chart.update_layout(template="plotly_white", height=560)
    html = chart.to_html(full_html=False, include_plotlyjs=True)
    path = workspace.runs / "scores" / "scores.html"
    with atomic_path(path) as temporary:
        page = _page(html, table, sentences, workspace.competition.title)
        temporary.write_text(page, encoding="utf-8")
    return path


def _page(chart: str, table: ScoreTable, sentences: Sequence[str], title: str) -> str:
    title = escape(f"Scores in {title}")
    parts = [_HEAD.format(title=title), f"<h1>{title}</h1>", chart, "<ul>"]
    parts += [f"<li>{escape(each)}</li>" for each in sentences]
    parts.append("</ul>")
    if (board := table.leaderboard) is not None:
        parts.append(
            f'<p class="note">The leaderboard of {board.teams:,} teams is that of '
            f"{board.asked.astimezone():%Y-%m-%d %H:%M}.</p>"
        )
    heads = (f"<th{_class(right)}>{name}</th>" for name, right in COLUMNS)
    parts += ["<table>", f"<tr>{''.join(heads)}</tr>"]
    for row in table.rows:
        texts = zip(cells(row), COLUMNS, strict=True)
        inner = "".join(f"<td{_class(right)}>{escape(text)}</td>" for text, (_, right) in texts)
        parts.append(f"<tr{' class=best' if row.best else ''}>{inner}</tr>")
    return "\n".join([*parts, "</table>", "</html>", ""])


def _class(right: bool) -> str:
    return " class=number" if right else ""


def cells(row: ScoreRow) -> list[str]:
    """Return a submission as texts, one for each of `COLUMNS`."""
    one = row.submission
    return [
        f"{one.created.astimezone():%Y-%m-%d %H:%M}",
        row.name,
        one.message,
        with_error(one.cv_score, one.cv_se),
        with_error(one.public_score, row.public_se),
        "" if row.difference is None else f"{row.difference:+.1f} se",
        "" if row.place is None else f"{row.place:,}",
        "" if row.percentile is None else f"{row.percentile:.1f}",
        f"{one.shown_status}: {one.error}" if one.error else one.shown_status,
    ]
