"""What can go wrong at Kaggle, made to go wrong on purpose.

A plan is a list, separated by commas, of

    KIND[=VALUE][@CALL][*TIMES | %PERCENT]

`refuse=STATUS`  answer with this status (503 unless given) and carry nothing out; 429 and 503
                 say `Retry-After: 1`
`cut`            close the connection in the middle of a download
`cut-upload`     close the connection in the middle of an upload
`lose-reply`     carry the call out, then close the connection without a reply
`slow=SECONDS`   wait (2 seconds unless given) before answering
`corrupt`        change bytes in the middle of a download, not its length
`pending`        never score a submission

CALL is a method of the API such as `CreateSubmission`, or `storage` or `upload`. Without it a fault
strikes where it makes sense: downloads at `storage`, `cut-upload` at `upload`, `lose-reply` and
`pending` at CreateSubmission, `refuse` and `slow` at every call of the API.
`*TIMES` is how often (once unless given); `%PERCENT` strikes by chance, always in the same order.
So `refuse=429@ListSubmissions*2,cut*3,lose-reply%10`.
"""

import asyncio
import re
from dataclasses import dataclass, field
from random import Random

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from competition.errors import PodiumError
from competition.practice.server import PENDING_FOR_EVER, refusal

_SEED = 7
_DEFAULT_CALLS = {
    "refuse": "",
    "slow": "",
    "cut": "storage",
    "corrupt": "storage",
    "cut-upload": "upload",
    "lose-reply": "CreateSubmission",
    "pending": "CreateSubmission",
}
_DEFAULT_VALUES = {"refuse": 503.0, "slow": 2.0}
_ITEM = re.compile(
    r"(?P<kind>[a-z-]+)(=(?P<value>\d+(\.\d+)?))?(@(?P<call>\w+))?"
    r"(\*(?P<times>\d+)|%(?P<percent>\d+(\.\d+)?))?"
)


class Cut(Exception):
    """Raised where a connection is to break."""


@dataclass
class Fault:
    """One planned fault: what, where, how often.

    Attributes:
        kind: One of the kinds above.
        value: The status of `refuse`, the seconds of `slow`.
        call: The call it strikes; empty for every call of the API.
        left: How many times it still strikes; None for by chance.
        chance: The probability of striking, where `left` is None.
    """

    kind: str
    value: float
    call: str
    left: int | None
    chance: float
    dice: Random = field(default_factory=lambda: Random(_SEED))

    def strikes(self, call: str) -> bool:
        """Tell whether it strikes this call, and count it."""
        if self.call != call and (self.call or call in ("storage", "upload")):
            return False
        if self.left is None:
            return self.dice.random() < self.chance
        self.left -= 1
        return self.left >= 0


def parse_faults(text: str) -> list[Fault]:
    """Return the faults of a plan.

    Raises:
        PodiumError: it does not follow the grammar.
    """
    faults = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        match = _ITEM.fullmatch(item)
        if match is None or match["kind"] not in _DEFAULT_CALLS:
            raise PodiumError(
                f"{item!r} is no fault. Write KIND[=VALUE][@CALL][*TIMES or %PERCENT] with one of "
                f"{', '.join(_DEFAULT_CALLS)}, as in refuse=503@CreateSubmission*2."
            )
        kind = match["kind"]
        faults.append(
            Fault(
                kind=kind,
                value=float(match["value"] or _DEFAULT_VALUES.get(kind, 0)),
                call=match["call"] or _DEFAULT_CALLS[kind],
                left=None if match["percent"] else int(match["times"] or 1),
                chance=float(match["percent"] or 0) / 100,
            )
        )
    return faults


class Faults:
    """ASGI middleware that lets the planned faults strike.

    Args:
        app: What is behind it.
        planned: The faults; counted down as they strike.
    """

    def __init__(self, app: ASGIApp, planned: list[Fault]) -> None:
        self._app = app
        self._planned = planned

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
        for fault in [each for each in self._planned if each.strikes(call)]:
            if fault.kind == "refuse":
                status = int(fault.value)
                wait = {"Retry-After": "1"} if status in (429, 503) else {}
                refused = refusal(status, "The practice Kaggle refuses on purpose", wait)
                await refused(scope, receive, send)
                return
            if fault.kind == "slow":
                await asyncio.sleep(fault.value)
            elif fault.kind == "pending":
                scope = {**scope, PENDING_FOR_EVER: True}
            elif fault.kind == "cut-upload":
                receive, send = _cut_after_first(receive), _lost
            elif fault.kind == "lose-reply":
                send = _lost
            elif fault.kind == "cut":
                send = _Halved(send)
            elif fault.kind == "corrupt":
                send = _Corrupted(send)
        await self._app(scope, receive, send)


def _call_of(path: str) -> str:
    first, *rest = path.strip("/").split("/")
    return first if first in ("storage", "upload") else (rest or [first])[-1]


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
