"""The call center of these tests, on each kind of store. A module says how its own begins by a fixture `begin`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.agent_world import AgentWorld
from tests.support.stores import AnyStore

type Begin = Callable[[AnyStore], AgentWorld]


@pytest.fixture
def begin() -> Begin:
    """A customer about whom nothing is known but their contact points."""
    return AgentWorld


@pytest.fixture(params=["memory", "moto"])
def world(request: pytest.FixtureRequest, begin: Begin) -> AgentWorld:
    """On a store in memory, and on one that checks requests as DynamoDB does."""
    return begin(request.getfixturevalue(f"{request.param}_store"))


@pytest.fixture
def quick(memory_store: AnyStore, begin: Begin) -> AgentWorld:
    """On a store in memory alone."""
    return begin(memory_store)


@pytest.fixture(params=["memory", "ministack"])
def raced(request: pytest.FixtureRequest, begin: Begin) -> AgentWorld:
    """On stores that take requests at once."""
    return begin(request.getfixturevalue(f"{request.param}_store"))
