"""The requests that a change would send: one operation a key, conditions joined, nothing twice."""

from typing import Any

import pytest

from hotline.kit.actor import Agent, Approved, Caller, Proof, Session, System, actor_name
from hotline.kit.change import Change
from hotline.kit.clock import epoch_s
from hotline.kit.errors import NotPossible, Stale
from hotline.kit.outbox import Decision, entry_key
from hotline.kit.retention import RECORD_LIFE
from hotline.kit.store import (
    TRANSACTION_ITEMS_MAX,
    Check,
    Delete,
    MalformedRequest,
    Put,
    TransactionCancelled,
    Update,
    hotline_key,
)
from hotline.kit.store.condition import NEW, PRESENT, All, Condition, equals
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.stores import NOON
from tests.support.sweeps import sweep

KEY = hotline_key("ACCOUNT#1", "#LOCK")
OTHER = hotline_key("ACCOUNT#1", "#ATTEMPTS")
A, B, C = equals("a", 1), equals("b", 1), equals("c", 1)


def change() -> Change:
    return Change(actor=System("connect", "unlock"), cause="unlocked", now=NOON, ids=SeededIds(1))


def refused(_: object) -> NotPossible:
    return NotPossible()


def test_each_kind_of_write_carries_its_condition() -> None:
    made = change()
    keys = [hotline_key("ACCOUNT#1", str(number)) for number in range(5)]
    made.create(keys[0], {"n": 1})
    made.put(keys[1], {"n": 2}, condition=A)
    made.update(keys[2], set={"n": 3}, remove=("m",), add={"o": 1}, condition=B)
    made.delete(keys[3], condition=C)
    made.require_condition(keys[4], PRESENT, refused)
    assert made.writes() == [
        Put(keys[0], {"n": 1}, NEW),
        Put(keys[1], {"n": 2}, A),
        Update(keys[2], {"n": 3}, ("m",), {"o": 1}, B),
        Delete(keys[3], C),
        Check(keys[4], PRESENT),
    ]
    assert len(made) == 5


def test_a_required_condition_joins_the_write_of_its_key_whichever_comes_first() -> None:
    early, late = change(), change()
    early.require_condition(KEY, A, refused)
    early.update(KEY, set={"n": 1}, condition=B)
    late.update(KEY, set={"n": 1}, condition=B)
    late.require_condition(KEY, A, refused)
    assert early.writes() == [Update(KEY, {"n": 1}, condition=All((A, B)))]
    assert late.writes() == [Update(KEY, {"n": 1}, condition=All((B, A)))]


def test_a_required_condition_without_a_write_becomes_a_check() -> None:
    made = change()
    made.require_condition(KEY, A, refused)
    made.require_condition(KEY, B, refused)
    assert made.writes() == [Check(KEY, All((A, B)))]


def test_the_foremost_condition_stands_first() -> None:
    made = change()
    made.update(KEY, set={"n": 1}, condition=A)
    made.require_condition(KEY, B, refused)
    made.require_condition(KEY, C, refused, first=True)
    assert [write.condition for write in made.writes()] == [All((C, A, B))]


def test_the_same_condition_twice_is_sent_once() -> None:
    made = change()
    made.require_condition(KEY, A, refused)
    made.require_condition(KEY, equals("a", 1), refused)
    assert made.writes() == [Check(KEY, A)]


def test_a_condition_on_one_and_a_condition_on_true_are_two() -> None:
    made = change()
    conditions: tuple[Condition, ...] = (equals("a", 1), equals("a", True))
    for condition in conditions:
        made.require_condition(KEY, condition, refused)
    (write,) = made.writes()
    assert isinstance(write.condition, All)
    assert len(write.condition.conditions) == 2


def test_two_updates_of_different_attributes_are_one() -> None:
    made = change()
    made.update(KEY, set={"a": 1}, remove=("b",), add={"c": 1}, condition=A)
    made.update(KEY, set={"d": 1}, remove=("e",), add={"f": 1}, condition=B)
    assert made.writes() == [Update(KEY, {"a": 1, "d": 1}, ("b", "e"), {"c": 1, "f": 1}, All((A, B)))]


@sweep("second", [{"set": {"a": 2}}, {"set": {"b": 2}}, {"remove": ("a",)}, {"add": {"c": 1}}, {"set": {"c": 2}}])
def test_two_updates_of_one_attribute_are_refused(second: dict[str, Any]) -> None:
    made = change()
    made.update(KEY, set={"a": 1}, remove=("b",), add={"c": 1}, condition=A)
    with pytest.raises(ValueError, match="same attributes"):
        made.update(KEY, **second, condition=A)


def test_two_updates_of_which_one_holds_the_other_are_refused_when_sent() -> None:
    made = change()
    made.update(KEY, set={"map": {}}, condition=A)
    made.update(KEY, set={"map.n": 1}, condition=A)
    with pytest.raises(MalformedRequest, match="overlapping"):
        made.commit(MemoryStore())


@sweep("first", ["create", "update", "delete"])
@sweep("second", ["create", "update", "delete"])
def test_two_writes_on_one_key_are_refused(first: str, second: str) -> None:
    if first == second == "update":
        return
    made = change()
    write = {
        "create": lambda: made.create(KEY, {"a": 1}),
        "update": lambda: made.update(KEY, set={"b": 1}, condition=A),
        "delete": lambda: made.delete(KEY, condition=A),
    }
    write[first]()
    with pytest.raises(ValueError, match="two writes"):
        write[second]()


@pytest.mark.parametrize("over", [0, 1])
def test_a_change_holds_a_hundred_items(over: int) -> None:
    made, store = change(), MemoryStore()
    for number in range(TRANSACTION_ITEMS_MAX + over):
        made.create(hotline_key("ACCOUNT#1", f"MOVE#{number}"), {})
    if over:
        with pytest.raises(ValueError, match="101 items"):
            made.commit(store)
        assert store.transactions == 0
    else:
        made.commit(store)


def test_an_item_read_with_a_version_is_replaced_by_the_next_one() -> None:
    made = change()
    made.replace(KEY, None, {"n": 1})
    made.replace(OTHER, {"n": 1, "rev": 4}, {"n": 2})
    assert made.writes() == [Put(KEY, {"n": 1, "rev": 1}, NEW), Put(OTHER, {"n": 2, "rev": 5}, equals("rev", 4))]


def test_an_audit_entry_says_who_what_and_why_and_ends_after_three_years() -> None:
    made = change()
    made.audit("1", "lock_ended", refund="refund_1", minor=500)
    (write,) = made.writes()
    assert isinstance(write, Put)
    assert write.condition == NEW
    assert write.key.pk == "ACCOUNT#1"
    assert (write.key.sk or "").startswith("AUDIT#2026-11-23T12:00:00.000Z#audit_")
    assert write.item == {
        "event": "lock_ended",
        "actor": "system:connect:unlock",
        "cause": "unlocked",
        "facts": {"refund": "refund_1", "minor": 500},
        "at": "2026-11-23T12:00:00.000Z",
        "expires_at_epoch_s": epoch_s(NOON + RECORD_LIFE),
    }


def test_two_audit_entries_of_one_instant_do_not_meet() -> None:
    made = change()
    made.audit("1", "a")
    made.audit("1", "b")
    assert len(made) == 2


def test_an_entry_is_created_under_its_id_and_twice_is_refused() -> None:
    made = change()
    decision = Decision("entry_1", "account.lock_requested", "1", {}, "decision_1")
    made.send(decision)
    (write,) = made.writes()
    assert (write.key, write.condition) == (entry_key("entry_1"), NEW)
    with pytest.raises(ValueError, match="two writes"):
        made.send(decision)


def test_a_cancellation_whose_condition_holds_on_the_item_handed_back_is_answered_by_the_first_of_that_key() -> None:
    class Odd(MemoryStore):
        def transact(self, *_: object, **__: object) -> None:
            made_up = MemoryStore()
            made_up.transact([Put(KEY, {"a": 1})], token="1")
            try:
                made_up.transact([Check(KEY, B)], token="2")
            except TransactionCancelled as cancelled:
                raise TransactionCancelled(cancelled.reasons) from None

    made = change()
    made.require_condition(KEY, A, refused)
    with pytest.raises(NotPossible):
        made.commit(Odd())


def test_the_usual_error_of_a_condition_is_stale() -> None:
    made = change()
    made.update(KEY, set={"n": 1}, condition=PRESENT)
    with pytest.raises(Stale):
        made.commit(MemoryStore())


PROOF = Proof(KEY, "1", (), two_step=False)
APPROVED = Approved(hotline_key("APPROVAL#apr_1", "APPROVAL"), "agent-1", "agent-2")


@sweep(
    ("actor", "name"),
    [
        (Caller("contact-1", PROOF), "caller:contact-1"),
        (Session("session-1", PROOF), "session:session-1"),
        (Agent("agent-1", "case_1"), "agent:agent-1:case_1"),
        (Agent("agent-1", "case_1", approval=APPROVED), "agent:agent-1:case_1:approved_by:agent-2"),
        (System("deadlines", "hold_ended"), "system:deadlines:hold_ended"),
    ],
)
def test_every_actor_has_a_name_of_opaque_ids(actor: Caller | Session | Agent | System, name: str) -> None:
    assert actor_name(actor) == name


def test_an_item_is_replaced_only_if_it_would_become_another_one() -> None:
    key = hotline_key("ACCOUNT#a", "X")
    stored = {"PK": key.pk, "SK": key.sk, "rev": 3, "a": 1}
    same, other, first = change(), change(), change()
    same.replace_if_changed(key, stored, {"a": 1})
    other.replace_if_changed(key, stored, {"a": 2})
    first.replace_if_changed(key, None, {"a": 1})
    assert same.writes() == []
    assert [write.item["rev"] for write in (*other.writes(), *first.writes()) if isinstance(write, Put)] == [4, 1]
