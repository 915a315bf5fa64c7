"""A second person's word in tests: how it is refused, and what it is now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hotline.agents import service as agents
from hotline.agents.model import ActReason, Basis
from hotline.identity.model import Approval
from hotline.identity.service import factors_key
from hotline.kit.errors import NeedSecond, NotPossible
from hotline.kit.store import Put
from hotline.kit.store.condition import NEW
from tests.support.agent_world import AgentWorld
from tests.support.money_world import ACCOUNT


def refusal(work: Callable[[], object]) -> str:
    """The code with which this is refused."""
    with pytest.raises((NotPossible, NeedSecond)) as caught:
        work()
    return caught.value.code


def ask_second(world: AgentWorld, basis: Basis, act: Any, agent_id: str = "agent-1") -> Approval:
    """A request of an agent to a second person."""
    return agents.ask(world.ctx, world.token(agent_id), basis, act, ActReason.CUSTOMER_ASKED)


def see_now(world: AgentWorld, approval: Approval) -> Approval:
    """The approval as it is shown now: void once its thing has changed."""
    found = agents.find_approval(world.store, approval.approval_id, world.clock.now())
    assert found is not None
    (now,) = agents.mark_void(world.ctx, [found])
    return now


def give_pin(world: AgentWorld) -> None:
    """The customer has a PIN."""
    pin = {"salt": "-", "mac": "-", "set_at": "2026-01-01T00:00:00.000Z"}
    world.store.transact([Put(factors_key(ACCOUNT), {"pin": pin, "rev": 1}, NEW)], token="pin")
