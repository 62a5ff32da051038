"""The terminal side that the command lines share: the workspace, options, exit statuses."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

import typer

from competition.errors import PodiumError
from competition.extras import cure_of
from competition.settings import SETTINGS_FILE, Setting, apply_settings, settings_of
from competition.spec import Competition
from competition.terminal.printable import CONTROLS, escaped, printable
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
NoteOption = Annotated[str, typer.Option(envvar="NOTE", help="What to say of it in the journal.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON alone on stdout, for programs.")
]

_INTERRUPTED = 130  # what Typer makes of Ctrl-C
_WRONG_USE = 2  # and of a wrong option
_given: dict[str, str] = {}  # the environment, before podium.toml filled it up

__all__ = [
    "DEFAULT_COMPETITION",
    "CompetitionOption",
    "JsonOption",
    "NoteOption",
    "SamplerOption",
    "current_settings",
    "new_app",
    "print_json",
    "run",
    "workspace_for",
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


def current_settings() -> dict[str, Setting]:
    """Return each variable, with where it came from.

    Raises:
        PodiumError: `podium.toml` is broken.
    """
    return settings_of(Path(), _given)


def workspace_for(competition: Competition) -> Workspace:
    """Return the workspace of a competition that no TOML file describes yet, as `workspace_of`.

    Raises:
        PodiumError: the endpoint that the environment names holds a password.
    """
    return Workspace.of(competition, os.environ)


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

    What `podium.toml` holds counts where the environment says nothing.
    Ctrl-C ends with status 130. Usage errors are Typer's own, with status 2. What stdout and stderr
    cannot take, whatever their encoding, and whether or not anybody reads them, changes no status.
    """
    with _any_streams():
        decided: list[str] = []
        try:
            _given.clear()
            _given.update(os.environ)
            decided = apply_settings(Path(), os.environ)
            app()
        except PodiumError as error:
            sys.stderr.write("".join(f"{printable(line)}\n" for line in str(error).split("\n")))
            sys.exit(1)
        except ModuleNotFoundError as error:
            cure = cure_of(error.name or "")
            if cure is None:
                raise
            sys.stderr.write(f"This is not installed: {cure}\n")
            sys.exit(1)
        except SystemExit as end:
            if end.code == _INTERRUPTED:
                sys.stderr.write(
                    "Interrupted. What was finished is kept; the same command goes on.\n"
                )
            if end.code == _WRONG_USE and decided:  # Typer calls them the environment's
                sys.stderr.write(f"{SETTINGS_FILE} sets {', '.join(decided)} here.\n")
            raise


@contextmanager
def _any_streams() -> Iterator[None]:
    """Have stdout and stderr take every text, though they be ASCII, closed, full, or not there."""
    with suppress(OSError):
        # A file or a database that is opened later must not get the number of a closed stream.
        while (lowest := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(lowest, True)
        os.close(lowest)
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 (a device, not a path)
        safe = [_SafeStream(stream or nowhere) for stream in before]
        sys.stdout, sys.stderr = safe
        try:
            yield
        finally:
            for stream in safe:
                stream.flush()
            sys.stdout, sys.stderr = before


# What colours and moves a terminal's lines; programs that read a pipe are spared even that.
_RAW = re.compile(rf"(\x1b\[[0-9;?]*[A-Za-z]|\r)|[{CONTROLS}]")


class _SafeStream:
    """A text stream that takes any text: what it cannot encode as `?`, controls as escapes.

    Args:
        stream: Where the text goes, until that fails; then nowhere.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        with suppress(AttributeError, OSError, ValueError):
            if stream.errors != "backslashreplace":
                stream.reconfigure(errors="replace")  # type: ignore[attr-defined]

    def write(self, text: str) -> int:
        """Write a text, as far as somebody takes it."""
        if not isinstance(text, str):
            raise TypeError("this stream takes text")
        try:
            self._stream.write(_RAW.sub(self._fit, text))
        except (OSError, ValueError):
            self._leave()
        return len(text)

    def _fit(self, found: re.Match[str]) -> str:
        if found[0] in "\n\t":
            return found[0]
        if found[1] and (self._stream.isatty() or "FORCE_COLOR" in os.environ):
            return found[0]
        return escaped(found[0][0]) + found[0][1:]

    def flush(self) -> None:
        """Hand on what was written, as far as somebody takes it."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._leave()

    def _leave(self) -> None:
        """Let what is still to come, Python's own last flush too, go nowhere."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        """Be like the stream in all else; the bytes behind it would be a way around."""
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self._stream, name)
