"""Labels that are probably wrong, by confident learning."""

from dataclasses import dataclass

import numpy as np

from app.report.findings import Findings
from competition.problem.targets import Kind


@dataclass(frozen=True)
class LabelIssue:
    """A label in doubt.

    Attributes:
        row: Of the training image.
        given: Its label's class.
        likely: The class that the model sees.
        p_given: Out-of-fold probability of the label.
        p_likely: Out-of-fold probability of that other class.
    """

    row: int
    given: int
    likely: int
    p_given: float
    p_likely: float


@dataclass(frozen=True)
class LabelIssues:
    """The labels in doubt, and who doubts them.

    Attributes:
        source: Whose probabilities were asked: the blend's, or the best column's.
        found: The least credible first.
    """

    source: str
    found: list[LabelIssue]


def find_label_issues(findings: Findings) -> LabelIssues | None:
    """Return the labels that confident learning doubts.

    Northcutt, Jiang and Chuang, 'Confident learning' (2021), by cleanlab: a label is doubted where
    another class's out-of-fold probability is above what this model usually gives to that class.

    Returns:
        None where there are no class probabilities: nothing has been trained, or the truth is
        ordered or a number.
    """
    if findings.problem.kind != Kind.CLASSES:
        return None
    if findings.blend is not None:
        source, oof = "the blend", findings.blend.oof()
    elif findings.columns:
        source, oof = findings.columns[0].pipeline, findings.columns[0].oof()
    else:
        return None

    from cleanlab import filter as confident_learning

    labels, probabilities = findings.truth, np.asarray(oof)
    rows = confident_learning.find_label_issues(
        labels,
        probabilities,
        filter_by="confident_learning",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    likely = probabilities.argmax(axis=1)
    return LabelIssues(
        source,
        [
            LabelIssue(
                row=int(row),
                given=int(labels[row]),
                likely=int(likely[row]),
                p_given=float(probabilities[row, labels[row]]),
                p_likely=float(probabilities[row, likely[row]]),
            )
            for row in rows
        ],
    )
