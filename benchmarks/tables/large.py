"""A table like those of Kaggle's Playground: numbers, counts, categories and gaps, two classes."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from competition.spec import Competition
from competition.workspace import Workspace

LARGE = Competition(
    slug="large-table",
    title="A large table",
    metric="auc",
    train_file="train.csv",
    test_file="test.csv",
    sample_file="sample_submission.csv",
    id_column="id",
    target_columns=("bought",),
    label_columns=("bought",),
    classes=("0", "1"),
)
LEVELS = (2, 3, 4, 12, 60)  # of the categories
GAPS = ("amount 0", "share 1", "kind 3", "kind 4")
SHARE_OF_GAPS = 0.08


@contextmanager
def large_table(rows: int = 700_000, test_rows: int = 300_000) -> Iterator[Workspace]:
    """Yield a workspace that holds such a table of 20 columns, and is deleted afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.in_folders(LARGE, Path(scratch, "data"), Path(scratch, "runs"))
        write_large_table(workspace.data, rows, test_rows)
        yield workspace


def write_large_table(folder: Path, rows: int, test_rows: int) -> None:
    """Write the three files."""
    rng, n = np.random.default_rng(0), rows + test_rows
    columns: dict[str, np.ndarray] = {"id": np.arange(n)}
    for k in range(6):
        columns[f"amount {k}"] = np.round(rng.lognormal(3, 1, n), 2)
    for k in range(3):
        columns[f"share {k}"] = np.round(rng.random(n), 6)
    for k in range(5):
        columns[f"count {k}"] = rng.poisson(5 * (k + 1), n)
    for k, levels in enumerate(LEVELS):
        texts = np.array([f"Level {level}" for level in range(levels)], dtype=object)
        columns[f"kind {k}"] = texts[rng.integers(0, levels, n)]
    table = pd.DataFrame(columns)
    score = (
        table["amount 1"] / 20
        - table["share 0"]
        + (table["kind 3"] == "Level 3")
        + 0.1 * table["count 2"] * table["share 2"]
    )
    bought = (rng.random(n) < 1 / (1 + np.exp(2.5 - score))).astype(int)
    for name in GAPS:
        table.loc[rng.random(n) < SHARE_OF_GAPS, name] = np.nan
    folder.mkdir(parents=True, exist_ok=True)
    first, rest = table[:rows], table[rows:]
    first.assign(bought=bought[:rows]).to_csv(folder / LARGE.train_file, index=False)
    rest.to_csv(folder / LARGE.test_file, index=False)
    rest[["id"]].assign(bought=0.5).to_csv(folder / LARGE.sample_file, index=False)
