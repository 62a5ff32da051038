"""Reading a competition's files: the checked arrays of Podium against pandas' defaults, in one run.

    python -m benchmarks.read_data ZIP
    python -m benchmarks.read_data

Prints medians of alternating runs: of Kaggle's digits in ZIP, where pandas reads `train.csv` alone,
or of a table of 700,000 and 300,000 rows, where it reads all three files. The first load parses and
checks them and writes the cache; the second maps the cached arrays. pandas checks nothing. For the
table, how far the memory of a process of its own grows is told too.
"""

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.images.digits import real_digits
from benchmarks.tables.large import large_table
from competition.data.dataset import load_dataset
from competition.workspace import Workspace

RUNS = 5


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def compare(workspace: Workspace, files: tuple[str, ...]) -> None:
    competition, folder = workspace.competition, workspace.data
    peer = f"pandas.read_csv({', '.join(files)})" if len(files) == 1 else "pandas.read_csv"
    actions: dict[str, Callable[[], object]] = {
        peer: lambda: [pd.read_csv(folder / name) for name in files],
        "load_dataset, first (three files)": lambda: load_dataset(competition, folder),
        "load_dataset, again (mapped)": lambda: load_dataset(competition, folder),
    }
    figures: dict[str, list[float]] = {}
    for _ in range(RUNS):
        shutil.rmtree(folder / "cache", ignore_errors=True)
        for label, action in actions.items():
            figures.setdefault(label, []).append(seconds(action))
    for label, times in figures.items():
        median = statistics.median(times)
        ratio = median / statistics.median(figures[peer])
        print(f"{label:36} {median:8.4f} s   {ratio:6.3f} × pandas")


def memory(workspace: Workspace, action: str) -> float:
    """Return how much a process of its own grows by an action, in MB."""
    program = (
        "import re, sys; from pathlib import Path; import pandas as pd; "
        "from benchmarks.tables.large import LARGE; from competition.data.dataset import "
        "load_dataset; import competition.data.tables.table; folder = Path(sys.argv[1]); "
        "status = Path('/proc/self/status'); "  # of Linux
        "peak = lambda: int(re.search(r'VmHWM:\\s*(\\d+)', status.read_text())[1]); "
        f"before = peak(); kept = {action}; print(peak() - before)"
    )
    command = [sys.executable, "-c", program, str(workspace.data)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) / 1024


def main() -> None:
    if len(sys.argv) > 1:
        with real_digits(Path(sys.argv[1])) as workspace:
            compare(workspace, workspace.competition.files[:1])
        return
    with large_table() as workspace:
        files = workspace.competition.files
        size = sum((workspace.data / name).stat().st_size for name in files) / 2**20
        compare(workspace, files)
        shutil.rmtree(workspace.data / "cache")
        ours = memory(workspace, "load_dataset(LARGE, folder)")
        peer = memory(workspace, "[pd.read_csv(folder / name) for name in LARGE.files]")
        print(f"memory beyond the start: {ours:.0f} MB, pandas {peer:.0f} MB, files {size:.0f} MB")


if __name__ == "__main__":
    main()
