"""`python -m submissions queue`: list, add, drop."""

import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from competition.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    new_app,
    print_json,
)
from competition.spec import Competition, load_competition

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
    from submissions.context import present_ledger
    from submissions.queue.files import Queue
    from submissions.screen import show_queue

    if context.invoked_subcommand is not None:
        return
    spec = load_competition(competition)
    ledger = present_ledger(spec)
    entries = Queue(ledger, spec).entries() if ledger else []
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
        typer.Option(min=0, max=1, help="Its accuracy, as you know it; a blend's is known."),
    ] = None,
    se: Annotated[
        float | None,
        typer.Option(
            min=0, help="The estimate's standard error. Default: that of all training rows."
        ),
    ] = None,
    competition: _Here = "",
) -> None:
    """Check FILE, or the blend, and keep a copy of it until a slot is free."""
    from competition.problem.sample import read_sample
    from submissions.blend import read_blend, write_blend
    from submissions.context import checked
    from submissions.ledger.ledger import Ledger
    from submissions.queue.files import Queue, estimated
    from submissions.screen import count_of

    if not math.isfinite(se or 0):
        raise typer.BadParameter("--se must be a finite number")
    if se is not None and estimate is None:
        raise typer.BadParameter("--se says how sure --estimate is: name both")
    spec = _competition(context, competition)
    sample, ledger = read_sample(spec), Ledger.open(spec)
    path = file or write_blend(read_blend(spec), spec, sample, ledger)
    report = checked(path, spec, sample, ledger)
    report.require_valid(doing="queued")
    for warning in report.warnings:
        sys.stderr.write(f"Warning: {warning}\n")
    queue = Queue(ledger, spec)
    known = ledger.estimate_of(report.fingerprint)
    new = queue.add(report, message, estimated(known, estimate, se, spec))
    entries = queue.entries()
    place = 1 + [entry.fingerprint for entry in entries].index(report.fingerprint)
    what = "is queued" if new else "waits already; what you said of it was taken"
    sys.stdout.write(f"{path} {what}: place {place} of {count_of(len(entries), 'file')}.\n")


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

    spec = _competition(context, competition)
    queue = Queue(Ledger.open(spec), spec)
    for entry in [queue.find(which) for which in dict.fromkeys(entries)]:
        queue.remove(entry, delete=True)
        sys.stdout.write(f"{entry.number}, {entry.name}, is out of the queue.\n")


def _competition(context: typer.Context, given: str) -> Competition:
    """Return the competition, named after the subcommand or before it."""
    outer = context.parent.params if context.parent else {}
    return load_competition(given or outer.get("competition") or DEFAULT_COMPETITION)
