"""Ledgers of made-up submissions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from competition.kaggle.client import LeaderboardRow
from competition.workspace import Workspace
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import State, Submission
from submissions.tracking.scores import ScoreTable, score_table

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


def scored(workspace: Workspace, *rows: dict[str, Any]) -> ScoreTable:
    """Return the table of a ledger with these rows, an hour apart, the last one newest."""
    ledger = Ledger.open(workspace)
    with Session(ledger.database.engine) as session, session.begin():
        for number, row in enumerate(rows):
            blend = {"cv_se": 0.0004, "blend_name": f"blend {number}", "blend_key": f"key {number}"}
            plain = {
                "competition": ledger.competition,
                "endpoint": ledger.endpoint,
                "fingerprint": f"{number:012x}",
                "attempt": 1,
                "file": f"{number}.csv",
                "sha256": "0" * 64,
                "rows": 28_000,
                "state": State.SUBMITTED,
                "status": "complete",
                "ref": number + 1,
                "created": NOW + timedelta(hours=number),
            }
            session.add(Submission(**(plain | (blend if "cv_score" in row else {}) | row)))
    return score_table(workspace, offline=True)


def other(rank: int, score: float, hours: float = -100, team: str = "x") -> LeaderboardRow:
    return LeaderboardRow(rank, team, score, NOW + timedelta(hours=hours))
