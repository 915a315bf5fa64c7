"""The threat: a flood of requests at the gateway, so that an owner cannot freeze or pause the account.

The gateway gives one limit to all routes that have none of their own. The way to a freeze, and each route that needs no
token, has its own.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from functions.customer_api.access import CATCH_ALL, PROTECTING, PUBLIC, ROUTES, WAY_TO_A_FREEZE
from functions.http.quota import REQUESTS_MAX
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld
from tests.support.template import properties, resources

OPEN_TO_ANYBODY: Final = {route for route, scope in ROUTES.items() if scope == PUBLIC}
THROTTLED_ALONE: Final = sorted(WAY_TO_A_FREEZE | OPEN_TO_ANYBODY | {CATCH_ALL})


def stage() -> dict[str, Any]:
    return properties("ApiStage")


@pytest.mark.parametrize("route", THROTTLED_ALONE)
def test_a_flood_elsewhere_leaves_room_to_freeze_and_to_pause(route: str) -> None:
    limits = stage()["RouteSettings"][route]
    assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"]


def test_freezing_and_pausing_protect_and_a_code_leads_to_them() -> None:
    assert {"POST /v1/me/freeze", "POST /v1/me/pause", "POST /v1/me/repudiations"} == PROTECTING
    assert {*PROTECTING, "POST /v1/challenges", "POST /v1/challenges/{id}/answers"} == WAY_TO_A_FREEZE


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
        if route["Properties"]["ApiId"] == {"Ref": "Api"} and route["Properties"]["RouteKey"] in THROTTLED_ALONE
    }
    assert set(resources("AWS::ApiGatewayV2::Stage")["ApiStage"]["DependsOn"]) == limited
    assert len(limited) == len(THROTTLED_ALONE)


def test_a_used_up_quota_keeps_the_owner_from_no_freeze(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock)
    thief, owner = world.stale_client(sign_in="thief"), world.stale_client(sign_in="owner")
    for _ in range(REQUESTS_MAX):
        thief.ask("GET", "/v1/me/lock")
    assert owner.ask("GET", "/v1/me/lock").code == "quota_exceeded"
    assert owner.ask("POST", "/v1/me/freeze").status == 401, "signed in long ago"
    owner.prove("freeze")
    assert owner.ask("POST", "/v1/me/freeze").status == 202


def test_a_used_up_quota_keeps_the_owner_from_no_pause(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock)
    for _ in range(REQUESTS_MAX):
        world.client(sign_in="thief").ask("GET", "/v1/me/lock")
    assert world.client(sign_in="owner").ask("POST", "/v1/me/pause").status == 202
