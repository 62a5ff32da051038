"""Keys and tokens as people leave them: read as far as they can be, or refused with the cause.

They come with line ends, quotes and invisible characters of a web page, as UTF-16 of an editor on
Windows, as a folder, as a list. No message here holds a part of one.
"""

import json
import re
import stat
import unicodedata
from pathlib import Path
from typing import Any

from competition.encodings import wide_encoding

TOKEN_PREFIX = "KGAT_"
_MOST_BYTES = 1 << 16
_LONGEST = 4096  # a login's token has about a thousand characters
_DOUBLE, _SINGLE = "“”„‟«»", "‘’‚‛‹›`´"
# What may stand around a key: blanks of every kind, and quotes.
_AROUND = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\0\"'" + _DOUBLE + _SINGLE
# What is copied along with it: the rest of a shell's line, or of a header's.
_BEFORE = re.compile(
    r"""(?:(?:export|setx?)\s+|\$env:)?["']?KAGGLE_\w+["']?\s*[=:\s]\s*"""
    r"|(?:authorization:\s*)?bearer\s+",
    re.IGNORECASE,
)
_STRAIGHT = str.maketrans(dict.fromkeys(_DOUBLE, '"') | dict.fromkeys(_SINGLE, "'"))
_VARIANTS = frozenset("\u034f" + "".join(map(chr, range(0xFE00, 0xFE10))))


class Unusable(Exception):
    """Something is there and cannot be used; the text says what and why, and never shows it."""


def cleaned(text: str) -> str:
    """Return a text without invisible characters, and without what stands around a key.

    That is blanks, quotes, and the words before it in `export KAGGLE_KEY=…` or `Bearer …`.
    """
    text = "".join(each for each in text if not _invisible(each)).strip(_AROUND)
    bare = _BEFORE.sub("", text, count=1) if _BEFORE.match(text) else text
    return text if bare is text else bare.rstrip(";").strip(_AROUND)


def _invisible(character: str) -> bool:
    """Tell whether a character only says how others are shown: direction, joining, variant."""
    return unicodedata.category(character) == "Cf" or character in _VARIANTS


def fit(text: str, name: str, *, blanks: bool = False) -> str:
    """Return a key, a token or a username, cleaned.

    Args:
        text: As it was found; nothing but blanks and quotes gives an empty text.
        name: Where it was found, for messages.
        blanks: Whether it may hold blanks, as a name may.

    Raises:
        Unusable: no request can carry it, or no key looks so.
    """
    text = cleaned(text)
    if len(text.splitlines()) > 1:
        raise Unusable(f"{name} holds several lines")
    if text.startswith("{"):
        raise Unusable(f"{name} holds JSON: the whole of a file, and not a part of it")
    if not text.isascii():
        raise Unusable(
            f"{name} holds a character that no key and no username has, such as an accent or a "
            "curly quote"
        )
    if not text.isprintable() or (" " in text and not blanks):
        raise Unusable(f"{name} holds a blank or a control character in its middle")
    if len(text) > _LONGEST:
        raise Unusable(f"{name} is {len(text):,} characters long, longer than any key or token")
    return text


def token_in(text: str, name: str) -> str:
    """Return the token that a text is.

    Raises:
        Unusable: it is something else, or nothing.
    """
    if cleaned(text).startswith("{"):
        raise Unusable(f"{name} holds JSON, as it belongs in kaggle.json, and not a token")
    token = fit(text, name)
    if not token:
        raise Unusable(f"{name} is empty")
    return token


def is_token(text: str) -> bool:
    """Tell whether a text is one of Kaggle's tokens, wherever it stands."""
    return text.startswith(TOKEN_PREFIX)


def text_of(place: Path, name: str) -> str:
    """Return the text of a file in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Args:
        place: The file.
        name: How messages call it.

    Raises:
        FileNotFoundError: there is nothing.
        Unusable: it is not a file, or cannot be read.
    """
    try:
        mode = place.stat().st_mode
        if not stat.S_ISREG(mode):
            raise Unusable(f"{name} is {'a folder' if stat.S_ISDIR(mode) else 'not a plain file'}")
        with place.open("rb") as file:
            return decoded(file.read(_MOST_BYTES))
    except (FileNotFoundError, NotADirectoryError) as error:
        if place.is_symlink():
            raise Unusable(f"{name} is a link that leads nowhere") from None
        raise FileNotFoundError(name) from error
    except OSError as error:
        raise Unusable(f"{name} cannot be read ({error.strerror})") from None


def decoded(content: bytes) -> str:
    """Return the text of bytes in UTF-8, UTF-16 or UTF-32, or else in Latin-1."""
    if encoding := wide_encoding(content):
        return content.decode(encoding, "ignore")
    content = content.rstrip(b"\0")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def object_in(text: str, name: str) -> dict[str, Any]:
    """Return the entries of a JSON object, which may be written with curly or single quotes.

    Raises:
        Unusable: it is something else, or nothing.
    """
    if not cleaned(text):
        raise Unusable(f"{name} is empty")
    straight = "".join(
        " " if each.isspace() else each for each in text if not _invisible(each)
    ).translate(_STRAIGHT)
    straight = re.sub(r",\s*}\s*$", "}", straight)
    for candidate in (text, straight, straight.replace("'", '"')):
        try:
            kept = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(kept, dict):
            return {cleaned(entry).casefold(): value for entry, value in kept.items()}
        what = {list: "a list", str: "a text", type(None): "nothing"}.get(type(kept), "a number")
        raise Unusable(f"{name} holds {what} and not a JSON object")
    raise Unusable(f"{name} holds no JSON that can be read")


def entry_of(fields: dict[str, Any], entry: str, name: str, *, blanks: bool = False) -> str:
    """Return an entry of `object_in`, cleaned; empty where it is missing.

    Raises:
        Unusable: it is not a text, or no request can carry it.
    """
    value = fields.get(entry)
    if value is None:
        return ""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Unusable(f"the {entry} in {name} is not a text")
    return fit(str(value), f"the {entry} in {name}", blanks=blanks)
