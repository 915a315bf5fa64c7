"""Events as they are kept in events/agent_api: each goes through the door and is answered as its name says.

`case_...1` is a case that agent-1 has claimed, about a held account of the world.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from functions.agent_api.access import ROUTES
from functions.agent_api.app import answer_request
from functions.agent_api.settings import TokenSettings
from tests.support.agent_client import AgentClient
from tests.support.agent_world import AgentWorld
from tests.support.money_world import ACCOUNT

EVENTS: Final = sorted((Path(__file__).parents[3] / "events/agent_api").glob("*.json"))
TOKENS: Final = TokenSettings(account_claim="account_id")


@dataclass
class FirstIds:
    """Ids that count from 1 for each kind."""

    counts: Counter[str] = field(default_factory=Counter)

    def new(self, kind: str) -> str:
        self.counts[kind] += 1
        return f"{kind}_{self.counts[kind]:032d}"


@pytest.fixture
def kept(world: AgentWorld) -> AgentWorld:
    world.hold()
    random = world.ctx
    world.ctx = replace(world.ctx, ids=FirstIds())
    world.claim(world.open_case(), "agent-1")
    world.ctx = random
    # The agent is known by name from now on, so that their trail may be asked for.
    assert AgentClient(world.ctx, "agent-1").get("/me").status == 200
    return world


def test_every_route_has_a_kept_event() -> None:
    kept = {json.loads(path.read_text(encoding="utf-8"))["routeKey"] for path in EVENTS}
    assert set(ROUTES) == kept


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_kept_event_is_answered_with_the_status_in_its_name(kept: AgentWorld, path: Path) -> None:
    told = answer_request(json.loads(path.read_text(encoding="utf-8")), None, lambda: kept.ctx, TOKENS)
    assert path.stem.split("_")[1] == str(int(told["statusCode"])), told["body"]


def test_the_account_of_the_kept_events_is_the_one_of_the_world() -> None:
    own = next(path for path in EVENTS if path.stem == "account_403_of_their_own")
    claims = json.loads(own.read_text(encoding="utf-8"))["requestContext"]["authorizer"]["jwt"]["claims"]
    assert claims["account_id"] == ACCOUNT
