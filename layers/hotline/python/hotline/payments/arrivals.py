"""The usual and the latest day on which refunds and withdrawals arrive, by provider and instrument. Pure.

The day is a local one of the customer. It is counted from their day, by the calendar of the banks that move the
currency. The figures are those that providers state; a missing one is taken on the safe side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import Final

from hotline.contracts.model import Instrument
from hotline.contracts.vocabulary import kind_of, provider_of
from hotline.kit.business_days import (
    BusinessDay,
    Calendar,
    add_business_days,
    add_calendar_days,
    calendar_of,
    local_day,
    zone_of,
)

from .model import Movement


@dataclass(frozen=True, slots=True)
class Promise:
    """A date that a customer is told. `typical_on`: when it is usually there, None where nobody states that.
    `latest_on`: when it is there at the latest. It is told as "about" unless `is_certain`."""

    typical_on: date | None
    latest_on: date
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Term:
    """How long a refund takes to one kind of instrument, in days after the one on which it is approved.

    `typical` is the middle of the time that the source states, None where none is stated. `latest` is its end.
    `business`: in business days, otherwise in calendar days. `is_certain` False: the figure is our own, until the
    provider tells its estimate."""

    typical: int | None
    latest: int
    source: str
    business: bool = True
    is_certain: bool = True


_AT_ONCE: Final = 1
"""The wallet has a day to carry out what the provider does at once, because midnight may come in between."""
LONGEST_BUSINESS_DAYS: Final = 10
"""The longest that a provider states for any instrument that is named to us."""
_UNKNOWN: Final = Term(None, LONGEST_BUSINESS_DAYS, "none: the longest that any instrument takes")
_ALIPAY_CARD: Final = Term(
    None,
    LONGEST_BUSINESS_DAYS,
    "Alipay and Antom, refund: est_bank_receipt_time is the provider's own, and the only figure",
    is_certain=False,
)
_CARD: Final = Term(8, 10, "Razorpay: 5 to 10 days; Stripe: ask after 10 business days, by the ARN")
_WECHAT_CARD: Final = Term(2, 3, "WeChat Pay v3, query a refund: cards 1 to 3 working days")
_PAYPAL: Final = Term(18, 30, "PayPal, refunds: 5 to 30 days to a card", business=False)

TERMS: Final[Mapping[tuple[str | None, str | None], Term]] = MappingProxyType(
    {
        ("wechat", "balance"): Term(
            0, _AT_ONCE, "WeChat Pay v3, query a refund: 5 minutes, at most 20", business=False
        ),
        ("wechat", "bank_card"): _WECHAT_CARD,
        ("wechat", "card"): _WECHAT_CARD,
        ("alipay", "balance"): Term(0, _AT_ONCE, "Alipay, refund: at once", business=False),
        ("alipay", "bank_card"): _ALIPAY_CARD,
        ("alipay", "card"): _ALIPAY_CARD,
        ("paypal", "balance"): Term(0, _AT_ONCE, "PayPal, refunds: at once to a balance", business=False),
        ("paypal", None): _PAYPAL,
        ("razorpay", "balance"): Term(2, 3, "Razorpay, refunds: wallets 0 to 3 days"),
        (None, "balance"): Term(0, 1, "WeChat Pay and Alipay: at once, or within 20 minutes"),
        (None, "bank_card"): _CARD,
        (None, "card"): _CARD,
        (None, "bank_account"): Term(6, 10, "Razorpay, netbanking: 2 to 10 days"),
        (None, "credit_line"): Term(None, 10, "none: back to the line, and no provider states a time"),
        (None, "upi"): Term(5, 7, "Razorpay, UPI: 2 to 7 days"),
        (None, "paypal"): _PAYPAL,
    }
)
"""By provider and kind of instrument (contracts.vocabulary). The row of both comes before that of the provider alone,
and that before the row of the kind alone. Nobody tells what is behind a PayPal account, so its time is that of a card.
Credit and debit cards have the same time: a refund authorisation may show
at once on either, and no provider promises that."""


def term_of(provider: str | None, instrument_kind: str) -> Term:
    """The row of the table for what was paid with; both words as the wallet spelt them."""
    provider, kind = provider_of(provider), kind_of(instrument_kind)
    rows = ((provider, kind), (provider, None), (None, kind)) if provider is not None else ((None, kind),)
    return next((TERMS[row] for row in rows if row in TERMS), _UNKNOWN)


def arrival_promise(
    instrument: Instrument, now: datetime, *, currency: str, provider: str | None = None, time_zone: str | None = None
) -> Promise:
    """The usual and the latest day on which an approved refund is on the instrument. `time_zone`: the customer's, see
    `zone_of`."""
    return _arrival(instrument, now, currency, provider, zone_of(time_zone, calendar_of(currency)))


def withdrawal_arrival(movement: Movement, zone: tzinfo | None) -> Promise | None:
    """The usual and the latest day on which the money of a withdrawal is at the customer's bank. None for any other
    movement, and where no money is on its way there. `zone`: the customer's, None: that of the currency's banks.

    It is counted from the day on which the money left the balance, by the way of a refund to the same instrument. No
    provider that we know states a time for withdrawals. So it is "about" until the wallet tells the provider's
    estimate. A wallet need not tell of the arrival itself: nothing falls due with this date.
    """
    if not movement.is_sent_to_bank:
        return None
    currency = movement.amount.currency
    zone = zone or zone_of(None, calendar_of(currency))
    usual = _arrival(movement.instrument, movement.money_since, currency, movement.provider, zone)
    if movement.expected_on is not None:
        return with_estimate(usual, movement.expected_on)
    return replace(usual, is_certain=False)


def is_overdue(movement: Movement, now: datetime, zone: tzinfo | None) -> bool:
    """Whether the latest day on which a withdrawal was to be at the customer's bank is over. `zone`: as above."""
    arrival = withdrawal_arrival(movement, zone)
    zone = zone or zone_of(None, calendar_of(movement.amount.currency))
    return arrival is not None and local_day(now, zone) > arrival.latest_on


def _arrival(instrument: Instrument, sent_at: datetime, currency: str, provider: str | None, zone: tzinfo) -> Promise:
    calendar = calendar_of(currency)
    term, today = term_of(provider, instrument.kind), local_day(sent_at, zone)
    latest = _add(today, term.latest, term, calendar)
    typical = None if term.typical is None else _add(today, term.typical, term, calendar).day
    return Promise(typical, latest.day, latest.is_certain and term.is_certain)


def with_estimate(promise: Promise | None, expected_on: date) -> Promise:
    """The promise once the provider has told its estimate. An earlier estimate becomes the usual date: the promised
    one stays the latest. A later one replaces it, since nobody may be told a date that will not be kept."""
    if promise is None or promise.latest_on < expected_on:
        return Promise(None, expected_on)
    return replace(promise, typical_on=expected_on if expected_on < promise.latest_on else None)


def _add(day: date, count: int, term: Term, calendar: Calendar) -> BusinessDay:
    return add_business_days(day, count, calendar) if term.business else add_calendar_days(day, count)
