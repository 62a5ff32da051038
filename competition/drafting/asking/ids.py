"""The id column of the sample and of the test file, and what looks like an id."""

import re

import pandas as pd

from competition.data.tables.reading.coded import texts_of
from competition.drafting.draft import Notes
from competition.drafting.tables import Tables
from competition.errors import PodiumError

_ID_NAME = re.compile(
    r"(?:^|[^a-z])(?:id|uuid|guid|index|idx|key|row|rownum|serial)$|^id(?:[^a-z]|$)", re.IGNORECASE
)

_FEW = 20  # ids of a sample that may show the form alone


def find_test_id(tables: Tables, id_column: str, notes: Notes) -> str | None:
    """Return what the test file calls the id, and check that its rows are the sample's.

    Raises:
        PodiumError: the sample's ids are none, or the test file has others.
    """
    assert tables.test is not None and tables.sample is not None
    test, ids = tables.test, texts_of(tables.sample[id_column])
    if ids.isna().any() or ids.duplicated().any():
        raise PodiumError(
            f"{tables.sample_name} has blank or doubled ids in its first column, {id_column!r}: "
            f"so it names no row. {_form_alone(tables)}"
        )
    if id_column in test:
        own = texts_of(test[id_column])
        _require_same(set(ids), own, tables, id_column)
        return None
    known = set(ids)
    same = [name for name in test if len(known) == test[name].nunique() == len(test)]
    same = [name for name in same if set(texts_of(test[name])) == known]
    if same:
        notes.reasons["columns.test_id"] = (
            f"its cells in {tables.test_name} are the ids of {tables.sample_name}"
        )
        return str(same[0])
    if len(test) != len(ids):
        raise PodiumError(
            f"{tables.test_name} has {len(test):,} rows and {tables.sample_name} {len(ids):,}, and "
            f"no column of it has the sample's ids. Give the files of one competition."
        )
    notes.questions.append(
        f"{tables.test_name} has no column with the ids of {tables.sample_name}: its rows are "
        "taken to stand in the same order."
    )
    return None


def _require_same(ids: set[str], own: pd.Series, tables: Tables, id_column: str) -> None:
    lost, more = sorted(ids.difference(own)), sorted(set(own.dropna()) - ids)
    few = len(ids) <= _FEW < len(own)
    if own.duplicated().any() or own.isna().any():
        raise PodiumError(
            f"{tables.test_name} has blank or doubled ids in {id_column!r}, so that "
            f"{tables.sample_name} does not say which row is meant. Look whether they are the "
            "right files."
        )
    if lost or more:
        what = (
            f"lacks the id {lost[0]!r}, which {tables.sample_name} asks for"
            if lost
            else f"has the id {more[0]!r}, which {tables.sample_name} does not ask for"
        )
        raise PodiumError(
            f"{tables.test_name} {what} ({len(own):,} rows, {len(ids):,} ids). "
            + (_form_alone(tables) if few else "Give the files of one competition.")
        )


def _form_alone(tables: Tables) -> str:
    return (
        "If it shows the form alone, give a folder without it: one is made of the ids in "
        f"{tables.test_name}."
    )


def looks_like_id(cells: pd.DataFrame, name: str) -> bool:
    """Tell whether a column is different in each row, and named or numbered as ids are.

    Example:
        >>> looks_like_id(pd.DataFrame({"PassengerId": [7, 3]}), "PassengerId")
        True
    """
    column = cells[name]
    if pd.api.types.is_float_dtype(column) or column.isna().any() or column.duplicated().any():
        return False
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return bool(_ID_NAME.search(plain)) or counts_on(column)


def counts_on(column: pd.Series) -> bool:
    """Tell whether whole numbers go up by one from row to row."""
    if not pd.api.types.is_integer_dtype(column) or len(column) < 3:
        return False
    return bool((column.diff().iloc[1:] == 1).all())
