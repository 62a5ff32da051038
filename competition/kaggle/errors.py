"""Kaggle's refusals and silences, each as a sentence with Kaggle's own reason and the next step."""

import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from competition.errors import PodiumError
from competition.kaggle.places.texts import decoded
from competition.kaggle.wording import (
    ALLOWANCE_USED_UP,
    DENIED,
    GET_KEY,
    IN_TROUBLE,
    NETWORK,
    PROXY,
    REFUSALS,
    REFUSED,
    SET_KEY,
    STORAGE_DENIED,
    TLS,
    as_sentence,
    masked,
    next_step,
    without_queries,
)
from competition.spec import Competition

if TYPE_CHECKING:
    import requests

_REASON_BYTES = 1 << 16
_REASON_LENGTH = 300


class KaggleError(PodiumError):
    """Kaggle refused, and for certain changed nothing.

    Attributes:
        status: The HTTP status of the refusal; None where no reply came.
        retry_after: Seconds after which Kaggle said to try again; None where it did not say.
    """

    status: int | None = None
    retry_after: float | None = None


class CredentialsMissing(KaggleError):
    """No token and no key that can be used were found anywhere."""


class CredentialsRefused(KaggleError):
    """401: Kaggle does not know the token or the key."""


class RulesNotAccepted(KaggleError):
    """403: the rules were not accepted, or the competition does not exist; or no reason given."""


class UnknownCompetition(KaggleError):
    """404: no such competition."""


class AllowanceUsedUp(KaggleError):
    """A refusal of CreateSubmission, where the limits say that nothing is left until midnight."""


class TooManyRequests(KaggleError):
    """429: ask again later."""


class WrongSettings(KaggleError):
    """A setting of this machine, a proxy or certificates, keeps calls from being made at all."""


class KaggleUnavailable(KaggleError):
    """5xx, no network, or no answer in time."""


class OutcomeUnknown(KaggleError):
    """The reply to CreateSubmission was lost: it may have been carried out, or not."""


_Kind = TypeVar("_Kind", bound=KaggleError)
_KINDS: dict[int, type[KaggleError]] = {
    401: CredentialsRefused,
    403: RulesNotAccepted,
    404: UnknownCompetition,
    429: TooManyRequests,
}


@dataclass(frozen=True)
class Translator:
    """Turns HTTP refusals and broken connections into `KaggleError`s, in this one place.

    Attributes:
        competition: The competition that was asked for.
        server: How messages name the other side: `Kaggle`, or a server's address.
        elsewhere: Whether it is another server than Kaggle.
        source: Where the credentials in use come from; empty where there are none yet.
        secrets: Texts that no message may hold, whatever the other side echoes.
    """

    competition: Competition
    server: str
    elsewhere: bool = False
    source: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def get_key(self) -> str:
        """What to do where credentials are missing or refused."""
        return SET_KEY if self.elsewhere else GET_KEY

    def refused(self, response: "requests.Response", doing: str) -> KaggleError:
        """Return the error of a reply with a status of 400 or more.

        Args:
            response: The reply; its body gives the reason.
            doing: What was asked for, as in `listing the files`.
        """
        status, reason = response.status_code, self._reason(response)
        if status == 403 and response.history:  # a download is sent on to the storage
            return self._error(KaggleError, STORAGE_DENIED, response, reason, doing)
        if status == 408 or (status >= 500 and status != 501):
            return self._error(KaggleUnavailable, IN_TROUBLE, response, reason, doing)
        kind, text = _KINDS.get(status, KaggleError), REFUSALS.get(status, REFUSED)
        if step := next_step(status, reason):
            kind, text = KaggleError, DENIED + step
        return self._error(kind, text, response, reason, doing)

    def used_up(self, response: "requests.Response") -> AllowanceUsedUp:
        """Return the error of a refused submission, after the limits said that none is left."""
        reason = self._reason(response)
        doing = "submitting the file"
        return self._error(AllowanceUsedUp, ALLOWANCE_USED_UP, response, reason, doing)

    def _error(
        self, kind: type[_Kind], text: str, response: "requests.Response", reason: str, doing: str
    ) -> _Kind:
        status = response.status_code
        sentence = text.format(
            server=self.server,
            said=f"{status}: {reason}" if reason else str(status),
            doing=doing,
            slug=self.competition.slug,
            url=self.competition.url,
            rules_url=self.competition.rules_url,
            source=f" of {self.source}" if self.source else "",
            get_key=self.get_key,
        )
        error = kind(as_sentence(sentence))
        error.status = status
        error.retry_after = _seconds(response.headers.get("Retry-After"))
        return error

    def refused_upload(self, response: "requests.Response") -> KaggleError:
        """Return the error of a refusal by the storage, which knows no users and no rules."""
        failure = self.refused(response, "uploading the file")
        if response.status_code == 308:  # the storage did not get all of it
            return KaggleUnavailable(str(failure))
        if isinstance(failure, TooManyRequests | KaggleUnavailable):
            return failure
        return KaggleError(
            f"The storage of {self.server} refused the upload ({response.status_code}). "
            "Nothing was submitted; run the command again."
        )

    def hiding(self, secret: str) -> "Translator":
        """Return a translator that keeps one more secret out of its messages."""
        return replace(self, secrets=(*self.secrets, secret)) if secret else self

    def broken(self, error: "requests.RequestException", doing: str) -> KaggleError:
        """Return the error of a call that brought no usable reply."""
        why, check = _why(error)
        if self.elsewhere and check == NETWORK:
            check += " and KAGGLE_ENDPOINT"
        return KaggleUnavailable(
            f"{as_sentence(doing)} for {self.competition.slug} failed: {self.server} {why}. "
            f"Check {check}, then run the command again."
        )

    def clean(self, text: str) -> str:
        """Return a text on one line, without secrets, markup and the queries of addresses."""
        for secret in self.secrets:
            text = masked(text, secret)
        text = re.sub(r"<[^>]*>", " ", text)
        text = "".join(each if each.isprintable() else " " for each in text)
        text = " ".join(without_queries(text).split())
        return text if len(text) <= _REASON_LENGTH else text[:_REASON_LENGTH] + "…"

    def _reason(self, response: "requests.Response") -> str:
        import requests

        try:
            body = decoded(next(response.iter_content(_REASON_BYTES), b""))
        except requests.RequestException:
            return ""
        try:
            reply = json.loads(body)
            inner = reply.get("error", reply)
            reason = inner.get("message") if isinstance(inner, dict) else inner
        except (ValueError, AttributeError, RecursionError):
            reason = body
        return self.clean(str(reason or "")).rstrip(".")


def surely_not_sent(error: "requests.RequestException") -> bool:
    """Tell whether a call failed before any of it reached the other side."""
    import requests
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    return any(isinstance(cause, NewConnectionError) for cause in _causes(error))


def _causes(error: BaseException) -> list[object]:
    """Return the errors that an error of requests wraps."""
    found: list[object] = []
    pending: list[object] = [error]
    while pending:
        one = pending.pop()
        if one is None or one in found:
            continue
        found.append(one)
        if isinstance(one, BaseException):
            pending += [*one.args, getattr(one, "reason", None)]
    return found


def _why(error: "requests.RequestException") -> tuple[str, str]:
    """Return what the other side did, and what to check."""
    import requests
    from urllib3.exceptions import NameResolutionError

    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.InvalidProxyURL):
        return "was not reached through the proxy", PROXY
    if isinstance(error, requests.exceptions.SSLError):
        return "could not prove its identity (TLS)", TLS
    if any(isinstance(cause, NameResolutionError) for cause in _causes(error)):
        return "has a name that the network does not know", NETWORK
    for kind, text in (
        (requests.ConnectTimeout, "did not take the connection in time"),
        (requests.Timeout, "did not answer in time"),
        (requests.exceptions.InvalidJSONError, "sent a reply that is not the JSON of its API"),
        (requests.TooManyRedirects, "redirects in circles"),
        (requests.exceptions.InvalidURL, "sent an address that leads nowhere"),
    ):
        if isinstance(error, kind):
            return text, NETWORK
    return "could not be reached" if surely_not_sent(error) else "cut the connection", NETWORK


def _seconds(retry_after: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which holds seconds or a date."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
