"""The scores as a picture: estimate against public score, and both over time."""

from calendar import timegm
from collections.abc import Sequence
from statistics import median
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from submissions.tracking.leaderboard import Leaderboard
from submissions.tracking.scores import ScoreRow, ScoreTable

# The groups of markers, for whoever gives them tooltips.
AGAINST = "against"
OVER_TIME = "over-time"

_QUANTILES = (0.10, 0.25, 0.50)
_BLUE, _ORANGE, _GREEN, _GREY, _INK = "#1f5fa8", "#e07b00", "#2c8c5a", "#8a8f98", "#22262c"
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "axes.labelcolor": _INK,
    "axes.formatter.useoffset": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
    "axes.grid": True,
    "grid.color": "#e6e8eb",
    "axes.axisbelow": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "podium",
}

Values = list[tuple[float, float]]  # each with its standard error


def draw_scores(table: ScoreTable) -> tuple[Figure, dict[str, list[ScoreRow]]]:
    """Draw two panels: estimate against public score, and scores over time.

    Low outliers, such as a first file of zeros, are left out where they would squeeze the rest;
    the panel says how many.

    Args:
        table: With at least one scored submission.

    Returns:
        The figure, and by the name of each group of markers the rows behind them, in order.
    """
    scored = [row for row in reversed(table.rows) if row.submission.public_score is not None]
    shown = _without_outliers(scored)
    estimated = [row for row in shown if row.submission.cv_score is not None]
    with rc_context(_STYLE):
        room = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12)
        figure = Figure(figsize=(13, 5.6), dpi=130, layout=room)
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.35))
        _against(left, estimated)
        _over_time(right, shown, estimated, table.leaderboard)
        if len(shown) < len(scored):
            text = f"{len(scored) - len(shown)} far lower, not shown"
            place = {"xycoords": "axes fraction", "color": _GREY, "fontsize": 9}
            right.annotate(text, (0.01, 0.02), **place)
    return figure, {AGAINST: estimated, OVER_TIME: shown}


def _against(axes: Axes, rows: list[ScoreRow]) -> None:
    axes.set_title("Does the leaderboard say what the folds said?")
    axes.set_xlabel("estimate ± standard error (out of fold)")
    axes.set_ylabel("public score ± sampling error")
    if not rows:
        axes.set(xticks=[], yticks=[])
        where: dict[str, Any] = {"ha": "center", "transform": axes.transAxes, "color": _GREY}
        axes.text(0.5, 0.5, "No scored submission has an estimate.", **where)
        return
    estimates, scores = _estimates(rows), _scores(rows)
    low, high = _limits(estimates + scores)
    looks: dict[str, Any] = {"color": _GREY, "linestyle": (0, (5, 4)), "linewidth": 1, "zorder": 1}
    axes.plot([low, high], [low, high], label="public score = estimate", **looks)
    x, x_errors = _apart(estimates)
    y, y_errors = _apart(scores)
    axes.errorbar(x, y, xerr=x_errors, yerr=y_errors, zorder=2, **_bars(_BLUE, len(rows)))
    _markers(axes, x, y, rows, AGAINST, "a submission")
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    axes.legend(loc="lower right", frameon=False)


def _over_time(
    axes: Axes, rows: list[ScoreRow], estimated: list[ScoreRow], board: Leaderboard | None
) -> None:
    axes.set_title("Scores over time")
    days = _days(rows)
    room = max(0.05 * (days[-1] - days[0]), 1 / 24)
    begin, end = days[0] - room, days[-1] + room
    y, errors = _apart(_scores(rows))
    best = [max(y[: place + 1]) for place in range(len(y))]
    axes.step(
        [*days, end],
        [*best, best[-1]],
        where="post",
        color=_ORANGE,
        linewidth=1.6,
        alpha=0.8,
        label="best public score so far",
        zorder=3,
    )
    axes.errorbar(days, y, yerr=errors, zorder=4, **_bars(_BLUE, len(rows)))
    _markers(axes, days, y, rows, OVER_TIME, "public score")
    _draw_estimates(axes, estimated)
    levels = _quantiles(board) if board else {}
    known = _scores(rows) + _estimates(estimated) + [(level, 0.0) for level in levels]
    axes.set(xlim=(begin, end), ylim=_limits(known))
    _draw_levels(axes, levels)
    locator = AutoDateLocator(maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=3, frameon=False)


def _draw_estimates(axes: Axes, rows: list[ScoreRow]) -> None:
    """Draw the estimates a little beside the public scores, which would cover them."""
    if not rows or axes.figure is None:
        return
    beside = ScaledTranslation(7 / 72, 0, axes.figure.dpi_scale_trans)
    y, errors = _apart(_estimates(rows))
    looks = _bars(_GREY, len(rows)) | {"fmt": "o", "color": _GREY, "markerfacecolor": "white"}
    axes.errorbar(
        _days(rows),
        y,
        yerr=errors,
        markersize=5,
        label="estimate",
        transform=axes.transData + beside,
        zorder=2,
        **looks,
    )


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


def _draw_levels(axes: Axes, levels: dict[float, str]) -> None:
    """Draw lines of the leaderboard, named at the right, the names kept apart."""
    low, high = axes.get_ylim()
    written = high
    for level, name in sorted(levels.items(), reverse=True):
        axes.axhline(level, color=_GREEN, linewidth=1, linestyle=":", zorder=1)
        written = min(level, written - 0.04 * (high - low))
        axes.annotate(
            f"{name}: {level:.4f}",
            (1.0, written),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            color=_GREEN,
            fontsize=9,
            va="center",
            annotation_clip=False,
        )


def _markers(
    axes: Axes,
    x: Sequence[float],
    y: Sequence[float],
    rows: list[ScoreRow],
    group: str,
    label: str,
) -> None:
    colours = [_ORANGE if row.best else _BLUE for row in rows]
    points = axes.scatter(x, y, s=42, c=colours, edgecolors="white", linewidths=0.8, zorder=5)
    points.set_gid(group)
    axes.scatter([], [], s=42, c=_BLUE, label=label)


def _bars(colour: str, count: int) -> dict[str, Any]:
    """Return how error bars look: fainter where there are many."""
    strength = max(0.12, min(0.8, 8 / count))
    return {"fmt": "none", "ecolor": colour, "elinewidth": 1, "alpha": strength}


def _without_outliers(rows: list[ScoreRow]) -> list[ScoreRow]:
    scores, errors = _apart(_scores(rows))
    spread = max(max(scores) - median(scores), *errors)
    floor = max(scores) - 6 * spread
    return [row for row, score in zip(rows, scores, strict=True) if score >= floor]


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


def _apart(values: Values) -> tuple[list[float], list[float]]:
    return [value for value, _ in values], [error for _, error in values]


def _days(rows: list[ScoreRow]) -> list[float]:
    """Return local times as matplotlib counts them: in days since 1970."""
    return [timegm(row.submission.created.astimezone().timetuple()) / 86400 for row in rows]
