"""Tiny data sets of every kind, written as Kaggle writes them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from competition.spec import Competition, load_competition

SHAPES = replace(
    load_competition("digit-recognizer"),
    slug="shapes",
    classes=("circle", "square", "über-triangle"),
    image_side=3,
    train_rows=None,
    test_rows=None,
)
MARKS = replace(SHAPES, slug="marks", metric="quadratic weighted kappa", classes=("0", "1", "2"))
SIZES = replace(
    SHAPES,
    slug="sizes",
    metric="rmse",
    classes=(),
    target_columns=("Height", "Width"),
    label_columns=("height", "width"),
    image_side=2,
    channels=3,
)


def usual_labels(competition: Competition, rows: int = 6) -> list[Sequence[str]]:
    """Return label cells for each row: the classes in turn, or some numbers."""
    if competition.classes:
        return [[competition.classes[row % len(competition.classes)]] for row in range(rows)]
    columns = len(competition.label_columns)
    return [[f"{row * columns + each - 1.5}" for each in range(columns)] for row in range(rows)]


def write(
    competition: Competition,
    folder: Path,
    labels: list[Sequence[str]] | None = None,
    *,
    line_end: str = "\n",
    label_at: int = 0,
) -> None:
    """Write the three files; the label columns stand before that pixel column."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = labels or usual_labels(competition)
    width = int(np.prod(competition.image_shape))
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), width)).astype(str).tolist()
    header = [f"pixel{i}" for i in range(width)]
    heads = [competition.label_columns, *labels]
    train = [
        [*row[:label_at], *head, *row[label_at:]]
        for head, row in zip(heads, [header, *pixels], strict=True)
    ]
    columns = [competition.id_column, *competition.target_columns]
    filler = [competition.classes[0] if competition.classes else "0.5"] * (len(columns) - 1)
    sample = [columns, *[[f"img-{i}", *filler] for i in range(4)]]
    for name, rows in zip(competition.files, (train, [header, *pixels[:4]], sample), strict=True):
        text = "".join(",".join(row) + line_end for row in rows)
        (folder / name).write_bytes(text.encode())
