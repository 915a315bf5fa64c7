"""The request as the gateway hands it on (HTTP API, payload format 2.0). A part that is missing or of another shape is
empty, so that its route is not found. Text that cannot be decoded is a malformed request. Neither is an error of
ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from functions.customer_api.access import ROUTES, is_path_of
from functions.customer_api.problems import Problem, problem_in
from hotline.kit.text import is_unicode

REQUEST_ID_CHARACTERS_MAX: Final = 128
"""The gateway's are 16 characters. It is told to the caller and logged, so that it may hold ASCII only."""


def request_from(event: object) -> dict[str, Any]:
    """The parts of an event that the API looks at, each of its own type. Claims are left as they are, for `access`.

    Raises Problem: `malformed_request`, and `not_found` when the route that the gateway names is not the path's.
    """
    sent = _mapping(event)
    context = _mapping(sent.get("requestContext"))
    http = _mapping(context.get("http"))
    method, path = _text(http.get("method")), _text(sent.get("rawPath"))
    route = _text(sent.get("routeKey"))
    if route in ROUTES and not _is_of(route, method, path):
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
            "http": {"method": method, "path": path},
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
