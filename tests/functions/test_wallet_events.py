"""Facts of the wallet through the function: every event file, partial failures, shares, conflicts, clean logs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.wallet_events.batch import AT_ONCE, take_in
from hotline.accounts import service as accounts
from hotline.accounts import unopened as unopened_module
from hotline.contracts.model import Fact
from hotline.intake import service as intake
from hotline.kit.change import Change
from hotline.kit.change.acts import STALE_ATTEMPTS_MAX
from hotline.kit.clock import CLOCK_SKEW, to_text
from hotline.kit.doors import Context
from hotline.kit.errors import Stale, Unavailable
from hotline.kit.logging import ALLOWED_KEYS, Event
from hotline.kit.store import BATCH_GET_KEYS_MAX, BATCH_PUTS_MAX, TRANSACTION_ITEMS_MAX, Table
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.payments.unknown_words import CODES_MAX
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import ACCOUNT, NOON, PHONE, event, sqs_of
from tests.support.intake_context import context, items
from tests.support.log_lines import lines, logged
from tests.support.sweeps import sweep

EVENTS: Final = Path(__file__).resolve().parents[2] / "events/wallet_events"
GOOD: Final = (
    "account_changes", "account_opened", "any_order", "duplicates", "erasure", "failed_logins", "lock_told",
    "markup_in_names", "merchant_policy", "money_of_every_kind", "refund_in_another_currency", "sim_changed",
    "two_accounts", "unknown_field",
)  # fmt: skip
# File -> for each of its messages the reason for which it is rejected, None for a good one.
BAD: Final[Mapping[str, tuple[str | None, ...]]] = {
    "bad_amounts": (
        "amount_not_positive", "amount_not_positive", "amount_out_of_range", "bad_value", "bad_value", "bad_currency",
    ),
    "bad_contact_points": ("bad_contact_point",),
    "bad_missing_field": ("missing_field",),
    "bad_missing_key": ("missing_key", "missing_key", "missing_key", "missing_key", None),
    "bad_nested_too_deep": ("not_an_event",),
    "bad_no_detail": ("not_an_event", "not_an_event", "not_an_event"),
    "bad_not_json": ("not_an_event", None),
    "bad_personal_id": ("bad_value", "bad_value", "unknown_type"),
    "bad_policy_of_another_merchant": ("subject_mismatch",),
    "bad_times": ("bad_time", "bad_time", "future_time", None),
    "bad_too_long": ("too_long", "too_long"),
    "bad_type_mismatch": ("type_mismatch",),
    "bad_unknown_type": ("unknown_type", "unknown_type", None),
    "poison_among_good": (None, None, "initiated_at_changed", None),
}  # fmt: skip
CATALOGUE: Final = {event.code: event for event in Event}


def read(name: str) -> dict[str, Any]:
    event_file: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event_file


def failed(answer: Mapping[str, Any]) -> list[str]:
    assert set(answer) == {"batchItemFailures"}
    return [entry["itemIdentifier"] for entry in answer["batchItemFailures"]]


def test_every_event_file_is_run_by_a_test() -> None:
    assert {path.stem for path in EVENTS.glob("*")} == {*GOOD, *BAD}


@sweep("name", GOOD)
def test_a_good_file_is_taken_in_whole_and_again_without_effect(name: str) -> None:
    ctx = context()
    with logged() as log:
        assert failed(take_in(read(name), ctx)) == []
        once = items(ctx)
        assert failed(take_in(read(name), ctx)) == []
    assert once
    assert items(ctx) == once
    # Some files are about an account that none of their facts opens.
    assert {line["event"] for line in lines(log)} - {Event.FACT_UNOPENED.code} == {Event.FACT_APPLIED.code}


@sweep("name", BAD)
def test_a_bad_file_fails_for_its_bad_messages_only_each_with_its_reason(name: str) -> None:
    sent, expected = read(name), BAD[name]
    with logged() as log:
        answer = take_in(sent, context())
    bad = {record["messageId"] for record, reason in zip(sent["Records"], expected, strict=True) if reason}
    assert set(failed(answer)) == bad
    rejected = [line for line in lines(log) if line["event"] == Event.FACT_REJECTED.code]
    assert sorted(line["reason"] for line in rejected) == sorted(reason for reason in expected if reason)
    assert all(line["level"] == "ERROR" for line in rejected)


@sweep("name", [name for name, reasons in BAD.items() if not any(r is None for r in reasons)])
def test_a_file_of_bad_messages_changes_nothing(name: str) -> None:
    ctx = context()
    take_in(read(name), ctx)
    assert [list(items(ctx, table)) for table in Table] == [[], [], []]


def personal(value: Any) -> Iterator[str]:
    """Every text of an event that may be personal: names of people and merchants, contact points, notes, numbers."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name in ("name", "value", "old", "new", "counterparty", "message", "ip", "biller", "last4", "order_no"):
                yield str(part)
            yield from personal(part)
    elif isinstance(value, list):
        for part in value:
            yield from personal(part)


def test_no_line_of_any_event_file_holds_anything_personal() -> None:
    texts, log_text = {PHONE, "Ada", "@", "+44", "+86"}, ""
    for path in sorted(EVENTS.glob("*.json")):
        sent = read(path.stem)
        for record in sent["Records"]:
            try:
                texts |= {text for text in personal(json.loads(record["body"])) if len(text) > 3 and text != "None"}
            except (ValueError, RecursionError):
                texts.add(record["body"])
        with logged() as log:
            take_in(sent, context())
        log_text += log.getvalue()
    logged_lines = [json.loads(line) for line in log_text.splitlines()]
    spoken = "\n".join(str(value) for line in logged_lines for key, value in line.items() if key != "timestamp")
    assert logged_lines
    assert {text for text in texts if text in spoken} == set()
    for line in logged_lines:
        own = set(line) - {"level", "location", "message", "timestamp", "service", "event", "xray_trace_id"}
        assert own <= ALLOWED_KEYS
        assert line["message"] == CATALOGUE[line["event"]].sentence


def test_a_rejected_fact_is_logged_with_type_id_and_reason_alone() -> None:
    with logged() as log:
        take_in(read("bad_missing_field"), context())
    (line,) = lines(log)
    own = {key: value for key, value in line.items() if key in ALLOWED_KEYS}
    assert own == {"fact_type": "payment.failed.v1", "fact_id": own["fact_id"], "reason": "missing_field"}


def test_messages_of_one_subject_become_one_transaction() -> None:
    ctx = context()
    assert isinstance(ctx.store, MemoryStore)
    take_in(sqs_of([event("account.opened")]), ctx)
    before = (ctx.store.reads, ctx.store.transactions)
    take_in(sqs_of([event("payment.failed", {"movement_id": f"mov_{n}"}, id=f"evt_{n}") for n in range(10)]), ctx)
    # The second keeps the rows for the scan, and the third moves the head of the feed.
    assert (ctx.store.reads - before[0], ctx.store.transactions - before[1]) == (1, 3)


def test_a_merchant_and_an_account_of_the_same_id_do_not_meet() -> None:
    ctx = context()
    policy = event("merchant.policy_published", {"merchant_id": ACCOUNT}, subject=ACCOUNT)
    assert failed(take_in(sqs_of([policy, event("account.opened")]), ctx)) == []
    assert {f"MERCHANT#{ACCOUNT} POLICY", f"ACCOUNT#{ACCOUNT} #PROFILE"} <= set(items(ctx))


def test_five_failed_logins_lock_the_account_and_tell_wallet_and_customer() -> None:
    ctx = context()
    take_in(sqs_of([event("account.opened")]), ctx)
    take_in(read_as("failed_logins", ACCOUNT), ctx)
    view = lockout.view_from(ctx.store.batch_get(lockout.lock_keys(ACCOUNT)), ACCOUNT, NOON)
    assert view.state.value == "SOFT"
    out = sorted(entry["kind"] for entry in items(ctx, Table.OUTBOX).values())
    assert out == ["account.lock_requested", "lock.soft", "lock.soft"]


def read_as(name: str, account_id: str) -> dict[str, Any]:
    sent = read(name)
    for record in sent["Records"]:
        body = json.loads(record["body"])
        body["detail"]["subject"] = account_id
        record["body"] = json.dumps(body)
    return sent


@pytest.mark.parametrize(
    ("early_by", "taken"),
    [(timedelta(milliseconds=-1), False), (timedelta(0), True), (timedelta(milliseconds=1), True)],
)
def test_a_fact_may_be_ahead_by_the_skew_of_clocks(early_by: timedelta, taken: bool) -> None:
    told = event("account.opened", time=to_text(NOON + CLOCK_SKEW - early_by))
    assert (failed(take_in(sqs_of([told]), context())) == []) is taken


# ---------------------------------------------------------------- erasure

FEED = "FEED#facts #HEAD"
"""The head of the feed, which is of no account."""
LEFT = [f"ACCOUNT#{ACCOUNT} #ERASURE", f"ACCOUNT#{ACCOUNT} #LOCK", f"ACCOUNT#{ACCOUNT} #WATCH"]
"""Of an erased account, beside records: what is still to be done, and the tombstones."""


def test_facts_after_erasure_do_nothing_and_leave_no_trace() -> None:
    ctx = context()
    take_in(sqs_of([event("account.opened"), event("login.failed"), event("funds.balance_changed")]), ctx)
    take_in(sqs_of([event("account.erased")]), ctx)
    after, activity = items(ctx), items(ctx, Table.ACTIVITY)
    assert sorted(name for name in after if "AUDIT#" not in name and name != FEED) == LEFT
    later = [event("account.opened", id="l1"), event("login.failed", id="l2"), event("payment.failed", id="l3")]
    assert failed(take_in(sqs_of(later), ctx)) == []
    assert items(ctx) == after
    assert items(ctx, Table.ACTIVITY) == activity


def test_no_table_holds_a_personal_value_after_erasure() -> None:
    ctx = context()
    take_in(sqs_of([event("account.opened"), event("contact_point.changed"), event("login.failed")]), ctx)
    take_in(sqs_of([event("payment.failed"), event("funds.balance_changed")]), ctx)
    take_in(sqs_of([event("account.erased")]), ctx)
    dump = json.dumps([items(ctx, table) for table in Table], ensure_ascii=False)
    for value in (PHONE, "7700900", "customer.example", "Ada", "192.0.2.7", "dev_1", "Tea House Ltd", "Europe/London"):
        assert value not in dump


def test_an_erasure_between_reading_and_writing_wins() -> None:
    ctx = context()
    take_in(sqs_of([event("account.opened")]), ctx)
    store = ctx.store
    assert isinstance(store, MemoryStore)
    erase_before_commit(ctx, store)
    assert failed(take_in(sqs_of([event("account.updated", {"version": 2})]), ctx)) == []
    assert f"ACCOUNT#{ACCOUNT} #PROFILE" not in items(ctx)


def test_an_erasure_between_reading_and_writing_wins_over_a_first_fact_too() -> None:
    ctx = context()
    store = ctx.store
    assert isinstance(store, MemoryStore)
    erase_before_commit(ctx, store)
    assert failed(take_in(sqs_of([event("payment.failed")]), ctx)) == []
    assert sorted(name for name in items(ctx) if "AUDIT#" not in name and name != FEED) == LEFT


def erase_before_commit(ctx: Context, store: MemoryStore) -> None:
    def erase(name: str) -> None:
        if name == "transact":
            store.before = None
            take_in(sqs_of([event("account.erased")]), ctx)

    store.before = erase


# ---------------------------------------------------------------- trouble


def test_a_conflict_is_folded_again_on_what_is_there_then() -> None:
    ctx = context()
    store = ctx.store
    assert isinstance(store, MemoryStore)
    take_in(sqs_of([event("account.opened")]), ctx)

    def rival(name: str) -> None:
        if name == "transact":
            store.before = None
            take_in(sqs_of([event("account.updated", {"version": 3, "name": "Rival"}, id="rival")]), ctx)

    store.before = rival
    assert failed(take_in(sqs_of([event("account.updated", {"version": 2}, time=to_text(NOON))]), ctx)) == []
    profile = accounts.profile_from(store.get(accounts.profile_key(ACCOUNT)))
    assert profile is not None
    assert (profile.name, profile.version, profile.facts_as_of) == ("Rival", 3, NOON)


@pytest.mark.parametrize(("stale_times", "taken"), [(STALE_ATTEMPTS_MAX - 1, True), (STALE_ATTEMPTS_MAX, False)])
def test_conflicts_are_met_three_times_and_then_the_queue_brings_the_facts_again(
    stale_times: int, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, left = Change.commit, [stale_times]

    def contended(change: Change, store: MemoryStore) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise Stale
        commit(change, store)

    monkeypatch.setattr(Change, "commit", contended)
    with logged() as log:
        answer = take_in(sqs_of([event("account.opened"), event("payment.failed")]), context())
    assert failed(answer) == ([] if taken else ["m1", "m2"])
    expected = Event.FACT_APPLIED if taken else Event.FACT_RETRIED
    assert [(line["event"], line["count"]) for line in lines(log)] == [(expected.code, 2)]


def test_trouble_with_one_account_does_not_touch_another() -> None:
    ctx = context()
    store = ctx.store
    assert isinstance(store, MemoryStore)

    def down(name: str) -> None:
        if name == "transact":
            store.before = None
            raise Unavailable

    store.before = down
    answer = take_in(sqs_of([event("account.opened", subject=f"acc_{n}", id=f"e{n}") for n in range(3)]), ctx)
    assert failed(answer) == ["m1"]
    assert {f"ACCOUNT#acc_{n} #PROFILE" in items(ctx) for n in (1, 2)} == {True}


def test_a_fact_that_a_room_stumbles_over_does_not_keep_its_neighbours_out(monkeypatch: pytest.MonkeyPatch) -> None:
    contribute = payments.contribute_facts

    def stumbling(change: Change, read: Mapping[Any, Any], facts: Sequence[Fact], **given: Any) -> None:
        if any(fact.id == "poison" for fact in facts):
            raise ZeroDivisionError("Ada Example")
        contribute(change, read, facts, **given)

    monkeypatch.setattr(payments, "contribute_facts", stumbling)
    ctx = context()
    batch = [event("payment.failed", {"movement_id": f"m_{name}"}, id=name) for name in ("one", "poison", "two")]
    with logged() as log:
        answer = take_in(sqs_of(batch), ctx)
    assert failed(answer) == ["m2"]
    assert sum(" MOVE#" in name for name in items(ctx)) == 2
    (line,) = [line for line in lines(log) if line["event"] == Event.FACT_FAILED.code]
    assert (line["fact_id"], line["error"]) == ("poison", "ZeroDivisionError")
    assert "Ada" not in log.getvalue()


def payments_of(count: int) -> list[dict[str, Any]]:
    return [event("payment.failed", subject=f"acc_{n}", id=f"pay-{n}") for n in range(count)]


def of_accounts(count: int) -> list[dict[str, Any]]:
    """A payment and a name of each account; no contact points, on which the accounts would meet."""
    named = [{"version": 2, "name": f"N{n}", "contact_points": []} for n in range(count)]
    return payments_of(count) + [
        event("account.updated", data, subject=f"acc_{n}", id=f"name-{n}") for n, data in enumerate(named)
    ]


@pytest.mark.parametrize("count", [1, 10, 50])
def test_the_accounts_of_a_batch_share_their_first_read_and_the_writes_of_rows(count: int) -> None:
    ctx = context()
    assert isinstance(ctx.store, MemoryStore)
    take_in(sqs_of(event("account.opened", subject=f"acc_{n}", id=f"open-{n}") for n in range(count)), ctx)
    reads, writes = ctx.store.reads, ctx.store.transactions
    assert failed(take_in(sqs_of(payments_of(count)), ctx)) == []
    rows = len(items(ctx, Table.ACTIVITY))
    keys = 12
    """The items of an account, at most, that a payment is folded into."""
    assert ctx.store.reads - reads <= -(-count * keys // BATCH_GET_KEYS_MAX)
    feed = 1
    assert ctx.store.transactions - writes <= count + -(-rows // BATCH_PUTS_MAX) + feed


@pytest.mark.parametrize("at_once", [2, AT_ONCE])
def test_accounts_that_are_worked_on_beside_each_other_come_to_the_same(at_once: int) -> None:
    one_by_one, together = context(), context()
    for ctx, threads in ((one_by_one, 1), (together, at_once)):
        none: dict[str, Any] = {"contact_points": []}
        opened = [event("account.opened", none, subject=f"acc_{n}", id=f"open-{n}") for n in range(30)]
        assert failed(take_in(sqs_of(opened), ctx, at_once=threads)) == []
        assert failed(take_in(sqs_of(of_accounts(30)), ctx, at_once=threads)) == []
    for table in (Table.HOTLINE, Table.ACTIVITY):
        assert items(one_by_one, table) == items(together, table)


def test_an_account_that_somebody_wrote_after_the_first_read_of_the_batch_is_read_again() -> None:
    ctx = context()
    store = ctx.store
    assert isinstance(store, MemoryStore)
    take_in(sqs_of(event("account.opened", subject=f"acc_{n}", id=f"open-{n}") for n in range(3)), ctx)

    def rival(name: str) -> None:
        if name == "transact":
            store.before = None
            newer = event("account.updated", {"version": 9, "name": "Rival"}, subject="acc_2", id="rival")
            take_in(sqs_of([newer]), ctx)

    store.before = rival
    assert failed(take_in(sqs_of(of_accounts(3)), ctx)) == []
    names = [accounts.profile_from(store.get(accounts.profile_key(f"acc_{n}"))) for n in range(3)]
    assert [profile.name for profile in names if profile is not None] == ["N0", "N1", "Rival"]
    assert sum(" MOVE#" in name for name in items(ctx)) == 3


def test_a_first_read_that_fails_leaves_each_account_to_its_own() -> None:
    ctx = context()
    store = ctx.store
    assert isinstance(store, MemoryStore)
    left = [2]

    def down(name: str) -> None:
        if name == "batch_get" and left[0]:
            left[0] -= 1
            raise Unavailable

    store.before = down
    opened = [event("account.opened", subject=f"acc_{n}", id=f"open-{n}") for n in range(3)]
    assert failed(take_in(sqs_of(opened), ctx)) == ["m1"]


@pytest.mark.parametrize(("module", "name"), [("payments", "fact_keys"), ("security", "activity_writes")])
def test_work_that_all_accounts_share_does_not_stumble_over_the_facts_of_one(
    module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = context()
    opened = [event("account.opened", subject=f"acc_{n}", id=f"open-{n}") for n in range(3)]
    assert failed(take_in(sqs_of(opened), ctx)) == []
    rows = len(items(ctx, Table.ACTIVITY))
    room = getattr(intake, module)
    usual = getattr(room, name)

    def stumbling(facts: Sequence[Fact], *given: Any, **named: Any) -> Any:
        if any(fact.subject == "acc_1" for fact in facts):
            raise KeyError(name)
        return usual(facts, *given, **named)

    with logged() as log:
        monkeypatch.setattr(room, name, stumbling)
        assert failed(take_in(sqs_of(payments_of(3)), ctx)) == ["m2"]
    (line,) = [line for line in lines(log) if line["event"] == Event.FACT_FAILED.code]
    assert line["error"] == "KeyError"
    assert len(items(ctx, Table.ACTIVITY)) > rows
    monkeypatch.undo()
    assert failed(take_in(sqs_of(payments_of(3)), ctx)) == []
    assert sum(" MOVE#" in name for name in items(ctx)) == 3


def test_rows_that_the_store_does_not_take_bring_the_whole_batch_again() -> None:
    ctx = context()
    store = ctx.store
    assert isinstance(store, MemoryStore)

    def down(name: str) -> None:
        if name == "put_all":
            store.before = None
            raise Unavailable

    store.before = down
    told = [event("login.failed", subject=f"acc_{n}", id=f"log-{n}") for n in range(3)]
    refused = event("payment.failed", {"amount": {"minor": 0, "currency": "CNY"}}, id="bad")
    with logged() as log:
        assert failed(take_in(sqs_of([*told, refused]), ctx)) == ["m4", "m1", "m2", "m3"]
    (line,) = [line for line in lines(log) if line["event"] == Event.FACT_RETRIED.code]
    assert line["count"] == 3
    assert items(ctx, Table.ACTIVITY) == {}
    assert failed(take_in(sqs_of(told), ctx)) == []
    assert {row["fact_id"] for row in store.items(Table.ACTIVITY)} == {"log-0", "log-1", "log-2"}


def test_two_accounts_whose_facts_bear_one_id_both_keep_their_rows() -> None:
    ctx = context()
    store, clock = ctx.store, ctx.clock
    assert isinstance(store, MemoryStore)
    assert isinstance(clock, VirtualClock)
    # A row bears the time of its request, and no two requests are sent at once.
    store.before = lambda name: clock.advance(timedelta(milliseconds=1)) if name == "put_all" else None
    told = [event("login.failed", subject=f"acc_{n}", id="same") for n in range(2)]
    assert failed(take_in(sqs_of(told), ctx, shards=1)) == []
    kept = [row["account_id"] for row in store.items(Table.ACTIVITY) if row["PK"].startswith("ACT#")]
    assert sorted(kept) == ["acc_0", "acc_1"]


def test_a_share_that_would_pass_one_transaction_is_split() -> None:
    ctx = context()
    assert isinstance(ctx.store, MemoryStore)
    batch = [event("payment.failed", {"movement_id": f"mov_{n}"}, id=f"evt_{n}") for n in range(60)]
    assert failed(take_in(sqs_of(batch), ctx)) == []
    assert sum(" MOVE#" in name for name in items(ctx)) == 60
    assert ctx.store.transactions > 60 * 3 // TRANSACTION_ITEMS_MAX


def test_the_largest_single_fact_fits_one_transaction() -> None:
    ctx = context()
    for version in range(1, 16):
        take_in(sqs_of([event("account.updated", points(version), id=f"evt_{version}")]), ctx)
    assert failed(take_in(sqs_of([event("account.updated", points(16), id="last")]), ctx)) == []
    assert failed(take_in(sqs_of([event("account.erased", {"version": 17})]), ctx)) == []
    assert not [name for name in items(ctx) if name.startswith("POINT#")]


def points(version: int) -> dict[str, Any]:
    values = [f"+44770{version:03}{n:04}" for n in range(5)]
    listed = [{"kind": "phone", "value": value, "confirmed_at": "2026-01-01T00:00:00Z"} for value in values]
    return {"version": version, "contact_points": listed}


def test_the_same_fact_twice_in_a_batch_counts_once() -> None:
    ctx = context()
    told = event("login.failed")
    take_in(sqs_of([told] * 10), ctx)
    view = lockout.view_from(ctx.store.batch_get(lockout.lock_keys(ACCOUNT)), ACCOUNT, NOON)
    assert view.state.value == "OPEN"


def test_two_different_facts_under_one_id_are_both_taken_in() -> None:
    ctx = context()
    one, two = event("transfer.failed", id="same"), event("transfer.failed", {"movement_id": "mov_2"}, id="same")
    assert failed(take_in(sqs_of([one, two]), ctx)) == []
    assert sum(" MOVE#" in name for name in items(ctx)) == 2


def test_an_empty_batch_has_no_failures() -> None:
    assert take_in({"Records": []}, context()) == {"batchItemFailures": []}


def test_the_wallets_facts_outlive_a_lost_answer() -> None:
    ctx = context()
    store = ctx.store
    assert isinstance(store, MemoryStore)

    def lose(name: str) -> None:
        if name == "transact":
            store.after = None
            raise Unavailable

    store.after = lose
    sent = sqs_of([event("account.opened")])
    assert failed(take_in(sent, ctx)) == ["m1"]
    first = items(ctx)
    assert failed(take_in(sent, ctx)) == []
    assert {name: item for name, item in items(ctx).items() if name != FEED} == first


# ---------------------------------------------------------------- words that no list has


def failed_with(code: str, scheme: str = "newbank", *, number: int = 1, version: int = 1, **own: Any) -> dict[str, Any]:
    data = {"movement_id": f"mov_{number}", "version": version, "failure": {"scheme": scheme, "code": code}, **own}
    return event("payment.failed", data, id=f"fact-{number}-{version}")


def taken(ctx: Context, *facts: dict[str, Any]) -> list[dict[str, Any]]:
    with logged() as log:
        assert failed(take_in(sqs_of(facts), ctx)) == []
    return [line for line in lines(log) if line["event"] in ("HL050", "HL051", "HL052")]


def test_an_unknown_code_is_logged_when_its_fact_arrives_and_counted_once_a_movement() -> None:
    ctx = context()
    (line,) = taken(ctx, failed_with("X_77"))
    assert (line["event"], line["scheme"], line["code"]) == ("HL050", "newbank", "X_77")
    assert taken(ctx, failed_with("X_77")) == []
    assert taken(ctx, failed_with("X_77", version=2)) == []
    assert len(taken(ctx, failed_with("X_77", number=2), failed_with("X_77", number=3))) == 2
    (code,) = payments.list_unknown_codes(ctx.store, NOON)
    assert (code.scheme, code.code, code.count, code.first_at, code.last_at) == ("newbank", "X_77", 3, NOON, NOON)


def test_a_code_that_only_its_message_explains_is_unknown_all_the_same() -> None:
    ctx = context()
    failure = {"scheme": "Stripe", "code": "brand_new", "message": "insufficient funds"}
    (line,) = taken(ctx, failed_with("brand_new", failure=failure))
    assert (line["scheme"], line["code"]) == ("stripe", "brand_new")


def refund_failed(code: str, status: str = "failed", *, number: int = 1, version: int = 1) -> dict[str, Any]:
    failure = {"scheme": "newbank", "code": code}
    data = {"refund_id": f"ref_{number}", "movement_id": "mov_1", "version": version, "failure": failure}
    return event(f"refund.{status}", data, id=f"refund-{number}-{version}")


def test_an_unknown_code_of_a_refund_is_logged_and_counted_once_a_failure() -> None:
    ctx = context()
    (line,) = taken(ctx, refund_failed("X_88"))
    assert (line["event"], line["scheme"], line["code"]) == ("HL050", "newbank", "X_88")
    assert taken(ctx, refund_failed("X_88")) == []
    assert taken(ctx, refund_failed("X_88", version=2)) == []
    assert len(taken(ctx, refund_failed("X_88", number=2), refund_failed("X_88", number=3))) == 2
    assert len(taken(ctx, failed_with("X_88"))) == 1
    (code,) = payments.list_unknown_codes(ctx.store, NOON)
    assert (code.scheme, code.code, code.count) == ("newbank", "X_88", 4)


def test_a_code_of_a_refund_that_came_back_is_another_failure() -> None:
    ctx = context()
    assert len(taken(ctx, refund_failed("X_88"))) == 1
    assert len(taken(ctx, refund_failed("X_89", "returned", version=2))) == 1
    assert taken(ctx, refund_failed("X_90", "sent", version=3)) == []


def test_a_known_code_of_a_refund_is_not_logged() -> None:
    failure = {"scheme": "wechat", "code": "NOT_ENOUGH"}
    data = {"refund_id": "ref_1", "movement_id": "mov_1", "version": 1, "failure": failure}
    assert taken(context(), event("refund.failed", data)) == []


def test_a_known_code_and_a_known_instrument_are_not_logged() -> None:
    assert taken(context(), failed_with("ACQ.TRADE_HAS_CLOSE", "Alipay", instrument={"kind": "Quick-Pay"})) == []


@sweep("code", ["+447700900001", "ada@customer.example", "4242424242424242", "declined for Ada", "x" * 49])
def test_a_text_that_does_not_look_like_a_code_is_neither_logged_nor_kept(code: str) -> None:
    ctx = context()
    (line,) = taken(ctx, failed_with(code))
    assert line["code"] == "-"
    assert [one.code for one in payments.list_unknown_codes(ctx.store, NOON)] == ["-"]


def test_words_that_no_list_has_are_logged_once_and_the_fact_is_taken_in() -> None:
    ctx = context()
    sent = failed_with(
        "51", "iso8583", instrument={"kind": "gift_card", "network": "Moon Card"}, provider="moonpay", version=3
    )
    found = [(line["event"], line["reason"], line["kind"]) for line in taken(ctx, sent)]
    assert found == [("HL051", "kind", "gift_card"), ("HL051", "network", "-"), ("HL051", "provider", "moonpay")]
    assert taken(ctx, sent) == []
    movement = payments.find(ctx.store.batch_get, ACCOUNT, "mov_1")
    assert movement is not None
    assert (movement.instrument.kind, movement.instrument.network) == ("gift_card", "Moon Card")


def test_a_month_holds_so_many_unknown_codes_and_no_more() -> None:
    ctx = context()
    for number in range(CODES_MAX - 1):
        taken(ctx, failed_with(f"c{number}", number=number))
    assert len(payments.list_unknown_codes(ctx.store, NOON)) == CODES_MAX - 1
    taken(ctx, failed_with("at_the_limit", number=500))
    assert len(payments.list_unknown_codes(ctx.store, NOON)) == CODES_MAX
    (line,) = taken(ctx, failed_with("one_too_many", number=501))
    assert line["code"] == "one_too_many"
    taken(ctx, failed_with("at_the_limit", number=502))
    found = payments.list_unknown_codes(ctx.store, NOON)
    assert len(found) == CODES_MAX
    assert (found[0].code, found[0].count) == ("at_the_limit", 2)


def test_the_codes_of_three_months_are_listed_together() -> None:
    store = MemoryStore(VirtualClock(NOON))
    for number, days in enumerate((0, 20, 60, 95)):
        then = NOON - timedelta(days=days)
        taken(context(store, now=then, seed=number), failed_with("X", number=number) | {"time": to_text(then)})
    (code,) = payments.list_unknown_codes(store, NOON)
    assert (code.count, code.first_at) == (3, NOON - timedelta(days=60))


def test_a_count_that_fails_fails_no_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(payments, "contribute_unknown_codes", unavailable)
    assert [line["event"] for line in taken(context(), failed_with("X"))] == ["HL050", "HL052"]


# ---------------------------------------------------------------- accounts that were never opened


def unopened(ctx: Context, account_id: str | None = None) -> list[tuple[str, str, int]]:
    found = accounts.list_unopened_facts(ctx.store, NOON, account_id)
    return [(one.account_id, one.type, one.count) for one in found]


def test_facts_about_an_account_that_was_never_opened_are_logged_counted_and_listed_until_it_is() -> None:
    ctx = context()
    with logged() as log:
        for number in range(2):
            assert failed(take_in(sqs_of([event("payment.failed", id=f"early-{number}")]), ctx)) == []
        assert failed(take_in(sqs_of([event("payment.failed", subject="acct_other", id="other")]), ctx)) == []
    found = [(line["account_id"], line["count"]) for line in lines(log) if line["event"] == "HL015"]
    assert found == [(ACCOUNT, 1), (ACCOUNT, 1), ("acct_other", 1)]
    assert unopened(ctx) == [(ACCOUNT, "payment.failed", 2), ("acct_other", "payment.failed", 1)]
    assert unopened(ctx, "acct_other") == [("acct_other", "payment.failed", 1)]
    assert failed(take_in(sqs_of([event("account.opened")]), ctx)) == []
    assert unopened(ctx) == [("acct_other", "payment.failed", 1)]


def test_a_month_holds_so_many_unopened_accounts_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = context()
    assert unopened_module.ENTRIES_MAX == 500
    small = replace(unopened_module._FACTS, entries_max=3)
    monkeypatch.setattr(unopened_module, "_FACTS", small)
    for number in range(5):
        sent = event("payment.failed", subject=f"acct_{number}", id=f"fact-{number}")
        assert failed(take_in(sqs_of([sent]), ctx)) == []
        assert len(unopened(ctx)) == min(number + 1, 3)


# ---------------------------------------------------------------- dead at once


class Letters:
    """A queue of dead letters; `down`: it takes none."""

    def __init__(self, *, down: bool = False) -> None:
        self.bodies: list[str] = []
        self.down = down

    def send(self, bodies: Sequence[str]) -> None:
        if self.down:
            raise Unavailable(service_code="queue_down")
        self.bodies += bodies


def batch_of(*details: object) -> tuple[dict[str, Any], list[str]]:
    """A batch of the queue, and the bodies in it."""
    batch = sqs_of(details)
    return batch, [record["body"] for record in batch["Records"]]


def test_a_fact_that_can_never_be_taken_in_is_dead_at_once_and_the_others_are_taken_in() -> None:
    ctx, letters = context(), Letters()
    batch, bodies = batch_of(event("account.opened"), event("account.opened", type="weather.changed.v1", id="odd"))
    assert take_in(batch, ctx, letters) == {"batchItemFailures": []}
    assert letters.bodies == bodies[1:], "the message as it came, so that it can be replayed"
    assert ctx.store.get(accounts.profile_key(ACCOUNT)) is not None


def test_a_fact_of_the_future_waits_for_its_time_in_the_queue() -> None:
    letters = Letters()
    batch, _ = batch_of(event("account.opened", time=to_text(NOON + timedelta(hours=1))))
    assert len(take_in(batch, context(), letters)["batchItemFailures"]) == 1
    assert letters.bodies == []


def test_a_dead_letter_that_the_queue_does_not_take_is_delivered_again() -> None:
    batch, _ = batch_of(event("account.opened", type="weather.changed.v1"))
    with logged() as log:
        answer = take_in(batch, context(), Letters(down=True))
    assert len(answer["batchItemFailures"]) == 1
    assert [line["event"] for line in lines(log)] == ["HL011", "HL014"]


@pytest.mark.parametrize("body", ["", "hello", "[]"])
def test_a_message_that_is_no_event_is_dead_at_once_unless_it_is_empty(body: str) -> None:
    letters = Letters()
    answer = take_in({"Records": [{"messageId": "m1", "body": body}]}, context(), letters)
    assert letters.bodies == ([body] if body else [])
    assert len(answer["batchItemFailures"]) == (0 if body else 1)
