"""What the scores say, in sentences: which submission is best, what to doubt, what was a gain."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from competition.settings import runs_folder

from competition.spec import Competition
from submissions.tracking.scores import ScoreRow, ScoreTable, named

DOUBTFUL = 2.0
CONTRADICTED = 3.0
_SURE = 0.05


@dataclass(frozen=True)
class Combined:
    """A submission by all that is known of it.

    Attributes:
        row: The submission.
        value: Its accuracy.
        error: Its standard error.
        both: Whether estimate and public score are in it; else only one of them.
    """

    row: ScoreRow
    value: float
    error: float
    both: bool


def combined(row: ScoreRow) -> Combined | None:
    """Return estimate and public score in one: their mean, weighted by precision.

    Each counts by one over its squared standard error, which makes the error of the mean the
    smallest possible where both measure the same accuracy independently (the public rows are no
    training rows). An estimate that its public score contradicts by more than three standard
    errors measures something else, and is left out.

    Returns:
        None where nothing is known, or not how well.
    """
    known = []
    one = row.submission
    if one.public_score is not None and row.public_se:
        known.append((one.public_score, row.public_se))
    contradicted = row.difference is not None and abs(row.difference) > CONTRADICTED
    if one.cv_score is not None and one.cv_se and not contradicted:
        known.append((one.cv_score, one.cv_se))
    if not known:
        return None
    weights = [error**-2 for _, error in known]
    mean = sum(weight * value for weight, (value, _) in zip(weights, known, strict=True))
    return Combined(row, mean / sum(weights), sum(weights) ** -0.5, len(known) == 2)


def verdicts(table: ScoreTable, competition: Competition) -> list[str]:
    """Return what the table says, a sentence or two each; nothing where nothing is scored."""
    rows = [row for row in table.rows if row.submission.public_score is not None]
    said = (_best(rows), _agreement(rows), _last_change(table.rows, competition))
    return [each for each in said if each]


def _best(rows: Sequence[ScoreRow]) -> str | None:
    found = sorted(filter(None, map(combined, rows)), key=lambda each: each.value, reverse=True)
    if not found:
        return None
    best, *others = found
    by = "estimate and public score together" if best.both else "public score alone"
    text = f"Best by {by}: {named(best.row)}, {best.value:.4f} ± {best.error:.4f}."
    other = next((each for each in others if not _same_content(each.row, best.row)), None)
    if other is None:
        return text
    gap = best.value - other.value
    errors = gap / math.hypot(best.error, other.error)
    sure = "a clear lead" if errors > DOUBTFUL else "too close to tell apart"
    return (
        f"{text} The next, {named(other.row)}, is {gap:.4f} behind, {errors:.1f} standard errors: "
        f"{sure}."
    )


def _agreement(rows: Sequence[ScoreRow]) -> str | None:
    """Say whether public scores contradict estimates."""
    judged = [row for row in rows if row.difference is not None]
    if not judged:
        return None
    worst = max(judged, key=lambda row: abs(_gap(row)))
    gap = _gap(worst)
    beyond = sum(abs(_gap(row)) > DOUBTFUL for row in judged)
    if not beyond:
        return (
            f"The public scores agree with the estimates: none of {len(judged)} is more than "
            f"{DOUBTFUL:.0f} standard errors away."
        )
    where = "above" if gap > 0 else "below"
    text = f"{named(worst)} scored {abs(gap):.1f} standard errors {where} its estimate"
    # Of many submissions one is far off by chance, so the worst is judged as the worst of all.
    by_chance = len(judged) * math.erfc(abs(gap) / math.sqrt(2))
    if abs(gap) <= CONTRADICTED or by_chance > _SURE:
        return (
            f"{text}: worth a doubt, no more ({beyond} of {len(judged)} beyond {DOUBTFUL:.0f}; "
            "chance alone puts 1 in 20 there)."
        )
    if gap < 0:
        return (
            f"{text}, which contradicts it: the folds leak what they are scored on, or the test "
            "rows are of another kind than the training rows."
        )
    return (
        f"{text}, which contradicts it: the test rows are easier than the training rows, or the "
        "file answers with what it should not know."
    )


def _last_change(rows: Sequence[ScoreRow], competition: Competition) -> str | None:
    """Say whether the last blend submitted is a real gain on the one before."""
    blends: dict[str, ScoreRow] = {}
    for row in rows:
        key = row.submission.blend_key
        if key is not None and row.submission.ref is not None:
            blends.setdefault(key, row)
    if len(blends) < 2:
        return None
    # numpy and its tests are imported for two blends, and not to show a table.
    from pipelines.blending.history import change

    (later, new), (earlier, old) = list(blends.items())[:2]
    step = f"from {named(old)} to {named(new)}"
    found = change(runs_folder(competition) / "blend", earlier, later)
    if found is None:
        return (
            f"Whether the change {step} was a gain cannot be tested: the out-of-fold rows of both "
            "are not kept, or are of other data."
        )
    sure = found.p_value < _SURE
    word = ("a real gain" if found.gain > 0 else "a real loss") if sure else "not yet a gain"
    if not sure and found.gain < 0:
        word = "no gain"
    return (
        f"The last change, {step}: {found.gain:+.4f} on the training rows out of fold (right alone "
        f"on {found.wins}, wrong alone on {found.losses}; McNemar's p = {found.p_value:.2g}): "
        f"{word}."
    )


def _gap(row: ScoreRow) -> float:
    return row.difference or 0.0


def _same_content(one: ScoreRow, other: ScoreRow) -> bool:
    fingerprint = one.submission.fingerprint
    return fingerprint is not None and fingerprint == other.submission.fingerprint
