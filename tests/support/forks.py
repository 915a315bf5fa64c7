"""A world of a test as it is, for one more test to change: made once, forked as often as it is needed."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any, Protocol

from hotline.kit.doors import Context
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock


class World(Protocol):
    """A world with a store in memory, a clock and the context of the functions."""

    store: Any
    clock: VirtualClock
    ctx: Context


def fork_world[Made: World](world: Made) -> Made:
    """A second world with the same content and time. Neither sees what the other does, but for objects of a bucket,
    which have names of their own."""
    store = world.store
    assert isinstance(store, MemoryStore)
    twin, clock = copy(world), VirtualClock(world.clock.now())
    twin.clock, twin.store = clock, store.fork(clock)
    twin.ctx = replace(world.ctx, store=twin.store, clock=clock)
    return twin
