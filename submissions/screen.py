"""What a terminal shows: progress, a check's findings, a submission's end, the queue."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from competition.problem.scores import with_error
from competition.spec import Competition
from competition.terminal.printable import printable
from competition.verbs import step
from submissions.clock import Clock
from submissions.progress import Progress
from submissions.sending.allowance import CLOSED, Allowance, NoneLeft, opening
from submissions.tracking.scores import ScoreRow, score_row

if TYPE_CHECKING:
    from competition.problem.checking.checks import CheckReport
    from submissions.queue.files import Entry
    from submissions.queue.sending import Sent
    from submissions.sending.submitter import Outcome

# A table in a pipe or a file is read whole, so nothing is cut there.
_PIPE_WIDTH = 200


class TerminalProgress(Progress):
    """Steps as lines on stderr; ticks as one line that moves, or nothing outside a terminal.

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
        self._console.print(Text(printable(text)))

    def tick(self, text: str) -> None:
        """Show how a wait goes on."""
        if self._status is not None:
            self._status.update(Text(printable(text)))
        elif not self._waiting:
            self._console.print(Text(printable(text)))
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
        return printable(one.shown_status)
    text = f"public {with_error(one.public_score, row.public_se)}"
    if row.public_rows:
        text += f" ({row.public_rows:,} rows)"
    if one.cv_score is not None:
        text += f"; estimate {with_error(one.cv_score, one.cv_se)}"
    if row.difference is not None:
        text += f", {abs(row.difference):.1f} standard errors apart"
    return text


def outcome_line(outcome: "Outcome", competition: Competition) -> str:
    """Return what became of a submission: its slot and its score."""
    submission = outcome.submission
    name = outcome.allowance.slot if outcome.allowance else f"submission {submission.ref}"
    return f"{name}: {verdict(score_row(submission, competition))}"


def show_outcome(outcome: "Outcome", competition: Competition) -> None:
    """Print what became of a submission: its slot and its score, or that it is recorded."""
    sys.stdout.write(f"{outcome_line(outcome, competition)}\n")
    if not outcome.submission.scored:
        sys.stdout.write(f"It is recorded, and `{step('scores')}` completes it.\n")


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
        lines.append(f"{report.path}: {report.rows:,} rows, all valid (sha256 {report.sha256})")
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))


def show_allowance(allowance: Allowance, clock: Clock) -> None:
    """Print how many submissions are left, and when there are new ones."""
    left = count_of(allowance.left, "submission")
    if allowance.of_total:
        sys.stdout.write(f"{left} left in the competition; {allowance.used} used today.\n")
        return
    if allowance.closed:
        sys.stdout.write(f"{CLOSED}\n")
        return
    sys.stdout.write(
        f"{left} left today, {allowance.used} used. A new day opens {opening(clock.now())}.\n"
    )


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
            with_error(entry.estimate.cv_score, entry.estimate.cv_se) or "unknown",
            entry.name if entry.intact else f"{entry.name} (changed or missing: add it again)",
            entry.message,
            f"{entry.added.astimezone():%Y-%m-%d %H:%M}",
        )
        grid.add_row(*(Text(printable(each)) for each in cells))
    console().print(grid)
    waits = count_of(len(entries), "file")
    sys.stdout.write(f"{waits}; `submit --from-queue` sends as many as the day allows.\n")


def count_of(number: int, thing: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def console() -> Console:
    """Return the console of stdout; in a pipe or a file it is wide enough to cut nothing."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)
