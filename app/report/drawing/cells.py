"""Cells of a table as people read them."""

import math

import numpy as np

from competition.data.tables.schema import Role, Schema

_LONGEST = 40  # characters of a text
_WHOLE = 1e15  # up to which a whole number is written out


def shown_cell(schema: Schema, place: int, value: float) -> str:
    """Return a cell of a table's matrix: a number, a date, or the text behind a code.

    Args:
        schema: Says what the column is.
        place: Of the column.
        value: The cell; NaN for a missing one.
    """
    if math.isnan(value):
        return "–"
    column = schema.columns[place]
    if column.levels:
        return shortened(schema.levels(place)[int(value)])
    return shown_date(value) if column.role == Role.DATE else shown_number(value)


def shown_number(value: float) -> str:
    """Return a number: whole ones in full, others to four digits.

    Example:
        >>> shown_number(1912.0), shown_number(0.123456)
        ('1912', '0.1235')
    """
    whole = float(value).is_integer() and abs(value) < _WHOLE
    return str(int(value)) if whole else f"{value:.4g}"


def shown_date(seconds: float) -> str:
    """Return seconds since 1970 as a date, and the time where it is not midnight.

    Example:
        >>> shown_date(86_400.0), shown_date(3_600.0)
        ('1970-01-02', '1970-01-01 01:00:00')
    """
    text = str(np.datetime64(math.floor(seconds), "s"))
    return text.removesuffix("T00:00:00").replace("T", " ")


def shortened(text: str) -> str:
    """Return a text in one line of at most 40 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
