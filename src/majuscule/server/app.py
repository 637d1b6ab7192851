"""The application: routes, what they take and give, and the page.

>>> from majuscule.server.settings import Settings
>>> sorted(path for path in create_app(Settings()).openapi()["paths"] if "v1" in path)[:2]
['/v1/adapt', '/v1/adapters/{name}']
"""

from __future__ import annotations

from importlib.resources import files
from mimetypes import guess_type
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI, Request, Response
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route, request_response

import majuscule
from majuscule.errors import MajusculeError
from majuscule.server import metrics, shapes
from majuscule.server.adapting import Adapting
from majuscule.server.description import (
    ANSWERS,
    SUMMARIES,
    answers_of,
    body_of,
    describe,
    refusals,
)
from majuscule.server.guards import Bounded, Counted, Headed, Named, Trusted
from majuscule.server.refusals import Refusal
from majuscule.server.restorers import Restorers
from majuscule.server.service import Service, as_json

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from majuscule.server.settings import Settings

BINARY = "application/octet-stream"


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

    describe(app, settings, service.verbs, restorers.model.styles)
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
        openapi_extra=body_of(shape, verb, lines=True),
        responses=answers_of(*ANSWERS[verb], lines=True),
        response_class=Response,
    )
    # The framework describes the route, but has nothing to do for it: a fifth of the time.
    cast("Route", app.routes[-1]).app = request_response(act)


def _add_adapting(app: FastAPI, service: Service, adapting: Adapting, restorers: Restorers) -> None:
    async def adapt(request: Request) -> Response:
        asked = await service.parse(request, shapes.AdaptRequest)
        name, summary = await adapting.adapt(asked)
        return as_json({"adapter": name, "summary": summary})

    app.add_api_route(
        "/v1/adapt",
        adapt,
        methods=["POST"],
        operation_id="adapt",
        summary="Learn how a house writes from a sample of it",
        openapi_extra=body_of(shapes.AdaptRequest, "adapt"),
        responses=answers_of(shapes.Adapted),
        response_class=Response,
    )

    @app.get(
        "/v1/adapters/{name}",
        operation_id="adapter",
        summary="An adapter as a file, for `majuscule restore --model`",
        responses={
            200: {"content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}},
            **refusals(404, 422),
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
        responses={200: {"model": shapes.ModelInfo}, **refusals()},
        response_class=Response,
    )
    async def info() -> Response:
        known = restorers.model
        return as_json(
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
