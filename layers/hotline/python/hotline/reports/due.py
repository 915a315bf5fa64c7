"""The last look at a call: what its session says once nothing more can happen, and an end that nobody told.

Contact events are best effort (Amazon Connect administrator guide, contact events), and a step may store something just
after the caller hung up. So each call is looked at once more by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from . import items
from .model import Call
from .records import FoldCall

NOBODY: Final = "-"
"""Stands for the account of a duty that is about none."""
ZONE: Final = "UTC"
"""Not used: the record is there, and keeps the zone that it began with."""


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no call's record."""
    contact_id = items.contact_at(key)
    if contact_id is None:
        return None
    act = FoldCall(contact_id, ZONE, _look_last)
    return Duty(NOBODY, "last_look", frozenset(), partial(_contribute, act, key), look=act.look)


def _look_last(call: Call) -> Call:
    return replace(call, last_look=True)


def _contribute(act: FoldCall, key: Key, change: Change, read: Mapping[Key, Item]) -> tuple[Done, ...]:
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    act.contribute(change, read)
    return (Done(Event.REPORT_COUNTED, {"count": 1}),)
