"""The one router that the modules of routes add to, and what a route finds there."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.customer_api.visits import Desk

router: Final = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
DESK: Final = "desk"


def desk() -> Desk:
    """The desk of the request that is being answered."""
    found: Desk = router.context[DESK]
    return found
