"""Answers that are labels: confusion, scores by class, the most confident mistakes."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.report.drawing.figures import Plot, boxes, plot
from app.report.drawing.matrices import confused_pairs, confusion_table, error_table
from app.report.drawing.pictures import Picture, png_uri
from app.report.findings import Findings
from app.report.sections.judged.parts import Parts, Worst
from app.report.sections.judged.probabilities import calibration
from competition.problem.measures import confusion
from competition.problem.targets import Answers, Kind, Predictions
from pipelines.class_scores import class_scores

_MISTAKES = 60


def judge_labels(
    findings: Findings,
    predictions: Predictions,
    labels: Answers,
    ranking: Answers | None = None,
) -> Parts:
    """Judge labels (n,); of a ranking (n, m), `labels` are its first."""
    truth, names = findings.truth, findings.problem.classes
    counts = confusion(truth, labels, len(names))
    errors = int(np.sum(labels != truth))
    parts = Parts(
        worst=_mistakes(findings, predictions, labels),
        errors=errors,
        figures=[("errors", f"{errors:,}")],
        confusion=confusion_table(counts, names),
        error_matrix=error_table(counts, names),
        classes=class_scores(labels, truth, names),
        confused=confused_pairs(counts, names),
    )
    if ranking is not None:
        parts.plots.append(_places(truth, ranking))
    if findings.problem.kind == Kind.CLASSES:
        shown, error = calibration(predictions, truth)
        parts.plots.append(shown)
        parts.figures.append(("calibration error", f"{error:.4f}"))
    else:
        parts.plots.append(_class_numbers(predictions, truth, names))
    return parts


def _mistakes(findings: Findings, predictions: Predictions, labels: Answers) -> Worst:
    truth, names = findings.truth, findings.problem.classes
    wrong = np.flatnonzero(labels != truth)
    if findings.problem.kind == Kind.CLASSES:
        strength = predictions[wrong, labels[wrong]]
        title, note = "most confident mistakes", "True label → given label · probability."
    else:
        strength = np.abs(predictions[wrong, 0] - truth[wrong])
        title = "mistakes that are furthest off"
        note = "True label → given label · distance of the class numbers."
    order = np.argsort(-strength, kind="stable")[:_MISTAKES]
    pictures = [
        _mistake(findings, row, names[truth[row]], names[labels[row]], float(strength[place]))
        for place, row in zip(order.tolist(), wrong[order].tolist(), strict=True)
    ]
    return Worst(f"The {len(pictures)} {title}", note, pictures)


def _mistake(findings: Findings, row: int, true: str, given: str, strength: float) -> Picture:
    return Picture(
        png_uri(findings.data.train[row]),
        f"Training image in row {row}: true {true}, given {given} ({strength:.3f})",
        f"{true}→{given} · {strength:.3f}\nrow {row}",
        marked=True,
    )


def _places(truth: npt.NDArray[np.int64], ranking: Answers) -> Plot:
    hits = ranking == truth[:, None]
    shares = [*hits.mean(axis=0).round(5).tolist(), round(float(1 - hits.any(axis=1).mean()), 5)]
    names = [*map(str, range(1, ranking.shape[1] + 1)), "not there"]
    figure = go.Figure(go.Bar(x=names, y=shares, hovertemplate="%{x}: %{y:.2%}"))
    figure.update_layout(
        xaxis={"title": {"text": "place of the true class"}, "type": "category"},
        yaxis={"title": {"text": "share of rows"}, "tickformat": ".0%"},
    )
    return plot(figure, "Where the true class stands")


def _class_numbers(
    predictions: Predictions, truth: npt.NDArray[np.int64], names: tuple[str, ...]
) -> Plot:
    """Draw how the expected class numbers of each true class are spread."""
    there = np.unique(truth).tolist()
    spread = [predictions[truth == each, 0] for each in there]
    figure = go.Figure(boxes([names[each] for each in there], spread))
    figure.update_layout(
        xaxis={"title": {"text": "true class"}, "type": "category"},
        yaxis={"title": {"text": "expected class number"}},
    )
    return plot(figure, "Expected class numbers: quarters, and 90% of the rows")
