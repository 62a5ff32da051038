"""Which of two submissions is better, and how sure that is: paired wherever that can be."""

import math
from dataclasses import dataclass

import numpy as np

from competition.errors import PodiumError
from competition.problem.metrics.measures import Proportion, mcnemar_p_value
from competition.problem.scores import SURE, two_sided
from competition.workspace import Workspace
from submissions.checking import Checker
from submissions.tracking.scores import ScoreRow

CONTRADICTED = 3.0  # standard errors between estimate and public score


@dataclass(frozen=True)
class Combined:
    """A submission by all that is known of it.

    Attributes:
        row: The submission.
        value: Its score.
        error: Its standard error.
        both: Whether estimate and public score are in it; else only one of them.
    """

    row: ScoreRow
    value: float
    error: float
    both: bool


@dataclass(frozen=True)
class Lead:
    """One submission before another.

    Attributes:
        gap: How much better the first is, in the metric's unit; negative where it is worse.
        p_value: Two-sided, of the hypothesis that both are worth the same.
        basis: What this rests on, in words.
    """

    gap: float
    p_value: float
    basis: str

    @property
    def sure(self) -> bool:
        """Whether chance alone hardly makes such a lead."""
        return self.gap > 0 and self.p_value < SURE


def contradicted(row: ScoreRow) -> bool:
    """Tell whether a public score says that its estimate measures something else."""
    return row.difference is not None and abs(row.difference) > CONTRADICTED


def combined(row: ScoreRow) -> Combined | None:
    """Return estimate and public score in one: their mean, weighted by precision.

    Each counts by one over its squared standard error, which makes the error of the mean the
    smallest possible where both measure the same independently (the public rows are no training
    rows). An estimate that its public score contradicts by more than three standard errors
    measures something else, and is left out.

    Returns:
        None where nothing is known, or not how well.
    """
    known = []
    one = row.submission
    if one.public_score is not None and row.public_se:
        known.append((one.public_score, row.public_se))
    if one.cv_score is not None and one.cv_se and not contradicted(row):
        known.append((one.cv_score, one.cv_se))
    if not known:
        return None
    weights = [error**-2 for _, error in known]
    mean = sum(weight * value for weight, (value, _) in zip(weights, known, strict=True))
    return Combined(row, mean / sum(weights), sum(weights) ** -0.5, len(known) == 2)


def lead(best: Combined, other: Combined, workspace: Workspace) -> Lead:
    """Compare two submissions, paired wherever the same rows tell about both.

    First by what both blends answered out of fold, with the public scores. Where that is not kept,
    what two independent scores tell is less than the truth, as both err on the same rows; so
    where it does not tell them apart, the files do, if they are there: only rows on which they
    differ can be right in one alone.

    Args:
        best: A submission.
        other: One that is thought worse.
        workspace: Where files and answers are kept.
    """
    paired = _out_of_fold(best.row, other.row, workspace)
    if paired is not None:
        return paired
    alone = _unpaired(best, other, workspace)
    return alone if alone.sure else _by_files(best.row, other.row, workspace) or alone


def _out_of_fold(best: ScoreRow, other: ScoreRow, workspace: Workspace) -> Lead | None:
    """Compare what two blends answered out of fold, as if the public rows were more of these."""
    keys = other.submission.blend_key, best.submission.blend_key
    if keys[0] is None or keys[1] is None or keys[0] == keys[1]:
        return None
    from pipelines.blending.history import change

    found = change(workspace.runs / "blend", keys[0], keys[1], workspace.competition.problem)
    if found is None or found.standard_error == 0:
        return None
    basis = "paired on the out-of-fold rows of both"
    rows, public = best.submission.cv_rows, _public_gap(best, other, workspace)
    if rows is None or public is None:
        return Lead(found.gain, found.p_value, basis)
    public_gap, public_rows = public
    kept = 0 if contradicted(best) or contradicted(other) else rows
    gap = (kept * found.gain + public_rows * public_gap) / (kept + public_rows)
    if found.wins is None or found.losses is None:
        error = found.standard_error * math.sqrt(rows / (kept + public_rows))
        p_value = two_sided(gap / error)
    else:
        differing = round((found.wins + found.losses) * public_rows / rows)
        wins, losses = _split(public_gap * public_rows, differing)
        if kept:
            wins, losses = wins + found.wins, losses + found.losses
        p_value = mcnemar_p_value(wins, losses)
    return Lead(gap, p_value, f"{basis}, with the public scores")


def _by_files(best: ScoreRow, other: ScoreRow, workspace: Workspace) -> Lead | None:
    """Compare public scores, knowing on how many rows at most only one file can be right."""
    public = _public_gap(best, other, workspace)
    if public is None or not isinstance(workspace.competition.problem.metric.measure, Proportion):
        return None
    checker = Checker(workspace, None)
    try:
        first, second = (checker.answers_of(each.submission) for each in (best, other))
    except PodiumError:  # there is no sample to read them by
        return None
    if first is None or second is None:
        return None
    gap, rows = public
    differing = int(np.sum(first != second))
    wins, losses = _split(gap * rows, min(differing, rows))
    basis = f"by the public scores, as the files differ on {differing:,} rows"
    return Lead(gap, mcnemar_p_value(wins, losses), basis)


def _unpaired(best: Combined, other: Combined, workspace: Workspace) -> Lead:
    """Compare two scores as if they were taken on different rows."""
    gap = best.value - other.value
    if not workspace.competition.problem.greater_is_better:
        gap = -gap
    p_value = two_sided(gap / math.hypot(best.error, other.error))
    return Lead(gap, p_value, "not paired, as the out-of-fold rows of both are not kept")


def _public_gap(best: ScoreRow, other: ScoreRow, workspace: Workspace) -> tuple[float, int] | None:
    """Return how much better one public score is, and on how many rows; None where unknown."""
    first, second = best.submission.public_score, other.submission.public_score
    if first is None or second is None or best.public_rows is None:
        return None
    if best.public_rows != other.public_rows:
        return None
    gap = first - second
    return (gap if workspace.competition.problem.greater_is_better else -gap), best.public_rows


def _split(net: float, differing: int) -> tuple[int, int]:
    """Return how many rows each is right on alone, of so many, if one is right on `net` more."""
    more = round(net)
    differing = max(differing, abs(more))
    differing += (differing - more) % 2
    return (differing + more) // 2, (differing - more) // 2
