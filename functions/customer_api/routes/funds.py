"""The bearer's stored funds: balance and income, each with its time, and nothing of a day to come."""

from __future__ import annotations

from functions.customer_api.routes.payments import amount_of
from functions.customer_api.shapes.funds import DayIncome, FundDay, Funds, MonthIncome, Product
from functions.customer_api.visits import desk, router
from functions.http import words
from functions.http.problems import Problem
from hotline.identity.service import Operation
from hotline.kit.clock import zone_of
from hotline.payments import service as payments


@router.get("/v1/me/funds", tags=["funds"], operation_id="read_funds")
def read_funds() -> Funds:
    """The balance as of its time, and the income of the last day and of a month, as far as the wallet tells them."""
    at = desk()
    visit = at.visit((payments.funds_key(at.bearer.sign_in.account_id),))
    visit.allow(Operation.READ)
    funds = visit.read.decode(payments.funds_key(visit.account_id), payments.funds_from)
    if funds is None:
        raise Problem("not_found")
    income, month, product = payments.find_income_of_day(funds), funds.income_of_month, funds.product
    facts = payments.list_funds_facts(funds, visit.now, zone_of(visit.session.profile.time_zone))
    rate, day = (product.rate, product.fund_day) if product is not None else (None, None)
    return Funds(
        balance=amount_of(funds.balance),
        accrued_interest=amount_of(funds.accrued_interest),
        as_of=funds.as_of,
        income_of_day=DayIncome(on=income.on, amount=amount_of(income.amount), computed=income.is_computed)
        if income
        else None,
        income_of_month=MonthIncome(month=f"{month.month:%Y-%m}", amount=amount_of(month.amount)) if month else None,
        product=Product(
            kind=product.kind,
            rate_on=rate.on if rate is not None else None,
            annual_ppm=rate.annual_ppm if rate is not None else None,
            fund_day=FundDay(on=day.on, income_e4=day.income_e4, seven_day_ppm=day.seven_day_ppm) if day else None,
        )
        if product
        else None,
        text=words.of_funds(facts, visit.speak()),
    )
