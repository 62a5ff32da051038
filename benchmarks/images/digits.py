"""The real digits in a scratch workspace, for the benchmarks that learn from them."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from competition.spec import load_competition
from competition.workspace import Workspace


@contextmanager
def real_digits(archive: Path) -> Iterator[Workspace]:
    """Yield a workspace of digit-recognizer that holds Kaggle's files, and is deleted afterwards.

    Args:
        archive: Kaggle's digit-recognizer.zip.
    """
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        competition = load_competition("digit-recognizer")
        workspace = Workspace.in_folders(competition, root / "data", root / "runs")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(workspace.data)
        yield workspace
