"""What `kaggle auth login` left: a login that gives access tokens for some hours each."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from competition.files import temporary_path
from competition.kaggle.errors import CredentialsRefused, KaggleError, Translator
from competition.kaggle.places.texts import Unusable, entry_of, object_in, text_of, token_in
from competition.kaggle.replies import fields_of, whole
from competition.kaggle.retry import Patience

if TYPE_CHECKING:
    from competition.kaggle.transport import Transport

_LASTS = timedelta(hours=12)  # as long as the official client asks for
_SOON = timedelta(minutes=5)

_log = logging.getLogger(__name__)


def read_login(
    place: Path, transport: "Transport", translator: Translator, patience: Patience
) -> tuple[str, str]:
    """Return the username and an access token of a login, renewed where that is due.

    Args:
        place: `credentials.json`; a new token is kept in it.
        transport: Makes the call, without credentials of its own.
        translator: Words its errors.
        patience: With calls that fail in passing.

    Raises:
        FileNotFoundError: there is no login.
        Unusable: the file holds none that can be used.
        CredentialsRefused: Kaggle does not accept it any more.
        KaggleError: Kaggle cannot be asked.
    """
    name = str(place)
    fields = object_in(text_of(place, name), name)
    refresh = entry_of(fields, "refresh_token", name)
    if not refresh:
        raise Unusable(f"{name} holds no login")
    token = entry_of(fields, "access_token", name)
    if not token or _ends_soon(fields.get("access_token_expiration")):
        transport.sign_in(None)
        token = _renewed(place, fields, refresh, transport, translator.hiding(refresh), patience)
    return entry_of(fields, "username", name, blanks=True), token


def _ends_soon(time: Any) -> bool:
    try:
        ends = datetime.fromisoformat(str(time))
    except ValueError:
        return True  # it is renewed where its end is not known
    ends = ends if ends.tzinfo else ends.replace(tzinfo=UTC)
    return ends < datetime.now(UTC) + _SOON


def _renewed(
    place: Path,
    fields: dict[str, Any],
    refresh: str,
    transport: "Transport",
    translator: Translator,
    patience: Patience,
) -> str:
    from kagglesdk.users.types.account_service import ApiVersion, GenerateAccessTokenRequest

    request = GenerateAccessTokenRequest()
    request.refresh_token = refresh
    request.api_version = ApiVersion.API_VERSION_V1
    request.expiration_duration = _LASTS

    def ask() -> dict[str, Any]:
        doing = "renewing the login"
        failure: KaggleError
        try:
            reply = transport.post("users.AccountService", "GenerateAccessToken", request)
            if reply.ok:
                return fields_of(reply)
            failure = translator.refused(reply, doing)
            if reply.status_code in (400, 401, 403, 404):
                failure = CredentialsRefused(
                    f"Kaggle does not accept the login in {place} any more. "
                    "Run `kaggle auth login` again."
                )
        except requests.RequestException as error:
            failure = translator.broken(error, doing)
        raise failure

    said = patience.repeat(ask)
    token = token_in(str(said.get("token") or ""), "the token that Kaggle gave for the login")
    ends = datetime.now(UTC) + timedelta(seconds=min(whole(said.get("expiresIn")), 10**8))
    _keep(place, fields | {"access_token": token, "access_token_expiration": ends.isoformat()})
    return token


def _keep(place: Path, fields: dict[str, Any]) -> None:
    """Write the login back, readable by its owner alone; without it the next run asks again."""
    try:
        with temporary_path(place.parent, place.name) as path:
            path.write_text(json.dumps(fields, indent=2), encoding="utf-8")
            path.replace(place)
    except OSError as error:
        _log.warning("The renewed login cannot be kept in %s (%s).", place, error.strerror)
