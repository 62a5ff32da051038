"""Command lines in the process of the tests: most of the time of a start is its imports'."""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from competition.terminal.console import run


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def typed(app: Callable[[], Any], package: str, *arguments: object) -> Said:
    """Run `python -m package ...` in this process; how packages start has tests of its own."""
    out, errors, status = io.StringIO(), io.StringIO(), 0
    command = [f"python -m {package}", *map(str, arguments)]
    with patch.object(sys, "argv", command), redirect_stdout(out), redirect_stderr(errors):
        try:
            run(app)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return Said(status, out.getvalue(), errors.getvalue())
