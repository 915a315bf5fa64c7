"""Findings about addresses are judged by the accounts that got in, and these are ranked."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from hotline.kit.clock import to_text
from hotline_local import cli
from tests.support.sweeps import sweep
from tests.support.wallet_histories import BEGAN, Told, login, told, write_history

RULE: Final = "credential_stuffing"
POINTS: Final = 25
"""Of a finding of its severity."""
DAY_MINUTES: Final = 1440


def attack(day: int, *got_in: str, first: int = 0, ip: str = "192.0.2.1") -> list[Told]:
    """Forty accounts are tried once each at the beginning of a day; then somebody gets into these, four a minute."""
    begin, number = day * DAY_MINUTES, first + day * 1000
    tries = [login(number + n, begin + n / 8, f"tried-{n}", ok=False, ip=ip) for n in range(40)]
    return tries + [login(number + 100 + n, begin + 5 + n / 4, name, ip=ip) for n, name in enumerate(got_in)]


def time_of(day: int) -> str:
    return to_text(BEGAN + timedelta(days=day))


def judge(
    folder: Path, capsys: pytest.CaptureFixture[str], facts: list[Told], labels: list[dict[str, Any]], *more: str
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """The measures, the findings and the accounts of a run of the rule."""
    file, marks = write_history(folder / "h.jsonl", facts), folder / "l.jsonl"
    marks.write_text("".join(json.dumps({"fraud": True, **one}) + "\n" for one in labels), encoding="utf-8")
    out = folder / "out"
    arguments = [str(file), "--labels", str(marks), "--detectors", RULE, "--out", str(out), "--json", *more]
    assert cli.main(["backtest", *arguments]) == 0
    measured: dict[str, Any] = json.loads(capsys.readouterr().out)["labels"]
    findings, accounts = (
        [json.loads(line) for line in (out / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        for name in ("findings", "accounts")
    )
    return measured, findings, accounts


def triple(hits: dict[str, Any]) -> tuple[int, int, int]:
    return hits["found"], hits["false"], hits["fraud"]


@pytest.mark.parametrize("about", ["account", "span", "event_id"])
def test_accounts_that_got_in_are_named_judged_and_ranked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], about: str
) -> None:
    """An owner gets in from the address as well. Somewhere else is a takeover that nobody finds."""
    facts = [*attack(0, "stolen-1", "owner", "stolen-2"), login(900, 30, "stolen-3", ip="198.51.100.1")]
    ids = {fact["subject"]: fact["id"] for fact in facts}
    stolen = ["stolen-1", "stolen-2", "stolen-3"]
    span = {"from": time_of(0), "to": time_of(1)} if about == "span" else {}
    labels = [{"event_id": ids[name]} if about == "event_id" else {"account": name, **span} for name in stolen]
    measured, (finding,), accounts = judge(tmp_path, capsys, facts, labels)
    assert finding["accounts"] == ["stolen-1", "owner", "stolen-2"]
    assert finding["fraud"] is True
    of_rule = measured["detectors"][RULE]
    for told_of in (measured, of_rule):
        assert triple(told_of["accounts"]) == (2, 1, 3)
        # The forty tries are no events that it names.
        assert triple(told_of["events"]) == (2, 1, 3)
        assert told_of["finding_precision"] == 1
    assert (of_rule["judged_by"], of_rule["accounts"]["precision"]) == (["accounts"], pytest.approx(2 / 3, abs=1e-6))
    assert {one["account"]: (one["score"], one["findings"], one["fraud"]) for one in accounts} == {
        "stolen-1": (POINTS, 1, True),
        "owner": (POINTS, 1, False),
        "stolen-2": (POINTS, 1, True),
    }
    assert RULE not in measured["not_judged"]


def test_of_many_accounts_the_first_are_listed_and_the_logins_of_the_latest_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"in-{number}" for number in range(24)]
    measured, (finding,), accounts = judge(tmp_path, capsys, attack(0, *names), [{"account": name} for name in names])
    assert finding["accounts"] == names[:20]
    assert triple(measured["accounts"]) == triple(measured["events"]) == (24, 0, 24)
    assert {one["account"] for one in accounts} == set(names)


def test_the_table_shows_the_precision_by_accounts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts, labels = attack(0, "stolen", "owner"), tmp_path / "l.jsonl"
    labels.write_text('{"account": "stolen", "fraud": true}\n', encoding="utf-8")
    file = write_history(tmp_path / "h.jsonl", facts)
    assert cli.main(["backtest", str(file), "--labels", str(labels), "--detectors", RULE]) == 0
    (row,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith(RULE))
    assert row.split()[-3:] == ["100.0%", "50.0%", "100.0%"]


def test_a_finding_whose_address_got_in_nowhere_is_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [*attack(0), *attack(1, "stolen"), *attack(2, "owner")]
    measured, findings, accounts = judge(tmp_path, capsys, facts, [{"account": "stolen"}])
    assert [one["fraud"] for one in findings] == [None, True, False]
    assert measured["finding_precision"] == measured["detectors"][RULE]["finding_precision"] == 0.5
    assert [one["account"] for one in accounts] == ["owner", "stolen"]
    alone, (finding,), accounts = judge(tmp_path, capsys, [*attack(0), login(900, 30, "stolen")], [])
    assert (finding["fraud"], alone["finding_precision"], accounts) == (None, None, [])


def test_a_try_with_a_label_of_its_own_judges_the_finding_that_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [*attack(0), *attack(1), login(5000, 5000, "owner")]
    labels: list[dict[str, Any]] = [{"event_id": fact["id"]} for fact in facts[:40]]
    labels += [{"event_id": fact["id"], "fraud": False} for fact in facts[40:80]]
    measured, findings, _ = judge(tmp_path, capsys, facts, labels)
    assert [one["fraud"] for one in findings] == [True, False]
    assert triple(measured["events"]) == (*(len(one["event_ids"]) for one in findings), 40)
    assert measured["finding_precision"] == 0.5


def test_of_accounts_that_many_addresses_enter_each_counts_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its points are those of the rule, once."""
    facts = [*attack(0, "stolen"), *attack(1, "stolen", ip="198.51.100.7")]
    measured, findings, (account,) = judge(tmp_path, capsys, facts, [{"account": "stolen"}])
    assert len(findings) == 2
    assert triple(measured["accounts"]) == (1, 0, 1)
    assert triple(measured["events"]) == (2, 0, 2)
    assert (account["score"], account["findings"]) == (POINTS, 2)


def test_a_login_of_before_the_period_proves_the_finding_and_counts_for_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [*attack(0, "early", "late"), login(950, 60, "early", ip="198.51.100.1")]
    since = next(fact["time"] for fact in facts if fact["subject"] == "late")
    labels = [{"account": "early", "from": time_of(0), "to": since}]
    measured, (finding,), accounts = judge(tmp_path, capsys, facts, labels, "--from", since)
    assert (finding["accounts"], finding["fraud"]) == (["early", "late"], True)
    assert triple(measured["accounts"]) == (0, 1, 0)
    # Nobody says of it what it was in the period.
    assert measured["accounts"]["number"] == 1
    assert [one["account"] for one in accounts] == ["late"]


def test_limits_are_searched_by_who_got_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On half of the days the attack is too small for the limits as they ship."""
    facts = [fact for day in range(8) for fact in attack(day, f"stolen-{day}")[0 if day % 2 else 20 :]]
    labels = tmp_path / "l.jsonl"
    labels.write_text("".join(f'{{"account": "stolen-{day}", "fraud": true}}\n' for day in range(8)), encoding="utf-8")
    file = write_history(tmp_path / "h.jsonl", facts)
    periods = ["--train", f"{time_of(0)}..{time_of(4)}", "--test", f"{time_of(4)}..{time_of(8)}"]
    arguments = ["tune", str(file), "--labels", str(labels), "--detector", RULE, *periods, "--json"]
    assert cli.main(["backtest", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["about"], found["warning"]) == ("accounts", None)
    assert [found[name][which]["found"] for name in ("train", "test") for which in ("before", "after")] == [2, 4, 2, 4]
    assert found["test"]["after"]["false"] == 0


def test_a_search_by_labels_of_logins_needs_no_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule about addresses names the logins that got in."""
    facts = [fact for day in range(4) for fact in attack(day, f"stolen-{day}")]
    labels = tmp_path / "l.jsonl"
    ids = [fact["id"] for fact in facts if fact["subject"].startswith("stolen")]
    labels.write_text("".join(f'{{"event_id": "{id_}", "fraud": true}}\n' for id_ in ids), encoding="utf-8")
    file = write_history(tmp_path / "h.jsonl", facts)
    periods = ["--train", f"{time_of(0)}..{time_of(2)}", "--test", f"{time_of(2)}..{time_of(4)}"]
    assert cli.main(["backtest", "tune", str(file), "--labels", str(labels), "--detector", RULE, *periods]) == 0
    said, complaint = capsys.readouterr()
    assert f"{RULE}: limits after 0 rounds, by accounts." in said
    assert complaint == ""


@sweep("name", ["account", "event_id"])
def test_an_account_that_is_found_for_fraud_of_before_the_period_is_not_judged(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The finding was called on fraud, and the account on which it is was called honest."""
    facts = [login(number, number, "acct-1", ok=False) for number in range(12)]
    since, labels = facts[6]["time"], tmp_path / "l.jsonl"
    label = {"account": {"account": "acct-1", "to": since}, "event_id": {"event_id": facts[3]["id"]}}[name]
    labels.write_text(json.dumps({**label, "fraud": True}) + "\n", encoding="utf-8")
    file = write_history(tmp_path / "h.jsonl", [*facts, told(90, 90, "password.changed", "acct-2")])
    arguments = [str(file), "--labels", str(labels), "--from", since, "--detectors", "failed_login_burst"]
    assert cli.main(["backtest", *arguments, "--json", "--out", str(tmp_path / "out")]) == 0
    measured = json.loads(capsys.readouterr().out)["labels"]
    assert (measured["finding_precision"], triple(measured["accounts"])) == (1, (0, 0, 0))
    assert measured["accounts"]["number"] == 1
    (account,) = (tmp_path / "out" / "accounts.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(account)["fraud"] is None
    assert cli.main(["backtest", *arguments]) == 0
    assert "honest named; precision 0.0%" not in capsys.readouterr().out.split("Fraudulent events")[0]
