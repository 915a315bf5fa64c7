"""Dates that the hotline promises of refunds. Pure.

A promise is a local date of the customer, and broken at the end of that local day. It is counted from their day, by the
calendar of the banks that move the currency. A date that was promised is kept: it never moves because a holiday is
added or an estimate is earlier. The days that money takes stand in payments.arrivals.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from hotline.kit.business_days import add_business_days, calendar_of, end_of_day, local_day, zone_of
from hotline.payments.arrivals import LONGEST_BUSINESS_DAYS
from hotline.payments.arrivals import Promise as Promise
from hotline.payments.arrivals import arrival_promise as arrival_promise
from hotline.payments.arrivals import with_estimate as with_estimate

REVIEW_BUSINESS_DAYS: Final = 10
"""Until somebody has looked at a request: Regulation E (12 CFR 1005.11(c)) gives 10 business days to decide."""
ESCALATION_BUSINESS_DAYS: Final = 3
"""After a broken promise: long enough for a person to ask the instrument's bank, and short, since it is the second."""


def review_promise(now: datetime, *, currency: str, time_zone: str | None = None) -> Promise:
    """The date by which a request in review is answered."""
    return _in_business_days(now, REVIEW_BUSINESS_DAYS, currency, time_zone)


def escalation_promise(now: datetime, *, currency: str, time_zone: str | None = None) -> Promise:
    """The new date of a refund whose promised date has passed."""
    return _in_business_days(now, ESCALATION_BUSINESS_DAYS, currency, time_zone)


def longest_promise(sent_at: datetime, *, currency: str, time_zone: str | None = None) -> Promise:
    """The date of a refund that the wallet sent by itself: the latest that any instrument takes."""
    return _in_business_days(sent_at, LONGEST_BUSINESS_DAYS, currency, time_zone)


def earlier(promise: Promise | None, other: Promise) -> Promise:
    """The one of two promises whose latest date comes first."""
    return other if promise is None or other.latest_on < promise.latest_on else promise


def due_at(promised_on: date, *, currency: str, time_zone: str | None = None) -> datetime:
    """The instant at which a promise is broken: the end of its day where the customer is."""
    return end_of_day(promised_on, zone_of(time_zone, calendar_of(currency)))


def _in_business_days(now: datetime, count: int, currency: str, time_zone: str | None) -> Promise:
    calendar = calendar_of(currency)
    found = add_business_days(local_day(now, zone_of(time_zone, calendar)), count, calendar)
    return Promise(None, found.day, found.is_certain)
