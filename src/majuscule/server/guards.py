"""What every request passes on its way in, and every answer on its way out.

Layers of ASGI (the interface of Python's servers): each takes an application and is one.
From the outside in: `Headed`, `Counted`, `Named`, `Trusted`, `Bounded`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
import traceback
from typing import TYPE_CHECKING

from anyio import CancelScope
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from majuscule.server.refusals import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from majuscule.server.metrics import Metrics
    from majuscule.server.settings import Settings

log = logging.getLogger("majuscule.server")

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

OPEN = ("/healthz", "/readyz")
"""Paths that need no token: who watches over servers has none."""

PAGE = ("/", "/page/")
"""What has no secrets: the page asks for the token itself."""

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src"
    " 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors"
    " 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

BODIES = 1 << 28
"""Bytes that the bodies of all open requests may have together."""


class Headed:
    """Gives every answer the headers that keep a page from harm."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *self._headers]
                if all(name != b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, headed)


class Counted:
    """Counts and times each request, and answers for what nobody expected.

    The log has a request's method, path, status and time, and of a fault its kind and place:
    no text, and no message, which may hold some.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: frozenset[str]) -> None:
        self._app, self._metrics, self._paths = app, metrics, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begin = time.perf_counter()
        path = scope["path"] if scope["path"] in self._paths else "other"
        status = 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        async def received() -> Message:
            message = await receive()
            self._metrics.bytes.labels(path).inc(len(message.get("body", b"")))
            return message

        try:
            await self._app(scope, received, counted)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except asyncio.CancelledError:  # the server ends
            log.error("a request was not done when the server had to end")  # noqa: TRY400 - no fault
            if not status:
                ending = Refusal(
                    503,
                    "ending",
                    "expected to be done before the server ends, was not; come again",
                    {"Retry-After": "5"},
                )
                await ending.response(scope, receive, counted)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and logged here
            place = traceback.extract_tb(error.__traceback__)[-1]
            says = f"{type(error).__name__} at {place.filename}:{place.lineno}"
            log.error(says)  # noqa: TRY400 - the whole of it would have messages
            if not status:
                fault = Refusal(
                    500, "fault", "expected no fault in the server, found one; please report it"
                )
                await fault.response(scope, receive, counted)
        finally:
            took = time.perf_counter() - begin
            self._metrics.requests.labels(path, status or "gone").inc()
            self._metrics.seconds.labels(path).observe(took)
            log.info("%s %s %s %.1f ms", scope["method"], path, status or "gone", took * 1000)
        return None


class Named:
    """Refuses what is asked of another host, as a page does whose name was bound to this one."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = {*LOOPBACK, *settings.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] == "http" and "*" not in self._hosts:
            host = Headers(scope=scope).get("host", "")
            name = host if host.endswith("]") else host.rpartition(":")[0] or host
            if name.lower() not in self._hosts:
                refusal = Refusal(
                    421,
                    "other_host",
                    "expected a request for this server by its name, got one for another; name"
                    " it with majuscule serve --allow-host",
                )
                return await refusal.response(scope, receive, send)
        return await self._app(scope, receive, send)


class Trusted:
    """Refuses who has not the token, if there is one."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._token = app, settings.token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] == "http" and self._token is not None and not _is_open(scope["path"]):
            kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            same = hmac.compare_digest(token.strip().encode(), self._token.encode())
            if kind.lower() != "bearer" or not same:
                refusal = Refusal(
                    401,
                    "no_token",
                    "expected the header Authorization: Bearer TOKEN with this server's token,"
                    " got none or another",
                    {"WWW-Authenticate": "Bearer"},
                )
                return await refusal.response(scope, receive, send)
        return await self._app(scope, receive, send)


def _is_open(path: str) -> bool:
    return path in OPEN or path == PAGE[0] or path.startswith(PAGE[1])


class Bounded:
    """Refuses bodies that are too large, and who sends them too slowly."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._most, self._seconds = app, settings.max_body, settings.timeout
        self._held = 0
        self._most_held = max(BODIES, 2 * settings.max_body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        told = Headers(scope=scope).get("content-length", "")
        if told.isdigit() and int(told) > self._most:
            return await self._too_large().response(scope, receive, send)
        size = 0
        end = asyncio.get_running_loop().time() + self._seconds
        whole = False

        async def bounded() -> Message:
            nonlocal size, whole
            if whole:  # who listens for the client's end may wait
                return await receive()
            message = None
            with CancelScope(deadline=end):
                message = await receive()
            if message is None:
                raise Refusal(
                    408,
                    "too_slow",
                    f"expected the whole request within {self._seconds:g} seconds, got a part",
                )
            came = len(message.get("body", b""))
            size += came
            self._held += came
            if size > self._most:
                raise self._too_large()
            if self._held > self._most_held:
                raise Refusal(
                    503,
                    "busy",
                    f"expected at most {self._most_held:,} bytes of requests at once, got more;"
                    " come again in a moment",
                    {"Retry-After": "1"},
                )
            whole = not message.get("more_body", False)
            return message

        try:
            return await self._app(scope, bounded, send)
        finally:
            self._held -= size

    def _too_large(self) -> Refusal:
        return Refusal(
            413,
            "too_large",
            f"expected a body of at most {self._most:,} bytes, got more; send it in parts, or"
            " use majuscule corpus for files",
        )
