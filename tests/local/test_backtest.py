"""`./hotline backtest`: one history gives one result, whatever the order of its lines and the number of workers."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from hotline.backtest import engine, ordering
from hotline.backtest.engine import share_of
from hotline.backtest.ordering import PARTS_MAX, sort_files
from hotline.backtest.results import FILES
from hotline.security.detectors.shipped import DETECTORS
from hotline_local import cli
from hotline_local.backtest import charts
from hotline_local.commands.backtest import Bar
from tests.support.wallet_histories import History, login, movement, told, write_history


def backtested(capsys: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    assert cli.main(["backtest", *map(str, arguments), "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


PERIODS: tuple[str, ...] = (
    *("--train", "2026-09-01T00:00:00Z..2026-09-02T00:00:00Z"),
    *("--test", "2026-09-02T00:00:00Z..2026-09-03T00:00:00Z"),
)
TWO: tuple[str, str] = ("--detectors", "failed_login_burst,reset_device_transfer")


@pytest.fixture
def findings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Movements have the points of the findings that name them, whatever folds say of them."""
    monkeypatch.setattr(engine, "rate_movement", lambda _: None)


@pytest.fixture(scope="module")
def history() -> History:
    return History(seed=1)


@pytest.fixture
def labels(tmp_path: Path, history: History) -> Path:
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(label) + "\n" for label in history.labels()), encoding="utf-8")
    return path


@pytest.mark.usefixtures("findings_alone")
def test_thefts_and_guessers_are_found_and_ranked(
    tmp_path: Path, history: History, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write_history(tmp_path / "h.jsonl", history.facts), tmp_path / "out"
    found = backtested(capsys, file, "--labels", labels, "--out", out, *TWO)
    findings = rows(out / "findings.jsonl")
    assert {one["detector"] for one in findings} == {"failed_login_burst", "reset_device_transfer"}
    thefts = [one for one in findings if one["detector"] == "reset_device_transfer"]
    assert {one["subject"] for one in thefts} == {f"acct-{number}" for number in range(0, 30, 5)}
    assert thefts[0].keys() == {
        *("id", "detector", "version", "subject_kind", "subject", "event_ids", "severity", "score", "evidence"),
        *("fraud", "time", "started"),
    }
    assert all(one["fraud"] and one["evidence"]["transfers"] == 2 for one in thefts)
    assert [one["time"] for one in findings] == sorted(one["time"] for one in findings)
    ranked = rows(out / "movements.jsonl")
    assert {one["movement_id"] for one in ranked} == set(history.thefts)
    assert ranked[0]["parts"] == [["reset_device_transfer", 100]]
    assert rows(out / "accounts.jsonl")[0]["score"] == max(one["score"] for one in rows(out / "accounts.jsonl"))
    assert found["labels"]["movements"] == {
        "number": found["labels"]["movements"]["number"],
        "fraud": 12,
        "found": 12,
        "false": 0,
        "precision": 1.0,
        "recall": 1.0,
        "average_precision": 1.0,
    }
    assert found["findings"] == len(findings)
    assert found["duplicates"] > 0
    assert (out / "findings.png").read_bytes()[:4] == (out / "precision_recall.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((out / "summary.json").read_text(encoding="utf-8")) == found


def test_a_theft_that_goes_on_is_counted_and_one_that_comes_again_is_found_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [movement(1, 0, "acct-1", 500_000, counterparty="landlord")]
    for begun in (3 * 1440, 3 * 1440 + 180):
        facts.append(told(len(facts) + 1, begun, "password.changed", "acct-1", version=begun))
        facts.append(told(len(facts) + 1, begun + 1, "device.registered", "acct-1", device_id=f"dev-{begun}"))
        facts.append(movement(len(facts) + 1, begun + 2, "acct-1", 500_000, counterparty="landlord"))
        for each in range(9):
            payee = f"mule-{begun}-{each}"
            facts.append(movement(len(facts) + 1, begun + 5 + each, "acct-1", 99_900, counterparty=payee))
    file, out = write_history(tmp_path / "h.jsonl", facts), tmp_path / "out"
    backtested(capsys, file, "--detectors", "reset_device_transfer", "--out", out)
    found = rows(out / "findings.jsonl")
    # The first slice of the second pattern is below the floor, and more of the first one until then.
    assert [(one["evidence"]["transfers"], one["evidence"]["amount_minor"]) for one in found] == [
        (10, 999_000),
        (9, 899_100),
    ]


@pytest.mark.parametrize("first", ["payer", "payee"])
def test_a_transfer_that_both_sides_tell_is_the_payers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first: str
) -> None:
    """Both events are of one moment, and their ids come in any order."""
    usual = [movement(number, number * 600, "victim", 1_000, counterparty="friend") for number in range(1, 30)]
    numbers = (100, 101) if first == "payer" else (101, 100)
    more = {"movement_id": "theft", "counterparty": "stranger"}
    theft = [
        movement(number, 20_000, account, 90_000, direction=direction, **more)
        for number, account, direction in zip(numbers, ("victim", "mule"), ("out", "in"), strict=True)
    ]
    file, labels, out = write_history(tmp_path / "h.jsonl", [*usual, *theft]), tmp_path / "l.jsonl", tmp_path / "out"
    labels.write_text('{"movement_id": "theft", "fraud": true}\n', encoding="utf-8")
    backtested(capsys, file, "--labels", labels, "--out", out)
    (found,) = [one for one in rows(out / "movements.jsonl") if one["movement_id"] == "theft"]
    assert (found["account"], found["fraud"]) == ("victim", True)
    ranked = {one["account"]: one["fraud"] for one in rows(out / "accounts.jsonl")}
    assert ranked == {"victim": True}


@pytest.mark.parametrize("both", [False, True], ids=["the payer's alone is labelled", "both are labelled"])
def test_money_that_came_is_no_false_alarm_where_its_payer_tells_it_under_another_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], both: bool
) -> None:
    moves = [
        movement(1, 0, "victim", 90_000, counterparty="mule"),
        movement(2, 1, "mule", 90_000, direction="in", counterparty="victim"),
        movement(3, 30, "mule", 90_000, kind="withdrawal"),
        movement(4, 700, "friend", 50_000, direction="in", counterparty="mother"),
    ]
    names = [one["data"]["movement_id"] for one in moves]
    file, labels = write_history(tmp_path / "h.jsonl", moves), tmp_path / "l.jsonl"
    frauds = names[:3] if both else [names[0], names[2]]
    labels.write_text("".join(json.dumps({"movement_id": one, "fraud": True}) + "\n" for one in frauds))
    out = tmp_path / "out"
    found = backtested(capsys, file, "--labels", labels, "--out", out, "--detectors", "pass_through")
    named = found["labels"]["detectors"]["pass_through"]["movements"]
    assert (named["found"], named["false"], named["fraud"]) == (1 + both, 0, 2 + both)
    assert found["labels"]["movements"]["number"] == 2 + both
    verdicts = {one["movement_id"]: one["fraud"] for one in rows(out / "movements.jsonl")}
    assert verdicts == {names[0]: True, names[1]: True if both else None, names[2]: True}


def test_order_packing_parts_and_workers_change_no_byte(
    tmp_path: Path,
    history: History,
    labels: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shuffled = list(history.facts)
    Random(3).shuffle(shuffled)
    ways: dict[str, tuple[str | Path, ...]] = {
        "sorted": (write_history(tmp_path / "sorted.jsonl", history.facts),),
        "unsorted": (write_history(tmp_path / "unsorted.jsonl", shuffled),),
        "two-jobs": (tmp_path / "sorted.jsonl", "--jobs", "2"),
        "unsorted-three-jobs": (tmp_path / "unsorted.jsonl", "--jobs", "3"),
        "two-files": (
            write_history(tmp_path / "even.jsonl", history.facts[::2]),
            write_history(tmp_path / "odd.jsonl", history.facts[1::2]),
        ),
    }
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "sorted.jsonl").read_bytes()))
    ways["packed"] = (packed,)
    found = {}
    for name, way in ways.items():
        backtested(capsys, *way, "--labels", labels, "--out", tmp_path / name)
        found[name] = contents(tmp_path / name)
    assert len(found["sorted"]["findings.jsonl"]) > 1000
    assert {name for name, files in found.items() if files != found["sorted"]} == set()


def reuse_ids(history: History, seed: int) -> list[dict[str, Any]]:
    """The facts under ids that come again: at other accounts, days later, and at one moment with another content.
    Movements share theirs, and words about frauds name movements of several accounts."""
    random = Random(seed)
    facts = [json.loads(json.dumps(fact)) for fact in history.facts]
    event_ids = [f"evt-{number}" for number in range(len(facts) // 3)]
    movement_ids = [f"mov-{number}" for number in range(len(facts) // 4)]
    for fact in list(facts):
        if random.random() < 0.7:
            fact["id"] = random.choice(event_ids)
        if "movement_id" not in fact["data"]:
            continue
        if random.random() < 0.7:
            fact["data"]["movement_id"] = random.choice(movement_ids)
        if random.random() < 0.1:
            word = {"movement_id": fact["data"]["movement_id"], "retracted": random.random() < 0.3}
            facts.append({**fact, "id": random.choice(event_ids), "type": "transaction.confirmed_fraud", "data": word})
    for fact in list(facts):
        if random.random() < 0.05:
            facts.append({**fact, "type": "password.changed", "data": {"version": 2}})
            facts.append({**fact, "data": {**fact["data"], "version": 3}})
    random.shuffle(facts)
    return facts


def test_ids_that_come_again_are_the_same_to_any_order_and_number_of_workers(
    tmp_path: Path, history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = reuse_ids(history, 5)
    about = [{"movement_id": f"mov-{number}", "fraud": True} for number in range(0, 100, 7)]
    about += [{"event_id": f"evt-{number}", "fraud": True} for number in range(0, 300, 11)]
    labels = write_history(tmp_path / "labels.jsonl", [*about, {"account": "acct-3", "fraud": True}])
    by_time = sorted(facts, key=lambda fact: str(fact["time"]))
    shuffled = write_history(tmp_path / "shuffled.jsonl", facts)
    ordered = write_history(tmp_path / "sorted.jsonl", by_time)
    ways: dict[str, tuple[str | Path, ...]] = {
        "one": (ordered,),
        "two-jobs": (ordered, "--jobs", "2"),
        "three-jobs": (ordered, "--jobs", "3"),
        "shuffled": (shuffled,),
    }
    found = {}
    for name, way in ways.items():
        told_ = backtested(capsys, *way, "--labels", labels, "--out", tmp_path / name)
        found[name] = contents(tmp_path / name)
    assert {name for name, files in found.items() if files != found["one"]} == set()
    assert told_["shared_ids"]["events"] > 100
    assert told_["shared_ids"]["movements"] > 50
    assert cli.main(["backtest", str(ordered), "--labels", str(labels)]) == 0
    shared = "{events} ids of events and {movements} of movements are used several times.".format(**told_["shared_ids"])
    assert shared in capsys.readouterr().out


def test_a_movement_of_two_accounts_is_that_of_the_first_name_whoever_judges_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"acct-{number}" for number in range(9)]
    first = next(name for name in names if share_of(name, 2) == 1)
    second = next(name for name in names if share_of(name, 2) == 0 and name > first)
    file = write_history(tmp_path / "h.jsonl", [movement(1, 0, name, 500) for name in (second, first)])
    labels = write_history(tmp_path / "l.jsonl", [{"account": first, "fraud": True}])
    for jobs in ("1", "2"):
        found = backtested(capsys, file, "--labels", labels, "--jobs", jobs)
        assert found["labels"]["movements"]["fraud"] == 1, jobs
        assert found["shared_ids"] == {"events": 1, "movements": 1}


def test_an_event_counts_once_by_its_id_and_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in the scan, where each subject's watch knows the ids of its own events."""
    facts = [{**login(1, minute, account), "id": "evt-1"} for minute in (0, 1) for account in ("acct-1", "acct-2")]
    told_ = backtested(capsys, write_history(tmp_path / "h.jsonl", facts))
    assert (told_["events"], told_["duplicates"]) == (2, 2)


def test_types_and_values_that_no_rule_looks_at_are_told_by_their_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [login(number, number, "acct-1") for number in range(3)]
    facts[0]["data"]["source"] |= {"country": "XX", "lat": 31.2}
    facts[1]["data"]["source"] |= {"country": "EU"}
    facts += [told(4, 4, "bill.paid", "acct-1"), {**movement(5, 5, "acct-1", 5), "type": "transfer.succeeded.v2"}]
    facts += [told(6, 6, "\x1b[31m", "acct-1")]
    file = write_history(tmp_path / "h.jsonl", facts)
    assert cli.main(["backtest", str(file)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[2:6] == [
        "1 event of types that no rule needs: bill.paid.",
        "2 events of unknown types, which the scan does not take either: other, transfer.succeeded.v2.",
        "2 values of data.source.country set aside, as the scan does: the code is of no country.",
        "1 value of data.source.lat set aside, as the scan does: there is no data.source.lon.",
    ]
    found = backtested(capsys, file, "--jobs", "2")
    assert found["types_that_do_not_matter"] == {"bill.paid": 1}
    assert found["unknown_types"] == {"other": 1, "transfer.succeeded.v2": 1}
    assert found["set_aside"] == {"data.source.country": 2, "data.source.lat": 1}


HIDDEN: Final = "\x1b]0;owned\x07\x9b31m\u202e"


def test_no_text_of_a_file_or_an_argument_gives_commands_to_the_terminal(
    tmp_path: Path, history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = f"acct-1{json.dumps(HIDDEN)[1:-1]}"
    facts = [json.loads(json.dumps(fact).replace("acct-1", hidden)) for fact in history.facts]
    facts.append({**login(999_997, 0, "acct-2"), "type": f"login{HIDDEN}"})
    file = write_history(tmp_path / f"h{HIDDEN}.jsonl", [*facts, login(999_998, 0, HIDDEN), {"id": HIDDEN}])
    labels = write_history(tmp_path / f"l{HIDDEN}.jsonl", [{"account": f"x{HIDDEN}", "fraud": True}])
    broken = write_history(tmp_path / f"b{HIDDEN}.jsonl", [{HIDDEN: True}])
    settings = tmp_path / f"s{HIDDEN}.toml"
    settings.write_text(f'["{json.dumps(HIDDEN)[1:-1]}"]\non = true\n', encoding="utf-8")
    out = tmp_path / f"o{HIDDEN}"
    ways: list[tuple[str | Path, ...]] = [
        (file, "--labels", labels, "--out", out),
        (file, "--labels", labels, "--json"),
        (file, "--labels", broken),
        (file, "--settings", settings),
        (file, "--detectors", HIDDEN),
        (file, "--from", HIDDEN),
        (file, "--jobs", HIDDEN),
        (f"no{HIDDEN}",),
        (tmp_path / f"no{HIDDEN}", f"--no{HIDDEN}"),
        ("tune", file, "--labels", labels, "--detector", "velocity", *PERIODS),
    ]
    for way in ways:
        with suppress(SystemExit):
            cli.main(["backtest", *map(str, way)])
        for said in capsys.readouterr():
            assert [one for one in said.splitlines() if not one.isprintable()] == [], way
    subjects = {one["subject"] for one in rows(out / "findings.jsonl")}
    assert any(HIDDEN in subject for subject in subjects)
    for written in out.glob("*.json*"):
        assert written.read_text(encoding="utf-8").replace("\n", "").isprintable()


def test_a_file_that_is_not_sorted_is_named_and_leaves_nothing_behind(
    tmp_path: Path, history: History, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    file = write_history(tmp_path / "h.jsonl", reversed(history.facts))
    assert cli.main(["backtest", str(file)]) == 0
    assert f"{file} is not sorted by time (line 2). Sorting it" in capsys.readouterr().err
    assert list(scratch.iterdir()) == []


def test_a_period_that_ends_before_the_first_lines_is_judged_whole(
    tmp_path: Path, history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    ways = {"sorted": list(history.facts), "reversed": list(reversed(history.facts))}
    found = {}
    for name, facts in ways.items():
        file = write_history(tmp_path / f"{name}.jsonl", facts)
        backtested(capsys, file, "--to", "2026-09-08T00:00:00Z", "--out", tmp_path / name)
        found[name] = contents(tmp_path / name)
    assert len(found["sorted"]["findings.jsonl"]) > 1000
    assert found["reversed"] == found["sorted"]


@pytest.mark.parametrize("parts_max", [2, 3, PARTS_MAX])
def test_parts_are_merged_in_steps(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch, parts_max: int
) -> None:
    monkeypatch.setattr(ordering, "PARTS_MAX", parts_max)
    shuffled = list(history.facts)
    Random(4).shuffle(shuffled)
    file = write_history(tmp_path / "h.jsonl", shuffled)
    inputs = sort_files((file,), tmp_path, part_bytes=20_000)
    assert 1 < len(inputs.parts) <= parts_max
    found = [placed[3] for placed in ordering.iterate(inputs, lambda *_: pytest.fail("a line is bad"))]
    assert len(found) == len(history.facts)
    assert [at_ms for at_ms, *_ in found] == sorted(at_ms for at_ms, *_ in found)


def test_a_bad_line_is_named_and_stops_nothing(
    tmp_path: Path, history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [json.dumps(fact) for fact in history.facts]
    bad = login(999_999, 0, "+8613800000001")
    bad["time"] = "yesterday"
    file = tmp_path / "h.jsonl"
    file.write_text("\n".join([*good[:50], "{", "", json.dumps(bad), *good[50:], '{"id": 1}']), encoding="utf-8")
    whole = backtested(capsys, write_history(tmp_path / "whole.jsonl", history.facts))
    assert cli.main(["backtest", str(file), "--json", "--out", str(tmp_path / "out")]) == 1
    told_, complaint = capsys.readouterr()
    assert json.loads(told_) == {**whole, "bad_lines": 3}
    assert rows(tmp_path / "out/bad_lines.jsonl") == [
        {"file": str(file), "line": 51, "reason": "not_an_event", "field": "-"},
        {"file": str(file), "line": 53, "reason": "bad_time", "field": "time"},
        {"file": str(file), "line": len(good) + 4, "reason": "missing_field", "field": "type"},
    ]
    assert f"{file}, line 53: bad_time (time)" in complaint
    assert "13800000001" not in complaint
    assert "yesterday" not in complaint
    shuffled = file.read_text(encoding="utf-8").splitlines()
    shuffled.reverse()
    file.write_text("\n".join(shuffled), encoding="utf-8")
    assert backtested(capsys, file, "--jobs", "2", code=1) == {**whole, "bad_lines": 3}


def test_a_rule_without_its_values_or_events_is_left_out_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(number, number, "acct-1", ok=False) for number in range(12)])
    found = backtested(capsys, file, *TWO)
    assert list(found["detectors"]) == ["failed_login_burst"]
    changes = ["contact_point.changed", "contact_point.sim_changed", "password.changed", "two_step.changed"]
    devices, sent = ["device.registered", "data.source.device_id"], ["transfer.succeeded", "withdrawal.succeeded"]
    assert found["left_out"]["reset_device_transfer"] == {"lacks": [changes, sent]}
    file = write_history(tmp_path / "h.jsonl", [told(1, 0, "password.changed", "acct-1", version=1)])
    found = backtested(capsys, file)
    assert found["left_out"]["reset_device_transfer"] == {"lacks": [devices, sent]}
    assert cli.main(["backtest", str(file)]) == 0
    said = capsys.readouterr().out
    sentence = "no event is device.registered or has data.source.device_id; "
    sentence += "no event is transfer.succeeded or withdrawal.succeeded."
    assert f"Left out: reset_device_transfer: {sentence}\n" in said
    assert "Left out: agent_openings: no event is agent.contact_change, agent.end_pause, agent.new_row, " in said
    assert "or 6 others; no event has data.account.\n" in said


@pytest.mark.parametrize(
    ("facts", "rules"),
    [
        # A payment is money that leaves, and no transfer.
        ([movement(1, 0, "acct-1", 500, kind="payment", merchant={"id": "m", "name": "m"})], {"drain", "pass_through"}),
        # Without a balance nobody knows how much of it leaves.
        ([movement(1, 0, "acct-1", 500, counterparty="x")], {"drain"}),
        # Failed logins alone have no journey in them.
        ([login(1, 0, "acct-1", ok=False)], {"two_countries", "success_after_attack"}),
        # Movements without labels have no record.
        ([movement(1, 0, "acct-1", 500, counterparty="x")], {"counterparty_risk", "refund_abuse", "card_testing"}),
    ],
)
def test_a_rule_that_could_find_nothing_is_left_out(
    tmp_path: Path, facts: list[dict[str, Any]], rules: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = backtested(capsys, write_history(tmp_path / "h.jsonl", facts))
    assert rules <= found["left_out"].keys()
    assert rules.isdisjoint(found["detectors"])


BALANCE: dict[str, Any] = {"version": 1, "balance": {"minor": 500, "currency": "CNY"}}
WON: dict[str, Any] = {
    "movement_id": "mov-1", "category": "fraud", "decided_for": "customer", "counterparty": "x"
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ([told(1, 0, "two_step.changed", "acct-1", version=1, two_step=False)], "no_second_factor"),
        (
            [
                told(1, 0, "funds.balance_changed", "acct-1", **BALANCE),
                movement(2, 1, "acct-1", 500, counterparty="x"),
            ],
            "drain",
        ),
        (
            [
                movement(1, 0, "acct-1", 500, counterparty="x"),
                told(2, 1, "dispute.decided", "acct-1", **WON),
            ],
            "counterparty_risk",
        ),
    ],
)
def test_a_rule_that_could_find_something_is_not_left_out(
    tmp_path: Path, facts: list[dict[str, Any]], rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_history(tmp_path / "h.jsonl", facts)
    assert rule in backtested(capsys, file)["detectors"]
    # Events before the period teach, so they count as well.
    assert rule in backtested(capsys, file, "--from", "2026-09-01T00:01:30Z")["detectors"]


def test_events_before_the_period_teach_and_later_ones_are_not_read(
    tmp_path: Path, history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write_history(tmp_path / "h.jsonl", history.facts), tmp_path / "out"
    since, until = "2026-09-04T00:00:00Z", "2026-09-08T02:00:00+02:00"
    backtested(capsys, file, "--out", tmp_path / "whole")
    found = backtested(capsys, file, "--out", out, "--from", since, "--to", until)
    inside = [
        one
        for one in rows(tmp_path / "whole/findings.jsonl")
        if "2026-09-04T00:00:00.000Z" <= one["time"] < "2026-09-08T00:00:00.000Z"
    ]
    assert rows(out / "findings.jsonl") == inside != []
    assert (found["days"], found["from"] >= since, found["to"] < "2026-09-08") == (4, True, True)
    assert found["earlier_events"] > 0


def test_findings_are_told_by_day_and_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = [login(n, n, "acct-1", ok=False) for n in range(10)]
    facts += [login(100 + n, 1440 + n, f"acct-{2 + n % 2}", ok=False) for n in range(20)]
    found = backtested(capsys, write_history(tmp_path / "h.jsonl", facts))
    assert (found["events"], found["days"], found["findings"], found["findings_a_day"]) == (30, 2, 1, 0.5)
    assert found["detectors"]["failed_login_burst"] == {
        "version": 3,
        "severity": "medium",
        "findings": 1,
        "findings_a_day": 0.5,
        "subjects": 1,
    }
    assert cli.main(["backtest", str(tmp_path / "h.jsonl")]) == 0
    said = capsys.readouterr().out
    assert "30 events from 2026-09-01T00:00:00.000Z to 2026-09-02T00:19:00.000Z, 2 days." in said
    assert "1 finding, 0.50 a day, on 1 account." in said
    assert re.search(r"failed_login_burst +1 +0\.50 +1\n", said)


def test_limits_come_from_a_file_and_rules_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(n, n, "acct-1", ok=False) for n in range(5)])
    settings = tmp_path / "s.toml"
    settings.write_text("[failed_login_burst]\nfailures = 5\n[reset_device_transfer]\non = false\n", encoding="utf-8")
    assert backtested(capsys, file)["findings"] == 0
    found = backtested(capsys, file, "--settings", settings)
    assert found["detectors"]["failed_login_burst"]["findings"] == 1
    assert "reset_device_transfer" not in {**found["detectors"], **found["left_out"]}
    found = backtested(capsys, file, "--settings", settings, "--detectors", "reset_device_transfer")
    assert (found["detectors"], list(found["left_out"])) == ({}, ["reset_device_transfer"])


def test_spaces_around_the_name_of_a_rule_mean_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(n, n, "acct-1", ok=False) for n in range(5)])
    found = backtested(capsys, file, "--detectors", " failed_login_burst , code_flooding")
    assert {*found["detectors"], *found["left_out"]} == {"failed_login_burst", "code_flooding"}


def test_weights_of_a_risk_come_from_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_history(
        tmp_path / "h.jsonl", [movement(n, n, "acct-1", 1000, counterparty=f"p-{n}") for n in range(2)]
    )
    (tmp_path / "s.toml").write_text("[score]\namount = 0\nfirst_time = 33.5\n", encoding="utf-8")
    backtested(capsys, file, "--settings", tmp_path / "s.toml", "--out", tmp_path / "out")
    (ranked,) = (json.loads(line) for line in (tmp_path / "out/movements.jsonl").read_text().splitlines())
    assert (ranked["score"], ranked["parts"]) == (33.5, [["first_time", 33.5]])


def test_a_label_of_an_event_of_the_line_is_a_fact_and_not_a_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`transaction.confirmed_fraud` teaches rules; LABELS alone measures them."""
    facts = [movement(1, 0, "acct-1", 500, counterparty="x")]
    facts.append(told(2, 5, "transaction.confirmed_fraud", "acct-1", movement_id="mov-1"))
    labels = tmp_path / "l.jsonl"
    labels.write_text('{"movement_id": "mov-1", "fraud": false}\n', encoding="utf-8")
    found = backtested(capsys, write_history(tmp_path / "h.jsonl", facts), "--labels", labels)
    assert found["labels"]["movements"]["fraud"] == 0


def test_a_run_without_labels_leaves_no_curve_of_another_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write_history(tmp_path / "h.jsonl", [movement(1, 0, "acct-1", 500, counterparty="x")]), tmp_path / "out"
    (labels := tmp_path / "l.jsonl").write_text('{"movement_id": "mov-1", "fraud": true}\n', encoding="utf-8")
    backtested(capsys, file, "--labels", labels, "--out", out)
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    assert (out / "precision_recall.png").exists()
    backtested(capsys, file, "--out", out)
    assert not (out / "precision_recall.png").exists()
    assert (out / "notes.txt").exists()


def test_labels_without_any_fraud_draw_no_curve_and_print_no_share_of_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [login(number, number, "acct-1", ok=False) for number in range(10)]
    file, out = write_history(tmp_path / "h.jsonl", facts), tmp_path / "out"
    labels = tmp_path / "l.jsonl"
    labels.write_text('{"event_id": "evt-000001", "fraud": false}\n', encoding="utf-8")
    assert cli.main(["backtest", str(file), "--labels", str(labels), "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not (out / "precision_recall.png").exists()
    assert "Fraudulent events: 0 of 0 found, 10 honest named; precision 0.0%." in lines
    told = lines[: next(number for number, line in enumerate(lines) if line.startswith("detector "))]
    assert not [line for line in told if "- " in line or line.endswith("-.") or "riskiest" in line]
    labels.write_text('{"event_id": "evt-000001", "fraud": true}\n', encoding="utf-8")
    assert cli.main(["backtest", str(file), "--labels", str(labels), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert (out / "precision_recall.png").exists()
    assert "Fraudulent accounts: 1 of 1 found, 0 honest named; precision 100.0%, recall 100.0%" in said
    assert [(one["account"], one["fraud"]) for one in rows(out / "accounts.jsonl")] == [("acct-1", True)]


def test_a_wrong_year_is_remarked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = [login(number, number, "acct-1") for number in range(100)]
    facts.append({**login(200, 0, "acct-1"), "time": "2062-09-01T00:00:00Z"})
    file = write_history(tmp_path / "h.jsonl", facts)
    assert backtested(capsys, file, "--jobs", "2")["far_events"] == 1
    assert cli.main(["backtest", str(file)]) == 0
    assert "1 event more than 90 days from all others: days and findings a day count up to there." in " ".join(
        capsys.readouterr().out.split()
    )
    assert backtested(capsys, file, "--to", "2027-01-01T00:00:00Z")["far_events"] == 0


def test_labels_that_match_nothing_are_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_history(tmp_path / "h.jsonl", [movement(1, 0, "acct-1", 500, counterparty="x")])
    labels = tmp_path / "l.jsonl"
    labels.write_text('{"movement_id": "nope", "fraud": true}\n{"movement_id": "mov-1", "fraud": false}\n', "utf-8")
    assert cli.main(["backtest", str(file), "--labels", str(labels), "--json"]) == 0
    said, warned = capsys.readouterr()
    assert json.loads(said)["labels"]["unmatched"] == {"movements": 1, "events": 0, "accounts": 0}
    assert warned == "Warning: labels that match nothing in the history: 1 of 2 of movements.\n"
    assert cli.main(["backtest", str(file), "--labels", str(labels)]) == 0
    assert "Labels that match nothing in the history: 1 of 2 of movements." in capsys.readouterr().out
    labels.write_text('{"movement_id": "mov-1", "fraud": false}\n', "utf-8")
    assert cli.main(["backtest", str(file), "--labels", str(labels)]) == 0
    said, warned = capsys.readouterr()
    assert (warned, "match nothing" in said) == ("", False)


def test_labels_of_before_the_period_are_told_apart_from_those_that_match_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [movement(1, 0, "acct-1", 500, counterparty="x"), login(2, 1, "acct-1")]
    facts += [movement(3, 60, "acct-2", 500, counterparty="x"), login(4, 61, "acct-2")]
    labels = [
        *({"movement_id": name, "fraud": True} for name in ("mov-1", "mov-3", "nope")),
        *({"event_id": name, "fraud": True} for name in ("evt-000002", "evt-000004", "nope")),
        {"account": "acct-1", "to": "2026-09-01T00:20:00Z", "fraud": True},
        {"account": "acct-2", "fraud": True},
        {"account": "nope", "fraud": True},
    ]
    file, told_labels = write_history(tmp_path / "h.jsonl", facts), tmp_path / "l.jsonl"
    told_labels.write_text("".join(json.dumps(label) + "\n" for label in labels), encoding="utf-8")
    since = ("--from", "2026-09-01T00:30:00Z")
    each_one = dict.fromkeys(("movements", "events", "accounts"), 1)
    for jobs in ("1", "2"):
        found = backtested(capsys, file, "--labels", told_labels, *since, "--jobs", jobs)["labels"]
        assert (found["unmatched"], found["earlier"]) == (each_one, each_one)
    assert cli.main(["backtest", str(file), "--labels", str(told_labels), *since]) == 0
    said = capsys.readouterr().out
    counts = "1 of 3 of movements, 1 of 3 of events, 1 of 3 of accounts."
    assert f"Labels of things before the period alone: {counts}" in said
    assert f"Labels that match nothing in the history: {counts}" in said
    for jobs in ("1", "2"):
        found = backtested(capsys, file, "--labels", told_labels, "--to", "2026-09-01T00:30:00Z", "--jobs", jobs)[
            "labels"
        ]
        assert (found["unmatched"], found["later"]) == (each_one, {**each_one, "accounts": 1})
    whole = backtested(capsys, file, "--labels", told_labels)["labels"]
    assert (whole["unmatched"], sum(whole["earlier"].values()), sum(whole["later"].values())) == (each_one, 0, 0)


def test_a_rule_that_the_labels_cannot_judge_has_no_figures_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A label of a movement says nothing about agents, and what one does without a label is not honest for that."""
    facts = [told(1, 1, "agent.looked_up", "agent-1"), login(30, 30, "acct-1")]
    facts[0]["data"]["account"] = "acct-1"
    facts += [movement(40, 40, "acct-1", 90_000, counterparty="x")]
    file, labels = write_history(tmp_path / "h.jsonl", facts), tmp_path / "l.jsonl"
    labels.write_text('{"movement_id": "mov-40", "fraud": true}\n', encoding="utf-8")
    found = backtested(capsys, file, "--labels", labels, "--detectors", "agent_browsing,velocity")
    assert found["detectors"]["agent_browsing"]["findings"] == 0
    assert found["labels"]["not_judged"] == {"agent_browsing": ["event_id"]}
    of_rule = found["labels"]["detectors"]
    assert (of_rule["agent_browsing"]["judged_by"], of_rule["velocity"]["judged_by"]) == (
        [],
        ["movements", "accounts"],
    )
    assert cli.main(["backtest", str(file), "--labels", str(labels)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"agent_browsing +0 +0\.00 +0 +- +- +-\n", said)
    assert re.search(r"Not judged, since .*: agent_browsing\. Use labels by event_id\.\n", said)


def test_findings_about_logins_are_proved_by_no_label_of_a_movement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [login(n, n, "acct-1", ok=False) for n in range(10)]
    facts.append(movement(40, 40, "acct-1", 90_000, counterparty="x"))
    file, labels = write_history(tmp_path / "h.jsonl", facts), tmp_path / "l.jsonl"
    labels.write_text('{"movement_id": "mov-40", "fraud": true}\n', encoding="utf-8")
    found = backtested(capsys, file, "--labels", labels)["labels"]["detectors"]["failed_login_burst"]
    assert (found["judged_by"], found["finding_precision"], found["accounts"]["precision"]) == (["accounts"], None, 1)
    labels.write_text('{"account": "acct-1", "fraud": true}\n', encoding="utf-8")
    found = backtested(capsys, file, "--labels", labels)["labels"]["detectors"]["failed_login_burst"]
    assert (found["judged_by"], found["finding_precision"]) == (["events", "accounts"], 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.jsonl"], "missing.jsonl is no file."),
        (["."], ". is a folder; name the files in it, such as ./*.jsonl."),
        (["h.jsonl", "--from", "2026-09-01"], "--from takes a time with an offset"),
        (["h.jsonl", "--from", "2026-09-02T00:00:00Z", "--to", "2026-09-02T00:00:00Z"], "--from must be before --to."),
        (
            ["h.jsonl", "--detectors", "drain velocity"],
            "--detectors: a name has a space; name rules as in --detectors ",
        ),
        (["h.jsonl", "--detectors", "nonsense"], "--detectors nonsense: there is no such rule; there are agent_app"),
        *(
            (
                ["h.jsonl", "--detectors", name],
                f"--detectors {name}: there is no such rule; did you mean {meant}? docs/",
            )
            for name, meant in (
                ("drian", "drain"),
                ("DRAIN", "drain"),
                ("Card-Testing", "card_testing"),
                ("flooding", "code_flooding"),
            )
        ),
        (["h.jsonl", "--detectors", "drain,"], "--detectors: a name is empty; name rules as in --detectors drain,vel"),
        (["h.jsonl", "--detectors", ""], "--detectors: a name is empty"),
        (["h.jsonl", "--settings", "none.toml"], "none.toml cannot be read"),
        (["h.jsonl", "--settings", "/dev/zero"], "/dev/zero is too large for a file of settings."),
        (["h.jsonl", "--settings", "bad.toml"], "bad.toml: [failed_login_burst] failures: a whole number from 1 "),
        (
            ["h.jsonl", "--settings", "risk.toml"],
            "risk.toml: [risk]: raised_from = 60 and high_from = 50 contradict each other: a high risk cannot begin ",
        ),
        (
            ["h.jsonl", "--settings", "spray.toml", "--detectors", "password_spray"],
            "spray.toml: [password_spray]: mean_min = 9 and mean_max = 8 (as it ships) contradict each other: no mean",
        ),
        (
            [
                *("tune", "h.jsonl", "--detector", "password_spray", "--labels", "l.jsonl"),
                *PERIODS,
                "--settings",
                "spray.toml",
            ],
            "spray.toml: [password_spray]: mean_min = 9 and mean_max = 8 (as it ships) contradict each other: no mean",
        ),
        (["h.jsonl", "--labels", "bad.jsonl"], "bad.jsonl, line 2 is no label"),
        (["h.jsonl", "--train", "x..y"], "--train belongs to ./hotline backtest tune."),
        (
            [*("tune", "h.jsonl", "--detector", "nonsense", "--labels", "l.jsonl"), *PERIODS],
            "--detector nonsense: there is no such rule",
        ),
        (["tune", "h.jsonl"], "./hotline backtest tune needs --detector."),
        (["h.jsonl.gz"], "h.jsonl.gz cannot be read"),
    ],
)
def test_a_fault_is_one_sentence(
    tmp_path: Path,
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    (tmp_path / "l.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "bad.toml").write_text("[failed_login_burst]\nfailures = 2.5\n", encoding="utf-8")
    (tmp_path / "spray.toml").write_text("[password_spray]\nmean_min = 9\n", encoding="utf-8")
    (tmp_path / "risk.toml").write_text("[risk]\nraised_from = 60\nhigh_from = 50\n", encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text('{"movement_id": "a", "fraud": true}\n{"fraud": true}\n', encoding="utf-8")
    (tmp_path / "h.jsonl.gz").write_bytes(gzip.compress(b"{}\n" * 1000)[:-9])
    assert cli.main(["backtest", *arguments]) == 2
    said, complaint = capsys.readouterr()
    assert said == ""
    assert complaint.startswith(sentence)
    assert len(complaint.splitlines()) == 1


@pytest.mark.parametrize("jobs", ["0", "65", "-1", "x", "1.5", "", "²", "9" * 5000])
def test_a_number_of_jobs_that_cannot_be_is_refused(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["backtest", "h.jsonl", f"--jobs={jobs}"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(
        "./hotline backtest: argument --jobs: a number from 1 to 64 is needed (see"
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_that_is_told_to_end_leaves_no_temporary_files(tmp_path: Path, jobs: str) -> None:
    """The history is long, so that the run is told while it reads."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    write_history(tmp_path / "h.jsonl", (login(number, number, f"acct-{number % 50}") for number in range(40_000)))
    command = [sys.executable, "-c", CODE, "backtest", *[str(tmp_path / "h.jsonl")] * 40, "--jobs", jobs]
    with subprocess.Popen(command, env={**os.environ, "TMPDIR": str(scratch)}) as process:
        while not list(scratch.glob("hotline-backtest-*/*/ledger-0")):
            assert process.poll() is None
        process.terminate()
        assert process.wait(60) == 130
    assert list(scratch.glob("hotline-backtest-*")) == []


def test_the_help_documents_files_labels_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["backtest", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for part in ("CloudEvents", "movement_id, event_id or account", "Exit code 0", "--jobs N", "backtest tune", ".gz"):
        assert part in said
    # The usage, an example, and one paragraph.
    assert (said.count("backtest tune FILE"), said.count("backtest tune history"), said.count("period of --train")) == (
        1,
        1,
        1,
    )


def test_drawing_waits_for_a_folder_to_draw_into(tmp_path: Path) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    code = (
        "import sys; from hotline_local import cli; "
        f"cli.main(['backtest', {str(file)!r}]); sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def test_without_options_all_rules_judge_and_settings_leave_those_that_are_on(
    tmp_path: Path, history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_history(tmp_path / "h.jsonl", history.facts)
    every = {detector.rule for detector in DETECTORS}
    found = backtested(capsys, file)
    assert set(found["detectors"]) | set(found["left_out"]) == every
    settings = tmp_path / "s.toml"
    settings.write_text("[reset_device_transfer]\non = false\n", encoding="utf-8")
    found = backtested(capsys, file, "--settings", settings)
    published = {detector.rule for detector in DETECTORS if detector.is_published}
    assert set(found["detectors"]) | set(found["left_out"]) == published - {"reset_device_transfer"}


@pytest.mark.parametrize(("columns", "word", "width"), [(80, "Judging ", 40), (30, "Judging ", 14), (5, "", 1)])
def test_the_line_of_progress_fits_into_the_terminal(
    columns: int, word: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    bar = Bar(quiet=False)
    bar.begin("Judging", 100)
    bar.note(100)
    bar.end()
    assert capsys.readouterr().err == f"\r{word}[{'#' * width}] 100%\n"


@pytest.mark.parametrize("packed", [False, True])
def test_progress_says_what_is_done_and_up_to_which_size(
    tmp_path: Path, packed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A packed file is sorted by its own bytes, and its lines are judged by those of the sorted parts."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("hotline_local.commands.backtest.SHOW_EVERY_S", 0)
    file = write_history(tmp_path / "h.jsonl", [login(2, 9, "a"), login(1, 0, "a")])
    if packed:
        file = file.with_suffix(".jsonl.gz")
        file.write_bytes(gzip.compress((tmp_path / "h.jsonl").read_bytes()))
    assert cli.main(["backtest", str(file)]) == 0
    lines = [line.split("\r")[-1] for line in capsys.readouterr().err.splitlines()]
    assert [re.sub(r"[#.]{2,}", "", line) for line in lines if "[" in line][-2:] == [
        "Sorting [] 100%",
        "Judging [] 100%",
    ]


# ---------------------------------------------------------------- how a run ends


CODE: Final = "import sys; from hotline_local import cli; sys.exit(cli.main(sys.argv[1:]))"
"""The command as a process of its own."""


@pytest.mark.parametrize(("order", "jobs"), [("sorted", "1"), ("sorted", "3"), ("reversed", "2")])
def test_ctrl_c_ends_a_run_at_once_and_without_a_word(tmp_path: Path, order: str, jobs: str) -> None:
    """The terminal tells all processes of the run, those of --jobs too."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    facts = [login(number, number, f"acct-{number % 50}") for number in range(40_000)]
    file = str(write_history(tmp_path / "h.jsonl", facts if order == "sorted" else reversed(facts)))
    command = [sys.executable, "-c", CODE, "backtest", *[file] * 40, "--jobs", jobs, "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(scratch)}, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        begun = "hotline-backtest-*/first/ledger-*" if order == "sorted" else "hotline-backtest-*/parts"
        while len(list(scratch.glob(begun))) < (int(jobs) if order == "sorted" else 1):
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in complaint
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("module", ["multiprocessing.context", "sqlite3.dbapi2", "hotline.backtest.runs"])
def test_ctrl_c_while_the_run_is_loaded_ends_it_in_one_line(tmp_path: Path, module: str) -> None:
    """The signal comes in the middle of the import of a module that the run needs."""
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    hook = f"lambda name, told: name == 'import' and told[0] == {module!r} and os.kill(os.getpid(), signal.SIGINT)"
    code = f"import os, signal, sys; sys.addaudithook({hook}); {CODE.removeprefix('import sys; ')}"
    done = subprocess.run(
        [sys.executable, "-c", code, "backtest", str(file), "--jobs", "2", "--out", str(tmp_path / "out")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    # Python ends itself by the signal where it was in the middle of a text of code. A shell calls both 130.
    assert done.returncode in (130, -signal.SIGINT)
    assert (done.stdout, done.stderr) == ("", "Interrupted.\n")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("order", ["sorted", "reversed"])
def test_a_disk_that_is_full_ends_a_run_with_a_sentence_and_leaves_nothing(
    tmp_path: Path, order: str, jobs: str
) -> None:
    """A limit on the size of files stands for a full disk."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    facts = [movement(number, number, f"acct-{number}", 500, counterparty="x") for number in range(4_000)]
    file = write_history(tmp_path / "h.jsonl", facts if order == "sorted" else reversed(facts))
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)); "
    done = subprocess.run(
        [sys.executable, "-c", limit + CODE, "backtest", str(file), "--out", str(tmp_path / "out"), "--jobs", jobs],
        env={**os.environ, "TMPDIR": str(scratch)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Temporary files in {scratch} cannot be written: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("named", "why"), [("gone", "No such file or directory"), ("file", "Not a directory")])
def test_a_folder_for_temporary_files_that_is_none_is_refused(
    tmp_path: Path, named: str, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python would take another folder without a word."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("TMPDIR", str(tmp_path / named))
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    assert cli.main(["backtest", str(file)]) == 2
    sentence = f"where no file can be written: {why}. Name another one, or unset it."
    assert capsys.readouterr().err == f"TMPDIR is {tmp_path / named}, {sentence}\n"


def test_a_folder_for_temporary_files_that_is_full_is_refused(tmp_path: Path) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    (tmp_path / "scratch").mkdir()
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (2, 2))\n"
    done = subprocess.run(
        [sys.executable, "-c", limit + CODE, "backtest", str(file)],
        env={**os.environ, "TMPDIR": str(tmp_path / "scratch")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"TMPDIR is {tmp_path / 'scratch'}, where no file can be written: ")


# ---------------------------------------------------------------- results, whole or not at all


@pytest.mark.parametrize("name", ["movements.jsonl", "findings.jsonl"])
def test_a_history_is_never_replaced_by_results(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_history(tmp_path / name, [login(1, 0, "acct-1")])
    before = file.read_bytes()
    assert cli.main(["backtest", str(file), "--out", str(tmp_path)]) == 2
    sentence = "is read, and the results would take its place. Name another folder with --out."
    assert capsys.readouterr().err == f"{file} {sentence}\n"
    assert file.read_bytes() == before


def test_labels_are_never_replaced_by_results(tmp_path: Path) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    labels = tmp_path / "accounts.jsonl"
    labels.write_text('{"account": "acct-1", "fraud": true}\n', encoding="utf-8")
    link = tmp_path / "labels.jsonl"
    link.symlink_to(labels)
    assert cli.main(["backtest", str(file), "--labels", str(link), "--out", str(tmp_path)]) == 2
    assert "fraud" in labels.read_text(encoding="utf-8")


def test_a_file_of_labels_without_one_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    labels = tmp_path / "none.jsonl"
    labels.write_text("\n", encoding="utf-8")
    assert cli.main(["backtest", str(file), "--labels", str(labels)]) == 0
    assert "Warning: the labels hold none, so everything counts as honest.\n" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_folder_that_cannot_be_is_refused_before_the_run(
    tmp_path: Path, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    file = write_history(tmp_path / "h.jsonl", reversed([login(n, n, "acct-1") for n in range(2)]))
    assert cli.main(["backtest", str(file), "--out", str(tmp_path / out)]) == 2
    said, complaint = capsys.readouterr()
    # Not even the first line was read, or it would say that the file is not sorted.
    assert complaint == f"{tmp_path / out} cannot be written: {tmp_path / 'file'} is no folder.\n"
    assert said == ""


@pytest.mark.parametrize("out", ["link", "link/below", "loop"])
def test_a_link_that_leads_nowhere_is_told_as_one(tmp_path: Path, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "loop").symlink_to("loop")
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    assert cli.main(["backtest", str(file), "--out", str(tmp_path / out)]) == 2
    link = tmp_path / out.split("/")[0]
    why = f"{link} is a link to {link.readlink()}, which leads nowhere"
    assert capsys.readouterr() == (
        "",
        f"{tmp_path / out} cannot be written: {why}. Make the folder that it names, or name another one.\n",
    )


def test_a_result_whose_name_a_folder_has_is_refused_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")]), tmp_path / "out"
    for name in (*FILES, charts.FINDINGS_FILE, charts.CURVE_FILE):
        (out / name).mkdir(parents=True)
        assert cli.main(["backtest", str(file), "--out", str(out)]) == 2
        assert capsys.readouterr() == (
            "",
            f"{out / name} is a folder, and a result has that name. Name another one with --out.\n",
        )
        (out / name).rmdir()


@pytest.mark.parametrize("name", ["a" * 300, "/proc/none"])
def test_a_folder_that_cannot_be_made_is_told_before_the_run(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_history(tmp_path / "h.jsonl", reversed([login(n, n, "acct-1") for n in range(2)]))
    assert cli.main(["backtest", str(file), "--out", name]) == 2
    said, complaint = capsys.readouterr()
    assert (said, len(complaint.splitlines())) == ("", 1)
    assert complaint.startswith(f"{name} cannot be written: ")


def test_a_file_whose_name_cannot_be_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backtest", "a" * 300]) == 2
    assert capsys.readouterr().err == f"{'a' * 300} cannot be read: File name too long.\n"


def test_a_run_that_cannot_be_leaves_no_folder(tmp_path: Path) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    (tmp_path / "mine").mkdir()
    for out in ("new", "new/below", "mine", "mine/below"):
        wrong = ["--out", str(tmp_path / out), "--labels", str(tmp_path / "none.jsonl")]
        assert cli.main(["backtest", str(file), *wrong]) == 2
    assert sorted(tmp_path.rglob("*")) == [file, tmp_path / "mine"]


@pytest.mark.parametrize("out", ["new", "new/below"])
def test_results_that_cannot_be_written_leave_no_folder(
    tmp_path: Path, out: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(charts, "draw_charts", fail)
    file = write_history(tmp_path / "h.jsonl", [movement(1, 0, "acct-1", 500, counterparty="x")])
    assert cli.main(["backtest", str(file), "--out", str(tmp_path / out)]) == 2
    assert capsys.readouterr().err == f"{tmp_path / out} cannot be written: No space left on device.\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_without_a_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")])
    with pytest.raises(SystemExit) as ended:
        cli.main(["backtest", str(file), "--out", ""])
    assert (ended.value.code, "--out: the name of a folder is needed" in capsys.readouterr().err) == (2, True)


def test_results_that_cannot_be_whole_leave_those_of_an_earlier_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = write_history(tmp_path / "h.jsonl", [movement(1, 0, "acct-1", 500, counterparty="x")]), tmp_path / "out"
    backtested(capsys, file, "--out", out)
    before = contents(out)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(charts, "draw_charts", fail)
    write_history(file, [movement(2, 0, "acct-2", 900, counterparty="x")])
    assert cli.main(["backtest", str(file), "--out", str(out)]) == 2
    assert capsys.readouterr().err == f"{out} cannot be written: No space left on device.\n"
    assert contents(out) == before


# ---------------------------------------------------------------- files of other forms


def test_a_packed_file_is_unpacked_whatever_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_history(tmp_path / "h.jsonl", [login(n, n, "acct-1", ok=False) for n in range(10)])
    file.write_bytes(gzip.compress(file.read_bytes()))
    assert backtested(capsys, file)["events"] == 10


@pytest.mark.parametrize(
    "content",
    [
        b"id,type\nevt-1,login.failed\n",
        json.dumps([login(1, 0, "acct-1")]).encode(),
        json.dumps(login(1, 0, "acct-1"), indent=2).encode(),
        json.dumps(login(1, 0, "acct-1")).encode("utf-16"),
    ],
    ids=["csv", "array", "lines", "utf-16"],
)
def test_a_file_that_is_no_history_is_told_as_one(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "h.jsonl").write_bytes(content)
    assert cli.main(["backtest", str(tmp_path / "h.jsonl")]) == 1
    said, complaint = capsys.readouterr()
    assert "No line is an event: a history has one JSON object a line, in UTF-8." in complaint
    # Each rule would lack all that it needs.
    assert "Left out" not in said


def test_files_that_were_put_together_may_have_marks_of_the_byte_order_before_any_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of two exports begins with one."""
    file, labels = tmp_path / "h.jsonl", tmp_path / "l.jsonl"
    lines = [json.dumps(login(number, number, "acct-1")) for number in (1, 2)]
    file.write_text("".join(f"\ufeff{line}\n" for line in lines), encoding="utf-8")
    label = '{"event_id": "evt-00000%d", "fraud": true}'
    labels.write_text("".join(f"\ufeff{label % number}\n" for number in (1, 2)), encoding="utf-8")
    found = backtested(capsys, file, "--labels", labels)
    assert (found["events"], found["labels"]["given"]["events"], found["labels"]["unmatched"]["events"]) == (2, 2, 0)


@pytest.mark.parametrize(
    ("facts", "more", "sentence"),
    [
        ([], [], "No event was read: the history has none before the end of the period."),
        ([login(1, 9, "a")], ["--to", "2026-09-01T00:00:00Z"], "No event was read: the history has none before the"),
        ([login(1, 9, "a")], ["--from", "2026-09-02T00:00:00Z"], "No event that matters to the rules in the period."),
        ([told(1, 9, "payment.succeeded.v2", "a")], [], "No event that matters to the rules.\n"),
    ],
)
def test_a_period_without_an_event_has_no_times(
    tmp_path: Path, facts: list[Any], more: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_history(tmp_path / "h.jsonl", facts)
    found = backtested(capsys, file, *more)
    assert [found[name] for name in ("from", "to", "days", "findings_a_day")] == [None] * 4
    assert {one["findings_a_day"] for one in found["detectors"].values()} <= {None}
    assert cli.main(["backtest", str(file), *more, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert said.startswith(sentence)
    assert "1970" not in said


def test_settings_may_begin_with_a_mark_of_the_byte_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, settings = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1", ok=False)]), tmp_path / "s.toml"
    settings.write_text("[failed_login_burst]\r\nfailures = 1\r\n", encoding="utf-8-sig", newline="")
    assert backtested(capsys, file, "--settings", settings)["findings"] == 1


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("movement_id,fraud", "it is no JSON object in UTF-8"),
        ("5", "it is no JSON object in UTF-8"),
        ('{"fraud": true}', "one of movement_id, event_id and account is needed"),
        ('{"movement_id": "a", "account": "b", "fraud": true}', "one of movement_id, event_id and account is needed"),
        ('{"movement_id": "a"}', "fraud is needed, true or false without quotes"),
        ('{"movement_id": "a", "fraud": "true"}', "fraud is needed, true or false without quotes"),
        ('{"event_id": 5, "fraud": true}', "event_id is a text that is not empty, also where the id is a number"),
        ('{"movement_id": "m", "fraud": true, "fraud": false}', "a field stands there twice."),
        ('{"movement_id": "m", "movement_id": "n", "fraud": true}', "a field stands there twice."),
        ('{"account": "\\ud800", "fraud": true}', "account has half of a character."),
        ('{"account": "a", "frm": "2026-09-01T00:00:00Z", "fraud": true}', "frm: there is no such field; did you mean"),
        (
            '{"account": "a", "until": "2026-09-01T00:00:00Z", "fraud": true}',
            "until: there is no such field; there are",
        ),
        (
            '{"movement_id": "a", "from": "2026-09-01T00:00:00Z", "fraud": true}',
            "from belongs to a label of an account",
        ),
        ('{"event_id": "a", "to": null, "fraud": true}', "to belongs to a label of an account"),
        ('{"account": "a", "to": "2026-W36-1T00:00:00Z", "fraud": true}', "to is a time with an offset"),
        ('{"account": "a", "\\ud800": 1, "fraud": true}', "\\ud800: there is no such field; there are"),
    ],
)
def test_a_line_that_is_no_label_is_told_with_its_reason(
    tmp_path: Path, label: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, labels = write_history(tmp_path / "h.jsonl", [login(1, 0, "acct-1")]), tmp_path / "l.jsonl"
    labels.write_text(f"{label}\n", encoding="utf-8")
    assert cli.main(["backtest", str(file), "--labels", str(labels)]) == 2
    assert capsys.readouterr().err.startswith(f"{labels}, line 1 is no label: {why}")


def test_line_ends_offsets_long_lines_and_overlapping_files_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [login(n, n, "acct-1", ok=False) for n in range(10)]
    plain = backtested(capsys, write_history(tmp_path / "h.jsonl", facts))
    (tmp_path / "windows.jsonl").write_bytes("".join(json.dumps(fact) + "\r\n" for fact in facts).encode())
    assert backtested(capsys, tmp_path / "windows.jsonl") == plain
    elsewhere = [{**fact, "time": fact["time"].replace("T00", "T05").replace("Z", "+05:00")} for fact in facts]
    assert backtested(capsys, write_history(tmp_path / "elsewhere.jsonl", elsewhere)) == plain
    long = {**facts[0], "data": {**facts[0]["data"], "more": "x" * 10_000_000}}
    assert backtested(capsys, write_history(tmp_path / "long.jsonl", [long, *facts[1:]])) == plain
    halves = [write_history(tmp_path / f"{at}.jsonl", facts[at:][::2]) for at in (0, 1)]
    assert backtested(capsys, *halves) == plain
    twice = backtested(capsys, *halves, halves[0])
    assert twice == {**plain, "duplicates": 5}
