"""The stores that the tests of rooms run on, and a wallet, a caller and a lock desk in them."""

import pytest

from hotline_local.testing.memory_store import MemoryStore
from tests.support.lock_desk import Desk
from tests.support.money_world import MoneyWorld
from tests.support.stores import (
    exact_store,
    memory_store,
    ministack_endpoint,
    ministack_store,
    moto_service,
    moto_store,
    store,
)

__all__ = [
    "exact_store",
    "memory_store",
    "ministack_endpoint",
    "ministack_store",
    "moto_service",
    "moto_store",
    "store",
]


@pytest.fixture(params=["memory", "moto"])
def money(request: pytest.FixtureRequest) -> MoneyWorld:
    """A wallet and a caller who has proved one factor, on two kinds of store."""
    return MoneyWorld(request.getfixturevalue(f"{request.param}_store"))


@pytest.fixture
def quick_money(memory_store: MemoryStore) -> MoneyWorld:
    """The same in memory only, for what does not hang on the store."""
    return MoneyWorld(memory_store)


@pytest.fixture
def desk(memory_store: MemoryStore) -> Desk:
    """A desk at which anybody asks the lockout room for anything, of an account that is open."""
    found = Desk(memory_store)
    memory_store.clock = found.clock
    found.open_account()
    return found
