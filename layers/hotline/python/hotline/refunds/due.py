"""Due dates of a refund: a date that was told and has passed, and money that did not reach the customer.

Both are one change for each refund. People are told to look, the wallet hears of it, and a new date for the customer
replaces the one that no longer holds. The second one finds the new date, and nothing to do.

The facts that a refund failed or came back do nothing by themselves: they may come late, twice, or after a later fact.
They make the refund due at once, and the work is done on its state as it is then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from hotline.accounts.facts_requests import FactsReason, Thing, ThingKind, request_facts, request_keys
from hotline.accounts.service import feed_key, profile_from, profile_key
from hotline.cases.model import Priority
from hotline.cases.service import case_keys
from hotline.identity.service import Operation, require
from hotline.kit.business_days import calendar_of, local_day, zone_of
from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, due_attributes, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key, Store, account_of, id_at
from hotline.kit.store.condition import Item
from hotline.lockout.service import is_erased, lock_keys
from hotline.payments.model import TakenState
from hotline.payments.service import (
    CASE_TOPIC,
    contribute_taken_state,
    ledger_from,
    ledger_key,
)

from . import disputes, expiries, items
from .folds import TOLD_FOR
from .late_words import tell_late, wait_until
from .model import Refund, RefundState
from .outgoing import done_telling, quiet_for_owner_until, send_decision, tell_owner, tell_people
from .promises import escalation_promise, with_estimate
from .records import correct_recent, drop_recent, write_refund

OVERDUE: Final = "refund_overdue"
UNPAID: Final = "refund_unpaid"
PAID_TWICE: Final = "refund_paid_twice"
REVERSED: Final = "refund_payment_reversed"
"""Reasons of the case."""
ASKED_FOR: Final = {
    RefundState.UNKNOWN: FactsReason.OUTCOME_UNKNOWN.value,
    RefundState.APPROVED: FactsReason.UNANSWERED.value,
}
"""Why the wallet is asked about a refund in such a state."""
STOPPED_MESSAGE: Final = "refund.stopped"
ARRIVED_MESSAGE: Final = "refund.arrived"
UNPAID_MESSAGES: Final = {RefundState.FAILED: "refund.failed", RefundState.RETURNED_BACK: "refund.returned"}


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no refund, no clock of one and no dispute."""
    beside = expiries.duty_at(key) or disputes.duty_at(key)
    if beside is not None:
        return beside
    account_id, refund_id = account_of(key), id_at(key, "REFUND")
    if account_id is None or refund_id is None:
        return None
    contribute = partial(contribute_due, account_id=account_id, refund_id=refund_id)
    look = partial(look_at_due, account_id=account_id, refund_id=refund_id)
    return Duty(account_id, "refund", frozenset(), contribute, look)


def look_at_due(store: Store, account_id: str, refund_id: str) -> dict[Key, Item]:
    """The items to have before `contribute_due`. One read, and a second for a refund whose work writes the ledger of
    its payment: only the refund knows which that is."""
    read = store.batch_get(sorted(due_keys(account_id, refund_id), key=lambda key: (key.pk, key.sk or "")))
    item = read.get(items.refund_key(account_id, refund_id))
    if item is not None and items.needs_ledger(refund := items.refund_from(item)):
        read |= store.batch_get([ledger_key(account_id, refund.movement_id)])
    return read


def due_keys(account_id: str, refund_id: str) -> set[Key]:
    """The keys to read before `contribute_due`."""
    return {
        items.refund_key(account_id, refund_id),
        items.recent_key(account_id),
        profile_key(account_id),
        feed_key(),
        *lock_keys(account_id),
        *case_keys(account_id, CASE_TOPIC),
        *request_keys_of(account_id, refund_id),
    }


def request_keys_of(account_id: str, refund_id: str) -> set[Key]:
    """The keys under which the wallet is asked what became of a refund."""
    return request_keys(account_id, [thing_named(refund_id)])


def thing_named(refund_id: str, version: int | None = None) -> Thing:
    """The refund with this id, as the wallet is asked about it."""
    return Thing(ThingKind.REFUND, refund_id, version)


def contribute_due(change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str) -> tuple[Done, ...]:
    """Do the due work on the refund; do nothing when it is over, or when its date has not passed.

    A date that has passed is escalated. There is a case (the second time an urgent one), the decision refund.escalated,
    a new date, and a message to every contact point, by day. It waits for a time while the wallet's facts are behind,
    and so does a question to the wallet. Money that did not arrive is followed up: a case, the decision refund.unpaid,
    and a message that says so. The date of the next step replaces the old one. A failure of which nothing was promised,
    and older than a call would tell of, is history: nobody is told. Of an erased account nobody waits for anything.
    `read` as `look_at_due` gives it.

    A refund whose payment was reversed comes first. It ends where nothing was paid, and people look where the customer
    may be paid twice. Of a refund that has arrived its customer is told, by day. A merchant that has not answered in
    its time is escalated to a person. Of a refund whose outcome is unknown, or of which the wallet has told nothing,
    the wallet is asked.
    Raises NeedProof for anybody but the hotline itself; at commit Stale.
    """
    item = read.get(items.refund_key(account_id, refund_id))
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    known = items.refund_from(item)
    if is_erased(read, account_id):
        _leave(change, item, known)
        return ()
    if items.is_to_stop(known):
        return _act_on_reversal(change, read, item, known)
    if known.state.is_unpaid and not known.followed_up:
        return _follow_up(change, read, item, known)
    if items.is_arrival_untold(known):
        return _tell_arrival(change, read, item, known)
    if items.is_with_merchant(known) and known.merchant_until is not None and known.merchant_until <= change.now:
        return expiries.escalate_merchant(change, read, item, known, known.merchant_until)
    is_late = (ends_at := items.promise_ends_at(known)) is not None and ends_at <= change.now
    came_at = ends_at if is_late else items.ask_due_at(known)
    if came_at is not None and (again_at := wait_until(change, read, known, came_at)) is not None:
        _put_off(change, item, known, again_at)
        return ()
    if not is_late and came_at is not None:
        return _ask_wallet(change, read, item, known)
    placed = _place(read, known)
    if placed is not None and change.now < (items.falls_due_at(placed) or change.now):
        _write(change, read, item, placed)
        return ()
    return _escalate(change, read, item, known)


def _act_on_reversal(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> tuple[Done, ...]:
    if known.state is RefundState.SUCCEEDED:
        return _report_paid_twice(change, read, item, known)
    if items.may_be_paid(known):
        return _call_back(change, read, item, known)
    if _is_history(change, known):
        _close(change, read, item, known)
        return ()
    return _stop(change, read, item, known)


def _report_paid_twice(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> tuple[Done, ...]:
    """Have a person look at once: the customer has the refund, and the payment back as well."""
    refund = replace(known, stopped=True)
    case_id = tell_people(
        change, read, refund, reason=PAID_TWICE, priority=Priority.URGENT, missed_on=known.promised_on
    )
    refund = replace(refund, case_id=case_id)
    write_refund(change, item, refund)
    change.audit(refund.account_id, "refund.paid_twice", refund_id=refund.refund_id)
    return (_done(Event.REFUND_PAID_TWICE, refund),)


def _call_back(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> tuple[Done, ...]:
    """Tell the wallet not to pay a refund whose payment was reversed, or to call it back. It may be paid already, so it
    goes on taking its money until the wallet tells of it. A person looks at once."""
    refund = _with_question(change, read, known) if known.state in ASKED_FOR else known
    refund = replace(refund, version=known.version + 1, stopped=True)
    case_id = tell_people(change, read, refund, reason=REVERSED, priority=Priority.URGENT, missed_on=known.promised_on)
    return _write_stopped(change, item, replace(refund, case_id=case_id))


def _stop(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> tuple[Done, ...]:
    """End a refund of a reversed payment that was not paid: its money comes back by that way."""
    refund = replace(
        known,
        state=RefundState.STOPPED,
        state_at=change.now,
        version=known.version + 1,
        promise=None,
        expected_on=None,
        stopped=True,
        followed_up=False,
        payout=None,
        payout_at=None,
        review=None,
        merchant_until=None,
    )
    case_id = tell_people(change, read, refund, reason=REVERSED, priority=Priority.HIGH, missed_on=known.promised_on)
    refund = replace(refund, case_id=case_id)
    drop_recent(change, read, refund)
    _free(change, read, refund, is_ended=True)
    tell_owner(change, read, refund, STOPPED_MESSAGE)
    return _write_stopped(change, item, refund)


def _write_stopped(change: Change, item: Item, refund: Refund) -> tuple[Done, ...]:
    write_refund(change, item, refund)
    change.audit(refund.account_id, "refund.stopped", refund_id=refund.refund_id, state=refund.state.value)
    own = {"state": refund.state.value, "case_id": refund.case_id or "-"}
    send_decision(change, refund, "refund.stopped", own, version=refund.version)
    return (_done(Event.REFUND_STOPPED, refund),)


def _free(change: Change, read: Mapping[Key, Item], refund: Refund, *, is_ended: bool) -> None:
    """Give back what the refund still takes of its payment, and note who waits for it. `is_ended`: nobody looks for
    another way to pay it. `read` as `look_at_due` gives it."""
    stored = read.get(ledger_key(refund.account_id, refund.movement_id))
    if stored is not None:
        ledger = ledger_from(stored)
        contribute_taken_state(
            change,
            ledger=ledger,
            ledger_item=stored,
            refund_id=refund.refund_id,
            state=TakenState.VOID,
            is_ended=is_ended,
            asked_here=refund.reason is not None,
        )


def _ask_wallet(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> tuple[Done, ...]:
    """Ask the wallet what became of a refund, by the refund's own id. It is never asked for anew: a provider might pay
    both. A wallet that does not answer is asked again, and then a case is open (accounts.facts_requests)."""
    refund = _with_question(change, read, known)
    write_refund(change, item, refund)
    return (Done(Event.REFUND_ASKED, {"account_id": known.account_id, "reason": ASKED_FOR[known.state]}),)


def _with_question(change: Change, read: Mapping[Key, Item], known: Refund) -> Refund:
    version = known.fact_version.version if known.fact_version is not None else None
    thing = thing_named(known.refund_id, version)
    request_facts(change, read, known.account_id, [thing], reason=ASKED_FOR[known.state], topic=CASE_TOPIC)
    return replace(known, asked=True)


def _place(read: Mapping[Key, Item], known: Refund) -> Refund | None:
    """A refund that the wallet made by itself, where its customer is: only now the profile is read. The date that was
    told of it stays, and ends with the customer's day. None for any other refund, and where nobody knows the zone."""
    profile = profile_from(read.get(profile_key(known.account_id)))
    if known.promise is not None or profile is None or known.state is not RefundState.SENT:
        return None
    return replace(known, promise=items.promise_told(known), expected_on=None, time_zone=profile.time_zone)


def _is_history(change: Change, known: Refund) -> bool:
    """Whether a refund that was not paid is of so long ago that nobody waits for it."""
    return known.promise is None and change.now - known.state_at > TOLD_FOR


def _close(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> None:
    """Leave a refund that is history. Nobody looks for another way to pay it, so that it bars no other one."""
    _leave(change, item, replace(known, closed=known.fact_version))
    _free(change, read, known, is_ended=True)


def _leave(change: Change, item: Item, known: Refund) -> None:
    """Note that nothing will be done, so that it does not fall due again."""
    is_there = known.arrival_told or known.state is RefundState.SUCCEEDED
    stored = items.refund_item(replace(known, followed_up=known.state.is_unpaid, arrival_told=is_there))
    plain = {name: value for name, value in stored.items() if not name.startswith("due_")}
    change.replace(items.refund_key(known.account_id, known.refund_id), item, plain)


def _put_off(change: Change, item: Item, known: Refund, until: datetime) -> None:
    """Look at the refund again later, unless something about it changes before."""
    later = items.refund_item(known) | due_attributes(known.refund_id, until)
    change.replace(items.refund_key(known.account_id, known.refund_id), item, later)


def _tell_arrival(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> tuple[Done, ...]:
    """Tell the customer once that the money has arrived, by day. One that arrived long ago is history."""
    if change.now - known.state_at > TOLD_FOR:
        _leave(change, item, known)
        return ()
    if (until := quiet_for_owner_until(read, known, change.now)) is not None:
        _put_off(change, item, known, until)
        return ()
    refund = replace(known, arrival_told=True)
    write_refund(change, item, refund)
    told, trail = tell_owner(change, read, refund, ARRIVED_MESSAGE), "refund.arrival_told"
    account_id, refund_id = refund.account_id, refund.refund_id
    return (done_telling(change, account_id, Event.REFUND_ARRIVED, trail, told=told, refund_id=refund_id),)


def _follow_up(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> tuple[Done, ...]:
    if _is_history(change, known):
        _close(change, read, item, known)
        return ()
    _free(change, read, known, is_ended=False)
    # An arrival after all is news again.
    unpaid = replace(known, followed_up=True, payout=None, payout_at=None, arrival_told=False)
    refund = _with_next_step(change, read, unpaid)
    refund = replace(
        refund,
        case_id=tell_people(change, read, refund, reason=UNPAID, priority=Priority.HIGH, missed_on=known.promised_on),
    )
    _write(change, read, item, refund)
    change.audit(refund.account_id, "refund.unpaid", refund_id=refund.refund_id, state=refund.state.value)
    withdrawn = {} if known.promised_on is None else {"withdrawn_on": known.promised_on.isoformat()}
    _decide(change, refund, "refund.unpaid", withdrawn)
    # Where the new date is the old one by chance, nothing is taken back.
    told = {} if known.promised_on == refund.promised_on else withdrawn
    tell_owner(change, read, refund, UNPAID_MESSAGES[refund.state], told)
    return (_done(Event.REFUND_UNPAID, refund),)


def _escalate(change: Change, read: Mapping[Key, Item], item: Item, known: Refund) -> tuple[Done, ...]:
    # A promise that the provider's later estimate breaks is missed before its day.
    missed_on = known.promised_on or items.date_told(known)
    if missed_on is None:
        raise ValueError(f"refund {known.refund_id} is due and has no date")
    if items.ask_due_at(known) is not None:
        known = _with_question(change, read, known)
    refund = _with_next_step(change, read, replace(known, escalations=known.escalations + 1))
    priority = Priority.HIGH if refund.escalations == 1 else Priority.URGENT
    refund = replace(
        refund, case_id=tell_people(change, read, refund, reason=OVERDUE, priority=priority, missed_on=missed_on)
    )
    _write(change, read, item, refund)
    change.audit(refund.account_id, "refund.escalated", refund_id=refund.refund_id, escalations=refund.escalations)
    _decide(change, refund, "refund.escalated", {"missed_on": missed_on.isoformat()})
    tell_late(change, read, refund)
    return (_done(Event.REFUND_OVERDUE, refund, count=refund.escalations),)


def _with_next_step(change: Change, read: Mapping[Key, Item], refund: Refund) -> Refund:
    """The refund with a new date; not before the one that the provider estimates for money that is under way. A day
    that has passed is no estimate."""
    profile = profile_from(read.get(profile_key(refund.account_id)))
    time_zone = profile.time_zone if profile is not None else refund.time_zone
    currency = refund.amount.currency
    promise = escalation_promise(change.now, currency=currency, time_zone=time_zone)
    today = local_day(change.now, zone_of(time_zone, calendar_of(currency)))
    if refund.expected_on is not None and refund.expected_on > today:
        promise = with_estimate(promise, refund.expected_on)
    # The estimate is in the promise now. It must not become the usual date of a later one.
    return replace(refund, version=refund.version + 1, promise=promise, expected_on=None, time_zone=time_zone)


def _write(change: Change, read: Mapping[Key, Item], item: Item, refund: Refund) -> None:
    write_refund(change, item, refund)
    correct_recent(change, read, refund)


def _done(event: Event, refund: Refund, **counts: int) -> Done:
    return Done(event, {"account_id": refund.account_id, **counts, "case_id": refund.case_id or "-"})


def _decide(change: Change, refund: Refund, kind: str, own: Mapping[str, str]) -> None:
    data = {
        "state": refund.state.value,
        "promised_on": refund.promised_on.isoformat() if refund.promised_on else "-",
        "case_id": refund.case_id or "-",
        **own,
    }
    send_decision(change, refund, kind, data, version=refund.version)
