"""Roles of columns that a reader of the table could take for something else."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.reading.coded import texts_of
from competition.data.tables.reading.kinds import kind_of
from competition.data.tables.schema import Role
from competition.drafting.asking.ids import counts_on
from competition.drafting.codes import code_columns
from competition.drafting.draft import Notes
from competition.drafting.split.partings import TIME_NAME
from competition.drafting.tables import kind_of_both

Roles = tuple[tuple[str, Role | tuple[str, ...]], ...]

_UNIQUE = 0.999  # of the rows, from which a column of single words names rows


def roles_of(
    train: pd.DataFrame,
    test: pd.DataFrame | None,
    ids: set[str],
    labels: dict[str, pd.Series],
    notes: Notes,
) -> Roles:
    """Return the roles of dates, texts, codes and index columns, with their reasons.

    Args:
        train: (n, columns).
        test: (m, columns); None where there is none.
        ids: The id columns; such a one has a role only where it is a moment.
        labels: The texts of each label column.
        notes: Gets the reasons.
    """
    target = _as_numbers(next(iter(labels.values())))
    roles: list[tuple[str, Role | tuple[str, ...]]] = []
    both = [name for name in train if str(name) not in labels and (test is None or name in test)]
    codes = code_columns(train[[name for name in both if str(name) not in ids]], target)
    for name in map(str, both):
        role, reason = _role(train[name], None if test is None else test[name], is_id=name in ids)
        if role is None and name in codes:
            role, reason = Role.CATEGORY, "codes: their order tells less of the target than they do"
        if role is not None:
            roles.append((name, role))
            notes.reasons[f"roles.{name}"] = reason
    return tuple(roles)


def _as_numbers(labels: pd.Series) -> npt.NDArray[np.float64]:
    """Return labels as their ranks where they are numbers, else whether they are the usual one."""
    numbers = pd.to_numeric(labels, errors="coerce")
    if numbers.isna().any():
        return np.asarray(labels == labels.mode()[0], np.float64)
    return np.asarray(numbers.rank() / len(numbers), np.float64)


def _role(train: pd.Series, test: pd.Series | None, *, is_id: bool) -> tuple[Role | None, str]:
    found = kind_of(train.dropna().head(100)) if is_id else kind_of_both(train, test)
    if is_id and found.role == Role.DATE:
        found = kind_of_both(train, test)
    if found.role == Role.DATE:
        more = ", and the id: a feature nevertheless" if is_id else ""
        return Role.DATE, f"moments, written as {found.date_format}{more}"
    if is_id:
        return None, ""
    parts = [train] if test is None else [train, test]
    is_moment = TIME_NAME.search(str(train.name)) is not None
    if found.role == Role.NUMBER and not is_moment and _numbers_rows(parts):
        return Role.DROP, "only numbers the rows"
    if found.role == Role.CATEGORY and _names_rows(parts):
        return Role.DROP, "another word in each row, so nothing is learnt of it"
    if found.role == Role.TEXT:
        words = texts_of(train.head(2000)).dropna().str.count(r"\S+").mean()
        return Role.TEXT, f"many different cells of {words:.0f} words"
    return None, ""


def _numbers_rows(parts: list[pd.Series]) -> bool:
    """Tell whether whole numbers count the rows of each file, or of all, in any order."""
    if all(map(counts_on, parts)):
        return True
    cells = pd.concat(parts, ignore_index=True)
    if not pd.api.types.is_integer_dtype(cells) or len(cells) < 20 or cells.duplicated().any():
        return False
    return int(cells.max()) - int(cells.min()) < len(cells)


def _names_rows(parts: list[pd.Series]) -> bool:
    """Tell whether a column holds another single word in each row, such as a key."""
    cells = pd.concat(parts, ignore_index=True)
    there = cells.dropna()
    if len(there) < max(20, 0.5 * len(cells)) or there.nunique() < _UNIQUE * len(there):
        return False
    return not bool(texts_of(there.head(2000)).str.contains(r"\s").any())
