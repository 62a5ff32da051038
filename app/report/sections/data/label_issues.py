"""Labels that are probably wrong, by confident learning."""

from dataclasses import dataclass

import numpy as np

from app.report.findings import Findings
from app.report.sections.shown_rows import Noted, ShownRows, show_rows
from competition.problem.targets import Kind, Predictions

_SHOWN = 60


@dataclass(frozen=True)
class LabelIssue:
    """A label in doubt.

    Attributes:
        row: Number of the training row.
        given: Its label's class.
        likely: The class that the model sees.
        p_likely: Out-of-fold probability of that other class.
    """

    row: int
    given: int
    likely: int
    p_likely: float


@dataclass(frozen=True)
class Doubts:
    """What the page shows of labels in doubt.

    Attributes:
        source: Whose probabilities were asked: the blend's, or the best column's; empty where
            nothing is trained.
        count: How many labels are in doubt.
        asked: Of how many.
        shown: The least credible of them.
    """

    source: str
    count: int
    asked: int
    shown: ShownRows


def doubts_of(findings: Findings) -> Doubts | None:
    """Return the labels in doubt; None where no answer is a class probability."""
    if findings.problem.kind != Kind.CLASSES:
        return None
    if findings.blend is not None:
        source, oof = "the blend", findings.blend.oof()
    elif findings.columns:
        source, oof = findings.columns[0].pipeline, findings.columns[0].oof()
    else:
        return Doubts("", 0, 0, ShownRows())
    found = find_label_issues(findings, oof)
    noted = [_noted(findings.problem.classes, issue) for issue in found[:_SHOWN]]
    heads = ("label", "what the model sees", "probability")
    return Doubts(source, len(found), len(findings.truth), show_rows(findings, heads, noted))


def find_label_issues(findings: Findings, oof: Predictions) -> list[LabelIssue]:
    """Return the labels that confident learning doubts.

    Northcutt, Jiang and Chuang, 'Confident learning' (2021), by cleanlab: a label is doubted where
    another class's out-of-fold probability is above what this model usually gives to that class.

    Args:
        findings: Has the truth.
        oof: (s, classes) probabilities of the scored rows.

    Returns:
        The least credible first.
    """
    labels, probabilities = findings.truth, np.asarray(oof)
    if len(np.unique(labels)) < 2:  # of late rows, all may have one label
        return []

    from cleanlab import filter as confident_learning

    places = confident_learning.find_label_issues(
        labels,
        probabilities,
        filter_by="confident_learning",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    likely = probabilities.argmax(axis=1)
    return [
        LabelIssue(
            row=findings.row(place),
            given=int(labels[place]),
            likely=int(likely[place]),
            p_likely=float(probabilities[place, likely[place]]),
        )
        for place in places.tolist()
    ]


def _noted(names: tuple[str, ...], issue: LabelIssue) -> Noted:
    given, likely, sure = names[issue.given], names[issue.likely], f"{issue.p_likely:.3f}"
    return Noted(
        issue.row,
        (given, likely, sure),
        f"{given}→{likely} · {sure}",
        f"labelled {given}, {likely} at {sure}",
    )
