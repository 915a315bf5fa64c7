"""The phone's steps about balance, bills and reminders, with the demo wallet's customers on the in-memory store."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from hotline.contracts.model import BillTold, Fact, FundsTold
from hotline.contracts.schemas import parse
from hotline.intake.service import fold
from hotline.kit.doors import Context
from hotline.kit.money import Money
from hotline.payments.service import are_on, reminders_key
from hotline_local.demo import seed_facts
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.phone import Phone, context

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHOPPER, LOCKED, TWO_STEP = "+8613800000004", "+8613800000001", "+12025550113"
ACCOUNT: Final = "acct-demo-04"
TODAY: Final = date(2026, 11, 23)
DAY: Final = timedelta(days=1)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(VirtualClock(NOW))


@pytest.fixture
def ctx(store: MemoryStore) -> Context:
    made = context(store, VirtualClock(NOW))
    for detail in seed_facts(NOW):
        fold(made, [parse(detail)])
    return made


def proved(ctx: Context, number: str, language: str = "zh-CN") -> Phone:
    phone = Phone(ctx, number)
    phone.press("start")
    phone.prove(goal="look")
    phone.press("set_language", language=language)
    return phone


def said(answer: dict[str, str]) -> str:
    return "".join(
        re.sub(r"<[^>]*>", "", answer[key]) for key in ("prompt", "prompt_2", "prompt_3") if answer.get(key, "-") != "-"
    )


def bill(ctx: Context, bill_id: str, due_on: date, *, paid: bool = False, version: int = 1) -> None:
    data = BillTold(bill_id, version, f"商家{bill_id}", Money(1250, "CNY"), due_on, paid)
    name = "bill.paid" if paid else "bill.issued"
    fold(ctx, [Fact(f"fact-{bill_id}-{version}", name, "wallet", NOW - timedelta(minutes=1), ACCOUNT, data)])


@pytest.mark.parametrize("step", ["balance", "bills", "reminders"])
def test_nothing_of_an_account_is_told_before_proof(ctx: Context, step: str) -> None:
    phone = Phone(ctx, SHOPPER)
    phone.press("start")
    assert phone.press(step)["outcome"] == "NEED_PROOF"
    assert phone.press("set_reminders", wish="off")["outcome"] == "NEED_PROOF"


def test_a_step_about_funds_and_bills_needs_two_reads_and_one_transaction_at_most(
    ctx: Context, store: MemoryStore
) -> None:
    phone = proved(ctx, SHOPPER)

    def cost(step: str, **inputs: str) -> tuple[int, int]:
        before = (store.reads, store.transactions)
        assert phone.press(step, **inputs)["outcome"] not in ("INVALID", "TRY_LATER", "NEED_PROOF")
        return store.reads - before[0], store.transactions - before[1]

    assert cost("reminders") == (2, 0)
    assert cost("balance") == (2, 1)
    assert cost("bills") == (2, 0)
    assert cost("set_reminders", wish="off") == (2, 1)
    assert cost("set_reminders", wish="on") == (2, 1)


def test_a_balance_is_told_with_its_time_and_the_income_of_its_day(ctx: Context) -> None:
    told = said(proved(ctx, SHOPPER).press("balance"))
    assert "您的余额是12880元5角。" in told
    assert "11月22日的收益是8角6分。" in told
    assert told.startswith("截至")


def test_a_fresh_balance_is_told_without_its_time(ctx: Context) -> None:
    data = FundsTold(9, Money(500, "CNY"), Money(0, "CNY"), NOW - timedelta(minutes=1))
    fold(ctx, [Fact("fresh", "funds.balance_changed", "wallet", NOW - timedelta(minutes=1), ACCOUNT, data)])
    assert said(proved(ctx, SHOPPER).press("balance")) == "您的余额是5元。"


def test_an_account_without_funds_is_sent_to_the_app(ctx: Context) -> None:
    answer = proved(ctx, LOCKED).press("balance")
    assert (answer["outcome"], "应用" in said(answer)) == ("NONE", True)


def test_the_next_three_bills_are_told_the_late_ones_first_and_the_others_are_not(ctx: Context) -> None:
    for bill_id, days in (("C", 3), ("A", -2), ("D", 9), ("B", 0)):
        bill(ctx, bill_id, TODAY + days * DAY)
    bill(ctx, "old", TODAY - 91 * DAY)
    answer = proved(ctx, SHOPPER).press("bills")
    told = said(answer)
    assert answer["outcome"] == "DUE"
    assert told.index("商家A") < told.index("商家B") < told.index("商家C")
    assert "已经逾期" in told
    assert "今天到期" in told
    assert "最早到期" in told
    for left_out in ("商家D", "商家old", "演示燃气"):
        assert left_out not in told


def test_a_bill_that_was_paid_is_told_as_paid_until_its_biller_shows_it(ctx: Context) -> None:
    bill(ctx, "E", TODAY + DAY)
    assert "商家E" in said(proved(ctx, SHOPPER).press("bills"))
    bill(ctx, "E", TODAY + DAY, paid=True, version=2)
    told = said(proved(ctx, SHOPPER).press("bills"))
    assert "商家E的账单已经收到您的付款，对方一般3天内显示。" in told
    assert "明天到期" not in told


def test_an_account_without_bills_has_none_to_pay(ctx: Context) -> None:
    answer = proved(ctx, LOCKED).press("bills")
    assert (answer["outcome"], said(answer)) == ("NONE", "最近90天没有要付的账单。")


def test_reminders_are_switched_once_for_a_delivery_that_comes_twice(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx, SHOPPER)
    assert phone.press("reminders")["outcome"] == "ON"
    again = phone.event("set_reminders", wish="off")
    assert phone.deliver(again)["outcome"] == "OFF"
    phone.deliver(phone.event("set_reminders", wish="on"))
    assert are_on(store.get(reminders_key(ACCOUNT))) is True
    assert phone.deliver(again)["outcome"] == "OFF"
    item = store.get(reminders_key(ACCOUNT))
    assert item is not None
    assert (are_on(item), item["by"], item["rev"]) == (True, "phone", 2)
    assert phone.press("reminders")["outcome"] == "ON"


@pytest.mark.parametrize("wish", ["", "OFF", "maybe"])
def test_a_wish_is_on_or_off(ctx: Context, wish: str) -> None:
    assert proved(ctx, SHOPPER).press("set_reminders", wish=wish)["outcome"] == "INVALID"


def test_one_code_is_enough_to_look_and_to_switch_reminders_where_two_move_money(ctx: Context) -> None:
    phone = proved(ctx, TWO_STEP, "en-US")
    assert phone.press("balance")["outcome"] == "KNOWN"
    assert phone.press("set_reminders", wish="off")["outcome"] == "OFF"
