"""A call center on a store, and agents at their desks."""

from __future__ import annotations

import pytest

from hotline_local.testing.memory_store import MemoryStore
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import AgentWorld


@pytest.fixture
def world(store: MemoryStore) -> AgentWorld:
    return AgentWorld(store)


@pytest.fixture
def anna(world: AgentWorld) -> AgentClient:
    return AgentClient(world.ctx, "agent-1")


@pytest.fixture
def bo(world: AgentWorld) -> AgentClient:
    return AgentClient(world.ctx, "agent-2")


@pytest.fixture
def chief(world: AgentWorld) -> AgentClient:
    return supervisor(world.ctx)
