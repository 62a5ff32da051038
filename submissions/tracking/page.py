"""The chart of the scores on disk: a PNG, and a page with the same picture, verdict and table."""

import io
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from competition.settings import runs_folder
from matplotlib.figure import Figure

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.spec import Competition
from submissions.screen import with_error
from submissions.tracking.charts import draw_scores
from submissions.tracking.scores import ScoreRow, ScoreTable

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ font: 15px/1.5 system-ui, sans-serif; color: #22262c; max-width: 1200px;
         margin: 2em auto; padding: 0 1em; }}
  svg {{ width: 100%; height: auto; }}
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


def write_charts(
    table: ScoreTable, sentences: Sequence[str], competition: Competition
) -> tuple[Path, Path]:
    """Write `runs/<slug>/scores/scores.html` and `scores.png`; each stands on its own.

    Args:
        table: The submissions.
        sentences: From `verdicts`.
        competition: Gives the folder and the title.

    Returns:
        The paths of the page and the picture.

    Raises:
        PodiumError: no submission is scored yet, or the disk refuses the files.
    """
    if all(row.submission.public_score is None for row in table.rows):
        raise PodiumError("There is nothing to draw: no submission has a public score yet.")
    figure, groups = draw_scores(table)
    folder = runs_folder(competition) / "scores"
    page, picture = folder / "scores.html", folder / "scores.png"
    with atomic_path(picture) as temporary:
        figure.savefig(temporary, format="png")
    with atomic_path(page) as temporary:
        temporary.write_text(
            _page(_svg(figure, groups), table, sentences, competition), encoding="utf-8"
        )
    return page, picture


def chart_svg(table: ScoreTable) -> str:
    """Return the chart as an `<svg>` element.

    Args:
        table: With at least one scored submission.
    """
    return _svg(*draw_scores(table))


def _svg(figure: Figure, groups: dict[str, list[ScoreRow]]) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return with_tooltips(text.getvalue(), groups)


def with_tooltips(svg: str, groups: dict[str, list[ScoreRow]]) -> str:
    """Return matplotlib's SVG without its XML head, each marker with words to hover over.

    Args:
        svg: A document in which the markers of a group are the `use` elements of `<g id=group>`.
        groups: By the group's name, the row behind each marker, in order.
    """
    svg = svg[svg.index("<svg") :]
    for group, rows in groups.items():
        begin = svg.find(f'<g id="{group}">')
        end = svg.find('<g id="', begin + 1)
        if begin < 0 or svg.count("<use", begin, end) != len(rows):
            continue
        titles = (f"><title>{_words(row)}</title></use>" for row in rows)
        pieces = re.split(r"(?<=/>)", svg[begin:end])
        marked = (piece[:-2] + next(titles) if "<use" in piece else piece for piece in pieces)
        svg = svg[:begin] + "".join(marked) + svg[end:]
    return svg


def _words(row: ScoreRow) -> str:
    one = row.submission
    lines = [
        one.blend_name or one.file.rsplit("/", 1)[-1],
        f"{one.created.astimezone():%Y-%m-%d %H:%M}",
        f"public {with_error(one.public_score, row.public_se)}",
    ]
    if one.cv_score is not None:
        lines.append(f"estimate {with_error(one.cv_score, one.cv_se)}")
    if row.place is not None:
        lines.append(f"place {row.place:,}")
    return escape("\n".join(lines))


def _page(svg: str, table: ScoreTable, sentences: Sequence[str], competition: Competition) -> str:
    title = escape(f"Scores in {competition.title}")
    parts = [_HEAD.format(title=title), f"<h1>{title}</h1>", svg, "<ul>"]
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
        one.blend_name or one.file.rsplit("/", 1)[-1],
        one.message,
        with_error(one.cv_score, one.cv_se),
        with_error(one.public_score, row.public_se),
        "" if row.difference is None else f"{row.difference:+.1f} se",
        "" if row.place is None else f"{row.place:,}",
        "" if row.percentile is None else f"{row.percentile:.1f}",
        f"{one.shown_status}: {one.error}" if one.error else one.shown_status,
    ]
