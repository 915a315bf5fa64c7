"""Stored funds and bills of a case's account: amounts are masked, and each look is in the audit trail."""

from __future__ import annotations

from typing import Final

from functions.agent_api.desk import DeskContact, desk, router
from functions.agent_api.routes.accounts import Cursor, DeskReason, Limit, look, look_context
from functions.agent_api.shapes.common import PAGE_DEFAULT
from functions.agent_api.shapes.funds import Bill, Bills, FundDay, Funds, FundsAmount, Product
from functions.http.cursors import cursor_of, position_of
from hotline.agents.model import Part
from hotline.agents.service import AgentRequest
from hotline.contracts.model import FundDay as KnownFundDay
from hotline.kit.clock import zone_of
from hotline.payments import service as payments
from hotline.payments.model import Bill as KnownBill
from hotline.payments.model import Funds as KnownFunds

_TAGS: Final = ["account"]


@router.get("/v1/agent/cases/<id>/funds", tags=_TAGS, operation_id="read_funds")
def read_funds(id: str, reason: DeskReason = None, contact: DeskContact = None) -> Funds:  # noqa: A002
    """Stored funds, as far as the wallet tells them: balance and income, each with its time."""
    request = look(id, Part.FUNDS, reason, contact)
    key = payments.funds_key(request.account_id)
    funds = request.read.decode(key, payments.funds_from)
    return _funds(funds) if funds is not None else Funds(as_of=None, amounts=[], product=None)


@router.get("/v1/agent/cases/<id>/bills", tags=_TAGS, operation_id="list_bills")
def list_bills(
    id: str,  # noqa: A002 - the name of the path's parameter
    reason: DeskReason = None,
    contact: DeskContact = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Bills:
    """Bills, paid or not, and how each stands."""
    at, request = desk(), look(id, Part.BILLS, reason, contact)
    context = look_context(request, Part.BILLS)
    after = position_of(cursor, at.lookup_keys, *context)
    page = payments.list_bills(at.ctx.store, request.account_id, limit=limit, after=after)
    choice = payments.reminders_key(request.account_id)
    return Bills(
        bills=[_bill(bill, request) for bill in page.bills],
        reminders=payments.are_on(request.read.get(choice)),
        next=cursor_of(page.next_after, at.lookup_keys, *context),
    )


def _funds(funds: KnownFunds) -> Funds:
    income, month, product = payments.find_income_of_day(funds), funds.income_of_month, funds.product
    rate = product.rate if product is not None else None
    return Funds(
        as_of=funds.as_of,
        amounts=[
            FundsAmount.model_validate(
                {
                    "name": name,
                    "on": income.on if income is not None and name == "income_of_day" else None,
                    "month": f"{month.month:%Y-%m}" if month is not None and name == "income_of_month" else None,
                    "computed": income is not None and income.is_computed and name == "income_of_day",
                }
            )
            for name in payments.list_funds_amounts(funds)
        ],
        product=Product(
            kind=product.kind,
            rate_on=rate.on if rate is not None else None,
            annual_ppm=rate.annual_ppm if rate is not None else None,
            fund_day=_fund_day(product.fund_day) if product.fund_day is not None else None,
        )
        if product is not None
        else None,
    )


def _fund_day(day: KnownFundDay) -> FundDay:
    return FundDay(on=day.on, income_e4=day.income_e4, seven_day_ppm=day.seven_day_ppm)


def _bill(bill: KnownBill, request: AgentRequest) -> Bill:
    profile = request.profile
    today = request.now.astimezone(zone_of(profile.time_zone if profile is not None else "UTC")).date()
    return Bill(
        id=bill.bill_id,
        item_id=bill.sk,
        biller=bill.biller,
        due_on=bill.due_on,
        status=payments.state_of(bill, today).value,
        shown_within_days=payments.days_until_shown(bill) if bill.paid else None,
    )
