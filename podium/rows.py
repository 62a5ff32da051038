"""The rows of a competition as a notebook sees them, and how they are dealt into folds."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.problem.targets import Kind
from competition.workspace import Workspace
from pipelines.outside.estimators import Given
from pipelines.search.plan import Plan, make_plan


class Rows:
    """The rows of one competition.

    Args:
        workspace: The competition with its folders.
        seed: Of the folds.
    """

    def __init__(self, workspace: Workspace, seed: int = 0) -> None:
        self.workspace = workspace
        self.seed = seed

    @cached_property
    def plan(self) -> Plan:
        """The data's arrays and the folds."""
        return make_plan(self.workspace, self.seed)

    @property
    def train(self) -> Any:
        """The training rows: a frame (n, columns), or pixels (n, side × side [× 3]) of images."""
        return self._rows[0]

    @property
    def test(self) -> Any:
        """The test rows in the sample's order, in columns as `train`."""
        return self._rows[1]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of the columns of probabilities; empty for numbers."""
        return self.workspace.competition.classes

    @cached_property
    def target(self) -> npt.NDArray[Any]:
        """(n,) the labels or values of the training rows, or (n, t) of several targets."""
        truth = np.asarray(self.plan.data.truth)
        if self.plan.problem.kind != Kind.NUMBERS:
            return np.asarray(self._labels[truth])
        return truth[:, 0] if truth.shape[1] == 1 else truth

    @property
    def folds(self) -> list[list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]]:
        """How rows are dealt out: of each dealing its folds, as pairs of row numbers.

        The first of a pair are learnt from, the second are scored; `folds[0]` is a `cv` for
        scikit-learn.
        """
        dealt, count = self.plan.dealt, self.plan.folds.count
        fits = [dealt.split(fit) for fit in range(self.plan.folds.fits)]
        return [fits[start : start + count] for start in range(0, len(fits), count)]

    @cached_property
    def _rows(self) -> tuple[Any, Any]:
        data = self.plan.data
        if data.schema is None:
            train, test = (part.reshape(len(part), -1) for part in (data.train, data.test))
            return train, test
        from competition.data.tables.frames import read_frames

        return read_frames(self.workspace.competition, self.workspace.data)

    @cached_property
    def _labels(self) -> npt.NDArray[Any]:
        """The classes' labels: numbers where all of them are."""
        texts = self.classes
        try:
            return np.array([int(text) for text in texts])
        except ValueError:
            return np.array(texts)

    @property
    def given(self) -> Given:
        """What an estimator from outside is given."""
        labels = self._labels if self.classes else np.empty(0)
        return Given(self.train, self.test, self.target, labels)
