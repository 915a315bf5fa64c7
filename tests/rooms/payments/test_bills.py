"""Bills as they are told by phone: those to be paid, and the latest that may not show at its biller yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from hotline.contracts.model import FactVersion
from hotline.kit.money import Money
from hotline.payments.bills import SHOWN_WITHIN_DAYS, TOLD_MAX, days_until_shown, select_bills, state_of
from hotline.payments.model import Bill, BillState
from tests.support.money_world import ACCOUNT, NOON
from tests.support.sweeps import sweep

TODAY: Final = NOON.date()
DAY: Final = timedelta(days=1)


def bill(bill_id: str = "bil_1", *, due_in: int = 0, **own: Any) -> Bill:
    """A bill that is due in so many days, as the wallet told of it at noon ten days ago."""
    version = FactVersion(1, NOON - 10 * DAY, f"fact-{bill_id}")
    made = Bill(ACCOUNT, bill_id, TODAY + due_in * DAY, "City Power", Money(1250, "CNY"), False, version, version.time)
    return replace(made, **own)


def paid(bill_id: str, paid_at: datetime | None, **own: Any) -> Bill:
    return bill(bill_id, paid=True, paid_at=paid_at, **own)


@sweep(
    ("due_in", "is_paid", "state"),
    [
        (-1, False, BillState.OVERDUE),
        (0, False, BillState.DUE),
        (1, False, BillState.DUE),
        (-1, True, BillState.PAID),
        (1, True, BillState.PAID),
    ],
)
def test_a_bill_is_late_from_the_day_after_its_due_date_unless_it_is_paid(
    due_in: int, is_paid: bool, state: BillState
) -> None:
    assert state_of(bill(due_in=due_in, paid=is_paid), TODAY) is state


@pytest.mark.parametrize(("count", "more"), [(TOLD_MAX - 1, False), (TOLD_MAX, False), (TOLD_MAX + 1, True)])
def test_the_earliest_bills_are_told_and_whether_there_are_others(count: int, more: bool) -> None:
    due = [bill(f"bil_{9 - number}", due_in=number - 1) for number in range(count)]
    told = select_bills(due[::-1], TODAY, UTC)
    assert (told.due, told.paid, told.more) == (tuple(due[:TOLD_MAX]), None, more)


def test_bills_of_one_day_are_told_in_the_order_of_their_ids() -> None:
    due = (bill("bil_a"), bill("bil_b"))
    assert select_bills(due, TODAY, UTC).due == select_bills(due[::-1], TODAY, UTC).due == due


def test_paid_bills_are_none_of_those_to_be_paid() -> None:
    told = select_bills([*(paid(f"bil_{number}", NOON) for number in range(TOLD_MAX)), bill("bil_9")], TODAY, UTC)
    assert ([one.bill_id for one in told.due], told.more) == (["bil_9"], False)


@pytest.mark.parametrize("within", [None, 1, SHOWN_WITHIN_DAYS + 4])
def test_a_paid_bill_is_told_until_its_biller_shows_it(within: int | None) -> None:
    """The wallet may say how long the biller takes."""
    days = within or SHOWN_WITHIN_DAYS
    assert days_until_shown(bill(shown_within_days=within)) == days
    last, over = (paid("bil_1", NOON - days_ago * DAY, shown_within_days=within) for days_ago in (days, days + 1))
    assert select_bills([last], TODAY, UTC).paid == last
    assert select_bills([over], TODAY, UTC).paid is None


def test_of_several_paid_bills_the_one_that_was_paid_last_is_told() -> None:
    early, late = paid("bil_z", NOON - DAY, due_in=5), paid("bil_a", NOON, due_in=-5)
    assert select_bills([early, late], TODAY, UTC).paid == select_bills([late, early], TODAY, UTC).paid == late


def test_a_bill_whose_payment_has_no_time_was_paid_when_the_wallet_told_of_it() -> None:
    told_today = FactVersion(2, NOON, "fact-2")
    timeless = paid("bil_1", None, fact_version=told_today)
    assert select_bills([timeless, paid("bil_2", NOON - DAY)], TODAY, UTC).paid == timeless
    assert select_bills([paid("bil_1", None)], TODAY, UTC).paid is None, "ten days ago"
    # A later fact about the bill does not make its payment later.
    repeated = paid("bil_1", NOON - DAY, fact_version=told_today)
    assert select_bills([repeated, late := paid("bil_2", NOON - DAY / 2)], TODAY, UTC).paid == late


def test_the_day_of_a_payment_is_that_of_the_account() -> None:
    """At 20:00 UTC it is the next day in Shanghai."""
    evening = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
    one = paid("bil_1", evening)
    last = date(2026, 11, 23) + SHOWN_WITHIN_DAYS * DAY
    assert select_bills([one], last + DAY, ZoneInfo("Asia/Shanghai")).paid == one
    assert select_bills([one], last + DAY, UTC).paid is None
