"""Whose credentials go to Kaggle: found in the order in which its official client looks."""

import json
import logging
import shlex
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import requests

from competition.kaggle.errors import (
    CredentialsMissing,
    CredentialsRefused,
    KaggleError,
    Translator,
)
from competition.kaggle.replies import fields_of
from competition.kaggle.retry import Patience
from competition.workspace import Access

if TYPE_CHECKING:
    from competition.kaggle.transport import Transport

_TOKEN_FILES = ("access_token", "access_token.txt")

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
    def secret(self) -> str:
        """The part that nobody may read."""
        return self.token or self.key or ""


def sign_in(
    access: Access, transport: "Transport", translator: Translator, patience: Patience
) -> Credentials:
    """Find credentials, give them to the transport, and return them.

    The order: a token (given, then of `~/.kaggle/access_token`), which is checked by one call and
    passed over when it is no longer valid; a username and a key (given, then of `kaggle.json`);
    what `kaggle auth login` left. Another server than Kaggle gets what was given, and nothing that
    is stored: not even a question about it is sent.

    Args:
        access: What was given, and where to look for what is stored.
        transport: Makes the calls, and keeps the credentials.
        translator: Words its errors.
        patience: With calls that fail in passing.

    Raises:
        CredentialsMissing: there are none.
        CredentialsRefused: a token is not valid, and there is no key.
    """
    stored = None if access.endpoint else access.home
    stale = None
    token, source = _token(access, stored)
    if token:
        transport.sign_in(token)
        active, username = _introspect(transport, translator.hiding(token), token, patience)
        if active:
            return Credentials(source, username, token=token)
        stale = source
        _log.warning("The token of %s is not valid, or no longer; looking for a key.", source)
    found = _key(access, stored) or (stored and _login(stored, transport, translator)) or None
    if found:
        transport.sign_in(found.token or (found.username, found.key))
        return found
    if stale:
        raise CredentialsRefused(
            f"The token of {stale} is not accepted by {translator.server}, and there is no key. "
            f"{translator.get_key}"
        )
    raise CredentialsMissing(
        f"There are no credentials for {translator.server}. {translator.get_key}"
    )


def _token(access: Access, stored: Path | None) -> tuple[str | None, str]:
    """Return a bearer token and where it was found, as the official client looks for it."""
    if access.token:
        return _token_of(access.token), "KAGGLE_API_TOKEN"
    places = [stored / ".kaggle" / name for name in _TOKEN_FILES] if stored else []
    for place in places:
        token = _text_of(place)
        if token:
            _warn_of_readers(place)
            return token, str(place)
    return None, ""


def _token_of(given: str) -> str | None:
    """Return a given token, or what the file holds whose path was given."""
    try:
        is_file = Path(given).is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL
        is_file = False
    return _text_of(Path(given)) if is_file else given


def _text_of(place: Path) -> str | None:
    """Return a file's text without blanks around it; None where there is none to be read."""
    try:
        return place.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        _log.warning("%s cannot be read; it is passed over.", place)
        return None


def _introspect(
    transport: "Transport", translator: Translator, token: str, patience: Patience
) -> tuple[bool, str | None]:
    """Ask whose token it is; a server that does not know the question may still know the token."""
    from kagglesdk.security.types.oauth_service import IntrospectTokenRequest

    request = IntrospectTokenRequest()
    request.token = token

    def ask() -> tuple[bool, str | None]:
        doing = "checking the token"
        try:
            reply = transport.post("security.OAuthService", "IntrospectToken", request)
            if reply.status_code in (404, 501):
                return True, None
            if reply.status_code in (400, 401, 403):
                return False, None
            if not reply.ok:
                raise translator.refused(reply, doing)
            said = fields_of(reply)
        except requests.RequestException as error:
            broken = translator.broken(error, doing)
        else:
            username = str(said.get("username") or "")
            return bool(said.get("active") and username), username or None
        raise broken

    return patience.repeat(ask)


def _key(access: Access, stored: Path | None) -> Credentials | None:
    """Return the given username and key; what is not given is taken from `kaggle.json`."""
    if access.username and access.key:
        return Credentials("KAGGLE_KEY", access.username, key=access.key)
    if stored is None:
        return None
    place = _kaggle_json(access, stored)
    kept = _fields_in(place)
    username, key = access.username or kept.get("username"), access.key or kept.get("key")
    if not username or not key:
        return None
    if not access.key:
        _warn_of_readers(place)
    return Credentials("KAGGLE_KEY" if access.key else str(place), str(username), key=str(key))


def _kaggle_json(access: Access, stored: Path) -> Path:
    """Return where `kaggle.json` is looked for, as the official client does."""
    folder = access.config or stored / ".kaggle"
    if access.config is None and sys.platform.startswith("linux") and not folder.exists():
        folder = stored / ".config" / "kaggle"
    return folder / "kaggle.json"


def _fields_in(place: Path) -> dict[str, Any]:
    """Return the object of a JSON file; nothing, and a warning, where it holds anything else."""
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        kept = None
    if not isinstance(kept, dict):
        _log.warning("%s cannot be read as a JSON object; it is passed over.", place)
        return {}
    return kept


def _warn_of_readers(place: Path) -> None:
    with suppress(OSError):
        if place.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            _log.warning(
                "Other users of this machine can read your key in %s. Fix it with: chmod 600 %s",
                place,
                shlex.quote(str(place)),
            )


def _login(stored: Path, transport: "Transport", translator: Translator) -> Credentials | None:
    """Return what `kaggle auth login` left, its access token renewed where that is due."""
    from kagglesdk.kaggle_creds import KaggleCredentials
    from kagglesdk.users.services.account_service import AccountClient

    place = stored / ".kaggle" / "credentials.json"

    class Login(KaggleCredentials):  # type: ignore[misc]
        """The SDK's login, renewed in the file it came from."""

        def save(self, file_path: str = str(place)) -> None:
            super().save(file_path)

    if not _fields_in(place):
        return None
    # KaggleCredentials only ever uses this one part of a kagglesdk client.
    client = SimpleNamespace(users=SimpleNamespace(account_client=AccountClient(transport)))
    try:
        login = Login.load(client, str(place))
    except (OSError, ValueError, TypeError, AttributeError):
        _log.warning("%s does not hold a login; it is passed over.", place)
        return None
    if login is None:
        return None
    transport.sign_in(None)
    token = _renewed(login.get_access_token, translator)
    return Credentials("kaggle auth login", login.get_username(), token=token) if token else None


def _renewed(renew: Callable[[], str | None], translator: Translator) -> str | None:
    doing = "renewing the login"
    failure: KaggleError
    try:
        return renew()
    except requests.HTTPError:
        failure = CredentialsRefused(
            "Kaggle does not accept the login in ~/.kaggle/credentials.json any more. "
            "Run `kaggle auth login` again."
        )
    except requests.RequestException as error:
        failure = translator.broken(error, doing)
    raise failure
