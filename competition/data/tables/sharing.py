"""Which columns of a table can be learnt from: those of train and test, without labels and ids."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from competition.data.tables.reading.coded import coded
from competition.data.tables.reading.dates import date_format_of
from competition.problem.text.lines import is_nameless
from competition.spec import Competition

_FIRST, _MORE = 20, 1000  # rows that are looked at before all: they mostly tell


@dataclass(frozen=True)
class Shared:
    """The columns to learn from, and what was left out.

    Attributes:
        train: (n, columns) those of the training file, in its order, and ids.
        test: (m, columns) the same of the test file.
        ids: The ids among them, which are not learnt from.
        notes: What was left out, and why, in words.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    ids: tuple[str, ...]
    notes: tuple[str, ...]


def shared_columns(train: pd.DataFrame, test: pd.DataFrame, competition: Competition) -> Shared:
    """Return the columns that both files have and something can be learnt from.

    Labels are left out, and ids: but an id that is a moment stays, for in such data it is the main
    feature, and so does one that [roles] names. What repeats the id is left out, and a nameless
    column that counts the rows.

    Args:
        train: (n, …) as `read_typed` gives them.
        test: (m, …) the same.
        competition: Says which columns are labels and ids.
    """
    named = [competition.id_column, competition.test_id]
    roles = dict(competition.roles)
    aside = [name for name in dict.fromkeys(named) if name is not None and name not in roles]
    labels = competition.label_columns
    notes = []
    for one, other, where in (
        (train, test, competition.train_file),
        (test, train, competition.test_file),
    ):
        lone = [str(name) for name in one if name not in other and name not in (*aside, *labels)]
        if lone:
            notes.append(f"{', '.join(lone)}: only in {where}, so not learnt from")
    both = [str(name) for name in train if name in test and name not in labels]
    ids = [name for name in aside if name in both and not _are_dates(train[name], test[name])]
    kept = []
    for name in both:
        if name in ids or name in roles:
            kept.append(name)
        elif is_nameless(name) and _counts(train[name]):
            notes.append(f"{name}: it counts the rows, so not learnt from")
        elif any(_is_same(name, each, (train, test)) for each in ids):
            notes.append(f"{name}: the same as the id, so not learnt from")
        else:
            kept.append(name)
    return Shared(train[kept], test[kept], tuple(ids), tuple(notes))


def _are_dates(*parts: pd.Series) -> bool:
    if any(pd.api.types.is_numeric_dtype(cells) for cells in parts):
        return False
    texts = coded(*parts).texts
    return bool(texts) and date_format_of(pd.Series(texts, dtype="str")) is not None


def _counts(cells: pd.Series) -> bool:
    """Tell whether cells are 1, 2, 3 and so on, from any number."""
    return pd.api.types.is_numeric_dtype(cells) and bool((np.diff(cells.to_numpy()) == 1).all())


def _is_same(name: str, other: str, frames: Iterable[pd.DataFrame]) -> bool:
    """Tell whether two columns hold the same in each row of all frames."""
    return all(
        _are_equal(frame[name].head(rows), frame[other].head(rows))
        for frame in frames
        for rows in (_FIRST, _MORE, len(frame))
    )


def _are_equal(one: pd.Series, other: pd.Series) -> bool:
    numbers = [pd.api.types.is_numeric_dtype(cells) for cells in (one, other)]
    if any(numbers) and not all(numbers):
        one, other = (pd.to_numeric(cells.astype("str"), errors="coerce") for cells in (one, other))
    return bool((one.to_numpy() == other.to_numpy()).all())
