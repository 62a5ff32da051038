"""How training rows are dealt out into folds: as the test set was cut off."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Units = npt.NDArray[np.int64]  # (n,) which training rows stay together, or follow each other


class By(StrEnum):
    """What decides the fold of a row."""

    STRATIFIED = "stratified"  # each fold has its share of every class, or of every size of number
    RANDOM = "random"
    GROUP = "group"  # rows that belong together are never parted
    TIME = "time"  # what is scored comes after what is learnt from
    BLOCKS = "blocks"  # stretches of time, between others that are learnt from


NEEDS_COLUMN = (By.GROUP, By.TIME, By.BLOCKS)


@dataclass(frozen=True)
class FoldRule:
    """How training rows are dealt out.

    Attributes:
        by: What decides the fold of a row.
        column: The column that says which rows belong together, or when they were; None where
            neither counts.
        match: A regular expression; what its first group (or all of it) finds in a cell of that
            column is the group. None: the whole cell is.
    """

    by: By = By.STRATIFIED
    column: str | None = None
    match: str | None = None


STRATIFIED = FoldRule()
