"""The ids of a backtest's findings beside those of the scan (docs/backtest.md)."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from hotline.backtest.lines import ms_of_text
from hotline.contracts.schemas import parse
from hotline.security.activity import SUBJECT, rows_of, values_of
from hotline.security.activity_rows import accounts_in
from hotline.security.detectors import Event, Hit, Stream, failed_login_burst
from hotline.security.detectors import credential_stuffing as stuffing
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.fold import Fold
from hotline.security.model import ACCOUNTS_MAX
from hotline.security.rules import RuleSet
from hotline_local import cli
from tests.support.lock_desk import KEYS
from tests.support.wallet_histories import Told, login, write_history
from tests.support.wallet_histories import told as told_at

STUFFED: Final = [login(n, n / 4, f"acct-{n}", ok=False) for n in range(25)]
BURST: Final = [login(100 + n, 100 + n, "acct-1", ok=False, ip=f"198.51.100.{n}") for n in range(10)]
RULES: Final = RuleSet.of([(one, one.limits) for one in DETECTORS])


def find_by_scan(facts: list[Told], stream: Stream) -> tuple[dict[str, str], str]:
    """The ids of the findings that the scan makes of rows, by rule, and the subject of the first row."""
    found: dict[str, str] = {}
    folds: dict[str, Fold] = {}
    subjects: list[str] = []
    for told in facts:
        fact = parse(told)
        for put in rows_of(fact, fact.time, KEYS):
            if put.key.pk.startswith(stream.value):
                subject = str(put.item[SUBJECT[stream]])
                subjects.append(subject)
                fold = folds.setdefault(subject, Fold(RULES.plans[stream]))
                event = Event(fact.id, int(fact.time.timestamp() * 1000), fact.type, values_of(put.item))
                for rule, hit in fold.judge(event):
                    found[rule.detector.rule] = rule.finding_id(subject, hit.started_ms)
    return found, subjects[0]


def judge_by_scan(facts: list[Told]) -> dict[str, Hit]:
    """The findings that the rows of an account make in the end, by rule."""
    found: dict[str, Hit] = {}
    fold = Fold(RULES.plans[Stream.ACCOUNT])
    for told in facts:
        fact = parse(told)
        for put in rows_of(fact, fact.time, KEYS):
            if put.key.pk.startswith(Stream.ACCOUNT.value):
                event = Event(fact.id, int(fact.time.timestamp() * 1000), fact.type, values_of(put.item))
                found |= {rule.detector.rule: hit for rule, hit in fold.judge(event)}
    return found


def find_by_backtest(folder: Path, facts: list[Told]) -> dict[str, dict[str, Any]]:
    assert cli.main(["backtest", str(write_history(folder / "h.jsonl", facts)), "--out", str(folder / "out")]) == 0
    lines = (folder / "out/findings.jsonl").read_text(encoding="utf-8").splitlines()
    return {one["detector"]: one for one in map(json.loads, lines)}


def test_a_finding_on_an_account_has_the_id_that_it_has_in_the_scan(tmp_path: Path) -> None:
    rule = failed_login_burst.DETECTOR.rule
    scanned, _ = find_by_scan(BURST, Stream.ACCOUNT)
    assert find_by_backtest(tmp_path, BURST)[rule]["id"] == scanned[rule]


def test_attacks_that_go_on_are_told_as_the_scan_tells_them(tmp_path: Path) -> None:
    failures = [login(n, n / 2, "acct-1", ok=False, ip=f"198.51.100.{n}") for n in range(50)]
    codes = [told_at(100 + n, n + 0.25, "code.sent", "acct-1", purpose="reset") for n in range(24)]
    devices = [told_at(200 + n, 0.1 + n / 3, "device.registered", "acct-1", device_id=f"d-{n}") for n in range(13)]
    facts = sorted([*failures, *codes, *devices], key=lambda one: one["time"])
    scanned, tested = judge_by_scan(facts), find_by_backtest(tmp_path, facts)
    told = {rule: dict(hit.facts) for rule, hit in scanned.items()}
    assert told.keys() == tested.keys()
    assert told["failed_login_burst"] == {"failures": 40}
    assert (told["code_flooding"], told["new_devices_in_a_row"]) == ({"codes": 20}, {"devices": 12})
    assert told["distributed_guessing"]["failures"] == told["distributed_guessing"]["addresses"] == 40
    for rule, hit in scanned.items():
        assert tested[rule]["evidence"] == dict(hit.facts)
        assert tuple(tested[rule]["event_ids"]) == hit.event_ids
        assert int(datetime.fromisoformat(tested[rule]["time"]).timestamp() * 1000) == hit.ended_ms


def test_a_finding_about_an_address_has_another_id_until_the_file_has_its_keyed_hash(tmp_path: Path) -> None:
    """The scan keeps no address, and no file has the key."""
    rule = stuffing.DETECTOR.rule
    facts = deepcopy([*STUFFED, login(90, 7, "acct-90")])
    scanned, hidden = find_by_scan(facts, Stream.SOURCE)
    (plain := tmp_path / "plain").mkdir()
    (hashed := tmp_path / "hashed").mkdir()
    assert find_by_backtest(plain, facts)[rule]["id"] != scanned[rule]
    for told in facts:
        told["data"]["source"]["ip"] = hidden
    assert find_by_backtest(hashed, facts)[rule]["id"] == scanned[rule]


def test_a_finding_about_an_address_names_the_accounts_that_the_scan_names(tmp_path: Path) -> None:
    """More accounts get in than a finding names, one of them twice, and one from another address."""
    rule = stuffing.DETECTOR.rule
    inside = [login(300 + n, 6.3 + n / 10, f"acct-{200 - n % 23}") for n in range(24)]
    others = [login(500, 6.2, "acct-500", ip="198.51.100.1"), login(501, 600, "acct-501")]
    found = find_by_backtest(tmp_path, sorted([*STUFFED, *inside, *others], key=lambda fact: fact["time"]))[rule]
    events = [
        Event(one["id"], ms_of_text(one["time"]), "login.succeeded", {"account": one["subject"]})
        for one in [*inside, others[1]]
    ]
    hit = Hit(ms_of_text(found["started"]), ms_of_text(found["time"]), {})
    assert found["accounts"] == list(accounts_in(events, hit))
    assert len(found["accounts"]) == ACCOUNTS_MAX
    assert found["evidence"]["accounts_in"] > ACCOUNTS_MAX
