"""Telling the wallet, people and the customer about a refund, in the transaction that makes it true."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Protocol

from hotline.accounts.service import profile_from, profile_key, send_notice
from hotline.cases.model import Established, Priority
from hotline.cases.references import REFERENCE_DIGITS
from hotline.cases.service import contribute_case
from hotline.kit.business_days import calendar_of, zone_of
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.due import Done
from hotline.kit.logging import Event
from hotline.kit.money import Money
from hotline.kit.outbox import Decision
from hotline.kit.quiet_hours import quiet_until
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.payments.service import CASE_TOPIC, money_item

from .model import Refund, RefundState
from .promises import Promise

PAYOUT_MESSAGE: Final = "refund.payout"
_MESSAGES: Final = {
    RefundState.APPROVED: "refund.approved",
    RefundState.IN_REVIEW: "refund.in_review",
    RefundState.DENIED: "refund.denied",
}


def reference_of(refund_id: str) -> str:
    """The six digits that name a refund to its owner. They are computed from its id, so that every refund has some.
    Anybody who looks for them has the account before them, and they tell its few refunds apart."""
    number = int.from_bytes(hashlib.sha256(refund_id.encode()).digest()[:8], "big") % 10**REFERENCE_DIGITS
    return f"{number:0{REFERENCE_DIGITS}d}"


def send_decision(change: Change, refund: Refund, kind: str, own: Mapping[str, object], *, version: int) -> None:
    """Send a decision about the refund: which one, of which movement, how much, and what is `own` to its `kind`.
    `version` counts the decisions about this refund."""
    data = {
        "refund_id": refund.refund_id,
        "movement_id": refund.movement_id,
        "amount": money_item(refund.amount),
        **own,
    }
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type=kind,
            account_id=refund.account_id,
            data=data,
            decision_id=change.ids.new("decision"),
            subject_version=version,
        )
    )


def send_requested(change: Change, refund: Refund) -> None:
    """To the bus: that the refund was asked for."""
    send_decision(change, refund, "refund.requested", _request_data(refund), version=1)


def send_outcome(change: Change, refund: Refund) -> None:
    """To the bus: that it is approved or denied, under the refund's version. It repeats what the wallet needs of the
    request, so that the two may arrive in any order. Nothing for a refund in review."""
    decided = {
        **_request_data(refund),
        "rule": refund.decided_by or "-",
        "policy_version": refund.policy_version or "-",
    }
    if refund.state is RefundState.APPROVED and refund.promise is not None:
        promised = {**decided, **dates_of(refund.promise)}
        send_decision(change, refund, "refund.approved", promised, version=refund.version)
    elif refund.state is RefundState.DENIED:
        send_decision(change, refund, "refund.rejected", decided, version=refund.version)


def add_to_case(
    change: Change,
    read: Mapping[Key, Item],
    refund: Refund,
    *,
    reason: str,
    facts: Mapping[str, str | int],
    priority: Priority = Priority.NORMAL,
    note: str | None = None,
    established: Established | None = None,
) -> str:
    """Open the case of the account's refunds, or add to it, with `facts` beside those that name the refund. Gives the
    id of the case. `read` holds what exists of the case's keys."""
    return contribute_case(
        change,
        read,
        account_id=refund.account_id,
        topic=CASE_TOPIC,
        reason=reason,
        facts={"refund_id": refund.refund_id, "movement_id": refund.movement_id, **facts},
        priority=priority,
        note=note,
        established=established,
    ).case_id


def tell_people(
    change: Change, read: Mapping[Key, Item], refund: Refund, *, reason: str, priority: Priority, missed_on: date | None
) -> str:
    """Have a person look at the refund, for a reason. `missed_on`: the date that has passed, if there is one. Gives the
    id of the case. `read` holds what exists of the case's keys."""
    return add_to_case(
        change,
        read,
        refund,
        reason=reason,
        facts={
            "state": refund.state.value,
            "missed_on": missed_on.isoformat() if missed_on is not None else "-",
            "amount_minor": refund.amount.minor,
            "currency": refund.amount.currency,
        },
        priority=priority,
    )


def dates_of(promise: Promise) -> dict[str, object]:
    """The dates of a promise as decisions hold them."""
    typical = {} if promise.typical_on is None else {"typical_on": promise.typical_on.isoformat()}
    return {"promised_on": promise.latest_on.isoformat(), **typical}


def _request_data(refund: Refund) -> dict[str, object]:
    return {"reason": refund.reason.value if refund.reason else "-", "requested_at": to_text(refund.requested_at)}


def promise_facts(promise: Promise | None) -> dict[str, object]:
    """A promise as a message holds it. `about`: its latest date is not certain."""
    if promise is None:
        return {}
    return dates_of(promise) if promise.is_certain else {**dates_of(promise), "about": True}


class OfCustomer(Protocol):
    """A thing of a customer: a refund, or a dispute. `time_zone`: theirs when its date was promised."""

    @property
    def account_id(self) -> str: ...

    @property
    def amount(self) -> Money: ...

    @property
    def time_zone(self) -> str | None: ...


def quiet_for_owner_until(read: Mapping[Key, Item], thing: OfCustomer, now: datetime) -> datetime | None:
    """The time of the morning at which the customer may be told of a thing what can wait; None: they may be told now.
    `read` holds the profile if there is one."""
    profile = profile_from(read.get(profile_key(thing.account_id)))
    time_zone = profile.time_zone if profile is not None else thing.time_zone
    return quiet_until(thing.account_id, now, zone_of(time_zone, calendar_of(thing.amount.currency)))


def tell_owner(
    change: Change,
    read: Mapping[Key, Item],
    refund: Refund,
    message: str | None = None,
    own: Mapping[str, object] | None = None,
) -> bool:
    """Tell the customer wherever security notices go: a refund that they did not ask for would be one. Give whether
    there is anybody to tell. `message` None: the one of the refund's state. `own`: further facts of that message.
    `read` holds the profile if there is one."""
    profile = profile_from(read.get(profile_key(refund.account_id)))
    facts: dict[str, object] = {
        "refund_reference": reference_of(refund.refund_id),
        "amount": money_item(refund.amount),
    }
    facts |= promise_facts(refund.promise)
    if refund.order_tail is not None:
        facts["order_tail"] = refund.order_tail
    if refund.merchant_name is not None:
        facts["merchant"] = refund.merchant_name
    return send_notice(change, profile, message or _MESSAGES[refund.state], {**facts, **(own or {})})


def done_telling(change: Change, account_id: str, event: Event, trail: str, *, told: bool, **of_thing: str) -> Done:
    """A word to a customer that was worked off. It is `trail` in the trail and `event` in the log where it goes to
    somebody. `of_thing`: the id of what it is about."""
    if not told:
        return Done(Event.NOBODY_TOLD, {"account_id": account_id, "kind": event.name.lower()})
    change.audit(account_id, trail, **of_thing)
    return Done(event, {"account_id": account_id})
