"""A line of a history is to a backtest the events that the same fact is to the scan."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from hotline.backtest.lines import BadLine, read_line
from hotline.backtest.movements import Pair
from hotline.backtest.reader import Reader
from hotline.contracts.facts import FACTS
from hotline.contracts.model import FACT_TYPES, FactRejected
from hotline.contracts.schemas import parse
from hotline.security.detectors import Stream
from hotline.security.streams import LABEL_TYPE, RETRACTION_TYPE, streams_of
from tests.support.facts import event, fact
from tests.support.sweeps import sweep


def keep(name: str, value: str) -> str:
    """The value in the place of its hash, as a backtest has it."""
    return value


@sweep("type_name", sorted(FACTS))
def test_a_line_is_the_events_that_the_scan_keeps_of_its_fact(type_name: str) -> None:
    kept = {(one.stream, one.subject): (one.type, dict(one.values)) for one in streams_of(fact(type_name, {}), keep)}
    line = json.dumps(event(type_name)).encode()
    read = {(stream, subject): (one.type, dict(one.values)) for stream, subject, one in Reader().split(read_line(line))}
    assert read == kept


@pytest.mark.parametrize("category", ["fraud", "authorisation", "processing", "consumer"])
@pytest.mark.parametrize("winner", ["customer", "merchant"])
def test_a_dispute_is_a_label_to_both_or_to_none(category: str, winner: str) -> None:
    changed = {"category": category, "decided_for": winner}
    one = fact("dispute.decided", changed)
    kept = [(told.stream, told.subject, told.type, dict(told.values)) for told in streams_of(one, keep)]
    line = json.dumps(event("dispute.decided", changed)).encode()
    read = [
        (stream, subject, told.type, dict(told.values)) for stream, subject, told in Reader().split(read_line(line))
    ]
    assert read == kept
    # A label is one for whom the movement paid, and its end goes to each party that it names.
    assert len(kept) == (0 if category != "fraud" else 2 if winner == "customer" else 3)


@pytest.mark.parametrize("retracted", [True, False])
def test_the_wallets_word_of_a_fraud_and_its_end_are_the_same_to_both(*, retracted: bool) -> None:
    changed = {"retracted": retracted}
    kept = [(told.type, dict(told.values)) for told in streams_of(fact("transaction.confirmed_fraud", changed), keep)]
    line = json.dumps(event("transaction.confirmed_fraud", changed)).encode()
    assert [(told.type, dict(told.values)) for _, _, told in Reader().split(read_line(line))] == kept
    assert {type_ for type_, _ in kept} == {RETRACTION_TYPE if retracted else LABEL_TYPE}


def list_paths(data: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of all fields within data, also of the objects in it."""
    for name, value in data.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *path) for path in list_paths(value))


GONE: Final = object()


@sweep("type_name", sorted(FACTS))
@pytest.mark.parametrize(
    "wrong", [GONE, None, "x", 5, [], {}, True], ids=["gone", "null", "text", "number", "list", "object", "flag"]
)
def test_a_line_is_bad_at_the_field_at_which_the_intake_refuses_its_fact(type_name: str, wrong: object) -> None:
    """A backtest reads fewer fields, so it may take what the intake refuses, and never the other way."""
    for path in list_paths(event(type_name)["data"]):
        changed = copy.deepcopy(event(type_name))
        at = changed["data"]
        for folder in path[:-1]:
            at = at[folder]
        if wrong is GONE:
            del at[path[-1]]
        else:
            at[path[-1]] = wrong
        field = find_bad_field(changed)
        if field is not None:
            with pytest.raises(FactRejected) as refused:
                parse(changed)
            assert refused.value.field == field, path


@sweep(
    ("type_name", "path", "value"),
    [
        ("login.failed", "kind", "guess"),
        ("login.failed", "source.ip", "x" * 65),
        ("login.failed", "source.ip", ""),
        ("login.failed", "source.country", "cn"),
        ("login.failed", "source.country", "C\n"),
        ("login.failed", "source.lat", 90.1),
        ("login.failed", "source.lon", -181),
        ("login.failed", "source.lat", float("nan")),
        ("login.failed", "source.lon", float("inf")),
        ("login.failed", "source.lat", True),
        ("login.failed", "source.network", "tor"),
        ("payment.succeeded", "version", 0),
        ("payment.succeeded", "version", -1),
        ("payment.succeeded", "version", 1.0),
        ("payment.succeeded", "amount.minor", -1),
        ("payment.succeeded", "amount.minor", 10**17),
        ("payment.succeeded", "amount.currency", "XBT"),
        ("payment.succeeded", "balance_after_minor", -(10**17)),
        ("payment.succeeded", "instrument.kind", "x" * 65),
        ("payment.succeeded", "merchant.id", "x" * 201),
        ("transfer.succeeded", "counterparty", ""),
        ("transfer.succeeded", "counterparty", "x" * 201),
        ("transfer.succeeded", "counterparty", "\ud800"),
        ("transfer.succeeded", "direction", "IN"),
        ("funds.balance_changed", "balance.minor", 10**17),
        ("refund.sent", "amount.minor", 10**17),
        ("account.opened", "contact_points", [{}] * 6),
        ("account.opened", "two_step", "true"),
        ("contact_point.changed", "kind", "fax"),
        ("device.registered", "device_id", 7),
        ("code.sent", "purpose", "sale"),
        ("transaction.confirmed_fraud", "retracted", "true"),
        ("transaction.confirmed_fraud", "merchant_id", 7),
        ("dispute.decided", "category", "Fraud"),
        ("dispute.decided", "decided_for", "nobody"),
    ],
)
def test_a_value_is_refused_with_the_words_of_the_intake(type_name: str, path: str, value: object) -> None:
    changed = set_at(event(type_name), path, value)
    with pytest.raises(FactRejected) as refused:
        parse(changed)
    with pytest.raises(BadLine) as bad:
        read(changed)
    assert (bad.value.fault.value, bad.value.field) == (refused.value.reason.value, refused.value.field)


@sweep(
    ("type_name", "path", "value"),
    [
        ("login.failed", "source.country", "XX"),
        ("login.failed", "source.country", "EU"),
        ("login.failed", "source.country", "XK"),
        ("login.failed", "source.ip", "999.1.1.1"),
        ("login.failed", "source.ip", "\u200b192.0.2.1"),
        ("login.failed", "source.ip", "\x1b[0m"),
        ("login.failed", "source.lat", None),
        ("login.failed", "source.lon", None),
        ("login.failed", "source.lat", -0.5),
        ("transfer.succeeded", "counterparty", " 王\u200b  小明\x1b[31m "),
        ("transfer.succeeded", "counterparty", "Jose\u0301"),
        ("transfer.succeeded", "counterparty", None),
        ("payment.succeeded", "instrument.kind", "Linked Card"),
        ("payment.succeeded", "instrument.kind", "My  Coins"),
        ("transaction.confirmed_fraud", "merchant_id", None),
        ("transaction.confirmed_fraud", "counterparty", None),
        ("dispute.decided", "decided_for", "merchant"),
    ],
)
def test_a_value_that_both_take_is_the_same_to_both(type_name: str, path: str, value: object) -> None:
    changed = set_at(event(type_name), path, value)
    kept = [(one.stream, one.subject, one.type, dict(one.values)) for one in streams_of(parse(changed), keep)]
    assert [(stream, subject, one.type, dict(one.values)) for stream, subject, one in read(changed)] == kept


def test_a_fact_without_any_contact_point_is_refused_by_both() -> None:
    changed = event("contact_point.changed")
    changed["data"] |= {"old": None, "new": None}
    with pytest.raises(FactRejected) as refused:
        parse(changed)
    with pytest.raises(BadLine) as bad:
        read(changed)
    assert (bad.value.fault.value, bad.value.field) == (refused.value.reason.value, refused.value.field)


def test_a_backtest_takes_ids_and_amounts_that_the_intake_refuses() -> None:
    """Data sets that are not of a wallet have names for ids, and rows that moved nothing."""
    for type_name, path, value in (
        ("payment.succeeded", "amount.minor", 0),
        ("payment.succeeded", "merchant.id", "Rippin, Kub and Mann"),
        ("payment.succeeded", "movement_id", "row #17"),
    ):
        changed = set_at(event(type_name), path, value)
        with pytest.raises(FactRejected):
            parse(changed)
        assert read(changed)


def test_the_types_of_facts_are_those_that_have_a_contract() -> None:
    assert set(FACTS) == FACT_TYPES


def test_the_end_of_a_label_goes_to_each_party_that_it_names() -> None:
    """A label that named a shop by its name is taken back by a word that names its number as well."""
    changed = event("transaction.confirmed_fraud")
    changed["data"] |= {"merchant_id": "mer-1", "counterparty": "Tea House"}
    for is_retracted, parties in ((False, ["mer-1"]), (True, ["mer-1", "Tea House"])):
        changed["data"]["retracted"] = is_retracted
        kept = [one.subject for one in streams_of(parse(changed), keep) if one.stream is Stream.PARTY]
        assert kept == parties
        assert [subject for stream, subject, _ in read(changed) if stream is Stream.PARTY] == parties


def set_at(fact: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The fact with another value within its data. A merchant comes before a counterparty, which would not be read."""
    changed = copy.deepcopy(fact)
    if path == "counterparty":
        changed["data"].pop("merchant", None)
    *folders, name = path.split(".")
    at = changed["data"]
    for folder in folders:
        at = at[folder]
    at[name] = value
    return changed


def read(fact: dict[str, Any]) -> tuple[Pair, ...]:
    return Reader().split(read_line(json.dumps(fact).encode()))


def find_bad_field(fact: dict[str, Any]) -> str | None:
    """The field for which a backtest leaves the line out; None for a line that it takes."""
    try:
        read(fact)
    except BadLine as bad:
        return bad.field
    return None
