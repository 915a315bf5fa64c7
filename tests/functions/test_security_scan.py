"""The worker of the scan: its request, its answer, its log, and what it does with requests that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from functions.security_scan import app
from functions.security_scan.shard import FINDINGS_LISTED_MAX, TIME_KEPT, answer
from functions.wallet_events.batch import take_in
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.errors import InvalidInput, Unavailable
from hotline.kit.ids import bucket
from hotline.kit.keyring import Keyring
from hotline.kit.logging import Event
from hotline.security.activity import ACTIVITY_SHARDS
from hotline.security.activity_rows import PAGE_ROWS
from hotline.security.aside import TRIES_MAX
from hotline.security.detectors.reset_device_transfer import DETECTOR
from hotline.security.service import SHARDS_MAX
from hotline.security.settings import read_shipped_rules
from hotline.security.watch_items import cursor_key, is_tombstone
from hotline_local.commands.scan import sentences, summed
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import ACCOUNT as EVENT_ACCOUNT
from tests.support.facts import event, sqs_of
from tests.support.faults import once
from tests.support.intake_context import context, items
from tests.support.lock_desk import ACCOUNT, NOON, failures
from tests.support.log_lines import lines, logged
from tests.support.scan_runs import COMPLETE, ScanWorld, chain, shard_of, undone

EVENTS: Final = Path(__file__).resolve().parents[2] / "events/security_scan"
FILES: Final = sorted(EVENTS.glob("*.json"))
KEYS: Final = {
    *("shard", "rules", "rows", "subjects", "reads", "writes"),
    *("complete", "lag_minutes", "corrected", "withdrawn", "suppressed", "set_aside", "findings"),
}


STREAMS: Final = sum(bool(plan.rules) for plan in read_shipped_rules().plans.values())
WATCH: Final = f"ACCOUNT#{EVENT_ACCOUNT} #WATCH"


def plenty() -> int:
    return 120_000


@pytest.fixture
def world() -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account()
    return world


def ask(world: ScanWorld, remaining_ms: Callable[[], int] = plenty, **event: Any) -> dict[str, Any]:
    return answer({"shard": shard_of(), "run": {}} | event, world.ctx(), remaining_ms)


def test_the_files_of_events_hold_good_and_bad_ones() -> None:
    assert len([path for path in FILES if path.name.startswith("bad_")]) >= 7
    assert len([path for path in FILES if not path.name.startswith("bad_")]) >= 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_event_is_answered_or_refused_by_name(world: ScanWorld, path: Path) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    if path.name.startswith("bad_"):
        with logged() as buffer, pytest.raises(InvalidInput, match=r"^bad_(event|shard|until)$") as refused:
            answer(event, world.ctx(), plenty)
        told = [(line["event"], line["reason"]) for line in lines(buffer)]
        assert told == [(Event.REQUEST_ODD.code, refused.value.code)]
    else:
        found = answer(event, world.ctx(), plenty)
        assert found.keys() == KEYS
        assert found["shard"] == event["shard"]


@pytest.mark.parametrize(("shard", "good"), [(0, True), (SHARDS_MAX - 1, True), (SHARDS_MAX, False), (True, False)])
def test_shards_are_whole_numbers_below_the_limit(world: ScanWorld, shard: Any, good: bool) -> None:
    if good:
        assert ask(world, shard=shard)["rows"] == 0
    else:
        with pytest.raises(InvalidInput):
            ask(world, shard=shard)


def test_the_answer_names_what_was_found_and_travels_as_json(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(COMPLETE)
    found = ask(world)
    assert json.loads(json.dumps(found)) == found
    (finding,) = found.pop("findings")
    assert finding.pop("id").startswith("finding_")
    assert finding == {
        "rule": "reset_device_transfer",
        "stream": "account",
        "subject": ACCOUNT,
        "window_start": "2026-11-23T12:00:00.000Z",
    }
    # The watch with its finding, and a cursor for each of two streams that are read.
    figures = {"rows": 3, "subjects": 1, "writes": 1 + STREAMS, "lag_minutes": 0}
    figures |= dict.fromkeys(("corrected", "withdrawn", "suppressed"), 0)
    expected = {**figures, "complete": True, "shard": shard_of(), "rules": read_shipped_rules().digest}
    assert {name: found[name] for name in expected} == expected


def test_the_log_names_finding_and_rows_and_nothing_else(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(COMPLETE)
    with logged() as written:
        ask(world)
    raised, scanned = lines(written)
    always = {"level", "location", "message", "timestamp", "service", "event"}
    assert {name: raised[name] for name in raised.keys() - always} == {
        "account_id": ACCOUNT,
        "rule": DETECTOR.rule,
        "version": DETECTOR.version,
    }
    assert {name: scanned[name] for name in scanned.keys() - always} == {
        "count": 3,
        "outcome": "complete",
        "rules": read_shipped_rules().digest,
        "lag_minutes": 0,
    }
    assert (raised["event"], scanned["event"]) == ("HL080", "HL081")


def test_the_log_counts_subjects_that_are_set_aside_for_the_alarm(world: ScanWorld) -> None:
    cursor = {"through": to_text(NOON), "quiet_ms": 0, "rev": 1}
    aside = {"acct-9": [to_text(NOON), TRIES_MAX, read_shipped_rules().digest, to_text(NOON)]}
    world.store.load([(cursor_key(shard_of()), {**cursor, "aside": aside})])
    with logged() as written:
        assert ask(world)["set_aside"] == 1
    (told,) = [line for line in lines(written) if line["event"] == "HL088"]
    assert (told["level"], told["count"]) == ("ERROR", 1)


def test_the_log_of_a_run_that_fails_says_how_far_behind_it_is(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(timedelta(minutes=33))
    world.store.before = once(Unavailable(), on="transact")
    with logged() as written, pytest.raises(Unavailable):
        ask(world)
    (failed,) = lines(written)
    assert (failed["event"], failed["reason"], failed["lag_minutes"]) == ("HL083", "unavailable", 33)
    assert ask(world)["lag_minutes"] == 0


def test_a_finding_that_is_withdrawn_is_named_in_the_log(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(COMPLETE)
    ask(world)
    world.come_in(undone())
    world.clock.advance(COMPLETE)
    with logged() as written:
        assert ask(world)["withdrawn"] == 1
    withdrawn, _ = lines(written)
    assert (withdrawn["event"], withdrawn["account_id"], withdrawn["rule"]) == (
        "HL082",
        ACCOUNT,
        "reset_device_transfer",
    )


def test_until_reads_to_that_moment(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(timedelta(seconds=1))
    assert ask(world, run={"until": "2026-11-23T11:59:59+00:00"})["rows"] == 0
    assert ask(world, run={"until": "2026-11-24T20:00:01+08:00"})["rows"] == 3


def test_no_page_is_begun_in_the_last_part_of_the_time(world: ScanWorld) -> None:
    world.come_in(*failures(PAGE_ROWS + 1, NOON - timedelta(hours=10), apart=timedelta(seconds=20)))
    world.clock.advance(COMPLETE)
    # Once, all streams are read to their end: a first run looks a day back.
    assert ask(world, run={"until": to_text(NOON)})["rows"] == 0
    left = iter([1000, int(1000 * TIME_KEPT) + 1, *([int(1000 * TIME_KEPT)] * 100)])
    found = ask(world, lambda: next(left))
    assert (found["rows"], found["complete"]) == (PAGE_ROWS, False)
    assert found["lag_minutes"] == (COMPLETE) // timedelta(minutes=1)
    assert ask(world)["rows"] == 1


@pytest.mark.parametrize(("shards", "queries"), [("1", 47), ("4", 47), ("16", 29), ("40", 11)])
def test_a_shard_has_its_share_of_the_time_of_a_run(world: ScanWorld, shards: str, queries: int) -> None:
    """Four take turns at once, so the last of sixteen begin after three others, and all have to end with the run."""
    left_ms = 120_000

    def remaining_ms() -> int:
        nonlocal left_ms
        left_ms -= 2_000
        return left_ms

    # A first run asks for the rows of each hour of a day and stream, and looks at the time before each.
    found = ask(world, remaining_ms, turns={"shards": shards, "at_once": 4})
    assert (found["reads"], found["complete"]) == (queries, False)


def test_findings_beyond_the_limit_are_kept_but_not_listed(world: ScanWorld) -> None:
    names = (f"acct-{number}" for number in range(10_000))
    for account in islice((name for name in names if shard_of(name) == 0), FINDINGS_LISTED_MAX + 1):
        world.come_in(*chain(account=account))
        world.clock.advance(timedelta(milliseconds=1))
    world.clock.advance(COMPLETE)
    found = ask(world, shard=0)
    assert len(found["findings"]) == FINDINGS_LISTED_MAX
    assert found["subjects"] == FINDINGS_LISTED_MAX + 1
    # All shards' answers at their largest fit one state of 256 KB.
    assert len(json.dumps(found)) * 16 < 256_000


def test_the_door_hands_on_the_event_and_the_time(world: ScanWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    class Left:
        def get_remaining_time_in_millis(self) -> int:
            return plenty()

    monkeypatch.setattr(app, "_context_of_start", world.ctx)
    assert app.handler({"shard": 1, "run": {}}, Left())["shard"] == 1


# ---------------------------------------------------------------- with the function that takes facts in


def scan_complete_rows(ctx: Context, shard: int) -> dict[str, Any]:
    assert isinstance(ctx.clock, VirtualClock)
    ctx.clock.advance(COMPLETE)
    return answer({"shard": shard, "run": {}}, ctx, plenty)


def test_facts_are_found_where_they_were_kept_however_many_shards_there_are() -> None:
    ctx = context()
    take_in(sqs_of([event("login.failed")]), ctx, shards=3)
    found = [scan_complete_rows(ctx, shard)["rows"] for shard in range(4)]
    # A failed login is a row of the account, and one of the address.
    keys = Keyring("1", {"1": b"k" * 32})
    address = keys.mac_text("1", "ip", "192.0.2.7")[:16]
    assert found == [(shard == bucket(EVENT_ACCOUNT, 3)) + (shard == bucket(address, 3)) for shard in range(4)]


def test_erasure_forgets_the_watch_and_a_scan_does_not_bring_it_back() -> None:
    ctx = context()
    shard = bucket(EVENT_ACCOUNT, ACTIVITY_SHARDS)
    take_in(sqs_of([event("account.opened"), event("login.failed")]), ctx)
    scan_complete_rows(ctx, shard)
    assert "memory" in items(ctx)[WATCH]
    take_in(sqs_of([event("device.registered"), event("account.erased")]), ctx)
    assert is_tombstone(items(ctx)[WATCH])
    assert scan_complete_rows(ctx, shard)["findings"] == []
    assert is_tombstone(items(ctx)[WATCH])


def test_an_erasure_and_a_scan_at_the_same_time_leave_no_watch() -> None:
    ctx = context()
    shard = bucket(EVENT_ACCOUNT, ACTIVITY_SHARDS)
    take_in(sqs_of([event("account.opened"), event("login.failed")]), ctx)
    store = ctx.store
    assert isinstance(store, MemoryStore)

    def scan_first(name: str) -> None:
        if name == "transact":
            store.before = None
            scan_complete_rows(ctx, shard)
            assert "memory" in items(ctx)[WATCH]

    store.before = scan_first
    assert take_in(sqs_of([event("account.erased")]), ctx) == {"batchItemFailures": []}
    assert is_tombstone(items(ctx)[WATCH])


# ---------------------------------------------------------------- ./hotline scan


def test_the_command_adds_the_shards_up() -> None:
    numbers = {"rows": 2, "subjects": 1, "reads": 4, "writes": 2, "corrected": 0, "withdrawn": 0, "suppressed": 0}
    finding = {"id": "finding_1", "rule": "a_rule", "stream": "account", "subject": "acct_1"}
    finding["window_start"] = "2026-11-23T12:00:00.000Z"
    same = {**numbers, "set_aside": 0, "rules": "one", "lag_minutes": 0}
    report = summed([{**same, "shard": 0, "findings": [finding]}, {**same, "shard": 1}])
    totals = {"rows": 4, "subjects": 2, "reads": 8, "writes": 4, "corrected": 0, "withdrawn": 0, "suppressed": 0}
    assert report == {"shards": 2, "rules": ["one"], **totals, "set_aside": 0, "lag_minutes": 0, "findings": [finding]}
    assert sentences(report) == [
        "2 shards, 4 rows of 2 subjects, 8 reads, 4 writes.",
        "a_rule on account acct_1 from 2026-11-23T12:00:00.000Z (finding_1)",
    ]
    assert sentences(summed([]))[-1] == "Nothing new was found."


def test_the_command_says_when_shards_had_other_rules_are_late_or_took_something_back() -> None:
    numbers = {"rows": 2, "subjects": 1, "reads": 4, "writes": 2, "corrected": 1, "withdrawn": 1, "suppressed": 1}
    numbers["set_aside"] = 1
    reports = [{**numbers, "rules": "two", "lag_minutes": 3}, {**numbers, "rules": "one", "lag_minutes": 31}]
    assert sentences(summed(reports))[1:] == [
        "Shards ran with different rules: one, two. Run it again.",
        "The oldest unread row is 31 minutes old.",
        "2 findings corrected, 2 withdrawn.",
        "2 findings suppressed.",
        "2 subjects set aside: a rule cannot judge them (docs/detection.md, when a run fails).",
        "Nothing new was found.",
    ]
