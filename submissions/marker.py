"""The marker at the end of a description, by which a submission is found again on Kaggle."""

import re

# Kaggle's form takes more; a message is cut before the marker is.
DESCRIPTION_LENGTH = 500
_MARKER = re.compile(r"\[podium ([0-9a-f]{12})(?:\.([1-9]\d{0,5}))?\]\s*$")


def marker(fingerprint: str, attempt: int) -> str:
    """Return `[podium 0123456789ab]`, and for the n-th wilful repetition `[podium 0123456789ab.n]`.

    Args:
        fingerprint: 12 hexadecimal digits of the content.
        attempt: 1 for the first submission of this content.
    """
    return f"[podium {fingerprint}.{attempt}]" if attempt > 1 else f"[podium {fingerprint}]"


def described(message: str, fingerprint: str, attempt: int) -> str:
    """Return the description for Kaggle: the message in one line, then the marker, whole."""
    ending = marker(fingerprint, attempt)
    room = DESCRIPTION_LENGTH - len(ending) - 1
    line = " ".join(message.split())
    if len(line) > room:
        line = line[: room - 1] + "…"
    return f"{line} {ending}".lstrip()


def parsed(description: str) -> tuple[str, str, int] | None:
    """Return message, fingerprint and attempt of a description; None where no marker ends it."""
    found = _MARKER.search(description)
    if found is None:
        return None
    return description[: found.start()].rstrip(), found[1], int(found[2] or 1)
