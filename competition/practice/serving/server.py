"""The practice Kaggle's HTTP side: addresses, credentials, signatures, Kaggle's envelope."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from competition.files import atomic_path
from competition.practice.kernels.calls import TOLD as TOLD_OF_KERNELS
from competition.practice.kernels.calls import KernelCalls
from competition.practice.kernels.state import Version
from competition.practice.serving.calls import TOLD, Calls
from competition.practice.serving.replies import Answer, Body, Redirect, Refusal

_KERNELS = "kernels.KernelsApiService"
_LOOK = 0.1  # seconds between two looks at a log that grows
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


def refusal(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a refusal in Kaggle's envelope."""
    error = {"code": status, "message": message, "status": _STATUS_NAMES.get(status, "INTERNAL")}
    return JSONResponse({"error": error}, status, headers)


class AbsoluteForm:
    """Takes request targets that are whole addresses, as a client behind a proxy sends them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its path alone."""
        if scope["type"] == "http" and scope["path"].startswith(("http://", "https://")):
            raw = urlsplit(scope["raw_path"].decode("ascii")).path or "/"
            scope = {**scope, "path": unquote(raw), "raw_path": raw.encode("ascii")}
        await self._app(scope, receive, send)


class Door:
    """Lets in who has the credentials, and hands the calls on.

    Args:
        calls: Carries the calls out.
        username: Of the one user.
        key: Their key, which also serves as a bearer token and signs storage addresses.
        kernels: Carries out the calls about kernels; None where such are refused.
    """

    def __init__(
        self, calls: Calls, username: str, key: str, kernels: KernelCalls | None = None
    ) -> None:
        self._calls = calls
        self._kernels = kernels
        self._username = username
        self._key = key

    def app(self) -> Starlette:
        """Return the ASGI application; it wants `AbsoluteForm` around it."""
        return Starlette(
            routes=[
                Route("/api/v1/{service}/{method}", self._call, methods=["POST"]),
                Route("/api/v1/kernels/logs/stream/{owner}/{slug}", self._log),
                Route("/storage/{name}", self._download),
                Route("/output/{slug}/{version}/{name:path}", self._download_output),
                Route("/upload/{id}", self._upload, methods=["PUT"]),
            ],
            exception_handlers={HTTPException: _as_envelope},
        )

    async def _call(self, request: Request) -> Response:
        fields = _json_object(await request.body())
        if fields is None:
            return refusal(400, "The request is not a JSON object")
        if request.path_params["method"] == "IntrospectToken":
            return self._introspect(str(fields.get("token") or ""))
        if not self._knows(request.headers.get("Authorization", "")):
            return refusal(401, "Unauthenticated: the credentials are missing or wrong")
        told = {key: request.scope.get(key) for key in (*TOLD, *TOLD_OF_KERNELS)}
        of_kernels = self._kernels and request.path_params["service"] == _KERNELS
        calls = self._kernels if self._kernels and of_kernels else self._calls
        try:
            answer = await run_in_threadpool(
                calls.answer, request.path_params["method"], fields | told
            )
        except Refusal as refused:
            return refusal(refused.status, str(refused))
        return self._reply(request, answer)

    def _reply(self, request: Request, answer: Answer) -> Response:
        if isinstance(answer, Redirect):
            return RedirectResponse(self._signed(request, f"/storage/{answer.file_name}"), 302)
        if isinstance(answer, Body):
            return Response(answer.content, media_type="application/zip")
        for file in answer.get("files", []):
            if (path := file.pop("path", None)) is not None:
                file["url"] = self._signed(request, path)
        upload = answer.pop("uploadId", None)
        if upload:
            answer["createUrl"] = self._signed(request, f"/upload/{upload}")
        return JSONResponse(answer)

    def _introspect(self, token: str) -> Response:
        if hmac.compare_digest(token.encode(), self._key.encode()):
            return JSONResponse({"active": True, "username": self._username})
        return JSONResponse({"active": False})

    def _knows(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        wanted = self._key
        if scheme == "Basic":
            wanted = f"{self._username}:{self._key}"
            try:
                given = base64.b64decode(given, validate=True).decode("utf-8", "replace")
            except binascii.Error:
                return False
        return scheme in ("Basic", "Bearer") and hmac.compare_digest(
            given.encode(), wanted.encode()
        )

    def _signed(self, request: Request, path: str) -> str:
        """Return an address that works without credentials, on the host the client speaks to."""
        base = str(request.base_url).rstrip("/")
        return f"{base}{quote(path)}?X-Goog-Signature={self._signature(path)}"

    def _signature(self, path: str) -> str:
        return hmac.new(self._key.encode(), path.encode(), hashlib.sha256).hexdigest()

    def _is_signed(self, request: Request) -> bool:
        given = request.query_params.get("X-Goog-Signature", "")
        return hmac.compare_digest(given.encode(), self._signature(request.scope["path"]).encode())

    async def _log(self, request: Request) -> Response:
        """Stream the log of a kernel's newest run, or give that of one that has ended."""
        if not self._knows(request.headers.get("Authorization", "")):
            return refusal(401, "Unauthenticated: the credentials are missing or wrong")
        owner, slug = request.path_params["owner"], request.path_params["slug"]
        version = self._kernels.newest(owner, slug) if self._kernels else None
        if self._kernels is None or version is None:
            return refusal(404, f"Kernel '{owner}/{slug}' was not found")
        if not version.under_way:
            return JSONResponse(self._kernels.log(version))
        events = _events(self._kernels, version)
        return StreamingResponse(events, media_type="text/event-stream")

    async def _download_output(self, request: Request) -> Response:
        if not self._is_signed(request):
            return refusal(403, "SignatureDoesNotMatch")
        parts = request.path_params
        path = None
        if self._kernels is not None:
            path = self._kernels.output_file(parts["slug"], parts["version"], parts["name"])
        return await self._file(path)

    async def _download(self, request: Request) -> Response:
        if not self._is_signed(request):
            return refusal(403, "SignatureDoesNotMatch")
        return await self._file(self._calls.public_file(request.path_params["name"]))

    @staticmethod
    async def _file(path: Path | None) -> Response:
        if path is None:
            return refusal(404, "NoSuchKey")
        md5 = await run_in_threadpool(_md5_of, path)
        # Google Cloud Storage, where Kaggle's files are, sends this with every object.
        return FileResponse(path, headers={"x-goog-hash": f"md5={md5}"})

    async def _upload(self, request: Request) -> Response:
        if not self._is_signed(request):
            return refusal(403, "SignatureDoesNotMatch")
        upload = self._calls.state.upload(id=request.path_params["id"])
        if upload is None:
            return refusal(404, "The upload has expired")
        content = bytearray()
        try:
            async for chunk in request.stream():
                content += chunk
                if len(content) > upload.size:
                    return refusal(400, f"More than the announced {upload.size} bytes came")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        if len(content) < upload.size:
            return refusal(400, f"{len(content)} of the announced {upload.size} bytes came")
        with atomic_path(self._calls.state.content_path(upload)) as path:
            path.write_bytes(content)
        return Response(status_code=200)


async def _events(kernels: KernelCalls, version: Version) -> AsyncIterator[str]:
    """Yield a log as server-sent events; between them it holds no thread, however silent a run."""
    position, goes_on = 0, True
    while goes_on:
        entries, position, goes_on = await run_in_threadpool(kernels.log_since, version, position)
        for entry in entries:
            yield f"data: {json.dumps(entry)}\n\n"
        if goes_on:
            await asyncio.sleep(_LOOK)
    if not kernels.machine.stopped:  # else the connection just breaks
        yield "data: END_OF_LOG\n\n"


def _md5_of(path: Path) -> str:
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(body) if body.strip() else {}
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


async def _as_envelope(_: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return refusal(error.status_code, error.detail)
    return refusal(500, "Internal error")
