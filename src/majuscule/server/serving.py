"""The server itself: uvicorn with our application, until it is told to stop."""

from __future__ import annotations

import logging
import socket
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from majuscule.server.app import create_app
from majuscule.server.guards import HEADERS
from majuscule.server.refusals import Refusal

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from majuscule.server.settings import Settings

HEAD = 1 << 16
"""Bytes that the head of a request may have, and what else comes along with its beginning."""

CONNECTIONS = 1000
"""Connections at once; more are told to come later."""

IDLE = 30
"""Seconds that a connection may wait for its next request."""

LINGER = 2
"""Seconds in which the rest of a request that was refused already is read and thrown away: who
still sends when the connection is closed does not get to read why."""


class Patient(HttpToolsProtocol):
    """A connection, but none that takes its time.

    Closed is one that sends the head of a request too slowly or without end, that does not
    take its answer, or sends on long after it was refused.

    Args:
        settings: how long things may take.
    """

    def __init__(self, *arguments: Any, settings: Settings, **more: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*arguments, **more)
        self._settings = settings
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._head: int | None = None  # bytes of one that is not there whole
        self._whole = True

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's
        """Wait for the first request."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            self._refuse(503, "busy", f"expected at most {CONNECTIONS:,} connections, got more")
        else:
            self._close_after(self._settings.head)

    def data_received(self, data: bytes) -> None:
        """Count what comes while a head is not there whole."""
        begun = self._head is not None
        super().data_received(data)
        if begun and self._head is not None:
            self._head += len(data)
            if self._head > HEAD:
                self._refuse(
                    431, "head_too_large", f"expected a head of at most {HEAD:,} bytes, got more"
                )

    def on_message_begin(self) -> None:
        """Wait for the rest of its head."""
        super().on_message_begin()
        self._head, self._whole = 0, False
        self._close_after(self._settings.head)

    def on_headers_complete(self) -> None:
        """It is there."""
        self._head = None
        self._stop()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of the request is there."""
        self._whole = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of this one."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._close_after(IDLE if self._whole else LINGER)

    def pause_writing(self) -> None:
        """Wait for the client to take what it asked for."""
        super().pause_writing()
        self._unread = self.loop.call_later(self._settings.timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """It does."""
        if self._unread is not None:
            self._unread.cancel()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._stop()
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's
        """Refuse what is no HTTP, as the other requests are refused."""
        self._refuse(400, "no_http", "expected a request of HTTP/1.1, got something else")

    def _refuse(self, status: int, code: str, message: str) -> None:
        headers = {**HEADERS, "cache-control": "no-store", "connection": "close"}
        if status == 503:
            headers["retry-after"] = "1"
        response = Refusal(status, code, message, headers).response
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [name + b": " + value for name, value in response.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(response.body)]))
        self.transport.close()

    def _close_after(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def bind(host: str, port: int) -> socket.socket:
    """A socket to serve on, which takes no connections yet.

    Args:
        host, port: where; port 0 is any that is free.

    Raises:
        OSError: the place is taken, or not ours.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except BaseException:
        listening.close()
        raise
    return listening


def serve(
    settings: Settings, listening: socket.socket, *, access: bool, ready: Callable[[], None]
) -> None:
    """Serve until told to stop, then answer what has come and end.

    Args:
        settings: how.
        listening: where.
        access: whether each request is logged: its path, status and time.
        ready: called when the server takes requests.

    Raises:
        ModelError, OSError: the model cannot be used; it is looked at before any connection.
    """
    logging.basicConfig(format="majuscule: %(message)s")
    logging.getLogger("majuscule.server").setLevel(logging.INFO if access else logging.ERROR)
    config = uvicorn.Config(
        create_app(settings),
        http=cast("type[asyncio.Protocol]", partial(Patient, settings=settings)),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",  # what happens to requests is told by us
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=int(settings.grace),
    )
    server = _Server(config)
    server.ready = ready
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that says when it takes requests, and for which being told to stop is no fault."""

    ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready()

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().handle_exit(sig, frame)
        self._captured_signals.clear()  # or it would raise them again after its end
