"""A table's CSV file as a data frame: numbers where all cells are numbers, their texts elsewhere.

pandas' habit of taking `NA` or `None` for a missing cell is switched off: in some columns these are
categories. They are missing only in a column whose other cells are numbers.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from competition.data.csv_files import DOWNLOAD_AGAIN
from competition.data.tables.reading.csv_shape import (
    Content,
    check_row_widths,
    count_separators,
    open_content,
)
from competition.data.tables.reading.marks import MISSING, decimal_points, is_number
from competition.errors import PodiumError

_LOOKED_AT = 500  # rows, from which a column's type is guessed; a wrong guess costs time alone
_MANY = 0.5  # of their cells different, from which on texts are not gathered into categories


def read_cells(path: Path, as_text: Collection[str] = ()) -> pd.DataFrame:
    """Read a CSV file, plain or in a zip of its own.

    Commas, semicolons, tabs or bars part the cells, whichever parts the header; lines end in LF,
    CRLF or CR, and blank ones do not count; the text is UTF-8, with or without its mark, or else
    Windows-1252.

    Args:
        path: The file.
        as_text: Columns whose cells keep their very text, such as ids with leading zeros; those
            that are not there are passed over.

    Returns:
        A column for each of the header's names, `unnamed` where it has none, and a doubled one
        with ` (2)` behind it. Cells are
        numbers or texts (True and False too); empty ones are NaN, as are `NA` and its like in a
        column of numbers.

    Raises:
        PodiumError: the file cannot be read, or a row has too few or too many cells.

    Example:
        >>> read_cells(Path("train.csv"), as_text=("PassengerId",))["PassengerId"][0]
        '0001_01'
    """
    frame = read_typed(path, as_text)
    for name in frame:
        if frame[name].dtype == object or isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype("str")
    return frame


def read_typed(
    path: Path, as_text: Collection[str] = (), only: Collection[str] | None = None
) -> pd.DataFrame:
    """Read a CSV file as `read_cells` does, the fast way.

    Args:
        path: The file.
        as_text: Columns whose cells keep their very text.
        only: The columns to read; None for all.

    Returns:
        Columns of numbers, and of the very texts: as categories, or as objects where most are
        different. NaN is an empty cell.

    Raises:
        PodiumError: as `read_cells`.
    """
    with open_content(path) as content, ThreadPoolExecutor(1) as beside:
        separators = beside.submit(count_separators, content)
        wanted = [name for name in content.names if only is None or name in only]
        types = _probable_types(content, wanted, as_text)
        frame = _parsed(content, wanted, types)
        # A cell further down is no number; or pandas read categories as numbers or truth values.
        wrong = [name for name in wanted if not _is_as_asked(frame[name], name in types)]
        if wrong:
            texts = _parsed(content, wrong, dict.fromkeys(wrong, "object"))
            for name in wrong:
                frame[name] = texts[name]
        found = separators.result()
        if only is None:
            check_row_widths(content, frame, found)
    if frame.empty:
        raise PodiumError(f"{path.name} has no rows. {DOWNLOAD_AGAIN}")
    if content.separator == ";":
        _read_decimal_commas(frame, as_text)
    return frame


def _probable_types(content: Content, names: list[str], as_text: Collection[str]) -> dict[str, str]:
    """Return pandas' type for the columns of texts, as the first rows show; others are numbers."""
    first = _pandas(content, names, nrows=_LOOKED_AT, dtype="object", na_filter=False)
    types = {}
    for name in names:
        different = first[name].unique()
        written = [text for text in map(str.strip, different) if text]
        values = [text for text in written if text not in MISSING]
        numbers = bool(values) and all(map(is_number, values))
        if name not in as_text and (not written or numbers):
            continue
        # pandas would make numbers of a category's texts.
        many = numbers or len(different) > _MANY * len(first)
        types[name] = "object" if many else "category"
    return types


def _parsed(content: Content, names: list[str], types: dict[str, str]) -> pd.DataFrame:
    """Read texts as these types, and all other columns as numbers, where they are."""
    marks = sorted(MISSING)
    return _pandas(
        content,
        names,
        dtype=types,
        keep_default_na=False,
        na_values={name: [""] if name in types else marks for name in names},
    )


def _is_as_asked(cells: pd.Series, texts: bool) -> bool:
    """Tell whether cells are numbers, or the very texts, where that was asked."""
    if not texts:
        return cells.dtype.kind in "iuf"
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        return True
    return bool(pd.api.types.is_string_dtype(cells.cat.categories))


def _pandas(content: Content, names: list[str], **options: Any) -> pd.DataFrame:
    """Let pandas read some of the columns.

    Raises:
        PodiumError: the file is not such a CSV file.
    """
    every = len(names) == len(content.names)
    encoding = options.pop("encoding", content.encoding)
    try:
        frame: pd.DataFrame = pd.read_csv(
            content.source(),
            sep=content.separator,
            header=0,
            names=content.names,
            usecols=None if every else names,
            encoding=encoding,
            engine="c",
            **options,
        )
        return frame
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise PodiumError(
                f"{content.path.name} is neither UTF-8 nor Windows-1252 text. {DOWNLOAD_AGAIN}"
            ) from error
        content.encoding = "cp1252"
        return _pandas(content, names, **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise content.fault(str(error)) from error


def _read_decimal_commas(frame: pd.DataFrame, as_text: Collection[str]) -> None:
    """Turn the columns of texts such as `3,14` into numbers; in such files commas are free."""
    for name in frame:
        if name in as_text or pd.api.types.is_numeric_dtype(frame[name]):
            continue
        places, different = pd.factorize(frame[name])
        points = decimal_points([str(text) for text in different])
        if points is not None:
            values = np.array([*points, np.nan])
            frame[name] = values[places]
