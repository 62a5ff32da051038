"""Lines and fields of a CSV text, as RFC 4180 has them, without line breaks inside fields."""

import re

UNNAMED = "unnamed"  # what a column without a name is called
_NAMELESS = re.compile(rf"|{UNNAMED}|Unnamed: \d+")  # as files, this project and pandas have it
_NEEDS_QUOTES = ',"\r\n'


def without_line_ends(text: str) -> list[str]:
    """Split a text into its lines; they end in LF or CRLF, the last one perhaps in neither.

    A carriage return that stands alone stays in its line.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        del lines[-1]
    return lines


def is_nameless(name: str) -> bool:
    """Tell whether a column has no name.

    Example:
        >>> is_nameless("Unnamed: 0")
        True
    """
    return _NAMELESS.fullmatch(name.strip()) is not None


def split_line(line: str) -> list[str] | None:
    """Split one CSV line into its fields, as RFC 4180 quotes them; None where quoting is broken.

    A field is either free of quotes, or quoted as a whole with inner quotes doubled. A line break
    inside a quoted field is not taken: no id or class name has one.

    Example:
        >>> split_line('7,"a, b"')
        ['7', 'a, b']
    """
    if '"' not in line:
        return line.split(",")
    fields: list[str] = []
    position = 0
    while True:
        if line.startswith('"', position):
            end = position + 1
            while (end := line.find('"', end)) >= 0 and line.startswith('""', end):
                end += 2
            if end < 0 or (end + 1 < len(line) and line[end + 1] != ","):
                return None
            fields.append(line[position + 1 : end].replace('""', '"'))
            end += 1
        else:
            comma = line.find(",", position)
            end = comma if comma >= 0 else len(line)
            fields.append(line[position:end])
            if '"' in fields[-1]:
                return None
        if end >= len(line):
            return fields
        position = end + 1


def quoted(text: str) -> str:
    """Return a CSV field, in quotes only where RFC 4180 needs them."""
    if any(character in text for character in _NEEDS_QUOTES):
        return '"' + text.replace('"', '""') + '"'
    return text


def shown(text: str) -> str:
    """Return a text in quotes, cut where it is long."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
