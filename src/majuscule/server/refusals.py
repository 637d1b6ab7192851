"""Requests that are refused: a status, a code for programs and a sentence for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

if TYPE_CHECKING:
    from pydantic import ValidationError


class Refusal(Exception):  # noqa: N818 - it is an answer, and no fault
    """A request that gets no answer but this.

    Args:
        status: of HTTP.
        code: one word for programs.
        message: what was expected, what came, and what to do.
        headers: to send along.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {"error": {"code": self.code, "message": self.message}}

    @property
    def response(self) -> JSONResponse:
        """The same as a response."""
        return JSONResponse(self.body, self.status, self.headers)


def invalid(error: ValidationError) -> Refusal:
    """The refusal of a body that is not of the form asked for.

    It says what was expected where, and of what came no more than its type: a message may be
    logged by whoever sent the request.
    """
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"])) or "the body"
    kind, given = first["type"], first["input"]
    if kind == "json_invalid":
        return Refusal(400, "no_json", f"expected JSON in UTF-8, got none: {first['msg']}")
    if kind == "missing":
        expected = "expected it, got none"
    elif kind == "extra_forbidden":
        expected = "expected no such field; see /openapi.json for those there are"
    elif kind == "value_error":
        expected = first["msg"].removeprefix("Value error, ")
    else:
        says = first["msg"].replace("Input should be", "expected").replace("should", "must")
        expected = f"{says[0].lower()}{says[1:]}, got {_type(given)}"
    more = len(error.errors()) - 1
    others = f" (and {more} more)" if more else ""
    return Refusal(422, "invalid", f"{where}: {expected}{others}")


def _type(given: object) -> str:
    names = {str: "a text", bool: "a truth value", dict: "an object", list: "a list"}
    if given is None:
        return "null"
    return names.get(type(given), "a number" if isinstance(given, (int, float)) else "another")
