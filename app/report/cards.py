"""The figures at the top of the page, and how its figures are written."""

from dataclasses import dataclass

from app.report.findings import Findings
from app.report.sections.leaderboard import LeaderboardSection
from competition.problem.scores import SURE, decimals, with_error
from competition.verbs import step


@dataclass(frozen=True)
class Card:
    """A figure at the top of the page.

    Attributes:
        title: What it is.
        value: The figure, or a dash.
        note: What to know of it, or what to run.
    """

    title: str
    value: str
    note: str


def summary_cards(findings: Findings, board: LeaderboardSection | None) -> list[Card]:
    """Return the best single column, the blend, the public score and the place."""
    single = Card("Best single", "–", f"nothing is tuned yet: {step('tune')}")
    if findings.columns:
        best = findings.columns[0]
        single = Card("Best single", str(best.score), best.pipeline)
    mixed = Card("Blend", "–", f"nothing is blended yet: {step('blend')}")
    if (blend := findings.blend) is not None:
        unsure = "" if blend.p_value < SURE else ", not yet a gain"
        gain = signed(blend.gain, blend.score.value)
        note = f"{gain} on the best single (p {p_value(blend.p_value)}{unsure})"
        mixed = Card("Blend", str(blend.score), note)
    public = Card("Public score", "–", f"nothing is scored yet: {step('submit')}")
    place = Card("Place", "–", f"the leaderboard was not seen yet: {step('scores')}")
    if board is not None and (row := board.best) is not None:
        note = ""
        if row.difference is not None:
            note = f"{row.difference:+.1f} standard errors from its estimate"
        public = Card("Public score", with_error(row.submission.public_score, row.public_se), note)
        if row.place is not None:
            ahead = f"ahead of {row.percentile:.0f}% of {board.seen}"
            place = Card("Place", f"{row.place:,}", ahead)
    return [single, mixed, public, place]


def signed(difference: float, value: float) -> str:
    """Return a difference of scores with its sign, to the decimals of a score of this size."""
    return f"{difference:+,.{decimals(value)}f}"


def p_value(value: float) -> str:
    """Return `< 0.001`, or `= 0.034`."""
    return "< 0.001" if value < 0.001 else f"= {value:.2g}"
