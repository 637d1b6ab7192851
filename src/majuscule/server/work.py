"""Work in threads, so many at once, with a queue that has an end and a time for each request."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from anyio import CapacityLimiter, to_thread

from majuscule.server.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from majuscule.restorer import Restorer
    from majuscule.server.settings import Settings

Result = TypeVar("Result")

PIECE = 1 << 16
"""Characters after which a job looks whether it has time left."""


class Deadline:
    """When a request must be done.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """Begin to count anew, as for the next part of a stream."""
        self._end = time.monotonic() + self._seconds

    def check(self) -> None:
        """Go on only while there is time.

        Raises:
            Refusal: there is none.
        """
        if time.monotonic() > self._end:
            raise Refusal(
                503,
                "timeout",
                f"expected to be done within {self._seconds:g} seconds, was not; send less text"
                " at once, or come again when there is less to do",
                {"Retry-After": "5"},
            )


class Workshop:
    """Where requests are worked on.

    Args:
        settings: how many at once, and how many in all.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads: CapacityLimiter | None = None
        self.requests = 0
        """Those worked on or waiting."""

    @asynccontextmanager
    async def request(self) -> AsyncIterator[Deadline]:
        """One request, from when it has come to when it is done.

        Raises:
            Refusal: there are too many.
        """
        if self.requests >= self._settings.max_requests:
            raise Refusal(
                503,
                "busy",
                f"expected at most {self._settings.max_requests} requests at once, got more;"
                " come again in a moment",
                {"Retry-After": "1"},
            )
        self.requests += 1
        try:
            yield Deadline(self._settings.timeout)
        finally:
            self.requests -= 1

    async def run(self, deadline: Deadline | None, job: Callable[[], Result]) -> Result:
        """Do a job in a thread, as soon as one is free."""
        if self._threads is None:  # it belongs to the loop that serves
            self._threads = CapacityLimiter(self._settings.threads)

        def timely() -> Result:
            if deadline is not None:
                deadline.check()
            return job()

        return await to_thread.run_sync(timely, limiter=self._threads)

    async def stream(self, deadline: Deadline, parts: Iterator[Result]) -> AsyncIterator[Result]:
        """The parts of an answer, each made when it is asked for; other requests go between."""
        end = object()
        while (part := await self.run(deadline, lambda: next(parts, end))) is not end:
            yield part  # type: ignore[misc]  # it is not the end
            deadline.renew()


def pieces(text: str) -> Iterator[str]:
    """A text in pieces of whole lines; only lines can be so long that they have more.

    >>> list(pieces("a\\nb"))
    ['a\\nb']
    """
    begin = 0
    while len(text) - begin > PIECE:
        end = text.rfind("\n", begin, begin + PIECE) + 1 or text.find("\n", begin) + 1
        if not end:
            break
        yield text[begin:end]
        begin = end
    yield text[begin:]


def checked(parts: Iterable[Result], deadline: Deadline) -> Iterator[Result]:
    """Parts, as long as there is time."""
    for part in parts:
        deadline.check()
        yield part


def restored(texts: list[str], restorer: Restorer, deadline: Deadline) -> Iterator[str]:
    """What `Restorer.restore` gives for each text; many short ones at once."""
    some: list[str] = []
    size = 0
    for text in texts:
        if len(text) > PIECE:
            yield from restorer.restore_batch(some)
            some, size = [], 0
            yield "".join(restorer.stream(checked(pieces(text), deadline)))
            continue
        if size + len(text) + 1 > PIECE:
            deadline.check()
            yield from restorer.restore_batch(some)
            some, size = [], 0
        some.append(text)
        size += len(text) + 1
    yield from restorer.restore_batch(some)
