"""The folds that every pipeline shares, so that their out-of-fold columns line up.

Rows are dealt out as the test set was cut off. A fit is one fold of one dealing; small data are
dealt out several times, with other seeds, and a row's prediction is the mean of its dealings, as a
test row's is the mean of all fits.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.tables.fold_rule import By, Units
from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Assigned, Kind, Truth

Indices = npt.NDArray[np.int64]

_EARLY = 0.5  # by time, the share of the rows that comes before all that is scored


@dataclass(frozen=True)
class Folds:
    """How rows are dealt out: fixed by these, the truth and the units of the rows.

    Attributes:
        count: Number of folds, at least 2.
        seed: Shuffles the rows before they are dealt out.
        by: What decides the fold of a row.
        repeats: How often all rows are dealt out; once by time.
    """

    count: int = 5
    seed: int = 0
    by: By = By.STRATIFIED
    repeats: int = 1

    @property
    def fits(self) -> int:
        """How many fits score rows, and so how many a configuration is judged by."""
        return self.count * self.repeats

    @property
    def whole(self) -> int | None:
        """The number of the fit that learns from all rows, for the test set alone.

        What comes after the training rows is best predicted by a model that has seen the latest of
        them. None where the models of the folds predict the test set.
        """
        return self.fits if self.by == By.TIME else None

    def facts(self) -> dict[str, Any]:
        """Return what manifests and keys say of the folds; `folds_in` reads it."""
        facts: dict[str, Any] = {"count": self.count, "seed": self.seed}
        if self.by != By.STRATIFIED:
            facts["by"] = self.by.value
        return facts if self.repeats == 1 else facts | {"repeats": self.repeats}

    def deal(self, truth: Truth, problem: Problem, units: Units | None = None) -> "Dealt":
        """Deal out the rows.

        Args:
            truth: Of all training rows.
            problem: What is asked.
            units: (n,) the unit of each row, where they are dealt out by group, time or blocks.

        Raises:
            PodiumError: there are too few rows, groups or moments.
        """
        rows = About(truth, problem, units)
        if self.by == By.TIME:
            return Dealt(self, rows, (self._by_time(rows),))
        dealings = (self._dealing(rows, self.seed + repeat) for repeat in range(self.repeats))
        return Dealt(self, rows, tuple(dealings))

    # ------------------------------------------------------------------ one dealing

    def _dealing(self, rows: "About", seed: int) -> Assigned:
        """Return the fold (n,) of each row."""
        if len(rows.truth) < 2 * self.count:
            raise PodiumError(
                f"There are only {len(rows.truth)} training rows, and {self.count} folds need at "
                f"least {2 * self.count}; add rows or use fewer folds."
            )
        if rows.units is not None:
            return self._by_unit(rows, rows.units, seed)
        if self.by == By.RANDOM:
            places = np.arange(len(rows.truth)) % self.count
            return np.random.default_rng(seed).permutation(places)
        if rows.problem.kind == Kind.NUMBERS:
            return self._by_value(rows, seed)
        return self._by_class(rows, seed)

    def _by_class(self, rows: "About", seed: int) -> Assigned:
        """Give each fold its share of every class; of a rare class, some folds have none."""
        from sklearn.model_selection import StratifiedKFold

        splitter = StratifiedKFold(self.count, shuffle=True, random_state=seed)
        labels = np.asarray(rows.truth, np.int64)
        if np.bincount(labels).max() < self.count:
            raise PodiumError(
                f"No class has {self.count} training rows, and {self.count} folds need as many; "
                "add rows or use fewer folds."
            )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The least populated class")
            return _folds_of(splitter.split(np.zeros(len(labels)), labels), len(labels))

    def _by_value(self, rows: "About", seed: int) -> Assigned:
        """Sort the numbers, and of every `count` that follow each other give one to each fold."""
        chance = np.random.default_rng(seed)
        blocks = -(-len(rows.truth) // self.count)
        dealt = chance.permuted(np.tile(np.arange(self.count), (blocks, 1)), axis=1).ravel()
        assigned = np.empty(len(rows.truth), dtype=np.int64)
        assigned[rows.sorted(np.arange(len(rows.truth)), chance)] = dealt[: len(rows.truth)]
        return assigned

    def _by_unit(self, rows: "About", units: Units, seed: int) -> Assigned:
        """Keep the rows of a unit together, the folds alike in size, and in classes if they can."""
        from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

        found = len(np.unique(units))
        if found < self.count:
            raise PodiumError(
                f"There are only {found} different ones to part rows by {self.by}, and "
                f"{self.count} folds need as many; deal rows out in another way."
            )
        labels = None if rows.problem.kind == Kind.NUMBERS else np.asarray(rows.truth, np.int64)
        # Stratified folds are dealt group by group: too slow for very many.
        few = found <= 20_000 and labels is not None and np.bincount(labels).max() >= self.count
        kind = StratifiedGroupKFold if few else GroupKFold
        splitter = kind(self.count, shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The least populated class")
            parts = splitter.split(np.zeros(len(units)), labels if few else None, units)
            return _folds_of(parts, len(units))

    def _by_time(self, rows: "About") -> Assigned:
        """Cut the later part of the time into folds; -1 for the earlier rows, which none scores."""
        units = rows.units
        assert units is not None, "rows by time have moments"
        if len(np.unique(units)) <= self.count:
            raise PodiumError(
                f"There are too few moments for {self.count} folds by time; deal rows out in "
                "another way."
            )
        order = np.argsort(units, kind="stable")
        begin = int(len(units) * _EARLY)
        places = np.full(len(units), -1)
        places[begin:] = np.arange(len(units) - begin) * self.count // (len(units) - begin)
        by_unit = np.full(int(units.max()) + 1, -1)
        # Rows of one moment stay together, in the fold of the first of them.
        by_unit[units[order][::-1]] = places[::-1]
        folds: Assigned = by_unit[units].astype(np.int64)
        return folds


@dataclass(frozen=True)
class About:
    """What rows are dealt out by.

    Attributes:
        truth: Of all training rows.
        problem: What is asked.
        units: (n,) the unit of each row; None where rows are on their own.
    """

    truth: Truth
    problem: Problem
    units: Units | None

    def sorted(self, numbers: Indices, chance: np.random.Generator) -> Indices:
        """Return the order of rows by class or first value, equal ones by chance."""
        values = self.problem.learnable(self.truth[numbers])
        key = values if values.ndim == 1 else values[:, 0]
        return np.lexsort((chance.random(len(key)), key))


@dataclass(frozen=True)
class Dealt:
    """Rows that were dealt out.

    Attributes:
        folds: How.
        about: What they were dealt out by.
        dealings: (n,) the fold of each row, or -1 for one that none scores; one for each repeat.
    """

    folds: Folds
    about: About
    dealings: tuple[Assigned, ...]

    @cached_property
    def rows(self) -> Indices:
        """(s,) the numbers of the rows that are scored: all but the early ones by time."""
        return np.flatnonzero(self.dealings[0] >= 0)

    @cached_property
    def truth(self) -> Truth:
        """Of the scored rows."""
        whole = len(self.rows) == len(self.about.truth)
        return self.about.truth if whole else self.about.truth[self.rows]

    @cached_property
    def assigned(self) -> Assigned:
        """(s,) the fold of each scored row, of the first dealing: decisions are learnt by it."""
        return self.dealings[0][self.rows]

    @cached_property
    def units(self) -> Units | None:
        """(s,) the unit of each scored row; None where rows are on their own."""
        return None if self.about.units is None else self.about.units[self.rows]

    def scored_by(self, fit: int) -> npt.NDArray[np.bool_]:
        """Return (s,) which of the scored rows a fit scores."""
        dealing, fold = divmod(fit, self.folds.count)
        return np.asarray(self.dealings[dealing][self.rows] == fold)

    def split(self, fit: int, train_rows: int | None = None) -> tuple[Indices, Indices]:
        """Return the row numbers to train on and to score for one fit.

        A subset is evenly spaced among the rows as they are sorted by class or value, so classes
        and values have their share of it, rounded: a class with less than one row's share may be
        missing.

        Args:
            fit: From 0 to `folds.fits` - 1, or `folds.whole`.
            train_rows: Train on a subset of this many rows; all of them for None.
        """
        if fit == self.folds.whole:
            train, scored = np.arange(len(self.about.truth)), np.empty(0, np.int64)
        else:
            dealing, fold = divmod(fit, self.folds.count)
            assigned = self.dealings[dealing]
            scored = np.flatnonzero(assigned == fold)
            later = assigned >= fold if self.folds.by == By.TIME else assigned == fold
            train = np.flatnonzero(~later)
        if train_rows is not None and train_rows < len(train):
            chance = np.random.default_rng((self.folds.seed, fit))
            order = self.about.sorted(train, chance)
            step = len(train) / train_rows
            places = ((np.arange(train_rows) + chance.random()) * step).astype(np.int64)
            train = np.sort(train[order[places]])
        return train, scored


def folds_by_time(rows: int, test_rows: int, most: int) -> int:
    """Return how many folds by time there are: each as long as the test set, as far as that goes.

    What lies further ahead is harder to tell: by shorter folds the score would flatter.

    Args:
        rows: How many training rows there are.
        test_rows: How many test rows.
        most: How many folds there may be; two are the fewest.

    Example:
        >>> folds_by_time(60, 12, most=5)
        2
    """
    return min(max(round(rows * (1 - _EARLY) / test_rows), 2), most)


def folds_in(facts: dict[str, Any]) -> Folds:
    """Return the folds that `Folds.facts` told of.

    Example:
        >>> folds_in({"count": 5, "seed": 0})
        Folds(count=5, seed=0, by=<By.STRATIFIED: 'stratified'>, repeats=1)
    """
    by = By(facts.get("by", By.STRATIFIED.value))
    return Folds(facts["count"], facts["seed"], by, facts.get("repeats", 1))


def _folds_of(parts: Any, rows: int) -> Assigned:
    """Return the fold (n,) of each row, of what a splitter of scikit-learn's yields."""
    assigned = np.empty(rows, dtype=np.int64)
    for fold, (_, scored) in enumerate(parts):
        assigned[scored] = fold
    return assigned
