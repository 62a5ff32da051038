"""What a practice Kaggle asks of labelled data, be they images or a table."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from competition.data.tables.fold_rule import Units
from competition.practice.labelled.labels import Label
from competition.problem.targets import Truth

Numbers = npt.NDArray[np.int64]


class Labelled(Protocol):
    """Labelled rows that can be parted into served and hidden ones."""

    @property
    def name(self) -> str:
        """The file's name, for messages."""

    @property
    def labels(self) -> list[Label]:
        """The text of each row's label column(s)."""

    @property
    def truth(self) -> Truth:
        """What the labels mean: (n,) class indices, or (n, t) values."""

    @property
    def units(self) -> Units | None:
        """The fold unit (n,) of each row, such as its group; None where rows are on their own."""

    def ids(self, hidden: Numbers) -> tuple[str, ...]:
        """Return the ids that a submission answers, of the hidden rows with these numbers."""

    def train_file(self, kept: Numbers) -> bytes:
        """Return the labelled file with these rows alone."""

    def test_file(self, hidden: Numbers) -> bytes:
        """Return the file of these rows without their labels."""
