"""The server itself: uvicorn with our application, until it is told to stop."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from majuscule.server.app import create_app

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from majuscule.server.settings import Settings

HEAD = 10.0
"""Seconds that the head of a request may take; who sends it byte by byte holds a place."""

CONNECTIONS = 1000
"""Connections at once; more are told to come later."""


class Patient(HttpToolsProtocol):
    """A connection that is closed if the head of a request does not come in time."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's
        """Wait for the first request."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD, transport.close)

    def on_message_begin(self) -> None:
        """Wait for the rest of its head."""
        super().on_message_begin()
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD, self.transport.close)

    def on_headers_complete(self) -> None:
        """It is there."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._stop()
        super().connection_lost(exc)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def listen(host: str, port: int) -> socket.socket:
    """A socket to serve on.

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
        listening.listen(2048)
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
        ModelError, OSError: the model cannot be used.
    """
    logging.basicConfig(format="majuscule: %(message)s")
    logging.getLogger("majuscule.server").setLevel(logging.INFO if access else logging.ERROR)
    config = uvicorn.Config(
        create_app(settings),
        http=Patient,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
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
