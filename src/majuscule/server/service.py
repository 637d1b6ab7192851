"""What answers to the verbs: bodies parsed, work done within bounds, answers in JSON or lines."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from fastapi.responses import Response, StreamingResponse
from pydantic import ValidationError

from majuscule.errors import MajusculeError
from majuscule.server import shapes
from majuscule.server.refusals import Refusal, invalid
from majuscule.server.together import SHORT, Together
from majuscule.server.verbs import LINES, Verbs, in_shape
from majuscule.server.work import PIECE, Workshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fastapi import Request
    from starlette.types import Receive, Scope, Send

    from majuscule.server.restorers import Restorers
    from majuscule.server.settings import Settings
    from majuscule.server.shapes import Asked, Shape
    from majuscule.server.verbs import Answer
    from majuscule.server.work import Deadline

JSON, NDJSON = "application/json", "application/x-ndjson"


class Service:
    """What answers to the verbs.

    Args:
        settings: the bounds.
        restorers: what restores.
    """

    def __init__(self, settings: Settings, restorers: Restorers) -> None:
        self._settings, self._restorers = settings, restorers
        self.workshop = Workshop(settings)
        self._together = Together(self.workshop)
        self.verbs = Verbs(restorers)

    async def parse(self, request: Request, shape: type[Asked]) -> Asked:
        """A request's body, if it is of the form asked for."""
        _kind(request, JSON)
        return self._parsed(await request.body(), shape)

    def _parsed(self, body: bytes, shape: type[Asked]) -> Asked:
        try:
            asked = shape.model_validate_json(body)
        except ValidationError as error:
            raise invalid(error) from None
        count = len(asked.texts or ()) if isinstance(asked, shapes.Batch) else 0
        if count > self._settings.max_items:
            raise Refusal(
                413,
                "too_large",
                f"texts: expected at most {self._settings.max_items:,}, got {count:,}; send"
                " them in parts",
            )
        return asked

    async def answer(self, request: Request, verb: str) -> Response:
        """The answer to a request, in JSON; or in lines of it, where that is wanted."""
        given = _kind(request, JSON, NDJSON)
        body = await request.body()
        if given == NDJSON:
            return await self._streamed(self._lines(verb, body))
        shape, job = self.verbs.by_name[verb]
        asked = self._parsed(body, shape)
        if isinstance(asked, shapes.ExplainRequest) and _wants_lines(request):
            if asked.text is None:
                raise Refusal(
                    422, "invalid", "text: expected one text to explain in lines, got texts"
                )
            of = asked  # which is an ExplainRequest when the function is called, too
            return await self._streamed(lambda time: self.verbs.explain_in_pieces(of, time))
        async with self.workshop.request() as deadline:
            if isinstance(asked, shapes.RestoreRequest) and sum(map(len, asked.given)) <= SHORT:
                restorer = self._restorers.at_hand(asked)
                if restorer is not None:
                    texts = await self._together.restored(restorer, asked.given, deadline)
                    return as_json(in_shape(asked, texts))
            return as_json(await self.workshop.run(deadline, lambda: job(asked, deadline)))

    def _lines(self, verb: str, body: bytes) -> Callable[[Deadline], Iterator[Answer]]:
        def answered(deadline: Deadline) -> Iterator[Answer]:
            shape = self.verbs.by_name[verb][0]
            for lines in _groups(body):
                yield from self._some(verb, shape, lines, deadline)

        return answered

    def _some(
        self, verb: str, shape: type[Shape], lines: list[bytes], deadline: Deadline
    ) -> Iterator[Answer]:
        """The answers to some lines; one that is at fault has its refusal for an answer."""
        parsed: list[Shape | Refusal] = []
        for line in lines:
            try:
                parsed.append(self._parsed(line, shape))
            except Refusal as refusal:  # noqa: PERF203 - each line stands by itself
                parsed.append(refusal)
        good = [one for one in parsed if not isinstance(one, Refusal)]
        try:
            answers = list(self.verbs.answers(verb, good, deadline))
        except (MajusculeError, Refusal):  # which of them is at fault?
            answers = [self._alone(verb, one, deadline) for one in good]
        done = iter(answers)
        for one in parsed:
            yield one.body if isinstance(one, Refusal) else next(done)

    def _alone(self, verb: str, asked: Shape, deadline: Deadline) -> Answer:
        try:
            return next(self.verbs.answers(verb, [asked], deadline))
        except Refusal as refusal:
            return refusal.body
        except MajusculeError as error:
            return Refusal(422, "invalid", str(error)).body

    async def _streamed(self, answers: Callable[[Deadline], Iterator[Answer]]) -> Response:
        """Lines of JSON, made as they are taken; what is at fault at once is no stream."""
        async with AsyncExitStack() as stack:
            deadline = await stack.enter_async_context(self.workshop.request())
            blocks = self.workshop.stream(deadline, _in_blocks(answers(deadline)))
            first = await anext(blocks, b"")
            return _Lines(first, blocks, stack.pop_all())


class _Lines(StreamingResponse):
    """A stream of JSON, which ends the request whatever becomes of it."""

    def __init__(self, first: bytes, blocks: AsyncIterator[bytes], stack: AsyncExitStack) -> None:
        self._first, self._blocks, self._stack = first, blocks, stack
        super().__init__(self._body(), media_type=NDJSON)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._stack:
            await super().__call__(scope, receive, send)

    async def _body(self) -> AsyncIterator[bytes]:
        yield self._first
        try:
            async for block in self._blocks:
                yield block
        except Refusal as refusal:
            yield _line(refusal.body)
        except MajusculeError as error:
            yield _line(Refusal(422, "invalid", str(error)).body)


def _line(answer: Answer) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _groups(body: bytes) -> Iterator[list[bytes]]:
    """Lines that are answered together; one at least, and no blank ones."""
    group: list[bytes] = []
    size = 0
    for line in body.split(b"\n"):
        if not line.strip():
            continue
        if group and (len(group) == LINES or size + len(line) > PIECE):
            yield group
            group, size = [], 0
        group.append(line)
        size += len(line)
    if group:
        yield group


def _in_blocks(answers: Iterator[Answer]) -> Iterator[bytes]:
    """Lines of JSON: the first at once, then many together."""
    block: list[bytes] = []
    size = PIECE
    for answer in answers:
        block.append(_line(answer))
        size += len(block[-1])
        if size >= PIECE:
            yield b"".join(block)
            block, size = [], 0
    if block:
        yield b"".join(block)


def as_json(answer: Answer) -> Response:
    """An answer in JSON."""
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return Response(body, media_type=JSON)


def _kind(request: Request, *kinds: str) -> str:
    """What kind of body a request has.

    Raises:
        Refusal: none of these; or none at all from a browser, whom any page could make send it.
    """
    unsaid = "none" if "origin" in request.headers else JSON
    given = request.headers.get("content-type", unsaid).partition(";")[0].strip().lower()
    if given not in kinds:
        raise Refusal(
            415,
            "no_json",
            f"expected the content type {' or '.join(kinds)}, got {given[:80]!r}",
        )
    return given


def _wants_lines(request: Request) -> bool:
    return NDJSON in request.headers.get("accept", "")
