"""The table of scores: on a terminal, in a pipe, as CSV."""

import csv
import io
import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from competition.problem.scores import with_error
from competition.terminal.printable import printable
from competition.verbs import step
from pipelines.spark import spark_line
from submissions.screen import console, count_of
from submissions.tracking.scores import FACTS, ScoreRow, ScoreTable

_NARROW = 110
_SHORTEST = 12
_NAME = 2  # the column that folds
_NUMBERS = ("estimate", "public score", "difference", "diff.", "place", "percentile", "pct.")
_WIDE_HEADS = (
    "",
    "time",
    "submission",
    "estimate",
    "public score",
    "difference",
    "place",
    "percentile",
)
_NARROW_HEADS = (*_WIDE_HEADS[:5], "diff.", "place", "pct.")


def show_scores(table: ScoreTable, sentences: Sequence[str], screen: Console | None = None) -> None:
    """Print the table, the best submission in bold and marked by a star, and the verdict.

    Args:
        table: The submissions.
        sentences: From `verdicts`.
        screen: Where to; stdout where none is given.
    """
    screen = screen or console()
    text = Text(f"Submissions to {table.endpoint}\n", style="italic")
    head, *lines = _laid_out(table, screen.width)
    text = Text.assemble(text, (f"{head}\n", "bold"))
    for row, line in zip(table.rows, lines, strict=True):
        text.append(f"{line}\n", "bold" if row.best else None)
    for row in table.rows:
        if row.submission.error:
            why = printable(f"{row.submission.shown_status}: {row.submission.error}")
            text.append(f"\n{row.named}, {why}")
    if (board := table.leaderboard) is not None:
        text.append(
            f"\nPlaces on the leaderboard of {count_of(board.teams, 'team')}, "
            f"as it was on {board.asked.astimezone():%Y-%m-%d at %H:%M}."
        )
    public = [s for row in table.rows if (s := row.submission.public_score) is not None]
    if len(public) > 1:
        text.append(f"\nPublic scores over time  {spark_line(public)}")
    if any(row.best for row in table.rows):
        text.append("\n* the best public score so far")
    screen.print(text, soft_wrap=True)
    screen.print(Text("\n".join(sentences)))


def _laid_out(table: ScoreTable, width: int) -> list[str]:
    """Return the head and the rows, aligned; a row is folded only where a name is too long.

    A thousand rows in a `rich.table.Table`, which can do more, take longer than all the rest.
    """
    wide = width >= _NARROW
    placed = table.leaderboard is not None
    shown = (True,) * 6 + (placed,) * 2
    cells = [_cells(row, "%Y-%m-%d %H:%M" if wide else "%m-%d") for row in table.rows]
    cells.insert(0, list(_WIDE_HEADS if wide else _NARROW_HEADS))
    columns = [column for column, show in zip(zip(*cells, strict=True), shown, strict=True) if show]
    gap = "  " if wide else " "
    widths = [max(map(cell_len, column)) for column in columns]
    rest = width - sum(widths) + widths[_NAME] - len(gap) * (len(widths) - 1)
    widths[_NAME] = min(widths[_NAME], max(rest, _SHORTEST))
    right = [column[0] in _NUMBERS for column in columns]
    return [_line(row, widths, right, gap) for row in zip(*columns, strict=True)]


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool], gap: str) -> str:
    names = textwrap.wrap(row[_NAME], widths[_NAME]) or [""]
    cells = []
    for place, text in enumerate((*row[:_NAME], names[0], *row[_NAME + 1 :])):
        room = " " * (widths[place] - cell_len(text))
        cells.append(room + text if right[place] else text + room)
    indent = " " * sum(width + len(gap) for width in widths[:_NAME])
    return "\n".join([gap.join(cells).rstrip(), *(indent + name for name in names[1:])])


def _cells(row: ScoreRow, times: str) -> list[str]:
    one = row.submission
    return [
        "*" if row.best else "",
        one.created.astimezone().strftime(times),
        row.told_apart,
        with_error(one.cv_score, one.cv_se),
        with_error(one.public_score, row.public_se) or printable(one.shown_status),
        "" if row.difference is None else f"{row.difference:+.1f} se",
        "" if row.place is None else f"{row.place:,}",
        "" if row.percentile is None else f"{row.percentile:.1f}",
    ]


def notes(table: ScoreTable) -> list[str]:
    """Return what a person should know beside the table, one line each."""
    found = []
    if table.trouble:
        found.append(
            f"Warning: this is what the ledger has; Kaggle was not reached. {table.trouble}"
        )
    if table.leaderboard_trouble:
        found.append(
            "Warning: the places are those on the last leaderboard that was seen, if any. "
            f"{table.leaderboard_trouble}"
        )
    if not table.rows:
        found.append(
            f"No submissions to {table.endpoint} are recorded: `{step('submit')}` sends the first, "
            f"and `{step('scores', 'REFRESH')}` brings in what was submitted elsewhere."
        )
        found += [
            f"{count} went to {endpoint}: KAGGLE_ENDPOINT={endpoint} shows them."
            for endpoint, count in table.elsewhere.items()
        ]
    shown = {row.submission.account for row in table.rows}
    for account, count in table.other_accounts.items():
        who = f"{count_of(count, 'submission')} by {printable(account)}"
        if account not in shown:
            found.append(f"{who}: KAGGLE_USERNAME={printable(account)} shows them.")
        elif len(table.other_accounts) > 1:
            found.append(f"{who} are among them: set KAGGLE_USERNAME to see one account's alone.")
    if any(row.submission.pending for row in table.rows):
        found.append(f"Some scores are pending; `{step('scores')}` looks again.")
    if any(row.submission.unfinished for row in table.rows):
        found.append(
            "A submit was interrupted; the same command finds out what happened and finishes it."
        )
    return found


def scores_csv(table: ScoreTable) -> str:
    """Return the table as CSV, with the columns of `--json`."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FACTS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.facts() for row in table.rows)
    return text.getvalue()
