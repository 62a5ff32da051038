"""The public leaderboard as it was last seen: places that show offline too."""

import json
import logging
import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from pathlib import Path

from competition.files import atomic_path
from competition.kaggle.replies import LeaderboardRow
from competition.workspace import Workspace
from submissions.ledger.tables import Submission

_log = logging.getLogger(__name__)

# Kaggle gives scores with five decimals.
_SAME_SCORE = 5e-6


@dataclass(frozen=True)
class Leaderboard:
    """The scores of a public leaderboard.

    Attributes:
        endpoint: The server.
        asked: When it was read (UTC).
        rows: Score and time (seconds since 1970) of each other team's entry, in any order.
        listed: Whether the own team is on it besides.
        greater_is_better: The metric's direction.
    """

    endpoint: str
    asked: datetime
    rows: tuple[tuple[float, float], ...]
    listed: bool
    greater_is_better: bool = True

    @property
    def teams(self) -> int:
        """How many teams there are, the own one counted in any case."""
        return len(self.rows) + 1

    def place(self, score: float, created: datetime) -> int:
        """Return the place (from 1) that a submission takes; of equal scores the earlier leads.

        Args:
            score: Its public score.
            created: When it was made.
        """
        return 1 + bisect_left(self._order, self._key(score, created.timestamp()))

    def percentile(self, place: int) -> float:
        """Return how many of 100 other teams stand behind a place: 100 for the first."""
        others = self.teams - 1
        return 100 * (self.teams - place) / others if others else 100.0

    def quantile(self, share: float) -> float | None:
        """Return the score that the last one in the best `share` of the teams has."""
        if not self.rows:
            return None
        last = self._order[max(math.ceil(share * len(self.rows)), 1) - 1][0]
        return -last if self.greater_is_better else last

    def _key(self, score: float, when: float) -> tuple[float, float]:
        """Return what sorts the best first."""
        return (round(-score if self.greater_is_better else score, 5), when)

    @cached_property
    def _order(self) -> list[tuple[float, float]]:
        return sorted(self._key(score, when) for score, when in self.rows)


def seen_leaderboard(
    rows: Sequence[LeaderboardRow],
    endpoint: str,
    username: str | None,
    submissions: Iterable[Submission],
    greater_is_better: bool = True,
) -> Leaderboard:
    """Return the leaderboard of Kaggle's rows, the own team's taken out.

    Args:
        rows: As Kaggle lists them.
        endpoint: The server.
        username: Tells the own team where it bears that name.
        submissions: The ledger's, which tell it by score and time where it bears another.
        greater_is_better: The metric's direction.
    """
    made = [(one.created, one.public_score) for one in submissions if one.public_score is not None]

    def is_own(row: LeaderboardRow) -> bool:
        return any(
            abs(score - row.score) < _SAME_SCORE
            and abs((created - row.submitted).total_seconds()) <= 1
            for created, score in made
        )

    named = (row for row in rows if username and row.team.casefold() == username.casefold())
    own = next(chain(named, filter(is_own, rows)), None)
    others = ((row.score, row.submitted.timestamp()) for row in rows if row is not own)
    listed = own is not None
    return Leaderboard(endpoint, datetime.now(UTC), tuple(others), listed, greater_is_better)


def keep(leaderboard: Leaderboard, workspace: Workspace) -> None:
    """Write `runs/<slug>/leaderboard.json`.

    Raises:
        PodiumError: the disk refuses it.
    """
    facts = {
        "endpoint": leaderboard.endpoint,
        "asked": leaderboard.asked.isoformat(timespec="seconds"),
        "listed": leaderboard.listed,
        "rows": leaderboard.rows,
    }
    with atomic_path(_file(workspace)) as temporary:
        temporary.write_text(json.dumps(facts) + "\n")


def last_leaderboard(workspace: Workspace, endpoint: str) -> Leaderboard | None:
    """Return what was kept of a server's leaderboard; None where there is nothing or no sense."""
    try:
        facts = json.loads(_file(workspace).read_text(encoding="utf-8"))
        if facts["endpoint"] != endpoint:
            return None
        return Leaderboard(
            endpoint,
            datetime.fromisoformat(facts["asked"]),
            tuple((float(score), float(when)) for score, when in facts["rows"]),
            bool(facts["listed"]),
            workspace.competition.problem.greater_is_better,
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        _log.info("The kept leaderboard cannot be read: %s", error)
        return None


def _file(workspace: Workspace) -> Path:
    return workspace.runs / "leaderboard.json"
