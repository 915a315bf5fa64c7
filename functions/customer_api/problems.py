"""What the API answers when it refuses: problem details (RFC 9457) with stable codes."""

from __future__ import annotations

import json
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

CONTENT_TYPE: Final = "application/problem+json"
TITLES: Final = {
    "malformed_request": "The request is malformed.",
    "not_found": "There is no such thing.",
    "unexpected": "Something went wrong on our side.",
}
"""Stable code -> one fixed sentence. Nothing of the request is ever repeated."""


class Problem(Exception):
    """A refusal. `field` names the part of the request that it is about, by its name in the API, never its value."""

    def __init__(self, status: int, code: str, *, field: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.field = field


def body(status: int, code: str, field: str | None = None) -> str:
    """The problem as JSON. `type` stays about:blank, since `code` is what a client reads (RFC 9457, 4.2.1)."""
    told = {"type": "about:blank", "title": TITLES[code], "status": status, "code": code}
    return json.dumps(told | ({"field": field} if field else {}))


def install(api: APIGatewayHttpResolver) -> None:
    """Make the API answer refusals, and paths that it does not have, with problems."""
    api.exception_handler(Problem)(_refuse)
    api.not_found(_no_such_route)


def _refuse(problem: Problem) -> Response[str]:
    text = body(problem.status, problem.code, problem.field)
    return Response(status_code=problem.status, content_type=CONTENT_TYPE, body=text)


def _no_such_route(_: Exception) -> Response[str]:
    return Response(status_code=404, content_type=CONTENT_TYPE, body=body(404, "not_found"))


def unexpected() -> dict[str, Any]:
    """The gateway's form of an answer to a request that failed unexpectedly."""
    return {"statusCode": 500, "headers": {"Content-Type": CONTENT_TYPE}, "body": body(500, "unexpected")}
