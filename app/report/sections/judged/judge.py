"""One column or the blend, judged by its out-of-fold answers."""

from dataclasses import dataclass

import numpy as np

from app.report.findings import Findings
from app.report.sections.judged.labels import judge_labels
from app.report.sections.judged.numbers import judge_numbers
from app.report.sections.judged.parts import Parts
from app.report.sections.judged.probabilities import judge_probabilities
from competition.problem.scores import Score
from competition.problem.targets import Answers, Eats, Kind, Predictions


@dataclass(frozen=True)
class Judged:
    """What the page shows of a column or the blend.

    Attributes:
        name: Of the column's pipeline, or `blend`; it names it in addresses within the page too.
        column: The column's key; empty for the blend.
        note: What it is.
        facts: Parameters and times, as name and value.
        score: Out-of-fold score.
        parts: What there is to show of its answers.
    """

    name: str
    column: str
    note: str
    facts: list[tuple[str, str]]
    score: Score
    parts: Parts


def judge(findings: Findings, predictions: Predictions, answers: Answers) -> Parts:
    """Judge out-of-fold predictions, and the answers that were made of them, by the truth.

    Args:
        findings: Has the truth and the rows.
        predictions: (n, k) float32.
        answers: In the form in which they are sent; their decision was learnt on other folds.
    """
    problem, predictions, answers = findings.problem, np.asarray(predictions), np.asarray(answers)
    if problem.kind == Kind.NUMBERS:
        return judge_numbers(findings, answers)
    match problem.metric.eats:
        case Eats.LABEL:
            return judge_labels(findings, predictions, answers)
        case Eats.RANKING:
            return judge_labels(findings, predictions, answers[:, 0], answers)
    return judge_probabilities(findings, predictions)
