"""Rows that remember where in the data set they stand, so that features are computed only once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.tables.schema import Schema


@dataclass(frozen=True)
class Origin:
    """Where rows come from.

    Attributes:
        whole: All rows of the set, (n, …), as the data set has them.
        name: Names the set's content: two sets of the same name are equal.
        folder: Where what is computed of the set may be kept; None for nowhere.
        numbers: (m,) which of the whole these rows are.
        schema: What the columns of a table's rows hold; None for images.
        units: (whole,) the fold unit of each row, such as its group; None where rows are on their
            own, and for test rows.
        forward: Whether units follow each other in time, and what is scored comes after what is
            learnt from.
        other: All rows of the other set, test rows beside training rows and the other way round,
            for features that are counted over both; None where there is none.
    """

    whole: npt.NDArray[Any]
    name: str
    folder: Path | None
    numbers: npt.NDArray[np.int64]
    schema: Schema | None = None
    units: npt.NDArray[np.int64] | None = None
    other: npt.NDArray[Any] | None = None
    forward: bool = False


class Rows(np.ndarray):
    """An array of rows of a data set, with their origin.

    Whatever is made of it, a slice or a distorted copy, has no origin: `origin` is None there. So
    features of rows with an origin can be looked up by row number, and others are computed.

    Args:
        array: (m, …) the rows.
        origin: Where they come from.

    Example:
        >>> whole = np.arange(6).reshape(3, 2)
        >>> rows = Rows(whole[[2, 0]], Origin(whole, "abc", None, np.array([2, 0])))
        >>> rows.origin.numbers.tolist(), rows[:1].origin
        ([2, 0], None)
    """

    origin: Origin | None

    def __new__(cls, array: npt.NDArray[Any], origin: Origin) -> "Rows":
        """Return a view of the array with the origin."""
        rows = np.asarray(array).view(cls)
        rows.origin = origin
        return rows

    def __array_finalize__(self, other: Any) -> None:
        """Forget the origin: this is another array."""
        self.origin = None


def origin_of(array: npt.NDArray[Any]) -> Origin | None:
    """Return where an array's rows come from; None where nobody knows."""
    return array.origin if isinstance(array, Rows) else None
