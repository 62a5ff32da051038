"""Reading train.csv: the checked arrays of Podium against pandas' defaults, in one run.

    python -m benchmarks.read_data ZIP

Prints medians of alternating runs. The first load parses and checks all three files and writes the
cache; the second maps the cached arrays. pandas reads `train.csv` alone and checks nothing.
"""

import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.digits import real_digits
from competition.data.dataset import load_dataset

RUNS = 5


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main(archive: Path) -> None:
    figures: dict[str, list[float]] = {}
    with real_digits(archive) as workspace:
        competition, folder = workspace.competition, workspace.data
        actions: dict[str, Callable[[], object]] = {
            "pandas.read_csv(train.csv)": lambda: pd.read_csv(folder / competition.train_file),
            "load_dataset, first (three files)": lambda: load_dataset(competition, folder),
            "load_dataset, again (mapped)": lambda: load_dataset(competition, folder),
        }
        for _ in range(RUNS):
            shutil.rmtree(folder / "cache", ignore_errors=True)
            for label, action in actions.items():
                figures.setdefault(label, []).append(seconds(action))
    peer = statistics.median(figures["pandas.read_csv(train.csv)"])
    for label, times in figures.items():
        median = statistics.median(times)
        print(f"{label:36} {median:8.4f} s   {median / peer:6.3f} × pandas")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
