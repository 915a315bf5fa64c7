"""Dates that the hotline promises, in business days. Pure.

A promise is a date by the UTC calendar, counted from the day after the request; Saturdays, Sundays and the given
holidays do not count. The figures are what providers state, taken on the safe side.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta

from hotline.contracts.vocabulary import kind_of

BALANCE_BUSINESS_DAYS = 1
"""To a wallet balance: at once (Alipay), within 20 minutes (WeChat Pay)."""
LINKED_BANK_CARD_BUSINESS_DAYS = 3
"""To a bank card linked to the wallet: up to 3 working days (WeChat Pay)."""
CARD_BUSINESS_DAYS = 10
"""To a payment card: 5 to 10 days (Razorpay); the cardholder should ask after 10 business days (Stripe)."""
BANK_ACCOUNT_BUSINESS_DAYS = 10
"""To a bank account: 2 to 10 days (Razorpay, netbanking)."""
OTHER_BUSINESS_DAYS = 10
REVIEW_BUSINESS_DAYS = 10
"""Until somebody has looked at a request: Regulation E (12 CFR 1005.11(c)) gives 10 business days to decide."""
ESCALATION_BUSINESS_DAYS = 3
"""After a broken promise: long enough for a person to ask the instrument's bank, and short, since it is the second."""

BUSINESS_DAYS: Mapping[str, int] = {
    "balance": BALANCE_BUSINESS_DAYS,
    "bank_card": LINKED_BANK_CARD_BUSINESS_DAYS,
    "card": CARD_BUSINESS_DAYS,
    "bank_account": BANK_ACCOUNT_BUSINESS_DAYS,
}
"""By the kind of instrument that the payment was made with (contracts.vocabulary); others: OTHER_BUSINESS_DAYS."""

_SATURDAY = 5


def add_business_days(start: date, days: int, *, holidays: Collection[date] = ()) -> date:
    """The date `days` business days after `start`."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY and day not in holidays:
            days -= 1
    return day


def arrival_promise(instrument_kind: str, now: datetime, *, holidays: Collection[date] = ()) -> date:
    """When an approved refund is on the instrument at the latest."""
    days = BUSINESS_DAYS.get(kind_of(instrument_kind) or instrument_kind, OTHER_BUSINESS_DAYS)
    return add_business_days(now.astimezone(UTC).date(), days, holidays=holidays)


def review_promise(now: datetime, *, holidays: Collection[date] = ()) -> date:
    """When a request in review has its answer at the latest."""
    return add_business_days(now.astimezone(UTC).date(), REVIEW_BUSINESS_DAYS, holidays=holidays)


def escalation_promise(now: datetime, *, holidays: Collection[date] = ()) -> date:
    """The new date of a refund whose promised date has passed."""
    return add_business_days(now.astimezone(UTC).date(), ESCALATION_BUSINESS_DAYS, holidays=holidays)


def date_to_expect(promised_on: date | None, sent_at: datetime | None) -> date | None:
    """The date to tell of a refund that is under way. It is the promised one or, of a refund that the wallet sent by
    itself, the latest that any instrument takes. None while nothing has been sent. A date that is told falls due,
    too."""
    if promised_on is not None or sent_at is None:
        return promised_on
    return add_business_days(sent_at.astimezone(UTC).date(), max(BUSINESS_DAYS.values()))


def due_at(promised_on: date) -> datetime:
    """The instant at which a promise is broken: the end of its day."""
    return datetime(promised_on.year, promised_on.month, promised_on.day, tzinfo=UTC) + timedelta(days=1)
