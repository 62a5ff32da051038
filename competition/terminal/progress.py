"""Progress of what takes long, on a terminal or in a log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from competition.kaggle.download import Progress


@contextmanager
def shown_progress(what: str) -> Iterator["Progress"]:
    """Yield a callback that draws a bar on a terminal, or writes one plain line into a log."""
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        said: list[str] = []

        def say_once(_done: int, total: int | None) -> None:
            if not said:
                said.append(what)
                sys.stderr.write(f"{what}: {megabytes(total)}\n" if total else f"{what}\n")

        yield say_once
        return
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def update(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield update


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
