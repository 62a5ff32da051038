"""Which rows a practice Kaggle hides: those that folds would, and so as a test set is cut off."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from competition.data.tables.fold_rule import By, Units
from competition.errors import PodiumError
from competition.practice.labelled.parted import Labelled, Numbers
from competition.problem.targets import Kind, Truth
from competition.spec import Competition

HIDDEN_SHARE = 1 / 3
_FEWEST_ROWS = 12
_MOST_HIDDEN = 0.9


def rows_to_hide(
    labelled: Labelled, competition: Competition, wanted: int | None, seed: int
) -> Numbers:
    """Return the sorted numbers of the rows to hide, always the same for a seed.

    They are drawn by class, or at random where numbers are asked or the folds are random; or they
    are whole groups, whole stretches of time, or all that comes last.

    Args:
        labelled: All rows.
        competition: Says how folds are dealt out.
        wanted: How many rows, or as near to it as units allow; None for a third.
        seed: Of NumPy's generator.

    Raises:
        PodiumError: too few rows would be left, or a class would be.
    """
    rows = len(labelled.truth)
    if rows < _FEWEST_ROWS:
        raise PodiumError(
            f"{labelled.name}: {rows} labelled rows are too few to hide a third of them. Give at "
            "least a dozen."
        )
    share = HIDDEN_SHARE if wanted is None else wanted / rows
    if share > _MOST_HIDDEN:
        raise PodiumError(
            f"{wanted:,} rows cannot be hidden of the {rows:,} of {labelled.name}, as too few "
            "would be left to learn from. Hide fewer."
        )
    kind, by = competition.problem.kind, competition.folds.by
    if labelled.units is not None:
        hidden = _of_units(labelled.units, by, share, seed)
        if not 0 < len(hidden) < rows * _MOST_HIDDEN:
            raise PodiumError(
                f"{labelled.name}: its {len(np.unique(labelled.units)):,} different values of "
                f"{competition.folds.column!r} are too few to hide some of them. Give data with "
                "more, or change [folds] in the competition's TOML file."
            )
    elif kind == Kind.NUMBERS or by == By.RANDOM:
        hidden = random_share(rows, share, seed)
    else:
        hidden = stratified_share(labelled.truth, share, seed)
    if kind == Kind.NUMBERS:
        return hidden
    return _with_a_row_left(hidden, labelled, competition)


def stratified_share(labels: Numbers, share: float, seed: int) -> Numbers:
    """Return the sorted row numbers of a stratified share, always the same for a seed.

    Each class gives its share rounded down; the rows that are then missing come from the classes
    with the largest remainders (Hamilton's method).

    Args:
        labels: (n,) class numbers.
        share: Between 0 and 1.
        seed: Of NumPy's generator.
    """
    random = np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    quotas = counts * share
    takes = np.floor(quotas).astype(int)
    missing = round(len(labels) * share) - takes.sum()
    takes[np.argsort(takes - quotas, kind="stable")[:missing]] += 1
    taken = [
        random.permutation(np.flatnonzero(labels == each))[:take]
        for each, take in zip(classes, takes, strict=True)
    ]
    return np.sort(np.concatenate(taken))


def random_share(rows: int, share: float, seed: int) -> Numbers:
    """Return the sorted row numbers of a random share of rows, always the same for a seed."""
    drawn = np.random.default_rng(seed).permutation(rows)[: round(rows * share)]
    return np.sort(drawn).astype(np.int64)


def _of_units(units: Units, by: By, share: float, seed: int) -> Numbers:
    """Return the sorted row numbers of whole units, together as near to the share as they come."""
    sizes = np.bincount(units)
    wanted = len(units) * share
    if by == By.TIME:
        after = np.cumsum(sizes[::-1])[::-1]  # the rows of each moment and of all later ones
        first = int(np.argmin(np.abs(after - wanted)))
        return np.flatnonzero(units >= first)
    chosen = np.zeros(len(sizes), bool)
    total = 0
    for unit in np.random.default_rng(seed).permutation(len(sizes)):
        if abs(total + sizes[unit] - wanted) < abs(total - wanted):
            chosen[unit] = True
            total += sizes[unit]
    return np.flatnonzero(chosen[units])


def _with_a_row_left(hidden: Numbers, labelled: Labelled, competition: Competition) -> Numbers:
    """Give back rows, with their units, of the classes of which none would be left.

    Raises:
        PodiumError: the folds are by time, where nothing that is hidden can be given back.
    """
    units = np.arange(len(labelled.truth)) if labelled.units is None else labelled.units
    for lost in _lost_classes(hidden, labelled.truth):
        if competition.folds.by == By.TIME:
            raise PodiumError(
                f"{labelled.name}: all rows of the class {competition.classes[lost]!r} are among "
                "the last, which are hidden, so none would be left to learn from. Hide fewer rows, "
                "or give more."
            )
        first = hidden[labelled.truth[hidden] == lost][0]
        hidden = hidden[units[hidden] != units[first]]
    return hidden


def _lost_classes(hidden: npt.NDArray[np.int64], truth: Truth) -> Iterator[int]:
    kept = np.delete(truth, hidden)
    yield from np.setdiff1d(truth, kept).tolist()
