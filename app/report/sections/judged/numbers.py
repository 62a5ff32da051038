"""Answers that are numbers: predicted against true, residuals, the rows that are furthest off."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.report.drawing.figures import Plot, boxes, plot
from app.report.findings import Findings
from app.report.sections.judged.parts import Parts, Worst
from app.report.sections.shown_rows import Noted, show_rows
from app.truth import truth_in_words
from competition.problem.targets import Answers
from pipelines.search.folds import Indices

_FURTHEST = 60
_POINTS = 2_000  # that a figure shows, drawn at random
_RANGES = 10
_MOST_TARGETS = 4

Floats = npt.NDArray[np.float64]


def judge_numbers(findings: Findings, answers: Answers) -> Parts:
    """Judge values (n, t)."""
    values = np.asarray(answers, np.float64)
    parts = Parts(worst=_furthest(findings, values))
    for place, name in enumerate(findings.problem.targets[:_MOST_TARGETS]):
        true, given = findings.truth[:, place], values[:, place]
        bias = float(np.mean(given - true))
        parts.figures.append((f"mean residual of {name}", f"{bias:+.4g}"))
        against = _against(name, true, given, findings.scored_rows)
        parts.plots += [against, _residuals(name, true, given)]
    return parts


def _against(name: str, true: Floats, given: Floats, numbers: Indices) -> Plot:
    rows = np.arange(len(true))
    if len(rows) > _POINTS:
        rows = np.sort(np.random.default_rng(0).choice(rows, _POINTS, replace=False))
    points = go.Scatter(
        x=[float(f"{value:.5g}") for value in given[rows]],
        y=[float(f"{value:.5g}") for value in true[rows]],
        customdata=numbers[rows].tolist(),
        mode="markers",
        marker={"size": 4, "opacity": 0.5},
        name="a row",
        hovertemplate="predicted %{x}, true %{y}, row %{customdata}",
    )
    ends = [float(min(true.min(), given.min())), float(max(true.max(), given.max()))]
    ideal = go.Scatter(x=ends, y=ends, mode="lines", name="predicted = true", hoverinfo="skip")
    ideal.update(line={"dash": "dot", "width": 1.5})
    figure = go.Figure([points, ideal])
    figure.update_layout(
        xaxis={"title": {"text": f"predicted {name}"}}, yaxis={"title": {"text": f"true {name}"}}
    )
    title = f"{name}: predicted and true"
    return plot(figure, title if len(rows) == len(true) else f"{title}, {_POINTS:,} rows of all")


def _residuals(name: str, true: Floats, given: Floats) -> Plot:
    """Draw the residuals of the rows in tenths by the prediction."""
    tenths = np.array_split(np.argsort(given, kind="stable"), min(_RANGES, len(given)))
    names = [f"{place + 1}: {given[tenth].mean():.3g}" for place, tenth in enumerate(tenths)]
    figure = go.Figure(boxes(names, [(given - true)[tenth] for tenth in tenths]))
    figure.update_layout(
        xaxis={"title": {"text": f"tenths by predicted {name}, and their means"}},
        yaxis={"title": {"text": "predicted less true"}},
    )
    figure.update_xaxes(type="category")
    return plot(figure, f"{name}: residuals, their quarters and 90% of the rows")


def _furthest(findings: Findings, values: Floats) -> Worst:
    """Return the rows that are furthest off on the training scale, every target in its own unit."""
    forward = findings.problem.metric.scale.forward
    wanted = forward(findings.truth)
    spread = wanted.std(axis=0)
    off = (forward(values) - wanted) / np.where(spread > 0, spread, 1)
    rows = np.argsort(-np.square(off).mean(axis=1), kind="stable")[:_FURTHEST]
    noted = []
    for place in rows.tolist():
        true = truth_in_words(findings.problem, findings.truth[place])
        given = truth_in_words(findings.problem, values[place])
        words = f"true {true}, predicted {given}"
        noted.append(Noted(findings.row(place), (true, given), f"{true}→{given}", words))
    shown = show_rows(findings, ("true value", "prediction"), noted)
    return Worst(f"The {len(shown)} rows furthest off", "True value → prediction.", shown)
