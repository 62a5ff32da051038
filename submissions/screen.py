"""What a terminal shows: progress, a check's findings, the table of scores."""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from competition.spec import Competition
from submissions.allowance import NoneLeft, opening
from submissions.progress import Progress
from submissions.scores import FACTS, ScoreRow, ScoreTable, score_row

if TYPE_CHECKING:
    from submissions.checks import CheckReport
    from submissions.once import Outcome
    from submissions.queue import Entry
    from submissions.queue_sending import Sent

# A table in a pipe or a file is read whole, so nothing is cut there.
_PIPE_WIDTH = 200


class TerminalProgress(Progress):
    """Steps as lines on stderr; ticks as one line that moves, or nothing where it is no terminal.

    Args:
        console: Writes to stderr.
        status: The moving line; None in a log, which gets the first tick of each wait.
    """

    def __init__(self, console: Console, status: Status | None) -> None:
        self._console, self._status = console, status
        self._waiting = False

    def step(self, text: str) -> None:
        """Print a line that stays."""
        self._waiting = False
        self._console.print(Text(text))

    def tick(self, text: str) -> None:
        """Show how a wait goes on."""
        if self._status is not None:
            self._status.update(Text(text))
        elif not self._waiting:
            self._console.print(Text(text))
        self._waiting = True


@contextmanager
def shown_progress(doing: str) -> Iterator[Progress]:
    """Yield a progress that this terminal shows, on stderr; a spinner says what is being done."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if not console.is_terminal:
        yield TerminalProgress(console, None)
        return
    with console.status(doing) as status:
        yield TerminalProgress(console, status)


def verdict(row: ScoreRow) -> str:
    """Return a submission's score in one line, as in `public 0.9933 ± 0.0067 (150 rows)`."""
    one = row.submission
    if one.public_score is None:
        return one.shown_status
    text = f"public {_score(one.public_score, row.public_se)}"
    if row.public_rows:
        text += f" ({row.public_rows:,} rows)"
    if one.cv_score is not None:
        text += f"; estimate {_score(one.cv_score, one.cv_se)}"
    if row.difference is not None:
        text += f", {abs(row.difference):.1f} standard errors apart"
    return text


def show_outcome(outcome: "Outcome", competition: Competition) -> None:
    """Print what became of a submission: its slot and its score, or that it is recorded."""
    submission = outcome.submission
    name = outcome.allowance.slot if outcome.allowance else f"submission {submission.ref}"
    sys.stdout.write(f"{name}: {verdict(score_row(submission, competition))}\n")
    if not submission.scored:
        sys.stdout.write("It is recorded, and `make scores` completes it.\n")


def show_sent(sent: "Sent", competition: Competition) -> None:
    """Print what became of the queue."""
    for outcome in sent.outcomes:
        show_outcome(outcome, competition)
    if sent.left:
        line = f"{count_of(sent.left, 'file')} still in the queue."
        if isinstance(sent.stopped, NoneLeft) and sent.stopped.renewed and not sent.trouble:
            line += (
                f" The next slot opens {opening(datetime.now(UTC))}; submit from the queue again "
                "then, or let `--wait` wait for it."
            )
        sys.stdout.write(f"{line}\n")
    elif not sent.outcomes and not sent.trouble:
        sys.stdout.write("The queue is empty: `queue add FILE` checks a file and holds it.\n")


def show_check(report: "CheckReport") -> None:
    """Print what a check found: faults and warnings, or that all is well."""
    lines = [*report.fault_lines(), *(f"warning: {text}" for text in report.warnings)]
    if report.valid:
        lines.append(f"{report.path}: {report.rows:,} rows, all lawful (sha256 {report.sha256})")
    sys.stdout.write("\n".join(lines) + "\n")


def show_scores(table: ScoreTable) -> None:
    """Print the table, the best submission in bold."""
    console = _console()
    grid = Table(title=f"Submissions to {table.endpoint}", title_justify="left", box=None)
    for name in ("time", "blend or file", "estimate", "public score", "difference", "status"):
        right = name in ("estimate", "public score", "difference")
        grid.add_column(name, justify="right" if right else "left", no_wrap=name != "blend or file")
    for row in table.rows:
        one = row.submission
        gap = "" if row.difference is None else f"{row.difference:+.1f} se"
        cells = (
            f"{one.created.astimezone():%Y-%m-%d %H:%M}",
            one.blend_name or one.file.rsplit("/", 1)[-1],
            _score(one.cv_score, one.cv_se),
            _score(one.public_score, row.public_se),
            gap,
            f"{one.shown_status}: {one.error}" if one.error else one.shown_status,
        )
        grid.add_row(*map(Text, cells), style="bold" if row.best else None)
    console.print(grid)


def show_queue(entries: Sequence["Entry"]) -> None:
    """Print what waits, in the order in which it will be sent."""
    if not entries:
        sys.stdout.write("The queue is empty: `queue add FILE` checks a file and holds it.\n")
        return
    grid = Table(box=None)
    for name in ("number", "estimate", "blend or file", "message", "added"):
        right = name in ("number", "estimate")
        grid.add_column(name, justify="right" if right else "left", no_wrap=right)
    for entry in entries:
        cells = (
            str(entry.number),
            _score(entry.estimate.cv_score, entry.estimate.cv_se) or "unknown",
            entry.name if entry.intact else f"{entry.name} (changed or missing: add it again)",
            entry.message,
            f"{entry.added.astimezone():%Y-%m-%d %H:%M}",
        )
        grid.add_row(*map(Text, cells))
    _console().print(grid)
    waits = count_of(len(entries), "file")
    sys.stdout.write(f"{waits}; `submit --from-queue` sends as many as the day allows.\n")


def count_of(number: int, thing: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def notes(table: ScoreTable) -> list[str]:
    """Return what a person should know beside the table, one line each."""
    found = []
    if table.trouble:
        found.append(
            f"Warning: this is what the ledger has; Kaggle was not reached. {table.trouble}"
        )
    if not table.rows:
        found.append(
            f"No submissions to {table.endpoint} are recorded: `make submit` sends the first, and "
            "`python -m submissions scores --refresh` brings in what was submitted elsewhere."
        )
        found += [
            f"{count} went to {endpoint}: KAGGLE_ENDPOINT={endpoint} shows them."
            for endpoint, count in table.elsewhere.items()
        ]
    if any(row.submission.pending for row in table.rows):
        found.append("Some scores are pending; `make scores` looks again.")
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


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def _score(value: float | None, error: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if error is None else f"{value:.4f} ± {error:.4f}"
