"""The rows that the scan will look at are kept by arrival, as hashes, for 35 days."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from hotline.contracts.model import (
    AccountClosed,
    AccountDescribed,
    CodePurpose,
    CodeSent,
    ContactPointChanged,
    ContactPointFact,
    DeviceRegistered,
    Direction,
    DisputeDecided,
    Fact,
    FactData,
    FraudConfirmed,
    FundsTold,
    Instrument,
    LoginKind,
    LoginSource,
    Merchant,
    MoneyState,
    MovementKind,
    MovementStatus,
    MovementTold,
    PasswordChanged,
    PointKind,
    RefundStatus,
    RefundTold,
    SimChanged,
    SourceNetwork,
    TwoStepChanged,
)
from hotline.kit.clock import epoch_s
from hotline.kit.ids import bucket
from hotline.kit.keyring import Keyring
from hotline.kit.money import Money
from hotline.kit.store import (
    TTL_ATTRIBUTE,
    Put,
    Query,
    Table,
)
from hotline.security.activity import ACTIVITY_LIFE, ACTIVITY_SHARDS, agent_row, values_of
from hotline.security.detectors.history import History, PartyHistory
from hotline.security.service import activity_writes
from hotline.security.streams import LABEL_TYPE, SHORT_CHARACTERS
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import ACCOUNT, KEYS, NOON, closed, fact, failed, succeeded
from tests.support.sweeps import sweep

SERVER = NOON + timedelta(minutes=61)
PERSONAL = ("192.0.2.9", "device-9", "+8613800000009", "CN", "31.2", "121.4", "payee@example.invalid")


def transfer(kind: MovementKind = MovementKind.TRANSFER, **more: Any) -> Fact:
    told: dict[str, Any] = {"counterparty": "payee@example.invalid"} | more
    data = MovementTold(
        kind=kind,
        status=MovementStatus.SUCCEEDED,
        movement_id="move_1",
        version=1,
        initiated_at=NOON,
        amount=Money(12850, "CNY"),
        instrument=Instrument("balance"),
        money=MoneyState.DEBITED,
        **told,
    )
    return fact(f"{kind.value}.succeeded", NOON, data)


def rows(*facts: Fact, now: datetime = SERVER) -> list[Put]:
    return activity_writes(facts, now, KEYS)


def test_a_row_lies_in_the_hour_and_at_the_time_of_the_server() -> None:
    row, _ = rows(succeeded(NOON))
    assert row.key.table is Table.ACTIVITY
    hour, shard = row.key.pk.removeprefix("ACT#").split("#")
    assert hour == "2026-11-23T13"
    assert 0 <= int(shard) < ACTIVITY_SHARDS
    assert row.key.sk == f"2026-11-23T13:01:00.000Z#{succeeded(NOON).id}"
    assert row.item["at"] == "2026-11-23T12:00:00.000Z"
    assert row.item[TTL_ATTRIBUTE] == epoch_s(SERVER + ACTIVITY_LIFE)
    assert timedelta(days=35) == ACTIVITY_LIFE


def by_stream(*facts: Fact, prefix: str = "ACT") -> list[Put]:
    return [row for row in rows(*facts) if row.key.pk.startswith(prefix)]


def values(row: Put) -> dict[str, object]:
    return values_of(row.item)


def test_one_account_has_one_shard_and_many_accounts_use_all() -> None:
    def shard(account: str, name: str) -> str:
        return rows(failed(NOON, account=account, name=name))[0].key.pk[-2:]

    assert shard("a", "1") == shard("a", "2")
    assert len({shard(f"acct_{n}", "1") for n in range(200)}) == ACTIVITY_SHARDS


@pytest.mark.parametrize("one", [failed(NOON), succeeded(NOON)], ids=["failed", "succeeded"])
def test_a_login_is_kept_by_its_source_too(one: Fact) -> None:
    by_account, by_source = rows(one)
    assert by_source.key.pk.startswith("SRC#2026-11-23T13#")
    assert values(by_source) == values(by_account) | {"account": ACCOUNT}
    assert by_source.item["subject"] == by_account.item["ip"]
    assert "account_id" not in by_source.item


def test_logins_from_one_address_or_else_one_device_meet_in_one_shard() -> None:
    by_source, other = (rows(failed(NOON, account=name))[1] for name in ("a", "b"))
    assert other.key.pk == by_source.key.pk
    assert other.item["subject"] == by_source.item["subject"]
    without_address = [failed(NOON, source=LoginSource(device_id="device-9"), account=name) for name in ("a", "b")]
    assert len({rows(one)[1].key.pk for one in without_address}) == 1


def test_a_login_that_has_no_source_is_kept_by_account_alone() -> None:
    assert [row.key.pk[:3] for row in rows(failed(NOON, source=LoginSource(country="CN")))] == ["ACT"]


def hashed(name: str, value: str) -> str:
    return KEYS.mac_text(KEYS.current, name, value)[:SHORT_CHARACTERS]


@sweep(
    ("data", "kept"),
    [
        (DeviceRegistered("device-9"), {"device": hashed("device", "device-9")}),
        (PasswordChanged(2), {}),
        (SimChanged(3, "+8613800000009", NOON), {}),
        (TwoStepChanged(3, two_step=False), {"on": 0}),
        (
            ContactPointChanged(4, PointKind.PHONE, None, "+8613800000009", NOON, reassigned=True),
            {"kind": "phone", "reassigned": 1, "change": "added"},
        ),
        (
            ContactPointChanged(4, PointKind.EMAIL, "a@example.invalid", None, NOON, reassigned=False),
            {"kind": "email", "reassigned": 0, "change": "removed"},
        ),
        (
            ContactPointChanged(4, PointKind.EMAIL, "a@example.invalid", "b@example.invalid", NOON, reassigned=False),
            {"kind": "email", "reassigned": 0, "change": "replaced"},
        ),
        (
            AccountDescribed(
                1, "en-US", "Asia/Shanghai", "Demo", (ContactPointFact(PointKind.PHONE, "+8613800000009", NOON),), True
            ),
            {"two_step": 1, "points": 1},
        ),
        (CodeSent(CodePurpose.RESET), {"purpose": "reset"}),
        (FundsTold(1, Money(500, "CNY"), Money(0, "CNY"), NOON), {"currency": "CNY", "balance_minor": 500}),
        (
            RefundTold(RefundStatus.SENT, "ref_1", "move_1", 1, Money(700, "CNY")),
            {
                "refund_id": "ref_1",
                "movement_id": "move_1",
                "amount_minor": 700,
                "currency": "CNY",
                "status": "sent",
            },
        ),
        (FraudConfirmed("move_1", NOON), {"movement_id": "move_1"}),
    ],
)
def test_facts_that_matter_to_the_scan_are_kept(data: FactData, kept: dict[str, object]) -> None:
    type_ = LABEL_TYPE if isinstance(data, FraudConfirmed) else "some.type"
    one = fact(type_, NOON, data)
    (row,) = rows(one)
    assert row.item == {
        "account_id": ACCOUNT,
        "fact_id": one.id,
        "type": type_,
        "at": "2026-11-23T12:00:00.000Z",
        TTL_ATTRIBUTE: epoch_s(SERVER + ACTIVITY_LIFE),
        **kept,
    }


def test_a_device_is_known_again_from_its_registration_to_a_login() -> None:
    (registered,) = rows(fact("device.registered", NOON, DeviceRegistered("device-9")))
    source = LoginSource("192.0.2.9", "device-9", "CN", 31.2, 121.4, SourceNetwork.VPN)
    by_account, _ = rows(failed(NOON, source=source))
    # A hundred kilometres or so: never where somebody is.
    assert (by_account.item["cell"], by_account.item["network"]) == ("31,121", "vpn")
    assert by_account.item["device"] == registered.item["device"]
    assert by_account.item["kind"] == LoginKind.PASSWORD.value
    assert by_account.item["ip"] == hashed("ip", "192.0.2.9")
    assert by_account.item["country"] == hashed("country", "CN")


@pytest.mark.parametrize(("lat", "lon", "cell"), [(-0.1, -0.1, "-1,-1"), (0, 0, "0,0"), (89.9, 179.99, "89,179")])
def test_a_position_is_kept_as_the_degree_below_it(lat: float, lon: float, cell: str) -> None:
    assert rows(failed(NOON, source=LoginSource(lat=lat, lon=lon)))[0].item["cell"] == cell


def test_an_act_of_an_agent_is_a_row_of_the_agent_in_their_shard() -> None:
    row = agent_row("act-1", "agent.unmasked", ACCOUNT, SERVER, agent_id="agent-1", case_id="case-1", shards=16)
    assert row.key.pk == f"AGT#2026-11-23T13#{bucket('agent-1', 16):02d}"
    assert row.key.sk == "2026-11-23T13:01:00.000Z#act-1"
    assert row.item == {
        "subject": "agent-1",
        "fact_id": "act-1",
        "type": "agent.unmasked",
        "at": "2026-11-23T13:01:00.000Z",
        "account": ACCOUNT,
        "case": "case-1",
        TTL_ATTRIBUTE: epoch_s(SERVER + ACTIVITY_LIFE),
    }
    assert row.condition == rows(succeeded(NOON))[0].condition


MOVED: Final = {"status": "succeeded", "movement_id": "move_1", "version": 1, "amount_minor": 12850, "currency": "CNY"}
PAYEE: Final = hashed("party", "payee@example.invalid")


def test_money_that_moves_is_kept_and_other_facts_are_not() -> None:
    assert [kind for kind in MovementKind if by_stream(transfer(kind))] == list(MovementKind)
    (row,) = by_stream(transfer())
    own = {"kind": "transfer", "party": PAYEE, "party_kind": "payee", "instrument": "balance"}
    assert values(row) == MOVED | own
    assert rows(closed(NOON), fact("x", NOON, AccountClosed(1))) == []


def test_no_row_holds_a_personal_value() -> None:
    source = LoginSource(ip="192.0.2.9", device_id="device-9", country="CN", lat=31.2, lon=121.4)
    changed = ContactPointChanged(4, PointKind.PHONE, None, "+8613800000009", NOON, reassigned=True)
    found = rows(
        failed(NOON, source=source),
        fact("contact_point.changed", NOON, changed),
        fact("device.registered", NOON, DeviceRegistered("device-9")),
        transfer(),
    )
    assert len(found) == 6
    text = str([(row.key, {**row.item, "currency": "-"}) for row in found])
    assert not [value for value in PERSONAL if value in text]


def test_money_that_leaves_is_kept_by_who_gets_it() -> None:
    outward = [kind for kind in MovementKind if by_stream(transfer(kind), prefix="PTY")]
    assert outward == [kind for kind in MovementKind if kind is not MovementKind.TOP_UP]
    (row,) = by_stream(transfer(), prefix="PTY")
    assert row.item["subject"] == PAYEE
    # Seen from the payee, the party is who pays; the payer's balance is nobody's business there.
    assert values(row) == MOVED | {"kind": "transfer", "instrument": "balance", "account": ACCOUNT, "party": ACCOUNT}
    paid = transfer(MovementKind.PAYMENT, merchant=Merchant("mer_1", "Tea House"), balance_after_minor=5)
    own, at_merchant = rows(paid)
    assert (own.item["party"], own.item["party_kind"]) == (hashed("party", "mer_1"), "merchant")
    assert own.item["balance_after_minor"] == 5
    assert "balance_after_minor" not in at_merchant.item
    assert at_merchant.item["subject"] == hashed("party", "mer_1")
    assert by_stream(transfer(counterparty=None), prefix="PTY") == []


def test_a_transfer_to_an_account_of_the_wallet_is_received_there() -> None:
    sent, by_payee, received = rows(transfer(counterparty_account="acct_2"))
    assert (sent.item["account_id"], received.item["account_id"]) == (ACCOUNT, "acct_2")
    assert received.item["type"] == sent.item["type"]
    assert values(received) == MOVED | {
        "kind": "transfer",
        "direction": "in",
        "party": hashed("party", ACCOUNT),
        "party_kind": "payee",
    }
    assert by_payee.item["names"] == "acct_2"
    # A name may be that of several people, so the account is the party.
    assert by_payee.item["subject"] == sent.item["party"] == hashed("party", "acct_2")
    # Both accounts may have one shard.
    assert sent.key.sk != received.key.sk
    assert activity_writes([transfer(counterparty_account="acct_2")], SERVER, KEYS, shards=1)


def test_a_transfer_that_the_account_receives_is_its_own_alone() -> None:
    (row,) = rows(transfer(direction=Direction.IN, counterparty_account="acct_2"))
    assert (row.item["account_id"], row.item["direction"]) == (ACCOUNT, "in")
    assert len(rows(transfer(counterparty_account=ACCOUNT))) == 2


@pytest.mark.parametrize(("named", "subject"), [(("payee", None), "payee"), ((None, "mer_1"), "mer_1")])
def test_a_confirmed_fraud_is_kept_by_who_got_the_money(named: tuple[str | None, str | None], subject: str) -> None:
    _, row = rows(fact("transaction.confirmed_fraud", NOON, FraudConfirmed("move_1", NOON, *named)))
    assert row.key.pk.startswith("PTY#")
    assert row.item["subject"] == hashed("party", subject)
    assert values(row) == {"movement_id": "move_1", "account": ACCOUNT}


def test_a_dispute_about_fraud_that_the_customer_wins_is_a_confirmed_fraud_and_no_other() -> None:
    assert rows(fact("dispute.decided", NOON, DisputeDecided("move_1", is_fraud=None, merchant_id="mer_1"))) == []
    kept = rows(fact("dispute.decided", NOON, DisputeDecided("move_1", is_fraud=True, merchant_id="mer_1")))
    known = rows(fact("transaction.confirmed_fraud", NOON, FraudConfirmed("move_1", NOON, merchant_id="mer_1")))
    assert len(kept) == 2
    assert [(row.item["type"], values(row)) for row in kept] == [(row.item["type"], values(row)) for row in known]


@pytest.mark.parametrize(
    "one",
    [
        fact("transaction.confirmed_fraud", NOON, FraudConfirmed("move_1", NOON, None, "mer_1", is_retracted=True)),
        fact("dispute.decided", NOON, DisputeDecided("move_1", is_fraud=False, merchant_id="mer_1")),
    ],
    ids=["the wallet takes its word back", "the merchant wins"],
)
def test_a_fraud_that_was_none_is_told_to_account_and_party(one: Fact) -> None:
    kept = rows(one)
    assert [row.item["type"] for row in kept] == ["transaction.fraud_retracted"] * 2
    assert [values(row) for row in kept] == [{"movement_id": "move_1"}, {"movement_id": "move_1", "account": ACCOUNT}]


@pytest.mark.parametrize("history", [History, PartyHistory])
def test_a_movement_that_is_told_as_fraud_and_wins_its_dispute_counts_once(
    history: type[History] | type[PartyHistory],
) -> None:
    told = history()
    decided = DisputeDecided("move_1", is_fraud=True, merchant_id="mer_1")
    facts = (
        fact("transaction.confirmed_fraud", NOON, FraudConfirmed("move_1", NOON, merchant_id="mer_1")),
        fact("dispute.decided", NOON, decided),
    )
    for one in facts:
        row = rows(one)[-1]
        told.take(row.item["type"], 1, values(row))
    assert told.fraud_weight(1) == 1


def test_hashes_are_keyed() -> None:
    other = Keyring("1", {"1": b"o" * 32})
    assert rows(failed(NOON))[0].item["ip"] != activity_writes([failed(NOON)], SERVER, other)[0].item["ip"]


def test_a_fact_twice_in_a_batch_is_one_row() -> None:
    assert len(rows(failed(NOON), failed(NOON))) == 2
    twice = transfer(counterparty_account="acct_2")
    assert len(activity_writes([twice, twice], SERVER, KEYS, shards=1)) == 3


def test_rows_that_are_there_already_do_not_keep_the_others_out() -> None:
    store = MemoryStore(VirtualClock(SERVER))
    store.put_all(rows(failed(NOON)))
    store.put_all(rows(failed(NOON), failed(NOON, name="b")))
    assert len(stored(store)) == 4


def test_a_duplicate_at_another_time_is_a_second_row() -> None:
    store = MemoryStore(VirtualClock(SERVER))
    for now in (SERVER, SERVER + timedelta(seconds=1)):
        store.put_all(rows(succeeded(NOON), now=now))
    assert len(stored(store)) == 4


def stored(store: MemoryStore) -> list[str]:
    hours = [f"{prefix}#2026-11-23T13#{shard:02d}" for prefix in ("ACT", "SRC") for shard in range(ACTIVITY_SHARDS)]
    return [item["SK"] for pk in hours for item in store.query(Query(Table.ACTIVITY, pk)).items]


def test_the_end_of_a_label_is_a_row_of_each_party_that_it_names() -> None:
    """Both parties may share a shard, and a row of the other one must not take its place."""
    type_, word = "transaction.confirmed_fraud", FraudConfirmed("mov-1", NOON, "Tea House", "mer-1", is_retracted=True)
    rows = activity_writes([fact(type_, NOON, word)], SERVER, KEYS, shards=1)
    assert [row.key.pk[:3] for row in rows] == ["ACT", "PTY", "PTY"]
    assert len({row.item["subject"] for row in rows[1:]}) == 2
    label = fact(type_, NOON, replace(word, is_retracted=False))
    (_, of_merchant) = activity_writes([label], SERVER, KEYS, shards=1)
    assert of_merchant.item["subject"] == rows[1].item["subject"]
