"""What `report` and `explore` print."""

import time

from rich.console import Console

from competition.terminal.console import DEFAULT_COMPETITION, CompetitionOption, workspace_of
from competition.verbs import step


def report(competition: CompetitionOption = DEFAULT_COMPETITION) -> None:
    """Write one page of all that was found: data, pipelines, tuning, blend, leaderboard."""
    workspace = workspace_of(competition)
    began = time.monotonic()

    from app.report.page import write_report

    path = write_report(workspace)
    _say(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB, {time.monotonic() - began:.0f} s)")


def explore(competition: CompetitionOption = DEFAULT_COMPETITION) -> None:
    """Write a page of the data alone, before anything is trained."""
    workspace = workspace_of(competition)

    from app.report.page import write_exploration

    _say(f"Wrote {write_exploration(workspace)}\nNext: {step('tune')}")


def _say(text: str) -> None:
    Console(soft_wrap=True).print(text, highlight=False)
