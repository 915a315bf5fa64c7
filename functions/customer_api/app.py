"""The HTTPS API: Amazon API Gateway calls this function with one request and sends back its answer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from functions.customer_api import problems, public
from hotline.kit.logging import Event, log

api = APIGatewayHttpResolver()
api.include_router(public.router)
problems.install(api)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request (HTTP API, payload format 2.0). What fails unexpectedly is answered with a constant body, and its
    text is not logged: it may repeat the request."""
    try:
        return api.resolve(event, context)
    except Exception as error:  # noqa: BLE001 - whatever it is, its text must reach neither the log nor the caller
        log(Event.API_FAILED, error=type(error).__name__)
        return problems.unexpected()
