"""What `add`, `drop` and `export` take: a teammate's predictions, and ours for a teammate."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from competition.errors import PodiumError
from competition.terminal.console import DEFAULT_COMPETITION, CompetitionOption, workspace_of
from competition.terminal.printable import printable
from competition.verbs import step

SeedOption = Annotated[int, typer.Option(envvar="SEED", min=0, help="Seed of the folds.")]


def add(
    name: Annotated[str, typer.Argument(help="What to call the column.")],
    oof: Annotated[Path, typer.Option(help="Out-of-fold predictions: a CSV by ids, npy or npz.")],
    test: Annotated[Path, typer.Option(help="Predictions of the test rows: the same.")],
    folds: Annotated[
        Path | None, typer.Option(help="A CSV of ids and folds, where they are not ours.")
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Take them though a check refuses them.")
    ] = False,
    seed: SeedOption = 0,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Check a teammate's predictions for leaks and faults, and put them into the next blend."""
    workspace = workspace_of(competition)

    from pipelines.outside.adding import judged, keep
    from pipelines.search.plan import make_plan

    plan = make_plan(workspace, seed)
    found = judged(plan, name, oof, test, folds)
    for verdict in found.verdicts:
        mark = "fine   " if verdict.fine else "refused"
        sys.stdout.write(f"{mark}  {printable(verdict.text)}\n")
    if not found.fine and not force:
        raise PodiumError(
            f"{name} was not added, for what is refused above. Have it made again, or take it all "
            "the same with --force."
        )
    column = keep(plan, name, found)
    sys.stdout.write(f"{name}: {column.score}\nNext: {step('blend')}\n")


def drop(
    name: Annotated[str, typer.Argument(help="Of an added column.")],
    seed: SeedOption = 0,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Delete an added column; the next blend does without it."""
    workspace = workspace_of(competition)

    from pipelines.outside.columns import drop_column
    from pipelines.search.plan import make_plan

    drop_column(make_plan(workspace, seed), name)
    sys.stdout.write(f"Deleted {name}. Next: {step('blend')}\n")


def export(
    name: Annotated[str, typer.Argument(help="A pipeline, an added column, or blend.")] = "blend",
    folder: Annotated[
        Path | None, typer.Option(help="Where the files go. Default: export/ in the runs folder.")
    ] = None,
    seed: SeedOption = 0,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Write out-of-fold and test predictions, and the folds, as CSV files for a teammate."""
    workspace = workspace_of(competition)

    from pipelines.outside.exporting import export as write
    from pipelines.search.plan import make_plan

    for path in write(make_plan(workspace, seed), name, folder or workspace.runs / "export"):
        sys.stdout.write(f"{path}\n")
