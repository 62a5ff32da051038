"""Where calls to Kaggle go, with whose credentials, and for how long.

It builds on kagglesdk, the transport of the official `kaggle` package. `import kaggle` itself
signs in at once, prints to stdout and may end the process, so it is left alone.
Import this module late: it costs a quarter of a second.
"""

import ipaddress
import logging
from typing import Any
from urllib.parse import urlsplit

import requests
from kagglesdk.kaggle_env import KaggleEnv, get_env
from kagglesdk.kaggle_http_client import KaggleHttpClient
from requests.adapters import HTTPAdapter

from competition.errors import PodiumError
from competition.kaggle.settings import check_certificates, check_proxy
from competition.kaggle.wording import without_queries

Timeout = tuple[float, float]


class BoundedAdapter(HTTPAdapter):
    """Gives every call a timeout, and keeps it from the real Kaggle when that is not meant.

    Args:
        timeout: Seconds to wait for a connection, and for each piece of an answer.
        elsewhere: Refuse every address of kaggle.com, also one that a redirect leads to.
    """

    def __init__(self, timeout: Timeout, elsewhere: bool) -> None:
        super().__init__()
        self._timeout = timeout
        self._elsewhere = elsewhere
        self._checked: list[object] = []

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, timeout: Any = None, **settings: Any
    ) -> requests.Response:
        """Send one request; `timeout` stands in for the adapter's own where it is given."""
        host = urlsplit(request.url or "").hostname or ""
        if self._elsewhere and f".{host}".endswith((".kaggle.com", ".kaggleusercontent.com")):
            raise PodiumError(
                "The server at KAGGLE_ENDPOINT sent a call on to the real Kaggle, which was not "
                "made. Unset KAGGLE_ENDPOINT to use Kaggle itself."
            )
        address, verify = request.url or "", settings.get("verify")
        check_proxy(address, settings.get("proxies") or {})
        if address.startswith("https") and verify not in self._checked:
            check_certificates(verify)
            self._checked.append(verify)
        return super().send(request, timeout=timeout or self._timeout, **settings)


class Transport(KaggleHttpClient):  # type: ignore[misc]
    """kagglesdk's HTTP client with an address, timeouts and credentials of our choice.

    Args:
        endpoint: The address of a server that speaks Kaggle's protocol; None for Kaggle itself.
        timeout: Seconds to wait for a connection, and for each piece of an answer.

    Raises:
        PodiumError: the endpoint is not an address, or KAGGLE_API_ENVIRONMENT means another Kaggle.
    """

    def __init__(self, endpoint: str | None, timeout: Timeout) -> None:
        if endpoint is None:
            _refuse_other_environments()
        # LOCAL puts its calls under {endpoint}/api.
        super().__init__(env=KaggleEnv.LOCAL if endpoint else KaggleEnv.PROD)
        if endpoint:
            self._endpoint = endpoint
        self._connecting = timeout[0]
        self._init_session()
        self._mount(self._session, timeout, endpoint)
        self.storage = requests.Session()
        self._mount(self.storage, timeout, endpoint)
        _keep_signatures_out_of_logs()

    @staticmethod
    def _mount(session: requests.Session, timeout: Timeout, endpoint: str | None) -> None:
        elsewhere = endpoint is not None and not f".{_host(endpoint)}".endswith(".kaggle.com")
        for scheme in ("http://", "https://"):
            session.mount(scheme, BoundedAdapter(timeout, elsewhere))
        # A server on this machine is not behind the proxy of the environment.
        session.trust_env = endpoint is None or not is_loopback(_host(endpoint))

    def _try_fill_auth(self) -> None:
        """Leave signing in to `sign_in`: the SDK would prefer a stale token to a good key."""

    def sign_in(self, auth: Any) -> None:
        """Send these credentials from now on: a (username, key) pair, or a bearer token."""
        self._session.auth = self.BearerAuth(auth) if isinstance(auth, str) else auth

    def post(
        self,
        service: str,
        method: str,
        request: Any,
        headers: dict[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """Make one call and return the reply whatever its status, following redirects.

        Unlike the SDK's own `call` it leaves the reply unparsed: the SDK's parser loses a whole
        list over one status that it does not know.

        Raises:
            requests.RequestException: no reply came.
        """
        prepared = self._prepare_request(service, method, request)
        prepared.headers.update(headers or {})
        settings = self._session.merge_environment_settings(prepared.url, {}, stream, None, None)
        reply: requests.Response = self._session.send(prepared, **settings)
        return reply

    def follow(self, path: str, seconds: float) -> requests.Response:
        """Open an address of the API that speaks as long as it has something to say.

        Args:
            path: Below the API's own address, such as `v1/kernels/logs/stream/me/mine`.
            seconds: For how long it may keep silent.

        Raises:
            requests.RequestException: no reply came.
        """
        base = self._endpoint if self._env == KaggleEnv.PROD else f"{self._endpoint}/api"
        reply: requests.Response = self._session.get(
            f"{base}/{path}",
            headers={"Accept": "text/event-stream, */*"},
            stream=True,
            timeout=(self._connecting, seconds),
        )
        return reply


def is_loopback(host: str) -> bool:
    """Tell whether a host name means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_other_environments() -> None:
    """Refuse what only the official client follows: it would send real credentials elsewhere.

    And to pass it over would send to the real Kaggle what was meant for a practice one.
    """
    try:
        meant: object = get_env()
    except Exception:  # kagglesdk raises it bare
        meant = None
    if meant != KaggleEnv.PROD:
        raise PodiumError(
            "KAGGLE_API_ENVIRONMENT names another Kaggle, which only the official client calls. "
            "Unset it; to call another server, set KAGGLE_ENDPOINT to its address."
        )


def _host(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or "@" in endpoint:
        # It is not shown: a password may stand in it.
        raise PodiumError(
            "KAGGLE_ENDPOINT is not an address such as http://127.0.0.1:8899, without user and "
            "password. Give one, or unset it to use Kaggle itself."
        )
    return host


def _keep_signatures_out_of_logs() -> None:
    """Cut the queries of addresses from urllib3's debug log: signed addresses are secrets."""
    log = logging.getLogger("urllib3.connectionpool")
    if _cut_queries not in log.filters:
        log.addFilter(_cut_queries)


def _cut_queries(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            without_queries(each) if isinstance(each, str) else each for each in record.args
        )
    return True
