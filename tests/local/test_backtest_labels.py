"""Labels that name no payee lead a backtest and the scan to the same findings about payees."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.wallet_events.batch import take_in
from hotline.kit.clock import to_text
from hotline.kit.store import Table
from hotline.security.detectors import counterparty_risk
from hotline.security.rules import RuleSet
from hotline.security.service import ACTIVITY_SHARDS, scan_shard
from hotline_local import cli
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import NOON, event, sqs_of
from tests.support.intake_context import context, items

RULE = counterparty_risk.DETECTOR


def paid(number: int, minutes: int) -> dict[str, Any]:
    """A transfer of another victim to the same payee, so many minutes before noon."""
    one = event(
        "transfer.succeeded",
        {"movement_id": f"mov-{number}", "amount": {"minor": 100_000, "currency": "CNY"}},
        subject=f"acct-{number}",
        id=f"paid-{number}",
        time=to_text(NOON - timedelta(minutes=minutes)),
    )
    del one["data"]["merchant"], one["data"]["counterparty_account"]
    return one


def label(number: int, minutes: int, **data: Any) -> dict[str, Any]:
    one = event(
        "transaction.confirmed_fraud",
        {"movement_id": f"mov-{number}", **data},
        subject=f"acct-{number}",
        id=f"label-{number}-{minutes}",
        time=to_text(NOON - timedelta(minutes=minutes)),
    )
    del one["data"]["merchant_id"], one["data"]["counterparty"]
    return one


def find_by_scan(told: list[dict[str, Any]]) -> list[tuple[list[str], dict[str, Any]]]:
    ctx = context(now=NOON)
    assert take_in(sqs_of(told), ctx) == {"batchItemFailures": []}
    assert isinstance(ctx.clock, VirtualClock)
    ctx.clock.advance(timedelta(minutes=10))
    for shard in range(ACTIVITY_SHARDS):
        scan_shard(ctx, shard, rules=RuleSet.of([(RULE, RULE.limits)]))
    found = [item for item in items(ctx, Table.HOTLINE).values() if item.get("rule") == RULE.rule]
    return [(one["event_ids"], one["facts"]) for one in found]


def find_by_backtest(folder: Path, told: list[dict[str, Any]]) -> list[tuple[list[str], dict[str, Any]]]:
    history = folder / "history.jsonl"
    history.write_text("".join(json.dumps(one) + "\n" for one in sorted(told, key=lambda one: one["time"])))
    out = folder / "out"
    assert cli.main(["backtest", str(history), "--out", str(out), "--detectors", RULE.rule]) == 0
    lines = (out / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    return [(one["event_ids"], one["evidence"]) for one in map(json.loads, lines)]


@pytest.mark.parametrize("taken_back", [0, 3])
def test_labels_without_a_payee_lead_both_to_the_same_findings(tmp_path: Path, taken_back: int) -> None:
    told = [paid(number, 300 - number) for number in range(3)]
    told += [label(number, 200 - number) for number in range(3)]
    told += [label(number, 100 - number, retracted=True) for number in range(taken_back)]
    told.append(paid(9, 20))
    scanned = find_by_scan(told)
    assert len(scanned) == (0 if taken_back else 1)
    assert find_by_backtest(tmp_path, told) == scanned
