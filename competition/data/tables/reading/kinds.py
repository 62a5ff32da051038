"""What a column of a table is: a number, a date, a category or a text, told from all its cells."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.reading.coded import Coded, coded
from competition.data.tables.reading.dates import (
    date_format_of,
    seconds_of_dates,
    seconds_of_texts,
)
from competition.data.tables.reading.marks import MISSING, numbers
from competition.data.tables.schema import Role

_TEXT_WORDS = 3.0  # on average, from which many different cells are texts rather than categories
_TEXT_LENGTH = 45.0  # characters on average, from which they are so without blanks: addresses, code
_TEXT_SHARE = 0.2  # of the cells that are different
_TEXT_LEVELS = 50
_FEW_LEVELS, _NEARLY_ALL = 10, 0.9  # of so few, nearly all cells have to be different
_LOOKED_AT = 20_000
# Chinese, Japanese and Korean are written without blanks between words.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\s\u3040-\u30ff\u3400-\u9fff]+")
_WHOLE = re.compile(r"[+-]?\d+\.0+", re.ASCII)

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

    A number if all but the missing marks are numbers; a date if all but these are dates, written in
    one way; a text if there are many different cells of several words; else a category.

    Args:
        cells: (n,) as `read_cells` gives them.
    """
    return _kind_of_type(cells) or kind_of_coded(coded(cells))


def _kind_of_type(cells: pd.Series) -> Kind | None:
    for has_type, role in (
        (pd.api.types.is_bool_dtype, Role.CATEGORY),
        (pd.api.types.is_numeric_dtype, Role.NUMBER),
        (pd.api.types.is_datetime64_any_dtype, Role.DATE),
    ):
        if has_type(cells):
            return Kind(role)
    return None


def kind_of_coded(cells: Coded) -> Kind:
    """Tell what a column of texts is, as `kind_of` does."""
    written = [text for text in cells.texts if text not in MISSING]
    if not written:
        return Kind(Role.DROP)
    if numbers(written) is not None:
        return Kind(Role.NUMBER)
    date_format = date_format_of(pd.Series(written, dtype="str"))
    if date_format is not None:
        return Kind(Role.DATE, date_format)
    rows = cells.count() if len(written) > _FEW_LEVELS else len(written)
    many = len(written) > max(_TEXT_LEVELS, _TEXT_SHARE * rows) or len(written) > max(
        _FEW_LEVELS, _NEARLY_ALL * rows
    )
    return Kind(Role.TEXT if many and _are_sentences(written[:_LOOKED_AT]) else Role.CATEGORY)


def _are_sentences(texts: list[str]) -> bool:
    words = sum(len(_WORD.findall(text)) for text in texts) / len(texts)
    return words >= _TEXT_WORDS or sum(map(len, texts)) / len(texts) >= _TEXT_LENGTH


def numbers_of_texts(texts: list[str]) -> Numbers:
    """Return the numbers that texts are, NaN for what is none."""
    found = numbers(texts)
    return np.array(
        [(numbers([text]) or [np.nan])[0] for text in texts] if found is None else found, np.float64
    )


def numbers_of(cells: pd.Series) -> Numbers:
    """Return a number column's cells as (n,) float64; missing ones are NaN."""
    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64, na_value=np.nan)
    found = coded(cells)
    return found.values(numbers_of_texts(found.texts))[0]


def seconds_of(cells: pd.Series, date_format: str | None) -> Numbers:
    """Return a date column's cells as (n,) float64 seconds since 1970; others are NaN."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        return seconds_of_dates(cells)
    found = coded(cells)
    texts = pd.Series(found.texts, dtype="str")
    return found.values(seconds_of_texts(texts, date_format))[0]


def levels_of(
    texts: list[str], order: tuple[str, ...] | None = None
) -> tuple[list[str], list[int]]:
    """Return a category's levels, sorted as numbers if they are such, and the code of each text.

    `1.0` is `1` where all levels are numbers, and `true` is `True` where all are truth values.

    Args:
        texts: The different texts of its cells.
        order: The levels in their order; the code of what is none of them is -1. None: all that
            are there.
    """
    if order is not None:
        levels = list(order)
        texts = [text if text in order else _whole(text) for text in texts]
    elif all(text.casefold() in ("true", "false") for text in texts):
        texts = [text.capitalize() for text in texts]
        levels = sorted(set(texts))
    elif not MISSING.intersection(texts) and (found := numbers(texts)) is not None:
        texts = [_whole(text) for text in texts]
        value = dict(zip(texts, found, strict=True))
        levels = sorted(value, key=lambda text: (value[text], text))
    else:
        levels = sorted(texts)
    places = {text: place for place, text in enumerate(levels)}
    return levels, [places.get(text, -1) for text in texts]


def _whole(text: str) -> str:
    return text.partition(".")[0] if _WHOLE.fullmatch(text) else text
