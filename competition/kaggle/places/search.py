"""Looks for a token or a key: in what was given, then in the files of Kaggle's official client."""

import base64
import logging
import os
import re
import shlex
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from competition.kaggle.places.texts import (
    TOKEN_PREFIX,
    Unusable,
    cleaned,
    entry_of,
    fit,
    is_token,
    object_in,
    text_of,
    token_in,
)
from competition.kaggle.wording import as_sentence
from competition.workspace import Access

_TOKEN_FILES = ("access_token", "access_token.txt")
_NAMES = (*_TOKEN_FILES, "kaggle.json", "credentials.json")
# How a file may be called that would have to be one of those.
_ALIKE = {
    "kaggle.json": r"kaggle.*json.*",
    "access_token": r"access.?token.*",
    "credentials.json": r"credentials.*json.*",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Credentials:
    """A key or a token, and where it was found.

    Attributes:
        source: Where it comes from, for messages.
        username: Kaggle's name for the user; None where a token does not tell.
        key: The key of the user; None for a token.
        token: A bearer token; None for a key.
    """

    source: str
    username: str | None
    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may read: the key or the token, and the header that a key travels in."""
        if self.key is None:
            return (self.token or "",)
        return self.key, base64.b64encode(f"{self.username}:{self.key}".encode()).decode()


class Search:
    """Looks through the places where credentials stand.

    Args:
        access: What was given, and where to look for what is stored.

    Attributes:
        home: Where stored ones are looked for; None for nowhere.
        troubles: What was found and could not be used, each with its reason.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self.home = None if access.endpoint else access.home
        self._config = None if access.endpoint else access.config
        self.troubles: list[str] = []

    def found(self) -> Iterator[Credentials]:
        """Yield what can be used, in order; the next one is looked for when it is asked for."""
        yield from self._usable(self._given_token)
        self._leave_closed_home()
        for name in _TOKEN_FILES if self.home else ():
            yield from self._usable(partial(self._token_file, name))
        yield from self._usable(self._given_key)
        yield from self._usable(self._stored_key)

    def _leave_closed_home(self) -> None:
        """Tell of a home that belongs to somebody else once, and not of each file in it."""
        folder = self.home / ".kaggle" if self.home else None
        try:
            if folder:
                (folder / _TOKEN_FILES[0]).stat()
        except PermissionError as error:
            self.troubles.append(f"{folder} cannot be read ({error.strerror})")
            self.home = None
        except OSError:
            pass  # told where the file is read

    def ended(self, credentials: Credentials) -> Credentials:
        """Return what was taken in the end, and say what was passed over."""
        if self.troubles:
            said = as_sentence("; ".join(self.troubles))
            _log.warning("%s. Signed in with %s.", said, credentials.source)
        return credentials

    def _usable(self, read: Callable[[], Credentials | None]) -> Iterator[Credentials]:
        try:
            credentials = read()
        except Unusable as trouble:
            if str(trouble) not in self.troubles:
                self.troubles.append(str(trouble))
            return
        if credentials is not None:
            yield credentials

    def _given_token(self) -> Credentials | None:
        given, name = self._access.token, "KAGGLE_API_TOKEN"
        if not given:
            return None
        path = self._path_of(cleaned(given))
        if path is None:
            return Credentials(name, None, token=token_in(given, name))
        # The path itself is not shown: it may be a token that only looks like one.
        try:
            text = text_of(path, f"what {name} names")
        except FileNotFoundError:
            raise Unusable(f"{name} names a file that is not there") from None
        return Credentials(name, None, token=token_in(text, f"the file that {name} names"))

    def _path_of(self, given: str) -> Path | None:
        """Return the path that stands in place of a token; None for a token."""
        if given.startswith("~/") and self.home is not None:
            return self.home / given[2:]
        if given.startswith(("/", "~/", "./", "../")) or os.path.exists(given):  # noqa: PTH110 (never raises)
            # What is too long for a path is a token all the same.
            return Path(given) if len(given) < 4096 and "\0" not in given else None
        return None

    def _token_file(self, name: str) -> Credentials | None:
        assert self.home is not None
        place = self.home / ".kaggle" / name
        try:
            text = text_of(place, str(place))
        except FileNotFoundError:
            return None
        _warn_of_readers(place)
        return Credentials(str(place), None, token=token_in(text, str(place)))

    def _given_key(self) -> Credentials | None:
        key = fit(self._access.key or "", "KAGGLE_KEY")
        username = fit(self._access.username or "", "KAGGLE_USERNAME", blanks=True)
        if token := next(filter(is_token, (key, username)), None):
            return self._misplaced(token, "KAGGLE_KEY" if token == key else "KAGGLE_USERNAME")
        if ":" in username:
            raise Unusable("KAGGLE_USERNAME holds a colon, which no username does")
        return Credentials("KAGGLE_KEY", username, key=key) if username and key else None

    def _stored_key(self) -> Credentials | None:
        """Return the key of `kaggle.json`; what was given of the two stands in for its part."""
        given = self._access.username, self._access.key
        place = self._kaggle_json()
        try:
            if place is None:
                raise FileNotFoundError
            text = text_of(place, str(place))
        except FileNotFoundError:
            if any(given) and not all(given):
                there, lacking = ("USERNAME", "KEY") if given[0] else ("KEY", "USERNAME")
                raise Unusable(f"KAGGLE_{there} is set, but not KAGGLE_{lacking}") from None
            if place is not None:
                self._require_none_like(place)
            return None
        name = str(place)
        assert place is not None
        _warn_of_readers(place)
        if is_token(cleaned(text)):
            return self._misplaced(fit(text, name), name)
        fields = object_in(text, name)
        for value in fields.values():
            if isinstance(value, str) and is_token(cleaned(value)):
                return self._misplaced(fit(value, f"the token in {name}"), name)
        username = _usable_part(given[0], blanks=True)
        key = _usable_part(given[1])
        source = "KAGGLE_KEY" if key else name
        username = username or entry_of(fields, "username", name, blanks=True)
        key = key or entry_of(fields, "key", name)
        if not username or not key:
            lacking = " and ".join(
                part for part, there in (("username", username), ("key", key)) if not there
            )
            raise Unusable(f"{name} holds no {lacking}")
        return Credentials(source, username, key=key)

    def _require_none_like(self, place: Path) -> None:
        """Check that what would be `kaggle.json` does not stand there in another way.

        Raises:
            Unusable: it does, or the folder was named and lacks it.
        """
        folder = place.parent
        if os.path.isfile(folder):  # noqa: PTH113 (never raises); moved to where no folder was
            raise Unusable(f"{folder} is a file, not a folder with kaggle.json in it")
        with suppress(OSError):
            for other in sorted(os.listdir(folder)):  # noqa: PTH208 (names alone)
                for name, looks in _ALIKE.items():
                    if other not in _NAMES and re.fullmatch(looks, other, re.IGNORECASE):
                        raise Unusable(f"{folder} holds {other!r}, which would have to be {name}")
        if self._config is not None:
            raise Unusable(f"there is no kaggle.json in {folder}")

    def _misplaced(self, token: str, name: str) -> Credentials:
        self.troubles.append(
            f"{name} holds a token ({TOKEN_PREFIX}…), not a key: it belongs in KAGGLE_API_TOKEN "
            "or ~/.kaggle/access_token"
        )
        return Credentials(name, None, token=token)

    def _kaggle_json(self) -> Path | None:
        """Return where `kaggle.json` is looked for, as the official client does."""
        if self._config is not None:
            return self._config / "kaggle.json"
        if self.home is None:
            return None
        folder = self.home / ".kaggle"
        if sys.platform.startswith("linux") and not os.path.exists(folder):  # noqa: PTH110
            folder = self.home / ".config" / "kaggle"
        return folder / "kaggle.json"


def _usable_part(given: str | None, *, blanks: bool = False) -> str:
    """Return a given username or key; empty where it cannot be used, which was said before."""
    with suppress(Unusable):
        return fit(given or "", "", blanks=blanks)
    return ""


def _warn_of_readers(place: Path) -> None:
    with suppress(OSError):
        if place.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            _log.warning(
                "Other users of this machine can read your key in %s. Fix it with: chmod 600 %s",
                place,
                shlex.quote(str(place)),
            )
