"""Small tables and their competitions, for the tests of the practice Kaggle."""

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from competition.data.tables.fold_rule import STRATIFIED, By, FoldRule
from competition.spec import Competition

Row = dict[str, str]


def table_spec(**changes: Any) -> Competition:
    """Return a competition of a table with two classes, with some entries changed."""
    entries: dict[str, Any] = {
        "slug": "pets",
        "title": "Pets",
        "metric": "accuracy",
        "train_file": "train.csv",
        "test_file": "test.csv",
        "sample_file": "sample_submission.csv",
        "id_column": "id",
        "target_columns": ("kind",),
        "label_columns": ("kind",),
        "classes": ("cat", "dog"),
        "folds": STRATIFIED,
    }
    if changes.get("metric") in ("rmse", "rmsle", "mae"):
        entries["classes"] = ()
    return Competition(**entries | changes)


def by(rule: str, column: str, match: str | None = None) -> FoldRule:
    """Return how rows are dealt out."""
    return FoldRule(By(rule), column, match)


def pets(rows: int = 60) -> list[Row]:
    """Return cats and dogs: weights tell them apart, names hold quotes, commas and line ends."""
    return [
        {
            "id": f"{number // 3:03}_{number % 3}",
            "name": f'"Rex", the {number}th\nof his line' if number % 5 == 0 else f"Kit {number}",
            "weight": f"{4 + 20 * (number % 2) + number % 7}.50",
            "colour": "NA" if number % 4 == 0 else "black",
            "seen": f"2024-{1 + number // 28:02}-{1 + number % 28:02}",
            "kind": "dog" if number % 2 else "cat",
        }
        for number in range(rows)
    ]


def as_csv(rows: Iterable[Row], end: str = "\n") -> bytes:
    """Return rows as CSV."""
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def rows_of(path: Path) -> list[Row]:
    """Read a CSV as plainly as can be."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def zipped(path: Path, **members: bytes) -> Path:
    """Write a zip with some files, `train=...` as `train.csv`."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return path
