"""A part of a large competition to learn from, taken without reading the rest."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from competition.data.dataset import Dataset, load_dataset
from competition.errors import PodiumError
from competition.problem.targets import Truth
from competition.spec import Competition

_SEED = 0  # of the choice: every run of as many rows has the same ones


def load_subset(competition: Competition, folder: Path, rows: int | None) -> Dataset:
    """Load a competition's data, with no more than that many labelled rows.

    The rows are chosen stratified by class, or at random where the truth is numbers, and keep
    their order. They are copied into memory; the others stay on the disk, as do all test rows. The
    fingerprint tells subsets apart.

    Args:
        competition: What the files promise to hold.
        folder: Where they are.
        rows: How many labelled rows to take; None for all of them, as is a number that would leave
            out fewer than there are classes.

    Raises:
        PodiumError: the data is missing or broken, the rows are too few, or a class has a single
            row.
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
    if n_classes:
        chosen = _stratified(data.truth, rows, competition.classes)
    else:
        chosen = _any(data.truth, rows)
    name = f"{data.fingerprint}/{rows}/{_SEED}"
    return replace(
        data,
        train=data.train[chosen],
        truth=data.truth[chosen],
        fingerprint=hashlib.sha256(name.encode()).hexdigest()[:16],
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
