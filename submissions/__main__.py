"""`python -m submissions`: submit, check, left, fetch, queue, vote, kernel, scores."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from competition.errors import PodiumError
from competition.journal import record, tag_commit
from competition.terminal.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    NoteOption,
    new_app,
    print_json,
    run,
    workspace_of,
)
from competition.terminal.notify import tells_its_end
from submissions.clock import PATIENCE, Patience
from submissions.kernels.commands import kernel
from submissions.queue.commands import queue_app
from submissions.voting.commands import vote

app = new_app("Check a submission, upload it exactly once, keep its score.")
app.add_typer(queue_app, name="queue")
app.command()(vote)
app.command()(kernel)


@app.command()
@tells_its_end
def submit(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A CSV, whoever made it; the blend if none is named.")
    ] = None,
    *,
    message: Annotated[
        str | None,
        typer.Option("--message", "-m", envvar="MESSAGE", help="What to say with it."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Submit it even if the same content was scored before.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for midnight UTC if today's slots are used up.")
    ] = False,
    zipped: Annotated[
        bool | None,
        typer.Option("--zip/--no-zip", help="Upload it as a zip. Default: from 20 MB."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for the score; `scores` completes it.")
    ] = 600,
    from_queue: Annotated[
        bool,
        typer.Option("--from-queue", help="Submit what `queue` holds, as the day allows."),
    ] = False,
    gpu: Annotated[
        bool, typer.Option("--gpu", help="Where a script is submitted: have it run on two T4s.")
    ] = False,
    note: NoteOption = "",
    tag: Annotated[
        bool, typer.Option("--tag", help="Tag the commit of this folder's git repository.")
    ] = False,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> str:
    """Submit the blend, or FILE: checked, recorded, uploaded once, polled until scored."""
    from competition.kaggle.client import KaggleClient
    from submissions.queue.sending import Sent, submit_queue
    from submissions.screen import outcome_line, show_outcome, show_sent, shown_progress
    from submissions.sending.submitter import Outcome
    from submissions.submit import submit_blend, submit_file

    if from_queue and (file or again):
        raise typer.BadParameter("--from-queue takes neither FILE nor --again")
    workspace = workspace_of(competition)
    if gpu and not workspace.competition.notebooks_only:
        raise typer.BadParameter("--gpu is for competitions that take notebooks alone")
    send: Callable[..., Outcome | Sent] = partial(submit_blend, again=again, gpu=gpu)
    if file:
        send = partial(submit_file, file, again=again)
    if from_queue:
        send = submit_queue
    with shown_progress("submitting") as progress:
        done = send(
            workspace=workspace,
            client=KaggleClient(workspace.competition, workspace.access),
            message=message,
            wait=wait,
            zipped=zipped,
            timeout=timeout,
            progress=progress,
            patience=context.find_object(Patience) or PATIENCE,
        )
    outcomes = [done] if isinstance(done, Outcome) else done.outcomes
    for outcome in outcomes:
        submission = outcome.submission
        record(workspace, "submit", {"file": submission.file}, outcome.found(), note)
        if tag:
            sys.stderr.write(tag_commit(f"{workspace.competition.slug}-{submission.ref}") + "\n")
    if isinstance(done, Outcome):
        show_outcome(done, workspace.competition)
    else:
        show_sent(done, workspace.competition)
        if done.trouble is not None:
            raise done.trouble
    return "; ".join(outcome_line(each, workspace.competition) for each in outcomes)


@app.command()
def check(
    file: Path,
    *,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Write a corrected copy where there is but one way to fix it."),
    ] = False,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Check a CSV, whoever made it, against the competition's rules; nothing is uploaded."""
    from submissions.checking import Checker, write_fixed
    from submissions.ledger.ledger import Ledger
    from submissions.screen import show_check

    workspace = workspace_of(competition)
    checker = Checker(workspace, Ledger.if_there(workspace))
    report = checker.check(file)
    show_check(report)
    if fix and report.fixed:
        copy = checker.check(write_fixed(report))
        sys.stdout.write("The corrected copy:\n")
        show_check(copy)
        return
    if not report.valid:
        cure = "fix what is listed and check again."
        if fix:
            cure = "what is listed has no certain fix, so that no copy was written."
        elif report.fixed:
            cure = "`check --fix` writes a corrected copy."
        raise PodiumError(f"{file} is not a valid submission: {cure}")


@app.command()
def left(as_json: JsonOption = False, competition: CompetitionOption = DEFAULT_COMPETITION) -> None:
    """Show how many submissions are left today; nothing is submitted."""
    from competition.kaggle.client import KaggleClient
    from submissions.clock import Clock
    from submissions.screen import show_allowance
    from submissions.sending.allowance import ask_allowance

    workspace = workspace_of(competition)
    client, clock = KaggleClient(workspace.competition, workspace.access), Clock()
    allowance = ask_allowance(client, client.submissions(), clock)
    if as_json:
        print_json(asdict(allowance))
    else:
        show_allowance(allowance, clock)


@app.command()
def fetch(
    number: Annotated[int, typer.Argument(min=1, help="Kaggle's number, as `scores` shows it.")],
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Bring back the file of a submission, into runs/<slug>/submissions/fetched."""
    from competition.kaggle.client import KaggleClient
    from submissions.fetching import fetch_submission

    workspace = workspace_of(competition)
    client = KaggleClient(workspace.competition, workspace.access)
    sys.stdout.write(f"{fetch_submission(number, workspace, client)}\n")


@app.command()
@tells_its_end
def scores(
    *,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV alone on stdout.")] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask Kaggle even if no score is pending.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask Kaggle.")] = False,
    chart: Annotated[
        bool,
        typer.Option("--chart", help="Draw them too: a page in runs/<slug>/scores."),
    ] = False,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> str:
    """Show every submission: estimate, public score, place; the best in bold; and a verdict."""
    from submissions.screen import shown_progress, verdict
    from submissions.tracking.scores import score_table
    from submissions.tracking.table import notes, scores_csv, show_scores
    from submissions.tracking.verdicts import verdicts

    if (as_json and as_csv) or (refresh and offline):
        raise typer.BadParameter("--json and --csv, or --refresh and --offline, exclude each other")
    workspace = workspace_of(competition)
    with shown_progress("reading the ledger") as progress:
        table = score_table(workspace, refresh=refresh, offline=offline, progress=progress)
    for note in notes(table):
        sys.stderr.write(f"{note}\n")
    sentences = verdicts(table, workspace) if chart or not (as_json or as_csv) else []
    if chart:
        from submissions.tracking.page import write_page

        sys.stderr.write(f"Wrote {write_page(table, sentences, workspace)}\n")
    if as_json:
        print_json([row.facts() for row in table.rows])
    elif as_csv:
        sys.stdout.write(scores_csv(table))
    elif table.rows:
        show_scores(table, sentences)
    return "; ".join(f"submission {row.submission.ref}: {verdict(row)}" for row in table.news)


if __name__ == "__main__":
    run(app)
