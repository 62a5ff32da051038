"""What `new` takes: a competition's address, or its zip, and what no file tells."""

from pathlib import Path
from typing import Annotated

import typer


def new(
    *,
    competition: Annotated[
        str,
        typer.Option(
            "--competition",
            "-c",
            envvar="COMPETITION",
            help="Kaggle's slug for it, its address, or the path of the TOML file to write.",
        ),
    ] = "",
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="DATA",
            help="The competition's zip or folder. Default: Kaggle is asked, with your account.",
        ),
    ] = None,
    metric: Annotated[
        str, typer.Option(envvar="METRIC", help="How it is scored, where Kaggle is not asked.")
    ] = "",
    target: Annotated[
        str, typer.Option(envvar="TARGET", help="The target column, where no file tells it.")
    ] = "",
    positive: Annotated[
        str, typer.Option(envvar="POSITIVE", help="The class that counts as positive.")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Write over the TOML file that is there.")
    ] = False,
) -> None:
    """Draft the TOML file of a competition of tables, with the reason of each guess."""
    from competition.drafting.making import make_new

    make_new(
        competition.strip(),
        data,
        force=force,
        metric=metric.strip() or None,
        target=target.strip() or None,
        positive=positive.strip() or None,
    )
