"""Every submission beside its estimate: does the leaderboard say what the folds said?"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from competition.kaggle.client import KaggleClient, KaggleError
from competition.problem.metrics.measures import ByRows, Proportion, binomial_error
from competition.problem.metrics.metric import Metric
from competition.spec import Competition
from competition.terminal.printable import printable
from competition.workspace import Workspace
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import State, Submission
from submissions.progress import Progress
from submissions.tracking.leaderboard import Leaderboard, keep, last_leaderboard, seen_leaderboard

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
    "cv_rows",
    "public_score",
    "private_score",
    "public_se",
    "difference",
    "blend",
    "error",
    "endpoint",
    "account",
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
        difference: How much better the public score is than the estimate, in standard errors of
            that difference; negative where it is worse, whichever direction the metric has.
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

    @property
    def name(self) -> str:
        """The blend in words, or the file's name."""
        return printable(self.submission.blend_name or self.submission.file.rsplit("/", 1)[-1])

    @property
    def told_apart(self) -> str:
        """Number, name, and the message where it says more: many files have the same name."""
        one = self.submission
        number = "" if one.ref is None else f"{one.ref} "
        says_more = one.message and one.message not in (self.name, one.file)
        return printable(f"{number}{self.name}{f': {one.message}' if says_more else ''}")

    @property
    def named(self) -> str:
        """The blend or file, and when it was submitted, in local time."""
        return f"{self.name} ({self.submission.created.astimezone():%Y-%m-%d %H:%M})"

    def facts(self) -> dict[str, Any]:
        """Return what programs read: plain values, times in ISO 8601 (UTC), None for unknown."""
        one = self.submission
        other = {
            "created": one.created.astimezone(UTC).isoformat(timespec="seconds"),
            "status": one.shown_status,
            "public_se": self.public_se,
            "difference": self.difference,
            "blend": one.blend_name,
            "place": self.place,
            "percentile": None if self.percentile is None else round(self.percentile, 2),
        }
        return {name: other[name] if name in other else getattr(one, name) for name in FACTS}


@dataclass(frozen=True)
class ScoreTable:
    """All submissions of a competition to one server, newest first.

    Attributes:
        rows: The lines.
        endpoint: The server.
        greater_is_better: The metric's direction.
        elsewhere: How many submissions went to each other server; they are not mixed in.
        trouble: Why Kaggle could not be asked though it was to be; None where all went well.
        leaderboard: The last that was seen of it; None where it never was.
        leaderboard_trouble: Why it is not today's though it was to be.
        other_accounts: How many submissions each other account sent to this server; where nobody
            knows whose the rows are, those of all accounts, mixed in.
        news: The lines that were pending until Kaggle was asked.
    """

    rows: tuple[ScoreRow, ...]
    endpoint: str
    greater_is_better: bool
    elsewhere: dict[str, int]
    trouble: str | None = None
    leaderboard: Leaderboard | None = None
    leaderboard_trouble: str | None = None
    other_accounts: dict[str, int] = field(default_factory=dict)
    news: tuple[ScoreRow, ...] = ()


def score_table(
    workspace: Workspace,
    *,
    endpoint: str | None = None,
    refresh: bool = False,
    offline: bool = False,
    connect: Callable[[], KaggleClient] | None = None,
    progress: Progress | None = None,
) -> ScoreTable:
    """Return the table, with the pending scores completed where Kaggle answers.

    Kaggle is asked only where something is pending or in doubt, or by `refresh`; then submissions
    that were made elsewhere, such as on the web page, join the ledger, and the public leaderboard
    is read and kept, so that places show later without asking.

    Args:
        workspace: Whose submissions.
        endpoint: The server; the workspace's where none is given.
        refresh: Ask Kaggle in any case.
        offline: Ask it in no case.
        connect: Makes the door to Kaggle when it is needed.
        progress: Hears when Kaggle is asked.

    Raises:
        PodiumError: the database fails.

    Example:
        >>> score_table(workspace, offline=True).rows[0].facts()["public_score"]  # doctest: +SKIP
        0.99253
    """
    competition, access = workspace.competition, workspace.access
    endpoint = endpoint or access.server
    # Whose a token is, only the server knows.
    ledger = Ledger.if_there(workspace, endpoint, None if access.token else access.username)
    submissions = ledger.submissions() if ledger else []
    leaderboard = last_leaderboard(workspace, endpoint)
    trouble = leaderboard_trouble = None
    pending = {one.id for one in submissions if one.pending}
    asked = refresh or any(one.pending or one.state == State.SENDING for one in submissions)
    if asked and not offline:
        client = connect() if connect else KaggleClient(competition, access)
        progress = progress or Progress()
        progress.tick("Asking Kaggle for scores")
        try:
            remote = client.submissions()
            ledger = Ledger.open(workspace, endpoint, client.username)
            ledger.absorb(remote)
            submissions = ledger.submissions()
            if refresh or leaderboard is None or _old(leaderboard):
                progress.tick("Asking Kaggle for the leaderboard")
                leaderboard_trouble = _ask_leaderboard(client, endpoint, submissions, workspace)
                leaderboard = last_leaderboard(workspace, endpoint)
        except KaggleError as error:
            trouble = str(error)
    rows = scored_rows(submissions, competition, leaderboard)
    return ScoreTable(
        rows,
        endpoint,
        competition.problem.greater_is_better,
        ledger.other_endpoints() if ledger else {},
        trouble,
        leaderboard,
        leaderboard_trouble,
        ledger.other_accounts() if ledger else {},
        tuple(row for row in rows if row.submission.id in pending and row.submission.scored),
    )


def _old(leaderboard: Leaderboard) -> bool:
    return datetime.now(UTC) - leaderboard.asked > _FRESH


def _ask_leaderboard(
    client: KaggleClient, endpoint: str, submissions: list[Submission], workspace: Workspace
) -> str | None:
    """Keep today's leaderboard; return why it could not be had."""
    try:
        rows = client.leaderboard()
        username = client.username
    except KaggleError as error:
        return str(error)
    greater = workspace.competition.problem.greater_is_better
    keep(seen_leaderboard(rows, endpoint, username, submissions, greater), workspace)
    return None


def scored_rows(
    submissions: list[Submission],
    competition: Competition,
    leaderboard: Leaderboard | None = None,
) -> tuple[ScoreRow, ...]:
    """Return a line for each submission, in their order, the best one marked."""
    sign = 1 if competition.problem.greater_is_better else -1

    def rank(one: Submission) -> tuple[float, float]:
        estimate = -math.inf if one.cv_score is None else sign * one.cv_score
        return (sign * (one.public_score or 0.0), estimate)

    scored = (one for one in submissions if one.public_score is not None)
    best = max(scored, key=rank, default=None)
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
    rows, share = submission.rows or competition.test_rows, competition.public_share
    if competition.notebooks_only:  # it is scored on rows that nobody has counted
        rows = None
    public_rows = max(round(share * rows), 1) if rows and share is not None else None
    metric = competition.problem.metric
    error = sampling_error(submission, public_rows, metric)
    score, estimate = submission.public_score, submission.cv_score
    difference = None
    if score is not None and estimate is not None and error is not None:
        gap = score - estimate if metric.greater_is_better else estimate - score
        spread = math.hypot(error, submission.cv_se or 0.0)
        difference = gap / spread if spread else None
    return ScoreRow(submission, public_rows, error, difference, best)


def sampling_error(submission: Submission, public_rows: int | None, metric: Metric) -> float | None:
    """Return the standard error of a public score, the public rows being drawn at random.

    A share of right rows has the binomial one. Another metric's error falls with the root of the
    rows, so that the estimate's tells it: √(rows of the estimate / public rows) times as large. An
    area under the ROC curve has at least that of so many rows, as that of a better one is smaller.

    Returns:
        None where there is no public score, or the rows or the estimate's error are not known.
    """
    score = submission.public_score
    if score is None or public_rows is None:
        return None
    if isinstance(metric.measure, Proportion):
        return binomial_error(score, public_rows)
    if submission.cv_se is None or submission.cv_rows is None:
        return None
    error = submission.cv_se * math.sqrt(submission.cv_rows / public_rows)
    least = metric.measure.error_of_equals if isinstance(metric.measure, ByRows) else None
    return error if least is None else max(error, least(score, public_rows))
