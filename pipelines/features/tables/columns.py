"""Features of a table's rows: numbers, and codes of categories, side by side."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]

LARGEST = 1e15  # of a feature: what lies beyond is cut off, so that squares stay finite


@dataclass(frozen=True)
class Columns:
    """Features (n, d) float32.

    Attributes:
        values: NaN is a missing cell.
        names: What each column is, for people.
        levels: (d,) of a category, how many codes there are, from 0; 0 for a number.

    Example:
        >>> Columns(np.zeros((3, 2), np.float32), ("age", "sex"), (0, 2)).categories
        [1]
    """

    values: Values
    names: tuple[str, ...]
    levels: tuple[int, ...]

    @property
    def numbers(self) -> list[int]:
        """The places of the numbers."""
        return [place for place, levels in enumerate(self.levels) if not levels]

    @property
    def categories(self) -> list[int]:
        """The places of the categories."""
        return [place for place, levels in enumerate(self.levels) if levels]

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, numbers: npt.NDArray[np.int64]) -> "Columns":
        """Return some of the rows."""
        return Columns(self.values[numbers], self.names, self.levels)

    def only(self, places: list[int]) -> "Columns":
        """Return some of the columns."""
        names = tuple(self.names[place] for place in places)
        return Columns(self.values[:, places], names, tuple(self.levels[place] for place in places))


def joined(parts: Iterable[Columns]) -> Columns:
    """Return the columns of several parts of the same rows, side by side."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    return Columns(
        np.concatenate([part.values for part in parts], axis=1),
        tuple(name for part in parts for name in part.names),
        tuple(levels for part in parts for levels in part.levels),
    )


@dataclass
class Builder:
    """Gathers features one by one; those that are the same in every row are left out."""

    rows: int
    _values: list[Values] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)
    _levels: list[int] = field(default_factory=list)

    def number(self, name: str, values: npt.NDArray[np.generic]) -> None:
        """Add a number; what is not finite is missing."""
        self._add(name, as_float32(np.asarray(values, np.float64)), 0)

    def category(self, name: str, codes: npt.NDArray[np.generic], levels: int) -> None:
        """Add a category by its codes, from 0; NaN where it is missing."""
        self._add(name, np.asarray(codes, np.float32), levels)

    def texts(self, name: str, texts: "Iterable[str]", codes: npt.NDArray[np.float64]) -> None:
        """Add a category whose levels are what some texts are equal in.

        Args:
            name: Of the feature.
            texts: One for each level of a coded column; an empty one is missing.
            codes: (n,) the coded column.
        """
        different, again = np.unique(np.array(list(texts), np.str_), return_inverse=True)
        shift = int(len(different) > 0 and different[0] == "")
        of_level = again.astype(np.float64) - shift
        of_level[of_level < 0] = np.nan
        self.category(name, of_levels(of_level, codes), len(different) - shift)

    def _add(self, name: str, values: Values, levels: int) -> None:
        if len(values) == 0 or not varies(values):
            return
        self._values.append(values)
        self._names.append(name)
        self._levels.append(levels)

    def built(self) -> Columns:
        """Return the features."""
        if not self._values:
            return Columns(np.empty((self.rows, 0), np.float32), (), ())
        return Columns(np.column_stack(self._values), tuple(self._names), tuple(self._levels))


def of_levels(
    values: npt.NDArray[np.float64], codes: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return for each row what its level has; NaN where the code is missing.

    Args:
        values: (levels,).
        codes: (n,) from 0.
    """
    known = ~np.isnan(codes)
    found = np.full(len(codes), np.nan)
    found[known] = values[codes[known].astype(np.int64)]
    return found


def as_float32(values: npt.NDArray[np.float64]) -> Values:
    """Return numbers as float32; where that would make different ones equal, less their median."""
    values = np.where(np.isfinite(values), np.clip(values, -LARGEST, LARGEST), np.nan)
    if np.abs(values).max(initial=0, where=~np.isnan(values)) > 2**24:
        values = values - np.nanmedian(values)
    return values.astype(np.float32)


def varies(values: Values) -> bool:
    """Tell whether a column has two different cells, of which one may be missing."""
    known = values[~np.isnan(values)]
    if not len(known):
        return False
    return len(known) < len(values) or bool((known != known[0]).any())


def chunks(count: int, size: int) -> Iterator[slice]:
    """Yield slices of at most a size that cover a count of rows."""
    for first in range(0, count, size):
        yield slice(first, min(count, first + size))
