"""A promised date that passes: people are told to look, the wallet hears, and the customer gets a new date.

One change for each refund: who comes second finds the new date, and nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from hotline.accounts.service import profile_from, profile_key, send_notice
from hotline.cases.model import Priority
from hotline.cases.service import case_keys, contribute_case
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.condition import Item, equals
from hotline.kit.due import Done, is_due
from hotline.kit.logging import Event
from hotline.kit.outbox import Decision
from hotline.kit.store import Key
from hotline.payments.service import money_item

from . import items
from .model import Refund
from .promises import escalation_promise

CASE_TOPIC: Final = "refund"
"""That of a review: both are about the customer's refunds, and one person looks at them."""
CASE_REASON: Final = "refund_overdue"
MESSAGE: Final = "refund.escalated"


def due_keys(account_id: str, refund_id: str) -> set[Key]:
    """What must have been read before `contribute_due`."""
    return {
        items.refund_key(account_id, refund_id),
        items.recent_key(account_id),
        profile_key(account_id),
        *case_keys(account_id, CASE_TOPIC),
    }


def contribute_due(change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str) -> tuple[Done, ...]:
    """Escalate the refund if its promised date has passed: a case (the second time an urgent one), the decision
    refund.escalated, a new promised date, and a message to every contact point. Nothing when it has not passed, or when
    the refund is over. Of an account that was erased nobody waits for it any more: it falls due no longer."""
    key = items.refund_key(account_id, refund_id)
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    if profile_key(account_id) not in read:
        change.update(key, remove=("due_pk", "due_sk"), add={"rev": 1}, condition=equals("rev", int(item["rev"])))
        return ()
    known = items.refund_from(item)
    missed_on = known.promised_on
    if missed_on is None:
        raise ValueError(f"refund {refund_id} is due and has no date")
    refund = replace(
        known,
        version=known.version + 1,
        promised_on=escalation_promise(change.now),
        escalations=known.escalations + 1,
    )
    refund = replace(refund, case_id=_open_case(change, read, refund, missed_on))
    change.replace(key, item, items.refund_item(refund))
    _correct_recent(change, read, refund)
    change.audit(account_id, "refund.escalated", refund_id=refund_id, escalations=refund.escalations)
    _decide(change, refund, missed_on)
    _tell(change, read, refund)
    words: dict[str, str | int] = {"account_id": account_id, "count": refund.escalations}
    return (Done(Event.REFUND_OVERDUE, {**words, "case_id": refund.case_id or "-"}),)


def _open_case(change: Change, read: Mapping[Key, Item], refund: Refund, missed_on: date) -> str:
    return contribute_case(
        change,
        read,
        account_id=refund.account_id,
        topic=CASE_TOPIC,
        reason=CASE_REASON,
        facts={
            "refund_id": refund.refund_id,
            "movement_id": refund.movement_id,
            "state": refund.state.value,
            "missed_on": missed_on.isoformat(),
            "amount_minor": refund.amount.minor,
            "currency": refund.amount.currency,
        },
        priority=Priority.HIGH if refund.escalations == 1 else Priority.URGENT,
    ).case_id


def _correct_recent(change: Change, read: Mapping[Key, Item], refund: Refund) -> None:
    """Recent requests repeat what was promised, so that asking again is answered from them: with the new date."""
    key = items.recent_key(refund.account_id)
    stored = read.get(key)
    recent = items.recent_from(stored, refund.account_id)
    requests = tuple(
        replace(request, promised_on=refund.promised_on) if request.refund_id == refund.refund_id else request
        for request in recent.requests
    )
    if requests != recent.requests:
        change.replace(key, stored, items.recent_item(replace(recent, requests=requests)))


def _decide(change: Change, refund: Refund, missed_on: date) -> None:
    data = {
        "refund_id": refund.refund_id,
        "movement_id": refund.movement_id,
        "amount": money_item(refund.amount),
        "state": refund.state.value,
        "missed_on": missed_on.isoformat(),
        "promised_on": refund.promised_on.isoformat() if refund.promised_on else "-",
        "case_id": refund.case_id or "-",
    }
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type="refund.escalated",
            account_id=refund.account_id,
            data=data,
            decision_id=change.ids.new("decision"),
            subject_version=refund.version,
        )
    )


def _tell(change: Change, read: Mapping[Key, Item], refund: Refund) -> None:
    profile = profile_from(read.get(profile_key(refund.account_id)))
    if profile is None or refund.promised_on is None:
        return
    facts: dict[str, object] = {
        "refund_id": refund.refund_id,
        "amount": money_item(refund.amount),
        "promised_on": refund.promised_on.isoformat(),
    }
    if refund.order_tail is not None:
        facts["order_tail"] = refund.order_tail
    send_notice(change, profile, MESSAGE, facts)
