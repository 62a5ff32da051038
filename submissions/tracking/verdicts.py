"""What the scores say, in sentences: which submission is best, what to doubt, what was a gain."""

from collections.abc import Sequence

from competition.problem.scores import SURE, decimals, two_sided, with_error
from competition.workspace import Workspace
from submissions.tracking.comparison import CONTRADICTED, Combined, combined, lead
from submissions.tracking.scores import ScoreRow, ScoreTable

DOUBTFUL = 2.0  # standard errors


def verdicts(table: ScoreTable, workspace: Workspace) -> list[str]:
    """Return what the table says, a sentence or two each; nothing where nothing is scored."""
    rows = [row for row in table.rows if row.submission.public_score is not None]
    said = (_best(rows, workspace), _agreement(rows), _last_change(table.rows, workspace))
    return [each for each in said if each]


def _best(rows: Sequence[ScoreRow], workspace: Workspace) -> str | None:
    if not rows:
        return None
    found = [each for each in map(combined, rows) if each is not None]
    if not found:
        best_row = next((row for row in rows if row.best), rows[0])
        score = with_error(best_row.submission.public_score, None)
        text = f"Best by public score: {best_row.named}, {score}; how sure that is, is not known"
        known = workspace.competition
        if known.public_share is not None or known.notebooks_only:
            return f"{text}."
        return f"{text} without public_share in its TOML file (the leaderboard's page says it)."
    greater = workspace.competition.problem.greater_is_better
    best, *others = sorted(found, key=lambda each: each.value, reverse=greater)
    text = f"Best by {_source(best)}: {best.row.named}, {with_error(best.value, best.error)}."
    other = next((each for each in others if not _same_content(each.row, best.row)), None)
    if other is None:
        return text
    ahead = lead(best, other, workspace)
    said = "a clear lead" if ahead.sure else "too close to tell apart"
    where = f"{_shown(abs(ahead.gap), best.value)} {'behind' if ahead.gap >= 0 else 'ahead'}"
    return (
        f"{text} The next, {other.row.named}, is {where}: {said} "
        f"(p = {ahead.p_value:.2g}, {ahead.basis})."
    )


def _source(best: Combined) -> str:
    if best.both:
        return "estimate and public score together"
    return "public score alone" if best.row.public_se else "estimate alone"


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
    than = "better" if gap > 0 else "worse"
    text = f"{worst.named} scored {abs(gap):.1f} standard errors {than} than its estimate"
    # Of many submissions one is far off by chance, so the worst is judged as the worst of all.
    if abs(gap) <= CONTRADICTED or len(judged) * two_sided(gap) > SURE:
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


def _last_change(rows: Sequence[ScoreRow], workspace: Workspace) -> str | None:
    """Say whether the last blend submitted is a real gain on the one before."""
    blends: dict[str, ScoreRow] = {}
    for row in rows:
        key = row.submission.blend_key
        if key is not None and row.submission.ref is not None:
            blends.setdefault(key, row)
    if len(blends) < 2:
        return None
    from pipelines.blending.history import change  # two blends are compared: not for every table

    (later, new), (earlier, old) = list(blends.items())[:2]
    step = f"from {old.named} to {new.named}"
    found = change(workspace.runs / "blend", earlier, later, workspace.competition.problem)
    if found is None:
        return (
            f"Whether the change {step} was a gain cannot be tested: the out-of-fold rows of both "
            "are not kept, or are of other data."
        )
    word = "a real gain" if found.gain > 0 else "a real loss"
    if not found.sure:
        word = "not yet a gain" if found.gain >= 0 else "no gain"
    size = new.submission.cv_score or found.gain
    how = f"{_shown(abs(found.gain), size)} {'better' if found.gain >= 0 else 'worse'}"
    if found.wins is None:
        test = f"standard error {_shown(found.standard_error, size)}, p = {found.p_value:.2g}"
    else:
        test = (
            f"right alone on {found.wins}, wrong alone on {found.losses}; McNemar's "
            f"p = {found.p_value:.2g}"
        )
    return f"The last change, {step}: {how} on the training rows out of fold ({test}): {word}."


def _shown(value: float, like: float) -> str:
    """Return a difference with as many decimals as a score of that size has."""
    return f"{value:,.{decimals(like)}f}"


def _gap(row: ScoreRow) -> float:
    return row.difference or 0.0


def _same_content(one: ScoreRow, other: ScoreRow) -> bool:
    fingerprint = one.submission.fingerprint
    return fingerprint is not None and fingerprint == other.submission.fingerprint
