"""Calls to Kaggle about one competition: signed in, bounded, tried again, and explained."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from competition.kaggle.errors import KaggleError, Translator
from competition.kaggle.replies import RemoteStream, fields_of, items_of, stream_of
from competition.kaggle.retry import Patience
from competition.spec import Competition
from competition.workspace import Access

if TYPE_CHECKING:
    import requests

    from competition.kaggle.credentials import Credentials
    from competition.kaggle.transport import Transport

COMPETITIONS = "competitions.CompetitionApiService"
KERNELS = "kernels.KernelsApiService"
# Where kagglesdk keeps the request objects of a service.
_REQUESTS = {
    COMPETITIONS: "kagglesdk.competitions.types.competition_api_service",
    KERNELS: "kagglesdk.kernels.types.kernels_api_service",
}
_PAGE_SIZE = 100
_MOST_PAGES = 200

_log = logging.getLogger(__name__)


class Caller:
    """Makes calls about one competition; signs in at the first of them.

    Args:
        competition: The competition that all calls are about.
        access: Which Kaggle is called, and with whose credentials.
        patience: With calls that can be repeated.
        timeout: Seconds to wait for a connection, and for each piece of an answer.
        service: Which of Kaggle's services is called.

    Attributes:
        translator: Words the errors; it hides all secrets that are known so far.
    """

    def __init__(
        self,
        competition: Competition,
        access: Access,
        patience: Patience,
        timeout: tuple[float, float],
        service: str = COMPETITIONS,
    ) -> None:
        server = f"the Kaggle at {access.endpoint}" if access.endpoint else "Kaggle"
        self.translator = Translator(competition, server, access.endpoint is not None)
        self._slug = competition.slug
        self._access = access
        self._patience = patience
        self._timeout = timeout
        self._service = service

    @property
    def username(self) -> str | None:
        """Kaggle's name for the user; None where a token does not tell."""
        return self._signed_in[1].username

    @property
    def transport(self) -> "Transport":
        """What sends the calls, signed in."""
        return self._signed_in[0]

    @cached_property
    def _signed_in(self) -> "tuple[Transport, Credentials]":
        from competition.kaggle.credentials import sign_in
        from competition.kaggle.transport import Transport

        transport = Transport(self._access.endpoint, self._timeout)
        credentials = sign_in(self._access, transport, self.translator, self._patience)
        for secret in credentials.secrets:
            self.hide(secret)
        self.translator = replace(self.translator, source=credentials.source)
        return transport, credentials

    def hide(self, secret: str) -> None:
        """Keep one more secret out of all messages."""
        self.translator = self.translator.hiding(secret)

    def post(self, method: str, **values: Any) -> "requests.Response":
        """Make one call, once, and return its reply whatever the status.

        Args:
            method: Kaggle's name for it.
            **values: What is asked, by the names of kagglesdk's request object.

        Raises:
            requests.RequestException: no reply came.
        """
        return self.transport.post(self._service, method, self._request(method, values))

    def call(self, method: str, doing: str, **values: Any) -> dict[str, Any]:
        """Make one call, once, and return the fields of its reply.

        Args:
            method: Kaggle's name for it.
            doing: What it is for, as in `listing the files`.
            **values: What is asked, by the names of kagglesdk's request object.

        Raises:
            KaggleError: it was refused, or no usable reply came.
        """
        import requests

        try:
            reply = self.post(method, **values)
            if reply.ok:
                return fields_of(reply)
            failure: KaggleError = self.translator.refused(reply, doing)
        except requests.RequestException as error:
            failure = self.translator.broken(error, doing)
        # Raised out here, the error of requests, which holds addresses, is not chained to it.
        raise failure

    def read(self, method: str, doing: str, **values: Any) -> dict[str, Any]:
        """Make a call that changes nothing, as `call` does, several times where it has to be."""
        return self._patience.repeat(lambda: self.call(method, doing, **values))

    def pages(self, method: str, entry: str, doing: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a listing, over all its pages."""
        token = ""
        for _ in range(_MOST_PAGES):
            reply = self.read(method, doing, page_size=_PAGE_SIZE, page_token=token or None)
            yield from items_of(reply, entry)
            before, token = token, str(reply.get("nextPageToken") or "")
            if not token or token == before:
                return
        _log.warning("%s has more than %d pages; the rest is left out.", doing, _MOST_PAGES)

    @contextmanager
    def stream(
        self, method: str, start: int, validator: str | None, **values: Any
    ) -> Iterator[RemoteStream]:
        """Open a download, once.

        Args:
            method: Kaggle's name for it.
            start: The first byte that is wanted.
            validator: The `validator` of an earlier stream; without it the stream starts at 0.
            **values: What is asked, by the names of kagglesdk's request object.
        """
        import requests

        doing = "downloading the files"
        # Storage compares sizes of what it stores: no compression on the way.
        headers = {"Accept-Encoding": "identity"}
        if start and validator:
            headers |= {"Range": f"bytes={start}-", "If-Range": validator}
        request = self._request(method, values)
        try:
            reply = self.transport.post(self._service, method, request, headers, stream=True)
            failure = None if reply.ok else self.translator.refused(reply, doing)
        except requests.RequestException as error:
            failure = self.translator.broken(error, doing)
        if failure is not None:
            raise failure
        with reply:
            yield stream_of(reply, lambda error: self.translator.broken(error, doing))

    def _request(self, method: str, values: dict[str, Any]) -> Any:
        """Return kagglesdk's request object of a method, about this competition."""
        request = getattr(import_module(_REQUESTS[self._service]), f"Api{method}Request")()
        if hasattr(request, "competition_name"):  # a submission's number says whose it is
            request.competition_name = self._slug
        for name, value in values.items():
            setattr(request, name, value)
        return request
