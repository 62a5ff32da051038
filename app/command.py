"""What `rehearse` takes."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from competition.console import SamplerOption, workspace_of


def rehearse(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="DATA",
            help="Kaggle's zip or a labelled CSV. Default: the data that come with Podium.",
        ),
    ] = None,
    hidden: Annotated[
        int, typer.Option(envvar="HIDDEN", min=0, help="How many rows to hide; 0 for a third.")
    ] = 0,
    competition: Annotated[
        str, typer.Option("--competition", "-c", envvar="COMPETITION", help="The form of the data.")
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
    from app.rehearsal import Rehearsal, competition_of_data, default_budget
    from pipelines.base import chosen_pipelines
    from pipelines.search.budget import parse_budget

    name = competition or competition_of_data(data)
    workspace = workspace_of(name)
    rehearsal = Rehearsal(
        name=name,
        data=data,
        hidden=hidden or None,
        chosen=chosen_pipelines(pipelines, workspace.competition),
        seconds=parse_budget(budget or default_budget(data)),
        sampler=sampler,
        seed=seed,
        workers=workers or None,
        root=workspace.runs.parent / "rehearsal",
    )
    rehearsal.run(Console(soft_wrap=True, highlight=False))
