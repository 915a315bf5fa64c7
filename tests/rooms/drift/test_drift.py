"""Drift: what is compared, what is asked for, how it ends, and that two sides with the same facts always agree."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.digests.batch import PLACES, SPARE_MS, take_in
from functions.imports.batch import take_in as take_in_lines
from hotline.contracts.limits import DIGEST_ACCOUNTS_MAX
from hotline.drift import items as drift_items
from hotline.drift import service as drift
from hotline.drift.model import EMPTY, Kind, digest_of
from hotline.kit.clock import CLOCK_SKEW, to_text
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.store import Table
from hotline_local.digests import digests_of
from hotline_local.errors import CommandError
from hotline_local.launcher.template import read as read_template
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import ACCOUNT, NOON, bus_event, event
from tests.support.faults import once
from tests.support.intake_context import context, items
from tests.support.log_lines import lines, logged

EVENTS: Final = Path(__file__).resolve().parents[3] / "events/digests"
SINCE: Final = NOON - timedelta(days=90)
ALL: Final = (
    event("account.opened"),
    event("payment.failed"),
    event("payment.failed", {"movement_id": "mov_2", "initiated_at": "2026-11-01T09:00:00Z"}, id="evt-2"),
    event("refund.settled"),
    event("bill.issued"),
    event("funds.balance_changed"),
)


def told(facts: Sequence[dict[str, Any]], folder: Path, *, as_of: datetime = NOON) -> dict[str, Any]:
    """The digest that a wallet with these facts tells."""
    path = folder / "wallet.jsonl"
    path.write_text("".join(json.dumps(fact) + "\n" for fact in facts), encoding="utf-8")
    (digest,) = digests_of(path, since=SINCE, as_of=as_of)
    return digest


def knowing(facts: Sequence[dict[str, Any]]) -> Context:
    """A hotline that knows these facts."""
    ctx = context()
    hear(ctx, facts)
    return ctx


def hear(ctx: Context, facts: Sequence[dict[str, Any]]) -> None:
    body = json.dumps({"import_id": "i", "lines": [{"line": 1, "fact": fact} for fact in facts]})
    assert take_in_lines({"Records": [{"messageId": "m", "body": body}]}, ctx, Nowhere()) == {"batchItemFailures": []}


class Nowhere:
    """A queue that nothing may come to."""

    def send(self, bodies: Sequence[str]) -> None:
        raise AssertionError(bodies)


def compare(
    ctx: Context, digest: Any, *, left_ms: int = 60_000, accounts: int | None = None, attempt: int = 1
) -> list[str]:
    """Compare, where there is time for so many accounts; return the ids of messages that come again."""
    record = {
        "messageId": "m1",
        "body": json.dumps(bus_event(digest)),
        "attributes": {"ApproximateReceiveCount": str(attempt)},
    }
    times = iter([left_ms] * accounts + [0]) if accounts is not None else repeat(left_ms)
    answer = take_in({"Records": [record]}, ctx, left_ms=lambda: next(times))
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def asked(ctx: Context) -> list[Any]:
    """The things that the wallet was asked for, by the outbox."""
    return [
        item["facts"]["about"]
        for item in items(ctx, Table.OUTBOX).values()
        if item["kind"] == "account.facts_requested"
    ]


def later(ctx: Context, days: int) -> datetime:
    assert isinstance(ctx.clock, VirtualClock)
    ctx.clock.advance(timedelta(days=days))
    return ctx.clock.now()


def test_a_digest_is_the_sum_that_the_contract_says() -> None:
    numbers = [int.from_bytes(hashlib.sha256(text).digest()[:8], "big") for text in (b"mov_1 1", b"mov_2 7")]
    assert digest_of([("mov_1", 1), ("mov_2", 7)]).digest == f"{sum(numbers) % 2**64:016x}"
    assert digest_of([("mov_2", 7), ("mov_1", 1)]) == digest_of([("mov_1", 1), ("mov_2", 7)])
    assert digest_of([]) == EMPTY
    # Written down once, so that a wallet in another language can hold its own against it.
    assert digest_of([("mov_1", 1)]).digest == "d476e72cbb5fd8a1"


@given(st.lists(st.tuples(st.text("abc123", min_size=1), st.integers(1, 9)), unique=True, max_size=8), st.randoms())
def test_only_the_same_things_at_the_same_versions_have_one_digest(things: list[tuple[str, int]], random: Any) -> None:
    mixed = list(things)
    random.shuffle(mixed)
    assert digest_of(mixed) == digest_of(things)
    for place, (thing_id, version) in enumerate(things):
        others = [*things[:place], *things[place + 1 :]]
        assert digest_of(others) != digest_of(things)
        assert digest_of([*others, (thing_id, version + 10)]) != digest_of(things)


def test_where_both_know_the_same_facts_nothing_is_written(tmp_path: Path) -> None:
    ctx = knowing(ALL)
    before = items(ctx)
    assert compare(ctx, told(ALL, tmp_path)) == []
    assert items(ctx) == before
    assert drift.list_drifts(ctx.store) == ()


@pytest.mark.parametrize(
    ("missing", "kind", "thing"),
    [
        (0, Kind.ACCOUNT, {"kind": "account"}),
        (2, Kind.MOVEMENTS, {"kind": "range", "id": f"movements={SINCE.date()}"}),
        (3, Kind.REFUNDS, {"kind": "range", "id": f"refunds={SINCE.date()}"}),
        (4, Kind.BILLS, {"kind": "range", "id": f"bills={SINCE.date()}"}),
        (5, Kind.FUNDS, {"kind": "funds"}),
    ],
)
def test_a_fact_that_never_came_is_named_by_account_and_kind_asked_for_and_over_when_it_is_told(
    missing: int, kind: Kind, thing: dict[str, str], tmp_path: Path
) -> None:
    ctx = knowing([fact for place, fact in enumerate(ALL) if place != missing])
    assert compare(ctx, told(ALL, tmp_path)) == []
    (found,) = drift.list_drifts(ctx.store)
    assert (found.account_id, set(found.differences), found.times) == (ACCOUNT, {kind}, 1)
    assert asked(ctx) == [[thing]]
    hear(ctx, [ALL[missing]])
    assert compare(ctx, told(ALL, tmp_path, as_of=later(ctx, 1))) == []
    assert drift.list_drifts(ctx.store) == ()
    assert len(asked(ctx)) == 1


def test_a_thing_that_the_wallet_does_not_have_is_drift_too(tmp_path: Path) -> None:
    ctx = knowing(ALL)
    compare(ctx, told([fact for fact in ALL if fact["type"] != "bill.issued.v1"], tmp_path))
    (found,) = drift.list_drifts(ctx.store)
    assert (found.differences[Kind.BILLS].wallet.count, found.differences[Kind.BILLS].known.count) == (0, 1)


def test_an_account_that_nothing_is_known_of_is_named(tmp_path: Path) -> None:
    ctx = context()
    compare(ctx, told(ALL, tmp_path))
    (found,) = drift.list_drifts(ctx.store)
    assert set(found.differences) == set(Kind)


def test_the_wallet_is_asked_three_times_and_then_people_are_told(tmp_path: Path) -> None:
    ctx = knowing(ALL[1:])
    with logged() as log:
        for day in range(5):
            compare(ctx, told(ALL, tmp_path, as_of=later(ctx, 1)))
            (found,) = drift.list_drifts(ctx.store)
            assert found.times == day + 1
    assert len(asked(ctx)) == drift.ASKED_MAX == 3
    assert [line["attempt"] for line in lines(log) if line["event"] == "HL121"] == [4, 5]


def test_the_same_digest_again_asks_nobody_again_and_an_older_one_changes_nothing(tmp_path: Path) -> None:
    ctx = knowing(ALL[1:])
    digest = told(ALL, tmp_path)
    compare(ctx, digest)
    before = items(ctx)
    compare(ctx, digest)
    compare(ctx, told(ALL[1:], tmp_path, as_of=NOON - timedelta(seconds=1)))
    assert items(ctx) == before
    assert len(asked(ctx)) == 1


def test_an_account_that_moved_on_after_the_digest_is_left_to_the_next_one(tmp_path: Path) -> None:
    ctx = knowing(ALL)
    newer = {**event("payment.failed", {"movement_id": "mov_9"}), "id": "evt-9", "time": to_text(NOON)}
    hear(ctx, [newer])
    assert compare(ctx, told(ALL, tmp_path, as_of=NOON - timedelta(seconds=1))) == []
    assert drift.list_drifts(ctx.store) == ()
    compare(ctx, told(ALL, tmp_path, as_of=NOON))
    assert [set(one.differences) for one in drift.list_drifts(ctx.store)] == [{Kind.MOVEMENTS}]


def test_things_from_before_the_day_are_not_compared(tmp_path: Path) -> None:
    old = event("payment.failed", {"movement_id": "mov_0", "initiated_at": to_text(SINCE - timedelta(days=1))}, id="e0")
    ctx = knowing([*ALL, old])
    compare(ctx, told(ALL, tmp_path))
    assert drift.list_drifts(ctx.store) == ()


def test_kinds_that_a_wallet_leaves_out_are_not_compared(tmp_path: Path) -> None:
    ctx = knowing(ALL[1:])
    digest = told(ALL, tmp_path)
    (account,) = digest["data"]["accounts"]
    digest["data"]["accounts"] = [{"id": account["id"], "movements": account["movements"]}]
    compare(ctx, digest)
    assert drift.list_drifts(ctx.store) == ()


@pytest.mark.parametrize("other", [(Kind.MOVEMENTS,), ()], ids=["another kind", "no kind"])
def test_a_digest_without_the_kind_that_differs_ends_no_drift(other: tuple[Kind, ...], tmp_path: Path) -> None:
    ctx = knowing(ALL[1:])
    with logged() as log:
        for day in range(12):
            digest = told(ALL, tmp_path, as_of=later(ctx, 1))
            (account,) = digest["data"]["accounts"]
            if day % 2:
                digest["data"]["accounts"] = [{name: account[name] for name in ("id", *other)}]
            compare(ctx, digest)
    assert [(set(one.differences), one.times) for one in drift.list_drifts(ctx.store)] == [({Kind.ACCOUNT}, 6)]
    assert len(asked(ctx)) == drift.ASKED_MAX
    assert [line["attempt"] for line in lines(log) if line["event"] == "HL121"] == [4, 5, 6]


def test_a_kind_that_agrees_again_ends_alone(tmp_path: Path) -> None:
    ctx = knowing([ALL[0], *ALL[3:5]])
    compare(ctx, told(ALL, tmp_path))
    hear(ctx, [ALL[5]])
    digest = told(ALL, tmp_path, as_of=later(ctx, 1))
    (account,) = digest["data"]["accounts"]
    digest["data"]["accounts"] = [{"id": account["id"], "funds": account["funds"]}]
    compare(ctx, digest)
    assert [(set(one.differences), one.times) for one in drift.list_drifts(ctx.store)] == [({Kind.MOVEMENTS}, 1)]
    hear(ctx, ALL[1:3])
    compare(ctx, told(ALL, tmp_path, as_of=later(ctx, 1)))
    assert drift.list_drifts(ctx.store) == ()


@pytest.mark.parametrize("field", ["time", "data.as_of"])
def test_a_digest_of_a_time_that_has_not_come_is_refused(field: str, tmp_path: Path) -> None:
    ctx = knowing(ALL[1:])
    digest = told(ALL, tmp_path, as_of=ctx.clock.now())
    within = digest["data"] if field == "data.as_of" else digest
    name = field.removeprefix("data.")
    within[name] = to_text(ctx.clock.now() + CLOCK_SKEW + timedelta(seconds=1))
    with logged() as log:
        assert compare(ctx, digest) == []
    assert drift.list_drifts(ctx.store) == ()
    assert [(line["reason"], line["kind"]) for line in lines(log)] == [("future_time", field)]
    within[name] = to_text(ctx.clock.now() + CLOCK_SKEW)
    compare(ctx, digest)
    assert len(drift.list_drifts(ctx.store)) == 1


def test_a_fact_that_comes_during_the_comparison_is_no_drift(tmp_path: Path) -> None:
    ctx = knowing(ALL)
    now = later(ctx, 1)
    digest = told(ALL, tmp_path, as_of=now - timedelta(minutes=5))
    newer = {**event("payment.failed", {"movement_id": "mov_9"}), "id": "evt-9", "time": to_text(now)}
    assert isinstance(ctx.store, MemoryStore)
    came: list[str] = []

    def come(operation: str) -> None:
        if operation == "query" and not came:
            came.append(operation)
            hear(ctx, [newer])

    ctx.store.before = come
    compare(ctx, digest)
    assert came == ["query"]
    assert drift.list_drifts(ctx.store) == ()
    assert asked(ctx) == []


def test_an_account_that_is_erased_later_is_named_no_more(tmp_path: Path) -> None:
    ctx = knowing(ALL[1:])
    compare(ctx, told(ALL, tmp_path))
    assert len(drift.list_drifts(ctx.store)) == 1
    hear(ctx, [event("account.opened"), event("account.erased")])
    compare(ctx, told(ALL, tmp_path))
    assert drift.list_drifts(ctx.store) == ()


def test_an_erased_account_is_nobodys_drift(tmp_path: Path) -> None:
    ctx = knowing([*ALL, event("account.erased")])
    compare(ctx, told(ALL, tmp_path))
    assert drift.list_drifts(ctx.store) == ()
    assert asked(ctx) == []


def test_a_digest_whose_time_is_over_comes_again_and_its_accounts_are_asked_once(tmp_path: Path) -> None:
    ctx = knowing(ALL[1:])
    digest = told(ALL, tmp_path)
    assert compare(ctx, digest, left_ms=SPARE_MS - 1) == ["m1"]
    assert isinstance(ctx.store, MemoryStore)
    ctx.store.before = once(Unavailable(), on="transact")
    assert compare(ctx, digest) == ["m1"]
    assert compare(ctx, digest) == []
    assert len(asked(ctx)) == 1


@pytest.mark.parametrize("count", [1, 4, 10, 11])
def test_a_digest_that_is_too_long_for_one_run_is_compared_to_its_end_by_all_of_them(
    tmp_path: Path, count: int
) -> None:
    names = {f"acc_{number:02}" for number in range(count)}
    digest = told([event("account.opened", id=f"e{name}", subject=name) for name in sorted(names)], tmp_path)
    ctx = context()
    at_once = -(-count // PLACES)
    again = [compare(ctx, digest, accounts=at_once, attempt=attempt) for attempt in range(1, PLACES + 1)]
    assert {one.account_id for one in drift.list_drifts(ctx.store)} == names
    assert again == ([["m1"]] * PLACES if at_once < count else [[]] * PLACES)


def test_a_digest_comes_as_often_as_the_queue_hands_it_out() -> None:
    queue = read_template()["Resources"]["DigestsQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == PLACES


@pytest.mark.parametrize("name", sorted(path.stem for path in EVENTS.glob("*.json")))
def test_every_event_file_is_answered_as_its_name_says(name: str) -> None:
    ctx = context()
    event_of_queue = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    assert take_in(event_of_queue, ctx, left_ms=lambda: 60_000) == {"batchItemFailures": []}
    assert len(drift.list_drifts(ctx.store)) == {"two_accounts": 2, "bad_digest": 0, "bad_form": 0}[name]


def test_more_movements_than_are_compared_leave_the_kind_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = knowing(ALL)
    monkeypatch.setattr(drift, "THINGS_COMPARED_MAX", 1)
    compare(ctx, told(ALL[:2], tmp_path))
    (found,) = drift.list_drifts(ctx.store)
    assert Kind.MOVEMENTS not in found.differences


def test_lists_longer_than_a_page_are_compared_whole(tmp_path: Path) -> None:
    many = [
        event("payment.failed", {"movement_id": f"mov_{n}", "initiated_at": to_text(NOON - timedelta(minutes=n + 1))},
              id=f"e{n}")
        for n in range(230)
    ]  # fmt: skip
    ctx = knowing([ALL[0], *many[:115]])
    hear(ctx, many[115:])
    compare(ctx, told([ALL[0], *many], tmp_path))
    assert drift.list_drifts(ctx.store) == ()


def test_every_account_that_differs_is_listed_the_most_lasting_first() -> None:
    ctx = context()
    assert isinstance(ctx.store, MemoryStore)
    names = [f"acc_{number}" for number in range(drift_items.PARTITIONS * 12)]
    for names_of_one in (names, names[:3]):
        for start in range(0, len(names_of_one), DIGEST_ACCOUNTS_MAX):
            accounts = [{"id": name, "account": 1} for name in names_of_one[start : start + DIGEST_ACCOUNTS_MAX]]
            compare(ctx, _digest(accounts, later(ctx, 1)))
    found = drift.list_drifts(ctx.store)
    assert {one.account_id for one in found} == set(names)
    assert [one.times for one in found[:4]] == [2, 2, 2, 1]
    assert len(drift.list_drifts(ctx.store, limit=5)) == 5


def _digest(accounts: list[dict[str, Any]], as_of: datetime) -> dict[str, Any]:
    data = {"as_of": to_text(as_of), "since": to_text(SINCE), "accounts": accounts}
    envelope = {"specversion": "1.0", "id": f"d-{to_text(as_of)}", "source": "wallet", "subject": "range-1"}
    return {**envelope, "type": "accounts.digest_told.v1", "time": to_text(as_of), "data": data}


def test_a_drift_is_stored_as_it_is() -> None:
    ctx = context()
    compare(ctx, _digest([{"id": ACCOUNT, "account": 3}], NOON))
    (found,) = drift.list_drifts(ctx.store)
    assert drift_items.drift_from(drift_items.drift_item(found)) == found
    assert replace(found, times=2) != found
    assert found.first_seen_at == NOON.replace(tzinfo=UTC)


def test_a_snapshot_that_is_not_sorted_gives_no_digest(tmp_path: Path) -> None:
    other = {**event("account.opened"), "subject": "acc_2"}
    path = tmp_path / "s.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (ALL[0], other, ALL[1])), encoding="utf-8")
    with pytest.raises(CommandError, match="line 3: sort the snapshot"):
        list(digests_of(path, since=SINCE, as_of=NOON))
    path.write_text("".join(json.dumps(one) + "\n" for one in (other, ALL[0])), encoding="utf-8")
    with pytest.raises(CommandError, match="line 2: sort the snapshot"):
        list(digests_of(path, since=SINCE, as_of=NOON))
