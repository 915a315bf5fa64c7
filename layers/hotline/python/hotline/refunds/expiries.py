"""The work about a clock of a refund whose date has passed: once, and then the clock is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final

from hotline.accounts.service import feed_key, profile_key
from hotline.cases.model import Priority
from hotline.cases.service import case_keys
from hotline.identity.service import Operation, require
from hotline.kit.change import Change, stale
from hotline.kit.clock import from_text, to_text
from hotline.kit.due import Done, Duty, due_attributes, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key, account_of
from hotline.kit.store.condition import Item, equals
from hotline.lockout.service import is_erased, lock_keys
from hotline.payments.service import CASE_TOPIC

from . import items
from .clocks import PREFIX, ClockKind, clock_key, waits_for_picture
from .late_words import holds_still, tell_word, wait_until
from .model import Refund, RefundState
from .outgoing import add_to_case, done_telling, quiet_for_owner_until, tell_owner, tell_people
from .records import write_refund

STATUTORY_REASON: Final = "refund_statutory"
"""The reason of the case: the law's time for an answer is over."""
MERCHANT_SILENT: Final = "refund_merchant_silent"
"""The reason of the case: the merchant's time is over."""
REMINDER_MESSAGE: Final = "refund.evidence_reminder"


def duty_at(key: Key) -> Duty | None:
    """The duty about the clock at a key; None when that is no clock."""
    account_id, parts = account_of(key), (key.sk or "").split("#")
    if account_id is None or len(parts) != 3 or not (key.sk or "").startswith(PREFIX) or parts[2] not in _KINDS:
        return None
    refund_id, kind = parts[1], ClockKind(parts[2])
    contribute = partial(contribute_due, account_id=account_id, refund_id=refund_id, kind=kind)
    return Duty(account_id, "refund", frozenset(due_keys(account_id, refund_id, kind)), contribute)


def due_keys(account_id: str, refund_id: str, kind: ClockKind) -> set[Key]:
    """The keys to read before `contribute_due`."""
    return {
        clock_key(account_id, refund_id, kind),
        items.refund_key(account_id, refund_id),
        profile_key(account_id),
        feed_key(),
        *lock_keys(account_id),
        *case_keys(account_id, CASE_TOPIC),
    }


def contribute_due(
    change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str, kind: ClockKind
) -> tuple[Done, ...]:
    """Do the work of a clock whose date has passed, once, and end it. A clock of a refund that is gone, or of an erased
    account, only ends. Raises NeedProof for anybody but the hotline itself; at commit Stale."""
    key = clock_key(account_id, refund_id, kind)
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    as_read = equals("due_sk", str(item["due_sk"]))
    stored = read.get(items.refund_key(account_id, refund_id))
    if stored is None or is_erased(read, account_id):
        change.delete(key, condition=as_read)
        return ()
    if (again_at := _put_off_until(change, read, kind, item, stored)) is not None:
        change.update(key, set=due_attributes(refund_id, again_at), condition=as_read, failed=stale)
        return ()
    change.delete(key, condition=as_read)
    return _WORK[kind](change, read, item, items.refund_from(stored))


def escalate_merchant(
    change: Change, read: Mapping[Key, Item], stored: Item, known: Refund, until: datetime
) -> tuple[Done, ...]:
    """Bring a refund to a person whose merchant has not answered in its time. The customer's own date stays. `stored`:
    the refund's item; `until`: the end of the merchant's time."""
    refund = replace(known, merchant_until=None)
    case_id = tell_people(change, read, refund, reason=MERCHANT_SILENT, priority=Priority.HIGH, missed_on=until.date())
    write_refund(change, stored, replace(refund, case_id=case_id))
    change.audit(refund.account_id, "refund.merchant_silent", refund_id=refund.refund_id)
    return (Done(Event.MERCHANT_SILENT, {"account_id": refund.account_id, "case_id": case_id}),)


def _miss_answer(change: Change, read: Mapping[Key, Item], _clock: Item, refund: Refund) -> tuple[Done, ...]:
    """The law's time is over and nobody has decided: the case becomes urgent, and says why."""
    if refund.state is not RefundState.IN_REVIEW:
        return ()
    case_id = add_to_case(
        change,
        read,
        refund,
        reason=STATUTORY_REASON,
        facts={
            "asked_at": to_text(refund.requested_at),
            "amount_minor": refund.amount.minor,
            "currency": refund.amount.currency,
        },
        priority=Priority.URGENT,
    )
    change.audit(refund.account_id, "refund.clock_expired", refund_id=refund.refund_id, kind=ClockKind.STATUTORY.value)
    return (Done(Event.REFUND_CLOCK_OVER, {"account_id": refund.account_id, "case_id": case_id}),)


def _miss_merchant(change: Change, read: Mapping[Key, Item], clock: Item, refund: Refund) -> tuple[Done, ...]:
    if refund.state is not RefundState.IN_REVIEW:
        return ()
    until = from_text(str(clock["due_sk"]).partition("#")[0])
    stored = read[items.refund_key(refund.account_id, refund.refund_id)]
    return escalate_merchant(change, read, stored, refund, until)


def _remind_of_picture(change: Change, read: Mapping[Key, Item], _clock: Item, refund: Refund) -> tuple[Done, ...]:
    """No picture has come: the customer hears once how to send it. People need no word, since the case is open."""
    if not waits_for_picture(refund):
        return ()
    key = items.refund_key(refund.account_id, refund.refund_id)
    change.require_condition(key, equals("rev", int(read[key]["rev"])), stale)
    told, trail = tell_owner(change, read, refund, REMINDER_MESSAGE), "refund.evidence_reminded"
    account_id, refund_id = refund.account_id, refund.refund_id
    return (done_telling(change, account_id, Event.EVIDENCE_REMINDED, trail, told=told, refund_id=refund_id),)


def _tell_in_the_morning(change: Change, read: Mapping[Key, Item], clock: Item, refund: Refund) -> tuple[Done, ...]:
    """A date has passed in the night: its customer hears of it, unless a newer word was told meanwhile."""
    if not holds_still(str(clock["about"]), refund):
        return ()
    key = items.refund_key(refund.account_id, refund.refund_id)
    change.require_condition(key, equals("rev", int(read[key]["rev"])), stale)
    told, trail = tell_word(change, read, refund), "refund.late_told"
    account_id, refund_id = refund.account_id, refund.refund_id
    return (done_telling(change, account_id, Event.LATE_DATE_TOLD, trail, told=told, refund_id=refund_id),)


def _put_off_until(
    change: Change, read: Mapping[Key, Item], kind: ClockKind, clock: Item, stored: Item
) -> datetime | None:
    """The time to look at a clock again that waits for the wallet's facts, or for the customer's day. None: its work is
    done now."""
    refund = items.refund_from(stored)
    if kind is ClockKind.MORNING:
        again_at = wait_until(change, read, refund, from_text(str(clock["tell_at"])))
        if again_at is not None:
            return again_at
    return quiet_for_owner_until(read, refund, change.now) if kind in _TELLS_OWNER else None


_TELLS_OWNER: Final = frozenset({ClockKind.EVIDENCE, ClockKind.MORNING})
"""Clocks whose work is a word to the customer that can wait for the day."""


type _Work = Callable[[Change, Mapping[Key, Item], Item, Refund], tuple[Done, ...]]
_WORK: Final[Mapping[ClockKind, _Work]] = MappingProxyType(
    {
        ClockKind.STATUTORY: _miss_answer,
        ClockKind.MERCHANT: _miss_merchant,
        ClockKind.EVIDENCE: _remind_of_picture,
        ClockKind.MORNING: _tell_in_the_morning,
    }
)
_KINDS: Final = frozenset(kind.value for kind in _WORK)
