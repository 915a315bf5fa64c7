"""Money at the desk beside refunds: funds and bills, what was given back, who sent it, and coupons; amounts masked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from hotline.contracts.model import (
    AnnualRate,
    Coupon,
    DayIncome,
    FundDay,
    FundsProduct,
    FundsTold,
    MonthIncome,
    MovementKind,
    MovementStatus,
    RefundStatus,
)
from hotline.kit.money import Money
from tests.support.agent_client import AgentClient
from tests.support.agent_world import AgentWorld
from tests.support.api_client import Answered, Client
from tests.support.money_world import ACCOUNT, NOON, billed, moved, refunded, told
from tests.support.phone import give

WHY: Final = {"reason": "customer_asked"}


def claim(world: AgentWorld, agent: AgentClient) -> str:
    case_id = world.open_case()
    assert agent.post(f"/cases/{case_id}/claim").status == 200
    return case_id


def unmask(agent: AgentClient, case_id: str, field: str, item_id: str) -> Answered:
    return agent.post(f"/cases/{case_id}/unmaskings", {**WHY, "field": field, "item_id": item_id})


def tell_funds(world: AgentWorld, **own: Any) -> None:
    stated: dict[str, Any] = {
        "balance": Money(1_288_050, "CNY"),
        "accrued_interest": Money(250, "CNY"),
        "as_of": world.clock.now() - timedelta(minutes=1),
    }
    give(world.ctx, [told("funds.balance_changed", FundsTold(version=1, **(stated | own)))])


def test_funds_come_with_their_times_and_each_amount_is_shown_on_request(world: AgentWorld, anna: AgentClient) -> None:
    day = date(2026, 11, 22)
    tell_funds(
        world,
        income_of_day=DayIncome(day, Money(86, "CNY")),
        income_of_month=MonthIncome(date(2026, 11, 1), Money(1_893, "CNY")),
        product=FundsProduct("money_fund", "act_365", AnnualRate(day, 24_370), FundDay(day, 6_677, None)),
    )
    case_id = claim(world, anna)
    funds = anna.look(case_id, "funds").json
    assert funds["product"] == {
        "kind": "money_fund",
        "rate_on": "2026-11-22",
        "annual_ppm": 24_370,
        "fund_day": {"on": "2026-11-22", "income_e4": 6_677, "seven_day_ppm": None},
    }
    assert funds["as_of"] == "2026-11-23T11:59:00Z"
    told_of = {one.pop("name"): one for one in funds["amounts"]}
    plain = {"on": None, "month": None, "computed": False}
    assert told_of == {
        "balance": plain,
        "accrued_interest": plain,
        "income_of_day": {**plain, "on": "2026-11-22"},
        "income_of_month": {**plain, "month": "2026-11"},
    }
    assert "1288050" not in str(funds)
    shown = {name: unmask(anna, case_id, "funds_amount", name).json["amount"]["minor"] for name in told_of}
    assert shown == {"balance": 1_288_050, "accrued_interest": 250, "income_of_day": 86, "income_of_month": 1_893}
    seen = [entry["facts"]["item_id"] for entry in world.audit() if entry["facts"].get("value") == "funds_amount"]
    assert sorted(map(str, seen)) == sorted(told_of)


def test_an_income_that_is_computed_says_so(world: AgentWorld, anna: AgentClient) -> None:
    tell_funds(world, product=FundsProduct("deposit", None, AnnualRate(date(2026, 11, 22), 15_000)))
    amounts = anna.look(claim(world, anna), "funds").json["amounts"]
    assert [one["computed"] for one in amounts if one["name"] == "income_of_day"] == [True]


def test_an_account_without_funds_has_none_to_show(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna)
    assert anna.look(case_id, "funds").json == {"as_of": None, "amounts": [], "product": None}
    assert anna.look(case_id, "bills").json == {"bills": [], "reminders": True, "next": None}
    assert unmask(anna, case_id, "funds_amount", "balance").status == 404


def test_bills_say_how_they_stand_and_their_amounts_are_shown_on_request(world: AgentWorld, anna: AgentClient) -> None:
    give(
        world.ctx,
        [
            billed(),
            billed(bill_id="bil_2", version=2, due_on=date(2026, 11, 20), biller="City Water"),
            billed(bill_id="bil_3", version=3, due_on=date(2026, 11, 10), paid=True),
        ],
    )
    case_id = claim(world, anna)
    listed = anna.look(case_id, "bills").json["bills"]
    assert [(one["id"], one["status"], one["shown_within_days"]) for one in listed] == [
        ("bil_1", "due", None),
        ("bil_2", "overdue", None),
        ("bil_3", "paid", 3),
    ]
    assert "1250" not in str(listed)
    assert unmask(anna, case_id, "bill_amount", listed[0]["item_id"]).json["amount"]["minor"] == 1250


def test_bills_are_read_by_pages_each_of_which_is_a_look(world: AgentWorld, anna: AgentClient) -> None:
    give(world.ctx, [billed(bill_id=f"bil_{day}", version=day, due_on=date(2026, 12, day)) for day in (1, 2, 3)])
    case_id = claim(world, anna)
    headers = {"Desk-Reason": "case"}
    first = anna.get(f"/cases/{case_id}/bills", query={"limit": "2"}, headers=headers).json
    second = anna.get(f"/cases/{case_id}/bills", query={"limit": "2", "cursor": first["next"]}, headers=headers).json
    assert [one["id"] for one in (*first["bills"], *second["bills"])] == ["bil_3", "bil_2", "bil_1"]
    assert second["next"] is None
    assert [entry["facts"]["part"] for entry in world.audit() if entry["facts"].get("part")] == ["bills", "bills"]


@pytest.mark.parametrize(
    ("field", "item_id"),
    [
        ("bill_amount", "#PROFILE"),
        ("bill_amount", "BILL#2026-12-01#bil_9"),
        ("bill_amount", "BILL#2026-12-01"),
        ("bill_amount", "MOVE#2026-12-01#mov_1"),
        ("funds_amount", "as_of"),
        ("funds_amount", "income_of_month"),
    ],
)
def test_no_other_item_is_shown_as_funds_or_bill(
    world: AgentWorld, anna: AgentClient, field: str, item_id: str
) -> None:
    tell_funds(world)
    give(world.ctx, [billed()])
    assert unmask(anna, claim(world, anna), field, item_id).status == 404


def test_the_customers_choice_of_reminders_is_told(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna)
    customer = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now())
    assert customer.ask("PUT", "/v1/me/reminders", body={"on": False}).status == 200
    assert anna.look(case_id, "bills").json["reminders"] is False


def test_a_payment_tells_what_came_back_and_its_coupon(world: AgentWorld, anna: AgentClient) -> None:
    coupon = Coupon(applied=True, name="Autumn", amount=Money(500, "CNY"))
    give(world.ctx, [moved(MovementStatus.SUCCEEDED, coupon=coupon), refunded(RefundStatus.SETTLED, minor=5000)])
    case_id = claim(world, anna)
    (payment,) = anna.look(case_id, "payments").json["payments"]
    assert payment["given_back"] == "part"
    assert payment["coupon"] == {"applied": True, "name": "Autumn", "reason": None, "has_amount": True}
    for field, minor in (("given_back_amount", 5000), ("coupon_amount", 500)):
        assert unmask(anna, case_id, field, payment["item_id"]).json["amount"] == {"minor": minor, "currency": "CNY"}


def test_a_transfer_tells_the_first_character_of_its_other_side_and_nothing_came_back(
    world: AgentWorld, anna: AgentClient
) -> None:
    give(world.ctx, [moved(MovementStatus.SUCCEEDED, kind=MovementKind.TRANSFER, counterparty="Chen", merchant=None)])
    case_id = claim(world, anna)
    (payment,) = anna.look(case_id, "payments").json["payments"]
    assert (payment["counterparty"], payment["given_back"], payment["coupon"]) == ("C", "none", None)
    for field in ("given_back_amount", "coupon_amount"):
        assert unmask(anna, case_id, field, payment["item_id"]).status == 404


def test_a_withdrawal_tells_when_it_is_at_the_bank(world: AgentWorld, anna: AgentClient) -> None:
    sent = moved(MovementStatus.SUCCEEDED, kind=MovementKind.WITHDRAWAL, merchant=None)
    give(world.ctx, [sent, moved(MovementStatus.SUCCEEDED, "mov_2")])
    told = {one["id"]: one["arrival"] for one in anna.look(claim(world, anna), "payments").json["payments"]}
    assert told["mov_2"] is None
    assert told["mov_1"]["typical_on"] < told["mov_1"]["latest_on"]
    assert told["mov_1"]["certain"] is False


def test_a_withdrawal_that_has_arrived_tells_since_when(world: AgentWorld, anna: AgentClient) -> None:
    there_at = NOON - timedelta(days=38)
    ago_s = -timedelta(days=40).total_seconds()
    own: dict[str, Any] = {"kind": MovementKind.WITHDRAWAL, "merchant": None, "after_s": ago_s, "arrived_at": there_at}
    give(world.ctx, [moved(MovementStatus.SUCCEEDED, **own)])
    (told,) = anna.look(claim(world, anna), "payments").json["payments"]
    assert (told["arrival"], datetime.fromisoformat(told["arrived_at"])) == (None, there_at)
    assert told["next_step"] == "nothing"


def test_a_late_withdrawal_needs_a_person(world: AgentWorld, anna: AgentClient) -> None:
    days_ago_s = -timedelta(days=40).total_seconds()
    late = moved(MovementStatus.SUCCEEDED, kind=MovementKind.WITHDRAWAL, merchant=None, after_s=days_ago_s)
    give(world.ctx, [late])
    (told,) = anna.look(claim(world, anna), "payments").json["payments"]
    assert told["next_step"] == "speak_to_agent"
