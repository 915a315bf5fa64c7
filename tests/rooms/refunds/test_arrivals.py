"""A refund that has arrived: its customer hears of it once, by day, and nobody hears of history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from hotline.contracts.model import Fact, MovementStatus, RefundStatus
from hotline.kit.due import Done
from hotline.kit.logging import Event
from hotline.kit.money import Money
from hotline.kit.quiet_hours import is_quiet
from hotline.kit.store import Put
from hotline.kit.store.condition import Item
from hotline.lockout.items import lock_key
from hotline.refunds import items
from hotline.refunds.folds import TOLD_FOR
from hotline.refunds.model import RefundState
from hotline.wording.messages import plain_text
from hotline.wording.values import locale_of
from tests.rooms.refunds.test_clocks import work_off
from tests.support.money_world import ACCOUNT, MoneyWorld, moved, published, refunded

R = RefundStatus
LONDON = ZoneInfo("Europe/London")
A_DAY_S = 24 * 3600.0


def ask(world: MoneyWorld) -> str:
    return world.ask().refund_id or ""


def settled(refund_id: str, *, version: int = 2, after_s: float = 60) -> Fact:
    return refunded(R.SETTLED, refund_id, minor=12850, version=version, after_s=after_s)


def work(world: MoneyWorld, refund_id: str) -> list[Event]:
    done: tuple[Done, ...] = work_off(world, items.refund_key(ACCOUNT, refund_id), world.now)
    return [one.event for one in done]


def messages(world: MoneyWorld) -> list[Item]:
    return [entry for entry in world.entries() if entry["kind"] == "refund.arrived"]


def test_a_customer_hears_once_that_a_refund_has_arrived(world: MoneyWorld) -> None:
    refund_id = ask(world)
    world.tell(settled(refund_id))
    assert messages(world) == [], "a fact only makes it due"
    assert work(world, refund_id) == [Event.REFUND_ARRIVED]
    assert [entry["channel"] for entry in messages(world)] == ["email", "sms"]
    assert items.falls_due_at(world.refund(refund_id)) is None
    world.tell(settled(refund_id), settled(refund_id, version=3, after_s=120))
    assert work(world, refund_id) == []
    assert len(messages(world)) == 2


def test_an_arrival_is_told_once_whatever_the_order_of_the_facts(world: MoneyWorld) -> None:
    refund_id = ask(world)
    sent = refunded(R.SENT, refund_id, minor=12850)
    for order in permutations((sent, refunded(R.UNKNOWN, refund_id, minor=12850, version=2), settled(refund_id))):
        for fact in order:
            world.tell(fact)
            work(world, refund_id)
    assert len(messages(world)) == 2


def test_an_arrival_that_a_return_overtakes_within_the_minute_is_not_told(world: MoneyWorld) -> None:
    refund_id = ask(world)
    world.tell(settled(refund_id), refunded(R.RETURNED, refund_id, minor=12850, version=3, after_s=90))
    assert work(world, refund_id) == [Event.REFUND_UNPAID]
    assert messages(world) == []


def test_money_that_came_back_and_arrives_by_another_way_is_told_again(world: MoneyWorld) -> None:
    refund_id = ask(world)
    world.tell(settled(refund_id))
    work(world, refund_id)
    world.tell(refunded(R.RETURNED, refund_id, minor=12850, version=3, after_s=90))
    work(world, refund_id)
    world.pay_otherwise(refund_id)
    world.tell(settled(refund_id, version=4, after_s=A_DAY_S))
    world.now += timedelta(days=1)
    assert work(world, refund_id) == [Event.REFUND_ARRIVED]
    assert len(messages(world)) == 4


def test_an_arrival_of_the_night_is_told_in_the_morning(world: MoneyWorld) -> None:
    refund_id = ask(world)
    world.tell(settled(refund_id))
    world.now = datetime(2026, 11, 24, 2, tzinfo=UTC)
    assert work(world, refund_id) == []
    due_at = datetime.fromisoformat(str((world.item(f"REFUND#{refund_id}") or {})["due_sk"]).partition("#")[0])
    assert not is_quiet(due_at, LONDON)
    assert due_at.astimezone(LONDON).hour < 10
    world.now = due_at - timedelta(milliseconds=1)
    assert work(world, refund_id) == []
    world.now = due_at
    assert work(world, refund_id) == [Event.REFUND_ARRIVED]


@pytest.mark.parametrize("seconds", [0, 1])
def test_an_arrival_of_long_ago_is_history(world: MoneyWorld, seconds: int) -> None:
    refund_id = ask(world)
    fact = settled(refund_id)
    world.tell(fact)
    world.now = fact.time + TOLD_FOR + timedelta(seconds=seconds)
    assert work(world, refund_id) == ([] if seconds else [Event.REFUND_ARRIVED])
    assert items.falls_due_at(world.refund(refund_id)) is None
    assert len(messages(world)) == (0 if seconds else 2)


def test_of_a_refund_that_the_wallet_made_by_itself_nobody_was_promised_anything(world: MoneyWorld) -> None:
    world.tell(refunded(R.SENT))
    world.tell(settled("ref_1"))
    assert items.falls_due_at(world.refund("ref_1")) is None
    assert work(world, "ref_1") == []


def test_a_refund_that_failed_before_and_was_told_so_is_told_of_when_it_arrives(world: MoneyWorld) -> None:
    """The wallet made it by itself."""
    world.tell(refunded(R.FAILED))
    assert work(world, "ref_1") == [Event.REFUND_UNPAID]
    world.tell(refunded(R.SETTLED, version=2, after_s=60))
    assert work(world, "ref_1") == [Event.REFUND_ARRIVED]


def test_beside_a_reversed_payment_people_speak_of_the_arrival(world: MoneyWorld) -> None:
    refund_id = ask(world)
    world.tell(settled(refund_id), moved(MovementStatus.REVERSED, version=2))
    assert work(world, refund_id) == [Event.REFUND_PAID_TWICE]
    assert work(world, refund_id) == []
    assert messages(world) == []


def test_of_an_erased_account_nobody_is_told(world: MoneyWorld) -> None:
    refund_id = ask(world)
    world.tell(settled(refund_id))
    world.store.transact([Put(lock_key(ACCOUNT), {"erased": True, "version": 9})], token="erasure-of-the-account")
    assert work(world, refund_id) == []
    assert (messages(world), items.falls_due_at(world.refund(refund_id))) == ([], None)


def test_an_arrival_that_was_stored_before_it_was_told_is_no_news_after_a_month(world: MoneyWorld) -> None:
    """A fact of then comes again from a wallet that is loaded anew."""
    refund_id = ask(world)
    world.tell(settled(refund_id))
    world.now += TOLD_FOR + timedelta(days=1)
    world.tell(settled(refund_id, version=3))
    assert work(world, refund_id) == []
    assert world.refund(refund_id).state is RefundState.SUCCEEDED
    assert messages(world) == []


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_the_message_names_the_shop_and_the_reference(language: str) -> None:
    words = {"amount": Money(12850, "CNY"), "merchant": "Tea House", "refund_reference": "123456"}
    locale = locale_of(language, "Europe/London", datetime(2026, 11, 24, tzinfo=UTC))
    text = plain_text("message.refund.arrived", words, locale)
    assert "Tea House" in text
    assert "123456" in text


def test_an_arrival_that_was_stored_before_arrivals_were_told_is_not_told_now(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(MovementStatus.SUCCEEDED))
    money.tell(published(auto_approve_minor=50_000))
    refund_id = money.ask().refund_id or ""
    money.tell(refunded(RefundStatus.SETTLED, refund_id, minor=12850))
    item = items.refund_item(replace(money.refund(refund_id), arrival_told=True))
    stored = {name: value for name, value in item.items() if name != "arrival_told"}
    assert "due_sk" not in stored
    assert items.refund_from(stored).arrival_told
    assert items.falls_due_at(items.refund_from(stored)) is None
