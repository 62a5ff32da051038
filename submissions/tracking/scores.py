"""Every submission beside its estimate: does the leaderboard say what the folds said?"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from competition.settings import database_url

from competition.database import missing_file
from competition.kaggle.client import KaggleClient, KaggleError
from competition.spec import Competition
from submissions.ledger.ledger import Ledger, default_endpoint
from submissions.ledger.tables import State, Submission
from submissions.progress import Progress
from submissions.tracking.leaderboard import Leaderboard, keep, last_leaderboard, seen_leaderboard

# Kaggle's page of digit-recognizer: the public score is taken on about 25% of the test rows.
PUBLIC_SHARE = 0.25
# A leaderboard takes a call for every hundred teams: one that is younger is not asked for again
# only because some score is pending.
_FRESH = timedelta(minutes=10)

FACTS = (
    "ref",
    "sha256",
    "file",
    "message",
    "created",
    "status",
    "cv_score",
    "cv_se",
    "public_score",
    "private_score",
    "public_se",
    "difference",
    "blend",
    "error",
    "endpoint",
    "place",
    "percentile",
)


@dataclass(frozen=True)
class ScoreRow:
    """One line of the table.

    Attributes:
        submission: The ledger's row.
        public_rows: Test rows that the public score is taken on; None where nobody knows.
        public_se: The public score's sampling error, from `sampling_error`.
        difference: Public score less estimate, in standard errors of that difference.
        best: Whether no other scored submission is better: by public score, then by estimate.
        place: On the public leaderboard as it was last seen, from 1; None where it never was.
        percentile: How many of 100 other teams stand behind that place.
    """

    submission: Submission
    public_rows: int | None
    public_se: float | None
    difference: float | None
    best: bool = False
    place: int | None = None
    percentile: float | None = None

    def facts(self) -> dict[str, Any]:
        """Return what programs read: plain values, times in ISO 8601 (UTC), None for unknown."""
        one = self.submission
        values = (
            one.ref,
            one.sha256,
            one.file,
            one.message,
            one.created.astimezone(UTC).isoformat(timespec="seconds"),
            one.shown_status,
            one.cv_score,
            one.cv_se,
            one.public_score,
            one.private_score,
            self.public_se,
            self.difference,
            one.blend_name,
            one.error,
            one.endpoint,
            self.place,
            None if self.percentile is None else round(self.percentile, 2),
        )
        return dict(zip(FACTS, values, strict=True))


@dataclass(frozen=True)
class ScoreTable:
    """All submissions of a competition to one server, newest first.

    Attributes:
        rows: The lines.
        endpoint: The server.
        elsewhere: How many submissions went to each other server; they are not mixed in.
        trouble: Why Kaggle could not be asked though it was to be; None where all went well.
        leaderboard: The last that was seen of it; None where it never was.
        leaderboard_trouble: Why it is not today's though it was to be.
    """

    rows: tuple[ScoreRow, ...]
    endpoint: str
    elsewhere: dict[str, int]
    trouble: str | None = None
    leaderboard: Leaderboard | None = None
    leaderboard_trouble: str | None = None


def score_table(
    competition: Competition,
    *,
    endpoint: str | None = None,
    refresh: bool = False,
    offline: bool = False,
    connect: Callable[[Competition], KaggleClient] = KaggleClient,
    progress: Progress | None = None,
) -> ScoreTable:
    """Return the table, with the pending scores completed where Kaggle answers.

    Kaggle is asked only where something is pending or in doubt, or by `refresh`; then submissions
    that were made elsewhere, such as on the web page, join the ledger, and the public leaderboard
    is read and kept, so that places show later without asking.

    Args:
        competition: Whose submissions.
        endpoint: The server; `KAGGLE_ENDPOINT` or Kaggle where none is given.
        refresh: Ask Kaggle in any case.
        offline: Ask it in no case.
        connect: Makes the door to Kaggle when it is needed.
        progress: Hears when Kaggle is asked.

    Raises:
        PodiumError: the database fails.
    """
    if missing_file(database_url(competition)) and not refresh:
        return ScoreTable((), endpoint or default_endpoint(), {})
    ledger = Ledger.open(competition, endpoint)
    submissions = ledger.submissions()
    leaderboard = last_leaderboard(competition, ledger.endpoint)
    trouble = leaderboard_trouble = None
    asked = refresh or any(one.pending or one.state == State.SENDING for one in submissions)
    if asked and not offline:
        client, progress = connect(competition), progress or Progress()
        progress.tick("Asking Kaggle for scores")
        try:
            ledger.absorb(client.submissions())
            submissions = ledger.submissions()
            if refresh or leaderboard is None or _old(leaderboard):
                progress.tick("Asking Kaggle for the leaderboard")
                leaderboard_trouble = _ask_leaderboard(client, ledger, competition)
                leaderboard = last_leaderboard(competition, ledger.endpoint)
        except KaggleError as error:
            trouble = str(error)
    return ScoreTable(
        scored_rows(submissions, competition, leaderboard),
        ledger.endpoint,
        ledger.other_endpoints(),
        trouble,
        leaderboard,
        leaderboard_trouble,
    )


def _old(leaderboard: Leaderboard) -> bool:
    return datetime.now(UTC) - leaderboard.asked > _FRESH


def _ask_leaderboard(client: KaggleClient, ledger: Ledger, competition: Competition) -> str | None:
    """Keep today's leaderboard; return why it could not be had."""
    try:
        rows = client.leaderboard()
        username = client.username
    except KaggleError as error:
        return str(error)
    keep(seen_leaderboard(rows, ledger.endpoint, username, ledger.submissions()), competition)
    return None


def scored_rows(
    submissions: list[Submission],
    competition: Competition,
    leaderboard: Leaderboard | None = None,
) -> tuple[ScoreRow, ...]:
    """Return a line for each submission, in their order, the best one marked."""
    best = max(
        (one for one in submissions if one.public_score is not None),
        key=lambda one: (one.public_score, one.cv_score or 0.0),
        default=None,
    )
    rows = (score_row(one, competition, best=one is best) for one in submissions)
    return tuple(placed(row, leaderboard) if leaderboard else row for row in rows)


def placed(row: ScoreRow, leaderboard: Leaderboard) -> ScoreRow:
    """Return a line with the place that its public score takes on a leaderboard."""
    score = row.submission.public_score
    if score is None:
        return row
    place = leaderboard.place(score, row.submission.created)
    return replace(row, place=place, percentile=leaderboard.percentile(place))


def score_row(submission: Submission, competition: Competition, *, best: bool = False) -> ScoreRow:
    """Return one submission beside its estimate."""
    rows = submission.rows or competition.test_rows
    public_rows = round(PUBLIC_SHARE * rows) if rows else None
    score, estimate = submission.public_score, submission.cv_score
    public_se = sampling_error(score, public_rows) if score is not None and public_rows else None
    difference = None
    if score is not None and estimate is not None and public_se is not None:
        difference = (score - estimate) / math.hypot(public_se, submission.cv_se or 0.0)
    return ScoreRow(submission, public_rows, public_se, difference, best)


def named(row: ScoreRow) -> str:
    """Return a submission in words: its blend or file, and when, in local time."""
    one = row.submission
    name = one.blend_name or one.file.rsplit("/", 1)[-1]
    return f"{name} ({one.created.astimezone():%Y-%m-%d %H:%M})"


def sampling_error(accuracy: float, rows: int) -> float:
    """Return the standard error of an accuracy that was measured on some rows.

    Binomial: it assumes that the public rows are drawn at random from all test rows (a quarter of
    them, as `PUBLIC_SHARE` says) and that each is right or wrong on its own. The share of right
    rows is taken with one right and one wrong row added (Laplace), so that a perfect score on a
    few rows does not claim to be certain.

    Args:
        accuracy: Between 0 and 1.
        rows: How many rows it was measured on.
    """
    share = (accuracy * rows + 1) / (rows + 2)
    return math.sqrt(max(share * (1 - share), 0.0) / rows)
