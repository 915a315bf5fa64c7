"""Labels that name no payee lead a backtest and the scan to the same findings about payees."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.wallet_events.batch import take_in
from hotline.backtest.engine import share_of
from hotline.backtest.lines import read_line
from hotline.backtest.partition import divide
from hotline.backtest.reader import Reader
from hotline.kit.clock import to_text
from hotline.kit.store import Table
from hotline.security.detectors import Stream, counterparty_risk
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
        {"movement_id": f"mov-{number}"},
        subject=f"acct-{number}",
        id=f"label-{number}-{minutes}",
        time=to_text(NOON - timedelta(minutes=minutes)),
    )
    del one["data"]["merchant_id"], one["data"]["counterparty"]
    return one | {"data": one["data"] | data}


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


def pay_by_name(number: int, minutes: int, **payee: str) -> dict[str, Any]:
    one = paid(number, minutes)
    return one | {"data": {**one["data"], "counterparty": "王伟", **payee}}


MULE = {"counterparty_account": "acct-mule"}
TO_MULE = [pay_by_name(number, 300 - number, **MULE) for number in range(3)]
BY_NAME = [label(number, 200 - number, counterparty="王伟") for number in range(3)]


def test_labels_by_a_name_reach_the_account_and_nobody_else_of_that_name(tmp_path: Path) -> None:
    told = [*TO_MULE, *BY_NAME, pay_by_name(8, 30), pay_by_name(9, 20, **MULE)]
    scanned = find_by_scan(told)
    assert [ids for ids, _ in scanned] == [["paid-9"]]
    assert find_by_backtest(tmp_path, told) == scanned


@pytest.mark.parametrize("shares", [2, 4, 7])
@pytest.mark.parametrize("taken_back", [0, 3])
def test_shares_of_several_files_take_a_label_by_a_name_as_one_machine_does(
    tmp_path: Path, shares: int, taken_back: int
) -> None:
    """The movement of a label lies in another file, and each share that would take the label must know it."""
    ends = [label(number, 100 - number, counterparty="王伟", retracted=True) for number in range(taken_back)]
    parts: dict[int, list[Path]] = {}
    for name, told in (("moved", TO_MULE), ("labels", [*BY_NAME, *ends])):
        (folder := tmp_path / name).mkdir()
        (file := tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in told))
        for share, part in divide(file, shares, folder).parts.items():
            parts.setdefault(share, []).append(part)
    found = []
    for share, files in parts.items():
        reader = Reader()
        lines = [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
        pairs = [pair for line in lines for pair in reader.split(read_line(line))]
        found += [
            (party, word.id)
            for stream, party, word in pairs
            if stream is Stream.PARTY and "kind" not in word.values and share_of(party, shares) == share
        ]
    # The word that takes a label back goes to the name as well: the label may have come before its movement.
    assert sorted(found) == sorted(
        [("acct-mule", one["id"]) for one in [*BY_NAME, *ends]] + [("王伟", one["id"]) for one in ends]
    )
