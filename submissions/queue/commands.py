"""`python -m submissions queue`: list, add, drop."""

import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from competition.errors import PodiumError
from competition.terminal.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    new_app,
    print_json,
    workspace_of,
)
from competition.workspace import Workspace

queue_app = new_app("Hold checked files for the days to come; `submit --from-queue` sends them.")
queue_app.info.no_args_is_help = False

_Here = Annotated[str, typer.Option("--competition", "-c", help="As for `queue`.")]


@queue_app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    as_json: JsonOption = False,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """List the checked files that wait for a slot, the best estimate first; add or drop some."""
    from submissions.ledger.ledger import Ledger
    from submissions.queue.files import Queue
    from submissions.screen import show_queue

    if context.invoked_subcommand is not None:
        return
    workspace = workspace_of(competition)
    ledger = Ledger.if_there(workspace)
    entries = Queue(ledger, workspace).entries() if ledger else []
    if as_json:
        print_json([entry.facts() for entry in entries])
    else:
        show_queue(entries)


@queue_app.command()
def add(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A CSV, whoever made it; the blend if none is named.")
    ] = None,
    *,
    message: Annotated[str, typer.Option("--message", "-m", help="What to say with it.")] = "",
    estimate: Annotated[
        float | None,
        typer.Option(help="Its score by the metric, as you know it; a blend's is known."),
    ] = None,
    se: Annotated[
        float | None,
        typer.Option(
            min=0, help="Its standard error. Default, for an accuracy: that of all training rows."
        ),
    ] = None,
    competition: _Here = "",
) -> None:
    """Check FILE, or the blend, and keep a copy of it until a slot is free."""
    from submissions.checking import Checker
    from submissions.ledger.ledger import Estimate, Ledger
    from submissions.queue.files import Queue, estimated
    from submissions.screen import count_of, shown_progress

    if not math.isfinite(se or 0):
        raise typer.BadParameter("--se must be a finite number")
    if se is not None and estimate is None:
        raise typer.BadParameter("--se says how sure --estimate is: name both")
    workspace = _workspace(context, competition)
    try:
        estimated(Estimate(), estimate, se, workspace.competition)
    except PodiumError as error:
        raise typer.BadParameter(str(error)) from None
    checker = Checker(workspace, Ledger.if_there(workspace))
    with shown_progress("checking") as progress:
        report = checker.check(file) if file else checker.blend(progress)[0]
        report.require_valid("queued")
        for warning in report.warnings:
            progress.step(f"Warning: {warning}")
    ledger = Ledger.open(workspace)
    queue = Queue(ledger, workspace)
    known = ledger.estimate_of(report.fingerprint)
    new = queue.add(report, message, estimated(known, estimate, se, workspace.competition))
    entries = queue.entries()
    place = 1 + [entry.fingerprint for entry in entries].index(report.fingerprint)
    what = "is queued" if new else "waits already; what you said of it was taken"
    sys.stdout.write(f"{report.path} {what}: place {place} of {count_of(len(entries), 'file')}.\n")


@queue_app.command()
def drop(
    context: typer.Context,
    entries: Annotated[
        list[str], typer.Argument(metavar="ENTRY…", help="Numbers or file names, as listed.")
    ],
    *,
    competition: _Here = "",
) -> None:
    """Take files out of the queue."""
    from submissions.ledger.ledger import Ledger
    from submissions.queue.files import Queue

    workspace = _workspace(context, competition)
    ledger = Ledger.if_there(workspace)
    if ledger is None:
        raise PodiumError(f"Nothing in the queue is called {entries[0]!r}: it is empty.")
    queue = Queue(ledger, workspace)
    for entry in [queue.find(which) for which in dict.fromkeys(entries)]:
        queue.remove(entry, delete=True)
        sys.stdout.write(f"{entry.number}, {entry.name}, is out of the queue.\n")


def _workspace(context: typer.Context, given: str) -> Workspace:
    """Return the workspace of the competition that is named after the subcommand or before it."""
    outer = context.parent.params if context.parent else {}
    return workspace_of(given or outer.get("competition") or DEFAULT_COMPETITION)
