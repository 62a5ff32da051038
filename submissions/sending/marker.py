"""The marker at the start of a description, by which a submission is found again on Kaggle."""

import re

from competition.terminal.printable import printable

# Kaggle's form takes more; a server that cuts at less leaves the marker, which comes first.
DESCRIPTION_LENGTH = 500
# Whatever capitals, brackets or blanks have become of it on the way.
_MARKER = re.compile(
    r"\[?podium[\W_]*([0-9a-f]{12})(?![0-9a-f])(?:\.([1-9]\d{0,5})(?!\d))?\]?", re.IGNORECASE
)


def marker(fingerprint: str, attempt: int) -> str:
    """Return `[podium 0123456789ab]`, and for the n-th wilful repetition `[podium 0123456789ab.n]`.

    Args:
        fingerprint: 12 hexadecimal digits of the content.
        attempt: 1 for the first submission of this content.
    """
    return f"[podium {fingerprint}.{attempt}]" if attempt > 1 else f"[podium {fingerprint}]"


def said(message: str) -> str:
    """Return a message as it is recorded and sent: one line, without control characters."""
    return printable(" ".join(message.split()))


def described(message: str, fingerprint: str, attempt: int) -> str:
    """Return the description for Kaggle: the marker, then the message in one line.

    What looks like a marker in the message loses its first word, so that there is but one.
    """
    line = _MARKER.sub(lambda found: found[1], said(message))
    text = f"{marker(fingerprint, attempt)} {line}".rstrip()
    return text if len(text) <= DESCRIPTION_LENGTH else f"{text[: DESCRIPTION_LENGTH - 1]}…"


def parsed(description: str) -> tuple[str, str, int] | None:
    """Return message, fingerprint and attempt of a description; None where it has no marker.

    Descriptions of earlier versions end with it; only theirs can hold another before it.
    """
    text = description.strip()
    places = list(_MARKER.finditer(text))
    if not places:
        return None
    found = places[-1] if places[-1].end() == len(text) else places[0]
    message = f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()
    return message, found[1].lower(), int(found[2] or 1)
