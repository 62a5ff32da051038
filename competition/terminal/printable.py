"""Text that others wrote, made fit to be shown: it moves no cursor, and starts no line."""

import re

# Control characters, line separators, what turns the direction of writing round, and the halves of
# surrogate pairs, which stand for bytes that are no UTF-8.
CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL = re.compile(f"[{CONTROLS}]")


def printable(text: str) -> str:
    r"""Return a text in one line, each control character in it as its escape.

    Example:
        >>> printable("a\x1b[31mb\udcff")
        'a\\x1b[31mb\ufffd'
    """
    return _CONTROL.sub(lambda found: escaped(found[0]), text)


def escaped(character: str) -> str:
    r"""Return what stands for a control character: `\x1b`; U+FFFD for a byte that is no UTF-8."""
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
