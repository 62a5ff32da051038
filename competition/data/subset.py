"""A part of a large competition to learn from, taken without reading the rest."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from competition.data.dataset import Dataset, load_dataset
from competition.data.tables.fold_rule import By, Units
from competition.errors import PodiumError
from competition.problem.targets import Truth
from competition.spec import Competition

_SEED = 0  # of the choice: every run of as many rows has the same ones


def load_subset(competition: Competition, folder: Path, rows: int | None) -> Dataset:
    """Load a competition's data, with no more than that many labelled rows.

    The rows are chosen stratified by class, or at random where the truth is numbers; of rows that
    belong together all or none. They keep their order and are copied into memory; the others stay
    on the disk, as do all test rows. The fingerprint tells subsets apart.

    Args:
        competition: What the files promise to hold.
        folder: Where they are.
        rows: How many labelled rows to take; None for all of them, as is a number that would leave
            out fewer than there are classes.

    Raises:
        PodiumError: the data is missing or broken, the rows are too few, a class has a single
            row, or groups of so many rows hold not every class.
    """
    data = load_dataset(competition, folder)
    n_classes = len(competition.classes)
    if rows is None or rows > len(data.truth) - max(1, n_classes):
        return data
    least = 2 * max(1, n_classes)
    if rows < least:
        of_classes = f" for {n_classes} classes" if n_classes else ""
        raise PodiumError(
            f"ROWS={rows} are too few{of_classes}. Take {least} or more, or leave it out for all "
            "rows."
        )
    if data.units is not None and competition.folds.by == By.GROUP:
        chosen = _groups(data.units, rows)
        _check_all_there(data.truth[chosen], rows, competition.classes)
    elif n_classes:
        chosen = _stratified(data.truth, rows, competition.classes)
    else:
        chosen = _any(data.truth, rows)
    name = f"{data.fingerprint}/{rows}/{_SEED}"
    return replace(
        data,
        train=data.train[chosen],
        truth=data.truth[chosen],
        fingerprint=hashlib.sha256(name.encode()).hexdigest()[:16],
        units=None if data.units is None else _numbered(data.units[chosen]),
    )


def _numbered(units: Units) -> Units:
    """Return units numbered from 0 again, in their order."""
    return np.unique(units, return_inverse=True)[1].astype(np.int64)


def _groups(units: Units, rows: int) -> npt.NDArray[np.int64]:
    """Return the sorted numbers of the rows of whole groups, as many as fit."""
    sizes = np.bincount(units)
    order = np.random.default_rng(_SEED).permutation(len(sizes))
    taken = order[np.cumsum(sizes[order]) <= rows]
    if len(taken) < 2:
        raise PodiumError(
            f"ROWS={rows} are too few for two whole groups, of which the largest has "
            f"{sizes.max():,} rows. Take more, or leave it out for all rows."
        )
    return np.flatnonzero(np.isin(units, taken))


def _check_all_there(truth: Truth, rows: int, classes: tuple[str, ...]) -> None:
    if not classes:
        return
    rare = np.flatnonzero(np.bincount(truth, minlength=len(classes)) < 2)
    if len(rare):
        raise PodiumError(
            f"The groups that ROWS={rows} leaves hold fewer than two rows of class "
            f"{classes[rare[0]]}. Take more, or leave it out for all rows."
        )


def _stratified(truth: Truth, rows: int, classes: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return the sorted numbers of rows that keep the classes' shares."""
    from sklearn.model_selection import train_test_split

    rarest = int(np.bincount(truth).argmin())
    if np.count_nonzero(truth == rarest) < 2:
        raise PodiumError(
            f"ROWS={rows} cannot be chosen with every class in its share: class {classes[rarest]} "
            "has a single row. Leave it out for all rows."
        )
    chosen, _ = train_test_split(
        np.arange(len(truth)),
        train_size=rows,
        test_size=len(classes),  # the least that it takes: it keeps a list of them
        stratify=truth,
        random_state=_SEED,
    )
    return np.sort(chosen)


def _any(truth: Truth, rows: int) -> npt.NDArray[np.int64]:
    """Return the sorted numbers of rows that are chosen at random."""
    return np.sort(np.random.default_rng(_SEED).choice(len(truth), rows, replace=False))
