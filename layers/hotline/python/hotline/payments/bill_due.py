"""Reminders of bills: the duty about a bill whose time to look has come.

The bill is read again with the account's choice and its zone as they are now. So a bill that was paid, and an account
that wants no reminders, get none. A customer who moved is reminded by the clock of the new place. The offset is
noted on the bill in the same transaction as the message, so that there is one message for each bill and offset. A
message that could not be sent within its day takes the note away again (`remind_again`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from hotline.accounts.model import AccountStatus, ContactPoint, Profile
from hotline.accounts.service import profile_from, profile_key, send_to
from hotline.contracts.model import PointKind
from hotline.identity.service import Operation, require
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.change.acts import perform_alone
from hotline.kit.clock import to_text, zone_of
from hotline.kit.doors import Context
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.ids import derive_id
from hotline.kit.logging import Event
from hotline.kit.outbox import Decision
from hotline.kit.quiet_hours import end_of_hours, next_morning
from hotline.kit.store import Key, Store, account_of
from hotline.kit.store.condition import Item

from . import items
from .model import Bill
from .reminder_choice import are_on
from .reminders import DAYS_BEFORE, Offset, decide_step

MESSAGES: Final = {Offset.BEFORE: "bill.due", Offset.NEAR: "bill.due", Offset.AFTER: "bill.overdue"}
"""The message of each reminder."""


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no bill."""
    account_id = account_of(key)
    if account_id is None or key.sk is None or not key.sk.startswith("BILL#"):
        return None
    contribute = partial(contribute_reminder, account_id=account_id, bill_key=key)
    return Duty(account_id, "bill", frozenset(reminder_keys(account_id, key)), contribute)


def reminder_keys(account_id: str, bill_key: Key) -> set[Key]:
    """The keys to read before `contribute_reminder`."""
    return {bill_key, profile_key(account_id), items.reminders_key(account_id)}


def contribute_reminder(change: Change, read: Mapping[Key, Item], account_id: str, bill_key: Key) -> tuple[Done, ...]:
    """Send the reminder of a bill whose time has come, and set the next time to look. Raises NeedProof for anybody but
    the hotline itself; at commit Stale."""
    item = read.get(bill_key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.REMIND)
    bill = items.bill_from(item)
    profile = profile_from(read.get(profile_key(account_id)))
    zone = zone_of(profile.time_zone if profile is not None else None)
    step = decide_step(
        account_id=account_id,
        due_on=bill.due_on,
        issued_at=bill.issued_at,
        done=bill.reminded,
        look_at=items.look_at_from(item) or change.now,
        now=change.now,
        zone=zone,
    )
    wanted = are_on(read.get(items.reminders_key(account_id)))
    point = _find_point(profile) if wanted else None
    if step.send is not None and point is None and wanted and (profile is None or profile.status is AccountStatus.OPEN):
        # Nobody can be told yet. The account's facts, or a contact point, may come while the reminder is of use.
        step = replace(
            step, send=None, done=step.done - {step.send}, next_at=next_morning(account_id, change.now, zone)
        )
    change.replace(bill_key, item, items.bill_item(replace(bill, reminded=step.done), look_at=step.next_at))
    if step.send is None or profile is None or point is None:
        return ()
    facts = _list_facts(bill, alone=not point.shared)
    end = end_of_hours(change.now, zone)
    channel = send_to(change, profile, point, MESSAGES[step.send], facts, useless_after=end)
    change.send(_decision(change, bill, step.send, channel))
    change.audit(account_id, "bill.reminded", bill_id=bill.bill_id, offset=step.send.value, channel=channel)
    return (Done(Event.BILL_REMINDED, {"account_id": account_id, "kind": step.send.value}),)


def may_remind(store: Store, account_id: str, facts: Mapping[str, Any]) -> bool:
    """Whether a reminder may still go out: its bill is not paid, and its account wants reminders. `facts` are those of
    its message. One consistent read, right before sending. Raises Unavailable."""
    bill_key = items.bill_key(account_id, str(facts.get("due_on")), str(facts.get("bill_id")))
    choice_key = items.reminders_key(account_id)
    read = store.batch_get([bill_key, choice_key])
    return bill_key in read and not read[bill_key]["paid"] and are_on(read.get(choice_key))


@dataclass(frozen=True, slots=True)
class _RemindAgain:
    """The act of the hotline for a reminder that could not be sent within its day."""

    account_id: str
    message: str
    bill_key: Key

    def read(self, store: Store, _now: object) -> Mapping[Key, Item]:
        return store.batch_get([self.bill_key, profile_key(self.account_id)])

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> bool:
        item = read.get(self.bill_key)
        bill = items.bill_from(item) if item is not None else None
        if bill is None or bill.paid:
            return False
        require(change, Operation.REMIND)
        over = [offset for offset in Offset if offset in bill.reminded and MESSAGES[offset] == self.message]
        if not over:
            return False
        profile = profile_from(read.get(profile_key(self.account_id)))
        zone = zone_of(profile.time_zone if profile is not None else None)
        morning = next_morning(self.account_id, change.now, zone)
        change.replace(
            self.bill_key, item, items.bill_item(replace(bill, reminded=bill.reminded - {over[-1]}), look_at=morning)
        )
        return True


def remind_again(ctx: Context, account_id: str, message: str, facts: Mapping[str, Any]) -> bool:
    """Plan the reminder anew whose message could not be sent within its day, for the next morning while it is of use;
    whether it was. `message` is its kind, `facts` are those of the message. Two requests. Raises Stale, Unavailable."""
    bill_key = items.bill_key(account_id, str(facts.get("due_on")), str(facts.get("bill_id")))
    again = _RemindAgain(account_id, message, bill_key)
    return perform_alone(ctx, again, actor=System("messenger", "late"), cause="reminder")


def _find_point(profile: Profile | None) -> ContactPoint | None:
    """The contact point to remind. One that is the owner's alone comes before one that others use too, and a phone
    before an address. Of several it is the one that was confirmed last. None for an account that is not open."""
    if profile is None or profile.status is not AccountStatus.OPEN:
        return None
    latest = sorted(profile.live_points, key=lambda point: to_text(point.confirmed_at or profile.facts_as_of))[::-1]
    return min(latest, key=lambda point: (point.shared, point.kind is not PointKind.PHONE), default=None)


def _list_facts(bill: Bill, *, alone: bool) -> dict[str, object]:
    """The facts of the message. Amount and biller go only where nobody else reads them."""
    facts: dict[str, object] = {"bill_id": bill.bill_id, "due_on": bill.due_on.isoformat()}
    return facts | ({"biller": bill.biller, "amount": items.money_item(bill.amount)} if alone else {})


def _decision(change: Change, bill: Bill, offset: Offset, channel: str) -> Decision:
    due_on = bill.due_on.isoformat()
    return Decision(
        entry_id=change.ids.new("out"),
        type="bill.reminder_sent",
        account_id=bill.account_id,
        data={
            "bill_id": bill.bill_id,
            "due_on": due_on,
            "days_before": DAYS_BEFORE[offset],
            "channel": channel,
            "at": to_text(change.now),
        },
        decision_id=derive_id("reminder", bill.account_id, bill.bill_id, due_on, offset.value),
    )
