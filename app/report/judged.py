"""One column or the blend, judged by its out-of-fold answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.report.data import train_picture
from app.report.figures import Plot, plot
from app.report.findings import Findings
from app.report.pictures import Picture
from pipelines.class_scores import ClassScore, class_scores
from pipelines.metrics import Labels, Probabilities, Score, standard_error

_MISTAKES = 60
_PAIRS = 12
_BINS = 15
_MATRIX = 40  # classes that a matrix shows; of more, those with the most errors

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """A cell of a matrix.

    Attributes:
        text: What stands in it.
        heat: 0 to 100: how strongly it is coloured.
        words: What it says, in full.
    """

    text: str
    heat: int
    words: str


@dataclass(frozen=True)
class Matrix:
    """A table of classes against classes.

    Attributes:
        names: Of the rows and columns.
        rows: The cells.
        left_out: Classes that are not shown.
    """

    names: list[str]
    rows: list[list[Cell]]
    left_out: int


@dataclass(frozen=True)
class Judged:
    """What the page shows of a column or the blend.

    Attributes:
        key: Names it in addresses within the page.
        name: Names it for people.
        note: What it is.
        facts: Parameters and times, as name and value.
        score: Out-of-fold score.
        errors: Rows that it misreads.
        calibration_error: Expected calibration error.
        classes: Scores by class.
        confusion: Rows by true and given class.
        error_matrix: The same without its diagonal, each row as shares of the class.
        calibration: Accuracy against confidence.
        confused: Pairs of classes that are taken for each other, most often first.
        mistakes: The most confident mistakes.
    """

    key: str
    name: str
    note: str
    facts: list[tuple[str, str]]
    score: Score
    errors: int
    calibration_error: float
    classes: list[ClassScore]
    confusion: Matrix
    error_matrix: Matrix
    calibration: Plot
    confused: list[str]
    mistakes: list[Picture]


def judge(
    findings: Findings,
    oof: Probabilities,
    name: str,
    note: str,
    score: Score,
    facts: list[tuple[str, str]],
) -> Judged:
    """Judge out-of-fold probabilities by the labels.

    Args:
        findings: Has the labels and images.
        oof: (n, n_classes) float32.
        name: Of the column's pipeline, or of the blend.
        note: What it is.
        score: Of `oof`.
        facts: What else to say of it.
    """
    from sklearn.metrics import confusion_matrix

    labels, names = np.asarray(findings.data.train_labels), findings.competition.classes
    probabilities = np.asarray(oof)
    answers = probabilities.argmax(axis=1)
    counts: Counts = confusion_matrix(labels, answers, labels=np.arange(len(names)))
    calibration, error = _calibration(probabilities, labels)
    return Judged(
        key=name,
        name=name,
        note=note,
        facts=facts,
        score=score,
        errors=int(np.sum(answers != labels)),
        calibration_error=error,
        classes=class_scores(probabilities, labels, names),
        confusion=_confusion(counts, names),
        error_matrix=_error_matrix(counts, names),
        calibration=calibration,
        confused=_confused(counts, names),
        mistakes=_mistakes(findings, probabilities, labels),
    )


def _confusion(counts: Counts, names: tuple[str, ...]) -> Matrix:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # By the square root, a handful of errors shows beside thousands of hits.
    return _matrix(
        counts, names, np.sqrt(shares), lambda t, g: f"{counts[t, g]:,}" if counts[t, g] else ""
    )


def _error_matrix(counts: Counts, names: tuple[str, ...]) -> Matrix:
    wrong = counts.astype(np.float64)
    np.fill_diagonal(wrong, 0)
    shares = wrong / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    heat = shares / max(float(shares.max()), 1e-12)
    return _matrix(counts, names, heat, lambda t, g: f"{shares[t, g]:.2%}" if t != g else "")


def _matrix(
    counts: Counts,
    names: tuple[str, ...],
    heat: npt.NDArray[np.float64],
    text: Callable[[int, int], str],
) -> Matrix:
    errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    shown = np.sort(np.argsort(-errors, kind="stable")[:_MATRIX]).tolist()
    rows = [
        [
            Cell(
                text(true, given) if counts[true, given] else "",
                round(100 * float(heat[true, given])),
                f"true {names[true]}, given {names[given]}: {counts[true, given]:,} rows",
            )
            for given in shown
        ]
        for true in shown
    ]
    return Matrix([names[index] for index in shown], rows, len(names) - len(shown))


def _confused(counts: Counts, names: tuple[str, ...]) -> list[str]:
    both = counts + counts.T
    pairs = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names)) if both[a, b]]
    pairs.sort(key=lambda pair: both[pair], reverse=True)
    return [
        f"{names[a]}/{names[b]}: {both[a, b]} ({names[a]} read as {names[b]} {counts[a, b]}, "
        f"{names[b]} as {names[a]} {counts[b, a]})"
        for a, b in pairs[:_PAIRS]
    ]


def _calibration(probabilities: Probabilities, labels: Labels) -> tuple[Plot, float]:
    """Return accuracy against confidence, and the expected calibration error.

    Guo et al., 'On calibration of modern neural networks' (2017), with equal bins between the
    least confidence possible and 1.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(1 / probabilities.shape[1], 1, _BINS + 1)
    bins = np.clip(np.digitize(confidence, edges) - 1, 0, _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    used = np.flatnonzero(counts)
    mean = np.bincount(bins, confidence, _BINS)[used] / counts[used]
    accuracy = np.bincount(bins, right, _BINS)[used] / counts[used]
    error = float(np.sum(counts[used] * np.abs(mean - accuracy)) / len(labels))
    bars = [
        standard_error(float(value), int(rows))
        for value, rows in zip(accuracy, counts[used], strict=True)
    ]
    low = float(edges[0])
    ideal = go.Scatter(x=[low, 1], y=[low, 1], mode="lines", name="perfectly calibrated")
    ideal.update(line={"dash": "dot", "width": 1.5}, hoverinfo="skip")
    found = go.Scatter(
        x=mean.round(4).tolist(),
        y=accuracy.round(4).tolist(),
        error_y={"array": bars, "thickness": 1},
        customdata=counts[used].tolist(),
        mode="lines+markers",
        name="accuracy of the rows this confident",
        hovertemplate="confidence %{x:.3f}: accuracy %{y:.3f} of %{customdata:,} rows",
    )
    figure = go.Figure([found, ideal])
    figure.update_layout(
        xaxis={"title": {"text": "confidence"}, "range": [low - 0.02, 1.02]},
        yaxis={"title": {"text": "accuracy"}, "range": [-0.02, 1.05]},
    )
    return plot(figure, "Calibration"), error


def _mistakes(findings: Findings, probabilities: Probabilities, labels: Labels) -> list[Picture]:
    names = findings.competition.classes
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(answers != labels)
    first = wrong[np.argsort(-confidence[wrong], kind="stable")][:_MISTAKES]
    return [
        train_picture(
            findings,
            int(row),
            f"true {names[labels[row]]}",
            f"given {names[answers[row]]} with probability {confidence[row]:.3f}",
            names[labels[row]],
            names[answers[row]],
        )
        for row in first
    ]
