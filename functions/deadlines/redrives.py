"""Outbox entries that were left behind: back to their consumer, by way of its own queue.

An entry waits since `pending_sk`; one that has waited for two minutes was missed by the stream or failed there. It is
read again, moved on in the index on condition that nobody else has, and then its id goes to the consumer's queue. A
crash in between costs one pause and no entry. An entry that is of no use any more is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from typing import Final

from hotline.kit.aws.carriers import QUEUE_MESSAGES_MAX, Queue
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.due import PER_PARTITION_MAX, all_of_them, dates_until
from hotline.kit.errors import HotlineError
from hotline.kit.logging import Event, log
from hotline.kit.outbox.delivery import Consumer, still_useful
from hotline.kit.spread import partition_name
from hotline.kit.store import Index, Key, Query, Table, TransactionCancelled, Update
from hotline.kit.store.condition import Item, Missing, all_of, equals

LEFT_BEHIND_AFTER: Final = timedelta(minutes=2)
PAUSE_FIRST: Final = timedelta(minutes=2)
PAUSE_MAX: Final = timedelta(hours=1)
"""After the n-th time an entry rests for 2 min x 2^(n-1), at most an hour. A consumer that is down for days must not
find a queue full of the same ids."""

type Queues = Mapping[Consumer, Queue]
"""The queue of each consumer of the outbox."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many entries went back to their consumers, were dropped, and could be neither."""

    redriven: int
    dropped: int
    failed: int


def redrive(ctx: Context, now: datetime, queues: Queues, numbers: Iterable[int], *, at_once: int) -> Redriven:
    """Work off the entries that have been pending for longer than LEFT_BEHIND_AFTER, in the partitions of `numbers`.
    Raises Unavailable when the store does not say which."""
    left = all_of_them(partial(_list_left, ctx, now), numbers, at_once=at_once)
    keys = [key for some in left for key in some]
    found = all_of_them(partial(_move_on_safely, ctx, now), keys, at_once=at_once)
    entries = [entry for entry in found if isinstance(entry, dict)]
    redriven = sum(_send(queues, consumer, entries) for consumer in queues)
    failed = found.count(Event.DUE_FAILED) + len(entries) - redriven
    return Redriven(redriven, found.count(Event.ENTRY_USELESS), failed)


def pause_after(redrives: int) -> timedelta:
    """How long an entry rests after it was re-driven for the `redrives`-th time."""
    pause = PAUSE_FIRST
    for _ in range(redrives - 1):
        if pause >= PAUSE_MAX:
            break
        pause *= 2
    return min(pause, PAUSE_MAX)


def _list_left(ctx: Context, now: datetime, number: int) -> list[Key]:
    pk = partition_name(Index.PENDING, number)
    query = Query(Table.OUTBOX, pk, dates_until(now - LEFT_BEHIND_AFTER), Index.PENDING, limit=PER_PARTITION_MAX)
    return [Key(Table.OUTBOX, row["PK"]) for row in ctx.store.query(query).items]


def _move_on_safely(ctx: Context, now: datetime, key: Key) -> Item | Event | None:
    try:
        return _move_on(ctx, now, key)
    except HotlineError as error:
        log(Event.DUE_FAILED, kind="entry", entry_id=key.pk.removeprefix("OUT#"), reason=error.code)
        return Event.DUE_FAILED


def _move_on(ctx: Context, now: datetime, key: Key) -> Item | Event | None:
    """The entry, when it is to be re-driven now; ENTRY_USELESS when it was dropped; None: nothing to do about it."""
    entry = ctx.store.get(key)
    if entry is None or "pending_sk" not in entry or entry["pending_sk"] >= f"{to_text(now - LEFT_BEHIND_AFTER)}~":
        return None
    if entry.get("claim_until", "") > to_text(now):
        return None
    unclaimed = equals("claim", entry["claim"]) if "claim" in entry else Missing("claim")
    still = all_of(equals("pending_sk", entry["pending_sk"]), unclaimed)
    useful = still_useful(entry, now)
    if useful:
        redrives = int(entry.get("redrives", 0)) + 1
        waits_since = to_text(now + pause_after(redrives) - LEFT_BEHIND_AFTER)
        moved = {"pending_sk": f"{waits_since}#{entry['entry_id']}", "redrives": redrives}
        update = Update(key, set=moved, condition=still)
    else:
        gone = ("pending_pk", "pending_sk", "claim", "claim_until")
        update = Update(key, set={"dropped": "useless"}, remove=gone, condition=still)
    try:
        ctx.store.write_alone(update)
    except TransactionCancelled:
        # Somebody else has it by now; or it is moved already, by a write whose answer was lost, and falls due again.
        return None
    if useful:
        return entry
    log(Event.ENTRY_USELESS, entry_id=entry["entry_id"], kind=entry["kind"])
    return Event.ENTRY_USELESS


def _send(queues: Queues, consumer: Consumer, entries: list[Item]) -> int:
    """Send the ids of one consumer's entries; how many were taken."""
    taken = 0
    for some in batched((entry for entry in entries if entry["to"] == consumer), QUEUE_MESSAGES_MAX, strict=False):
        try:
            queues[consumer].send([json.dumps({"entry_id": entry["entry_id"]}) for entry in some])
        except HotlineError as error:
            log(Event.DUE_FAILED, kind="queue", queue=consumer, count=len(some), reason=error.code)
            continue
        taken += len(some)
        for entry in some:
            log(Event.ENTRY_REDRIVEN, entry_id=entry["entry_id"], kind=entry["kind"])
    return taken
