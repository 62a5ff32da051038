"""What texts stand for a missing cell, and what texts are numbers."""

import math
import re
from collections.abc import Sequence

MISSING = frozenset(
    {
        *("", "NA", "N/A", "n/a", "#N/A", "<NA>", "na", "NaN", "nan", "NAN", "NaT"),
        *("null", "NULL", "Null", "None", "none", "NONE", "?", "-"),
    }
)
_PLAIN = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(rf"[+-]?(?:{_PLAIN}|inf|Inf|infinity|Infinity)", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)?,\d+", re.ASCII)
_PERCENT = re.compile(rf"[+-]?{_PLAIN}\s?%", re.ASCII)


def is_number(text: str) -> bool:
    """Tell whether a text is a number as programs write it.

    Example:
        >>> is_number("1e5"), is_number("1,234")
        (True, False)
    """
    return _NUMBER.fullmatch(text) is not None


def numbers(texts: Sequence[str]) -> list[float] | None:
    """Return the numbers that some texts are, NaN for missing marks; None where one is neither.

    Commas may part thousands, as in `1,234`; where they cannot in some of the texts, they are
    decimal commas in all, as in `3,14`. All texts may be shares, as in `12%`.

    Args:
        texts: Without blanks around them.

    Example:
        >>> numbers(["1,234", "5", "NA"])
        [1234.0, 5.0, nan]
    """
    written = [text for text in texts if text not in MISSING]
    if not written:
        return None
    if all(map(is_number, written)):
        return [_float(text) for text in texts]
    if all(_PERCENT.fullmatch(text) for text in written):
        return [_float(text.removesuffix("%")) for text in texts]
    if all(_THOUSANDS.fullmatch(text) or is_number(text) for text in written):
        return [_float(text.replace(",", "")) for text in texts]
    return decimal_points(texts)


def decimal_points(texts: Sequence[str]) -> list[float] | None:
    """Return numbers written with decimal commas, NaN for missing marks; None for other texts.

    Example:
        >>> decimal_points(["3,14", "1.234,5", "7"])
        [3.14, 1234.5, 7.0]
    """
    written = [text.strip() for text in texts if text.strip() not in MISSING]
    comma = [_COMMA.fullmatch(text) is not None for text in written]
    whole = (text.lstrip("+-").isascii() and text.lstrip("+-").isdecimal() for text in written)
    if not any(comma) or not all(a or b for a, b in zip(comma, whole, strict=True)):
        return None
    return [_float(text.replace(".", "").replace(",", ".")) for text in texts]


def _float(text: str) -> float:
    text = text.strip()
    return math.nan if text in MISSING else float(text)
