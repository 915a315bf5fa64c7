"""The measures of a period, against a naive count over generated histories, labels and periods."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from hotline.backtest.engine import Scope
from hotline.backtest.labels import Labels
from hotline.backtest.lines import ms_of_text
from hotline.backtest.runs import Work, run
from hotline.backtest.summary import sum_up
from hotline.security.detectors.shipped import DETECTORS
from tests.support.sweeps import sweep
from tests.support.wallet_histories import BEGAN, History, Told, login, movement, write_history

RULES: Final = {"failed_login_burst", "success_after_attack", "reset_device_transfer", "card_testing", "pass_through"}
CHOSEN: Final = [(detector, detector.limits) for detector in DETECTORS if detector.rule in RULES]
DAY_MS: Final = 24 * 3_600_000
FOREVER_MS: Final = 1 << 62


class Naive:
    """The things of a period and which of them were fraud, counted from the facts one by one."""

    def __init__(self, facts: list[Told], labels: Labels, since_ms: int, until_ms: int) -> None:
        self.labels, self.since_ms, self.until_ms = labels, since_ms, until_ms
        inside = {fact["id"]: fact for fact in facts if since_ms <= ms_of_text(fact["time"]) < until_ms}
        self.movements = {id_: fact for id_, fact in inside.items() if "movement_id" in fact["data"]}
        self.events = {id_: fact for id_, fact in inside.items() if id_ not in self.movements}
        gets = {fact["data"].get("counterparty_account") for fact in self.movements.values()} - {None}
        self.accounts = {fact["subject"] for fact in inside.values()} | gets
        self.fraud_movements = {id_ for id_, fact in self.movements.items() if self.was_fraud(fact)}
        self.fraud_events = {id_ for id_, fact in self.events.items() if self.was_fraud(fact)}
        by_deeds = {inside[id_]["subject"] for id_ in self.fraud_movements | self.fraud_events}
        by_label = {name for name in self.accounts if self.judge_span(name, since_ms, until_ms)}
        self.fraud_accounts = by_deeds | by_label
        received = {
            self.movements[id_]["data"].get("counterparty_account")
            for id_ in self.fraud_movements
            if self.movements[id_]["data"]["movement_id"] in labels.movements or id_ in labels.events
        }
        silent = {name for name in received if self.judge_span(name, since_ms, until_ms) is None}
        self.receivers = silent - self.fraud_accounts
        self.earlier = {fact["id"]: fact for fact in facts if ms_of_text(fact["time"]) < since_ms}

    def judge_span(self, account: str, since_ms: int, until_ms: int) -> bool | None:
        spans = self.labels.accounts.get(account, [])
        over = [fraud for begin, end, fraud in spans if begin < until_ms and since_ms < end]
        return any(over) if over else None

    def was_fraud(self, fact: Told) -> bool:
        at_ms = ms_of_text(fact["time"])
        own = self.labels.movements.get(fact["data"].get("movement_id", ""))
        if own is None:
            own = self.labels.events.get(fact["id"])
        return bool(self.judge_span(fact["subject"], at_ms, at_ms + 1)) if own is None else own

    def list_judged(self, findings: list[dict[str, Any]]) -> set[str]:
        """The accounts of the period of which somebody says what they were. The fraud of before it, for which one is
        found, says nothing."""
        found = {
            one["subject"]
            for one in findings
            if one["subject_kind"] == "account"
            and (
                any(self.was_fraud(self.earlier[id_]) for id_ in one["event_ids"] if id_ in self.earlier)
                or self.judge_span(one["subject"], one["started_ms"], min(one["ended_ms"] + 1, self.since_ms))
            )
        }
        silent = {name for name in found if self.judge_span(name, self.since_ms, self.until_ms) is None}
        return self.accounts - self.receivers - (silent - self.fraud_accounts)

    def count(
        self, findings: list[dict[str, Any]], every: list[dict[str, Any]] | None = None
    ) -> dict[str, tuple[int, int, int]]:
        """(found, honest named, fraud) by what is named. `every`: the findings of all rules."""
        named = {id_ for one in findings for id_ in one["event_ids"]}
        movements = named & self.movements.keys()
        on = {one["subject"] for one in findings if one["subject_kind"] == "account"}
        accounts = on | {self.movements[id_]["subject"] for id_ in movements}
        judged = self.list_judged(every or findings)
        return {
            "movements": self.weigh(movements, self.fraud_movements),
            "events": self.weigh(named & self.events.keys(), self.fraud_events),
            "accounts": self.weigh(accounts & judged, self.fraud_accounts),
        }

    @staticmethod
    def weigh(named: set[str], fraud: set[str]) -> tuple[int, int, int]:
        return len(named & fraud), len(named - fraud), len(fraud)


def draw_labels(random: Random, history: History) -> Labels:
    labels = Labels(movements=dict.fromkeys(history.thefts, True))
    for fact in history.facts:
        movement_id = fact["data"].get("movement_id")
        if random.random() < 0.15:
            if movement_id is None:
                labels.events[fact["id"]] = random.random() < 0.7
            elif movement_id not in labels.movements:
                labels.movements[movement_id] = random.random() < 0.4
    begin = ms_of_text(BEGAN.isoformat())
    for name in random.sample(sorted({fact["subject"] for fact in history.facts}), 3):
        since = begin + random.randrange(6 * DAY_MS)
        labels.accounts[name] = [(since, since + random.randrange(1, 2 * DAY_MS), random.random() < 0.7)]
    if random.random() < 0.3:
        labels.accounts["acct-mule"] = [(0, FOREVER_MS, random.random() < 0.5)]
    return labels


def judge(
    file: Path, labels: Labels, since_ms: int, until_ms: int
) -> tuple[list[dict[str, Any]], dict[str, Any], list[dict[str, Any]]]:
    scope = Scope.of(labels, ranked=True, since_ms=since_ms, until_ms=until_ms)
    with run(Work((file,), CHOSEN, scope), labels) as outcome:
        told: dict[str, Any] = sum_up(outcome, has_labels=True)["labels"]
        return list(outcome.ranking.findings()), told, list(outcome.ranking.accounts())


def triple(hits: dict[str, Any]) -> tuple[int, int, int]:
    return hits["found"], hits["false"], hits["fraud"]


@sweep("seed", range(12))
def test_measures_are_those_of_a_naive_count(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    history = History(seed, accounts=12, days=6)
    labels = draw_labels(random, history)
    begin = ms_of_text(BEGAN.isoformat())
    # A period often begins in the middle of an attack.
    attacks = [ms_of_text(fact["time"]) for fact in history.facts if fact["type"] == "login.failed.v1"]
    since_ms = random.choice([0, begin + random.randrange(4 * DAY_MS), random.choice(attacks)])
    until_ms = random.choice([FOREVER_MS, begin + random.randrange(4 * DAY_MS, 6 * DAY_MS)])
    if since_ms >= until_ms:
        since_ms = 0
    file = write_history(tmp_path / f"{seed}.jsonl", history.facts)
    findings, told, accounts = judge(file, labels, since_ms, until_ms)
    naive = Naive(history.facts, labels, since_ms, until_ms)
    assert {name: triple(told[name]) for name in ("movements", "events", "accounts")} == naive.count(findings)
    for rule, of_rule in told["detectors"].items():
        counts = naive.count([one for one in findings if one["detector"] == rule], findings)
        assert {name: triple(of_rule[name]) for name in counts} == counts
        for name in counts:
            assert 0 <= of_rule[name]["found"] <= of_rule[name]["fraud"]
    assert told["movements"]["number"] == len({one["data"]["movement_id"] for one in naive.movements.values()})
    judged = naive.list_judged(findings)
    assert told["accounts"]["number"] == len(judged)
    for one in accounts:
        is_judged = one["account"] in judged
        assert one["fraud"] == (one["account"] in naive.fraud_accounts if is_judged else None)


def test_the_generated_periods_begin_within_findings(tmp_path: Path) -> None:
    """The naive count would prove little otherwise."""
    facts = [login(number, number, "acct-1", ok=False) for number in range(10)]
    labels = Labels(events={fact["id"]: True for fact in facts})
    file = write_history(tmp_path / "h.jsonl", facts)
    (finding,), told, _ = judge(file, labels, ms_of_text(facts[5]["time"]), FOREVER_MS)
    assert len(finding["event_ids"]) > 5
    assert triple(told["events"]) == (5, 0, 5)
    assert triple(told["accounts"]) == (1, 0, 1)


def test_movements_of_before_the_period_are_no_events(tmp_path: Path) -> None:
    """Small payments fail at five shops, and an hour later a large one succeeds."""
    by_card: dict[str, Any] = {"kind": "payment", "instrument": {"kind": "bank_card"}}
    facts = [
        movement(number, number, "card", 100, status="failed", merchant={"id": f"m-{number}", "name": "m"}, **by_card)
        for number in range(5)
    ]
    facts.append(movement(9, 60, "card", 100_000, merchant={"id": "big", "name": "m"}, **by_card))
    labels = Labels(movements={fact["data"]["movement_id"]: True for fact in facts})
    findings, told, _ = judge(
        write_history(tmp_path / "h.jsonl", facts), labels, ms_of_text(facts[-1]["time"]), FOREVER_MS
    )
    assert findings
    assert all(one["fraud"] for one in findings)
    assert triple(told["events"]) == (0, 0, 0)
    assert triple(told["movements"])[1:] == (0, 1)


@pytest.mark.parametrize(("label", "counted"), [(None, 0), (False, 1), (True, 0)])
def test_an_account_that_gets_the_money_of_a_fraud_is_judged_by_a_label_of_its_own(
    tmp_path: Path, label: bool | None, counted: int
) -> None:
    facts = [
        movement(1, 0, "victim", 90_000, counterparty_account="mule"),
        movement(2, 20, "mule", 90_000, kind="withdrawal"),
    ]
    accounts = {} if label is None else {"mule": [(0, FOREVER_MS, label)]}
    labels = Labels(movements={"mov-1": True, "mov-2": False}, accounts=accounts)
    _, told, ranked = judge(write_history(tmp_path / "h.jsonl", facts), labels, 0, FOREVER_MS)
    assert told["accounts"]["false"] == counted
    assert told["accounts"]["number"] == 1 + (label is not None)
    assert {one["account"]: one["fraud"] for one in ranked}["mule"] is label


def test_published_figures_know_a_fraud_after_its_delay(tmp_path: Path) -> None:
    """Frauds of before the period are known from the eighth day on, back to two weeks before it."""
    frauds = {"old": 5, "known": 7, "late": 14, "fresh": 16}
    facts = [movement(day, day * 1440 + 5, name, 500, counterparty="x") for name, day in frauds.items()]
    # Each of them is used by the thief on three days of the test, and nobody else.
    numbers = iter(range(100, 200))
    for day in (20, 22, 24):
        facts += [movement(next(numbers), day * 1440 + 60, name, 90_000, counterparty="thief") for name in frauds]
    labels = Labels(movements={fact["data"]["movement_id"]: True for fact in facts})
    since = ms_of_text((BEGAN + timedelta(days=20)).isoformat())
    _, told, ranked = judge(write_history(tmp_path / "h.jsonl", facts), labels, since, FOREVER_MS)
    assert {one["account"] for one in ranked} == frauds.keys()
    # The first day shows all but "known" (7 is within 20 - 14, and 8 days ago). Later ones show who was not found.
    assert told["as_published"]["top_100_precision"] == pytest.approx((3 + 0 + 0) / 100 / 3, abs=1e-6)
    assert told["top_100_accounts_a_day"]["precision_with_known_accounts"] == pytest.approx(0.04)
    assert told["top_100_accounts_a_day"]["precision"] == pytest.approx(4 / 300, abs=1e-6)


def test_events_that_come_again_change_no_figure_but_their_count_whatever_the_jobs(tmp_path: Path) -> None:
    """One in ten comes again within a day, in lines that are out of order."""
    history, random = History(5, accounts=12, days=6), Random(5)
    facts = list({fact["id"]: fact for fact in history.facts}.values())
    again = random.sample(facts, len(facts) // 10)
    since, until = (ms_of_text((BEGAN + timedelta(days=days)).isoformat()) for days in (1, 5))
    labels = draw_labels(random, history)
    scope = Scope.of(labels, ranked=True, since_ms=since, until_ms=until)
    files = {
        False: write_history(tmp_path / "once.jsonl", facts),
        True: write_history(tmp_path / "again.jsonl", [*facts, *again]),
    }
    found: list[dict[str, Any]] = []
    counts = []
    for is_again, jobs in ((False, 1), (True, 1), (True, 3)):
        with run(Work((files[is_again],), CHOSEN, scope, jobs), labels) as outcome:
            told = sum_up(outcome, has_labels=True)
            counts.append(told.pop("duplicates"))
            found.append(told)
    assert found[0] == found[1] == found[2]
    assert counts == [0, len([one for one in again if ms_of_text(one["time"]) < until]), counts[1]]
    assert counts[1] > 0
