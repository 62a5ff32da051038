"""Text of several bytes a character, as editors on Windows save it: UTF-16 and UTF-32."""

import codecs

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FEWEST = 0.25  # zero bytes in such a text, where most characters are Latin ones


def wide_encoding(content: bytes) -> str | None:
    """Return the encoding of UTF-16 or UTF-32, by its mark or by where its zeros stand.

    Args:
        content: Bytes of a text.

    Returns:
        Python's name of it; None for any other text.

    Example:
        >>> wide_encoding("a,b".encode("utf-16-be"))
        'utf-16-be'
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    if b"\0" not in content.rstrip(b"\0"):  # a disk that was cut off fills files up with zeros
        return None
    zeros = [content[place::4].count(0) for place in range(4)]
    if sum(zeros) < _FEWEST * len(content):
        return None
    if sum(zeros) > len(content) / 2 + 1:
        return "utf-32-be" if zeros[0] > zeros[3] else "utf-32-le"
    return "utf-16-be" if zeros[0] + zeros[2] > zeros[1] + zeros[3] else "utf-16-le"
