"""Bills as they are told: what is due, what is late, and what was paid and may not show at its biller yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Final

from .model import Bill, BillState

TOLD_MAX: Final = 3
"""So many are read out; a listener keeps no more in mind."""
LATE_TOLD_FOR: Final = timedelta(days=90)
"""A bill that was due longer ago is a matter between customer and biller, and is not read out any more."""
SHOWN_WITHIN_DAYS: Final = 3
"""Within how many days of a payment a biller shows it, where the wallet does not say."""


@dataclass(frozen=True, slots=True)
class BillsTold:
    """Bills to tell of by phone. `due`: those to be paid, the earliest first. `paid`: the latest one that was paid and
    may not show at its biller yet. `more`: others are due that are left out."""

    due: tuple[Bill, ...]
    paid: Bill | None
    more: bool


def state_of(bill: Bill, today: date) -> BillState:
    """The state of a bill on a day in the zone of its account."""
    if bill.paid:
        return BillState.PAID
    return BillState.OVERDUE if bill.due_on < today else BillState.DUE


def days_until_shown(bill: Bill) -> int:
    """Within how many days of its payment the biller shows it."""
    return bill.shown_within_days or SHOWN_WITHIN_DAYS


def select_bills(bills: Iterable[Bill], today: date, zone: tzinfo) -> BillsTold:
    """The bills to tell of, of those that are due from `today - LATE_TOLD_FOR` on. `zone`: the account's."""
    known = sorted(bills, key=lambda bill: (bill.due_on, bill.bill_id))
    due = [bill for bill in known if not bill.paid]
    paid = [
        bill for bill in known if bill.paid and today <= _paid_on(bill, zone) + timedelta(days=days_until_shown(bill))
    ]
    latest = max(paid, key=lambda bill: bill.paid_at or bill.fact_version.time, default=None)
    return BillsTold(tuple(due[:TOLD_MAX]), latest, more=len(due) > TOLD_MAX)


def _paid_on(bill: Bill, zone: tzinfo) -> date:
    return (bill.paid_at or bill.fact_version.time).astimezone(zone).date()
