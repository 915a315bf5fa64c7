"""Disputes: noted once with the law's date, escalated once for each date that passes, over with their case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline.cases import service as cases
from hotline.cases.items import case_from
from hotline.cases.model import Case, CloseReason, Priority
from hotline.contracts.model import AccountDescribed, MovementKind, MovementStatus, Purchase
from hotline.kit.actor import Agent, System
from hotline.kit.change import Change
from hotline.kit.due import Done
from hotline.kit.errors import Stale, Unavailable
from hotline.kit.logging import Event
from hotline.kit.quiet_hours import is_quiet
from hotline.kit.store import Put
from hotline.kit.store.condition import Item
from hotline.lockout.items import lock_key
from hotline.refunds import service as refunds
from hotline.refunds.disputes import Dispute, dispute_from, dispute_key
from hotline.refunds.model import OfferOutcome, RefundOutcome, RefundReason, RefundResult
from hotline_local.testing.memory_store import MemoryStore
from tests.support.faults import once
from tests.support.money_world import ACCOUNT, NOON, MoneyWorld, moved, told

LONDON = ZoneInfo("Europe/London")
KEY = dispute_key(ACCOUNT, "mov_1")
ANSWER_ON = date(2026, 12, 7)
"""Ten business days of China after 23 November, since no law of China names a time."""
ENDS_AT = datetime.fromisoformat("2026-12-08T00:00:00+00:00")
"""The end of that day in London, where the customer is."""
BY_DAY = ENDS_AT + timedelta(hours=12)


@pytest.fixture
def world() -> MoneyWorld:
    made = MoneyWorld(MemoryStore())
    made.give_profile()
    made.tell(moved(MovementStatus.SUCCEEDED))
    return made


def report(world: MoneyWorld, **own: Any) -> RefundResult:
    return world.ask(RefundReason.UNAUTHORISED, **own)


def stored(world: MoneyWorld) -> Dispute:
    item = world.store.get(KEY)
    assert item is not None
    return dispute_from(item)


def case_of(world: MoneyWorld) -> Case:
    item = world.item("CASE", f"CASE#{stored(world).case_id}")
    assert item is not None
    return case_from(item)


def tell_at(world: MoneyWorld) -> datetime:
    """The morning of which the dispute holds a word."""
    at = stored(world).tell_at
    assert at is not None
    return at


def messages(world: MoneyWorld, kind: str) -> list[Item]:
    return [entry for entry in world.entries() if entry["kind"] == kind]


def work_off(world: MoneyWorld, at: datetime) -> tuple[Done, ...]:
    duty = refunds.duty_at(KEY)
    assert duty is not None
    change = Change(actor=System("deadlines", duty.rule), cause="deadline", now=at, ids=world.ids)
    done = duty.contribute(change, duty.read(world.store, at))
    change.commit(world.store)
    return done


def as_agent(world: MoneyWorld, act: Callable[..., Any], **own: Any) -> None:
    case_id = stored(world).case_id
    change = Change(actor=Agent("agent-1", case_id), cause="agent", now=world.now, ids=world.ids)
    act(change, world.store.batch_get(list(cases.agent_keys(case_id))), case_id, **own)
    change.commit(world.store)


def close(world: MoneyWorld) -> None:
    as_agent(world, cases.contribute_claim, agent_name="Kim")
    as_agent(world, cases.contribute_close, reason=CloseReason.RESOLVED)


def test_a_report_is_a_case_with_a_date_that_is_told_and_falls_due(world: MoneyWorld) -> None:
    result = report(world)
    assert (result.outcome, result.refund_id) == (RefundOutcome.ROUTE_DISPUTE, None)
    assert (result.promised_on, result.recorded) == (ANSWER_ON, True)
    dispute, item = stored(world), world.store.get(KEY)
    assert dispute.ends_at == ENDS_AT
    assert item is not None
    assert item["due_sk"] == "2026-12-08T00:00:00.000Z#mov_1"
    case = case_of(world)
    assert (case.topic, case.priority, case.links[0]) == ("dispute", Priority.HIGH, "payment:mov_1")
    assert case.due_at == NOON + timedelta(hours=1)
    assert {entry["facts"]["promised_on"] for entry in messages(world, "dispute.noted")} == {"2026-12-07"}
    assert len(messages(world, "dispute.noted")) == 2


def test_a_payment_is_disputed_once_and_another_one_joins_the_case_with_its_own_date(world: MoneyWorld) -> None:
    first = report(world)
    world.now += timedelta(days=1)
    world.call_in()
    again = report(world, request_key="request-2")
    assert (again.promised_on, again.case_id, again.recorded) == (ANSWER_ON, first.case_id, False)
    world.tell(moved(MovementStatus.SUCCEEDED, "mov_2"))
    other = report(world, movement_id="mov_2", request_key="request-3")
    assert (other.promised_on, other.case_id) == (ANSWER_ON + timedelta(days=1), first.case_id)
    assert len(messages(world, "dispute.noted")) == 4


@pytest.mark.parametrize("reason", [RefundReason.CANCELLED, RefundReason.DUPLICATE, RefundReason.UNAUTHORISED])
def test_a_disputed_payment_is_refunded_for_no_other_reason_until_there_is_an_answer(
    world: MoneyWorld, reason: RefundReason
) -> None:
    """Else it would be paid back by itself while people look for who took the money, and then once more."""
    first = report(world)
    again = world.ask(reason, request_key="request-2")
    assert (again.outcome, again.promise, again.case_id) == (RefundOutcome.ROUTE_DISPUTE, first.promise, first.case_id)
    assert world.movement().open_refund_id is None
    assert len(messages(world, "dispute.noted")) == 2


@pytest.mark.parametrize(
    ("country", "answer_on", "law"),
    [
        ("DE", date(2026, 11, 24), "eu-1"),
        ("GB", date(2026, 11, 24), "uk-1"),
        ("US", date(2026, 12, 7), "us-1"),
        ("CN", date(2026, 12, 7), "-"),
    ],
)
def test_the_law_of_the_payment_says_by_when_there_is_an_answer(
    world: MoneyWorld, country: str, answer_on: date, law: str
) -> None:
    """PSD2, article 73: the next business day. Regulation E, 1005.11: 10 business days."""
    world.tell(moved(MovementStatus.SUCCEEDED, version=2, purchase=Purchase(country=country)))
    assert report(world).promised_on == answer_on
    found = cases.read_case(world.store, stored(world).case_id)
    assert found is not None
    facts = found[1][0].facts
    assert (facts["law"], facts["answer_by"]) == (law, answer_on.isoformat())


def test_money_that_was_sent_to_somebody_else_is_disputed_whatever_the_reason() -> None:
    world = MoneyWorld(MemoryStore())
    world.give_profile()
    world.tell(moved(MovementStatus.SUCCEEDED, kind=MovementKind.TRANSFER))
    assert world.ask(RefundReason.CANCELLED).promised_on == ANSWER_ON
    assert case_of(world).topic == "dispute"


def test_a_withdrawal_to_the_own_bank_is_refused_and_disputed_only_by_who_did_not_make_it() -> None:
    world = MoneyWorld(MemoryStore())
    world.give_profile()
    world.tell(moved(MovementStatus.SUCCEEDED, kind=MovementKind.WITHDRAWAL))
    refused = world.ask(RefundReason.OTHER)
    assert (refused.outcome, refused.decided_by, refused.case_id) == (
        RefundOutcome.NOT_ELIGIBLE,
        "movement.kind",
        None,
    )
    assert report(world).promised_on == ANSWER_ON
    assert case_of(world).topic == "dispute"


def test_a_date_that_passes_is_escalated_once_with_a_new_date_that_is_told(world: MoneyWorld) -> None:
    report(world)
    assert work_off(world, ENDS_AT - timedelta(milliseconds=1)) == ()
    (done,) = work_off(world, ENDS_AT)
    assert (done.event, done.keys["case_id"]) == (Event.DISPUTE_OVERDUE, stored(world).case_id)
    assert work_off(world, ENDS_AT) == ()
    assert case_of(world).priority is Priority.URGENT
    assert (stored(world).escalations, stored(world).promise.latest_on) == (1, date(2026, 12, 11))
    # It is midnight in London: people know, and the customer hears of it in the morning.
    assert messages(world, "dispute.escalated") == []
    morning = tell_at(world)
    assert not is_quiet(morning, LONDON)
    assert morning - ENDS_AT < timedelta(hours=10)
    assert work_off(world, morning - timedelta(milliseconds=1)) == ()
    (done,) = work_off(world, morning)
    assert (done.event, done.keys) == (Event.LATE_DATE_TOLD, {"account_id": ACCOUNT})
    assert {entry["facts"]["promised_on"] for entry in messages(world, "dispute.escalated")} == {"2026-12-11"}
    assert len(messages(world, "dispute.escalated")) == 2
    assert work_off(world, morning) == ()
    (done,) = work_off(world, ENDS_AT + timedelta(days=4))
    assert (done.event, done.keys["count"]) == (Event.DISPUTE_OVERDUE, 2)


def test_a_date_that_is_seen_to_have_passed_by_day_is_told_at_once(world: MoneyWorld) -> None:
    report(world)
    work_off(world, BY_DAY)
    assert len(messages(world, "dispute.escalated")) == 2
    assert stored(world).tell_at is None


def test_an_answer_in_the_night_takes_the_word_of_the_morning_away(world: MoneyWorld) -> None:
    report(world)
    work_off(world, ENDS_AT)
    morning = tell_at(world)
    close(world)
    assert work_off(world, morning) == ()
    assert messages(world, "dispute.escalated") == []
    assert stored(world).tell_at is None


def test_a_customer_who_has_moved_on_into_the_night_is_told_in_their_own_morning(world: MoneyWorld) -> None:
    report(world)
    work_off(world, ENDS_AT)
    morning = tell_at(world)
    moved_on = AccountDescribed(9, "en-US", "America/Los_Angeles", "Ada Fictional", (), two_step=False)
    world.tell_accounts(told("account.opened", moved_on, after_s=9, fact_id="moved-on"))
    assert work_off(world, morning) == ()
    assert not is_quiet(tell_at(world), ZoneInfo("America/Los_Angeles"))


def test_a_payment_is_not_offered_while_its_dispute_runs_and_is_after_its_end(world: MoneyWorld) -> None:
    """A request beside it is refused in the same words, for any reason."""
    assert world.offer().outcome is OfferOutcome.OFFERED
    reported = world.ask(RefundReason.UNAUTHORISED)
    offered = world.offer()
    assert (offered.outcome, offered.decided_by) == (OfferOutcome.NOT_ELIGIBLE, "movement.disputed")
    assert offered.promise == reported.promise
    assert world.ask(request_key="request-2").outcome is RefundOutcome.ROUTE_DISPUTE
    close(world)
    assert world.offer().outcome is OfferOutcome.OFFERED


def test_a_dispute_whose_case_was_closed_has_its_answer(world: MoneyWorld) -> None:
    report(world)
    close(world)
    assert work_off(world, ENDS_AT) == ()
    item = world.store.get(KEY)
    assert item is not None
    assert "due_sk" not in item
    assert messages(world, "dispute.escalated") == []


@pytest.mark.parametrize("reopened", [False, True])
def test_a_payment_that_is_reported_after_its_answer_is_disputed_anew(world: MoneyWorld, reopened: bool) -> None:
    first = report(world)
    close(world)
    world.now = ENDS_AT
    work_off(world, ENDS_AT)
    if reopened:
        as_agent(world, cases.contribute_reopen)
    world.call_in()
    again = report(world, request_key="request-2")
    assert (again.recorded, again.case_id == first.case_id) == (True, reopened)
    assert again.promised_on == date(2026, 12, 22)


def test_nobody_waits_for_an_answer_on_an_account_that_is_erased(world: MoneyWorld) -> None:
    report(world)
    world.store.transact([Put(lock_key(ACCOUNT), {"erased": True, "version": 9})], token="erasure-of-the-account")
    before = len(world.entries())
    assert work_off(world, ENDS_AT) == ()
    assert len(world.entries()) == before


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("what", ["report", "escalation"])
def test_a_crash_at_the_write_leaves_one_dispute_one_word_and_one_date(
    world: MoneyWorld, what: str, after: bool
) -> None:
    if what == "escalation":
        report(world)
    strike = once(Unavailable(), on="transact")
    assert isinstance(world.store, MemoryStore)
    world.store.before, world.store.after = (None, strike) if after else (strike, None)
    for _ in range(3):
        try:
            report(world) if what == "report" else work_off(world, BY_DAY)
        except (Unavailable, Stale):
            continue
    kind = "dispute.noted" if what == "report" else "dispute.escalated"
    assert len(messages(world, kind)) == 2
    assert stored(world).escalations == (what == "escalation")
    entries = cases.read_case(world.store, stored(world).case_id)
    assert entries is not None
    assert len(entries[1]) == (1 if what == "report" else 2)


# ---------------------------------------------------------------- the day that the case tells its customer


def day_told(world: MoneyWorld, at: datetime) -> date | None:
    """The promised day that the customer reads beside the case at an instant."""
    (case,) = cases.list_told(world.store, ACCOUNT, at).cases
    assert case.due_at is None
    return case.answer_by


def end_of(dispute: Dispute) -> datetime:
    """The end of the promised day, as the clock tells it: in UTC."""
    return dispute.ends_at.astimezone(UTC)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_a_case_tells_the_promised_day_until_it_ends_where_the_customer_is_and_then_the_new_one(zone: str) -> None:
    world = MoneyWorld(MemoryStore())
    world.give_profile(time_zone=zone)
    world.tell(moved(MovementStatus.SUCCEEDED))
    report(world)
    first = stored(world)
    assert day_told(world, world.now) == first.promise.latest_on
    assert day_told(world, end_of(first) - timedelta(milliseconds=1)) == first.promise.latest_on
    assert day_told(world, end_of(first)) is None
    assert work_off(world, end_of(first))
    second = stored(world)
    assert second.promise.latest_on > first.promise.latest_on
    assert day_told(world, end_of(first)) == second.promise.latest_on
    assert day_told(world, end_of(second) - timedelta(milliseconds=1)) == second.promise.latest_on


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_of_two_disputes_the_case_tells_the_next_day_while_one_is_to_come(zone: str) -> None:
    world = MoneyWorld(MemoryStore())
    world.give_profile(time_zone=zone)
    world.tell(moved(MovementStatus.SUCCEEDED), moved(MovementStatus.SUCCEEDED, "mov_2"))
    report(world)
    world.now += timedelta(days=3)
    world.call_in()
    report(world, movement_id="mov_2", request_key="request-2")
    first, item = stored(world), world.store.get(dispute_key(ACCOUNT, "mov_2"))
    assert item is not None
    other = dispute_from(item)
    assert end_of(first) < end_of(other)
    assert day_told(world, world.now) == first.promise.latest_on
    assert day_told(world, end_of(first)) == other.promise.latest_on
    work_off(world, end_of(first))
    assert end_of(stored(world)) > end_of(other)
    assert day_told(world, end_of(first)) == other.promise.latest_on
    assert day_told(world, end_of(other)) == stored(world).promise.latest_on
