"""The leaderboard of a practice Kaggle: its baselines, and the user among them."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from competition.practice.holdout import BASELINES_FILE
from competition.practice.serving.state import State, iso


class Standings:
    """Teams by their best public score.

    Args:
        folder: As `holdout.prepare` left it: the other teams are in a file there.
        state: Knows the user's submissions.
        username: The user's team.
        greater_is_better: Whether the metric says so.
    """

    def __init__(
        self, folder: Path, state: State, username: str, *, greater_is_better: bool
    ) -> None:
        self._others = json.loads((folder / BASELINES_FILE).read_text())
        self._state = state
        self._username = username
        self._sign = -1 if greater_is_better else 1

    def rows(self) -> list[dict[str, Any]]:
        """Return the teams, best first; the earlier one wins a tie."""
        made = self._others["created"]
        entries = [(row["public"], made, row["team"]) for row in self._others["rows"]]
        own = [
            (each.public, each.created, self._username)
            for each in self._state.submissions()
            if each.status == "COMPLETE" and each.public is not None
        ]
        entries += sorted(own, key=self._place)[:1]
        entries.sort(key=self._place)
        return [
            {
                "teamId": 1 + sum(map(ord, team)),
                "teamName": team,
                "submissionDate": iso(when),
                "score": f"{score:.5f}",
            }
            for score, when, team in entries
        ]

    def packed(self, slug: str) -> bytes:
        """Return them as Kaggle's download does: a CSV in a zip."""
        text = io.StringIO(newline="")
        table = csv.writer(text)
        table.writerow(["Rank", "TeamId", "TeamName", "LastSubmissionDate", "Score"])
        for rank, row in enumerate(self.rows(), start=1):
            table.writerow(
                [rank, row["teamId"], row["teamName"], row["submissionDate"], row["score"]]
            )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(f"{slug}-publicleaderboard.csv", text.getvalue())
        return archive.getvalue()

    def _place(self, entry: tuple[float, float, str]) -> tuple[float, float]:
        return self._sign * entry[0], entry[1]
