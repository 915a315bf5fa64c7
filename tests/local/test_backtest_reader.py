"""The reader of a backtest: the values of the scan's rows, straight from a line."""

from __future__ import annotations

import gzip
import json
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotline.backtest.inputs import read_lines
from hotline.backtest.lines import BadLine, Fault, ms_of_text, read_line
from hotline.backtest.movements import Pair, Received
from hotline.backtest.reader import Reader
from hotline.contracts.facts import FACTS
from hotline.contracts.model import FactRejected, Rejection
from hotline.contracts.schemas import parse
from hotline.security.detectors import Stream
from tests.support.facts import event, sample_data
from tests.support.sweeps import sweep
from tests.support.wallet_histories import login, movement, told


def split(fact: dict[str, Any], reader: Reader | None = None) -> tuple[Pair, ...]:
    return (reader or Reader()).split(read_line(json.dumps(fact).encode()))


def values(fact: dict[str, Any], stream: Stream = Stream.ACCOUNT) -> list[tuple[str, dict[str, Any]]]:
    return [(subject, dict(one.values)) for where, subject, one in split(fact) if where is stream]


def test_a_login_is_an_event_of_its_account_and_of_its_address() -> None:
    fact = login(1, 0, "acct-1", ip="192.0.2.9")
    fact["data"]["source"] |= {"lat": 31.23, "lon": -0.5, "network": "vpn"}
    own = {"kind": "password", "ip": "192.0.2.9", "device": "dev-acct-1", "country": "CN", "network": "vpn"}
    assert values(fact) == [("acct-1", {**own, "cell": "31,-1"})]
    assert values(fact, Stream.SOURCE) == [("192.0.2.9", {**own, "cell": "31,-1", "account": "acct-1"})]
    del fact["data"]["source"]["ip"]
    assert [subject for subject, _ in values(fact, Stream.SOURCE)] == ["dev-acct-1"]
    fact["data"]["source"] = {}
    assert values(fact, Stream.SOURCE) == []


PAID: dict[str, Any] = {
    "kind": "payment",
    "status": "succeeded",
    "movement_id": "mov-1",
    "version": 1,
    "amount_minor": 500,
    "currency": "CNY",
    "instrument": "balance",
}


@sweep(
    ("field", "word"), [("country", "cn"), ("country", "CHN"), ("country", 86), ("network", "tor"), ("network", "VPN")]
)
def test_a_login_has_the_words_that_the_intake_takes(field: str, word: object) -> None:
    fact = login(1, 0, "acct-1", ip="192.0.2.9")
    fact["data"]["source"][field] = word
    with pytest.raises(BadLine) as bad:
        split(fact)
    assert (bad.value.fault, bad.value.field) == (Fault.BAD_VALUE, f"data.source.{field}")
    del fact["data"]["source"][field]
    fact["data"]["kind"] = "guess"
    with pytest.raises(BadLine, match="bad_value"):
        split(fact)


def test_a_payment_is_an_event_of_its_account_and_of_its_merchant() -> None:
    fact = movement(1, 0, "acct-1", 500, kind="payment", merchant={"id": "mer-1", "name": "Tea"}, balance_after_minor=7)
    own = {**PAID, "balance_after_minor": 7, "party": "mer-1", "party_kind": "merchant"}
    assert values(fact) == [("acct-1", own)]
    assert values(fact, Stream.PARTY) == [("mer-1", {**PAID, "party": "acct-1", "account": "acct-1"})]


def test_a_transfer_to_an_account_is_received_there() -> None:
    fact = movement(1, 0, "acct-1", 500, counterparty_account="acct-2", counterparty="王", balance_after_minor=7)
    sent = {**PAID, "kind": "transfer", "balance_after_minor": 7, "party": "acct-2", "party_kind": "payee"}
    received = {**sent, "direction": "in", "party": "acct-1"}
    # Balance and instrument are the payer's.
    del received["balance_after_minor"], received["instrument"]
    assert values(fact) == [("acct-1", sent), ("acct-2", received)]
    assert [subject for subject, _ in values(fact, Stream.PARTY)] == ["acct-2"]
    assert [type(one) is Received for stream, _, one in split(fact) if stream is Stream.ACCOUNT] == [False, True]
    inward = movement(1, 0, "acct-1", 500, counterparty_account="acct-2", direction="in")
    assert [(stream, subject) for stream, subject, _ in split(inward)] == [(Stream.ACCOUNT, "acct-1")]
    assert values(inward)[0][1]["direction"] == "in"


def test_a_top_up_has_no_party() -> None:
    assert len(split(movement(1, 0, "acct-1", 500, kind="top_up", counterparty="bank"))) == 1


@pytest.mark.parametrize(
    ("data", "party"),
    [
        ({"counterparty": "王"}, "mer-1"),
        ({"merchant_id": "mer-9"}, "mer-9"),
        ({"merchant_id": "mer-9", "counterparty": "王"}, "mer-1"),
        ({}, "mer-1"),
    ],
)
def test_a_confirmed_fraud_is_told_of_its_party(data: dict[str, Any], party: str) -> None:
    reader = Reader()
    split(movement(1, 0, "acct-1", 500, kind="payment", merchant={"id": "mer-1", "name": "Tea"}), reader)
    fact = told(2, 1, "transaction.confirmed_fraud", "acct-1", movement_id="mov-1", **data)
    found = [(stream, subject, dict(one.values)) for stream, subject, one in split(fact, reader)]
    assert found == [
        (Stream.ACCOUNT, "acct-1", {"movement_id": "mov-1"}),
        (Stream.PARTY, party, {"movement_id": "mov-1", "account": "acct-1"}),
    ]


def test_a_confirmed_fraud_of_an_unknown_movement_has_no_party() -> None:
    fact = told(2, 1, "transaction.confirmed_fraud", "acct-1", movement_id="mov-1")
    assert [stream for stream, *_ in split(fact)] == [Stream.ACCOUNT]


@sweep(
    ("type_", "data", "kept"),
    [
        ("device.registered", {"device_id": "d"}, {"device": "d"}),
        ("password.changed", {"version": 1}, {}),
        ("two_step.changed", {"version": 1, "two_step": True}, {"on": 1}),
        ("code.sent", {"purpose": "reset"}, {"purpose": "reset"}),
        (
            "contact_point.changed",
            {"kind": "phone", "new": "+1", "old": None},
            {"kind": "phone", "reassigned": 0, "change": "added"},
        ),
        (
            "contact_point.changed",
            {"kind": "phone", "new": "+1", "old": "+2", "reassigned": True},
            {"kind": "phone", "reassigned": 1, "change": "replaced"},
        ),
        (
            "contact_point.changed",
            {"kind": "email", "old": "a@b"},
            {"kind": "email", "reassigned": 0, "change": "removed"},
        ),
        ("contact_point.sim_changed", {"version": 1}, {}),
        ("account.opened", {"two_step": False, "contact_points": [{}, {}]}, {"two_step": 0, "points": 2}),
        (
            "funds.balance_changed",
            {"version": 1, "balance": {"minor": 5, "currency": "CNY"}},
            {"currency": "CNY", "balance_minor": 5},
        ),
        (
            "refund.sent",
            {"refund_id": "r", "movement_id": "m", "version": 1, "amount": {"minor": 5, "currency": "CNY"}},
            {"refund_id": "r", "movement_id": "m", "amount_minor": 5, "currency": "CNY", "status": "sent"},
        ),
    ],
)
def test_other_facts_keep_what_rules_look_at(type_: str, data: dict[str, Any], kept: dict[str, Any]) -> None:
    assert values(told(1, 0, type_, "acct-1", **data)) == [("acct-1", kept)]


def test_an_agent_is_the_subject_of_what_they_do() -> None:
    fact = {**told(1, 0, "agent.unlock", "agent-1"), "data": {"account": "acct-1", "case": "case-1"}}
    assert values(fact, Stream.AGENT) == [("agent-1", {"account": "acct-1", "case": "case-1"})]


@sweep("name", FACTS)
def test_every_fact_of_the_contract_can_be_read(name: str) -> None:
    split(event(name, sample_data(name)))


@pytest.mark.parametrize("version", ["", ".v1"])
def test_a_type_may_have_its_version_and_an_event_its_envelope(version: str) -> None:
    fact = {**login(1, 0, "acct-1"), "type": f"login.succeeded{version}"}
    envelope = {"version": "0", "id": "other", "detail-type": "x", "time": "2026-01-01T00:00:00Z", "detail": fact}
    assert split(envelope) == split(fact) == split(login(1, 0, "acct-1"))


def test_types_that_do_not_matter_are_counted() -> None:
    reader = Reader()
    for number in range(300):
        word = "".join("abcdefghij"[int(digit)] for digit in str(number % 250))
        assert split(told(number, 0, f"bill.{word}", "acct-1"), reader) == ()
    split(told(301, 0, "+8613800000001", "acct-1"), reader)
    assert sum(reader.untouched.values()) == 301
    assert len(reader.untouched) == 201
    assert not any("138" in name for name in reader.untouched)


@pytest.mark.parametrize("type_", ["payment.succeeded.v2", "payment.success", "x.v1.v1", "+8613800000001", "é" * 90])
def test_a_type_that_no_contract_has_is_counted_and_never_judged(type_: str) -> None:
    reader = Reader()
    assert split({**movement(1, 0, "acct-1", 5), "type": type_}, reader) == ()
    is_type = type_.isascii() and not type_.startswith("+")
    assert reader.untouched == {(type_.removesuffix(".v1") if is_type else "other"): 1}


def test_a_type_of_the_contracts_is_named_however_many_unknown_ones_there_are() -> None:
    reader = Reader()
    for number in range(300):
        split(told(number, 0, f"bill.{'x' * (number // 10 + 1)}.{'abcdefghij'[number % 10]}", "acct-1"), reader)
    split(told(301, 0, "bill.paid", "acct-1"), reader)
    assert reader.untouched["bill.paid"] == 1


@sweep(
    ("source", "set_aside"),
    [
        ({"country": "XX"}, {"data.source.country": 1}),
        ({"lat": 31.2}, {"data.source.lat": 1}),
        ({"lon": 0}, {"data.source.lon": 1}),
        ({"lat": 0, "lon": 0, "country": "CN"}, {}),
        ({}, {}),
    ],
)
def test_values_that_no_rule_can_look_at_are_set_aside_and_counted(
    source: dict[str, object], set_aside: dict[str, int]
) -> None:
    reader = Reader()
    fact = login(1, 0, "acct-1")
    fact["data"]["source"] = source
    ((_, _, one), *_) = split(fact, reader)
    assert reader.set_aside == set_aside
    assert set_aside.keys().isdisjoint({f"data.source.{name}" for name in one.values})


@sweep(
    ("text", "at_ms"),
    [
        ("2026-09-01T00:00:00Z", 1_788_220_800_000),
        ("2026-09-01T08:00:00.001+08:00", 1_788_220_800_001),
        ("2026-09-01T00:00:00.9999Z", 1_788_220_800_999),
        ("2026-09-01T00:00:00.999999Z", 1_788_220_800_999),
        ("2000-01-01T00:00:00.000Z", 946_684_800_000),
    ],
)
def test_a_time_is_cut_to_its_millisecond(text: str, at_ms: int) -> None:
    assert read_line(json.dumps({**login(1, 0, "a"), "time": text}).encode())[0] == at_ms


@sweep("rest", ["Z", ".400Z", "+00:00", ".400+00:00", "+01:23", ".4Z", ",400Z", ".4000Z", "z"])
@sweep(
    "hour",
    ["2026-09-01T08:", "2026-09-01 08:", "2026-W36-2T08:", "20260901T0800", "20260901T08000", "20260901T080000.1"],
)
def test_a_time_is_the_same_whichever_times_were_read_before(hour: str, rest: str) -> None:
    for tail in ("15:14", "23:59", "23", "59", "00:60", "60:00"):
        line = json.dumps({**login(1, 0, "a"), "time": f"{hour}{tail}{rest}"}).encode()
        try:
            at_ms: int | None = ms_of_text(f"{hour}{tail}{rest}")
        except ValueError:
            at_ms = None
        for _ in range(2):
            if at_ms is None:
                with pytest.raises(BadLine):
                    read_line(line)
            else:
                assert read_line(line)[0] == at_ms


@sweep(
    "value",
    [
        *("-0", "-0.0", "1e5", "1E400", "-1e-400", "NaN", "-Infinity", "-NaN", "01", "1.", ".5", "+1", "0x1", "1_0"),
        *("9007199254740993", "-9223372036854775809", "1" * 4300, "1" * 4301, "1.7976931348623159e308", "4.35"),
        *('"\\ud800"', '"\\ud83d\\ude00"', '"\\u00"', '"\x7f"', '"\x1f"', '"\\x"', '"\\/"', '"\\u0000"', '"'),
        *(
            '{"a":1,"a":2}',
            '{"a":1,}',
            "[1,]",
            "[1 2]",
            "tru",
            "null",
            "",
            "[" * 199 + "]" * 199,
            "[" * 300 + "]" * 300,
        ),
    ],
)
def test_a_line_is_read_as_json_reads_it(value: str) -> None:
    line = json.dumps({**login(1, 0, "a"), "data": {"x": 0}}).replace('{"x": 0}', f'{{"x": {value}}}').encode()
    try:
        expected = repr(json.loads(line)["data"])
    except (ValueError, RecursionError):
        with pytest.raises(BadLine):
            read_line(line)
    else:
        assert repr(read_line(line)[4]) == expected


def changed(path: str, value: object) -> bytes:
    fact = movement(1, 0, "acct-1", 5, counterparty="x", counterparty_account="acct-2", merchant={"id": "m"})
    if path == "data.counterparty":
        del fact["data"]["merchant"]
    *folders, name = path.split(".")
    at: Any = fact
    for folder in folders:
        at = at[folder]
    if value is None:
        del at[name]
    else:
        at[name] = value
    return json.dumps(fact).encode()


@sweep(
    ("line", "fault", "field"),
    [
        (b"{", "not_an_event", "-"),
        (b"[]", "not_an_event", "-"),
        (b"{} {}", "not_an_event", "-"),
        (b"\xff{}", "not_an_event", "-"),
        (b"[" * 100_000, "not_an_event", "-"),
        *((changed(name, None), "missing_field", name) for name in ("id", "type", "time", "subject", "data")),
        (changed("data.movement_id", None), "missing_field", "data.movement_id"),
        (changed("data.amount.minor", None), "missing_field", "data.amount.minor"),
        (changed("data.merchant.id", None), "missing_field", "data.merchant.id"),
        (changed("data.instrument.kind", None), "missing_field", "data.instrument.kind"),
        (changed("data.amount.minor", 1.5), "bad_value", "data.amount.minor"),
        (changed("data.amount.minor", -1), "amount_not_positive", "data.amount.minor"),
        (changed("data.amount.minor", 2**53), "amount_out_of_range", "data.amount.minor"),
        (changed("data.amount.minor", True), "bad_value", "data.amount.minor"),
        (changed("data.version", "1"), "bad_value", "data.version"),
        (changed("data.version", 0), "bad_value", "data.version"),
        (changed("data.balance_after_minor", 2**53), "amount_out_of_range", "data.balance_after_minor"),
        (changed("data.balance_after_minor", float("nan")), "bad_value", "data.balance_after_minor"),
        (changed("data.counterparty", ""), "bad_value", "data.counterparty"),
        (changed("data.instrument.kind", "x" * 65), "too_long", "data.instrument.kind"),
        (changed("data.amount.currency", "cny"), "bad_currency", "data.amount.currency"),
        (changed("data.amount.currency", ["CNY"]), "bad_currency", "data.amount.currency"),
        (changed("data.amount", "5 CNY"), "bad_value", "data.amount"),
        (changed("data.merchant", "Tea"), "bad_value", "data.merchant"),
        (changed("data.direction", "IN"), "bad_value", "data.direction"),
        (changed("data", []), "bad_value", "data"),
        (changed("type", 5), "bad_value", "type"),
        (changed("subject", ""), "bad_value", "subject"),
        (changed("id", "x" * 201), "too_long", "id"),
        (changed("id", "\ud800"), "bad_text", "id"),
        (changed("time", "2026-09-01T00:00:00"), "bad_time", "time"),
        (changed("time", "1999-12-31T23:59:59Z"), "bad_time", "time"),
        (changed("time", 5), "bad_time", "time"),
        (changed("time", dict.fromkeys(map(str, range(24)))), "bad_time", "time"),
        (changed("data.counterparty_account", 5), "bad_value", "data.counterparty_account"),
    ],
)
def test_a_bad_line_names_its_fault_and_field(line: bytes, fault: str, field: str) -> None:
    with pytest.raises(BadLine) as bad:
        Reader().split(read_line(line))
    assert (bad.value.fault.value, bad.value.field) == (fault, field)


_RFC_3339 = [
    "2026-09-01T00:00:00Z",
    "2026-09-01T00:00:00.5Z",
    "2026-09-01T00:00:00.123456789Z",
    "2026-09-01T00:00:00.123456+00:00",
    "2026-09-01T23:59:59-08:00",
    "2026-09-01t00:00:00z",
]
_OTHER_TIMES = [
    "2026-09-01T00:00:00",
    "2026-09-01T00:00:00.1234567890Z",
    "2026-09-01T00:00:00.Z",
    "2026-09-01T00:00:00,123Z",
    "2026-09-01 00:00:00Z",
    "2026-09-01T00:00Z",
    "2026-09-01T000000Z",
    "20260901T000000Z",
    "20260901T00:00:00.000Z",
    "2026-W01-1T00:00:00Z",
    "2026-W01-1T00:00:00.000Z",
    "2026-W01-1T00:00:00+08:00",
    "2026-W36T00:00:00.0000Z",
    "2026-09-01T00:00:00+0800",
    "2026-09-01T00:00:00+08",
    "2026-09-01T00:00:00.1+08",
    "2026-09-01T00:00:00+08:00:30",
    "2026-09-01T24:00:00Z",
    "2026-13-01T00:00:00Z",
    "0001-01-01T00:00:00+23:00",
    "0001-01-01T00:00:00.5+23:00",
    "",
]


def read_all(text: str) -> list[int | str]:
    """The time in ms as the intake, a backtest, and its labels and periods read it; the reason where it is refused."""
    fact = event("login.failed", time=text)
    ways: list[Callable[[], int]] = [
        lambda: int(parse(fact).time.timestamp() * 1000),
        lambda: read_line(json.dumps(fact).encode())[0],
        lambda: ms_of_text(text),
    ]
    return [read_or_tell(read) for read in ways]


def read_or_tell(read: Callable[[], int]) -> int | str:
    try:
        return read()
    except FactRejected as refused:
        return refused.reason.value
    except BadLine as bad:
        return bad.fault.value
    except (ValueError, OverflowError):
        return Fault.BAD_TIME.value


@sweep("text", _RFC_3339)
def test_a_time_of_rfc_3339_is_read_as_the_intake_reads_it(text: str) -> None:
    by_intake, *others = read_all(text)
    assert isinstance(by_intake, int)
    assert others == [by_intake] * 2


@sweep("text", _OTHER_TIMES)
def test_a_time_that_the_intake_refuses_is_refused(text: str) -> None:
    """Python reads much more of ISO 8601 than RFC 3339 has."""
    assert read_all(text) == [Rejection.BAD_TIME.value] * 3


@sweep(("name", "value"), [("lat", 91), ("lon", -181), ("lat", "x"), ("lat", float("nan"))])
def test_a_position_must_be_on_earth(name: str, value: object) -> None:
    fact = login(1, 0, "acct-1")
    fact["data"]["source"] |= {"lat": 1, "lon": 1, name: value}
    with pytest.raises(BadLine):
        split(fact)


@pytest.mark.parametrize("name", ["h.jsonl", "h.jsonl.gz"])
def test_a_mark_of_the_byte_order_is_no_part_of_the_first_line(tmp_path: Path, name: str) -> None:
    for mark in (b"", BOM_UTF8):
        content = mark + b"{}\n[]\n"
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        assert list(read_lines(tmp_path / name)) == [(1, b"{}\n"), (2, b"[]\n")]
