"""Messages that a clock begins, and no act of the customer, go out by day where the customer is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from hotline.accounts.service import profile_key
from hotline.contracts.model import AccountDescribed, ContactPointFact, MovementStatus, PointKind, RefundStatus
from hotline.kit.clock import from_text
from hotline.kit.due import Done
from hotline.kit.logging import Event
from hotline.kit.quiet_hours import is_quiet
from hotline.kit.store import Delete, Table
from hotline.kit.store.condition import Item
from hotline.refunds.model import RefundReason
from hotline.security.findings import Kind
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.words.catalogues import read_source, source_file
from tests.support.found import finding_of, take_step
from tests.support.money_world import ACCOUNT, MoneyWorld, billed, do_due, moved, published, refunded, told

BY_CLOCK: Final = "a clock"
BY_CUSTOMER: Final = "an act of the customer"
BY_PERSON: Final = "an act of a person at the desk"
BY_WALLET: Final = "a fact of the wallet"
BY_SCAN: Final = "the scan of a picture that the customer has just sent"
BEGUN_BY: Final[dict[str, str]] = {
    **dict.fromkeys(("bill.due", "bill.overdue", "refund.escalated", "refund.answer_late"), BY_CLOCK),
    **dict.fromkeys(("refund.evidence_reminder", "dispute.escalated", "findings.digest"), BY_CLOCK),
    **dict.fromkeys(("code", "reminders.off", "reminders.on", "unlock.asked", "reset.authorised"), BY_CUSTOMER),
    **dict.fromkeys(("pause.asked", "pause.end_asked", "freeze.asked", "unfreeze.asked"), BY_CUSTOMER),
    **dict.fromkeys(("pin.set", "pin.removed", "refund.in_review", "refund.evidence_link"), BY_CUSTOMER),
    **dict.fromkeys(("dispute.noted", "case.callback", "case.opened"), BY_CUSTOMER),
    **dict.fromkeys(("refund.evidence_received", "refund.evidence_refused"), BY_SCAN),
    **dict.fromkeys(("contact.gone_asked.phone", "contact.gone_asked.email", "refund.payout"), BY_PERSON),
    **dict.fromkeys(("refund.approved", "refund.denied", "freeze.by_agent", "pause.by_agent"), BY_PERSON),
    **dict.fromkeys(("lock.soft", "lock.hard", "hold.told", "hold.password", "freeze.told", "pause.told"), BY_WALLET),
    **dict.fromkeys(("hold.asked", "payment.went_through", "payment.not_taken", "payment.on_its_way"), BY_WALLET),
    **dict.fromkeys(("payment.held", "payment.comes_back", "payment.given_back"), BY_WALLET),
    **dict.fromkeys(("refund.failed", "refund.returned", "refund.stopped", "refund.arrived"), BY_WALLET),
}
"""Each kind of message, by what begins it. A kind that more than one thing begins stands with the one that a clock is
nearest to."""
WAITING: Final = frozenset({"refund.arrived"})
"""Messages of the wallet's news that wait for the day as well: nobody has to do anything about them."""
MESSAGE: Final = re.compile(r"message\..+\.subject")
NIGHTS: Final = timedelta(days=25)
HOUR: Final = timedelta(hours=1)


def send_money(world: MoneyWorld) -> None:
    refund_id = world.ask().refund_id or ""
    world.tell(refunded(RefundStatus.SENT, refund_id, minor=12850))


def wait_for_answer(world: MoneyWorld) -> None:
    world.tell(published(version=2, auto_approve_minor=0))
    world.ask()


def wait_for_picture(world: MoneyWorld) -> None:
    world.tell(published(version=2, auto_approve_minor=0))
    world.ask(RefundReason.DEFECTIVE)


def report(world: MoneyWorld) -> None:
    world.ask(RefundReason.UNAUTHORISED)


def owe(world: MoneyWorld) -> None:
    world.tell(billed(due_on=world.now.date() + timedelta(days=5)))


def arrive(world: MoneyWorld) -> None:
    refund_id = world.ask().refund_id or ""
    world.tell(refunded(RefundStatus.SETTLED, refund_id, minor=12850))


def be_attacked(world: MoneyWorld) -> None:
    finding = finding_of("finding-1", world.now, account_id=ACCOUNT)
    take_step(world.store, world.ids, world.now, Kind.RAISE, finding)


SCENES: Final[dict[str, Callable[[MoneyWorld], None]]] = {
    "bill.due": owe,
    "bill.overdue": owe,
    "refund.escalated": send_money,
    "refund.answer_late": wait_for_answer,
    "refund.evidence_reminder": wait_for_picture,
    "dispute.escalated": report,
    "refund.arrived": arrive,
    "findings.digest": be_attacked,
}


def test_each_kind_of_message_says_what_begins_it() -> None:
    ids = {entry.msgid for entry in read_source(source_file("en-US"))}
    kinds = {one.removeprefix("message.").removesuffix(".subject") for one in ids if MESSAGE.fullmatch(one)}
    assert set(BEGUN_BY) == kinds
    assert {kind for kind, begun_by in BEGUN_BY.items() if begun_by == BY_CLOCK} | WAITING == set(SCENES)


@pytest.fixture(params=["Asia/Shanghai", "America/Los_Angeles", "Europe/London"])
def world(request: pytest.FixtureRequest) -> MoneyWorld:
    """A customer in a zone, at a quarter past midnight there."""
    zone = ZoneInfo(request.param)
    made = MoneyWorld(MemoryStore())
    made.give_profile()
    points = tuple(
        ContactPointFact(kind, value, made.now - timedelta(days=400))
        for kind, value in ((PointKind.PHONE, "+447700900001"), (PointKind.EMAIL, "ada@customer.example"))
    )
    data = AccountDescribed(2, "en-US", request.param, "Ada Fictional", points, two_step=False)
    made.tell_accounts(told("account.opened", data, after_s=99, fact_id="in-a-zone"))
    made.tell(moved(MovementStatus.SUCCEEDED))
    made.tell(published(auto_approve_minor=10**6))
    made.now = datetime.combine(made.now.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
    made.now += timedelta(minutes=15)
    made.call_in()
    return made


def messages(world: MoneyWorld, kind: str) -> list[Item]:
    return [entry for entry in world.entries() if entry["kind"] == kind and entry["to"] == "message"]


@pytest.mark.parametrize("kind", SCENES)
def test_a_message_that_a_clock_begins_goes_out_by_day(
    world: MoneyWorld, kind: str, request: pytest.FixtureRequest
) -> None:
    zone, end = ZoneInfo(request.node.callspec.params["world"]), world.now + NIGHTS
    SCENES[kind](world)
    while world.now < end and not messages(world, kind):
        do_due(world, world.now)
        world.now += HOUR
    sent = messages(world, kind)
    assert sent, "it never went out"
    assert [entry["created_at"] for entry in sent if is_quiet(from_text(entry["created_at"]), zone)] == []


LOGGED: Final = {
    "refund.escalated": Event.LATE_DATE_TOLD,
    "refund.answer_late": Event.LATE_DATE_TOLD,
    "refund.evidence_reminder": Event.EVIDENCE_REMINDED,
    "dispute.escalated": Event.LATE_DATE_TOLD,
    "refund.arrived": Event.REFUND_ARRIVED,
}


@pytest.mark.parametrize("is_known", [True, False], ids=["with a contact point", "without one"])
@pytest.mark.parametrize("kind", LOGGED)
def test_the_log_says_that_a_customer_was_told_where_somebody_was(world: MoneyWorld, kind: str, is_known: bool) -> None:
    end = world.now + NIGHTS
    SCENES[kind](world)
    if not is_known:
        world.store.transact([Delete(profile_key(ACCOUNT))], token="nobody-to-be-told")
    done: list[Done] = []
    words = {LOGGED[kind], Event.NOBODY_TOLD}
    while world.now < end and not {one.event for one in done} & words:
        done += do_due(world, world.now)
        world.now += HOUR
    (word,) = (one for one in done if one.event in words)
    trail = {str(item["event"]) for item in audited(world)}
    if is_known:
        assert (word.event, word.keys) == (LOGGED[kind], {"account_id": ACCOUNT})
        assert len(messages(world, kind)) == 2
        assert trail & TOLD
    else:
        name = LOGGED[kind].name.lower()
        assert (word.event, word.keys) == (Event.NOBODY_TOLD, {"account_id": ACCOUNT, "kind": name})
        assert messages(world, kind) == []
        assert not trail & TOLD


TOLD: Final = {"refund.arrival_told", "refund.evidence_reminded", "refund.late_told", "dispute.late_told"}
"""Acts of the trail that say of a word that it was told."""


def audited(world: MoneyWorld) -> list[Item]:
    assert isinstance(world.store, MemoryStore)
    return [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("AUDIT#")]
