"""The page's routes: what a browser may ask for, and what it is told."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.draw.studio import Studio
from app.draw.uploads import MOST_BYTES, read_picture, too_large
from competition.errors import PodiumError

STATIC = Path(__file__).parent / "static"
LOOPBACK = ("127.0.0.1", "localhost")
_MOST_CANVAS = 1_000_000  # pixels
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

Answer = Callable[[Request], Awaitable[Response]]


def make_application(studio: Studio, host: str) -> Starlette:
    """Return the page as an ASGI application.

    Args:
        studio: Reads what was drawn.
        host: The address that it is served on. On the loopback address, requests that name another
            host are refused: a web page that has its own name resolved to 127.0.0.1 gets nothing.
    """

    async def index(request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def describe(request: Request) -> Response:
        limits = {"most_bytes": MOST_BYTES, "too_large": too_large()}
        return JSONResponse({**studio.describe(), **limits})

    async def drawing(request: Request) -> Response:
        width, height = _length(request, "width"), _length(request, "height")
        content = await _body(request, width * height)
        if len(content) != width * height:
            raise PodiumError("The drawing did not arrive whole; draw it again.")
        pixels = np.frombuffer(content, np.uint8).reshape(height, width)
        return JSONResponse(await run_in_threadpool(studio.read_drawing, pixels, _model(request)))

    async def picture(request: Request) -> Response:
        content = await _body(request, MOST_BYTES)

        def read() -> dict[str, Any]:
            return studio.read_picture(read_picture(content), _model(request))

        return JSONResponse(await run_in_threadpool(read))

    hosts = list(LOOPBACK) if host in LOOPBACK else ["*"]
    return Starlette(
        routes=[
            Route("/", index),
            Route("/about", describe),
            Route("/drawing", _own(drawing), methods=["POST"]),
            Route("/picture", _own(picture), methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(_Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts),
        ],
        exception_handlers={PodiumError: _sentence, Exception: _failure},
    )


def _own(answer: Answer) -> Answer:
    """Refuse what another site's page sends."""

    async def guarded(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return JSONResponse({"sentence": "Only this page may ask."}, 403)
        return await answer(request)

    return guarded


async def _body(request: Request, most: int) -> bytes:
    """Return a request's content, and stop listening where it is longer than announced."""
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > most:
            raise PodiumError(too_large())
        parts.append(part)
    return b"".join(parts)


def _length(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    length = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    if not 0 < length <= _MOST_CANVAS**0.5:
        raise PodiumError(f"A drawing's {name} is 1 to {_MOST_CANVAS**0.5:.0f} pixels.")
    return length


def _model(request: Request) -> str:
    return request.query_params.get("model", "")


async def _sentence(request: Request, error: Exception) -> Response:
    return JSONResponse({"sentence": str(error)}, 422)


async def _failure(request: Request, error: Exception) -> Response:
    return JSONResponse({"sentence": "Reading failed here; the terminal says why."}, 500)


class _Headers:
    """Adds the headers that keep the page to itself.

    Args:
        app: What it is put around.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)
