"""What a label's cell may hold: one of the classes, or a number."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from competition.problem.targets import Truth

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SHOWN = 10


@dataclass(frozen=True)
class Labels:
    """What the cells of label columns may hold.

    Attributes:
        classes: The classes as they are written, in their order; none for numbers.
        least: The smallest number that the metric takes.
    """

    classes: tuple[str, ...] = ()
    least: float = -math.inf

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.classes)}

    def read(self, text: str) -> float:
        """Return the class index or the number of a cell; blanks around it do not count.

        The smallest number is not asked for here, as `fault` does.

        Raises:
            ValueError: it is neither.
        """
        text = text.strip()
        if self.classes:
            if text not in self._index:
                raise ValueError(text)
            return self._index[text]
        number = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(number):
            raise ValueError(text)
        return number

    def truth(self, columns: Sequence[Sequence[Any]]) -> Truth | None:
        """Return what the read cells of the label columns are: (n,) int64, or (n, t) float64."""
        if not columns:
            return None
        if self.classes:
            return np.array(columns[0], np.int64)
        return np.array(columns, np.float64).T.copy()

    def fault(self, text: str) -> str | None:
        """Return what is wrong with a cell, for a sentence; None where it is right.

        Example:
            >>> Labels(("cat", "dog")).fault("cow")
            "the label 'cow' is not one of the classes cat, dog"
        """
        try:
            number = self.read(text)
        except ValueError:
            number = math.nan
        if number >= self.least:
            return None
        if self.classes:
            more = ", …" if len(self.classes) > _SHOWN else ""
            shown = ", ".join(self.classes[:_SHOWN])
            return f"the label {text!r} is not one of the classes {shown}{more}"
        return f"the label {text!r} is not a number{self._limit}"

    @property
    def _limit(self) -> str:
        if self.least == -math.inf:
            return ""
        # A scale that begins behind 0 begins at the smallest number there is.
        return " above 0" if 0 < self.least < 1e-300 else f" of {self.least:g} or more"
