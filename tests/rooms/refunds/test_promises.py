"""Dates are promised by provider and instrument, in the customer's days and the calendar of the currency."""

from datetime import UTC, date, datetime, timedelta

import pytest

from hotline.contracts.model import CardFunding, Instrument
from hotline.kit.business_days import add_business_days, calendar_of
from hotline.payments.arrivals import LONGEST_BUSINESS_DAYS, TERMS, term_of
from hotline.refunds.promises import (
    Promise,
    arrival_promise,
    due_at,
    escalation_promise,
    longest_promise,
    review_promise,
    with_estimate,
)
from tests.support.sweeps import sweep

FRIDAY = datetime(2026, 11, 27, 4, tzinfo=UTC)
"""Noon in Shanghai."""
CHINA = "Asia/Shanghai"


def promised(kind: str, provider: str | None = None, now: datetime = FRIDAY, currency: str = "CNY") -> Promise:
    return arrival_promise(Instrument(kind), now, currency=currency, provider=provider, time_zone=CHINA)


@sweep(
    ("provider", "kind", "typical_on", "latest_on"),
    [
        ("wechat", "balance", date(2026, 11, 27), date(2026, 11, 28)),
        ("WeChat Pay", "bank_card", date(2026, 12, 1), date(2026, 12, 2)),
        ("alipay", "balance", date(2026, 11, 27), date(2026, 11, 28)),
        ("alipay", "bank_card", None, date(2026, 12, 11)),
        ("alipay", "credit_line", None, date(2026, 12, 11)),
        ("stripe", "card", date(2026, 12, 9), date(2026, 12, 11)),
        ("razorpay", "upi", date(2026, 12, 4), date(2026, 12, 8)),
        ("razorpay", "balance", date(2026, 12, 1), date(2026, 12, 2)),
        ("paypal", "balance", date(2026, 11, 27), date(2026, 11, 28)),
        ("paypal", "card", date(2026, 12, 15), date(2026, 12, 27)),
        ("paypal", "a new one", date(2026, 12, 15), date(2026, 12, 27)),
        *(
            (other, "PayPal", date(2026, 12, 15), date(2026, 12, 27))
            for other in (None, "stripe", "braintree", "paypal", "a new one")
        ),
        (None, "balance", date(2026, 11, 27), date(2026, 11, 30)),
        *(
            (other, "bank_card", date(2026, 12, 9), date(2026, 12, 11))
            for other in (None, "stripe", "adyen", "razorpay")
        ),
        (None, "debit_card", date(2026, 12, 9), date(2026, 12, 11)),
        (None, "bank_transfer", date(2026, 12, 7), date(2026, 12, 11)),
        (None, "barter", None, date(2026, 12, 11)),
        ("a new one", "balance", date(2026, 11, 27), date(2026, 11, 30)),
    ],
)
def test_provider_and_instrument_decide_what_is_usual_and_what_is_the_latest(
    provider: str | None, kind: str, typical_on: date | None, latest_on: date
) -> None:
    found = promised(kind, provider)
    assert (found.typical_on, found.latest_on) == (typical_on, latest_on)


@sweep("funding", [None, *CardFunding])
def test_the_funding_of_a_card_changes_no_date(funding: CardFunding | None) -> None:
    instrument = Instrument("card", "4242", "visa", funding)
    assert arrival_promise(instrument, FRIDAY, currency="CNY", time_zone=CHINA) == promised("card")


def test_the_usual_time_is_shorter_than_the_longest_in_every_row() -> None:
    for row in TERMS.values():
        assert row.typical is None or 0 <= row.typical < row.latest
        assert row.source


def test_no_business_days_are_longer_than_the_longest() -> None:
    """A refund that the wallet made by itself is told with the longest; PayPal counts in calendar days."""
    assert max(row.latest for row in TERMS.values() if row.business) == LONGEST_BUSINESS_DAYS


def test_alipays_own_figure_for_a_card_is_the_only_certain_one() -> None:
    assert not promised("bank_card", "alipay").is_certain
    assert promised("bank_card", "wechat").is_certain
    assert not term_of("Alipay+", "quick_pay").is_certain


def test_the_day_of_a_request_is_the_customers() -> None:
    """Still Monday in New York, and Tuesday already in Auckland."""
    at = datetime(2026, 11, 24, 2, tzinfo=UTC)
    for zone, tomorrow in (("America/New_York", 24), ("Europe/Berlin", 25), ("Pacific/Auckland", 25)):
        found = arrival_promise(Instrument("balance"), at, currency="CNY", time_zone=zone)
        assert found == Promise(date(2026, 11, tomorrow - 1), date(2026, 11, tomorrow))
        assert review_promise(at, currency="CNY", time_zone=zone).latest_on == date(2026, 12, tomorrow - 17)
        assert escalation_promise(at, currency="CNY", time_zone=zone).latest_on == date(2026, 11, tomorrow + 2)


@sweep(
    ("currency", "latest_on"),
    [
        ("CNY", date(2026, 11, 26)),
        ("USD", date(2026, 11, 27)),  # Thanksgiving
        ("EUR", date(2026, 11, 26)),
        ("GBP", date(2026, 11, 26)),
        ("HKD", date(2026, 11, 26)),
    ],
)
def test_the_currency_chooses_the_calendar(currency: str, latest_on: date) -> None:
    wednesday = datetime(2026, 11, 25, 12, tzinfo=UTC)
    found = arrival_promise(Instrument("balance"), wednesday, currency=currency, time_zone="UTC")
    assert (found.latest_on, found.is_certain) == (latest_on, True)


def test_a_currency_without_a_calendar_is_told_about() -> None:
    assert promised("card", currency="JPY") == Promise(date(2026, 12, 9), date(2026, 12, 11), is_certain=False)


def test_a_date_in_a_year_that_china_has_not_announced_is_told_about() -> None:
    early, late = datetime(2026, 12, 17, 4, tzinfo=UTC), datetime(2026, 12, 18, 4, tzinfo=UTC)
    assert promised("card", now=early).latest_on == date(2026, 12, 31)
    assert promised("card", now=early).is_certain
    assert promised("card", now=late) == Promise(date(2026, 12, 30), date(2027, 1, 4), is_certain=False)


def test_a_zone_that_is_unknown_is_that_of_the_calendars_banks() -> None:
    at = datetime(2026, 11, 23, 17, tzinfo=UTC)
    for zone in (None, "", "Nowhere/Atlantis", "../etc"):
        found = arrival_promise(Instrument("balance"), at, currency="CNY", time_zone=zone)
        assert found.typical_on == date(2026, 11, 24), "it is past midnight in Shanghai"
        assert due_at(found.latest_on, currency="CNY", time_zone=zone) == datetime(2026, 11, 25, 16, tzinfo=UTC)


def test_a_refund_that_the_wallet_made_by_itself_takes_the_longest() -> None:
    found = longest_promise(FRIDAY, currency="CNY")
    assert found.latest_on == add_business_days(date(2026, 11, 27), 10, calendar_of("CNY")).day
    assert found.typical_on is None


DAY = timedelta(days=1)
TOLD = Promise(date(2026, 12, 2), date(2026, 12, 4), is_certain=False)


def test_an_earlier_estimate_becomes_what_is_usual_and_the_promise_stays() -> None:
    expected_on = TOLD.latest_on - DAY
    assert with_estimate(TOLD, expected_on) == Promise(expected_on, TOLD.latest_on, is_certain=False)


def test_an_estimate_of_the_promised_day_leaves_only_the_latest() -> None:
    assert with_estimate(TOLD, TOLD.latest_on) == Promise(None, TOLD.latest_on, is_certain=False)


@pytest.mark.parametrize("promise", [None, TOLD])
def test_a_later_estimate_replaces_the_promise(promise: Promise | None) -> None:
    assert with_estimate(promise, TOLD.latest_on + DAY) == Promise(None, TOLD.latest_on + DAY)


@sweep(
    ("zone", "ends_at"),
    [
        ("UTC", datetime(2027, 1, 1, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 1, 1, 5, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 12, 31, 11, tzinfo=UTC)),
    ],
)
def test_a_promise_is_broken_when_its_day_is_over_where_the_customer_is(zone: str, ends_at: datetime) -> None:
    assert due_at(date(2026, 12, 31), currency="CNY", time_zone=zone) == ends_at
