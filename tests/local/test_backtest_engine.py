"""The engine of a backtest finds what the scan's watches find, and forgets nobody who sleeps."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hotline.backtest import engine
from hotline.backtest.engine import Engine, Scope, Share, signals_of
from hotline.backtest.figures import Figures
from hotline.backtest.ledger import TABLES, Ledger
from hotline.backtest.lines import read_line
from hotline.backtest.ordering import Inputs, Placed, iterate
from hotline.backtest.reader import Reader
from hotline.backtest.recent import RecentIds, RecentParties
from hotline.backtest.runs import Work, judge_share, run
from hotline.backtest.subjects import Subjects
from hotline.security.detectors import Event, Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.fold import Fold
from hotline.security.rules import RuleSet
from hotline.security.watch import LATENESS_MS, Watch
from tests.support.sweeps import sweep
from tests.support.wallet_histories import History, login, movement, told, write_history

CHOSEN = [(detector, detector.limits) for detector in DETECTORS]
RULES = RuleSet.of(CHOSEN)

type Found = set[tuple[str, str, int, int, str, tuple[str, ...]]]


def found_by_backtest(tmp_path: Path, facts: list[dict[str, Any]], **more: Any) -> Found:
    file = write_history(tmp_path / "h.jsonl", facts)
    with run(Work((file,), CHOSEN, Scope(), **more)) as outcome:
        return {
            (name, subject, started_ms, ended_ms, facts_, tuple(json.loads(event_ids)))
            for name, subject, started_ms, ended_ms, facts_, event_ids in outcome.ledger.query(
                "SELECT name, subject, started_ms, ended_ms, facts, event_ids FROM finding"
            )
        }


def found_by_watches(facts: list[dict[str, Any]], seed: int) -> Found:
    """The findings of the scan when the facts come in any order, each within a day."""
    random, reader = Random(seed), Reader()
    arrivals: list[tuple[int, str, Stream, str, Event]] = []
    for fact in facts:
        for stream, subject, event in reader.split(read_line(json.dumps(fact).encode())):
            arrived_ms = event.at_ms + random.randrange(LATENESS_MS)
            arrivals.append((arrived_ms, f"{arrived_ms:015d}#{len(arrivals)}", stream, subject, event))
    watches: dict[tuple[Stream, str], Watch] = {}
    for arrived_ms, position, stream, subject, event in sorted(arrivals, key=lambda one: one[:2]):
        watch = watches.setdefault((stream, subject), Watch(RULES.plans[stream]))
        watch.take(position, arrived_ms, event)
    return {
        (raised.rule.name, subject, hit.started_ms, hit.ended_ms, json.dumps(hit.facts, sort_keys=True), hit.event_ids)
        for (_, subject), watch in watches.items()
        for raised in watch.changes().raised
        for hit in [raised.hit]
    }


@pytest.mark.parametrize("seed", range(4))
def test_a_backtest_finds_what_watches_find_under_any_arrival(tmp_path: Path, seed: int) -> None:
    facts = History(seed, accounts=20, days=6).facts
    found = found_by_backtest(tmp_path, facts)
    assert len(found) >= 6
    assert found == found_by_watches(facts, seed + 1) == found_by_watches(facts, seed + 2)


def test_a_withdrawn_hit_is_no_finding(tmp_path: Path) -> None:
    facts = [
        told(1, 0, "password.changed", "acct-1", version=1),
        told(2, 1, "device.registered", "acct-1", device_id="dev"),
        movement(3, 2, "acct-1", 150_000, counterparty="x"),
    ]
    failed = movement(3, 3, "acct-1", 150_000, counterparty="x", version=2, status="failed")
    assert len(found_by_backtest(tmp_path, facts)) == 1
    assert found_by_backtest(tmp_path, [*facts, {**failed, "id": "evt-4"}]) == set()


@pytest.mark.parametrize("awake_max", [2, 5, 100])
def test_sleeping_changes_no_finding(tmp_path: Path, awake_max: int) -> None:
    facts = History(5).facts
    assert found_by_backtest(tmp_path, facts, awake_max=awake_max) == found_by_backtest(tmp_path, facts) != set()


def told_by_run(tmp_path: Path, facts: list[dict[str, Any]], scope: Scope) -> tuple[Any, ...]:
    file = write_history(tmp_path / "h.jsonl", facts)
    with run(Work((file,), CHOSEN, scope, awake_max=6)) as outcome:
        tables = [sorted(map(repr, outcome.ledger.query(f"SELECT * FROM {name}"))) for name in TABLES]  # noqa: S608
        return outcome.figures, tables, list(outcome.ranking.movements()), list(outcome.ranking.accounts())


@pytest.mark.parametrize("is_ranked", [False, True])
def test_the_number_of_events_that_wait_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_ranked: bool
) -> None:
    facts = History(5).facts
    scope = Scope(since_ms=read_line(json.dumps(facts[len(facts) // 3]).encode())[0], ranked=is_ranked)
    whole = told_by_run(tmp_path, facts, scope)
    assert whole[0].events
    for waiting_max in (1, 2, 7, 100):
        monkeypatch.setattr(engine, "WAITING_MAX", waiting_max)
        assert told_by_run(tmp_path, facts, scope) == whole


def test_events_wait_only_until_there_are_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAITING_MAX", 10)
    judged: list[int] = []

    def note(_: Fold, event: Event) -> tuple[()]:
        judged.append(event.at_ms)
        return ()

    monkeypatch.setattr(Fold, "judge", note)
    ledger = Ledger(tmp_path / "ledger")
    judge = Engine(RULES, ledger, tmp_path)
    facts = [told(number, number, "device.registered", "acct-1", device_id=f"d{number}") for number in range(29)]
    file = write_history(tmp_path / "h.jsonl", facts)
    lines = iterate(Inputs((file,)), lambda *_: None)

    def watch() -> Iterator[Placed]:
        for number, placed in enumerate(lines):
            # The line before this one is known to be alone at its time, and has just been read.
            assert len(judged) == max(number - 1, 0) // 10 * 10
            yield placed

    judge.run(watch())
    assert (len(judged), judged) == (29, sorted(judged))
    judge.close()
    ledger.close()


def test_no_more_subjects_are_awake_than_may_be_and_all_are_counted(tmp_path: Path) -> None:
    subjects = Subjects(RULES.plans[Stream.ACCOUNT], tmp_path / "asleep", awake_max=10)
    first = subjects.wake("acct-0")
    first.take(Event("event", 5, "device.registered", {"device": "dev"}))
    for number in range(1, 1000):
        subjects.wake(f"acct-{number}")
        assert len(subjects.young) + len(subjects._old) <= 10
    again = subjects.wake("acct-0")
    assert (again is first, again.store()) == (False, first.store())
    assert isinstance(again, Fold)
    assert subjects.count == 1000
    subjects.close()


def test_the_shares_of_workers_are_the_whole(tmp_path: Path) -> None:
    facts = History(6).facts
    work = Work((write_history(tmp_path / "h.jsonl", facts),), CHOSEN, Scope(ranked=True))
    seen: list[list[str]] = []
    shares: list[Figures] = []
    for index in range(3):
        folder = tmp_path / str(index)
        folder.mkdir()
        figures, ledger = judge_share(work, Inputs(work.files), folder, Share(index, 3))
        shares.append(Figures.of_json(json.loads(json.dumps(figures.to_json()))))
        seen.append([account for (account,) in ledger.query("SELECT account FROM account")])
        ledger.close()
    whole, *others = shares
    for other in others:
        whole.add(other)
    with run(work) as outcome:
        assert whole == outcome.figures
    assert whole.events == len({fact["id"] for fact in facts})
    assert all(seen)
    accounts = sorted(account for share in seen for account in share)
    assert accounts == sorted({fact["subject"] for fact in facts} | {"acct-mule"})


def test_an_id_counts_once_within_a_day_and_anew_much_later() -> None:
    ids = RecentIds()
    assert not ids.is_known("a", 0)
    assert ids.is_known("a", LATENESS_MS)
    assert not ids.is_known("b", 2 * LATENESS_MS + 1)
    assert not ids.is_known("a", 5 * LATENESS_MS)


@sweep("apart_ms", [1, LATENESS_MS // 2, LATENESS_MS])
@sweep("began_ms", [0, 1, LATENESS_MS // 3, LATENESS_MS - 1])
def test_an_id_is_known_for_a_day_whenever_it_came(began_ms: int, apart_ms: int) -> None:
    ids = RecentIds()
    ids.is_known("first", 0)
    for at_ms in range(1, began_ms, LATENESS_MS // 10):
        ids.is_known(f"other-{at_ms}", at_ms)
    assert not ids.is_known("a", began_ms)
    for at_ms in range(began_ms + 1, began_ms + apart_ms, LATENESS_MS // 10):
        ids.is_known(f"more-{at_ms}", at_ms)
    assert ids.is_known("a", began_ms + apart_ms)


@sweep("first_ms", [0, 1, LATENESS_MS // 3, LATENESS_MS - 1])
def test_an_id_is_not_known_longer_than_a_day_whichever_event_was_the_first(first_ms: int) -> None:
    ids = RecentIds()
    ids.is_known("first", first_ms)
    assert not ids.is_known("a", LATENESS_MS)
    assert not ids.is_known("a", 2 * LATENESS_MS + 1)
    assert ids.is_known("a", 3 * LATENESS_MS)


def test_recent_memories_are_bounded() -> None:
    ids, parties = RecentIds(kept_max=10), RecentParties(kept_max=10)
    for number in range(1000):
        ids.is_known(f"id-{number}", 0)
        parties.note("acct-1", f"mov-{number}", "x")
    assert len(ids._young) + len(ids._old) <= 20
    assert len(parties._young) + len(parties._old) <= 20
    assert ids.is_known("id-990", 0)
    assert parties.find("acct-1", "mov-990") == "x"
    assert parties.find("acct-2", "mov-990") is None


def test_events_of_one_moment_have_one_order_whatever_their_ids_and_content(tmp_path: Path) -> None:
    """The same id is at two accounts, twice at one of them with another payee, and names the same shop."""
    shop = {"id": "mer-1", "name": "Tea House"}
    facts = [
        movement(1, 0, "acct-1", 5, counterparty="王"),
        movement(1, 0, "acct-1", 5, counterparty="李"),
        movement(1, 0, "acct-3", 7, kind="payment", merchant=shop),
        movement(1, 0, "acct-2", 7, kind="payment", merchant=shop),
    ]
    placed = [(read_line(json.dumps(fact).encode()), number) for number, fact in enumerate(facts)]
    orders = []
    for turn, group in enumerate(permutations(placed)):
        (folder := tmp_path / str(turn)).mkdir()
        ledger = Ledger(folder / "ledger")
        judge = Engine(RuleSet.of([]), ledger, folder)
        pairs = judge._split_all([(told[0], 0, number, told) for told, number in group])
        orders.append([(stream, subject, one.values) for stream, subject, one in pairs])
        assert judge.figures.duplicates == 1
        judge.close()
        ledger.close()
    assert len(orders) == 24
    assert all(order == orders[0] for order in orders)


def test_the_collector_is_on_again_after_a_run(tmp_path: Path) -> None:
    found_by_backtest(tmp_path, [login(1, 0, "acct-1")])
    assert gc.isenabled()


def test_every_type_that_is_read_is_a_signal_of_its_own_or_of_its_family() -> None:
    assert signals_of(["login.failed", "account.updated", "agent.unlock"]) == {
        "login.failed",
        "account.told",
        "agent.acted",
    }
    assert signals_of(["top_up.succeeded"]) == {"money.left", "money.came", "money.undone", "money.failed"}


def test_lines_are_read_by_time_and_then_by_file_and_line(tmp_path: Path) -> None:
    one = write_history(tmp_path / "a", [login(2, 0, "acct-2"), login(1, 5, "acct-1")])
    two = write_history(tmp_path / "b", [login(3, 0, "acct-3")])
    places = [placed[1:3] for placed in iterate(Inputs((one, two)), lambda *_: None)]
    assert places == [(0, 1), (1, 1), (0, 2)]


def test_of_two_events_under_one_id_with_one_content_the_type_decides_and_not_the_file(tmp_path: Path) -> None:
    facts = [movement(1, 0, "acct-1", 5, kind=kind) for kind in ("withdrawal", "transfer")]
    for turn, order in enumerate(permutations(facts)):
        file = write_history(tmp_path / f"{turn}.jsonl", order)
        with run(Work((file,), CHOSEN, Scope())) as outcome:
            assert outcome.figures.types == {"transfer.succeeded": 1}


def test_a_label_of_the_moment_of_its_movement_finds_its_payee_whatever_their_ids(tmp_path: Path) -> None:
    label = told(1, 0, "transaction.confirmed_fraud", "acct-1", movement_id="mov-2")
    file = write_history(tmp_path / "h.jsonl", [label, movement(2, 0, "acct-1", 5, counterparty="payee")])
    ledger = Ledger(tmp_path / "ledger")
    judge = Engine(RULES, ledger, tmp_path)
    pairs = judge._split_all(list(iterate(Inputs((file,)), lambda *_: None)))
    assert {(stream, subject) for stream, subject, event in pairs if event.id == "evt-000001"} == {
        (Stream.ACCOUNT, "acct-1"),
        (Stream.PARTY, "payee"),
    }
    judge.close()
    ledger.close()


def test_an_event_outside_the_period_is_noted_where_a_label_is_about_it(tmp_path: Path) -> None:
    facts = [
        login(1, 0, "acct-1"),
        login(2, 1, "acct-1"),
        movement(3, 2, "acct-1", 5),
        movement(4, 3, "acct-1", 5),
        login(5, 4, "acct-2"),
        login(6, 100, "acct-1"),
        login(7, 200, "acct-1"),
        movement(8, 201, "acct-1", 5),
        login(9, 202, "acct-1"),
        login(10, 203, "acct-2"),
    ]
    since_ms, until_ms = (read_line(json.dumps(facts[number]).encode())[0] for number in (5, 6))
    scope = Scope(
        since_ms,
        until_ms,
        ranked=True,
        labelled=frozenset({"evt-000001", "evt-000006", "evt-000007"}),
        labelled_movements=frozenset({"mov-3", "mov-8"}),
        compromised=frozenset({"acct-2"}),
        labelled_accounts=frozenset({"acct-2"}),
    )
    file = write_history(tmp_path / "h.jsonl", facts)
    with run(Work((file,), CHOSEN, scope)) as outcome:
        noted = sorted(outcome.ledger.query("SELECT event_id, movement_id, account FROM outside"))
        met = set(outcome.ledger.query("SELECT account, later FROM met_outside"))
    assert met == {("acct-2", 0), ("acct-2", 1)}
    assert noted == [
        ("evt-000001", None, "acct-1"),
        ("evt-000003", "mov-3", "acct-1"),
        ("evt-000005", None, "acct-2"),
        ("evt-000007", None, "acct-1"),
        ("evt-000008", "mov-8", "acct-1"),
        ("evt-000010", None, "acct-2"),
    ]
