"""The demo wallet: good facts of invented people that show what the hotline can do, as docs/demo.md promises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.wallet_events.batch import take_in
from hotline.accounts import service as accounts
from hotline.contracts.model import (
    AccountDescribed,
    ContactPointChanged,
    Fact,
    MovementTold,
    RefundStatus,
    RefundTold,
)
from hotline.contracts.schemas import parse
from hotline.kit.clock import from_text
from hotline.kit.doors import Context
from hotline.kit.store import Table, hotline_key
from hotline.lockout import service as lockout
from hotline.lockout.model import Cause
from hotline.payments import service as payments
from hotline.payments.decline_codes import classify
from hotline.payments.failures import FailureCode
from hotline.refunds import policy as refund_policy
from hotline.refunds.items import merchant_policy_from
from hotline.refunds.model import RecentRequests, RefundReason
from hotline.security import service as security
from hotline_local.demo import seed_facts
from hotline_local.demo.wallet import moved
from hotline_local.launcher.paths import ROOT
from hotline_local.reference_wallet import acknowledge
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import sqs_of
from tests.support.intake_context import context, items
from tests.support.sweeps import sweep

NOW: Final = datetime(2027, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)
ROW: Final = re.compile(
    r"^\| (\+\d+) \| ([a-z0-9, -]+) \| (zh-CN|en-US) \| (on|off) \| (.+?) \| (.+?) \|$", re.MULTILINE
)
INVENTED: Final = re.compile(r"\+12025550[01]\d\d|\+447700900\d{3}|\+86138000000\d\d|demo\d+[ab]?@customer\.example")
# Phone -> state and cause of each of its accounts.
LOCKS: Final[Mapping[str, tuple[tuple[str, str | None], ...]]] = {
    "+8613800000001": (("SOFT", "TOO_MANY_PASSWORD"),),
    "+8613800000002": (("SOFT", "TOO_MANY_OTP"),),
    "+8613800000003": (("OPEN", None),),
    "+8613800000004": (("OPEN", None),),
    "+8613800000005": (("HOLD", "DORMANT"), ("OPEN", None)),
    "+8613800000006": (("FROZEN", "CUSTOMER_REQUEST"),),
    "+12025550107": (("HOLD", "RISK_SCORE"),),
    "+12025550108": (("HOLD", "COMPROMISED_CREDENTIAL"),),
    "+12025550109": (("SOFT", "TOO_MANY_LOGIN_RATE"),),
    "+447700900110": (("HOLD", "COMPLIANCE"),),
    "+447700900111": (("HOLD", "AGENT"),),
    "+8613800000012": (("CLOSED", None),),
    "+12025550113": (("OPEN", None),),
    "+8613800000014": (("PAUSED", "CUSTOMER_REQUEST"),),
    "+8613800000015": (("OPEN", None),),
    "+8613800000016": (("OPEN", None),),
    "+12025550118": (("SOFT", "TOO_MANY_LOGIN_RATE"),),
    "+8613800000019": (("OPEN", None),),
}
CUSTOMERS_MIN: Final = 12


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    return [parse(event) for event in seed_facts(NOW)]


@pytest.fixture(scope="module")
def loaded() -> Context:
    ctx = context(now=NOW)
    events = seed_facts(NOW)
    for start in range(0, len(events), 10):
        assert take_in(sqs_of(events[start : start + 10]), ctx) == {"batchItemFailures": []}
    return ctx


def described(facts: list[Fact]) -> list[tuple[str, AccountDescribed]]:
    return [(fact.subject, fact.data) for fact in facts if isinstance(fact.data, AccountDescribed)]


def numbers_told(facts: list[Fact]) -> dict[str, set[str]]:
    """Account -> every phone number and address that a fact gives it."""
    told = {account_id: {point.value for point in data.contact_points} for account_id, data in described(facts)}
    for fact in facts:
        if isinstance(fact.data, ContactPointChanged) and fact.data.new is not None:
            told[fact.subject].add(fact.data.new)
    return told


def test_the_newest_fact_is_of_now_and_none_is_of_the_future(facts: list[Fact]) -> None:
    assert max(fact.time for fact in facts) == NOW


def test_all_times_of_a_fact_are_moved_alike_and_days_by_whole_days() -> None:
    by = timedelta(days=2, hours=3)
    told = {
        "at": "2026-11-23T10:00:00Z",
        "day": "2026-11-23",
        "list": ["2026-11-23T10:00:00.5+08:00", 7],
        "no": "2026-11",
    }
    assert moved(told, by) == {
        "at": "2026-11-25T13:00:00.000Z", "day": "2026-11-25", "list": ["2026-11-25T05:00:00.500Z", 7], "no": "2026-11",
    }  # fmt: skip


def test_the_distances_between_facts_stay_as_they_are() -> None:
    one, two = seed_facts(NOW), seed_facts(NOW + timedelta(days=100, seconds=1))
    for before, after in zip(one, two, strict=True):
        assert from_text(after["time"]) - from_text(before["time"]) == timedelta(days=100, seconds=1)
        assert before["id"] == after["id"]


def test_every_fact_has_an_id_of_its_own(facts: list[Fact]) -> None:
    assert len({fact.id for fact in facts}) == len(facts)


def test_everybody_in_it_is_plainly_invented(facts: list[Fact]) -> None:
    for _, data in described(facts):
        assert data.name.startswith(("Demo Customer", "演示客户"))
    assert all(INVENTED.fullmatch(value) for values in numbers_told(facts).values() for value in values)
    for fact in facts:
        if isinstance(fact.data, MovementTold):
            merchant = fact.data.merchant
            assert merchant is None or merchant.name.startswith(("Demo", "演示"))


def test_it_has_at_least_a_dozen_customers(facts: list[Fact]) -> None:
    assert len({account_id for account_id, _ in described(facts)}) >= CUSTOMERS_MIN


def test_it_shows_every_cause_of_a_lock(loaded: Context, facts: list[Fact]) -> None:
    views = [
        lockout.view_from(loaded.store.batch_get(lockout.lock_keys(account_id)), account_id, NOW)
        for account_id, _ in described(facts)
    ]
    assert {view.cause for view in views if view.cause is not None} == set(Cause) - {Cause.OTHER}


@sweep("phone", LOCKS)
def test_each_phone_leads_to_accounts_in_the_state_that_is_promised(phone: str, loaded: Context) -> None:
    assert loaded.lookup_keys is not None
    keys = accounts.point_keys(phone, loaded.lookup_keys.get())
    read = loaded.store.batch_get(keys)
    owners = accounts.usable_owners([read.get(key) for key in keys])
    views = [lockout.view_from(loaded.store.batch_get(lockout.lock_keys(owner)), owner, NOW) for owner in owners]
    assert tuple((view.state.value, view.cause.value if view.cause else None) for view in views) == LOCKS[phone]


def test_locks_by_failures_last_long_enough_to_try_them(loaded: Context) -> None:
    for account_id in ("acct-demo-01", "acct-demo-02", "acct-demo-09"):
        read = loaded.store.batch_get(lockout.lock_keys(account_id))
        assert lockout.view_from(read, account_id, NOW + timedelta(hours=23)).state.value == "SOFT"


def test_it_shows_a_dozen_reasons_of_failure_and_every_place_where_money_can_be(facts: list[Fact]) -> None:
    told = [fact.data for fact in facts if isinstance(fact.data, MovementTold)]
    codes = {classify(one.failure, network=one.instrument.network).code for one in told if one.failure}
    assert len(codes) >= 12
    assert FailureCode.OTHER not in codes
    assert {one.money.value for one in told} == {"none", "held", "debited", "returned", "unknown"}


def test_it_shows_refunds_in_every_state(facts: list[Fact]) -> None:
    newest: dict[str, RefundTold] = {}
    for fact in facts:
        if isinstance(fact.data, RefundTold) and (
            fact.data.refund_id not in newest or fact.data.version > newest[fact.data.refund_id].version
        ):
            newest[fact.data.refund_id] = fact.data
    # Of an unknown outcome the wallet is asked at once, and the reference wallet answers.
    assert {refund.status for refund in newest.values()} == set(RefundStatus) - {RefundStatus.UNKNOWN}


def test_it_has_both_languages_a_shared_phone_a_two_step_account_and_one_without_e_mail(facts: list[Fact]) -> None:
    people = [data for _, data in described(facts)]
    assert {data.language for data in people} == {"zh-CN", "en-US"}
    assert any(data.two_step for data in people)
    assert any(all(point.value.startswith("+") for point in data.contact_points) for data in people)
    phones = [point.value for data in people for point in data.contact_points if point.value.startswith("+")]
    assert {phone for phone in phones if phones.count(phone) == 2} == {"+8613800000005"}


def test_a_number_that_changed_hands_leads_to_its_new_owner_and_nothing_for_the_old_one_goes_there(
    loaded: Context, facts: list[Fact]
) -> None:
    assert loaded.lookup_keys is not None
    keyring = loaded.lookup_keys.get()
    number, address = "+8613800000016", "demo16@customer.example"
    point = accounts.point_from(number, keyring, loaded.store.batch_get(accounts.point_keys(number, keyring)))
    assert {owner.account_id: owner.changed_hands for owner in point.owners} == {
        "acct-demo-16": True,
        "acct-demo-17": False,
    }
    changed = [fact for fact in facts if isinstance(fact.data, ContactPointChanged)]
    assert {fact.subject: fact.data.reassigned for fact in changed if isinstance(fact.data, ContactPointChanged)} == {
        "acct-demo-17": True,
        "acct-demo-18": False,
    }

    def sent_to(account_id: str, value: str) -> str | None:
        point_id = accounts.point_id(value, keyring)
        return accounts.address_to_send(loaded.store, account_id, point_id, keyring)

    assert sent_to("acct-demo-17", number) == number
    assert sent_to("acct-demo-16", number) is None
    assert sent_to("acct-demo-16", address) == address


def test_the_scan_finds_the_attacked_account_and_no_other(loaded: Context) -> None:
    assert isinstance(loaded.store, MemoryStore)
    clock = VirtualClock(NOW + timedelta(minutes=2))
    ctx = Context(store=loaded.store.fork(clock), clock=clock, ids=SeededIds(15))
    found = [finding for shard in range(security.ACTIVITY_SHARDS) for finding in scan(ctx, shard)]
    attacked = [finding for finding in found if finding.account_id == "acct-demo-15"]
    assert {finding.rule for finding in attacked} == {
        "failed_login_burst",
        "distributed_guessing",
        "reset_device_transfer",
    }
    assert {finding.rule for finding in found if finding not in attacked} <= {"failed_login_burst"}
    read = ctx.store.batch_get(lockout.lock_keys("acct-demo-15"))
    view = lockout.view_from(read, "acct-demo-15", clock.now())
    assert (view.state.value, view.cause) == ("HOLD", Cause.RISK_SCORE)


def scan(ctx: Context, shard: int) -> tuple[security.Finding, ...]:
    return security.scan_shard(ctx, shard).raised


def test_the_document_names_every_customer_as_it_is(facts: list[Fact]) -> None:
    rows = ROW.findall((ROOT / "docs/demo.md").read_text(encoding="utf-8"))
    assert [row[0] for row in rows] == list(LOCKS)
    told, numbers = dict(described(facts)), numbers_told(facts)
    assert {name for row in rows for name in row[1].split(", ")} == set(told)
    for phone, names, language, two_step, _, _ in rows:
        for name in names.split(", "):
            assert phone in numbers[name]
            assert (told[name].language, "on" if told[name].two_step else "off") == (language, two_step)


def test_the_chinese_document_has_the_same_customers_orders_and_sums() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/demo.md", "docs/demo.zh-CN.md"))
    rows = ROW.findall(chinese.replace("| 关 |", "| off |").replace("| 开 |", "| on |"))
    assert [row[:4] for row in rows] == [row[:4] for row in ROW.findall(english)]
    for pattern in (r"DW26\d{6}", r"\b[01]\d{5}\b", r"\d+\.00|\d+\.50", r"\bacct-demo-\w+", r"`[^`]+`"):
        assert set(re.findall(pattern, chinese)) >= set(re.findall(pattern, english)), pattern


def test_every_order_in_the_document_is_in_the_wallet(facts: list[Fact]) -> None:
    named = set(re.findall(r"DW26\d{6}", (ROOT / "docs/demo.md").read_text(encoding="utf-8")))
    orders = {fact.data.order_no for fact in facts if isinstance(fact.data, MovementTold)}
    assert named
    assert named <= orders


@sweep(
    ("tail", "outcome"),
    [
        ("040005", "APPROVED"),
        ("040006", "IN_REVIEW"),
        ("040007", "DENIED"),
        ("130001", "APPROVED"),
        ("190001", "IN_REVIEW"),
    ],
)
def test_a_refund_of_the_orders_in_the_document_is_decided_as_promised(
    tail: str, outcome: str, loaded: Context
) -> None:
    account_id = f"acct-demo-{tail[:2]}"
    (ref,) = payments.list_by_tail(loaded.store, account_id, tail).refs
    item = loaded.store.get(payments.movement_key(account_id, ref.sk))
    assert item is not None
    movement = payments.movement_from(item)
    assert movement.ref.merchant is not None
    policy_item = loaded.store.get(hotline_key(f"MERCHANT#{movement.ref.merchant.id}", "POLICY"))
    assert policy_item is not None
    decision = refund_policy.decide(
        movement=movement,
        merchant=merchant_policy_from(policy_item),
        recent=RecentRequests(account_id, ()),
        reason=RefundReason.CANCELLED,
        amount=None,
        now=NOW,
    )
    assert decision.outcome.value == outcome


def test_one_order_takes_a_second_person_and_another_one_that_is_looked_at_does_not(loaded: Context) -> None:
    minor = {
        tail: payments.list_by_tail(loaded.store, f"acct-demo-{tail[:2]}", tail).refs[0].amount.minor
        for tail in ("190001", "040006")
    }
    assert minor["040006"] <= refund_policy.REQUEST_CAP_MINOR["CNY"] < minor["190001"]


def test_two_orders_share_their_last_four_digits_and_not_six(loaded: Context) -> None:
    assert len(payments.list_by_tail(loaded.store, "acct-demo-03", "1111").refs) == 2
    assert len(payments.list_by_tail(loaded.store, "acct-demo-03", "031111").refs) == 1


# ---------------------------------------------------------------- the reference wallet


def decisions(ctx: Context) -> list[dict[str, Any]]:
    from functions.decisions.delivery import bus_event

    entries = [entry for entry in items(ctx, Table.OUTBOX).values() if entry["to"] == "bus"]
    return [dict(bus_event(entry).detail) for entry in entries]


def test_the_reference_wallet_does_as_it_is_asked_and_the_hotline_hears_of_it(loaded: Context) -> None:
    asked = [decision for decision in decisions(loaded) if decision["type"] == "account.lock_requested.v1"]
    assert {decision["subject"] for decision in asked} == {"acct-demo-01", "acct-demo-02"}
    told = [fact for decision in asked for fact in acknowledge(decision, NOW)]
    assert {fact["type"] for fact in told} == {"lock.applied.v1"}
    assert take_in(sqs_of(told), loaded) == {"batchItemFailures": []}
    for account_id in ("acct-demo-01", "acct-demo-02"):
        view = lockout.view_from(loaded.store.batch_get(lockout.lock_keys(account_id)), account_id, NOW)
        assert view.asked is None
