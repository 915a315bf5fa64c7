"""The API as a WSGI application behind a small gateway, so that tools that speak HTTP can use it in process."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from werkzeug.wrappers import Request, Response

from functions.agent_api.access import ROUTES as AGENT_ROUTES
from functions.customer_api.access import CATCH_ALL, PUBLIC, ROUTES
from tests.support.agent_client import AgentClient
from tests.support.api_client import Client

BEARER = "Bearer good"
"""The token that this gateway takes, as that of the client it was given."""


def application(client: Client | AgentClient) -> Callable[..., Iterable[bytes]]:
    """The API for one client, the customers' or the agents'. As the real gateway does, it answers 404 by itself for a
    path that is not below /v1. It answers 401 without a token where a route asks for one."""
    scopes = ROUTES if isinstance(client, Client) else AGENT_ROUTES

    @Request.application
    def gateway(request: Request) -> Response:
        event = client.event(request.method, request.path)
        scope = scopes.get(event["routeKey"])
        if scope is None and event["routeKey"] != CATCH_ALL:
            return Response('{"message":"Not Found"}', 404, content_type="application/json")
        if scope not in (PUBLIC, None) and request.headers.get("Authorization") != BEARER:
            headers = {"WWW-Authenticate": "Bearer"}
            return Response('{"message":"Unauthorized"}', 401, headers, content_type="application/json")
        told = client.answer(_completed(event, request))
        return Response(told["body"], int(told["statusCode"]), told["headers"])

    return gateway


def _completed(event: dict[str, Any], request: Request) -> dict[str, Any]:
    """The event with the request's own headers, query and body, in the forms that the gateway gives them."""
    event["headers"] = {name.lower(): value for name, value in request.headers.items()}
    if query := _query(request.query_string.decode("latin-1")):
        event["queryStringParameters"] = query
    body = request.get_data()
    if body:
        try:
            event["body"] = body.decode()
        except UnicodeDecodeError:
            event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return event


def _query(text: str) -> Mapping[str, str]:
    """Parameters by name; of one that comes several times the values are joined by commas."""
    found: dict[str, list[str]] = {}
    for part in filter(None, text.split("&")):
        name, _, value = part.partition("=")
        found.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return {name: ",".join(values) for name, values in found.items()}
