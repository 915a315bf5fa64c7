"""A call comes back from its item as it was, also from one that was stored before its turns and targets were short."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline.kit.actor import FactorKind, System
from hotline.kit.change import Change
from hotline.kit.store import Put
from hotline.kit.store.condition import Item
from hotline.sessions import service as sessions
from hotline.sessions.items import key_of, session_from, session_item
from hotline.sessions.model import Identified, Offer, SessionState, Target, TurnRecord
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CALLING = Identified("2#calling", ("acct1",), ("1#calling",), "prefix")
TYPED = Identified("2#typed", (), (), "prefix")
OTHER = Identified("2#other", ("acct2",), ("1#other",), None)
MAIL = Target("2#mail", "acct1", ("1#mail",), ("2#way",))
RECORDS = (
    TurnRecord(1, "identify", "f1", "TAKEN"),
    TurnRecord(2, "send_code", "f2", "SENT", ids=("chl_1",)),
    TurnRecord(3, "unlock", "f3", "ASKED", notes=("decided",)),
    TurnRecord(4, "refund_request", "f4", "IN_REVIEW", ("refund_1",), ("sms", "email")),
)
OFFERS = (Offer("MOVE#1", "mer"), Offer("MOVE#2", None), Offer("MOVE#3", None, "MOVE#4"))


def at(number: Identified, account: str | None = "acct1", **changed: Any) -> Target:
    return replace(Target(number.point, account, number.also, (), number.prefix), **changed)


def state_with(sms: Target, **changed: Any) -> SessionState:
    state = SessionState("c-1", "ref_1", 4, NOW, NOW, True, RECORDS, calling=CALLING, offers=OFFERS)
    return replace(state, targets={FactorKind.SMS: sms, FactorKind.EMAIL: MAIL}, **changed)


def stored(state: SessionState) -> Item:
    return {**session_item(state), **key_of(state).attributes()}


def as_it_was_stored(state: SessionState) -> Item:
    """The item with the names and texts that it had before."""
    turns = [
        {"turn": turn.turn, "step": turn.step, "fingerprint": turn.fingerprint, "outcome": turn.outcome}
        | {name: list(words) for name, words in (("ids", turn.ids), ("notes", turn.notes)) if words}
        for turn in state.turns
    ]
    offers = [
        {"movement": offer.movement, "merchant_id": offer.merchant_id or "-"}
        | ({"twin": offer.twin} if offer.twin else {})
        for offer in state.offers
    ]
    targets = {
        kind.value: {"point": target.point, "account_id": target.account_id or "-"}
        | {"also": list(target.also), "via": list(target.via)}
        | ({"prefix": target.prefix} if target.prefix else {})
        for kind, target in state.targets.items()
    }
    return (
        stored(state)
        | {"created_at": "2026-11-25T12:00:00.000Z"}
        | {name: value for name, value in (("turns", turns), ("offers", offers), ("targets", targets)) if value}
    )


TARGETS = {
    "the calling number": at(CALLING),
    "the typed number": at(TYPED),
    "a decoy at the number": at(TYPED, None),
    "a way of its own": at(CALLING, via=("2#way",)),
    "another key of the same number": at(CALLING, also=()),
    "another range of the same number": at(CALLING, prefix=None),
    "another number": at(OTHER),
}


@pytest.mark.parametrize("form", [stored, as_it_was_stored])
@pytest.mark.parametrize("typed", [None, TYPED, CALLING], ids=["none", "typed", "the same"])
@pytest.mark.parametrize("sms", TARGETS.values(), ids=TARGETS)
def test_a_call_comes_back_as_it_was(form: Any, typed: Identified | None, sms: Target) -> None:
    state = state_with(sms, typed=typed)
    assert session_from(form(state)) == state


@pytest.mark.parametrize("inbound", [True, False])
def test_a_call_tells_which_way_it_went(*, inbound: bool) -> None:
    assert session_from(stored(state_with(MAIL, inbound=inbound))).inbound is inbound


@pytest.mark.parametrize("form", [stored, as_it_was_stored])
def test_a_target_goes_with_the_number_that_the_caller_keys_in_next(form: Any) -> None:
    """Both numbers are stored under one name, so that the target alone reads as if it had not changed."""
    store = MemoryStore(VirtualClock(NOW))
    first = state_with(at(TYPED), typed=TYPED)
    key = key_of(first)
    store.transact([Put(key, form(first))], token="first")
    second = state_with(at(OTHER), typed=OTHER)
    change = Change(actor=System("connect", "identify"), cause="identify", now=NOW, ids=SeededIds(1))
    after = sessions.contribute_turn(change, first, second, TurnRecord(4, "identify", "f5", "TAKEN"))
    change.commit(store)
    item = store.get(key)
    assert item is not None
    assert session_from(item) == after
    assert after.targets[FactorKind.SMS].point == OTHER.point


def test_the_number_that_a_code_goes_to_is_stored_once() -> None:
    assert str(stored(state_with(at(CALLING)))).count(CALLING.point) == 1
