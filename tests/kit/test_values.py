"""Time, money, ids and settings."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.limits import CURRENCIES
from hotline.kit.clock import SystemClock, epoch_s, from_text, to_text
from hotline.kit.config import MissingSetting, TableNames, read_setting, require_setting
from hotline.kit.ids import RandomIds, bucket, derive_id
from hotline.kit.money import Money, exponent
from hotline.kit.store import Table
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.iso4217 import minor_digits_in_circulation
from tests.support.stores import NOON
from tests.support.sweeps import sweep

SHANGHAI = timezone(timedelta(hours=8))
instants = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - the strategy adds the zone
    timezones=st.sampled_from([UTC, SHANGHAI]),
)


@given(instants)
def test_a_time_comes_back_from_its_text_to_the_millisecond(instant: datetime) -> None:
    assert from_text(to_text(instant)) == instant - timedelta(microseconds=instant.microsecond % 1000)


@given(instants, instants)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    if to_text(one) < to_text(other):
        assert one < other
    elif to_text(one) == to_text(other):
        assert abs(one - other) < timedelta(milliseconds=1)


def test_a_time_is_written_in_utc_whatever_its_zone() -> None:
    assert to_text(datetime(2026, 11, 23, 20, 0, 0, 999_999, SHANGHAI)) == "2026-11-23T12:00:00.999Z"


def test_a_time_without_zone_is_refused_both_ways() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_text(datetime(2026, 11, 23))  # noqa: DTZ001 - what is refused
    with pytest.raises(ValueError, match="offset"):
        from_text("2026-11-23T12:00:00")
    with pytest.raises(ValueError, match="noon"):
        from_text("noon")


def test_the_system_clock_tells_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_virtual_clock_moves_when_told() -> None:
    clock = VirtualClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(minutes=10))
    assert clock.now() == NOON + timedelta(minutes=10)


def test_epoch_seconds_are_whole() -> None:
    assert epoch_s(datetime(2026, 11, 23, 12, 0, 0, 999_999, UTC)) == epoch_s(NOON) == 1795435200


def test_random_ids_have_128_bits_and_never_meet() -> None:
    ids = {RandomIds().new("case") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch("case_[0-9a-f]{32}", found) for found in ids)


def test_seeded_ids_repeat_and_look_like_random_ones() -> None:
    one, other = SeededIds(7), SeededIds(7)
    first = [one.new("case") for _ in range(100)]
    assert first == [other.new("case") for _ in range(100)]
    assert len(set(first)) == 100
    assert all(re.fullmatch("case_[0-9a-f]{32}", found) for found in first)
    assert SeededIds(8).new("case") != first[0]


def test_a_derived_id_depends_on_every_part_and_on_where_it_ends() -> None:
    alike: list[tuple[str, ...]] = [("a", "b"), ("b", "a"), ("ab",), ("a", "b", ""), ("", "ab"), ("a",), ()]
    assert len({derive_id("entry", *parts) for parts in alike}) == len(alike)
    assert derive_id("entry", "a", "b") == derive_id("entry", "a", "b")


@given(st.text(), st.integers(1, 100))
def test_a_bucket_is_one_of_the_count_and_always_the_same(identifier: str, count: int) -> None:
    assert 0 <= bucket(identifier, count) < count
    assert bucket(identifier, count) == bucket(identifier, count)


def test_ids_are_spread_over_all_buckets() -> None:
    ids = SeededIds(1)
    hits = [0] * 16
    for _ in range(1600):
        hits[bucket(ids.new("entry"), 16)] += 1
    assert min(hits) > 50
    assert max(hits) < 150


@sweep("currency", ["", "CN", "CNYX", "cny", "人民币", "C1Y", "CN "])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="currency"):
        Money(1, currency)


def test_money_of_two_currencies_is_not_the_same() -> None:
    assert Money(100, "CNY") == Money(100, "CNY") != Money(100, "EUR")


def test_minor_digits_are_those_of_iso_4217() -> None:
    expected = minor_digits_in_circulation()
    assert {currency: exponent(currency) for currency in expected} == expected


def test_the_contract_takes_every_currency_in_circulation_and_no_other() -> None:
    assert set(minor_digits_in_circulation()) == CURRENCIES


@pytest.mark.parametrize("environment", [{}, {"NAME": ""}])
def test_a_setting_that_is_needed_and_missing_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(MissingSetting, match="NAME"):
        require_setting(environment, "NAME")
    assert read_setting(environment, "NAME", "default") == "default"


def test_a_setting_that_is_there_is_used() -> None:
    assert require_setting({"NAME": "x"}, "NAME") == read_setting({"NAME": "x"}, "NAME", "y") == "x"


def test_a_function_has_names_of_the_tables_it_was_given() -> None:
    given = {"HOTLINE_TABLE": "stack-hotline-1", "OUTBOX_TABLE": "", "OTHER": "x"}
    names = TableNames.parse(given, Table.HOTLINE)
    assert names.names == {Table.HOTLINE: "stack-hotline-1"}
    with pytest.raises(MissingSetting, match="OUTBOX_TABLE"):
        TableNames.parse(given, Table.HOTLINE, Table.OUTBOX)
