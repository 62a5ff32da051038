"""The label columns: what the sample's columns are called in the training file."""

import re

import pandas as pd

from competition.drafting.draft import Notes, Undecided
from competition.drafting.tables import Tables, some
from competition.errors import PodiumError


def find_labels(
    tables: Tables,
    targets: tuple[str, ...],
    given: tuple[str, ...],
    test_id: str,
    notes: Notes,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the label columns, and the classes where the sample's columns name them.

    The sample's columns are targets if train has them, else the classes of the one column of train
    alone whose values equal them, bare or with the same text before or after each.

    Args:
        tables: Train, test and the sample.
        targets: The sample's columns but its id.
        given: The label columns, where a person named them.
        test_id: The id column of the test file.
        notes: Gets the reasons.

    Raises:
        PodiumError: train holds no target.
        Undecided: several columns of train may be the target.
    """
    where = f"the other columns of {tables.sample_name}"
    there = [name for name in targets if name in tables.train]
    if len(there) == len(targets) and given in ((), targets):
        notes.reasons["columns.target"] = (
            f"{where if len(targets) > 1 else where.replace('columns', 'column')}"
        )
        notes.reasons["columns.label"] = f"{tables.train_name} has the same"
        return targets, ()
    if there and not given:
        lost = next(name for name in targets if name not in there)
        raise PodiumError(
            f"{tables.train_name} has the column {there[0]!r} of {tables.sample_name}, but not "
            f"{lost!r}: the target is missing. Give the labelled training file."
        )
    candidates = list(given) or train_only(tables, test_id)
    if not candidates:
        raise PodiumError(
            f"{tables.train_name} has no column that {tables.test_name} lacks, so it holds no "
            "target. Give the labelled training file."
        )
    for name in candidates:
        spelt = _spelling(tables.texts(name), name, targets)
        if spelt is not None and len(targets) > 1:
            classes, written = spelt
            notes.reasons["columns.target"] = f"{where}: a class each"
            notes.reasons["columns.label"] = f"the values of {name!r} are the classes {written}"
            notes.reasons["classes"] = f"in the order of {tables.sample_name}"
            return (name,), classes
    if given and len(given) == len(targets):
        notes.reasons["columns.target"] = where
        notes.reasons["columns.label"] = "as named"
        return given, ()
    if len(targets) == 1:
        return (_only(tables, targets[0], candidates, notes),), ()
    raise PodiumError(
        f"{tables.sample_name} asks for {some(targets)}, and no column of {tables.train_name} is "
        f"called so or has these values; it alone has {some(candidates)}. Say which column is the "
        "target, or look whether they are the right files."
    )


def train_only(tables: Tables, test_id: str) -> list[str]:
    """Return the training columns that the test file lacks, but for an id."""
    assert tables.test is not None
    return [
        str(name) for name in tables.train if name not in tables.test.columns and name != test_id
    ]


def _spelling(
    texts: pd.Series, column: str, targets: tuple[str, ...]
) -> tuple[tuple[str, ...], str] | None:
    """Return the classes in the order of the target columns, and how these write them."""
    values = set(texts.dropna().head(10_000).unique())
    if len(values) > len(targets):
        return None
    values = set(texts.dropna().unique())
    if len(values) != len(targets):
        return None
    if values == set(targets):
        return targets, "that the sample's columns name"
    first = targets[0]
    for value in sorted(values, key=len, reverse=True):
        for found in re.finditer(re.escape(value), first):
            before, after = first[: found.start()], first[found.end() :]
            if {f"{before}{each}{after}" for each in values} == set(targets):
                end = len(after)
                classes = tuple(name[len(before) : len(name) - end] for name in targets)
                written = f"{before}<class>{after}"
                return classes, f"that the sample's columns name as {written}"
    return None


def _only(tables: Tables, target: str, candidates: list[str], notes: Notes) -> str:
    """Return the label column that goes by another name in the sample."""
    notes.reasons["columns.target"] = f"the other column of {tables.sample_name}"
    by_case = [name for name in candidates if name.casefold() == target.casefold()]
    if len(by_case) == 1 and len(candidates) > 1:
        notes.reasons["columns.label"] = f"what {tables.train_name} calls {target!r}"
        return by_case[0]
    if len(candidates) == 1:
        notes.reasons["columns.label"] = f"the only column that {tables.test_name} lacks"
        return candidates[0]
    raise Undecided(
        f"{tables.train_name} has no column {target!r}, which {tables.sample_name} asks for; of "
        f"its own it has {some(candidates)}. Say which of them is the target.",
        "target",
        tuple(candidates),
    )
