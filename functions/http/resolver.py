"""The resolver of an API: it finds the route of a request, checks what the route takes, and writes its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.http import problems, refusals
from functions.http.problems import Problem, Rendering
from functions.http.requests import body_from
from hotline.kit.errors import HotlineError


def make_resolver(
    router: APIGatewayHttpRouter,
    rendering: Callable[[], Rendering],
    problem_of: Callable[[HotlineError], Problem] = problems.problem_of,
) -> APIGatewayHttpResolver:
    """A resolver for the routes of `router`. `rendering` and `problem_of` are as in `refusals.install`."""
    api = APIGatewayHttpResolver(
        enable_validation=True,
        response_validation_error_http_code=500,
        json_body_deserializer=body_from,
        serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
    )
    api.include_router(router)
    refusals.install(api, rendering, problem_of)
    return api
