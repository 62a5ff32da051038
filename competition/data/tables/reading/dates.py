"""Dates in the many ways that files write them, as seconds since 1970."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

_DATE_LIKE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\D?.*"
    r"|\d{4}[-/]\d{1,2}"
    r"|\d{1,2}[- ][A-Za-z]{3,9}[- ,].*"
    r"|[A-Za-z]{3,9}[- ]\d{2,4}"
    r"|[A-Za-z]{3,9} \d{1,2},? \d{4}.*",
    re.ASCII,
)
# Where day and month can stand for each other, the way that such separators are mostly used is
# first: America's slashes, Europe's dots and dashes.
_DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%m.%d.%Y"),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
)
_MONTHS = ("%Y-%m", "%Y/%m", "%b-%Y", "%b-%y", "%b %Y", "%B %Y")
_TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_ZONE = re.compile(r"(:\d{2}(?:\.\d+)?)\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}(?::\d{2})+(?:\.\d+)?(?:\s?[AaPp][Mm])?|[-+]?\d+(?:\.\d+)?")
_FEW = 200  # texts, on which a way of writing is tried before all are read

Seconds = npt.NDArray[np.float64]


def date_format_of(different: pd.Series) -> str | None:
    """Return how all of some texts write dates; None where they do not.

    Where day and month cannot be told apart, the month comes first between slashes, and the day
    between dots or dashes.

    Args:
        different: (k,) texts without blanks around them, none missing.

    Example:
        >>> date_format_of(pd.Series(["2011-01-20 05:00:00"]))
        '%Y-%m-%d %H:%M:%S'
    """
    first = str(different.iloc[0])
    if not _DATE_LIKE.fullmatch(first):
        return None
    few = different.head(_FEW)
    for form in _forms(":" in first, "T" in first):
        if _parsed(few, form).notna().all() and _parsed(different, form).notna().all():
            return form
    return None


def seconds_of_texts(different: pd.Series, date_format: str | None) -> Seconds:
    """Return dates (k,) as seconds since 1970, by the clock of their own place; others are NaN.

    Args:
        different: (k,) texts.
        date_format: As `date_format_of` tells it; None where that found none.
    """
    if date_format is None:  # a time alone would be one of today
        different = different.where(~different.str.fullmatch(_CLOCK))
    return seconds_of_dates(_parsed(different, date_format or "mixed"))


def seconds_of_dates(dates: pd.Series) -> Seconds:
    """Return moments (k,) as seconds since 1970, by the clock of their own place."""
    if isinstance(dates.dtype, pd.DatetimeTZDtype):
        dates = dates.dt.tz_localize(None)
    ticks = dates.astype("datetime64[us]").astype(np.int64).to_numpy(np.float64)
    return np.where(dates.isna(), np.nan, ticks / 1e6)


def _forms(with_time: bool, iso: bool) -> list[str]:
    """Return the ways of writing to try, in their order."""
    if not with_time:
        return [*_DAYS, *_MONTHS]
    between = "T" if iso else " "
    return [f"{day}{between}{time}" for day in _DAYS for time in _TIMES] + ["ISO8601"]


def _parsed(texts: pd.Series, date_format: str) -> pd.Series:
    local = texts.str.replace(_ZONE, r"\1", regex=True)
    try:
        dates = pd.to_datetime(local, format=date_format, errors="coerce")
    except ValueError:  # times of several zones
        return pd.Series(pd.NaT, texts.index, dtype="datetime64[us]")
    return dates
