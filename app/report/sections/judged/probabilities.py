"""Answers that are probabilities: calibration, the ROC curve, the rows that cost most."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.report.drawing.figures import Plot, plot
from app.report.findings import Findings
from app.report.sections.judged.parts import Parts, Worst
from app.report.sections.shown_rows import Noted, show_rows
from competition.problem.metrics.measures import binomial_error
from competition.problem.metrics.row_losses import log_losses
from competition.problem.targets import Predictions

_COSTLIEST = 60
_BINS = 15
_CURVE_POINTS = 400

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def judge_probabilities(findings: Findings, predictions: Predictions) -> Parts:
    """Judge probabilities (n, classes), of all classes or of the positive one alone."""
    truth, problem = findings.truth, findings.problem
    parts = Parts(worst=_costliest(findings, predictions))
    if problem.positive is None:
        shown, error = calibration(predictions, truth)
        parts.plots += [shown, _loss_by_class(findings, predictions)]
    else:
        positive = truth == problem.positive
        of_positive = predictions[:, problem.positive].astype(np.float64)
        shown, error = _reliability(
            of_positive,
            positive,
            0.0,
            ("probability", f"share of {problem.classes[problem.positive]}"),
        )
        parts.plots += [_roc(of_positive, positive), shown]
    parts.figures.append(("calibration error", f"{error:.4f}"))
    return parts


def calibration(probabilities: Predictions, truth: Labels) -> tuple[Plot, float]:
    """Return how often the most probable class is right, against its probability, and the error.

    Guo et al., 'On calibration of modern neural networks' (2017), with equal bins between the
    least confidence possible and 1.

    Args:
        probabilities: (n, classes).
        truth: (n,) class indices.

    Returns:
        The figure, and the expected calibration error.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == truth
    return _reliability(confidence, right, 1 / probabilities.shape[1], ("confidence", "accuracy"))


def _reliability(
    expected: Floats, happened: npt.NDArray[np.bool_], low: float, names: Sequence[str]
) -> tuple[Plot, float]:
    """Draw how often something happened against how probable it was called."""
    edges = np.linspace(low, 1, _BINS + 1)
    bins = np.clip(np.digitize(expected, edges) - 1, 0, _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    used = np.flatnonzero(counts)
    mean = np.bincount(bins, expected, _BINS)[used] / counts[used]
    share = np.bincount(bins, happened, _BINS)[used] / counts[used]
    error = float(np.sum(counts[used] * np.abs(mean - share)) / len(expected))
    bars = [
        binomial_error(float(value), int(rows))
        for value, rows in zip(share, counts[used], strict=True)
    ]
    ideal = go.Scatter(x=[low, 1], y=[low, 1], mode="lines", name="perfectly calibrated")
    ideal.update(line={"dash": "dot", "width": 1.5}, hoverinfo="skip")
    found = go.Scatter(
        x=mean.round(4).tolist(),
        y=share.round(4).tolist(),
        error_y={"array": bars, "thickness": 1},
        customdata=counts[used].tolist(),
        mode="lines+markers",
        name=f"{names[1]} of the rows with this {names[0]}",
        hovertemplate=f"{names[0]} %{{x:.3f}}: {names[1]} %{{y:.3f}} of %{{customdata:,}} rows",
    )
    figure = go.Figure([found, ideal])
    figure.update_layout(
        xaxis={"title": {"text": names[0]}, "range": [low - 0.02, 1.02]},
        yaxis={"title": {"text": names[1]}, "range": [-0.02, 1.05]},
    )
    return plot(figure, "Calibration"), error


def _roc(of_positive: Floats, positive: npt.NDArray[np.bool_]) -> Plot:
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(positive, of_positive)
    kept = np.unique(np.linspace(0, len(false) - 1, _CURVE_POINTS).astype(int))
    curve = go.Scatter(
        x=false[kept].round(5).tolist(),
        y=true[kept].round(5).tolist(),
        mode="lines",
        name="out of fold",
        hovertemplate="%{x:.2%} false alarms: %{y:.2%} found",
    )
    chance = go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name="chance", hoverinfo="skip")
    chance.update(line={"dash": "dot", "width": 1.5})
    figure = go.Figure([curve, chance])
    figure.update_layout(
        xaxis={"title": {"text": "false alarms"}, "tickformat": ".0%", "range": [-0.02, 1.02]},
        yaxis={"title": {"text": "found"}, "tickformat": ".0%", "range": [-0.02, 1.02]},
    )
    return plot(figure, "ROC curve")


def _loss_by_class(findings: Findings, predictions: Predictions) -> Plot:
    losses, truth = log_losses(findings.truth, predictions), findings.truth
    counts = np.bincount(truth, minlength=len(findings.problem.classes))
    means = np.bincount(truth, losses, len(counts)) / np.maximum(counts, 1)
    bars = go.Bar(
        x=list(findings.problem.classes),
        y=means.round(5).tolist(),
        customdata=counts.tolist(),
        hovertemplate="%{x}: %{y:.4f}, of %{customdata:,} rows",
    )
    figure = go.Figure(bars)
    figure.update_layout(
        xaxis={"title": {"text": "class"}, "type": "category"},
        yaxis={"title": {"text": "mean log loss"}},
    )
    return plot(figure, "Log loss by class")


def _costliest(findings: Findings, predictions: Predictions) -> Worst:
    truth, names = findings.truth, findings.problem.classes
    of_truth = predictions[np.arange(len(truth)), truth]
    noted = []
    for place in np.argsort(of_truth, kind="stable")[:_COSTLIEST].tolist():
        true, got = names[truth[place]], f"{of_truth[place]:.3f}"
        words = f"true {true}, which got {got}"
        noted.append(Noted(findings.row(place), (true, got), f"{true} · {got}", words))
    shown = show_rows(findings, ("true label", "its probability"), noted)
    title = f"The {len(shown)} rows furthest from their truth"
    return Worst(title, "True label · its probability.", shown)
