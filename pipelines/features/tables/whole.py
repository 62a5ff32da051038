"""All rows of a table, training and test rows together, as features are computed of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.rows import Origin
from competition.data.tables.schema import Column, Role, Schema

Matrix = npt.NDArray[np.float64]

_TRAIN = "-train"  # how the name of a training set ends, as `Dataset` gives it


@dataclass(frozen=True)
class Whole:
    """Training rows and, below them, test rows.

    Attributes:
        matrix: (n + m, columns) float64, as `Schema` says.
        schema: What its columns hold.
    """

    matrix: Matrix
    schema: Schema

    def __len__(self) -> int:
        return len(self.matrix)

    def column(self, place: int) -> Matrix:
        """Return a column (n + m,)."""
        column: Matrix = self.matrix[:, place]
        return column


def whole_of(origin: Origin) -> Whole:
    """Return both sets of rows that know their origin."""
    sets = [origin.whole] if origin.other is None else [origin.whole, origin.other]
    if not _is_first(origin):
        sets.reverse()
    matrix = np.concatenate([np.asarray(rows, np.float64) for rows in sets])
    return Whole(matrix, origin.schema or plain_schema(matrix))


def places_in_whole(origin: Origin) -> npt.NDArray[np.int64]:
    """Return where in both sets together the rows stand."""
    before = 0 if origin.other is None or _is_first(origin) else len(origin.other)
    return origin.numbers + before


def name_of(origin: Origin) -> str:
    """Return what names both sets together, whichever of them the rows are of."""
    return origin.name.removesuffix(_TRAIN).removesuffix("-test")


def plain_schema(matrix: npt.NDArray[Any]) -> Schema:
    """Return the schema of a matrix of numbers of which nothing else is known."""
    return Schema(
        tuple(Column(f"column {place}", Role.NUMBER) for place in range(matrix.shape[1])), Path()
    )


def _is_first(origin: Origin) -> bool:
    return origin.name.endswith(_TRAIN)
