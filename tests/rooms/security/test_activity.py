"""The rows that the scan will look at are kept by arrival, as hashes, for 35 days."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hotline.contracts.model import (
    AccountClosed,
    ContactPointChanged,
    DeviceRegistered,
    Fact,
    FactData,
    FraudConfirmed,
    Instrument,
    LoginKind,
    LoginSource,
    MoneyState,
    MovementKind,
    MovementStatus,
    MovementTold,
    PasswordChanged,
    PointKind,
    TwoStepChanged,
)
from hotline.kit.clock import epoch_s
from hotline.kit.errors import Unavailable
from hotline.kit.keyring import Keyring
from hotline.kit.money import Money
from hotline.kit.store import (
    TRANSACTION_ITEMS_MAX,
    TTL_ATTRIBUTE,
    Put,
    Query,
    Reason,
    ReasonCode,
    Table,
    TransactionCancelled,
    Write,
)
from hotline.security.activity import ACTIVITY_LIFE, ACTIVITY_SHARDS, agent_row
from hotline.security.service import WRITE_ATTEMPTS_MAX, activity_writes, write_activity
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import ACCOUNT, KEYS, NOON, STRANGER, closed, fact, failed, failures, succeeded

SERVER = NOON + timedelta(minutes=61)
PERSONAL = ("192.0.2.9", "device-9", "+8613800000009", "CN", "31.2", "121.4", "payee@example.invalid")


def transfer(kind: MovementKind = MovementKind.TRANSFER) -> Fact:
    data = MovementTold(
        kind=kind,
        status=MovementStatus.SUCCEEDED,
        movement_id="move_1",
        version=1,
        initiated_at=NOON,
        amount=Money(12850, "CNY"),
        instrument=Instrument("balance"),
        money=MoneyState.DEBITED,
        counterparty="payee@example.invalid",
    )
    return fact(f"{kind.value}.succeeded", NOON, data)


def rows(*facts: Fact, now: datetime = SERVER) -> list[Put]:
    return activity_writes(facts, now, KEYS)


def test_a_row_lies_in_the_hour_and_at_the_time_of_the_server() -> None:
    (row,) = rows(succeeded(NOON))
    assert row.key.table is Table.ACTIVITY
    hour, shard = row.key.pk.removeprefix("ACT#").split("#")
    assert hour == "2026-11-23T13"
    assert 0 <= int(shard) < ACTIVITY_SHARDS
    assert row.key.sk == f"2026-11-23T13:01:00.000Z#{succeeded(NOON).id}"
    assert row.item["at"] == "2026-11-23T12:00:00.000Z"
    assert row.item[TTL_ATTRIBUTE] == epoch_s(SERVER + ACTIVITY_LIFE)
    assert timedelta(days=35) == ACTIVITY_LIFE


def test_one_account_has_one_shard_and_many_accounts_use_all() -> None:
    def shard(account: str, name: str) -> str:
        return rows(failed(NOON, account=account, name=name))[0].key.pk[-2:]

    assert shard("a", "1") == shard("a", "2")
    assert len({shard(f"acct_{n}", "1") for n in range(200)}) == ACTIVITY_SHARDS


def test_a_failed_login_is_kept_by_its_source_too() -> None:
    by_account, by_source = rows(failed(NOON))
    assert by_source.key.pk.startswith("SRC#2026-11-23T13#")
    assert by_source.item == by_account.item
    other = rows(failed(NOON, account="somebody_else"))[1]
    assert other.key.pk == by_source.key.pk
    assert other.item["ip"] == by_source.item["ip"]
    without_address = [failed(NOON, source=LoginSource(device_id="device-9"), account=name) for name in ("a", "b")]
    assert len({rows(one)[1].key.pk for one in without_address}) == 1


@pytest.mark.parametrize("one", [succeeded(NOON), failed(NOON, source=LoginSource(country="CN"))])
def test_a_login_that_succeeded_or_has_no_source_is_kept_by_account_alone(one: Fact) -> None:
    assert [row.key.pk[:3] for row in rows(one)] == ["ACT"]


def hashed(name: str, value: str) -> str:
    return KEYS.mac_text(KEYS.current, name, value)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (DeviceRegistered("device-9"), {"device": hashed("device", "device-9")}),
        (PasswordChanged(2), {}),
        (TwoStepChanged(3, two_step=False), {}),
        (
            ContactPointChanged(4, PointKind.PHONE, None, "+8613800000009", NOON, reassigned=True),
            {"kind": "phone", "reassigned": True},
        ),
        (FraudConfirmed("move_1", NOON), {"movement_id": "move_1"}),
    ],
)
def test_facts_that_matter_to_the_scan_are_kept(data: FactData, kept: dict[str, object]) -> None:
    one = fact("some.type", NOON, data)
    (row,) = rows(one)
    assert row.item == {
        "account_id": ACCOUNT,
        "fact_id": one.id,
        "type": "some.type",
        "at": "2026-11-23T12:00:00.000Z",
        TTL_ATTRIBUTE: epoch_s(SERVER + ACTIVITY_LIFE),
        **kept,
    }


def test_a_device_is_known_again_from_its_registration_to_a_login() -> None:
    (registered,) = rows(fact("device.registered", NOON, DeviceRegistered("device-9")))
    source = LoginSource(ip="192.0.2.9", device_id="device-9", country="CN")
    by_account, _ = rows(failed(NOON, source=source))
    assert by_account.item["device"] == registered.item["device"]
    assert by_account.item["kind"] == LoginKind.PASSWORD.value
    assert by_account.item["ip"] == hashed("ip", "192.0.2.9")
    assert by_account.item["country"] == hashed("country", "CN")


def test_an_act_of_an_agent_is_a_row_of_the_account_in_its_shard() -> None:
    row = agent_row("act-1", "agent.unmasked", ACCOUNT, SERVER, agent_id="agent-1", case_id="case-1", shards=16)
    (by_account,) = rows(succeeded(NOON))
    assert row.key == replace(by_account.key, sk="2026-11-23T13:01:00.000Z#act-1")
    assert row.item == {
        "account_id": ACCOUNT,
        "fact_id": "act-1",
        "type": "agent.unmasked",
        "at": "2026-11-23T13:01:00.000Z",
        "agent": "agent-1",
        "case": "case-1",
        TTL_ATTRIBUTE: epoch_s(SERVER + ACTIVITY_LIFE),
    }
    assert row.condition == by_account.condition


def test_money_that_leaves_is_kept_and_other_facts_are_not() -> None:
    kept = [kind for kind in MovementKind if rows(transfer(kind))]
    assert kept == [MovementKind.TRANSFER, MovementKind.WITHDRAWAL]
    (row,), (bare,) = rows(transfer()), rows(fact("some.type", NOON, PasswordChanged(2)))
    assert {name: row.item[name] for name in set(row.item) - set(bare.item)} == {
        "kind": "transfer",
        "status": "succeeded",
        "movement_id": "move_1",
        "version": 1,
        "amount_minor": 12850,
        "currency": "CNY",
        "counterparty": hashed("counterparty", "payee@example.invalid"),
    }
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
    assert len(found) == 5
    text = str([(row.key, {**row.item, "currency": "-"}) for row in found])
    assert not [value for value in PERSONAL if value in text]


def test_hashes_are_keyed() -> None:
    other = Keyring("1", {"1": b"o" * 32})
    assert rows(failed(NOON))[0].item["ip"] != activity_writes([failed(NOON)], SERVER, other)[0].item["ip"]


def test_a_fact_twice_in_a_batch_is_one_row() -> None:
    assert len(rows(failed(NOON), failed(NOON))) == 2


@pytest.mark.parametrize(
    ("number", "transactions"),
    [(TRANSACTION_ITEMS_MAX - 1, 1), (TRANSACTION_ITEMS_MAX, 1), (TRANSACTION_ITEMS_MAX + 1, 2)],
)
def test_rows_go_out_a_hundred_at_a_time(number: int, transactions: int) -> None:
    store = MemoryStore(VirtualClock(SERVER))
    write_activity(store, rows(*(succeeded(NOON + timedelta(seconds=n)) for n in range(number))), SeededIds())
    assert store.transactions == transactions
    assert len(stored(store)) == number


def test_rows_that_are_there_already_do_not_keep_the_others_out() -> None:
    store = MemoryStore(VirtualClock(SERVER))
    ids = SeededIds()
    write_activity(store, rows(failed(NOON)), ids)
    write_activity(store, rows(failed(NOON), failed(NOON, name="b")), ids)
    write_activity(store, rows(failed(NOON), failed(NOON, name="b")), ids)
    assert len(stored(store)) == 4


def test_a_duplicate_at_another_time_is_a_second_row() -> None:
    store = MemoryStore(VirtualClock(SERVER))
    for now in (SERVER, SERVER + timedelta(seconds=1)):
        write_activity(store, rows(succeeded(NOON), now=now), SeededIds(now.second))
    assert len(stored(store)) == 2


def test_conflicts_without_end_are_said_to_be_a_failure() -> None:
    store = Conflicting(VirtualClock(SERVER))
    with pytest.raises(Unavailable):
        write_activity(store, rows(*failures(2, NOON, source=STRANGER)), SeededIds())
    assert store.tries == WRITE_ATTEMPTS_MAX


def test_nothing_to_keep_asks_nothing_of_the_store() -> None:
    store = MemoryStore(VirtualClock(SERVER))
    write_activity(store, rows(closed(NOON)), SeededIds())
    assert store.transactions == 0


class Conflicting(MemoryStore):
    """A store in which somebody else is always writing the same rows."""

    tries = 0

    def transact(self, writes: object, *, token: str) -> None:
        assert isinstance(writes, list)
        self.tries += 1
        raise TransactionCancelled(tuple(Reason(ReasonCode.CONFLICT) for _ in list[Write](writes)))


def stored(store: MemoryStore) -> list[str]:
    hours = [f"{prefix}#2026-11-23T13#{shard:02d}" for prefix in ("ACT", "SRC") for shard in range(ACTIVITY_SHARDS)]
    return [item["SK"] for pk in hours for item in store.query(Query(Table.ACTIVITY, pk)).items]
