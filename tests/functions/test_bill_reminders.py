"""Reminders of bills, from the wallet's fact to the message: once each, at the account's hours, and none once paid."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from functions.deadlines.work import work_off
from functions.messenger.delivery import deliver
from functions.messenger.settings import Sender
from hotline.accounts.notice_rates import OF_A_KIND_MAX
from hotline.contracts.decisions import ReminderSent, parse_decision
from hotline.contracts.model import (
    AccountClosed,
    AccountDescribed,
    AccountErased,
    BillTold,
    ContactPointFact,
    Fact,
    FactData,
    PointKind,
)
from hotline.intake.service import fold
from hotline.kit.actor import System
from hotline.kit.change.acts import perform_alone
from hotline.kit.clock import from_text, to_text
from hotline.kit.doors import Context
from hotline.kit.due import Done
from hotline.kit.errors import Unavailable
from hotline.kit.ids import derive_id
from hotline.kit.logging import Event
from hotline.kit.money import Money
from hotline.kit.outbox.delivery import NotDelivered
from hotline.kit.quiet_hours import OPENS, QUIET_FROM, next_morning
from hotline.kit.store import Key, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.payments.bill_due import duty_at
from hotline.payments.items import bill_key
from hotline.payments.reminder_choice import ChangedBy
from hotline.payments.reminders import Offset, plan_at
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.faults import at_call
from tests.support.outbox_entries import Carrier, redrive_event
from tests.support.phone import context

ACCOUNT: Final = "acct-1"
PHONE, EMAIL = "+8613800000001", "one@customer.example"
START: Final = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DUE: Final = date(2026, 12, 10)
DAY: Final = timedelta(days=1)
QUARTER: Final = timedelta(minutes=15)
CALLS_OF_A_RUN: Final = 24
"""So many of these calls make a run with two reminders and their deliveries; it asks what is due by queries."""
CALLS_OF_WORK: Final = frozenset({"get", "batch_get", "transact", "write_alone"})


class _Queue:
    def send(self, bodies: Sequence[str]) -> None:
        """Entries are delivered by the world itself."""


@dataclass(slots=True)
class _BrokenQueue:
    """A queue that gives no answer, before or after it took what was sent."""

    took_effect: bool
    asked: list[str] = field(default_factory=list)

    def send(self, bodies: Sequence[str]) -> None:
        self.asked += bodies
        raise Unavailable


@dataclass(slots=True)
class World:
    """A wallet, the function of each minute, and a messenger, on one clock."""

    store: MemoryStore
    clock: VirtualClock
    ctx: Context
    zone: str = "Asia/Shanghai"
    sms: Carrier = field(default_factory=Carrier)
    email: Carrier = field(default_factory=Carrier)
    facts: int = 0

    def tell(self, type_name: str, data: FactData, *, at: datetime | None = None) -> None:
        self.facts += 1
        told_at = at or self.clock.now()
        fold(self.ctx, [Fact(f"fact-{self.facts}", type_name, "wallet", told_at, ACCOUNT, data)])

    def open(self, *points: tuple[PointKind, str], shared: bool = False, version: int = 1, **own: Any) -> None:
        at = START - timedelta(days=60)
        known = tuple(ContactPointFact(kind, value, at, shared) for kind, value in points)
        stated: dict[str, Any] = {"language": "en-US", "time_zone": self.zone, "name": "Test", "two_step": False} | own
        data = AccountDescribed(version=version, contact_points=known, **stated)
        self.tell("account.opened", data, at=at)

    def bill(self, bill_id: str = "bil_1", *, version: int = 1, paid: bool = False, due_on: date = DUE) -> None:
        data = BillTold(bill_id, version, "City Power", Money(1250, "CNY"), due_on, paid)
        self.tell("bill.paid" if paid else "bill.issued", data)

    def run(self) -> int:
        """One minute's run and all deliveries; how many reminders it asked for."""
        reminded = work_off(self.ctx, self.clock.now(), {"message": _Queue(), "bus": _Queue()}, at_once=1).reminded
        self.deliver()
        return reminded

    def deliver(self) -> None:
        waiting = [entry for entry in self.entries("message") if "pending_pk" in entry]
        for entry in waiting:
            deliver(
                redrive_event(json.dumps({"entry_id": entry["entry_id"]})),
                self.ctx,
                Sender("Demo Wallet", ("+864005550199",)),
                {"sms": self.sms, "email": self.email},
            )

    def entries(self, to: str) -> list[Item]:
        return [item for item in self.store.items(Table.OUTBOX) if item["to"] == to]

    def run_until(self, end: datetime) -> list[datetime]:
        """Run now, and then whenever something is due; when reminders went out."""
        sent = [self.clock.now()] * self.run()
        while (due := self.next_due()) is not None and due <= end:
            self.clock.instant = max(self.clock.now(), due)
            sent += [self.clock.now()] * self.run()
        self.clock.instant = max(self.clock.now(), end)
        return sent

    def next_due(self) -> datetime | None:
        dates = [item["due_sk"].partition("#")[0] for item in self.store.items(Table.HOTLINE) if "due_sk" in item]
        return from_text(min(dates)) if dates else None

    def item(self, bill_id: str = "bil_1", due_on: date = DUE) -> Item:
        item = self.store.get(hotline_key(f"ACCOUNT#{ACCOUNT}", f"BILL#{due_on}#{bill_id}"))
        assert item is not None
        return item


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> World:
    clock.instant = START
    return World(store, clock, context(store, clock))


def local_days(sent: list[datetime], zone: str) -> list[int]:
    return [(DUE - at.astimezone(ZoneInfo(zone)).date()).days for at in sent]


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Pacific/Pago_Pago"]
)
def test_a_bill_brings_three_reminders_each_on_its_day_and_within_the_hours_of_the_account(
    world: World, zone: str
) -> None:
    world.zone = zone
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    sent = world.run_until(START + 30 * DAY)
    assert local_days(sent, zone) == [5, 1, -1]
    for at in sent:
        assert OPENS <= at.astimezone(ZoneInfo(zone)).time() < QUIET_FROM
    assert len(world.sms.sent) == 3
    assert "due_pk" not in world.item()


@pytest.mark.parametrize(
    ("zone", "due_on"),
    [
        ("Pacific/Auckland", date(2027, 4, 4)),
        ("Europe/London", date(2027, 3, 28)),
        ("America/New_York", date(2026, 11, 1)),
    ],
)
def test_a_due_date_on_which_clocks_change_moves_no_reminder_to_another_day(
    world: World, zone: str, due_on: date
) -> None:
    world.zone, world.clock.instant = zone, datetime.combine(due_on - 10 * DAY, time(3), UTC)
    world.open((PointKind.PHONE, PHONE))
    world.bill(due_on=due_on)
    sent = world.run_until(world.clock.now() + 14 * DAY)
    assert [(due_on - at.astimezone(ZoneInfo(zone)).date()).days for at in sent] == [5, 1, -1]


def test_the_message_names_bill_and_amount_and_how_to_stop_it(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.run_until(START + 30 * DAY)
    first, _, last = (outgoing.body for outgoing in world.sms.sent)
    assert "Your bill of CNY 12.50 from City Power is due on December 10." in first
    assert "You can switch reminders off" in first
    assert "was due on December 10, and we have seen no payment" in last


def test_a_phone_that_others_use_too_is_told_no_amount_and_no_biller(world: World) -> None:
    world.open((PointKind.PHONE, PHONE), shared=True)
    world.bill()
    world.run_until(START + 30 * DAY)
    assert len(world.sms.sent) == 3
    for outgoing in world.sms.sent:
        assert "One of your bills" in outgoing.body
        assert "City Power" not in outgoing.body
        assert "12.50" not in outgoing.body


def test_an_address_of_the_owners_alone_comes_before_a_phone_that_others_use_too(world: World) -> None:
    world.open((PointKind.EMAIL, EMAIL))
    family = ContactPointFact(PointKind.PHONE, PHONE, START, shared=True)
    own = ContactPointFact(PointKind.EMAIL, EMAIL, START - 60 * DAY)
    described = AccountDescribed(2, "en-US", world.zone, "Test", (family, own), two_step=False)
    world.tell("account.updated", described)
    world.bill()
    world.run_until(START + 30 * DAY)
    assert (len(world.email.sent), len(world.sms.sent)) == (3, 0)
    assert "City Power" in world.email.sent[0].body


def test_a_phone_comes_before_an_address_and_of_several_phones_the_one_that_was_confirmed_last(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    points = tuple(
        ContactPointFact(kind, value, START - days * DAY)
        for kind, value, days in (
            (PointKind.EMAIL, EMAIL, 1),
            (PointKind.PHONE, "+8613800000007", 60),
            (PointKind.PHONE, "+8613800000008", 2),
            (PointKind.PHONE, "+8613800000009", 3),
        )
    )
    world.tell("account.updated", AccountDescribed(2, "en-US", world.zone, "Test", points, two_step=False))
    world.bill()
    world.run_until(START + 30 * DAY)
    assert {outgoing.address for outgoing in world.sms.sent} == {"+8613800000008"}
    assert world.email.sent == []


def test_a_bill_that_is_paid_is_not_reminded_of_any_more(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.run_until(plan_at(ACCOUNT, DUE, Offset.BEFORE, ZoneInfo(world.zone)) + QUARTER)
    assert len(world.sms.sent) == 1
    world.bill(version=2, paid=True)
    assert "due_pk" not in world.item()
    assert world.run_until(START + 40 * DAY) == []


def test_a_bill_that_is_paid_between_the_decision_and_the_sending_is_dropped(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.clock.instant = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    work_off(world.ctx, world.clock.now(), {"message": _Queue(), "bus": _Queue()}, at_once=1)
    world.bill(version=2, paid=True)
    world.deliver()
    assert world.sms.sent == []
    (entry,) = world.entries("message")
    assert entry["dropped"] == "not_due"


def test_a_carrier_that_fails_until_the_evening_sends_nothing_at_night(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.clock.instant = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    work_off(world.ctx, world.clock.now(), {"message": _Queue(), "bus": _Queue()}, at_once=1)
    (entry,) = world.entries("message")
    evening = from_text(entry["useless_after"]).astimezone(ZoneInfo(world.zone))
    assert (evening.date(), evening.time()) == (date(2026, 12, 9), QUIET_FROM)
    world.clock.instant = evening.astimezone(UTC) + timedelta(seconds=1)
    world.deliver()
    assert world.sms.sent == []
    # It is planned anew for the next morning, while it is of use.
    morning = next_morning(ACCOUNT, world.clock.now(), ZoneInfo(world.zone))
    assert world.next_due() == morning
    assert local_days(world.run_until(START + 40 * DAY), world.zone) == [0, -1]
    assert len(world.sms.sent) == 2


@pytest.mark.parametrize(
    ("off_until", "days"),
    [
        (DUE - 4 * DAY, [4, 1, -1]),
        (DUE, [0, -1]),
        (DUE + 3 * DAY, [-3]),
        (DUE + 9 * DAY, []),
    ],
)
def test_after_an_outage_only_the_latest_reminder_is_caught_up(world: World, off_until: date, days: list[int]) -> None:
    """At noon of a day the function runs again after it did not run at all."""
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.clock.instant = datetime.combine(off_until, time(20, 30), ZoneInfo(world.zone)).astimezone(UTC) - QUARTER
    assert local_days(world.run_until(START + 40 * DAY), world.zone) == days


def test_a_reminder_that_an_outage_left_for_the_night_waits_for_the_morning(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    night = datetime.combine(DUE - 4 * DAY, time(23), ZoneInfo(world.zone)).astimezone(UTC)
    world.clock.instant = night
    first, *_ = world.run_until(START + 40 * DAY)
    local = first.astimezone(ZoneInfo(world.zone))
    assert local.date() == DUE - 3 * DAY
    assert OPENS <= local.time() < QUIET_FROM


def test_two_runs_at_once_and_facts_in_between_send_each_reminder_once(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.clock.instant = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    assert world.run() == 1
    world.bill()
    world.bill(version=2)
    assert world.run() == 0
    assert len(world.sms.sent) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(1, CALLS_OF_A_RUN + 1))
def test_a_crash_at_any_call_of_a_run_asks_for_each_reminder_once(world: World, number: int, moment: str) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill("bil_1")
    world.bill("bil_2")
    world.clock.instant = near = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    setattr(world.store, moment, at_call(Unavailable(), number, of=CALLS_OF_WORK))
    with suppress(Unavailable, NotDelivered):
        world.run()
    world.store.before = world.store.after = None
    # Claims of entries that were begun have ended by then.
    for _ in range(3):
        world.clock.advance(QUARTER)
        world.run()
    assert world.clock.now() < near + DAY / 2
    for to in ("message", "bus"):
        asked = Counter(entry["facts"]["bill_id"] for entry in world.entries(to))
        assert asked == {"bil_1": 1, "bil_2": 1}, to
    assert {entry["facts"]["bill_id"] for entry in world.entries("message") if "pending_pk" in entry} == set()
    assert len(world.sms.sent) >= 2


def test_a_run_makes_no_more_calls_than_are_made_to_crash(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill("bil_1")
    world.bill("bil_2")
    world.clock.instant = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    names: list[str] = []
    world.store.before = names.append
    world.run()
    assert len([name for name in names if name in CALLS_OF_WORK]) == CALLS_OF_A_RUN


def test_a_queue_that_fails_loses_no_reminder_and_makes_no_second_one(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.clock.instant = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    work_off(world.ctx, world.clock.now(), {"message": _Queue(), "bus": _Queue()}, at_once=1)
    for took_effect in (False, True):
        world.clock.advance(QUARTER)
        broken = _BrokenQueue(took_effect)
        with suppress(Unavailable):
            work_off(world.ctx, world.clock.now(), {"message": broken, "bus": broken}, at_once=1)
        assert broken.asked
    world.deliver()
    assert len(world.sms.sent) == 1
    assert len(world.entries("message")) == len(world.entries("bus")) == 1


def test_each_bill_has_reminders_of_its_own(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill("bil_1")
    world.bill("bil_2", due_on=DUE + 2 * DAY)
    assert len(world.run_until(START + 40 * DAY)) == 6
    bills = {"bil_1": DUE, "bil_2": DUE + 2 * DAY}
    # Clients tell by these ids that a reminder was planned anew, whatever release did it.
    assert {entry["decision_id"] for entry in world.entries("bus")} == {
        derive_id("reminder", ACCOUNT, bill_id, due_on.isoformat(), offset)
        for bill_id, due_on in bills.items()
        for offset in Offset
    }


def test_the_sixth_reminder_of_a_day_says_in_its_own_words_that_no_more_follow(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    for number in range(OF_A_KIND_MAX + 1):
        world.bill(f"bil_{number}")
    near = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    world.run_until(near + DAY / 2)
    said = [sent.body for sent in world.sms.sent]
    last = "You have had 6 reminders of bills within a day, so for now no more follow"
    # Both the reminder some days before and that of the last days.
    assert [last in body for body in said] == ([False] * (OF_A_KIND_MAX - 1) + [True]) * 2
    assert not [body for body in said if "You have been told of this" in body]


def test_a_customer_who_moves_to_another_zone_is_reminded_by_its_clock(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.run_until(START + DAY)
    points = (ContactPointFact(PointKind.PHONE, PHONE, START - 60 * DAY),)
    world.tell("account.updated", AccountDescribed(2, "en-US", "America/New_York", "T", points, two_step=False))
    sent = world.run_until(START + 40 * DAY)
    assert local_days(sent, "America/New_York") == [5, 1, -1]


def test_reminders_that_are_off_do_not_come_and_later_ones_do_once_they_are_on(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    switch(world, on=False)
    assert world.run_until(plan_at(ACCOUNT, DUE, Offset.BEFORE, ZoneInfo(world.zone)) + DAY) == []
    switch(world, on=True)
    assert local_days(world.run_until(START + 40 * DAY), world.zone) == [1, -1]


def test_reminders_switched_off_between_the_decision_and_the_sending_are_dropped(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.clock.instant = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    work_off(world.ctx, world.clock.now(), {"message": _Queue(), "bus": _Queue()}, at_once=1)
    switch(world, on=False)
    world.deliver()
    assert world.sms.sent == []


@dataclass(frozen=True, slots=True)
class _Switch:
    on: bool

    def read(self, store: Any, _now: datetime) -> Any:
        return store.batch_get([payments.reminders_key(ACCOUNT)])

    def contribute(self, change: Any, read: Any) -> object:
        return payments.contribute_choice(change, read, ACCOUNT, on=self.on, by=ChangedBy.REPLY)


def switch(world: World, *, on: bool) -> None:
    perform_alone(world.ctx, _Switch(on), actor=System("messenger", "reply"), cause="reply")


def test_a_closed_account_an_erased_one_and_one_without_a_contact_point_are_not_reminded(world: World) -> None:
    world.open()
    world.bill("bil_1")
    assert world.run_until(START + 40 * DAY) == []
    world.clock.instant = START
    world.open((PointKind.PHONE, PHONE), version=2)
    world.bill("bil_2")
    world.tell("account.closed", AccountClosed(9))
    assert world.run_until(START + 40 * DAY) == []
    world.clock.instant = START
    world.bill("bil_3")
    world.tell("account.erased", AccountErased(10))
    assert world.run_until(START + 40 * DAY) == []
    assert world.sms.sent == []


def test_a_bill_before_its_account_is_reminded_of_all_the_same(world: World) -> None:
    world.bill()
    world.open((PointKind.PHONE, PHONE))
    assert local_days(world.run_until(START + 40 * DAY), world.zone) == [5, 1, -1]


def test_a_contact_point_that_comes_late_is_reminded_while_it_is_of_use(world: World) -> None:
    """Bills may be imported before their account, and an account before its contact points."""
    world.open()
    world.bill()
    world.run_until(plan_at(ACCOUNT, DUE, Offset.BEFORE, ZoneInfo(world.zone)) + QUARTER)
    world.open((PointKind.PHONE, PHONE), version=2)
    assert local_days(world.run_until(START + 40 * DAY), world.zone) == [4, 1, -1]


def test_a_reminder_that_was_too_late_is_not_planned_anew_once_its_bill_is_paid(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.clock.instant = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    work_off(world.ctx, world.clock.now(), {"message": _Queue(), "bus": _Queue()}, at_once=1)
    world.bill(version=2, paid=True)
    world.clock.instant += DAY
    world.deliver()
    assert world.run_until(START + 40 * DAY) == []


def test_a_reminder_is_logged_and_kept_in_the_audit_trail(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    world.clock.instant = plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone))
    duty = duty_at(bill_key(ACCOUNT, DUE.isoformat(), "bil_1"))
    assert duty is not None
    done = perform_alone(world.ctx, duty, actor=System("deadlines", duty.rule), cause="deadline")
    assert done == (Done(Event.BILL_REMINDED, {"account_id": ACCOUNT, "kind": "near"}),)
    (entry,) = [item for item in world.store.items(Table.HOTLINE) if item.get("event") == "bill.reminded"]
    assert entry["facts"] == {"bill_id": "bil_1", "offset": "near", "channel": "sms"}
    assert entry["actor"] == "system:deadlines:bill"


def test_a_bill_whose_date_has_not_come_or_that_is_gone_is_left_as_it_is(world: World) -> None:
    """The index of what is due lags."""
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    before = world.item()
    for bill_id in ("bil_1", "bil_9"):
        duty = duty_at(bill_key(ACCOUNT, DUE.isoformat(), bill_id))
        assert duty is not None
        assert perform_alone(world.ctx, duty, actor=System("deadlines", duty.rule), cause="deadline") == ()
    assert world.item() == before


@pytest.mark.parametrize(
    "key",
    [
        Key(Table.HOTLINE, f"ACCOUNT#{ACCOUNT}", None),
        hotline_key(f"ACCOUNT#{ACCOUNT}", "#PROFILE"),
        hotline_key("CASE#case_1", f"BILL#{DUE}#bil_1"),
    ],
)
def test_only_a_bill_of_an_account_has_the_duty_of_its_reminders(key: Key) -> None:
    assert duty_at(key) is None


def remind_again(world: World, message: str, bill_id: str = "bil_1") -> bool:
    return payments.remind_again(world.ctx, ACCOUNT, message, {"bill_id": bill_id, "due_on": DUE.isoformat()})


def test_only_the_last_reminder_that_was_sent_is_planned_anew_and_only_by_its_own_message(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    assert not remind_again(world, "bill.due")
    world.run_until(plan_at(ACCOUNT, DUE, Offset.NEAR, ZoneInfo(world.zone)) + QUARTER)
    assert world.item()["reminded"] == ["before", "near"]
    assert not remind_again(world, "bill.overdue")
    assert not remind_again(world, "bill.due", "bil_9")
    assert remind_again(world, "bill.due")
    assert world.item()["reminded"] == ["before"]
    world.bill(version=2, paid=True)
    assert not remind_again(world, "bill.due")


def test_each_reminder_is_a_decision_that_keeps_its_contract(world: World) -> None:
    world.open((PointKind.PHONE, PHONE))
    world.bill()
    sent = world.run_until(START + 40 * DAY)
    seen = []
    for entry in sorted(world.entries("bus"), key=lambda entry: str(entry["created_at"])):
        detail = {
            "specversion": "1.0",
            "id": entry["entry_id"],
            "source": "hotline",
            "type": f"{entry['kind']}.v1",
            "time": entry["created_at"],
            "subject": entry["account_id"],
            "data": {"decision_id": entry["decision_id"], **entry["facts"]},
        }
        told = parse_decision(detail)
        assert isinstance(told.data, ReminderSent)
        seen.append((told.type, told.data.days_before, to_text(told.data.at)))
    assert seen == [("bill.reminder_sent", days, to_text(at)) for days, at in zip((5, 1, -1), sent, strict=True)]
