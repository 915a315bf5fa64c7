"""Movements of which something is awaited: an outcome that the wallet does not know yet, or the end of a hold.

The wallet is asked, once for each movement, and again by the dates of accounts.facts_requests. A fact that makes the
outcome known ends that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from hotline.accounts.facts_requests import FactsReason, Thing, ThingKind, end_requests, request_facts, request_keys
from hotline.contracts.model import Fact, MovementTold
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from .model import FAILED_WINDOW, Movement

CASE_TOPIC: Final = "payment"
"""The topic of the case about a wallet that does not say what became of a movement."""


def request_keys_of(facts: Iterable[Fact]) -> set[Key]:
    """The keys to read before `contribute_awaited`."""
    return {
        key
        for fact in facts
        if isinstance(fact.data, MovementTold)
        for key in request_keys(fact.subject, [thing_named(fact.data.movement_id)])
    }


def thing_named(movement_id: str, version: int | None = None) -> Thing:
    """The movement with this id, as the wallet is asked about it."""
    return Thing(ThingKind.MOVEMENT, movement_id, version)


def contribute_awaited(change: Change, read: Mapping[Key, Item], before: Movement | None, after: Movement) -> None:
    """Ask the wallet about a movement whose outcome is unknown now, or end what it was asked. `before`: the movement as
    it was, None for a new one. A movement that did not change, or is too old to be told of, is asked about no
    more. Raises NeedProof for anybody but the hotline itself."""
    require(change, Operation.FACTS)
    if before == after:
        return
    if not after.is_outcome_open:
        end_requests(change, read, after.ref.account_id, [thing_named(after.movement_id)])
    elif change.now - after.ref.initiated_at <= FAILED_WINDOW:
        ask_wallet(change, read, after, FactsReason.OUTCOME_UNKNOWN)


def ask_wallet(change: Change, read: Mapping[Key, Item], movement: Movement, reason: FactsReason) -> bool:
    """Ask the wallet about the movement, unless a request is open; whether it was asked."""
    thing = thing_named(movement.movement_id, movement.fact_version.version)
    asked = request_facts(change, read, movement.ref.account_id, [thing], reason=reason.value, topic=CASE_TOPIC)
    return bool(asked)
