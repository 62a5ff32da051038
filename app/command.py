"""What `rehearse` takes."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from competition.terminal.console import DEFAULT_COMPETITION, SamplerOption, workspace_of


def rehearse(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="DATA",
            help="Kaggle's zip or a labelled CSV, of any table. Default: what comes with Podium.",
        ),
    ] = None,
    hidden: Annotated[
        int, typer.Option(envvar="HIDDEN", min=0, help="How many rows to hide; 0 for a third.")
    ] = 0,
    competition: Annotated[
        str, typer.Option("--competition", "-c", envvar="COMPETITION", help="The form of the data.")
    ] = "",
    target: Annotated[
        str, typer.Option(envvar="TARGET", help="The column that is asked, where no file tells it.")
    ] = "",
    metric: Annotated[
        str, typer.Option(envvar="METRIC", help="How DATA is scored, where no competition says it.")
    ] = "",
    positive: Annotated[
        str, typer.Option(envvar="POSITIVE", help="The class that counts as positive.")
    ] = "",
    pipelines: Annotated[
        str, typer.Option("--pipelines", "-p", envvar="PIPELINES", help="Names; all if empty.")
    ] = "",
    budget: Annotated[
        str,
        typer.Option(envvar="BUDGET", help="For the whole way. Default: by the size of the data."),
    ] = "",
    workers: Annotated[int, typer.Option(envvar="WORKERS", min=0, help="Cores; 0 for all.")] = 0,
    sampler: SamplerOption = "tpe",
    seed: Annotated[
        int, typer.Option(envvar="SEED", min=0, help="Of hidden rows, folds and fits.")
    ] = 0,
    kernel: Annotated[
        bool, typer.Option("--kernel", help="Tune by a script that the practice Kaggle runs.")
    ] = False,
) -> None:
    """Go the whole way on this machine, without an account, with some of the data hidden."""
    began = time.monotonic()
    from app.rehearsal import Rehearsal
    from app.subject import default_budget, subject_of
    from competition.drafting.from_files import Told
    from competition.spec import load_competition
    from pipelines.base import chosen_pipelines
    from pipelines.search.budget import parse_budget

    console = Console(soft_wrap=True, highlight=False)
    seconds = parse_budget(budget) if budget else None
    root = workspace_of(competition or DEFAULT_COMPETITION).runs.parent / "rehearsal"
    told = Told(metric=metric or None, target=target or None, positive=positive or None)
    subject = subject_of(competition, data, told, root)
    for line in subject.lines():
        console.print(line, markup=False)
    rehearsal = Rehearsal(
        name=subject.name,
        data=data,
        hidden=hidden or None,
        chosen=chosen_pipelines(pipelines, load_competition(subject.name)),
        seconds=seconds or parse_budget(default_budget(subject.name, data)),
        sampler=sampler,
        seed=seed,
        workers=workers or None,
        root=root,
        kernel=kernel,
        began=began,
    )
    rehearsal.run(console)
