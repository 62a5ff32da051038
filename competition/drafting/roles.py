"""Roles of columns that a reader of the table could take for something else."""

import pandas as pd

from competition.data.tables.coded import texts_of
from competition.data.tables.kinds import kind_of
from competition.data.tables.schema import Role
from competition.drafting.asked import counts_on
from competition.drafting.draft import Notes
from competition.drafting.partings import TIME_NAME

Roles = tuple[tuple[str, Role | tuple[str, ...]], ...]

_UNIQUE = 0.999  # of the rows, from which a column of single words names rows


def roles_of(
    train: pd.DataFrame, test: pd.DataFrame | None, ids: set[str], labels: set[str], notes: Notes
) -> Roles:
    """Return the roles of dates, texts and index columns, with their reasons.

    Args:
        train: (n, columns).
        test: (m, columns); None where there is none.
        ids: The id columns; such a one has a role only where it is a moment.
        labels: The label columns.
        notes: Gets the reasons.
    """
    roles: list[tuple[str, Role | tuple[str, ...]]] = []
    for name in map(str, train.columns):
        if name in labels or (test is not None and name not in test):
            continue
        parts = [train[name]] if test is None else [train[name], test[name]]
        cells = pd.concat(parts, ignore_index=True)
        role, reason = _role(cells, parts, is_id=name in ids)
        if role is not None:
            roles.append((name, role))
            notes.reasons[f"roles.{name}"] = reason
    return tuple(roles)


def _role(cells: pd.Series, parts: list[pd.Series], *, is_id: bool) -> tuple[Role | None, str]:
    found = kind_of(cells)
    if found.role == Role.DATE:
        more = ", and the id: a feature nevertheless" if is_id else ""
        return Role.DATE, f"moments, written as {found.date_format}{more}"
    if is_id or found.role == Role.DROP:
        return None, ""
    if (
        found.role == Role.NUMBER
        and not TIME_NAME.search(str(cells.name))
        and _numbers_rows(cells, parts)
    ):
        return Role.DROP, "only numbers the rows"
    if found.role == Role.CATEGORY and _names_rows(cells):
        return Role.DROP, "another word in each row, so nothing is learnt of it"
    if found.role == Role.TEXT:
        words = texts_of(cells).dropna().head(2000).str.count(r"\S+").mean()
        return Role.TEXT, f"many different cells of {words:.0f} words"
    return None, ""


def _numbers_rows(cells: pd.Series, parts: list[pd.Series]) -> bool:
    """Tell whether whole numbers count the rows of each file, or of all, in any order."""
    if all(map(counts_on, parts)):
        return True
    if not pd.api.types.is_integer_dtype(cells) or len(cells) < 20 or cells.duplicated().any():
        return False
    return int(cells.max()) - int(cells.min()) < len(cells)


def _names_rows(cells: pd.Series) -> bool:
    """Tell whether a column holds another single word in each row, such as a key."""
    texts = texts_of(cells).dropna()
    if len(texts) < max(20, 0.5 * len(cells)) or texts.nunique() < _UNIQUE * len(texts):
        return False
    return not bool(texts.head(2000).str.contains(r"\s").any())
