"""The terminal side that the command lines share: the workspace, options, exit statuses."""

import json
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer

from competition.errors import PodiumError
from competition.workspace import DEFAULT_COMPETITION, Workspace

CompetitionOption = Annotated[
    str,
    typer.Option(
        "--competition",
        "-c",
        envvar="COMPETITION",
        help="A competition's slug, or the path of its TOML file.",
    ),
]
SamplerOption = Annotated[
    Literal["tpe", "random", "grid"], typer.Option(envvar="SAMPLER", help="How trials are chosen.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON alone on stdout, for programs.")
]

_INTERRUPTED = 130  # what Typer makes of Ctrl-C

__all__ = [
    "DEFAULT_COMPETITION",
    "CompetitionOption",
    "JsonOption",
    "SamplerOption",
    "new_app",
    "print_json",
    "run",
    "workspace_of",
]


def workspace_of(name: str) -> Workspace:
    """Return the workspace of a competition, with the folders and the Kaggle of the environment.

    Args:
        name: A slug, or the path of a TOML file.

    Raises:
        PodiumError: there is no such competition, or its file breaks a promise.
    """
    return Workspace.from_environment(name, os.environ)


def new_app(help_text: str) -> typer.Typer:
    """Return a Typer application with the habits that every package shares."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # a usage error is one plain line, which a box would break
    )


def print_json(value: Any) -> None:
    """Write a value to stdout as JSON, and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def run(app: Callable[[], Any]) -> None:
    """Run a command line: a sentence on stderr and status 1 for what a person can fix.

    Ctrl-C ends with status 130. Usage errors are Typer's own, with status 2.
    """
    try:
        app()
    except PodiumError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            sys.stderr.write("Interrupted. What was finished is kept; the same command goes on.\n")
        raise
