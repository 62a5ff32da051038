"""Plotly's figures for the page: one look, in a light and a dark version."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

# Ends and middle of a scale whose every colour stands out from a light and from a dark page.
_SCALE = [[0.0, "rgb(76,127,217)"], [0.5, "rgb(165,95,192)"], [1.0, "rgb(208,102,30)"]]
_COLOURS = ["#4c7fd9", "#d0661e", "#1f9470", "#a55fc0", "#b8860b", "#d1477a"]
_BOX = (0.05, 0.25, 0.5, 0.75, 0.95)  # quantiles at a box's ends, and in it
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'


@dataclass(frozen=True)
class Plot:
    """A figure that answers to the mouse.

    Attributes:
        spec: Plotly's JSON, in which `<` never stands.
        title: What it shows.
        height: In pixels.
        width: Pixels that it needs at least; 0 where half the page will do.
    """

    spec: str
    title: str
    height: int
    width: int


def plot(figure: go.Figure, title: str, height: int = 320, width: int = 0) -> Plot:
    """Return a figure without a look of its own: the page gives it that of its theme."""
    figure.update_layout(template=None, title=None, height=None, width=None, autosize=True)
    return Plot(str(figure.to_json()), title, height, width)


def boxes(names: list[str], groups: list[npt.NDArray[Any]]) -> go.Box:
    """Return a box for each group of values (n,): its quarters, and 90% of them."""
    quantiles = [np.quantile(group, _BOX).tolist() for group in groups]
    low, first, middle, third, high = zip(*quantiles, strict=True)
    return go.Box(x=names, lowerfence=low, q1=first, median=middle, q3=third, upperfence=high)


def recoloured(figure: go.Figure) -> go.Figure:
    """Give what Optuna draws in pale and dark blues colours that stand out in both themes."""
    for trace in figure.select_traces({"type": "scatter"}):
        if trace.mode == "lines" and trace.opacity is not None:  # a trial's parallel coordinates
            trace.line.color = sample_colorscale(_SCALE, trace.y[0])[0]
        elif trace.marker.colorscale is not None:
            trace.marker.colorscale = _SCALE
            trace.marker.line.width = 0
            trace.marker.colorbar.update(thickness=12, outlinewidth=0, x=1.02, xpad=0)
    figure.update_layout(plot_bgcolor=None)
    figure.update_xaxes(nticks=5, exponentformat="e")
    figure.update_xaxes(tickangle=-90, selector={"type": "category"})  # long names side by side
    figure.update_annotations(font={"color": None})
    return figure


def templates() -> dict[str, dict[str, Any]]:
    """Return Plotly's templates for the two themes."""
    return {
        "light": _template("#1d2129", "#e4e6ea", "#ffffff"),
        "dark": _template("#e6e8eb", "#343a44", "#1b1f26"),
    }


def _template(ink: str, line: str, paper: str) -> dict[str, Any]:
    axis = {
        "gridcolor": line,
        "linecolor": line,
        "zerolinecolor": line,
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": 13}},
    }
    return {
        "layout": {
            "font": {"color": ink, "family": _FONT, "size": 13},
            "colorway": _COLOURS,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 50, "r": 16, "t": 16, "b": 44},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "hoverlabel": {"bgcolor": paper, "font": {"color": ink, "family": _FONT}},
        }
    }
