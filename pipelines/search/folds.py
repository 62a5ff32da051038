"""The folds that every pipeline shares, so that their out-of-fold columns line up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Folds:
    """Stratified folds, fixed by their count and seed and by the labels.

    Attributes:
        count: Number of folds, at least 2.
        seed: Shuffles the rows before they are dealt out.
    """

    count: int = 5
    seed: int = 0

    def assign(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the fold (n,) int64 in which each row is scored.

        Raises:
            PodiumError: a class has fewer rows than there are folds.
        """
        from sklearn.model_selection import StratifiedKFold

        rarest = int(np.bincount(labels)[np.unique(labels)].min())
        if rarest < self.count:
            raise PodiumError(
                f"A class has only {rarest} training rows, and {self.count} folds need at least "
                f"{self.count} of each; add rows of that class or use fewer folds."
            )
        splitter = StratifiedKFold(self.count, shuffle=True, random_state=self.seed)
        assigned = np.empty(len(labels), dtype=np.int64)
        for fold, (_, scored) in enumerate(splitter.split(np.zeros(len(labels)), labels)):
            assigned[scored] = fold
        return assigned

    def split(
        self, labels: npt.NDArray[np.int64], fold: int, train_rows: int | None = None
    ) -> tuple[Indices, Indices]:
        """Return the row numbers to train on and to score for one fold.

        Args:
            labels: (n,) class indices of all training rows.
            fold: From 0 to `count` - 1.
            train_rows: Train on a stratified subset of this many rows; all of them for None.
        """
        assigned = self.assign(labels)
        train, scored = np.flatnonzero(assigned != fold), np.flatnonzero(assigned == fold)
        if train_rows is not None and train_rows < len(train):
            from sklearn.model_selection import train_test_split

            train, _ = train_test_split(
                train, train_size=train_rows, stratify=labels[train], random_state=self.seed + fold
            )
            train.sort()
        return train, scored
