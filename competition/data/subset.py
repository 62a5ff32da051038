"""A part of a large competition to learn from, taken without reading the rest."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from competition.data.dataset import Dataset, load_dataset
from competition.errors import PodiumError
from competition.spec import Competition

_SEED = 0  # of the choice: every run of as many rows has the same ones


def load_subset(competition: Competition, folder: Path, rows: int | None) -> Dataset:
    """Load a competition's data, with no more than that many labelled rows.

    The rows are a stratified choice in their old order, copied into memory; the others stay on the
    disk, as do all test images. The fingerprint tells subsets apart.

    Args:
        competition: What the files promise to hold.
        folder: Where they are.
        rows: How many labelled rows to take; None for all of them, as is a number that would leave
            out fewer than there are classes.

    Raises:
        PodiumError: the data is missing or broken, the rows are too few for the classes, or a class
            has a single row.
    """
    data = load_dataset(competition, folder)
    n_classes = len(competition.classes)
    if rows is None or rows > len(data.train_labels) - n_classes:
        return data
    if rows < 2 * n_classes:
        raise PodiumError(
            f"ROWS={rows} are too few for {n_classes} classes; take {2 * n_classes} or more, or "
            "leave it out for all rows."
        )
    from sklearn.model_selection import train_test_split

    try:
        chosen, _ = train_test_split(
            np.arange(len(data.train_labels)),
            train_size=rows,
            test_size=n_classes,  # the least that it takes: it keeps a list of them
            stratify=data.train_labels,
            random_state=_SEED,
        )
    except ValueError as error:
        raise PodiumError(
            f"ROWS={rows} cannot be chosen with every class in its share ({error}); leave it out "
            "for all rows, or add rows of the rarest class."
        ) from error
    chosen.sort()
    name = f"{data.fingerprint}/{rows}/{_SEED}"
    return replace(
        data,
        train_images=data.train_images[chosen],
        train_labels=data.train_labels[chosen],
        fingerprint=hashlib.sha256(name.encode()).hexdigest()[:16],
    )
