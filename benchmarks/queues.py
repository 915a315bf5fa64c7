"""The cost of one run of each function that takes from a queue or a stream, or that looks for what is due.

A run takes one batch, as large as the template allows, while so many others wait. One of deadlines takes everything
that has fallen due, up to its bound. The figures are counts, the same on every machine. They are a part of `growth`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from functions.contact_events.batch import take_in as count_calls
from functions.deadlines.partitions import find_partitions
from functions.deadlines.work import work_off
from functions.decisions.delivery import deliver as publish
from functions.digests.batch import take_in as compare
from functions.evidence.batch import take_in as look_at_objects
from functions.imports.batch import take_in as take_lines
from functions.messenger.delivery import deliver as send
from functions.wallet_events.batch import take_in as take_facts
from hotline.drift.service import THINGS_COMPARED_MAX
from hotline.kit.aws.buckets import Scan, Upload
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.due import PER_PARTITION_MAX
from hotline.kit.outbox import entry_key
from hotline.kit.spread import PARTITIONS_DEFAULT, partition_of
from hotline.kit.store import BATCH_GET_KEYS_MAX, Index, Key, Table
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_bucket import MemoryBucket
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_world import CONTACT, AgentWorld
from tests.support.api_client import SENDER, Client, require
from tests.support.customer_life import Nowhere
from tests.support.evidence_world import BUCKET, PICTURE, SCAN_SOURCE, scanned
from tests.support.facts import event, sqs_of
from tests.support.money_world import ACCOUNT
from tests.support.outbox_entries import Carrier, RecordingBus, redrive_event
from tests.support.report_events import SOURCES, ZONE, call_events

BATCH: Final = 10
"""The entries of the outbox that a run takes, as the template says."""
LATER: Final = timedelta(days=45)
"""After every date of the records, and before they are forgotten."""
_RUN: Final = "run of "


@dataclass(frozen=True, slots=True)
class Waiting:
    """The things that wait in a world. They are `count` entries of the outbox for each consumer, all like the one here,
    and a picture with the event of its scan."""

    message: Item
    decision: Item
    scan: Mapping[str, Any]
    count: int = 1

    @property
    def batches(self) -> Mapping[str, Mapping[str, Any]]:
        """The batch of each consumer's queue."""
        found = {"message": self.message, "bus": self.decision}
        return {consumer: _batch(entry, min(BATCH, self.count)) for consumer, entry in found.items()}


def begin(world: AgentWorld, refund_id: str) -> Waiting:
    """Let something wait for each function. `refund_id`: a refund in review. Deadlines has run before."""
    for since in (timedelta(), LATER - timedelta(minutes=30)):
        find_partitions(replace(world.ctx, clock=VirtualClock(world.clock.now() + since)), at_once=1)
    client = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now())
    body = {"content_type": "image/jpeg", "size": len(PICTURE)}
    given = require(client.ask("POST", f"/v1/me/refunds/{refund_id}/evidence", body=body)).json["upload"]
    bucket = world.ctx.pictures
    assert isinstance(bucket, MemoryBucket)
    stored = bucket.post(Upload(given["url"], given["fields"]), PICTURE)
    name = given["fields"]["key"]
    bucket.set_scan(name, Scan.CLEAN)
    outbox = sorted(world.items(Table.OUTBOX), key=lambda entry: str(entry["kind"]))
    message = next(entry for entry in outbox if entry["to"] == "message" and "account_id" in entry)
    decision = next(entry for entry in outbox if entry["to"] == "bus")
    return Waiting(message, decision, scanned(name, etag=stored.etag))


def fill(store: MemoryStore, waiting: Waiting, count: int) -> Waiting:
    """Let `count` entries wait for each consumer of the outbox."""
    for entry in (waiting.message, waiting.decision):
        store.load(_copies(entry, range(waiting.count, count)))
    return replace(waiting, count=count)


def _copies(entry: Item, numbers: range) -> Iterator[tuple[Key, Item]]:
    text = json.dumps({name: value for name, value in entry.items() if name not in ("PK", "SK")})
    for number in numbers:
        entry_id = _name_entry(entry, number)
        copy: Item = json.loads(text.replace(str(entry["entry_id"]), entry_id))
        yield entry_key(entry_id), {**copy, "pending_pk": partition_of(Index.PENDING, entry_id)}


def _name_entry(entry: Item, number: int) -> str:
    return f"{entry['entry_id']}-{number:05}" if number else str(entry["entry_id"])


def measure(world: AgentWorld, waiting: Waiting) -> dict[str, str]:
    """The cost of a run of each function: reads, read units, writes and write units."""
    return {f"{_RUN}{name}": _measure(world, run, waiting) for name, run in RUNS.items()}


def _measure(world: AgentWorld, run: Callable[[Context, Waiting], object], waiting: Waiting) -> str:
    assert isinstance(world.store, MemoryStore)
    store = MeteredStore(world.store)
    run(replace(world.ctx, store=store), waiting)
    units = store.units
    return f"{store.reads}, {units.read:g}, {store.transactions}, {units.written + units.indexed}"


# ---------------------------------------------------------------- the runs


def _batch(entry: Item, count: int) -> dict[str, Any]:
    return redrive_event(*(json.dumps({"entry_id": _name_entry(entry, number)}) for number in range(count)))


def _send_messages(ctx: Context, waiting: Waiting) -> None:
    send(waiting.batches["message"], ctx, SENDER, {"sms": Carrier(), "email": Carrier()})


def _publish_decisions(ctx: Context, waiting: Waiting) -> None:
    publish(waiting.batches["bus"], ctx, RecordingBus())


def _work_off(ctx: Context, _: Waiting) -> None:
    clock = VirtualClock(ctx.clock.now() + LATER)
    later = replace(ctx, clock=clock, evidence_bucket=MemoryBucket(clock))
    work_off(later, clock.now(), {"message": Nowhere(), "bus": Nowhere()}, at_once=1)


def _facts(ctx: Context) -> list[dict[str, Any]]:
    """A payment, a bill and its customer's funds, of an account that has many."""
    own = {"subject": ACCOUNT, "time": to_text(ctx.clock.now())}
    return [
        event("payment.succeeded", {"movement_id": "mov_new"}, id="fact-payment", **own),
        event("bill.issued", {"bill_id": "bil_new"}, id="fact-bill", **own),
        event("funds.balance_changed", {"version": 2}, id="fact-funds", **own),
    ]


def _take_facts(ctx: Context, _: Waiting) -> None:
    _check(take_facts(sqs_of(_facts(ctx)), ctx))


def _take_lines(ctx: Context, _: Waiting) -> None:
    lines = [{"line": number, "fact": fact} for number, fact in enumerate(_facts(ctx), 1)]
    body = json.dumps({"import_id": "import-1", "lines": lines})
    _check(take_lines({"Records": [{"messageId": "m1", "body": body}]}, ctx, Nowhere()))


def _compare(ctx: Context, _: Waiting) -> None:
    """The wallet has other sums of everything."""
    other = {"count": 3, "digest": "0123456789abcdef"}
    account = {"id": ACCOUNT, "account": 98, "funds": 97, **dict.fromkeys(("movements", "refunds", "bills"), other)}
    told = {"as_of": to_text(ctx.clock.now()), "since": "2026-01-01T00:00:00Z", "accounts": [account]}
    detail = event("account.updated", {}, subject="range-1", id="digest-1", type="accounts.digest_told.v1")
    _check(compare(sqs_of([{**detail, "data": told}]), ctx, left_ms=lambda: 60_000))


def _look_at_picture(ctx: Context, waiting: Waiting) -> None:
    batch = {"Records": [{"messageId": "m1", "body": json.dumps(waiting.scan)}]}
    _check(look_at_objects(batch, ctx, bucket=BUCKET, scan_source=SCAN_SOURCE))


def _count_call(ctx: Context, _: Waiting) -> None:
    told = call_events(CONTACT, begun=ctx.clock.now(), queued_after_s=1, answered_after_s=1)
    records = [{"messageId": f"m{place}", "body": json.dumps(one)} for place, one in enumerate(told)]
    _check(count_calls({"Records": records}, ctx, zone=ZONE, sources=SOURCES, users=None))


def _check(answer: Mapping[str, Any]) -> None:
    if answer["batchItemFailures"]:
        raise RuntimeError(f"a batch was not taken: {answer}")


RUNS: Final[Mapping[str, Callable[[Context, Waiting], object]]] = {
    "messenger, ten messages": _send_messages,
    "decisions, ten decisions": _publish_decisions,
    "deadlines, everything due": _work_off,
    "wallet_events, three facts": _take_facts,
    "imports, three lines": _take_lines,
    "digests, an account": _compare,
    "evidence, a picture": _look_at_picture,
    "contact_events, a call": _count_call,
}
"""By the function and what it takes."""
_PAGES: Final = -(-(THINGS_COMPARED_MAX + 1) // BATCH_GET_KEYS_MAX)
READS_MAX: Final[Mapping[str, int]] = {
    f"{_RUN}deadlines, everything due": 2 * PARTITIONS_DEFAULT * (PER_PARTITION_MAX + 1) + 2,
    f"{_RUN}digests, an account": 4 * _PAGES + 2,
}
"""The most reads of a run that takes up to its bound. Deadlines reads each item that a partition names, of both
indexes. A digest reads movements, bills and twice for refunds, a hundred at once, until there are too many."""
