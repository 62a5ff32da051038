"""Whose credentials go to Kaggle: found in the order in which its official client looks."""

import json
import logging
import os
import shlex
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import requests

from competition.kaggle.errors import (
    KEY_PAGE,
    CredentialsMissing,
    CredentialsRefused,
    KaggleError,
    Translator,
)

if TYPE_CHECKING:
    from competition.kaggle.transport import Transport

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


def sign_in(transport: "Transport", translator: Translator, elsewhere: bool) -> Credentials:
    """Find credentials, give them to the transport, and return them.

    The order: a token (KAGGLE_API_TOKEN, then `~/.kaggle/access_token`), which is checked by one
    call and passed over when it is no longer valid; KAGGLE_USERNAME with KAGGLE_KEY over
    `kaggle.json`; at Kaggle itself, what `kaggle auth login` left.

    Args:
        transport: Makes the calls, and keeps the credentials.
        translator: Words its errors.
        elsewhere: Another server than Kaggle: it is not offered the login at Kaggle.

    Raises:
        CredentialsMissing: there are none.
        CredentialsRefused: a token is not valid, and there is no key.
    """
    stale = None
    token, source = _environment_token()
    if token:
        transport.sign_in(token)
        active, username = _introspect(transport, translator.hiding(token), token)
        if active:
            return Credentials(source, username, token=token)
        stale = source
        _log.warning("The token of %s is not valid, or no longer; looking for a key.", source)
    for credentials in _others(transport, translator, elsewhere):
        transport.sign_in(credentials.token or (credentials.username, credentials.key))
        return credentials
    if stale:
        raise CredentialsRefused(
            f"The token of {stale} is not accepted by {translator.server}, and there is no key "
            f"either. Make a new one at {KEY_PAGE} (API) and replace it, or remove it."
        )
    raise CredentialsMissing(
        f"There are no credentials for {translator.server}. Make a key at {KEY_PAGE} (API, Create "
        "New Token) and save the file as ~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and "
        "KAGGLE_KEY (another server than Kaggle has keys of its own)."
    )


def _environment_token() -> tuple[str | None, str]:
    from kagglesdk.kaggle_env import get_access_token_from_env

    token, source = get_access_token_from_env()
    if source != "access_token":
        return token, str(source)
    for name in ("access_token", "access_token.txt"):
        _warn_of_readers(Path.home() / ".kaggle" / name)
    return token, "~/.kaggle/access_token"


def _introspect(
    transport: "Transport", translator: Translator, token: str
) -> tuple[bool, str | None]:
    """Ask whose token it is; a server that does not know the question may still know the token."""
    from kagglesdk.security.types.oauth_service import IntrospectTokenRequest

    from competition.kaggle.retry import patiently

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
            said = reply.json()
        except requests.RequestException as error:
            broken = translator.broken(error, doing)
        else:
            return bool(said.get("active") and said.get("username")), said.get("username")
        raise broken

    return patiently(ask)


def _others(
    transport: "Transport", translator: Translator, elsewhere: bool
) -> Iterator[Credentials]:
    kept, place = _kaggle_json()
    username = os.environ.get("KAGGLE_USERNAME") or kept.get("username")
    key = os.environ.get("KAGGLE_KEY") or kept.get("key")
    if username and key:
        source = "KAGGLE_KEY" if os.environ.get("KAGGLE_KEY") else str(place)
        if source == str(place):
            _warn_of_readers(place)
        yield Credentials(source, str(username), key=str(key))
    if not elsewhere:
        yield from _login(transport, translator)


def _kaggle_json() -> tuple[dict[str, Any], Path]:
    """Return what `kaggle.json` holds and where it is looked for, as the official client does."""
    folder = Path(os.environ.get("KAGGLE_CONFIG_DIR") or Path.home() / ".kaggle")
    if (
        not os.environ.get("KAGGLE_CONFIG_DIR")
        and sys.platform.startswith("linux")
        and not folder.exists()
    ):
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kaggle"
    place = folder / "kaggle.json"
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, place
    except (OSError, ValueError):
        _log.warning("%s cannot be read as JSON; it is passed over.", place)
        return {}, place
    return (kept if isinstance(kept, dict) else {}), place


def _warn_of_readers(place: Path) -> None:
    with suppress(OSError):
        if place.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            _log.warning(
                "Other users of this machine can read your key in %s. Mend it with: chmod 600 %s",
                place,
                shlex.quote(str(place)),
            )


def _login(transport: "Transport", translator: Translator) -> Iterator[Credentials]:
    """Yield what `kaggle auth login` left, its access token renewed where that is due."""
    from kagglesdk.kaggle_creds import KaggleCredentials
    from kagglesdk.users.services.account_service import AccountClient

    # KaggleCredentials only ever uses this one part of a kagglesdk client.
    client = SimpleNamespace(users=SimpleNamespace(account_client=AccountClient(transport)))
    login = KaggleCredentials.load(client=client)
    if login is None:
        return
    transport.sign_in(None)
    token = _translated(login.get_access_token, translator)
    if token:
        yield Credentials("kaggle auth login", login.get_username(), token=token)


def _translated(renew: Callable[[], str | None], translator: Translator) -> str | None:
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
