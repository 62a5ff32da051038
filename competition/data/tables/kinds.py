"""What a column of a table is: a number, a date, a category or a text, told from all its cells."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.schema import Role

MISSING = frozenset(
    {"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "None", "none", "?", "-"}
)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_THOUSANDS = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"
_NUMBERS = re.compile(f"(?:{_NUMBER}|{_THOUSANDS})")
_THOUSANDS_ONLY = re.compile(_THOUSANDS)
_DATE_LIKE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\D?.*"
    r"|\d{1,2}[- ][A-Za-z]{3,9}[- ,].*"
    r"|[A-Za-z]{3,9} \d{1,2},? \d{4}.*"
)
_DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_TEXT_WORDS = 3.0  # on average, from which many different cells are texts rather than categories
_TEXT_SHARE = 0.2  # of the cells that are different
_TEXT_LEVELS = 50

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """What a column is, and how its cells are read.

    Attributes:
        role: Its role.
        date_format: How its dates are written; None where it holds none.
    """

    role: Role
    date_format: str | None = None


def kind_of(cells: pd.Series) -> Kind:
    """Tell what a column is from its cells in train and test together.

    A number if all but the missing marks are numbers; a date if all are dates, written in one way;
    a text if there are many different cells of several words; else a category.

    Args:
        cells: (n,) as `read_cells` gives them.
    """
    for has_type, role in (
        (pd.api.types.is_bool_dtype, Role.CATEGORY),
        (pd.api.types.is_numeric_dtype, Role.NUMBER),
        (pd.api.types.is_datetime64_any_dtype, Role.DATE),
    ):
        if has_type(cells):
            return Kind(role)
    different = pd.Series(texts_of(cells).dropna().unique(), dtype=str)
    written = different[~different.isin(MISSING)]
    if len(written) == 0:
        return Kind(Role.DROP)
    if written.str.fullmatch(_NUMBERS).all():
        return Kind(Role.NUMBER)
    date_format = date_format_of(written)
    if date_format is not None:
        return Kind(Role.DATE, date_format)
    many = len(different) > max(_TEXT_LEVELS, _TEXT_SHARE * cells.notna().sum())
    words = different.head(20_000).str.count(r"\S+").mean()
    return Kind(Role.TEXT if many and words >= _TEXT_WORDS else Role.CATEGORY)


def date_format_of(different: pd.Series) -> str | None:
    """Return how all of some texts write dates; None where they do not.

    Where day and month cannot be told apart, the month comes first, as in most of these files.

    Example:
        >>> date_format_of(pd.Series(["2011-01-20 05:00:00"]))
        '%Y-%m-%d %H:%M:%S'
    """
    first = str(different.iloc[0]).strip()
    if not _DATE_LIKE.fullmatch(first):
        return None
    few = different.head(200)
    for day in _DAYS:
        for time in _TIMES:
            for form in {day + time, (day + time).replace(" ", "T", 1)}:
                if _parsed(few, form).notna().all() and _parsed(different, form).notna().all():
                    return form
    return None


def _parsed(texts: pd.Series, date_format: str) -> pd.Series:
    plain = texts.str.strip().str.removesuffix("Z")
    return pd.to_datetime(plain, format=date_format, errors="coerce", exact=True)


def texts_of(cells: pd.Series) -> pd.Series:
    """Return cells as texts without blanks around them; truth values as `True` and `False`."""
    if pd.api.types.is_string_dtype(cells) and cells.dtype != object:
        return cells.str.strip()
    return cells.map(_text, na_action="ignore").astype("str").where(cells.notna())


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def numbers_of(cells: pd.Series) -> Numbers:
    """Return a number column's cells as (n,) float64; missing and infinite ones are NaN."""
    if not pd.api.types.is_numeric_dtype(cells):
        texts = texts_of(cells)
        texts = texts.mask(texts.isin(MISSING))
        grouped = texts.str.fullmatch(_THOUSANDS_ONLY).fillna(False).astype(bool)
        texts = texts.where(~grouped, texts.str.replace(",", ""))
        cells = pd.to_numeric(texts, errors="coerce")
    values = cells.to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def seconds_of(cells: pd.Series, date_format: str | None) -> Numbers:
    """Return a date column's cells as (n,) float64 seconds since 1970; others are NaN."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        dates = cells
    elif date_format is None:
        dates = pd.to_datetime(texts_of(cells), errors="coerce", format="mixed")
    else:
        dates = _parsed(texts_of(cells), date_format)
    nanoseconds = dates.astype("datetime64[ns]").astype(np.int64).to_numpy(np.float64)
    return np.where(dates.isna(), np.nan, nanoseconds / 1e9)


def codes_of(
    train: pd.Series, test: pd.Series, levels: tuple[str, ...] | None = None
) -> tuple[Numbers, Numbers, list[str]]:
    """Return codes of a category's cells in train and test, NaN where missing, and their texts.

    Levels come from train and test together, sorted as numbers where they all are.

    Args:
        train: (n,) cells.
        test: (m,) cells.
        levels: The levels in their order; a cell that is none of them is missing. None: all that
            are there.
    """
    parts = [texts_of(train), texts_of(test)]
    whole = pd.concat(parts, ignore_index=True)
    if levels is None:
        if whole.dropna().str.casefold().isin(["true", "false"]).all():
            whole = whole.str.casefold().map({"true": "True", "false": "False"})
        levels = tuple(_sorted([str(level) for level in whole.dropna().unique()]))
    codes = pd.Categorical(whole, categories=list(levels)).codes.astype(np.float64)
    codes[codes < 0] = np.nan
    return codes[: len(train)], codes[len(train) :], list(levels)


def _sorted(levels: list[str]) -> list[str]:
    if all(re.fullmatch(_NUMBER, level) for level in levels):
        return sorted(levels, key=lambda level: (float(level), level))
    return sorted(levels)
