"""Exceptions of a route or of the resolver, as the problem that is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError

from functions.http import problems
from functions.http.problems import Fault, Problem, Rendering, problem_in
from hotline.kit.errors import HotlineError
from hotline.kit.logging import Event, log

FAULTS_MAX: Final = 10
"""So many faults of one request are told."""
_EXTRA: Final = "extra_forbidden"
_KINDS: Final = {"contact": frozenset({"phone", "email"})}
"""Fields whose form depends on their `kind`: the resolver puts the kind into the place, where the request has none."""
_PLACES: Final = frozenset({"body", "query", "header", "path"})


def install(
    api: APIGatewayHttpResolver,
    rendering: Callable[[], Rendering],
    problem_of: Callable[[HotlineError], Problem] = problems.problem_of,
) -> None:
    """Answer every error with a problem, and refuse parameters that a route does not have. `rendering`: how the caller
    of the present request is told; `problem_of`: the problem of a room's error."""

    def answer_error(error: Exception) -> Response[str]:
        how = rendering()
        told = problems.answer(_problem(error, how, problem_of), how)
        return Response(told["statusCode"], problems.CONTENT_TYPE, told["body"], told["headers"])

    api.exception_handler(Exception)(answer_error)
    api.use([_refuse_unknown_parameters])


def _problem(error: Exception, how: Rendering, problem_of: Callable[[HotlineError], Problem]) -> Problem:
    match error:
        case Problem():
            return error
        case HotlineError():
            return problem_of(error)
        case RequestValidationError():
            return Problem("malformed_request", faults=faults_of(error))
        case RequestUnsupportedContentType():
            return Problem("unsupported_media_type")
        case NotFoundError():
            return Problem("not_found")
        case _:
            log(Event.API_FAILED, error=type(error).__name__, correlation_id=how.request_id)
            return Problem("unexpected")


def faults_of(error: RequestValidationError) -> list[Fault]:
    """The places at which a request is not as it must be. The name of a field that nobody has is the caller's word and
    stays out."""
    faults = []
    for found in error.errors()[:FAULTS_MAX]:
        location, kind = list(found["loc"]), str(found["type"])
        if kind == _EXTRA:
            location = location[:-1]
        place = location.pop(0) if location and location[0] in _PLACES else "body"
        if kind == "json_invalid":
            location = []
        location = [
            part
            for before, part in zip([None, *location], location, strict=False)
            if part not in _KINDS.get(before, ())
        ]
        pointer = "#" + "".join(f"/{part}" for part in location) if place == "body" else str((*location, place)[0])
        faults.append(Fault(pointer, kind))
    return list(dict.fromkeys(faults))


def _refuse_unknown_parameters(app: APIGatewayHttpResolver, next_middleware: Any) -> Any:
    """Raises Problem for a query parameter that the route does not have: a filter that is not heard must be said."""
    route = app.context["_route"]
    known = {parameter.alias for parameter in route.dependant.query_params}
    given = app.current_event.query_string_parameters or {}
    if given.keys() - known:
        raise problem_in("query", _EXTRA)
    return next_middleware(app)
