"""Fixtures: a clock that stands, a store on it, and an app of the wallet. A folder's conftest imports them for its
tests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))


@pytest.fixture
def store(clock: VirtualClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    return ApiWorld(store, clock)
