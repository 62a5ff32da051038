"""Cells of train and test as codes of their different texts, so that each text is read once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
_EXACT = 2**24  # whole numbers up to it are exact in 32 bits


@dataclass(frozen=True)
class Coded:
    """Cells as codes.

    Attributes:
        texts: The different texts, without blanks around them, each in some cell; none is empty.
        own: The cells of train, of test, or of whatever was given, as codes of the part's own.
        joint: What each part's own codes are as codes of `texts`; the last one stands for -1.
    """

    texts: list[str]
    own: tuple[npt.NDArray[Any], ...]
    joint: tuple[Codes, ...]

    @cached_property
    def parts(self) -> tuple[Codes, ...]:
        """The codes of each part's cells; -1 is missing."""
        return tuple(joint[own] for own, joint in zip(self.own, self.joint, strict=True))

    def values(self, of_texts: npt.ArrayLike) -> tuple[Values, ...]:
        """Return what stands for the cells of each part, given what stands for the texts."""
        return self._found(np.append(np.asarray(of_texts, np.float64), np.nan))

    def numbered(self) -> tuple[npt.NDArray[Any], ...]:
        """Return the codes of each part's cells as numbers (n,), NaN where missing."""
        exact = np.float32 if len(self.texts) < _EXACT else np.float64
        return self._found(np.append(np.arange(len(self.texts), dtype=exact), exact(np.nan)))

    def count(self) -> int:
        """Return how many cells of all parts are not missing."""
        return sum(
            int(np.count_nonzero((joint >= 0)[own]))
            for own, joint in zip(self.own, self.joint, strict=True)
        )

    def _found(self, values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        return tuple(values[joint][own] for own, joint in zip(self.own, self.joint, strict=True))

    def mapped(self, texts: list[str], codes: npt.ArrayLike) -> "Coded":
        """Return the cells as codes of other texts, given the code of each of these; -1: none."""
        new = np.append(np.asarray(codes, np.int64), -1)
        return Coded(texts, self.own, tuple(new[joint] for joint in self.joint))

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
    own, joint = [], []
    for cells in parts:
        codes, different = _factorized(cells)
        new = np.full(len(different) + 1, -1)
        for place, value in enumerate(different):
            text = _text(value)
            if text:
                new[place] = places.setdefault(text, len(places))
        own.append(codes)
        joint.append(new)
    return Coded(list(places), tuple(own), tuple(joint))


def texts_of(cells: pd.Series) -> pd.Series:
    """Return cells of any type as texts without blanks around them; NaN where missing."""
    return coded(cells).written()[0].set_axis(cells.index)


def _factorized(cells: pd.Series) -> tuple[npt.NDArray[Any], list[Any]]:
    """Return codes, of which -1 is missing, and what they stand for: "" for what stands nowhere."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        own, categories = cells.cat.codes.to_numpy(), cells.cat.categories.tolist()
        stands = np.zeros(len(categories) + 1, np.bool_)  # the last one is of -1
        stands[own] = True
        return own, [text if found else "" for text, found in zip(categories, stands, strict=False)]
    typed = cells.dtype.kind in "biufM"
    codes, different = pd.factorize(cells if typed else cells.to_numpy(object))
    return codes, list(different)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
