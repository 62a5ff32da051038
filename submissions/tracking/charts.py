"""The scores as a figure: estimate against public score, and both over time."""

from datetime import datetime
from html import escape
from statistics import median
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from competition.problem.scores import decimals, with_error
from submissions.tracking.leaderboard import Leaderboard
from submissions.tracking.scores import ScoreRow, ScoreTable

_QUANTILES = (0.10, 0.25, 0.50)
_BLUE, _ORANGE, _GREEN, _GREY = "#4c7fd9", "#d0661e", "#1f9470", "#8a8f98"

Values = list[tuple[float, float]]  # each with its standard error


def score_figure(table: ScoreTable) -> go.Figure:
    """Draw two panels: estimate against public score, and scores over time.

    Outliers far worse than the rest, such as a first file of zeros, are left out where they would
    squeeze it; the panel says how many. Colours stand out from light and dark pages.

    Args:
        table: With at least one scored submission.

    Returns:
        A figure without a look of its own; each marker says on hovering what it is.
    """
    scored = [row for row in reversed(table.rows) if row.submission.public_score is not None]
    shown = _without_outliers(scored, table.greater_is_better)
    estimated = [row for row in shown if row.submission.cv_score is not None]
    figure = make_subplots(
        rows=1,
        cols=2,
        column_widths=[0.42, 0.58],
        horizontal_spacing=0.1,
        subplot_titles=("Does the leaderboard say what the folds said?", "Scores over time"),
    )
    _against(figure, estimated)
    _over_time(figure, shown, estimated, table)
    if len(shown) < len(scored):
        text = f"{len(scored) - len(shown)} far worse, not shown"
        place = {"xref": "x2 domain", "yref": "y2 domain", "x": 0.01, "y": 0.02}
        figure.add_annotation(text=text, showarrow=False, font={"color": _GREY}, **place)
    figure.update_layout(legend={"orientation": "h", "y": -0.14, "x": 0.42})
    return figure


def _against(figure: go.Figure, rows: list[ScoreRow]) -> None:
    place = {"row": 1, "col": 1}
    figure.update_xaxes(title_text="estimate ± standard error (out of fold)", **place)
    figure.update_yaxes(title_text="public score ± sampling error", **place)
    if not rows:
        text = "No scored submission has an estimate."
        middle = {"xref": "x domain", "yref": "y domain", "x": 0.5, "y": 0.5}
        figure.add_annotation(text=text, showarrow=False, font={"color": _GREY}, **middle)
        return
    low, high = _limits(_estimates(rows) + _scores(rows))
    line = {"color": _GREY, "dash": "dash", "width": 1}
    figure.add_scatter(
        x=[low, high],
        y=[low, high],
        mode="lines",
        line=line,
        name="public score = estimate",
        hoverinfo="skip",
        **place,
    )
    estimates = [value for value, _ in _estimates(rows)]
    bars = _bars(_estimates(rows), _BLUE)
    figure.add_scatter(x=estimates, error_x=bars, **_markers(rows), showlegend=False, **place)
    figure.update_xaxes(range=[low, high], nticks=5, **place)
    figure.update_yaxes(range=[low, high], nticks=5, **place)


def _over_time(
    figure: go.Figure, rows: list[ScoreRow], estimated: list[ScoreRow], table: ScoreTable
) -> None:
    place = {"row": 1, "col": 2}
    better = max if table.greater_is_better else min
    scores = [value for value, _ in _scores(rows)]
    figure.add_scatter(
        x=_times(rows),
        y=[better(scores[: number + 1]) for number in range(len(scores))],
        mode="lines",
        line={"shape": "hv", "color": _ORANGE, "width": 1.6},
        name="best public score so far",
        hoverinfo="skip",
        **place,
    )
    figure.add_scatter(
        x=_times(estimated),
        y=[value for value, _ in _estimates(estimated)],
        error_y=_bars(_estimates(estimated), _GREY),
        mode="markers",
        marker={"symbol": "circle-open", "color": _GREY, "size": 7},
        name="estimate",
        hovertext=[_words(row) for row in estimated],
        hoverinfo="text",
        **place,
    )
    figure.add_scatter(x=_times(rows), **_markers(rows), name="public score", **place)
    levels = _quantiles(table.leaderboard) if table.leaderboard else {}
    low, high = _limits(_scores(rows) + _estimates(estimated) + [(each, 0.0) for each in levels])
    figure.update_yaxes(range=[low, high], **place)
    for level, name in levels.items():
        figure.add_hline(
            y=level,
            line={"color": _GREEN, "width": 1, "dash": "dot"},
            annotation={
                "text": f"{name}: {level:,.{decimals(level)}f}",
                "font": {"color": _GREEN, "size": 11},
            },
            annotation_position="top left",
            **place,
        )


def _markers(rows: list[ScoreRow]) -> dict[str, Any]:
    """Return public scores as markers, the best one in another colour."""
    return {
        "y": [value for value, _ in _scores(rows)],
        "error_y": _bars(_scores(rows), _BLUE),
        "mode": "markers",
        "marker": {"color": [_ORANGE if row.best else _BLUE for row in rows], "size": 9},
        "hovertext": [_words(row) for row in rows],
        "hoverinfo": "text",
    }


def _words(row: ScoreRow) -> str:
    """Return what a marker says, as the little HTML that Plotly takes."""
    one = row.submission
    lines = [
        row.name,
        f"{one.created.astimezone():%Y-%m-%d %H:%M}",
        f"public {with_error(one.public_score, row.public_se)}",
    ]
    if one.cv_score is not None:
        lines.append(f"estimate {with_error(one.cv_score, one.cv_se)}")
    if row.place is not None:
        lines.append(f"place {row.place:,}")
    return "<br>".join(map(escape, lines))


def _quantiles(board: Leaderboard) -> dict[float, str]:
    """Return the scores that the best tenth, quarter and half of the teams have, and their names.

    Where two are equal, the larger share names them.
    """
    found: dict[float, str] = {}
    for share in _QUANTILES:
        level = board.quantile(share)
        if level is not None:
            found[level] = f"top {share:.0%}"
    return found


def _bars(values: Values, colour: str) -> dict[str, Any]:
    """Return error bars, fainter where there are many."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    strength = max(0.12, min(0.8, 8 / max(len(values), 1)))
    faint = f"rgba({red},{green},{blue},{strength:.2f})"
    return {"array": [error for _, error in values], "color": faint, "thickness": 1, "width": 0}


def _without_outliers(rows: list[ScoreRow], greater_is_better: bool) -> list[ScoreRow]:
    sign = 1 if greater_is_better else -1
    scores = [sign * value for value, _ in _scores(rows)]
    spread = max(max(scores) - median(scores), *(error for _, error in _scores(rows)))
    worst = max(scores) - 6 * spread
    return [row for row, score in zip(rows, scores, strict=True) if score >= worst]


def _limits(values: Values) -> tuple[float, float]:
    """Return the ends of an axis that shows values with their errors."""
    low = min(value - error for value, error in values)
    high = max(value + error for value, error in values)
    room = 0.06 * (high - low) or 0.01
    return low - room, high + room


def _scores(rows: list[ScoreRow]) -> Values:
    return [(row.submission.public_score or 0.0, row.public_se or 0.0) for row in rows]


def _estimates(rows: list[ScoreRow]) -> Values:
    return [(row.submission.cv_score or 0.0, row.submission.cv_se or 0.0) for row in rows]


def _times(rows: list[ScoreRow]) -> list[datetime]:
    """Return local times, which Plotly draws as they are."""
    return [row.submission.created.astimezone().replace(tzinfo=None) for row in rows]
