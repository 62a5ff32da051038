"""Cells of train and test as codes of their different texts, so that each text is read once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Coded:
    """Cells as codes.

    Attributes:
        texts: The different texts, without blanks around them, each in some cell; none is empty.
        parts: The codes of the cells of train, of test, or of whatever was given; -1 is missing.
    """

    texts: list[str]
    parts: tuple[Codes, ...]

    def values(self, of_texts: npt.ArrayLike) -> tuple[Values, ...]:
        """Return what stands for the cells of each part, given what stands for the texts."""
        values = np.append(np.asarray(of_texts, np.float64), np.nan)
        return tuple(values[codes] for codes in self.parts)

    def written(self) -> list[pd.Series]:
        """Return the texts of the cells of each part; NaN where missing."""
        texts = pd.Series([*self.texts, None], dtype="str")
        return [texts.iloc[codes].reset_index(drop=True) for codes in self.parts]


def coded(*parts: pd.Series) -> Coded:
    """Return cells as codes; numbers and truth values stand for what Python prints of them.

    Args:
        parts: Cells of any type, such as those of train and of test.

    Example:
        >>> coded(pd.Series(["b", " a"]), pd.Series(["a", None])).parts
        (array([0, 1]), array([ 1, -1]))
    """
    places: dict[str, int] = {}
    codes = []
    for cells in parts:
        own, different = _factorized(cells)
        used = np.bincount(own[own >= 0], minlength=len(different)) > 0
        joint = np.full(len(different) + 1, -1)
        for place in np.flatnonzero(used):
            text = _text(different[place])
            if text:
                joint[place] = places.setdefault(text, len(places))
        codes.append(joint[own])
    return Coded(list(places), tuple(codes))


def texts_of(cells: pd.Series) -> pd.Series:
    """Return cells of any type as texts without blanks around them; NaN where missing."""
    return coded(cells).written()[0].set_axis(cells.index)


def _factorized(cells: pd.Series) -> tuple[Codes, list[Any]]:
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return np.asarray(cells.cat.codes, np.int64), cells.cat.categories.tolist()
    codes, different = pd.factorize(cells)
    return np.asarray(codes, np.int64), list(different)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
