"""One effect per turn: "somebody pressed once" must not depend on how often Amazon Connect delivered it, nor on which
answer got lost. A call with repeats, lost answers and failing stores ends as the same call without them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.model import PointKind
from hotline.kit.errors import Unavailable
from hotline.kit.store import TTL_ATTRIBUTE, Reason, ReasonCode, Table, TransactionCancelled
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.phone import Phone, context, failed_logins, give, opened

pytestmark = pytest.mark.soak

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBER, MAIL = "+8613800000001", "somebody@example.com"


class Delivery(Enum):
    """The fate of one press on its way."""

    ONCE = "once"
    TWICE = "twice"
    ANSWER_LOST = "answer lost after the commit"
    SENT_AGAIN = "answer lost after a write alone, which is sent again and refused by its own work"
    STORE_DOWN = "store down before the commit"


PRESSES: tuple[tuple[str, dict[str, str]], ...] = (
    ("set_language", {"language": "zh-CN"}),
    ("send_code", {"method": "sms", "goal": "unlock"}),
    ("check_code", {"code": "right"}),
    ("check_code", {"code": "wrong"}),
    ("choose_account", {}),
    ("unlock", {}),
    ("reset", {}),
    ("pause", {}),
    ("end_pause", {}),
    ("unfreeze", {}),
    ("freeze", {}),
    ("handover", {"topic": "lockout", "reason": "asked"}),
)
# Most calls prove who is calling; without this few random ones would get as far as acting.
PROVE = [PRESSES[1], PRESSES[2], PRESSES[4]]


def fresh_phone() -> tuple[Phone, MemoryStore]:
    clock = VirtualClock(NOW)
    store = MemoryStore(clock)
    ctx = context(store, clock)
    points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, MAIL))
    give(ctx, [opened("acct-1", *points, at=NOW - timedelta(days=400)), *failed_logins("acct-1", 5, until=NOW)])
    phone = Phone(ctx, NUMBER)
    phone.press("start")
    return phone, store


def pressed(phone: Phone, store: MemoryStore, step: str, inputs: dict[str, str], delivery: Delivery) -> str:
    entered = dict(inputs)
    if "code" in inputs:
        right = phone.code if phone.state.challenge else "000000"
        entered["code"] = right if inputs["code"] == "right" else f"{(int(right) + 1) % 10**6:06d}"

    def fail(call: str) -> None:
        if call in ("transact", "write_alone"):
            raise Unavailable

    def refuse(call: str) -> None:
        if call == "write_alone":
            store.after = None
            raise TransactionCancelled((Reason(ReasonCode.CONDITION),))

    if delivery is Delivery.TWICE:
        phone.deliver(phone.event(step, **entered))
    elif delivery is Delivery.ANSWER_LOST:
        store.after = fail
        phone.deliver(phone.event(step, **entered))
        store.after = None
    elif delivery is Delivery.SENT_AGAIN:
        store.after = refuse
        phone.deliver(phone.event(step, **entered))
        store.after = None
    elif delivery is Delivery.STORE_DOWN:
        store.before = fail
        phone.deliver(phone.event(step, **entered))
        store.before = None
    return phone.press(step, **entered)["outcome"]


def effects(store: MemoryStore) -> dict[str, Any]:
    """The items that a call has left behind, without the random parts of ids."""
    outbox = Counter(item["kind"] for item in store.items(Table.OUTBOX))
    stored = store.items(Table.HOTLINE)
    sums = [item for item in stored if item["SK"] == "COUNT"]
    others = [item for item in stored if item["SK"] != "COUNT"]
    kinds = Counter(f"{item['PK'].split('#')[0]} {item['SK'].split('#')[0]}" for item in others)
    locks = [item for item in stored if item["SK"] == "#LOCK"]
    versions = [(item["PK"], item["rev"]) for item in locks]
    return {"outbox": outbox, "items": kinds, "counts": counts_of(sums), "lock versions": versions}


def counts_of(sums: list[Item]) -> Counter[str]:
    """The counts over all shards of a rate: a random id picks the shard."""
    counted: Counter[str] = Counter()
    for item in sums:
        rate = item["PK"].rsplit("#", 2)[0]
        counted.update({f"{rate} {name}": n for name, n in item.items() if name not in ("PK", "SK", TTL_ATTRIBUTE)})
    return counted


@given(
    st.lists(st.sampled_from(PRESSES), max_size=4),
    st.booleans(),
    st.lists(st.sampled_from(PRESSES), max_size=5),
    st.data(),
)
def test_repeats_and_lost_answers_change_nothing(
    before: list[tuple[str, dict[str, str]]],
    proves: bool,
    after: list[tuple[str, dict[str, str]]],
    data: st.DataObject,
) -> None:
    presses = [*before, *(PROVE if proves else []), *after]
    deliveries = data.draw(st.lists(st.sampled_from(Delivery), min_size=len(presses), max_size=len(presses)))
    plain_phone, plain_store = fresh_phone()
    rough_phone, rough_store = fresh_phone()
    plain = [pressed(plain_phone, plain_store, step, inputs, Delivery.ONCE) for step, inputs in presses]
    rough = [
        pressed(rough_phone, rough_store, step, inputs, delivery)
        for (step, inputs), delivery in zip(presses, deliveries, strict=True)
    ]
    assert rough == plain
    assert rough_phone.turn == plain_phone.turn
    assert effects(rough_store) == effects(plain_store)


def test_a_second_press_of_the_same_key_is_a_second_request() -> None:
    phone, store = fresh_phone()
    for expected in (1, 2):
        phone.press("send_code", method="sms", goal="look")
        assert effects(store)["outbox"]["code"] == expected
