"""Kaggle's refusals and silences, each as a sentence with Kaggle's own reason and the next step."""

import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from competition.errors import PodiumError
from competition.spec import Competition

if TYPE_CHECKING:
    import requests

KEY_PAGE = "https://www.kaggle.com/settings"
_GET_KEY = (
    f"Make a key at {KEY_PAGE} (API, Create New Token) and save the file as "
    "~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY."
)
# Another server never gets what is stored for Kaggle.
_SET_KEY = "Set KAGGLE_USERNAME and KAGGLE_KEY to a user and a key of that server."
_REASON_BYTES = 4096
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
    """No token and no key were found anywhere."""


class CredentialsRefused(KaggleError):
    """401: Kaggle does not know the token or the key."""


class RulesNotAccepted(KaggleError):
    """403: the rules were not accepted, or the competition does not exist."""


class UnknownCompetition(KaggleError):
    """404: no such competition."""


class AllowanceUsedUp(KaggleError):
    """400 at CreateSubmission: today's submissions are used up."""


class TooManyRequests(KaggleError):
    """429: ask again later."""


class KaggleUnavailable(KaggleError):
    """5xx, no network, or no answer in time."""


class OutcomeUnknown(KaggleError):
    """The reply to CreateSubmission was lost: it may have been carried out, or not."""


_REFUSALS: dict[int, tuple[type[KaggleError], str]] = {
    401: (
        CredentialsRefused,
        "{server} does not accept the credentials ({said}). {get_key}",
    ),
    403: (
        RulesNotAccepted,
        "{server} denies access to {slug} ({said}). Accept its rules at {rules_url} (only there), "
        "or check the competition's name: one that does not exist is answered in the same way.",
    ),
    404: (
        UnknownCompetition,
        "{server} did not find what was asked for while {doing} for {slug} ({said}). "
        "Check the competition's name: it should have a page at {url}.",
    ),
    429: (
        TooManyRequests,
        "{server} had too many requests while {doing} ({said}). "
        "Wait some minutes and run the command again.",
    ),
}
_ALLOWANCE_USED_UP = (
    "{server} takes no more submissions to {slug} now ({said}). "
    "The allowance is renewed at midnight UTC; submit again then."
)
_IN_TROUBLE = (
    "{server} is in trouble: {doing} for {slug} failed ({said}). Run the command again in a while."
)
_REFUSED = (
    "{server} refused while {doing} for {slug} ({said}). "
    "Nothing was changed; see {url} for what it takes."
)


@dataclass(frozen=True)
class Translator:
    """Turns HTTP refusals and broken connections into `KaggleError`s, in this one place.

    Attributes:
        competition: The competition that was asked for.
        server: How messages name the other side: `Kaggle`, or a server's address.
        elsewhere: Whether it is another server than Kaggle.
        secrets: Texts that no message may hold, whatever the other side echoes.
    """

    competition: Competition
    server: str
    elsewhere: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def get_key(self) -> str:
        """What to do where credentials are missing or refused."""
        return _SET_KEY if self.elsewhere else _GET_KEY

    def refused(self, response: "requests.Response", doing: str) -> KaggleError:
        """Return the error of a reply with a status of 400 or more.

        Args:
            response: The reply; its body gives the reason.
            doing: What was asked for, as in `listing the files`.
        """
        status, reason = response.status_code, self._reason(response)
        said = f"{status}: {reason}" if reason else str(status)
        error = self._error_of(status, said, reason, doing)
        error.status = status
        error.retry_after = _seconds(response.headers.get("Retry-After"))
        return error

    def _error_of(self, status: int, said: str, reason: str, doing: str) -> KaggleError:
        if status == 400 and re.search(r"allowance|daily|limit", reason, re.IGNORECASE):
            refusal: tuple[type[KaggleError], str] = (AllowanceUsedUp, _ALLOWANCE_USED_UP)
        elif status == 408 or (status >= 500 and status != 501):
            refusal = (KaggleUnavailable, _IN_TROUBLE)
        else:
            refusal = _REFUSALS.get(status, (KaggleError, _REFUSED))
        kind, text = refusal
        sentence = text.format(
            server=self.server,
            said=said,
            doing=doing,
            slug=self.competition.slug,
            url=self.competition.url,
            rules_url=self.competition.rules_url,
            get_key=self.get_key,
        )
        return kind(sentence[0].upper() + sentence[1:])

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
        return KaggleUnavailable(
            f"{doing[0].upper()}{doing[1:]} for {self.competition.slug} failed: "
            f"{self.server} {_why(error)}. "
            "Check the network connection and KAGGLE_ENDPOINT, then run the command again."
        )

    def clean(self, text: str) -> str:
        """Return a text on one line, without secrets, markup and the queries of addresses."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        text = re.sub(r"<[^>]*>", " ", text)
        text = " ".join(without_queries(text).split())
        return text if len(text) <= _REASON_LENGTH else text[:_REASON_LENGTH] + "…"

    def _reason(self, response: "requests.Response") -> str:
        import requests

        try:
            body = next(response.iter_content(_REASON_BYTES), b"").decode("utf-8", "replace")
        except requests.RequestException:
            return ""
        try:
            reply = json.loads(body)
            inner = reply.get("error", reply)
            reason = inner.get("message") if isinstance(inner, dict) else inner
        except (ValueError, AttributeError, RecursionError):
            reason = body
        return self.clean(str(reason or "")).rstrip(".")


def without_queries(text: str) -> str:
    """Return a text in which no address has its query: signatures and tokens stand there."""
    return re.sub(r"""((?:https?:/)?/[^\s?"'<>]*)\?[^\s"'<>]*""", r"\1", text)


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


def _why(error: "requests.RequestException") -> str:
    import requests
    from urllib3.exceptions import NameResolutionError

    if any(isinstance(cause, NameResolutionError) for cause in _causes(error)):
        return "has a name that the network does not know"
    for kind, text in (
        (requests.exceptions.SSLError, "could not prove its identity (TLS)"),
        (requests.exceptions.ProxyError, "was not reached through the proxy"),
        (requests.ConnectTimeout, "did not take the connection in time"),
        (requests.Timeout, "did not answer in time"),
        (requests.exceptions.InvalidJSONError, "sent a reply that is not the JSON of its API"),
        (requests.TooManyRedirects, "redirects in circles"),
        (requests.exceptions.InvalidURL, "sent an address that leads nowhere"),
    ):
        if isinstance(error, kind):
            return text
    return "could not be reached" if surely_not_sent(error) else "cut the connection"


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
