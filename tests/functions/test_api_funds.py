"""Stored funds over the API: the balance with its time, the income with its date, in words too."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from hotline.contracts.model import AnnualRate, DayIncome, Fact, FundDay, FundsProduct, FundsTold, MonthIncome
from hotline.kit.money import Money
from tests.support.api_world import ACCOUNT, OTHER, ApiWorld
from tests.support.phone import give

PATH: Final = "/v1/me/funds"
DAY: Final = date(2026, 11, 22)


def tell(world: ApiWorld, *, account_id: str = ACCOUNT, version: int = 1, **own: Any) -> None:
    at = world.clock.now() - timedelta(minutes=1)
    stated: dict[str, Any] = {
        "balance": Money(1_288_050, "CNY"),
        "accrued_interest": Money(0, "CNY"),
        "as_of": at,
    } | own
    data = FundsTold(version=version, **stated)
    give(world.ctx, [Fact(f"funds-{version}", "funds.balance_changed", "wallet", at, account_id, data)])


def test_the_balance_comes_with_all_that_the_wallet_told_of_it(world: ApiWorld) -> None:
    tell(
        world,
        accrued_interest=Money(0, "CNY"),
        income_of_day=DayIncome(DAY, Money(86, "CNY")),
        income_of_month=MonthIncome(date(2026, 11, 1), Money(1_893, "CNY")),
        product=FundsProduct("money_fund", "act_365", AnnualRate(DAY, 24_370), FundDay(DAY, 6_680, 24_370)),
    )
    answer = world.client().ask("GET", PATH, headers={"Accept-Language": "zh-CN"})
    assert answer.status == 200
    assert answer.json | {"as_of": "-"} == {
        "balance": {"minor": 1_288_050, "currency": "CNY"},
        "accrued_interest": {"minor": 0, "currency": "CNY"},
        "as_of": "-",
        "income_of_day": {"on": "2026-11-22", "amount": {"minor": 86, "currency": "CNY"}, "computed": False},
        "income_of_month": {"month": "2026-11", "amount": {"minor": 1_893, "currency": "CNY"}},
        "product": {
            "kind": "money_fund",
            "rate_on": "2026-11-22",
            "annual_ppm": 24_370,
            "fund_day": {"on": "2026-11-22", "income_e4": 6_680, "seven_day_ppm": 24_370},
        },
        "text": "您的余额是12,880.50元。11月22日的收益是0.86元。本月到现在收益18.93元。"
        "11月22日七日年化2.437%，不代表以后。",
    }


def test_one_day_is_computed_from_a_rate_and_told_of_that_day_alone(world: ApiWorld) -> None:
    tell(world, product=FundsProduct("deposit", None, AnnualRate(DAY, 15_000)))
    answer = world.client().ask("GET", PATH, headers={"Accept-Language": "en-US"})
    # 1,288,050 fen x 1.5 % / 360 = 53.66 fen, cut.
    assert answer.json["income_of_day"] == {
        "on": "2026-11-22",
        "amount": {"minor": 53, "currency": "CNY"},
        "computed": True,
    }
    assert "At the rate of November 22" in answer.json["text"]
    assert "would have earned" in answer.json["text"]


def test_a_plain_balance_is_told_as_of_its_time_once_it_is_not_fresh(world: ApiWorld) -> None:
    tell(world)
    assert world.client().ask("GET", PATH, headers={"Accept-Language": "en-US"}).json["text"] == (
        "Your balance is CNY 12,880.50."
    )
    world.clock.advance(timedelta(minutes=5))
    assert world.client().ask("GET", PATH, headers={"Accept-Language": "en-US"}).json["text"].startswith("As of ")


def test_nobody_sees_the_funds_of_another_account_and_an_account_without_any_has_none(world: ApiWorld) -> None:
    tell(world, account_id=OTHER)
    assert (answer := world.client().ask("GET", PATH)).status == 404
    assert answer.code == "not_found"


def test_funds_need_a_fresh_sign_in_and_the_scope(world: ApiWorld) -> None:
    tell(world)
    stale = world.stale_client().ask("GET", PATH)
    assert (stale.status, stale.json["operation"]) == (401, "read")
    assert world.client(scopes=("refund.read",)).ask("GET", PATH).status == 403
