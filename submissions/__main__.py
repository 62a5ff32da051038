"""`python -m submissions`: submit, check, queue, scores."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from competition.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    SamplerOption,
    new_app,
    print_json,
    run,
)
from competition.errors import PodiumError
from competition.spec import Competition, load_competition
from submissions.queue.commands import queue_app

app = new_app("Check a submission, upload it exactly once, keep its score.")
app.add_typer(queue_app, name="queue")


@app.command()
def submit(
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
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for the score; `scores` completes it.")
    ] = 600,
    from_queue: Annotated[
        bool,
        typer.Option("--from-queue", help="Submit what `queue` holds, as the day allows."),
    ] = False,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Submit the blend, or FILE: checked, recorded, uploaded once, polled until scored."""
    if from_queue:
        if file or again:
            raise typer.BadParameter("--from-queue takes neither FILE nor --again")
        _submit_queue(load_competition(competition), message, wait, timeout)
        return
    from competition.kaggle.client import KaggleClient
    from submissions.screen import show_outcome, shown_progress
    from submissions.submitter import Outcome
    from submissions.uploader import submit_blend, submit_file

    spec = load_competition(competition)
    client = KaggleClient(spec)
    send: Callable[..., Outcome] = partial(submit_file, file) if file else submit_blend
    with shown_progress("submitting") as progress:
        outcome = send(
            spec,
            client,
            message=message,
            again=again,
            wait=wait,
            timeout=timeout,
            progress=progress,
        )
    show_outcome(outcome, spec)


def _submit_queue(spec: Competition, message: str | None, wait: bool, timeout: float) -> None:
    from competition.kaggle.client import KaggleClient
    from submissions.queue.sending import submit_queue
    from submissions.screen import show_sent, shown_progress

    with shown_progress("submitting the queue") as progress:
        sent = submit_queue(
            spec,
            KaggleClient(spec),
            message=message,
            wait=wait,
            timeout=timeout,
            progress=progress,
        )
    show_sent(sent, spec)
    if sent.trouble is not None:
        raise sent.trouble


@app.command()
def check(file: Path, competition: CompetitionOption = DEFAULT_COMPETITION) -> None:
    """Check a CSV, whoever made it, against the competition's rules; nothing is uploaded."""
    from competition.problem.sample import read_sample
    from submissions.context import checked, present_ledger
    from submissions.screen import show_check

    spec = load_competition(competition)
    report = checked(file, spec, read_sample(spec), present_ledger(spec))
    show_check(report)
    if not report.valid:
        raise PodiumError(f"{file} is no lawful submission: mend what is listed and check again.")


@app.command()
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
        typer.Option("--chart", help="Draw them too: HTML and PNG in runs/<slug>/scores."),
    ] = False,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Show every submission: estimate, public score, place; the best in bold; and a verdict."""
    from submissions.screen import shown_progress
    from submissions.tracking.scores import score_table
    from submissions.tracking.table import notes, scores_csv, show_scores
    from submissions.tracking.verdicts import verdicts

    if (as_json and as_csv) or (refresh and offline):
        raise typer.BadParameter("--json and --csv, or --refresh and --offline, exclude each other")
    spec = load_competition(competition)
    with shown_progress("reading the ledger") as progress:
        table = score_table(spec, refresh=refresh, offline=offline, progress=progress)
    for note in notes(table):
        sys.stderr.write(f"{note}\n")
    sentences = verdicts(table, spec) if chart or not (as_json or as_csv) else []
    if chart:
        from submissions.tracking.page import write_charts

        for path in write_charts(table, sentences, spec):
            sys.stderr.write(f"Wrote {path}\n")
    if as_json:
        print_json([row.facts() for row in table.rows])
    elif as_csv:
        sys.stdout.write(scores_csv(table))
    elif table.rows:
        show_scores(table, sentences)


@app.command()
def rehearse(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="DATA", help="Kaggle's zip or a labelled CSV. Default: the optical digits."
        ),
    ] = None,
    hidden: Annotated[
        int, typer.Option(envvar="HIDDEN", min=0, help="How many rows to hide; 0 for a third.")
    ] = 0,
    competition: Annotated[
        str, typer.Option("--competition", "-c", envvar="COMPETITION", help="The form of DATA.")
    ] = "",
    pipelines: Annotated[
        str, typer.Option("--pipelines", "-p", envvar="PIPELINES", help="Names; all if empty.")
    ] = "",
    budget: Annotated[
        str, typer.Option(envvar="BUDGET", help="For tuning. Default: 90s, or 20m with DATA.")
    ] = "",
    workers: Annotated[int, typer.Option(envvar="WORKERS", min=0, help="Cores; 0 for all.")] = 0,
    sampler: SamplerOption = "tpe",
    seed: Annotated[int, typer.Option(envvar="SEED", min=0, help="Of folds and fits.")] = 0,
) -> None:
    """Go the whole way on this machine, without an account, with some of the data hidden."""
    from app.rehearsal import Rehearsal, default_budget, default_name
    from pipelines.base import chosen_pipelines
    from pipelines.search.budget import parse_budget

    rehearsal = Rehearsal(
        name=competition or default_name(data),
        data=data,
        hidden=hidden or None,
        pipelines=chosen_pipelines(pipelines),
        seconds=parse_budget(budget or default_budget(data)),
        sampler=sampler,
        seed=seed,
        workers=workers or None,
        root=Path(os.environ.get("RUNS_DIR") or "runs") / "rehearsal",
    )
    rehearsal.run(Console(soft_wrap=True, highlight=False))


if __name__ == "__main__":
    run(app)
