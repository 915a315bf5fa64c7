"""The request as the gateway hands it on (HTTP API, payload format 2.0), and the answer that it gets whatever fails.

A part that is missing or of another shape is empty, so that its route is not found. Text that cannot be decoded is a
malformed request. Neither is an error of ours.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Container, Mapping
from typing import Any, Final, Protocol

from functions.http import problems
from functions.http.languages import find_wished_language
from functions.http.problems import Problem, Rendering, problem_in
from functions.http.routes import is_path_of
from hotline.kit.errors import HotlineError
from hotline.kit.languages import ENGLISH
from hotline.kit.logging import Event, log
from hotline.kit.text import is_unicode

BODY_BYTES_MAX: Final = 300 * 1024
JSON: Final = "application/json"
_ALWAYS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Answers are about one person, at one moment, and are what they say they are."""
REQUEST_ID_CHARACTERS_MAX: Final = 128
"""The gateway's are 16 characters. It is told to the caller and logged, so that it may hold ASCII only."""


def request_from(event: object, routes: Container[str]) -> dict[str, Any]:
    """The parts of an event that the API looks at, each of its own type. Claims are left as they are, for `access`.

    Raises Problem: `malformed_request`, and `not_found` when the route that the gateway names is not the path's.
    """
    sent = _mapping(event)
    context = _mapping(sent.get("requestContext"))
    http = _mapping(context.get("http"))
    method, path = _text(http.get("method")), _text(sent.get("rawPath"))
    route = _text(sent.get("routeKey"))
    if route in routes and not _is_of(route, method, path):
        raise Problem("not_found")
    request: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": _text(sent.get("rawQueryString")),
        "headers": _texts(sent.get("headers")),
        "queryStringParameters": _texts(sent.get("queryStringParameters")),
        "isBase64Encoded": sent.get("isBase64Encoded") is True,
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": _text(http.get("sourceIp"))},
            "requestId": request_id_of(sent),
            "routeKey": route,
            "stage": "$default",
            "authorizer": context.get("authorizer"),
        },
    }
    if sent.get("body") is not None:
        request["body"] = _text(sent["body"])
    return request


def request_id_of(event: object) -> str:
    """The id by which a request is told of and logged; `-` for one that has none."""
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    found = context.get("requestId") if isinstance(context, Mapping) else None
    if not isinstance(found, str) or not found.isascii() or not found.isprintable():
        return "-"
    return found[:REQUEST_ID_CHARACTERS_MAX] or "-"


def _is_of(route: str, method: str, path: str) -> bool:
    own_method, _, own_path = route.partition(" ")
    return own_method == method and is_path_of(path, own_path)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> dict[str, str]:
    return {_text(name): _text(text) for name, text in _mapping(value).items()}


def _text(value: object) -> str:
    """Raises Problem `malformed_request` for half of a surrogate pair."""
    if not isinstance(value, str):
        return ""
    if not is_unicode(value):
        raise problem_in("#", "no_text")
    return value


class Resolve(Protocol):
    """The work of one API on a request that has a form. It fills the headers that every answer to it has."""

    def __call__(self, request: dict[str, Any], how: Rendering, headers: dict[str, str]) -> dict[str, Any]: ...


def answer_request(
    event: object,
    routes: Container[str],
    resolve: Resolve,
    problem_of: Callable[[HotlineError], Problem] = problems.problem_of,
) -> dict[str, Any]:
    """The answer to one request, whatever comes as one. An unexpected failure is answered with a constant body, and its
    text is not logged: it may repeat the request."""
    how = Rendering(request_id=request_id_of(event))
    route = "-"
    headers: dict[str, str] = {}
    try:
        request = request_from(event, routes)
        how, route = _rendering(request), request["routeKey"] or "-"
        told = resolve(request, how, headers)
    except Problem as problem:
        told = problems.answer(problem, how)
    except HotlineError as error:
        told = problems.answer(problem_of(error), how)
    except Exception as error:  # noqa: BLE001 - whatever it is, its text must reach neither the log nor the caller
        log(Event.API_FAILED, error=type(error).__name__, correlation_id=how.request_id)
        told = problems.answer(Problem("unexpected"), how)
    told["headers"] = {**headers, **told.get("headers", {}), **_ALWAYS}
    log(Event.API_ANSWERED, step=route, outcome=str(told["statusCode"]), correlation_id=how.request_id)
    return told


def _rendering(request: Mapping[str, Any]) -> Rendering:
    """How this caller is told of problems."""
    language = find_wished_language(header_of(request, "accept-language")) or ENGLISH
    return Rendering(language, request["requestContext"]["requestId"])


def body_from(text: str) -> Any:
    """The JSON of a body. Raises json.JSONDecodeError for whatever is none: NaN, or nested too deep, too."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError, TypeError):
        raise json.JSONDecodeError("not JSON", "", 0) from None


def _no_number(_: str) -> Any:
    raise ValueError("JSON has no such number")


def header_of(request: Mapping[str, Any], name: str) -> str | None:
    """A header's value; the gateway gives their names in lower case."""
    headers: Mapping[str, str] = request["headers"]
    return headers.get(name)


def with_text(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its body as text. Raises Problem for a body that is larger than anything the API takes, that says
    it is no JSON, or that is no text."""
    body = event.get("body")
    if not isinstance(body, str):
        return event
    kind = (header_of(event, "content-type") or JSON).partition(";")[0].strip().lower()
    if kind != JSON:
        raise Problem("unsupported_media_type")
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > BODY_BYTES_MAX:
            raise Problem("body_too_large")
        headers = {**event["headers"], "content-type": JSON}
        return {**event, "body": raw.decode(), "isBase64Encoded": False, "headers": headers}
    except ValueError:
        raise problem_in("#", "no_text") from None
