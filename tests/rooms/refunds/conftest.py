"""A customer whose payment a generous merchant refunds unseen."""

from __future__ import annotations

import pytest

from hotline.contracts.model import MovementStatus
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import MoneyWorld, moved, published


@pytest.fixture
def world() -> MoneyWorld:
    made = MoneyWorld(MemoryStore())
    made.give_profile()
    made.tell(moved(MovementStatus.SUCCEEDED))
    made.tell(published(auto_approve_minor=10**6))
    return made
