"""The threat: a flood of requests at the gateway, so that an owner cannot freeze or pause the account.

The gateway gives one limit to all routes that have none of their own. The way to a freeze, and each route that needs no
token, has its own.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from functions.customer_api.access import CATCH_ALL, PROTECTING, PUBLIC, ROUTES
from tests.support.template import properties, resources

WAY_TO_A_FREEZE: Final = PROTECTING | {"POST /v1/challenges", "POST /v1/challenges/{id}/answers"}
"""A sign-in of more than ten minutes ago has to prove a code before it freezes."""
OPEN_TO_ANYBODY: Final = {route for route, scope in ROUTES.items() if scope == PUBLIC}
THROTTLED_ALONE: Final = sorted(WAY_TO_A_FREEZE | OPEN_TO_ANYBODY | {CATCH_ALL})


def stage() -> dict[str, Any]:
    return properties("ApiStage")


@pytest.mark.parametrize("route", THROTTLED_ALONE)
def test_a_flood_elsewhere_leaves_room_to_freeze_and_to_pause(route: str) -> None:
    limits = stage()["RouteSettings"][route]
    assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"]


@pytest.mark.parametrize("route", sorted(PROTECTING))
def test_as_many_may_freeze_or_pause_as_may_ask_for_everything_else_together(route: str) -> None:
    assert stage()["RouteSettings"][route] == stage()["DefaultRouteSettings"]


def test_only_these_routes_have_room_of_their_own() -> None:
    assert sorted(stage()["RouteSettings"]) == THROTTLED_ALONE


def test_the_stage_is_made_after_the_routes_that_it_limits() -> None:
    """The service refuses settings of a route that there is not yet."""
    limited = {
        name
        for name, route in resources("AWS::ApiGatewayV2::Route").items()
        if route["Properties"]["RouteKey"] in THROTTLED_ALONE
    }
    assert set(resources("AWS::ApiGatewayV2::Stage")["ApiStage"]["DependsOn"]) == limited
