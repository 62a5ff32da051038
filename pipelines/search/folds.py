"""The folds that every pipeline shares, so that their out-of-fold columns line up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Assigned, Kind, Truth

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Folds:
    """Folds that are alike in truth, fixed by their count and seed and by the truth.

    Of classes each fold has its share of every class. Numbers are sorted, and of every `count` that
    follow each other each fold gets one, so that all folds span the same values; of several targets
    the first one counts.

    Attributes:
        count: Number of folds, at least 2.
        seed: Shuffles the rows before they are dealt out.
    """

    count: int = 5
    seed: int = 0

    def assign(self, truth: Truth, problem: Problem) -> Assigned:
        """Return the fold (n,) int64 in which each row is scored.

        Args:
            truth: Of all training rows.
            problem: What is asked.

        Raises:
            PodiumError: a class has fewer rows than there are folds, or there are too few rows.
        """
        if problem.kind == Kind.NUMBERS:
            return self._by_value(truth, problem)
        return self._by_class(np.asarray(truth, np.int64))

    def _by_class(self, labels: Indices) -> Assigned:
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

    def _by_value(self, truth: Truth, problem: Problem) -> Assigned:
        if len(truth) < 2 * self.count:
            raise PodiumError(
                f"There are only {len(truth)} training rows, and {self.count} folds need at least "
                f"{2 * self.count}; add rows or use fewer folds."
            )
        chance = np.random.default_rng(self.seed)
        blocks = -(-len(truth) // self.count)
        dealt = chance.permuted(np.tile(np.arange(self.count), (blocks, 1)), axis=1).ravel()
        assigned = np.empty(len(truth), dtype=np.int64)
        assigned[_sorted(truth, problem, chance)] = dealt[: len(truth)]
        return assigned

    def split(
        self, truth: Truth, problem: Problem, fold: int, train_rows: int | None = None
    ) -> tuple[Indices, Indices]:
        """Return the row numbers to train on and to score for one fold.

        A subset is evenly spaced among the rows as they are sorted by class or value, so classes
        and values have their share of it, rounded: a class with less than one row's share may be
        missing.

        Args:
            truth: Of all training rows.
            problem: What is asked.
            fold: From 0 to `count` - 1.
            train_rows: Train on a subset of this many rows; all of them for None.
        """
        assigned = self.assign(truth, problem)
        train, scored = np.flatnonzero(assigned != fold), np.flatnonzero(assigned == fold)
        if train_rows is not None and train_rows < len(train):
            chance = np.random.default_rng((self.seed, fold))
            order = _sorted(truth[train], problem, chance)
            step = len(train) / train_rows
            places = ((np.arange(train_rows) + chance.random()) * step).astype(np.int64)
            train = np.sort(train[order[places]])
        return train, scored


def _sorted(truth: Truth, problem: Problem, chance: np.random.Generator) -> Indices:
    """Return the order (n,) of rows by class or first value, equal ones by chance."""
    values = problem.learnable(truth)
    key = values if values.ndim == 1 else values[:, 0]
    return np.lexsort((chance.random(len(key)), key))
