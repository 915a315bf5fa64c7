"""Due work: sent again, alarmed, noted, escalated, re-driven; each once, however many runs there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from time import sleep
from typing import Final

import pytest

from functions.deadlines import app
from functions.deadlines.redrives import LEFT_BEHIND_AFTER, PAUSE_MAX, pause_after
from functions.deadlines.work import PER_ACCOUNT_MAX, Summary, by_owner, duty_of, work_off
from functions.decisions.delivery import bus_event
from functions.decisions.delivery import deliver as publish
from hotline.accounts.service import profile_key
from hotline.cases import service as cases
from hotline.cases.clocks import TASK_WITHIN
from hotline.cases.model import Priority
from hotline.contracts.decisions import parse_decision
from hotline.contracts.model import Instrument, LockAction, MovementStatus, RefundStatus
from hotline.kit.actor import FactorKind
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.due import PER_PARTITION_MAX, due_attributes, due_keys
from hotline.kit.errors import InvalidInput, Unavailable
from hotline.kit.ids import RandomIds
from hotline.kit.logging import Event
from hotline.kit.outbox import Entry, entry_item, entry_key
from hotline.kit.spread import PARTITIONS_MAX
from hotline.kit.store import Delete, Index, Key, Put, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState
from hotline.lockout.policy import ALARM_AFTER, RESEND_AFTER, RESEND_LATER
from hotline.refunds.model import RefundState
from hotline.refunds.promises import escalation_promise, longest_promise
from hotline.refunds.service import date_told
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.case_world import CaseWorld
from tests.support.lock_desk import ACCOUNT, NOON, Desk, closed, failures, minutes, told
from tests.support.log_lines import lines, logged
from tests.support.money_world import ACCOUNT as MONEY_ACCOUNT
from tests.support.money_world import MoneyWorld, moved, published, refunded
from tests.support.outbox_entries import RecordingBus, code_message, decision, message, redrive_event
from tests.support.stored_cases import list_open_cases

EVENTS: Final = Path(__file__).resolve().parents[2] / "events/deadlines"
NOTHING: Final = Summary(0, 0, 0, 0, 0, 0, 0, 0, 0)
MS: Final = timedelta(milliseconds=1)
SECOND: Final = timedelta(seconds=1)
ALL: Final = range(PARTITIONS_MAX[Index.DUE])
MORNING: Final = timedelta(hours=10)
"""From midnight until everybody has been told what the night held up."""


@dataclass(slots=True)
class Sent:
    """A queue that keeps what it was given, or fails."""

    bodies: list[str] = field(default_factory=list)
    failure: Exception | None = None
    calls: int = 0

    def send(self, bodies: Sequence[str]) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        self.bodies += bodies

    def ids(self) -> list[str]:
        return [json.loads(body)["entry_id"] for body in self.bodies]


@dataclass(slots=True)
class Minute:
    """A desk of locks, and the function that runs each minute."""

    store: MemoryStore
    desk: Desk
    messages: Sent = field(default_factory=Sent)
    decisions: Sent = field(default_factory=Sent)

    def run(self, at: datetime, *, at_once: int = 8) -> Summary:
        self.desk.clock.instant = at
        ctx = Context(store=self.store, clock=self.desk.clock, ids=RandomIds())
        return work_off(ctx, at, {"message": self.messages, "bus": self.decisions}, at_once=at_once)

    def asked(self) -> list[Item]:
        """Decisions about locks, in the order in which they were sent."""
        found = [entry for entry in self.desk.outbox() if entry["kind"].startswith("account.")]
        return sorted(found, key=lambda entry: str(entry["created_at"]))

    def deliver(self) -> None:
        """Both consumers have worked off all entries: only what is due about locks is left."""
        for entry in self.desk.outbox():
            new = {name: value for name, value in entry.items() if not name.startswith("pending_")}
            self.store.transact([Put(entry_key(entry["entry_id"]), new)], token=self.desk.ids.new("t")[-36:])

    def items(self, prefix: str) -> list[Item]:
        return [item for item in self.store.items(Table.HOTLINE) if item["PK"].startswith(prefix)]


@pytest.fixture
def minute() -> Minute:
    store = MemoryStore(VirtualClock(NOON))
    desk = Desk(store)
    desk.open_account()
    return Minute(store, desk)


# ---------------------------------------------------------------- decisions that the wallet does not confirm


def test_a_lock_that_is_not_confirmed_goes_out_again_and_then_becomes_an_alarm_and_a_case(minute: Minute) -> None:
    minute.desk.tell(*failures(5, NOON - minutes(4)))
    (first,) = minute.asked()
    minute.deliver()
    assert minute.run(NOON + RESEND_AFTER - MS) == NOTHING
    with logged() as log:
        assert minute.run(NOON + RESEND_AFTER).resent == 1
    (again,) = minute.asked()
    same = ("decision_id", "subject_version", "kind", "facts", "account_id")
    assert {name: again[name] for name in same} == {name: first[name] for name in same}
    assert again["entry_id"] != first["entry_id"]
    assert [line["event"] for line in lines(log)] == ["HL060", "HL068"]

    minute.deliver()
    with logged() as log:
        ran = minute.run(NOON + ALARM_AFTER)
    assert (ran.resent, ran.alarmed) == (1, 1)
    alarm = next(line for line in lines(log) if line["event"] == "HL061")
    assert (alarm["level"], alarm["decision_id"]) == ("ERROR", first["decision_id"])
    found = cases.read_case(minute.store, alarm["case_id"])
    assert found is not None
    case, (entry,) = found
    assert (case.topic, case.priority, case.account_id) == ("unconfirmed", Priority.URGENT, ACCOUNT)
    assert entry.facts == {"decision_id": first["decision_id"], "decision": "account.lock_requested", "version": 1}


def test_after_the_alarm_the_decision_goes_out_at_a_slower_pace_and_nobody_is_alarmed_again(minute: Minute) -> None:
    minute.desk.act(lockout.contribute_freeze)
    assert minute.run(NOON + ALARM_AFTER).alarmed == 1
    sent = NOON + ALARM_AFTER
    assert minute.run(sent + RESEND_LATER - MS).resent == 0
    ran = minute.run(sent + RESEND_LATER)
    assert (ran.resent, ran.alarmed) == (1, 0)
    (case,) = [found for found in list_open_cases(minute.store, ACCOUNT) if found.topic == "unconfirmed"]
    assert case.version == 1


def test_a_case_that_waits_comes_back_at_its_time_and_is_logged(minute: Minute) -> None:
    world = CaseWorld(minute.store, now=NOON)
    ref = world.add(ACCOUNT)
    until = NOON + minutes(10)
    world.act(cases.contribute_snooze, ref.case_id, until=until)
    assert minute.run(until - MS).due == 0
    with logged() as log:
        done = minute.run(until)
    assert (done.due, done.woken) == (1, 1)
    assert world.queue() == [ref.case_id]
    (line,) = [line for line in lines(log) if line["event"] == Event.CASE_WOKEN.code]
    assert (line["account_id"], line["case_id"]) == (ACCOUNT, ref.case_id)
    assert minute.run(until + minutes(1)).due == 0


def test_a_confirmed_decision_is_never_sent_again_and_the_words_follow(minute: Minute) -> None:
    minute.desk.act(lockout.contribute_freeze)
    minute.run(NOON + RESEND_AFTER)
    assert minute.desk.view().asked is not None
    minute.desk.acknowledge()
    assert minute.desk.view().asked is None
    minute.deliver()
    assert minute.run(NOON + ALARM_AFTER) == NOTHING


def test_each_kind_goes_out_again_as_it_was(minute: Minute) -> None:
    desk = minute.desk
    desk.tell(*failures(5, NOON - minutes(5)))
    desk.acknowledge()
    minute.deliver()
    for act in (
        lambda: desk.act(lockout.contribute_unlock),
        lambda: desk.pause(ACCOUNT),
        lambda: desk.act(lockout.contribute_end_pause),
        lambda: desk.act(lockout.contribute_freeze),
    ):
        act()
        (first,) = minute.asked()
        minute.deliver()
        assert minute.run(desk.clock.now() + RESEND_AFTER).resent == 1
        (again,) = minute.asked()
        for name in ("decision_id", "subject_version", "kind", "facts"):
            assert again[name] == first[name]
        parse_decision(dict(bus_event(again).detail))
        desk.acknowledge()
        minute.deliver()


def test_repeated_requests_do_not_put_off_the_alarm(minute: Minute) -> None:
    minute.desk.pause(ACCOUNT)
    minute.desk.clock.instant = NOON + minutes(4)
    minute.desk.act(lockout.contribute_freeze)
    minute.deliver()
    assert minute.run(NOON + ALARM_AFTER).alarmed == 1


def test_a_wallet_that_answers_slowly_has_its_time_for_each_decision(minute: Minute) -> None:
    desk = minute.desk
    desk.pause(ACCOUNT)
    first = desk.acknowledgements()
    desk.clock.instant = NOON + minutes(4)
    desk.act(lockout.contribute_freeze)
    desk.tell(*first)
    minute.deliver()
    assert minute.run(NOON + minutes(4) + ALARM_AFTER - MS).alarmed == 0
    assert minute.run(NOON + minutes(4) + ALARM_AFTER).alarmed == 1


def test_a_lock_that_is_over_is_neither_sent_again_nor_alarmed_nor_told(minute: Minute) -> None:
    minute.desk.tell(*failures(5, NOON - minutes(4)))
    minute.deliver()
    ran = minute.run(NOON + minutes(16))
    assert (ran.over, ran.ended, ran.resent, ran.alarmed) == (1, 1, 0, 0)
    assert minute.desk.outbox() == []
    assert minute.desk.view().state is LockState.OPEN
    assert minute.desk.view().asked is None
    assert minute.run(NOON + minutes(17)) == NOTHING


def test_a_request_that_rode_along_in_a_decision_that_is_over_gets_a_decision_of_its_own(minute: Minute) -> None:
    """A freeze was lost, then a pause took its place and ran out: the freeze is still to be enforced."""
    desk = minute.desk
    desk.pause(ACCOUNT)
    desk.act(lockout.contribute_freeze)
    desk.tell(*failures(5, NOON - minutes(4)))
    minute.deliver()
    ran = minute.run(NOON + minutes(16))
    assert ran.over == 1
    (asked,) = minute.asked()
    assert asked["subject_version"] == 4
    assert {found["state"] for found in asked["facts"]["in_force"]} == {"FROZEN", "PAUSED"}
    minute.deliver()
    desk.acknowledge()
    assert minute.run(NOON + minutes(18)).resent == 1
    (again,) = minute.asked()
    assert again["subject_version"] == 4


def opened_by_wallet_word(desk: Desk) -> str:
    """The wallet locked the account for an hour, and its owner asks to unlock it."""
    desk.tell(told(LockAction.LOCK_APPLIED, NOON - minutes(5), "TOO_MANY_LOGIN_RATE", until=NOON + minutes(60)))
    desk.act(lockout.contribute_unlock)
    return "SOFT"


def opened_pause(desk: Desk) -> str:
    """The wallet paused the account for an hour, and its owner asks to end the pause."""
    desk.tell(told(LockAction.PAUSE_APPLIED, NOON - minutes(5), "CUSTOMER_REQUEST", until=NOON + minutes(60)))
    desk.act(lockout.contribute_end_pause)
    return "PAUSED"


def opened_freeze(desk: Desk) -> str:
    """The wallet froze the account, and its owner asks to unfreeze it."""
    desk.tell(told(LockAction.FREEZE_APPLIED, NOON - minutes(5), "CUSTOMER_REQUEST"))
    desk.act(lockout.contribute_unfreeze, actor=desk.caller(FactorKind.SMS, FactorKind.EMAIL))
    return "FROZEN"


@pytest.mark.parametrize("opened", [opened_by_wallet_word, opened_pause, opened_freeze])
def test_an_opening_that_rode_along_in_a_decision_that_is_over_is_asked_for_in_one_of_its_own(
    minute: Minute, opened: Callable[[Desk], str]
) -> None:
    """The decision to open a lock is lost, and a lock of a quarter of an hour takes its place and ends. The wallet
    still has in force the lock that its owner wanted opened."""
    desk = minute.desk
    state = opened(desk)
    (lost,) = minute.asked()
    desk.clock.instant = NOON + minutes(1)
    desk.tell(*failures(5, NOON + SECOND, apart=10 * SECOND))
    minute.deliver()
    ran = minute.run(NOON + minutes(16))
    assert ran.over == 1
    (asked,) = minute.asked()
    assert (asked["kind"], asked["subject_version"]) == (lost["kind"], 3)
    assert asked["facts"] == {**lost["facts"], "in_force": []}
    assert asked["facts"]["ends"] == state
    assert desk.view().state.value == state, "until the wallet confirms, it is still in force"
    minute.deliver()
    again = NOON + minutes(16) + RESEND_AFTER
    assert minute.run(again).resent == 1
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN
    minute.deliver()
    assert minute.run(again + RESEND_LATER) == NOTHING


def test_a_decision_for_a_closed_account_waits_no_more(minute: Minute) -> None:
    minute.desk.act(lockout.contribute_freeze)
    minute.desk.tell(closed(NOON))
    minute.deliver()
    ran = minute.run(NOON + ALARM_AFTER)
    assert (ran.over, ran.resent, ran.alarmed) == (1, 0, 0)


def test_a_pause_of_the_line_and_a_hold_of_the_wallet_end_once_in_the_audit_trail(minute: Minute) -> None:
    minute.desk.pause(ACCOUNT)
    minute.desk.acknowledge()
    minute.desk.tell(told(LockAction.LOCK_APPLIED, NOON, "RISK_SCORE", until=NOON + minutes(30)))
    minute.deliver()
    assert minute.run(NOON + minutes(30) - MS) == NOTHING
    assert minute.run(NOON + minutes(30)).ended == 1
    assert minute.run(NOON + minutes(31)) == NOTHING
    assert minute.run(NOON + timedelta(hours=24)).ended == 1
    ends = [item["facts"]["cause"] for item in minute.items("ACCOUNT#") if item.get("event") == "lock.ended"]
    assert sorted(ends) == ["CUSTOMER_REQUEST", "RISK_SCORE"]


# ---------------------------------------------------------------- promised dates


def money_world() -> tuple[Minute, MoneyWorld, str]:
    store = MemoryStore(VirtualClock(NOON))
    money = MoneyWorld(store)
    money.give_profile()
    money.tell(moved(MovementStatus.SUCCEEDED, instrument=Instrument("balance")))
    money.tell(published(auto_approve_minor=1_000_000))
    refund_id = money.ask().refund_id
    assert refund_id is not None
    desk = Desk(store)
    found = Minute(store, desk)
    found.deliver()
    return found, money, refund_id


def test_a_promised_date_that_passes_is_escalated_and_the_customer_hears_a_new_one() -> None:
    minute, money, refund_id = money_world()
    promised_on = money.refund(refund_id).promised_on
    assert promised_on is not None
    end_of_day = datetime.fromisoformat(f"{promised_on}T00:00:00+00:00") + timedelta(days=1)
    # Of a refund that was sent the wallet is not asked before its date.
    money.tell(refunded(RefundStatus.SENT, refund_id, minor=12850))
    assert minute.run(end_of_day - MS) == NOTHING
    ran = minute.run(end_of_day)
    assert (ran.due, ran.escalated, ran.failed) == (1, 1, 0)
    refund = money.refund(refund_id)
    assert refund.promised_on is not None
    assert refund.promised_on > promised_on
    entries = minute.desk.outbox()
    (escalated,) = [entry for entry in entries if entry["kind"] == "refund.escalated" and entry["to"] == "bus"]
    assert escalated["subject_version"] == 3
    assert escalated["facts"]["missed_on"] == promised_on.isoformat()
    parse_decision(dict(bus_event(escalated).detail))
    assert [entry for entry in entries if entry["to"] == "message"] == [], "the customer sleeps"
    with logged() as log:
        minute.run(end_of_day + MORNING)
    assert [line["account_id"] for line in lines(log) if line["event"] == "HL137"] == [MONEY_ACCOUNT]
    told_of = told_by(minute, "refund.escalated", "message")
    assert len(told_of) == 2
    assert {entry["facts"]["promised_on"] for entry in told_of} == {refund.promised_on.isoformat()}
    found = cases.read_case(minute.store, refund.case_id or "")
    assert found is not None
    assert (found[0].reason, found[0].priority) == ("refund_overdue", Priority.HIGH)
    assert money.ask(request_key="another").promised_on == refund.promised_on


def test_a_second_date_that_passes_is_urgent_and_one_case_has_both() -> None:
    minute, money, refund_id = money_world()
    for days in (10, 20):
        minute.deliver()
        assert minute.run(NOON + timedelta(days=days)).escalated == 1
    refund = money.refund(refund_id)
    assert refund.escalations == 2
    found = cases.read_case(minute.store, refund.case_id or "")
    assert found is not None
    assert found[0].priority is Priority.URGENT
    assert len(found[1]) == 2


def test_a_refund_that_has_arrived_is_never_escalated() -> None:
    minute, money, refund_id = money_world()
    money.tell(refunded(RefundStatus.SETTLED, refund_id, minor=12850))
    with logged() as log:
        assert minute.run(NOON).due == 1
    assert [line["event"] for line in lines(log) if line["event"] == "HL135"] == ["HL135"]
    assert len(told_by(minute, "refund.arrived", "message")) == 2
    minute.deliver()
    assert minute.run(NOON + timedelta(days=30)) == NOTHING


def end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def told_by(minute: Minute, kind: str, to: str) -> list[Item]:
    return [entry for entry in minute.desk.outbox() if entry["kind"] == kind and entry["to"] == to]


UNPAID: Final = {
    "failed": ((RefundStatus.SENT, RefundStatus.FAILED), RefundState.FAILED),
    "returned": ((RefundStatus.SENT, RefundStatus.SETTLED, RefundStatus.RETURNED), RefundState.RETURNED_BACK),
}


@pytest.mark.parametrize("kind", UNPAID)
def test_money_that_does_not_arrive_takes_the_promise_back_and_has_a_case_a_decision_and_a_new_date(kind: str) -> None:
    minute, money, refund_id = money_world()
    path, state = UNPAID[kind]
    before = money.refund(refund_id)
    for version, status in enumerate(path, start=1):
        money.tell(refunded(status, refund_id, minor=12850, version=version))
    assert date_told(money.refund(refund_id)) is None, "the date that was promised is not told any more"
    with logged() as log:
        ran = minute.run(NOON + minutes(1))
    assert (ran.due, ran.followed_up, ran.escalated, ran.failed) == (1, 1, 0, 0)

    refund = money.refund(refund_id)
    next_step = escalation_promise(NOON, currency="CNY").latest_on
    assert (refund.state, refund.promised_on, date_told(refund)) == (state, next_step, next_step)
    (decided,) = told_by(minute, "refund.unpaid", "bus")
    assert parse_decision(dict(bus_event(decided).detail)).subject_version == before.version + 1
    assert before.promised_on is not None
    assert decided["facts"]["withdrawn_on"] == before.promised_on.isoformat()
    assert (decided["facts"]["state"], decided["facts"]["promised_on"]) == (state.value, next_step.isoformat())
    messages = told_by(minute, f"refund.{kind}", "message")
    assert {entry["channel"] for entry in messages} == {"sms", "email"}
    assert {entry["facts"]["withdrawn_on"] for entry in messages} == {before.promised_on.isoformat()}
    assert {entry["facts"]["promised_on"] for entry in messages} == {next_step.isoformat()}
    found = cases.read_case(minute.store, refund.case_id or "")
    assert found is not None
    assert (found[0].topic, found[0].reason, found[0].priority) == ("refund", "refund_unpaid", Priority.HIGH)
    (line,) = [line for line in lines(log) if line["event"] == "HL069"]
    assert (line["level"], line["case_id"]) == ("WARNING", refund.case_id)
    assert money.ask(request_key="request-1").promised_on == next_step


@pytest.mark.parametrize("kind", UNPAID)
def test_money_that_did_not_arrive_is_followed_up_once_and_its_new_date_falls_due(kind: str) -> None:
    minute, money, refund_id = money_world()
    path, _ = UNPAID[kind]
    money.tell(refunded(path[-1], refund_id, minor=12850, version=3))
    assert minute.run(NOON + minutes(1)).followed_up == 1
    minute.deliver()
    money.tell(refunded(path[-1], refund_id, minor=12850, version=3))
    money.tell(refunded(path[-1], refund_id, minor=12850, version=4))
    assert minute.run(NOON + minutes(2)) == NOTHING
    # Nobody claims the case that is open now.
    done = minute.run(NOON + minutes(1) + TASK_WITHIN)
    assert (done.due, done.tasked) == (1, 1)
    minute.deliver()
    next_step = money.refund(refund_id).promised_on
    assert next_step is not None
    assert minute.run(end_of(next_step) - MS) == NOTHING
    assert minute.run(end_of(next_step)).escalated == 1


def test_a_failure_that_a_later_fact_has_overtaken_is_told_to_nobody() -> None:
    minute, money, refund_id = money_world()
    money.tell(refunded(RefundStatus.SETTLED, refund_id, minor=12850, version=3))
    money.tell(refunded(RefundStatus.FAILED, refund_id, minor=12850, version=2))
    assert minute.run(NOON + minutes(1)).followed_up == 0
    assert told_by(minute, "refund.failed", "message") == []


def test_a_refund_that_fails_again_after_it_was_sent_again_is_followed_up_again() -> None:
    minute, money, refund_id = money_world()
    money.tell(refunded(RefundStatus.FAILED, refund_id, minor=12850, version=1))
    assert minute.run(NOON + minutes(1)).followed_up == 1
    money.tell(refunded(RefundStatus.SENT, refund_id, minor=12850, version=2))
    # The date of the next step is none of arrival.
    assert date_told(money.refund(refund_id)) == longest_promise(money.now, currency="CNY").latest_on
    money.tell(refunded(RefundStatus.FAILED, refund_id, minor=12850, version=3))
    assert minute.run(NOON + minutes(2)).followed_up == 1


def test_a_refund_that_the_wallet_began_falls_due_at_the_end_of_the_date_that_is_told_of_it() -> None:
    minute, money, _ = money_world()
    money.tell(moved(MovementStatus.SUCCEEDED, "mov_2", order_no=None), refunded(RefundStatus.SENT, "ref_w", "mov_2"))
    promised_on = date_told(money.refund("ref_w"))
    assert promised_on is not None
    money.tell(refunded(RefundStatus.SETTLED, money.movement().open_refund_id or "", minor=12850))
    assert minute.run(NOON).due == 1, "the other one has arrived"
    minute.deliver()
    # The customer is in London: when the day ends where the banks are, it goes on.
    ends_in_china = end_of(promised_on) - timedelta(hours=8)
    assert minute.run(ends_in_china - MS) == NOTHING
    ran = minute.run(ends_in_china)
    assert (ran.due, ran.escalated, date_told(money.refund("ref_w"))) == (1, 0, promised_on)
    assert minute.run(end_of(promised_on) - MS) == NOTHING
    assert minute.run(end_of(promised_on)).escalated == 1
    refund = money.refund("ref_w")
    assert date_told(refund) == escalation_promise(end_of(promised_on), currency="CNY").latest_on
    (decided,) = told_by(minute, "refund.escalated", "bus")
    assert decided["facts"]["missed_on"] == promised_on.isoformat()
    assert told_by(minute, "refund.escalated", "message") == []
    assert minute.run(end_of(promised_on) + MORNING).escalated == 0
    assert len(told_by(minute, "refund.escalated", "message")) == 2


@pytest.mark.parametrize(("days", "followed_up"), [(29, 1), (30, 1), (31, 0)])
def test_a_failure_of_which_nothing_was_promised_is_followed_up_while_it_is_told_of(
    days: int, followed_up: int
) -> None:
    minute, money, _ = money_world()
    failed = refunded(RefundStatus.FAILED, "ref_w", "mov_2")
    money.tell(failed)
    now = failed.time + timedelta(days=days)
    money.tell(refunded(RefundStatus.SETTLED, money.movement().open_refund_id or "", minor=12850))
    assert minute.run(now).followed_up == followed_up
    assert minute.run(now).due == 0
    assert (date_told(money.refund("ref_w")) is not None) == bool(followed_up)


def test_a_failure_of_an_account_that_was_never_opened_has_a_case_and_no_message() -> None:
    store = MemoryStore(VirtualClock(NOON))
    minute, money = Minute(store, Desk(store)), MoneyWorld(store)
    store.transact([Delete(profile_key(MONEY_ACCOUNT))], token="never-opened")
    money.tell(refunded(RefundStatus.FAILED, "ref_w"))
    assert minute.run(NOON).followed_up == 1
    assert [entry["to"] for entry in minute.desk.outbox()] == ["bus", "bus"]


@pytest.mark.parametrize("count", [2, 12])
def test_refunds_of_one_account_that_fall_due_in_one_run_are_all_worked_off_without_an_error(count: int) -> None:
    store = MemoryStore(VirtualClock(NOON))
    minute, money = Minute(store, Desk(store)), MoneyWorld(store)
    money.give_profile()
    for number in range(count):
        money.tell(refunded(RefundStatus.SENT, f"ref_{number}", f"mov_{number}"))
    # A store that lets another thread in before each write: changes of one account meet on its case.
    store.before = lambda call: sleep(0) if call == "transact" else None
    with logged() as log:
        ran = minute.run(NOON + timedelta(days=60))
    assert (ran.due, ran.escalated, ran.failed) == (count, count, 0)
    assert [line for line in lines(log) if line["event"] == "HL067"] == []
    case_ids = {money.refund(f"ref_{number}").case_id for number in range(count)}
    assert len(case_ids) == 1


@pytest.mark.parametrize("number", [PER_ACCOUNT_MAX - 1, PER_ACCOUNT_MAX, PER_ACCOUNT_MAX + 1])
def test_the_items_of_an_account_are_worked_in_turn_up_to_so_many(number: int) -> None:
    many = [hotline_key("ACCOUNT#many", f"REFUND#{place}") for place in range(number)]
    other = hotline_key("ACCOUNT#other", "#LOCK")
    assert by_owner([many[0], other, *many[1:]]) == [many[:PER_ACCOUNT_MAX], [other]]


@pytest.mark.parametrize("refund_first", [True, False])
def test_a_refund_in_another_currency_is_looked_at_by_a_person_once_whichever_comes_first(refund_first: bool) -> None:
    store = MemoryStore(VirtualClock(NOON))
    minute, money = Minute(store, Desk(store)), MoneyWorld(store)
    facts = [moved(MovementStatus.SUCCEEDED), refunded(RefundStatus.SETTLED, currency="EUR")]
    for fact in reversed(facts) if refund_first else facts:
        money.tell(fact)
    assert minute.run(NOON).followed_up == 1
    (opened,) = told_by(minute, "case.opened", "bus")
    assert (opened["facts"]["topic"], opened["facts"]["reason"]) == ("refund", "refund_currency")
    money.tell(*facts)
    money.tell(refunded(RefundStatus.RETURNED, currency="EUR", version=2))
    assert minute.run(NOON).followed_up == 1, "the refund that came back, and the currency no second time"
    assert {entry["facts"]["reason"] for entry in told_by(minute, "case.updated", "bus")} == {"refund_unpaid"}


# ---------------------------------------------------------------- entries left behind


def pending(minute: Minute, *entries: Entry, at: datetime = NOON) -> None:
    for number, entry in enumerate(entries):
        write = Put(entry_key(entry.entry_id), entry_item(entry, created_at=at))
        minute.store.transact([write], token=f"entry-{number}-{entry.entry_id}"[-36:])


def entry_of(minute: Minute, entry_id: str) -> Item:
    item = minute.store.get(entry_key(entry_id))
    assert item is not None
    return item


def test_an_entry_left_behind_goes_to_its_own_consumer_after_two_minutes_and_then_rests(minute: Minute) -> None:
    pending(minute, decision("out_b"), message("out_m"))
    assert minute.run(NOON + LEFT_BEHIND_AFTER - MS) == NOTHING
    at = NOON + LEFT_BEHIND_AFTER
    assert minute.run(at).redriven == 2
    assert (minute.decisions.ids(), minute.messages.ids()) == (["out_b"], ["out_m"])
    assert minute.run(at + pause_after(1) - MS) == NOTHING
    assert minute.run(at + pause_after(1)).redriven == 2
    assert entry_of(minute, "out_b")["redrives"] == 2


def test_the_rest_grows_to_an_hour_and_no_further() -> None:
    assert [pause_after(n) for n in (1, 2, 3)] == [minutes(2), minutes(4), minutes(8)]
    assert pause_after(5) < PAUSE_MAX
    assert pause_after(6) == pause_after(10_000) == PAUSE_MAX


def test_an_entry_that_is_redriven_is_published_by_its_consumer_and_comes_no_more(minute: Minute) -> None:
    pending(minute, decision("out_b"))
    minute.run(NOON + minutes(3))
    bus = RecordingBus()
    ctx = Context(store=minute.store, clock=minute.desk.clock, ids=RandomIds())
    publish(redrive_event(*minute.decisions.bodies), ctx, bus)
    assert [event.detail["id"] for event in bus.events] == ["out_b"]
    assert minute.run(NOON + timedelta(days=1)) == NOTHING


def test_an_entry_that_a_consumer_is_working_on_is_left_to_it(minute: Minute) -> None:
    pending(minute, message("out_m"))
    claimed = {**entry_of(minute, "out_m"), "claim": "c", "claim_until": to_text(NOON + minutes(3))}
    minute.store.transact([Put(entry_key("out_m"), claimed)], token="claim")
    assert minute.run(NOON + minutes(3) - MS) == NOTHING
    assert minute.run(NOON + minutes(3)).redriven == 1


def test_an_entry_that_nobody_wants_any_more_is_dropped(minute: Minute) -> None:
    pending(minute, code_message("out_c", useless_after=NOON + minutes(10)))
    assert minute.run(NOON + minutes(10) - MS).redriven == 1
    ran = minute.run(NOON + minutes(30))
    assert (ran.dropped, ran.redriven) == (1, 0)
    assert entry_of(minute, "out_c")["dropped"] == "useless"
    assert "pending_pk" not in entry_of(minute, "out_c")


def test_eleven_entries_are_two_requests_and_a_queue_that_is_down_loses_none(minute: Minute) -> None:
    pending(minute, *(message(f"out_{number}") for number in range(11)))
    minute.messages.failure = Unavailable(service_code="ConnectTimeoutError")
    assert minute.run(NOON + minutes(2)).failed == 11
    minute.messages.failure = None
    minute.messages.calls = 0
    assert minute.run(NOON + minutes(4)).redriven == 11
    assert minute.messages.calls == 2
    assert sorted(minute.messages.ids()) == sorted(f"out_{number}" for number in range(11))


# ---------------------------------------------------------------- runs


def test_two_runs_at_once_do_everything_once(minute: Minute) -> None:
    desk = minute.desk
    names = [f"acct_{number}" for number in range(12)]
    for name in names:
        desk.tell(*failures(5, NOON - minutes(4), account=name))
    minute.deliver()
    pending(minute, *(message(f"out_{number}") for number in range(12)))
    desk.clock.instant = NOON + ALARM_AFTER
    barrier, found = Barrier(4), list[Summary]()

    def run() -> None:
        barrier.wait()
        found.append(minute.run(NOON + ALARM_AFTER))

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(ran.resent for ran in found) == sum(ran.alarmed for ran in found) == len(names)
    assert sum(ran.failed for ran in found) == 0
    assert len(minute.asked()) == len(names)
    assert sorted(minute.messages.ids()) == sorted(f"out_{number}" for number in range(12))


@pytest.mark.parametrize("left", ["decision", "entry"])
def test_work_of_another_run_between_reading_and_writing_is_not_done_again(minute: Minute, left: str) -> None:
    if left == "decision":
        minute.desk.act(lockout.contribute_freeze)
        minute.deliver()
    else:
        pending(minute, message("out_m"))
    at, other = NOON + ALARM_AFTER, list[Summary]()

    def meanwhile(call: str) -> None:
        if call == ("transact" if left == "decision" else "write_alone"):
            minute.store.before = None
            other.append(minute.run(at, at_once=1))

    minute.store.before = meanwhile
    late = minute.run(at, at_once=1)
    (prompt,) = other
    assert (prompt.resent, prompt.alarmed, prompt.redriven) == ((1, 1, 0) if left == "decision" else (0, 0, 1))
    assert (late.resent, late.alarmed, late.redriven, late.failed) == (0, 0, 0, 0)
    assert minute.messages.ids() == (["out_m"] if left == "entry" else [])


def test_one_item_that_fails_keeps_no_other_waiting(minute: Minute) -> None:
    minute.desk.act(lockout.contribute_freeze)
    broken = {**due_attributes("acct_broken", NOON), "version": "x", "rev": 1}
    odd = due_attributes("odd", NOON)
    minute.store.transact([Put(hotline_key("ACCOUNT#acct_broken", "#LOCK"), broken)], token="broken")
    minute.store.transact([Put(hotline_key("ACCOUNT#odd", "#NEW"), odd)], token="odd")
    with logged() as log:
        ran = minute.run(NOON + RESEND_AFTER)
    assert (ran.due, ran.resent, ran.failed) == (3, 1, 2)
    reasons = {line["reason"] for line in lines(log) if line["event"] == "HL067"}
    assert reasons == {"ValueError", "unknown_item"}


@pytest.mark.parametrize("number", [PER_PARTITION_MAX - 1, PER_PARTITION_MAX, PER_PARTITION_MAX + 1])
def test_a_run_takes_so_many_of_one_partition_the_longest_due_first(minute: Minute, number: int) -> None:
    owner = due_attributes("same", NOON)["due_pk"]
    for place in range(number):
        item = {"due_pk": owner, "due_sk": f"{to_text(NOON + SECOND * place)}#{place:03d}"}
        minute.store.transact([Put(hotline_key(f"ACCOUNT#{place:03d}", "#LOCK"), item)], token=f"due-{place}")
    found = due_keys(minute.store, NOON + timedelta(hours=1), ALL)
    assert [key.pk for key in found] == [f"ACCOUNT#{place:03d}" for place in range(min(number, PER_PARTITION_MAX))]


def test_due_is_what_is_not_after_now(minute: Minute) -> None:
    minute.store.transact(
        [Put(hotline_key("ACCOUNT#a", "#LOCK"), due_attributes("a", NOON))], token="one"
    )  # fmt: skip
    assert due_keys(minute.store, NOON - MS, ALL) == []
    assert due_keys(minute.store, NOON, ALL) == [hotline_key("ACCOUNT#a", "#LOCK")]


def test_the_index_may_name_what_is_done_already(minute: Minute) -> None:
    minute.desk.act(lockout.contribute_freeze)
    minute.desk.acknowledge()
    duty = duty_of(Key(Table.HOTLINE, f"ACCOUNT#{ACCOUNT}", "#LOCK"))
    assert duty is not None
    change = minute.desk.change(minute.desk.caller())
    assert duty.contribute(change, minute.desk.read(set(duty.keys))) == ()
    assert len(change) == 0


@pytest.mark.parametrize("file", sorted(EVENTS.glob("*.json")), ids=lambda file: file.stem)
def test_every_recorded_event_is_worked_off(file: Path, minute: Minute, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = Context(store=minute.store, clock=minute.desk.clock, ids=RandomIds())
    monkeypatch.setattr(app, "_context_of_start", lambda: ctx)
    monkeypatch.setattr(app, "_queues", lambda: {"message": minute.messages, "bus": minute.decisions})
    minute.desk.act(lockout.contribute_freeze)
    minute.deliver()
    event = json.loads(file.read_text(encoding="utf-8"))
    if file.stem.startswith("bad_"):
        with logged() as buffer, pytest.raises(InvalidInput, match=r"^bad_(at|event)$") as refused:
            app.handler(event, None)
        told = [(line["event"], line["reason"]) for line in lines(buffer)]
        assert told == [(Event.REQUEST_ODD.code, refused.value.code)]
        return
    answer = app.handler(event, None)
    assert answer["due"] == answer["resent"] == (1 if "at" in event else 0)
    assert answer["failed"] == 0
