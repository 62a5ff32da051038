"""Whose credentials go to Kaggle: found in the order in which its official client looks."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import requests

from competition.kaggle.errors import CredentialsMissing, CredentialsRefused, Translator
from competition.kaggle.places.login import read_login
from competition.kaggle.places.search import Credentials, Search
from competition.kaggle.places.texts import Unusable
from competition.kaggle.replies import fields_of
from competition.kaggle.retry import Patience
from competition.workspace import Access

if TYPE_CHECKING:
    from competition.kaggle.transport import Transport

__all__ = ["Credentials", "sign_in"]


def sign_in(
    access: Access, transport: "Transport", translator: Translator, patience: Patience
) -> Credentials:
    """Find credentials, give them to the transport, and return them.

    The order: a token (given, then of `~/.kaggle/access_token`), which is checked by one call and
    passed over when it is no longer valid; a username and a key (given, then of `kaggle.json`);
    what `kaggle auth login` left. What is there and cannot be used is passed over too, with a
    warning that says why. Another server than Kaggle gets what was given, and nothing that is
    stored: not even a question about it is sent.

    Args:
        access: What was given, and where to look for what is stored.
        transport: Makes the calls, and keeps the credentials.
        translator: Words its errors.
        patience: With calls that fail in passing.

    Raises:
        CredentialsMissing: there are none that can be used.
        CredentialsRefused: there are none but such as the server does not accept.
        KaggleError: the server cannot be asked.
    """
    search = Search(access)
    refused = False
    for found in search.found():
        if found.token is None:
            transport.sign_in((found.username, found.key))
            return search.ended(found)
        transport.sign_in(found.token)
        active, username = _introspect(
            transport, translator.hiding(found.token), found.token, patience
        )
        if active:
            return search.ended(replace(found, username=username))
        refused = True
        search.troubles.append(
            f"the token of {found.source} is not valid, or no longer{_taken_for(found.token)}"
        )
    if search.home is not None:
        place = search.home / ".kaggle" / "credentials.json"
        try:
            username, token = read_login(place, transport, translator, patience)
        except FileNotFoundError:
            pass
        except Unusable as trouble:
            search.troubles.append(str(trouble))
        except CredentialsRefused as error:
            refused = True
            search.troubles.append(str(error).rstrip("."))
        else:
            transport.sign_in(token)
            return search.ended(Credentials("kaggle auth login", username or None, token=token))
    if not search.troubles:
        raise CredentialsMissing(
            f"There are no credentials for {translator.server}. {translator.get_key}"
        )
    kind = CredentialsRefused if refused else CredentialsMissing
    raise kind(
        f"Signing in to {translator.server} failed: {'; '.join(search.troubles)}. "
        f"{translator.get_key}"
    )


def _taken_for(token: str) -> str:
    """Return what a refused token looks like, where it looks like something else."""
    if re.fullmatch(r"[0-9a-f]{32}", token):
        return " (it looks like a key, which belongs in KAGGLE_KEY, with KAGGLE_USERNAME)"
    if re.search(r"[/\\]", token):
        return " (it looks like the path of a file that is not there)"
    return ""


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
