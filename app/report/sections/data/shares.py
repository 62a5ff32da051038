"""How the labels are spread, in train and as the blend labels the test rows."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.report.drawing.figures import Plot, plot
from app.report.findings import Findings
from competition.problem.targets import Eats, Kind

_BINS = 40
_MOST_TARGETS = 6

Floats = npt.NDArray[np.float64]


def label_shares(findings: Findings) -> list[Plot]:
    """Return the shares of the classes, or a histogram of each target."""
    if findings.problem.kind == Kind.NUMBERS:
        targets = findings.problem.targets[:_MOST_TARGETS]
        return [_histogram(findings, place, name) for place, name in enumerate(targets)]
    return [_shares(findings)]


def _shares(findings: Findings) -> Plot:
    names = list(findings.problem.classes)
    counts = np.bincount(findings.data.truth, minlength=len(names)).astype(np.float64)
    bars = [_bar("train", counts, names, findings.noun)]
    if findings.blend is not None:
        seen = _seen_in_test(findings)
        bars.append(_bar("test, as the blend sees it", seen, names, findings.noun))
    figure = go.Figure(bars)
    figure.update_layout(
        barmode="group",
        xaxis={"title": {"text": "class"}, "type": "category"},
        yaxis={"title": {"text": f"share of {findings.noun}"}, "tickformat": ".0%"},
    )
    return plot(figure, "Class shares", 300)


def _seen_in_test(findings: Findings) -> Floats:
    """Return (K,) how many test rows the blend gives to each class.

    Where probabilities are sent, these are their sums; where a label is, its counts.
    """
    assert findings.blend is not None
    if findings.problem.metric.eats == Eats.LABEL:
        labels, classes = np.asarray(findings.blend.answers()), findings.problem.classes
        return np.asarray(np.bincount(labels, minlength=len(classes)), np.float64)
    totals: Floats = np.asarray(findings.blend.test(), np.float64).sum(axis=0)
    return totals


def _bar(name: str, counts: Floats, names: list[str], noun: str) -> go.Bar:
    return go.Bar(
        name=name,
        x=names,
        y=(counts / counts.sum()).round(5).tolist(),
        customdata=counts.round().tolist(),
        hovertemplate=f"%{{x}}: %{{customdata:,}} {noun}, %{{y:.2%}}",
    )


def _histogram(findings: Findings, place: int, name: str) -> Plot:
    values = np.asarray(findings.data.truth[:, place])
    shown = [("train", values)]
    if findings.blend is not None:
        shown.append(("test, as the blend answers", findings.blend.answers()[:, place]))
    edges = np.histogram_bin_edges(values, _BINS)
    middles = ((edges[1:] + edges[:-1]) / 2).tolist()
    bars = []
    for title, each in shown:
        counts = np.histogram(np.clip(each, edges[0], edges[-1]), edges)[0]
        shares = (counts / max(len(each), 1)).round(5).tolist()
        bars.append(go.Bar(name=title, x=middles, y=shares, opacity=0.7))
    figure = go.Figure(bars)
    figure.update_layout(
        barmode="overlay",
        bargap=0.02,
        xaxis={"title": {"text": name}},
        yaxis={"title": {"text": f"share of {findings.noun}"}, "tickformat": ".0%"},
    )
    return plot(figure, f"How {name} is spread", 300)
