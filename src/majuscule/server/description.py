"""The description of the service, for people and programs: OpenAPI."""

from __future__ import annotations

import json
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from majuscule.server import shapes
from majuscule.server.service import JSON, NDJSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

    from majuscule.server.settings import Settings
    from majuscule.server.shapes import Shape
    from majuscule.server.verbs import Verbs

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


def refusals(*more: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route: those of all routes, and others by their status."""
    return {
        status: {"model": shapes.Refused, "description": _WHY[status]}
        for status in sorted({401, 421, *more})
    }


def answers_of(*models: type[Shape], lines: bool = False) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that takes a body: one of some shapes, lines of them, a refusal."""
    found: dict[str, Any] = {"model": reduce(or_, models), "description": "Done."}
    if lines:
        found["content"] = {NDJSON: {"schema": {"type": "string"}}}
    return {200: found, **refusals(400, 404, 408, 413, 415, 422, 503)}


def body_of(shape: type[Shape], verb: str, *, lines: bool = False) -> dict[str, Any]:
    """The body that a verb takes, of a shape or in lines of it, with examples."""
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


def describe(app: FastAPI, settings: Settings, verbs: Verbs, styles: Sequence[str]) -> None:
    """Give the description what the framework cannot know: bodies, styles and the token."""
    asked: list[type[Shape]] = [
        shapes.AdaptRequest,
        *(shape for shape, _ in verbs.by_name.values()),
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
            for one in made["$defs"].values():
                if "style" in one.get("properties", {}):
                    one["properties"]["style"]["anyOf"][0]["enum"] = ["none", *styles]
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(made["$defs"])
            if settings.token is not None:
                components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
                schema["security"] = [{"token": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # as the framework's manual does
