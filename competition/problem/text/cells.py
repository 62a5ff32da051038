"""What stands in the cells of a submission, read and written by the column.

Each kind of cell is strict both ways, and knows how a wrong cell would be written right.
"""

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from competition.problem.targets import Answers

BLANK = {"", "nan", "null", "none", "na", "n/a", "<na>", "nat"}

# The number of a row in the file, what is wrong with it, and whether its answer is sure even so.
Wrong = list[tuple[int, str, bool]]


class Cells(Protocol):
    """One kind of cells.

    `kind` is that of its faults, and `widest` how many bytes a row's cells can have in sensible
    files.
    """

    @property
    def kind(self) -> str:
        """What its faults are called."""

    @property
    def widest(self) -> int:
        """How many bytes a row's cells can sensibly have."""

    def read(self, columns: list[list[str]]) -> tuple[Answers, Wrong]:
        """Return the answers of all rows, and which rows are wrong.

        A wrong row's answer is what was surely meant, or means nothing.

        Args:
            columns: The texts of each target column, in the competition's order.
        """

    def write(self, answers: Answers) -> list[list[str]]:
        """Return the columns of CSV fields for answers.

        Raises:
            PodiumError: the answers cannot be sent.
        """


_NUMERIC = re.compile(r"[-+.eE0-9 \t\n]*")


def floats(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the numbers of texts as C writes them, blanks around them allowed; NaN for others."""
    # Python also takes underscores, words and digits of other scripts.
    if _NUMERIC.fullmatch("\n".join(texts)):
        try:
            return np.array(list(map(float, texts)), dtype=np.float64)
        except ValueError:
            pass
    return np.array([number_in(text) for text in texts], dtype=np.float64)


def number_in(text: str) -> float:
    """Return the number of one text; NaN where it is not one."""
    try:
        return float(text) if _NUMERIC.fullmatch(text) else np.nan
    except ValueError:
        return np.nan


def described(answers: Answers) -> str:
    """Return shape and type of answers that do not fit."""
    return f"{answers.shape} {answers.dtype}"
