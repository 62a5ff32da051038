"""Answers that are labels: confusion, scores by class, the most confident mistakes."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.report.drawing.figures import Plot, boxes, plot
from app.report.drawing.matrices import confused_pairs, confusion_table, error_table
from app.report.findings import Findings
from app.report.sections.judged.parts import Parts, Worst
from app.report.sections.judged.probabilities import calibration
from app.report.sections.shown_rows import Noted, show_rows
from competition.problem.metrics.measures import confusion
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
        title, measure = "most confident mistakes", "probability"
    else:
        strength = np.abs(predictions[wrong, 0] - truth[wrong])
        title, measure = "mistakes that are furthest off", "distance of the class numbers"
    order = np.argsort(-strength, kind="stable")[:_MISTAKES]
    note = f"True label → given label · {measure}."
    noted = [
        _mistake(findings.row(place), names[truth[place]], names[labels[place]], float(size))
        for place, size in zip(wrong[order].tolist(), strength[order], strict=True)
    ]
    shown = show_rows(findings, ("true label", "given label", measure), noted)
    return Worst(f"The {len(shown)} {title}", note, shown)


def _mistake(row: int, true: str, given: str, strength: float) -> Noted:
    return Noted(
        row,
        (true, given, f"{strength:.3f}"),
        f"{true}→{given} · {strength:.3f}",
        f"true {true}, given {given} ({strength:.3f})",
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
