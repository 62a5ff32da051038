"""The entries of a competition's TOML file: read as what they must be, and written again."""

import json
from typing import Any


def text_of(value: object, name: str) -> str:
    """Return a text that is not empty.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} must be a text, not {value!r}")
    return value


def list_of(value: object, name: str) -> list[Any]:
    """Return a list.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, list):
        raise TypeError(f"{name} must be a list, not {value!r}")
    return value


def texts_of(value: object, name: str) -> tuple[str, ...]:
    """Return one text or a list of them as a tuple.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, str):
        return (text_of(value, name),)
    if not isinstance(value, list) or not value:
        raise TypeError(f"{name} must be a text or a list of texts, not {value!r}")
    return tuple(text_of(each, name) for each in value)


def class_of(value: object) -> str:
    """Return a class as the files write it; a number in the TOML stands for its digits."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if not isinstance(value, str | int) or value == "":
        raise TypeError(f"classes must be texts, not {value!r}")
    return str(value)


def count_of(value: object, name: str) -> int:
    """Return a whole number above 0.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError(f"{name} must be a whole number above 0, not {value!r}")
    return value


def share_of(value: object) -> float:
    """Return a number above 0 and up to 1.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, float | int) or not 0 < value <= 1:
        raise TypeError(f"public_share must be a number above 0 and up to 1, not {value!r}")
    return float(value)


def yes_or_no(value: object, name: str) -> bool:
    """Return true or false.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be true or false, not {value!r}")
    return value


def quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    # TOML escapes as JSON does, and the delete character too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def listed(texts: tuple[str, ...]) -> str:
    """Return a list of texts as TOML writes it."""
    return f"[{', '.join(map(quoted, texts))}]"


def one_or_listed(texts: tuple[str, ...]) -> str:
    """Return one text as itself, and several as a list, as TOML writes them."""
    return quoted(texts[0]) if len(texts) == 1 else listed(texts)
