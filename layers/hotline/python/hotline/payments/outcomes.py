"""Movements of which something is awaited: an outcome that the wallet does not know yet, or the end of a hold.

The wallet is asked, once for each movement, and again by the dates of accounts.facts_requests. A fact that makes the
outcome known ends that, and the owner is told what became of it, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hotline.accounts.facts_requests import FactsReason, Thing, ThingKind, end_requests, request_facts, request_keys
from hotline.accounts.model import Profile
from hotline.accounts.service import send_notice
from hotline.contracts.model import Fact, MoneyState, MovementStatus, MovementTold
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from .items import money_item
from .model import FAILED_WINDOW, Movement

CASE_TOPIC: Final = "payment"
"""The topic of the case about a wallet that does not say what became of a movement."""

NEWS_FOR: Final = timedelta(days=30)
"""A fact that is older tells no news, as in history that a wallet loads at first."""


class OutcomeNotice(StrEnum):
    """Messages about what became of a movement that its owner was waiting for."""

    WENT_THROUGH = "payment.went_through"
    NOT_TAKEN = "payment.not_taken"
    ON_ITS_WAY = "payment.on_its_way"
    HELD = "payment.held"
    COMES_BACK = "payment.comes_back"
    GIVEN_BACK = "payment.given_back"


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


def contribute_awaited(
    change: Change, read: Mapping[Key, Item], before: Movement | None, after: Movement, profile: Profile | None
) -> None:
    """Have the wallet asked about a movement whose outcome is unknown now, or end what it was asked and tell the owner.
    The question falls due at once: a fact that comes within the minute may answer it, and so may facts that wait.

    `before`: the movement as it was, None for a new one; one that did not change is asked about and told of no more.
    `profile`: the account's; nobody is told without one. Raises NeedProof for anybody but the hotline itself.
    """
    require(change, Operation.FACTS)
    if before == after:
        return
    account_id = after.ref.account_id
    if after.is_outcome_open:
        if change.now - after.ref.initiated_at <= FAILED_WINDOW:
            ask_wallet(change, read, after, FactsReason.OUTCOME_UNKNOWN, ask_at=change.now)
        return
    end_requests(change, read, account_id, [thing_named(after.movement_id)])
    notice = find_news(before, after)
    if notice is not None and change.now - after.fact_version.time <= NEWS_FOR:
        _tell_owner(change, profile, after, notice)


def find_news(before: Movement | None, after: Movement) -> OutcomeNotice | None:
    """The message for the owner of a movement whose outcome is known now, or whose money came back. None when they
    waited for nothing, or when nothing that they wait for has come."""
    if before is None or after.is_outcome_open:
        return None
    if before.is_taken_in_vain:
        given_back = after.money is MoneyState.NONE and after.status is not MovementStatus.SUCCEEDED
        return OutcomeNotice.GIVEN_BACK if given_back else None if after.is_taken_in_vain else _name_outcome(after)
    waited_for_end = before.is_held and before.hold_asked is not None and not after.is_held
    return _name_outcome(after) if before.is_outcome_open or waited_for_end else None


def _name_outcome(movement: Movement) -> OutcomeNotice | None:
    """The message that says what the wallet tells of a movement, by its money before its status."""
    match movement.money, movement.status:
        case MoneyState.NONE | MoneyState.RETURNED, MovementStatus.SUCCEEDED:
            # It went through, and the money came back otherwise, as by a refund, which has messages of its own.
            return None
        case MoneyState.NONE, _:
            return OutcomeNotice.NOT_TAKEN
        case MoneyState.HELD, _:
            return OutcomeNotice.HELD
        case MoneyState.RETURNED, _:
            return OutcomeNotice.GIVEN_BACK
        case _, MovementStatus.SUCCEEDED:
            return OutcomeNotice.WENT_THROUGH
        case _, MovementStatus.AUTHORISED:
            return OutcomeNotice.ON_ITS_WAY
        case _:
            return OutcomeNotice.COMES_BACK


def _tell_owner(change: Change, profile: Profile | None, movement: Movement, notice: OutcomeNotice) -> None:
    facts: dict[str, object] = {
        "kind": movement.ref.kind.value,
        "amount": money_item(movement.amount),
        "initiated_at": to_text(movement.ref.initiated_at),
    }
    if movement.held_until is not None and notice is OutcomeNotice.HELD:
        facts["until"] = to_text(movement.held_until)
    send_notice(change, profile, notice.value, facts)
    change.audit(movement.ref.account_id, notice.value, movement_id=movement.movement_id)


def ask_wallet(
    change: Change,
    read: Mapping[Key, Item],
    movement: Movement,
    reason: FactsReason,
    *,
    ask_at: datetime | None = None,
) -> bool:
    """Ask the wallet about the movement, unless a request is open; whether it is asked. `ask_at`: see request_facts."""
    thing = thing_named(movement.movement_id, movement.fact_version.version)
    account_id, topic = movement.ref.account_id, CASE_TOPIC
    return bool(request_facts(change, read, account_id, [thing], reason=reason.value, topic=topic, ask_at=ask_at))
