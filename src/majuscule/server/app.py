"""The application: routes, what they take and give, and the page.

>>> from majuscule.server.settings import Settings
>>> sorted(path for path in create_app(Settings()).openapi()["paths"] if "v1" in path)[:2]
['/v1/adapt', '/v1/adapters/{name}']
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from functools import reduce
from importlib.resources import files
from mimetypes import guess_type
from operator import or_
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.openapi.utils import get_openapi
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route, request_response

import majuscule
from majuscule.errors import MajusculeError
from majuscule.server import metrics, shapes
from majuscule.server.adapting import Adapting
from majuscule.server.guards import Bounded, Counted, Headed, Named, Trusted
from majuscule.server.refusals import Refusal, invalid
from majuscule.server.restorers import Restorers
from majuscule.server.together import SHORT, Together
from majuscule.server.verbs import LINES, Verbs, in_shape
from majuscule.server.work import PIECE, Workshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from majuscule.server.settings import Settings
    from majuscule.server.shapes import Asked, Shape
    from majuscule.server.verbs import Answer
    from majuscule.server.work import Deadline

JSON, NDJSON = "application/json", "application/x-ndjson"


def create_app(settings: Settings) -> FastAPI:
    """The application for a server of ASGI.

    Args:
        settings: how to serve.

    Raises:
        ModelError, OSError: the model cannot be used.
    """
    app = FastAPI(
        title="majuscule",
        version=majuscule.__version__,
        description="Gives flattened text its capitals and its spaces back. No letter changes.",
        license_info={"name": "Apache-2.0"},
        docs_url=None,  # its page would come from elsewhere
        redoc_url=None,
    )
    restorers = Restorers(settings)
    service = Service(settings, restorers)
    counted = metrics.Metrics()
    counted.open.set_function(lambda: service.workshop.requests)
    for verb in service.verbs.by_name:
        _add_verb(app, service, verb)
    _add_adapting(app, service, Adapting(settings, restorers), restorers)
    _add_others(app, settings, restorers, counted)
    _add_page(app)

    @app.exception_handler(Refusal)
    async def _refused(_: Request, refusal: Exception) -> Response:
        return cast("Refusal", refusal).response

    @app.exception_handler(MajusculeError)
    async def _at_fault(_: Request, error: Exception) -> Response:
        return Refusal(422, "invalid", str(error)).response

    @app.exception_handler(HTTPException)
    async def _unknown(request: Request, error: Exception) -> Response:
        return _of_routes(request, cast("HTTPException", error)).response

    _describe(app, settings, restorers)
    paths = frozenset(getattr(route, "path", "") for route in app.routes)

    def stack() -> ASGIApp:
        """All that a request passes, instead of the framework's own: less, and nothing outside."""
        inner: ASGIApp = AsyncExitStackMiddleware(app.router)
        inner = ExceptionMiddleware(inner, handlers=app.exception_handlers)
        inner = Trusted(Bounded(inner, settings), settings)
        if settings.origins:
            inner = CORSMiddleware(
                inner,
                allow_origins=settings.origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "Content-Type"],
            )
        return Headed(Counted(Named(inner, settings), counted, paths))

    app.build_middleware_stack = stack  # type: ignore[method-assign]
    return app


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
                    return _json(in_shape(asked, texts))
            return _json(await self.workshop.run(deadline, lambda: job(asked, deadline)))

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


def _json(answer: Answer) -> Response:
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


ANSWERS: dict[str, tuple[type[Shape], ...]] = {
    "restore": (shapes.OneText, shapes.ManyTexts),
    "flatten": (shapes.OneText, shapes.ManyTexts),
    "explain": (shapes.Explanation, shapes.ManyExplanations),
    "detect": (shapes.Findings, shapes.ManyFindings),
}
"""What comes of one text and of many."""

SUMMARIES = {
    "restore": "Give flattened text its capitals and its spaces back",
    "flatten": "Take capitals and spacing away",
    "explain": "Restore, and tell what was decided, how surely and by what",
    "detect": "Tell what a text is, and why",
}


def _add_verb(app: FastAPI, service: Service, verb: str) -> None:
    shape = service.verbs.by_name[verb][0]

    async def act(request: Request) -> Response:
        return await service.answer(request, verb)

    app.add_api_route(
        f"/v1/{verb}",
        act,
        methods=["POST"],
        operation_id=verb,
        summary=SUMMARIES[verb],
        openapi_extra=_body_of(shape, verb, lines=True),
        responses=_answers_of(*ANSWERS[verb], lines=True),
        response_class=Response,
    )
    # The framework describes the route, but has nothing to do for it: a fifth of the time.
    cast("Route", app.routes[-1]).app = request_response(act)


def _add_adapting(app: FastAPI, service: Service, adapting: Adapting, restorers: Restorers) -> None:
    async def adapt(request: Request) -> Response:
        asked = await service.parse(request, shapes.AdaptRequest)
        name, summary = await adapting.adapt(asked)
        return _json({"adapter": name, "summary": summary})

    app.add_api_route(
        "/v1/adapt",
        adapt,
        methods=["POST"],
        operation_id="adapt",
        summary="Learn how a house writes from a sample of it",
        openapi_extra=_body_of(shapes.AdaptRequest, "adapt"),
        responses=_answers_of(shapes.Adapted),
        response_class=Response,
    )

    @app.get(
        "/v1/adapters/{name}",
        operation_id="adapter",
        summary="An adapter as a file, for `majuscule restore --model`",
        responses={
            200: {"content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}},
            **_refusals(404, 422),
        },
        response_class=Response,
    )
    async def adapter(name: str) -> Response:
        return Response(restorers.file(name), media_type=BINARY)


def _add_others(
    app: FastAPI, settings: Settings, restorers: Restorers, counted: metrics.Metrics
) -> None:
    @app.get(
        "/v1/model",
        operation_id="model",
        summary="What serves",
        responses={200: {"model": shapes.ModelInfo}, **_refusals()},
        response_class=Response,
    )
    async def info() -> Response:
        known = restorers.model
        return _json(
            {
                "name": str(known.about.get("name") or "a model"),
                "hash": known.hash,
                "version": majuscule.__version__,
                "styles": list(known.styles),
                "token": settings.token is not None,
            }
        )

    @app.get("/healthz", include_in_schema=False)
    async def healthy() -> Response:
        return Response("ok\n", media_type="text/plain")

    @app.get("/readyz", include_in_schema=False)
    async def ready() -> Response:  # the model is there before any request is taken
        return Response("ready\n", media_type="text/plain")

    @app.get("/metrics", include_in_schema=False)
    async def measured() -> Response:
        return Response(counted.page(), headers={"content-type": metrics.TYPE})


def _add_page(app: FastAPI) -> None:
    """The page and its files, read once."""
    folder = files("majuscule.server") / "page"
    pages = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    def served(name: str) -> Response:
        kind = guess_type(name)[0] or BINARY
        response = Response(pages[name], media_type=kind)
        response.headers["cache-control"] = "no-cache"
        return response

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return served("index.html")

    @app.get("/page/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        if name not in pages:
            raise HTTPException(404)
        return served(name)


def _of_routes(request: Request, error: HTTPException) -> Refusal:
    """What the framework refuses, in our words."""
    path, headers = request.url.path, dict(error.headers or {})
    if error.status_code == 405:
        return Refusal(
            405,
            "no_method",
            f"expected {headers.get('Allow', 'another method')} for {path}, got {request.method}",
            headers,
        )
    if error.status_code == 404:
        return Refusal(
            404, "no_path", "expected a path of the service, got another; see /openapi.json"
        )
    return Refusal(error.status_code, "refused", str(error.detail), headers)


BINARY = "application/octet-stream"

_WHY = {
    400: "The body is no JSON.",
    401: "The token is missing or another.",
    404: "There is no such thing, or not any more.",
    408: "The request came too slowly.",
    413: "The request is too large.",
    415: "The body is of another kind.",
    421: "The request is for another host.",
    422: "The body is not as it must be; the message says where.",
    503: "There is too much to do, or it took too long; come again.",
}


def _refusals(*more: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"model": shapes.Refused, "description": _WHY[status]}
        for status in sorted({401, 421, *more})
    }


def _answers_of(*models: type[Shape], lines: bool = False) -> dict[int | str, dict[str, Any]]:
    found: dict[str, Any] = {"model": reduce(or_, models), "description": "Done."}
    if lines:
        found["content"] = {NDJSON: {"schema": {"type": "string"}}}
    return {200: found, **_refusals(400, 404, 408, 413, 415, 422, 503)}


def _body_of(shape: type[Shape], verb: str, *, lines: bool = False) -> dict[str, Any]:
    examples = shapes.EXAMPLES[verb]
    content: dict[str, Any] = {
        JSON: {
            "schema": {"$ref": f"#/components/schemas/{shape.__name__}"},
            "examples": {name: {"value": value} for name, value in examples.items()},
        }
    }
    if lines:
        said = "".join(f"{json.dumps(value)}\n" for value in examples.values())
        content[NDJSON] = {
            # Whatever the lines are, they are answered: none of them is against the description.
            "schema": {"description": "A request in each line, answered in one."},
            "examples": {"lines": {"value": said}},
        }
    return {"requestBody": {"required": True, "content": content}}


def _describe(app: FastAPI, settings: Settings, restorers: Restorers) -> None:
    """Give the description what the framework cannot know: bodies, styles and the token."""
    asked: list[type[Shape]] = [
        shapes.AdaptRequest,
        *(shape for shape, _ in Verbs(restorers).by_name.values()),
    ]

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                license_info=app.license_info,
                routes=app.routes,
            )
            _, made = models_json_schema(
                [(shape, "validation") for shape in asked],
                ref_template="#/components/schemas/{model}",
            )
            styles = ["none", *restorers.model.styles]
            for one in made["$defs"].values():
                if "style" in one.get("properties", {}):
                    one["properties"]["style"]["anyOf"][0]["enum"] = styles
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(made["$defs"])
            if settings.token is not None:
                components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
                schema["security"] = [{"token": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # as the framework's manual does
