"""The leaderboard: scores over time, beside their estimates, with place and percentile."""

from dataclasses import dataclass

from app.report.drawing.figures import Plot, plot
from competition.workspace import Workspace
from submissions.tracking.charts import score_figure
from submissions.tracking.page import COLUMNS, cells
from submissions.tracking.scores import ScoreRow, ScoreTable, score_table
from submissions.tracking.verdicts import verdicts


@dataclass(frozen=True)
class LeaderboardSection:
    """What the page shows of the submissions.

    Attributes:
        server: Where they went.
        chart: Of the scores; None where nothing is scored.
        sentences: What they say.
        heads: Names of the table's columns, and whether each holds numbers.
        rows: Its rows, newest first, and whether each is the best.
        seen: When the leaderboard was last seen, and its teams; empty where it never was.
        best: The best submission; None where nothing is scored.
    """

    server: str
    chart: Plot | None
    sentences: list[str]
    heads: tuple[tuple[str, bool], ...]
    rows: list[tuple[list[str], bool]]
    seen: str
    best: ScoreRow | None


def leaderboard_section(workspace: Workspace) -> LeaderboardSection | None:
    """Read the ledger; Kaggle is not asked.

    Returns:
        None where nothing was submitted.

    Raises:
        PodiumError: the database cannot be used.
    """
    table = _table(workspace)
    if not table.rows:
        return None
    scored = any(row.submission.public_score is not None for row in table.rows)
    board = table.leaderboard
    return LeaderboardSection(
        server=table.endpoint,
        chart=_chart(table) if scored else None,
        sentences=verdicts(table, workspace),
        heads=COLUMNS,
        rows=[(cells(row), row.best) for row in table.rows],
        seen=f"{board.teams:,} teams on {board.asked.astimezone():%Y-%m-%d %H:%M}" if board else "",
        best=next((row for row in table.rows if row.best), None),
    )


def _chart(table: ScoreTable) -> Plot:
    figure = score_figure(table)
    figure.update_layout(margin={"t": 40, "b": 90}, legend={"yanchor": "top", "x": 0})
    return plot(figure, "Scores", 470, 900)


def _table(workspace: Workspace) -> ScoreTable:
    """Return the submissions to this server, or else those to the one that got most of them.

    After a rehearsal the practice Kaggle is gone, and its scores are still worth a look.
    """
    table = score_table(workspace, offline=True)
    if table.rows or not table.elsewhere:
        return table
    other = max(table.elsewhere, key=lambda endpoint: table.elsewhere[endpoint])
    return score_table(workspace, endpoint=other, offline=True)
