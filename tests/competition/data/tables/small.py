"""Small tables, written cell by cell."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from competition.data.dataset import Dataset, load_dataset
from competition.data.tables.fold_rule import By, FoldRule
from competition.spec import Competition

SHOP = Competition(
    slug="shop",
    title="Shop",
    metric="accuracy",
    train_file="train.csv",
    test_file="test.csv",
    sample_file="sample_submission.csv",
    id_column="id",
    target_columns=("sold",),
    label_columns=("sold",),
    classes=("no", "yes"),
)
PRICES = replace(SHOP, slug="prices", metric="rmse", classes=())

Cells = Sequence[Sequence[str]]


def csv_text(rows: Cells, **style: object) -> str:
    """Return rows as a CSV text; `style` is of the csv module."""
    file = io.StringIO(newline="")
    csv.writer(file, **{"lineterminator": "\n", **style}).writerows(rows)  # type: ignore[arg-type]
    return file.getvalue()


def write(
    folder: Path,
    columns: dict[str, Sequence[str]],
    test: dict[str, Sequence[str]] | None = None,
    competition: Competition = SHOP,
    labels: Sequence[str] | None = None,
) -> Path:
    """Write the three files: columns of the training rows, ids and labels, and of the test rows.

    Args:
        folder: Where to.
        columns: The cells of each column of the training file.
        test: The same of the test file; None for equal ones.
        competition: Names files, ids and labels.
        labels: The label cells; None for some.
    """
    folder.mkdir(exist_ok=True)
    test = columns if test is None else test
    n, m = (len(next(iter(each.values()))) for each in (columns, test))
    if labels is None:
        labels = [(competition.classes or ("1.5", "2"))[row % 2] for row in range(n)]
    (label,), name = competition.label_columns, competition.id_column
    train = {name: [f"{row}" for row in range(n)], **columns, label: labels}
    rest = {name: [f"{row}" for row in range(n, n + m)], **test}
    sample = {name: rest[name], competition.target_columns[0]: [labels[0]] * m}
    for file, cells in zip(competition.files, (train, rest, sample), strict=True):
        rows = [list(cells), *zip(*cells.values(), strict=True)]
        (folder / file).write_text(csv_text(rows), encoding="utf-8", newline="")
    return folder


def load(
    folder: Path,
    columns: dict[str, Sequence[str]],
    test: dict[str, Sequence[str]] | None = None,
    competition: Competition = SHOP,
    labels: Sequence[str] | None = None,
) -> Dataset:
    """Write the three files, and load them."""
    return load_dataset(competition, write(folder, columns, test, competition, labels))


def shown(data: Dataset, name: str) -> list[object]:
    """Return a column's cells of train and then of test: numbers, texts, or None where missing."""
    assert data.schema is not None
    place = data.schema.names.index(name)
    levels = data.schema.levels(place)
    cells = [*data.train[:, place], *data.test[:, place]]
    return [
        None if math.isnan(cell) else levels[int(cell)] if levels else float(cell) for cell in cells
    ]


def roles(data: Dataset) -> dict[str, str]:
    """Return each column's role."""
    assert data.schema is not None
    return {column.name: column.role.value for column in data.schema.columns}


def folded(by: By, column: str, match: str | None = None) -> Competition:
    """Return the shop with another fold rule."""
    return replace(SHOP, folds=FoldRule(by, column, match))
