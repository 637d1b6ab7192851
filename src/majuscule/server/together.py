"""Short texts of requests that come at the same time are restored together.

Of a short text most of the time goes into beginning each step: many at once take a tenth of it.
Nobody waits for others to come: what comes while some are worked on goes next, all together.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from majuscule.server.work import PIECE

if TYPE_CHECKING:
    from majuscule.restorer import Restorer
    from majuscule.server.work import Deadline, Workshop

SHORT = PIECE // 8
"""Characters that a request may have to go with others."""


class _One(NamedTuple):
    """A request's texts, and where what becomes of them goes."""

    texts: list[str]
    deadline: Deadline
    restored: asyncio.Future[list[str]]


class Together:
    """Restores short texts of several requests at once.

    Args:
        workshop: where.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._waiting: dict[Restorer, list[_One]] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # the loop alone would forget them

    async def restored(self, restorer: Restorer, texts: list[str], deadline: Deadline) -> list[str]:
        """What `Restorer.restore` gives for each text.

        Raises:
            MajusculeError: as `Restorer.restore`, of these texts alone.
            Refusal: there is no time left.
        """
        one = _One(texts, deadline, asyncio.get_running_loop().create_future())
        if restorer in self._waiting:
            self._waiting[restorer].append(one)
        else:
            self._waiting[restorer] = [one]
            task = asyncio.create_task(self._work(restorer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await one.restored

    async def _work(self, restorer: Restorer) -> None:
        """Restore what waits until nothing does."""
        while waiting := self._waiting[restorer]:
            some = _first(waiting)
            self._waiting[restorer] = waiting[len(some) :]
            done = await self._workshop.run(None, partial(_outcomes, restorer, some))
            for one, outcome in zip(some, done, strict=True):
                if one.restored.done():  # its request was given up
                    continue
                if isinstance(outcome, Exception):
                    one.restored.set_exception(outcome)
                else:
                    one.restored.set_result(outcome)
        del self._waiting[restorer]


def _first(waiting: list[_One]) -> list[_One]:
    """As many as are worked on at once; one at least."""
    size = 0
    for count, one in enumerate(waiting):
        size += sum(map(len, one.texts))
        if size > PIECE:
            return waiting[: max(count, 1)]
    return waiting


def _outcomes(restorer: Restorer, some: list[_One]) -> list[list[str] | Exception]:
    """The restored texts of each; where that fails, of each by itself, to see which is at fault."""
    try:
        for one in some:
            one.deadline.check()
        done = iter(restorer.restore_batch(text for one in some for text in one.texts))
        return [[next(done) for _ in one.texts] for one in some]
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are not to suffer
        if len(some) == 1:
            return [error]
        return [_outcomes(restorer, [one])[0] for one in some]
