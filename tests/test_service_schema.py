"""The service keeps what its description at /openapi.json says: requests made from it.

Most are in order, some are not; every answer must be one that is described, and refuse what is
against the description and nothing else.
"""

from __future__ import annotations

import json

import pytest

schemathesis = pytest.importorskip("schemathesis")

from schemathesis.config import SchemathesisConfig  # noqa: E402 - there may be no schemathesis
from schemathesis.core.failures import FailureGroup  # noqa: E402 - as above
from schemathesis.openapi.checks import RejectedPositiveData  # noqa: E402 - as above

from majuscule.server.app import create_app  # noqa: E402 - as above
from majuscule.server.settings import Settings  # noqa: E402 - as above

TOKEN = {"Authorization": "Bearer of-this-server"}

# Adapting takes a process and its seconds for each request, so that it gets a few.
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"deterministic": True, "max-examples": 25, "database": "none"},
        "operations": [
            {
                "include-operation-id": "adapt",
                "generation": {"max-examples": 3},
                "phases": {"coverage": {"enabled": False}},
            }
        ],
    }
)

schema = schemathesis.openapi.from_asgi(
    "/openapi.json",
    create_app(Settings(token="of-this-server", hosts=("testserver",))),  # noqa: S106 - no secret
    config=CONFIG,
    headers=TOKEN,
)


@schemathesis.serializer("application/x-ndjson")
def in_lines(_: object, value: object) -> bytes:
    """A body of lines: one for each part of a list, or one for whatever else was made."""
    lines = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@schema.hook
def filter_failure(_, failure, case, response) -> bool:
    """Whether a failure is one: what a token, a blank or a lesson is, no description can say.

    Nor does it say what is installed.
    """
    beyond = ("to be one token", "a written form", "sample", "text to adapt to", "effort")
    says = response.text
    return not (isinstance(failure, RejectedPositiveData) and any(why in says for why in beyond))


@schema.parametrize()
def test_what_is_described_is_done(case: schemathesis.Case) -> None:
    case.call_and_validate(headers=TOKEN)


def test_the_test_above_can_fail() -> None:
    """A server that asks for no token is found out by a description that says it does."""
    described = create_app(Settings(token="any")).openapi()  # noqa: S106 - no secret
    careless = schemathesis.openapi.from_dict(described)
    careless.app = create_app(Settings(hosts=("testserver",)))
    case = careless["/v1/model"]["GET"].Case()
    with pytest.raises(FailureGroup, match="without authentication"):
        case.call_and_validate()
