"""`python -m submissions kernel`: the same tuning on Kaggle's machines, its columns merged here."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from competition.journal import figure, record
from competition.terminal.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    NoteOption,
    SamplerOption,
    print_json,
    workspace_of,
)
from competition.terminal.notify import tells_its_end
from competition.terminal.printable import printable
from competition.verbs import step

if TYPE_CHECKING:
    from competition.kaggle.kernels.client import KernelClient
    from competition.workspace import Workspace
    from submissions.ledger.tables import KernelRun


@tells_its_end
def kernel(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    pipelines: Annotated[
        str, typer.Option("--pipelines", "-p", envvar="PIPELINES", help="Names; all if empty.")
    ] = "",
    budget: Annotated[str, typer.Option(envvar="BUDGET", help="Such as 90s, 20m, 1h30m.")] = "30m",
    sampler: SamplerOption = "tpe",
    seed: Annotated[int, typer.Option(envvar="SEED", min=0, help="Seed of folds and fits.")] = 0,
    rows: Annotated[
        int, typer.Option(envvar="ROWS", min=0, help="Learn from so many rows; 0 for all of them.")
    ] = 0,
    gpu: Annotated[
        bool, typer.Option("--gpu", help="On two T4s, which takes of the week's GPU hours.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="List the runs and how they stand; push nothing.")
    ] = False,
    notebook: Annotated[
        bool, typer.Option("--notebook", help="Write a notebook of the blend, for people to read.")
    ] = False,
    push: Annotated[
        bool, typer.Option("--push", help="Have Kaggle run that notebook, as a private one.")
    ] = False,
    as_json: JsonOption = False,
    note: NoteOption = "",
) -> str:
    """Tune on Kaggle's machines and merge the columns; the same command takes a run up again."""
    from competition.kaggle.kernels.client import KernelClient
    from submissions.kernels.runs import KernelRuns
    from submissions.ledger.ledger import Ledger

    if push and not notebook:
        raise typer.BadParameter("--push is for --notebook; a run is pushed without it")
    workspace = workspace_of(competition)
    if notebook:
        _write_notebook(workspace, gpu=gpu, push=push)
        return "the notebook is written"
    client = KernelClient(workspace.competition, workspace.access)
    if status:
        ledger = Ledger.if_there(workspace, account=client.username)
        runs = KernelRuns(ledger).all() if ledger else []
        _show_runs([_facts(run, client) for run in runs], as_json)
        return ""

    from pipelines.base import chosen_pipelines
    from pipelines.display import results_table
    from pipelines.kernels.machine import Asked
    from pipelines.search.budget import parse_budget
    from pipelines.search.plan import make_plan
    from submissions.kernels.running import limit_of, run_on_kaggle
    from submissions.screen import count_of

    seconds = parse_budget(budget)
    limit = limit_of(seconds)
    chosen_pipelines(pipelines, workspace.competition)  # a wrong name is told before it travels
    plan = make_plan(workspace, seed, rows=rows)
    data = plan.data.fingerprint
    asked = Asked(" ".join(pipelines.split()), seconds, seed, rows, sampler, gpu, data, 1)
    merged = run_on_kaggle(plan, client, asked, limit)
    columns = merged.added
    console = Console(soft_wrap=True, highlight=False)
    if columns:
        console.print(results_table(columns, plan.problem.metric.name))
    known = f", {merged.known:,} known" if merged.known else ""
    came = f"{count_of(len(columns), 'new column')}{known}"
    console.print(came)
    said = {"budget": budget, "pipelines": pipelines or "all", "seed": str(seed)}
    best = max(columns, key=lambda column: column.score.rank, default=None)
    found = {} if best is None else {"best": figure(best.pipeline, best.score)}
    record(workspace, "kernel", said | ({"gpu": "1"} if gpu else {}), found, note)
    console.print(f"Next: {step('blend')}, or {step('submit')}")
    return came if best is None else f"{came}; {best.pipeline} {best.score}"


def _write_notebook(workspace: "Workspace", *, gpu: bool, push: bool) -> None:
    from submissions.kernels.sharing import push_notebook, write_notebook
    from submissions.screen import shown_progress

    sys.stdout.write(f"{write_notebook(workspace, gpu=gpu)}\n")
    if not push:
        sys.stdout.write(f"Next: read it, or {step('kernel', 'NOTEBOOK', 'PUSH')}\n")
        return
    from competition.kaggle.kernels.client import KernelClient

    client = KernelClient(workspace.competition, workspace.access)
    with shown_progress("on Kaggle's machines") as progress:
        address = push_notebook(workspace, client, progress, gpu=gpu)
    sys.stdout.write(f"It ran, and only you see it: {address}. Share it there.\n")


def _facts(run: "KernelRun", client: "KernelClient") -> dict[str, Any]:
    """Return what a program wants to know of a run; what Kaggle says of it where it may run."""
    facts = {
        name: getattr(run, name)
        for name in ("slug", "attempt", "version", "state", "created", "error")
    }
    facts["asked"] = json.loads(run.asked)
    from submissions.ledger.tables import KernelState

    if run.state == KernelState.RUNNING and run.version is not None:
        facts["state"] = client.status(run.slug, run.version).status
    return facts


def _show_runs(runs: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(runs)
        return
    if not runs:
        sys.stdout.write(f"No run was pushed yet. Next: {step('kernel')}\n")
    for run in runs:
        version = f", version {run['version']}" if run["version"] else ""
        begun = f"{run['created'].astimezone():%Y-%m-%d %H:%M}"
        sys.stdout.write(printable(f"{begun}  {run['slug']}{version}: {run['state']}") + "\n")
