"""What a table's cells say by themselves: numbers, categories, parts of dates, codes and texts."""

import numpy as np

from competition.data.tables.schema import Role
from pipelines.features.tables.columns import Builder, Columns, joined
from pipelines.features.tables.parts.dates import date_parts
from pipelines.features.tables.parts.text_parts import add_parts
from pipelines.features.tables.parts.texts import add_text
from pipelines.features.tables.whole import Whole


def cells(whole: Whole) -> Columns:
    """Return each column as a number or a category, and what its texts are made of.

    A category that no two rows share says nothing by itself, so only its parts stay. Of a group
    there is its size; how many cells of a row are missing is a number too.
    """
    features = Builder(len(whole))
    schema = whole.schema
    for place, column in enumerate(schema.columns):
        values = whole.column(place)
        match column.role:
            case Role.NUMBER | Role.ORDINAL:
                features.number(column.name, values)
            case Role.CATEGORY:
                levels = schema.levels(place)
                if len(levels) < 0.95 * np.count_nonzero(~np.isnan(values)):
                    features.category(column.name, values, len(levels))
                add_parts(features, column.name, levels, values)
            case Role.TEXT:
                add_text(features, column.name, schema.levels(place), values)
            case Role.GROUP:
                features.number(f"{column.name} size", sizes(values))
    missing = np.isnan(whole.matrix).sum(axis=1)
    features.number("missing cells", missing)
    return joined([features.built(), date_parts(whole)])


def sizes(codes: np.ndarray) -> np.ndarray:
    """Return for each row how many rows share its code; a missing code is one of its own."""
    whole = np.where(np.isnan(codes), -1, codes).astype(np.int64) + 1
    return np.bincount(whole)[whole].astype(np.float64)
