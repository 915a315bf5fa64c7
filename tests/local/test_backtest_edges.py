"""The values of a line at the edges of what a backtest takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hotline.backtest.fields import check_amount, check_balance, check_currency, check_degrees, check_id, check_text
from hotline.backtest.lines import TEXT_CHARACTERS_MAX, BadLine, Fault, ms_of_text, read_line
from hotline.backtest.reader import Reader
from hotline.contracts.limits import CONTACT_POINTS_MAX, INTEGER_MAX, TYPE_CHARACTERS_MAX
from tests.support.sweeps import sweep
from tests.support.wallet_histories import login, movement, told

LONGEST = "x" * TEXT_CHARACTERS_MAX


def fault_of(fact: dict[str, Any]) -> tuple[Fault, str] | None:
    """The fault of a line and its field; None where it is read."""
    try:
        Reader().split(read_line(json.dumps(fact).encode()))
    except BadLine as bad:
        return bad.fault, bad.field
    return None


@sweep(
    ("check", "value", "fault"),
    [
        (check_amount, -1, Fault.AMOUNT_NOT_POSITIVE),
        (check_amount, 0, None),
        (check_amount, INTEGER_MAX, None),
        (check_amount, INTEGER_MAX + 1, Fault.AMOUNT_OUT_OF_RANGE),
        (check_balance, -INTEGER_MAX - 1, Fault.AMOUNT_OUT_OF_RANGE),
        (check_balance, -INTEGER_MAX, None),
        (check_balance, INTEGER_MAX, None),
        (check_balance, INTEGER_MAX + 1, Fault.AMOUNT_OUT_OF_RANGE),
        (check_currency, "CNY", None),
        (check_currency, "cny", Fault.BAD_CURRENCY),
        (check_currency, 156, Fault.BAD_CURRENCY),
        (check_id, "", Fault.BAD_VALUE),
        (check_id, "x", None),
        (check_id, LONGEST, None),
        (check_id, LONGEST + "x", Fault.TOO_LONG),
        (check_text, "", Fault.BAD_VALUE),
        (check_text, "x", None),
        (check_text, LONGEST, None),
        (check_text, LONGEST + "x", Fault.TOO_LONG),
        (check_text, "王" * TEXT_CHARACTERS_MAX, None),
        (check_text, "\u0958" * TEXT_CHARACTERS_MAX, Fault.TOO_LONG),
    ],
)
def test_a_value_is_taken_up_to_its_limit(check: Any, value: Any, fault: Fault | None) -> None:
    if fault is None:
        assert check(value, "data.field") == value
        return
    with pytest.raises(BadLine) as bad:
        check(value, "data.field")
    assert (bad.value.fault, bad.value.field) == (fault, "data.field")


@sweep("degrees", [-90, -90.0, 0, 90, 90.0])
def test_the_poles_are_on_earth(degrees: float) -> None:
    assert check_degrees(degrees, "data.source.lat", 90) == degrees


@sweep("sign", [-1, 1])
def test_beyond_the_poles_is_nothing(sign: int) -> None:
    with pytest.raises(BadLine):
        check_degrees(sign * 90.001, "data.source.lat", 90)


@sweep(
    ("field", "value", "fault"),
    [
        ("movement_id", LONGEST, None),
        ("movement_id", LONGEST + "x", Fault.TOO_LONG),
        ("movement_id", "x", None),
        ("movement_id", "", Fault.BAD_VALUE),
        ("version", 0, Fault.BAD_VALUE),
        ("version", 1, None),
        ("version", INTEGER_MAX, None),
        ("version", INTEGER_MAX + 1, Fault.BAD_VALUE),
        ("counterparty_account", LONGEST, None),
        ("counterparty_account", LONGEST + "x", Fault.TOO_LONG),
        ("amount.minor", 0, None),
        ("amount.minor", INTEGER_MAX, None),
        ("amount.minor", INTEGER_MAX + 1, Fault.AMOUNT_OUT_OF_RANGE),
    ],
)
def test_a_movement_is_read_up_to_its_limits(field: str, value: object, fault: Fault | None) -> None:
    fact = movement(1, 0, "acct-1", 5)
    folder = fact["data"]
    *folders, name = field.split(".")
    for one in folders:
        folder = folder[one]
    folder[name] = value
    assert fault_of(fact) == (None if fault is None else (fault, f"data.{field}"))


def test_an_account_that_is_paid_is_checked_also_where_it_receives_nothing() -> None:
    fact = movement(1, 0, "acct-1", 5, kind="payment", counterparty_account=LONGEST + "x")
    assert fault_of(fact) == (Fault.TOO_LONG, "data.counterparty_account")


@sweep(
    ("field", "value", "fault"),
    [
        *((field, value, None) for field in ("id", "subject") for value in ("x", LONGEST)),
        *((field, LONGEST + "x", Fault.TOO_LONG) for field in ("id", "subject")),
        *((field, "", Fault.BAD_VALUE) for field in ("id", "subject")),
        ("id", LONGEST[1:] + "\ud800", Fault.BAD_TEXT),
    ],
)
def test_an_id_is_read_up_to_its_limit(field: str, value: str, fault: Fault | None) -> None:
    assert fault_of({**login(1, 0, "acct-1"), field: value}) == (None if fault is None else (fault, field))


@sweep(
    ("time", "is_read"),
    [
        ("1999-12-31T23:59:59.999Z", False),
        ("2000-01-01T00:00:00Z", True),
        ("2199-12-31T23:59:59.999Z", True),
        ("2200-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("9999-12-31T23:59:59-23:59", False),
    ],
)
def test_a_time_is_of_this_century_or_the_next(time: str, *, is_read: bool) -> None:
    assert fault_of({**login(1, 0, "acct-1"), "time": time}) == (None if is_read else (Fault.BAD_TIME, "time"))


@sweep("text", ["2026-09-01T00:00:00.999999Z", "2026-09-01T00:00:00.999Z", "2026-09-01T08:00:00.9991+08:00"])
def test_a_time_of_a_label_is_cut_to_its_millisecond(text: str) -> None:
    assert ms_of_text(text) == 1_788_220_800_999


def test_a_line_is_its_own_event_whatever_else_it_has() -> None:
    fact = login(1, 0, "acct-1")
    assert read_line(json.dumps({**fact, "detail": {"of": "somebody"}}).encode()) == read_line(
        json.dumps(fact).encode()
    )


@sweep("type_", [5, [], {}, None])
def test_a_type_is_a_text(type_: object) -> None:
    assert fault_of({**login(1, 0, "acct-1"), "type": type_}) == (Fault.BAD_VALUE, "type")


def test_half_a_pair_is_bad_where_a_field_is_read_and_a_line_may_be_deep() -> None:
    fact = login(1, 0, "acct-1")
    fact["data"]["source"]["ip"] = "\ud800"
    assert fault_of({"version": "0", "detail": fact}) == (Fault.BAD_TEXT, "data.source.ip")
    line = json.dumps({**login(1, 0, "acct-1"), "id": "\ud800"})[:-1].encode()
    line += b', "deep": ' + b'{"a":' * 3_000 + b"0" + b"}" * 3_001
    with pytest.raises(BadLine) as bad:
        read_line(line)
    assert bad.value.fault is Fault.BAD_TEXT


@sweep(
    ("latitude", "longitude", "fault"),
    [
        (90, 180, None),
        (-90, -180, None),
        (90.001, 0, (Fault.BAD_VALUE, "data.source.lat")),
        (0, -180.001, (Fault.BAD_VALUE, "data.source.lon")),
    ],
)
def test_a_login_may_be_anywhere_on_earth(latitude: float, longitude: float, fault: tuple[Fault, str] | None) -> None:
    fact = login(1, 0, "acct-1")
    fact["data"]["source"] |= {"lat": latitude, "lon": longitude}
    assert fault_of(fact) == fault


@sweep(
    ("points", "fault"),
    [
        ([{}] * CONTACT_POINTS_MAX, None),
        ([{}] * (CONTACT_POINTS_MAX + 1), (Fault.TOO_LONG, "data.contact_points")),
        ({}, (Fault.BAD_VALUE, "data.contact_points")),
    ],
)
def test_an_account_has_so_many_contact_points(points: object, fault: tuple[Fault, str] | None) -> None:
    assert fault_of(told(1, 0, "account.opened", "acct-1", contact_points=points, two_step=True)) == fault


def test_a_type_is_named_up_to_its_longest() -> None:
    reader, longest = Reader(), "a" * TYPE_CHARACTERS_MAX
    for type_ in (longest, longest + "a"):
        reader.split(read_line(json.dumps({**login(1, 0, "acct-1"), "type": type_}).encode()))
    assert reader.untouched == {longest: 1, "other": 1}
