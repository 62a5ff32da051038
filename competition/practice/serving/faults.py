"""Faults strike: ASGI middleware that makes go wrong what a plan says."""

import asyncio
import json
import re
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from competition.practice.kernels.calls import (
    LOG_EMPTY,
    OLD_VERSION,
    OUTPUT_CUT,
    PUSH_REFUSED,
    QUEUE_SECONDS,
    RUN_CANCELLED,
    RUN_FAILS,
    SOURCE_DROPPED,
)
from competition.practice.serving.calls import (
    DESCRIPTION_ALTERED,
    DESCRIPTION_LENGTH,
    DESCRIPTION_SECONDS,
    LAG_SECONDS,
    PENDING_FOR_EVER,
)
from competition.practice.serving.fault_plan import Fault
from competition.practice.serving.server import refusal


class Cut(Exception):
    """Raised where a connection is to break."""


class Faults:
    """ASGI middleware that lets the planned faults strike.

    Args:
        app: What is behind it.
        planned: The faults; counted down as they strike.
    """

    def __init__(self, app: ASGIApp, planned: list[Fault]) -> None:
        self._app = app
        self.planned = planned

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the faults that strike it."""
        try:
            await self._pass_on(scope, receive, send)
        except Cut:
            # ASGI knows no broken connection, so this asks Uvicorn, whose method `send` is.
            send.__self__.transport.close()  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)  # until Uvicorn has noticed, and so adds no reply of its own

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = _call_of(scope["path"])
        # What becomes of a description goes together with any other fault.
        beside = [each for each in self.planned if each.kind in _BESIDE and each.strikes(call)]
        scope = {**scope, **{_BESIDE[each.kind]: each.value for each in beside}}
        others = (each for each in self.planned if each.kind not in _BESIDE)
        fault = next((each for each in others if each.strikes(call)), None)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "refuse":
            await _refused(fault)(scope, receive, send)
        elif fault.kind == "drop":
            raise Cut
        elif fault.kind == "slow":
            receive = await _taken(receive)
            await asyncio.sleep(fault.value)
            await self._app(scope, receive, send)
        elif fault.kind == "lose-reply" and fault.value:
            await self._app(scope, receive, _unheard)
            await _refused(fault)(scope, receive, send)
        elif fault.kind in _TOLD:
            told = fault.value if fault.kind in _NUMBERED else fault.value or True
            await self._app({**scope, _TOLD[fault.kind]: told}, receive, send)
        elif fault.kind == "cut-upload":
            await self._app(scope, _cut_after_first(receive), _lost)
        else:
            await self._app(scope, receive, _SENDERS[fault.kind](send))


def _refused(fault: Fault) -> Response:
    status = int(fault.value)
    wait = {"Retry-After": f"{fault.retry_after:g}"} if status in (429, 503) else {}
    return refusal(status, "The practice Kaggle refuses on purpose", wait)


def _call_of(path: str) -> str:
    first, *rest = path.strip("/").split("/")
    return first if first in ("storage", "upload", "output") else (rest or [first])[-1]


async def _taken(receive: Receive) -> Receive:
    """Take all of a request, so that it can be carried out after its client has gone."""
    taken = [await receive()]
    while taken[-1].get("more_body"):
        taken.append(await receive())
    taken.reverse()

    async def again() -> Message:
        return taken.pop() if taken else await receive()

    return again


async def _unheard(_: Message) -> None:
    """Send nothing."""


async def _lost(_: Message) -> None:
    raise Cut


def _cut_after_first(receive: Receive) -> Receive:
    async def cut() -> Message:
        await receive()
        raise Cut

    return cut


class _Halved:
    """Sends half of what a download announced, then cuts the connection."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._left = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            self._left = int(headers.get(b"content-length", b"0")) // 2
            await self._send(message)
            return
        body = message.get("body", b"")[: self._left]
        self._left -= len(body)
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        if self._left <= 0:
            raise Cut


class _Corrupted:
    """Inverts the middle byte of every piece of a download."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        body = bytearray(message.get("body", b""))
        if body:
            body[len(body) // 2] ^= 0xFF
            message = {**message, "body": bytes(body)}
        await self._send(message)


class _ErrorBody:
    """Sends an error's text in place of a download, and has the headers fit it."""

    _TEXT = json.dumps({"error": {"code": 503, "message": "Backend error"}}).encode()

    def __init__(self, send: Send) -> None:
        self._send = send
        self._text = self._TEXT

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            self._text = self._TEXT[: int(headers.get(b"content-length", b"0"))]
            headers[b"content-length"] = b"%d" % len(self._text)
            if part := re.match(rb"bytes (\d+)-\d+/(\d+)", headers.get(b"content-range", b"")):
                start, whole = int(part[1]), int(part[2])
                end = start + len(self._text) - 1
                headers[b"content-range"] = b"bytes %d-%d/%d" % (start, end, whole)
            await self._send({**message, "headers": list(headers.items())})
        elif not message.get("more_body"):
            await self._send({"type": "http.response.body", "body": self._text})


# What the calls behind are told, and what stands in for the way back.
_TOLD = {
    "pending": PENDING_FOR_EVER,
    "lag": LAG_SECONDS,
    "queue": QUEUE_SECONDS,
    "refuse-push": PUSH_REFUSED,
    "drop-source": SOURCE_DROPPED,
    "fail-kernel": RUN_FAILS,
    "cancel-kernel": RUN_CANCELLED,
    "old-version": OLD_VERSION,
    "cut-output": OUTPUT_CUT,
    "empty-log": LOG_EMPTY,
}
_NUMBERED = ("refuse-push",)  # whose 0 is a value
_BESIDE = {
    "cut-description": DESCRIPTION_LENGTH,
    "alter-description": DESCRIPTION_ALTERED,
    "late-description": DESCRIPTION_SECONDS,
}
_SENDERS: dict[str, Callable[[Send], Send]] = {
    "lose-reply": lambda _: _lost,
    "cut": _Halved,
    "corrupt": _Corrupted,
    "error-body": _ErrorBody,
}
