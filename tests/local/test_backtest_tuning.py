"""`./hotline backtest tune`: limits are searched on one period and told on a later one."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.security.detectors.shipped import DETECTORS
from hotline.security.settings import choose_rules
from hotline_local import cli
from hotline_local.backtest import tuning
from hotline_local.backtest.tuning import list_neighbours
from tests.support.wallet_histories import login, movement, told, write_history

TRAIN = "2026-09-01T00:00:00Z..2026-09-05T00:00:00Z"
TEST = "2026-09-05T00:00:00Z..2026-09-09T00:00:00Z"


def write_guessers(folder: Path) -> tuple[Path, Path]:
    """Guessers of five failures a time, which no rule as shipped notices, on each of eight days."""
    facts, labels = [], []
    for day in range(8):
        for guess in range(5):
            number = day * 100 + guess
            facts.append(login(number, day * 1440 + 60 + guess, f"acct-{day}", ok=False))
            labels.append({"event_id": f"evt-{number:06d}", "fraud": True})
        facts += [login(day * 100 + 50 + n, day * 1440 + 300 + n * 100, f"honest-{day}", ok=False) for n in range(4)]
    file = folder / "l.jsonl"
    file.write_text("".join(json.dumps(label) + "\n" for label in labels), encoding="utf-8")
    return write_history(folder / "h.jsonl", facts), file


def tune(files: tuple[Path, Path], *more: str) -> int:
    history, labels = files
    arguments = ["tune", str(history), "--labels", str(labels), "--detector", "failed_login_burst", *more]
    return cli.main(["backtest", *arguments])


def test_limits_are_found_on_one_period_and_told_on_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(write_guessers(tmp_path), "--train", TRAIN, "--test", TEST, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["about"], found["detector"], found["bad_lines"]) == ("events", "failed_login_burst", 0)
    for period in ("train", "test"):
        assert found[period]["before"]["found"] == 0
        assert (found[period]["after"]["fraud"], found[period]["after"]["found"]) == (20, 20)
        assert found[period]["after"]["f1"] == 1
    ((detector, limits),) = choose_rules(tomllib.loads(found["settings"]), only=["failed_login_burst"])
    assert limits.failures == 5
    assert limits.window_ms == detector.limits.window_ms


def test_the_limits_that_were_found_can_be_read_and_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(write_guessers(tmp_path), "--train", TRAIN, "--test", TEST) == 0
    said, progress = capsys.readouterr()
    assert "train 2026-09-01T00:00:00.000Z to 2026-09-05T00:00:00.000Z" in said
    assert "  after  F1 1.000, 20 of 20 found, 0 false" in said
    assert "[failed_login_burst]\non = true\nfailures = 5\n" in said
    assert "Round 1: F1 1.000" in progress


@pytest.mark.parametrize(
    ("train", "test", "sentence"),
    [
        (TRAIN, TRAIN, "--train and --test overlap"),
        (TRAIN, "2026-09-04T23:59:59.999Z..2026-09-09T00:00:00Z", "--train and --test overlap"),
        (TEST, TRAIN, "--test must come after --train"),
        ("2026-09-01..2026-09-05", TEST, "--train takes FROM..TO"),
        (TRAIN, "2026-09-05T00:00:00Z", "--test takes FROM..TO"),
        (TRAIN, "2026-09-06T00:00:00Z..2026-09-06T00:00:00Z", "--test: the period must end after it begins."),
        ("2026-10-01T00:00:00Z..2026-10-02T00:00:00Z", "2026-10-03T00:00:00Z..2026-10-04T00:00:00Z", "No fraud is"),
    ],
)
def test_periods_that_cannot_tell_anything_are_refused(
    tmp_path: Path, train: str, test: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(write_guessers(tmp_path), "--train", train, "--test", test) == 2
    said, complaint = capsys.readouterr()
    assert (said, complaint.startswith(sentence)) == ("", True), complaint


@pytest.mark.parametrize("more", [["--out", "x"], ["--from", "x"], ["--to", "x"], ["--detectors", "x"]])
def test_other_options_are_refused(tmp_path: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(write_guessers(tmp_path), "--train", TRAIN, "--test", TEST, *more) == 2
    assert f"takes no {more[0]}." in capsys.readouterr().err


def test_limits_that_no_other_ones_beat_are_told_as_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "ROUNDS_MAX", 0)
    assert tune(write_guessers(tmp_path), "--train", TRAIN, "--test", TEST) == 0
    assert "limits after 0 rounds, by events.\nNo other limits do better" in capsys.readouterr().out


def test_limits_that_settings_refuse_are_not_searched() -> None:
    (detector,) = (one for one in DETECTORS if one.rule == "card_testing")
    tries = {one.tries: tuning._is_taken(detector, one) for one in list_neighbours(replace(detector.limits, tries=8))}
    assert (tries[12], tries[16]) == (True, False)


def test_limits_that_contradict_each_other_are_not_searched() -> None:
    (detector,) = (one for one in DETECTORS if one.rule == "password_spray")
    taken = [one for one in list_neighbours(detector.limits) if tuning._is_taken(detector, one)]
    assert taken
    assert all(one.mean_min <= one.mean_max and one.band_min <= one.band_max for one in taken)
    assert all(one.accounts <= one.tries for one in taken)
    assert len(taken) < len(list(list_neighbours(detector.limits)))


def test_limits_with_a_point_stay_short() -> None:
    (detector,) = (one for one in DETECTORS if one.rule == "spend_anomaly")
    twice = [last for one in list_neighbours(detector.limits) for last in list_neighbours(one)]
    assert max(len(str(one.spread_floor)) for one in twice) <= 8


def test_each_neighbour_differs_in_one_limit() -> None:
    (limits,) = (one.limits for one in DETECTORS if one.rule == "reset_device_transfer")
    neighbours = list(list_neighbours(limits))
    assert len(neighbours) == 12
    for one in neighbours:
        changed = [name for name in limits.__dataclass_fields__ if getattr(one, name) != getattr(limits, name)]
        assert len(changed) == 1
    assert neighbours[4].floor_minor == {"CNY": 50_000, "HKD": 50_000, "JPY": 10_000, "": 7_500}


def write_thefts(folder: Path, *, labels: str = "movement_id") -> tuple[Path, Path]:
    """Bursts of failed logins on each of eight days, and a transfer after each of them that is labelled."""
    facts, lines = [], []
    for day in range(8):
        number = day * 100
        facts += [login(number + n, day * 1440 + n, f"acct-{day}", ok=False) for n in range(10)]
        facts += [login(number + 20 + n, day * 1440 + 20 + n, f"acct-{day}") for n in range(2)]
        facts.append(movement(number + 50, day * 1440 + 50, f"acct-{day}", 90_000, counterparty="x"))
        named = {"movement_id": f"mov-{number + 50}", "event_id": f"evt-{number:06d}", "account": f"acct-{day}"}
        lines.append(json.dumps({labels: named[labels], "fraud": True}) + "\n")
    file = folder / "l.jsonl"
    file.write_text("".join(lines), encoding="utf-8")
    return write_history(folder / "h.jsonl", facts), file


def test_labels_that_cannot_judge_a_rule_are_refused_with_those_that_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_thefts(tmp_path)
    looked_up = told(1, 0, "agent.looked_up", "agent-1")
    looked_up["data"]["account"] = "acct-1"
    files[0].write_text(json.dumps(looked_up) + "\n" + files[0].read_text(encoding="utf-8"), encoding="utf-8")
    assert tune(files, "--train", TRAIN, "--test", TEST, "--detector", "agent_browsing", "--json") == 2
    said, complaint = capsys.readouterr()
    assert said == ""
    assert complaint == (
        "The labels cannot judge agent_browsing: those of fraud in --train are about movements and accounts, and its "
        "findings name events. Label fraud by event_id (docs/backtest.md).\n"
    )


def test_a_rule_about_movements_is_judged_by_accounts_where_only_logins_are_labelled_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_thefts(tmp_path, labels="event_id")
    assert tune(files, "--train", TRAIN, "--test", TEST, "--detector", "velocity", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["about"], found["train"]["before"]["fraud"]) == ("accounts", 4)
    assert found["warning"] == (
        "The labels are about events, which velocity does not name. It is judged by whether it names the accounts of "
        "these events, at whatever time. Labels by movement_id or account judge it better."
    )


@pytest.mark.parametrize(
    ("detector", "lacks"),
    [
        ("impossible_travel", "no event has data.source.lat and data.source.lon"),
        ("new_devices_in_a_row", "no event is device.registered"),
    ],
)
def test_a_rule_that_the_history_keeps_blind_is_refused(
    tmp_path: Path, detector: str, lacks: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(write_thefts(tmp_path), "--train", TRAIN, "--test", TEST, "--detector", detector, "--json") == 2
    assert capsys.readouterr() == ("", f"Left out up to the end of --train: {detector}: {lacks}.\n")


def test_a_finding_that_began_before_the_test_counts_what_lies_in_it_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten failures, of which the last five lie in the test; all of them are labelled."""
    facts = [login(day * 100 + n, day * 1440 + n, "acct-1", ok=False) for day in range(2) for n in range(10)]
    (labels := tmp_path / "l.jsonl").write_text(
        "".join(json.dumps({"event_id": fact["id"], "fraud": True}) + "\n" for fact in facts), encoding="utf-8"
    )
    train, test = "2026-09-01T00:00:00Z..2026-09-02T00:05:00Z", "2026-09-02T00:05:00Z..2026-09-03T00:00:00Z"
    assert tune((write_history(tmp_path / "h.jsonl", facts), labels), "--train", train, "--test", test, "--json") == 0
    hits = json.loads(capsys.readouterr().out)["test"]["before"]
    assert hits == {"fraud": 5, "found": 5, "false": 0, "precision": 1, "recall": 1, "f1": 1}


def test_a_rule_about_logins_is_judged_by_accounts_where_only_movements_are_labelled_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(write_thefts(tmp_path), "--train", TRAIN, "--test", TEST, "--json") == 0
    said, warned = capsys.readouterr()
    found = json.loads(said)
    assert (found["about"], found["test"]["before"]["f1"]) == ("accounts", 1)
    assert found["warning"].startswith("The labels are about movements, which failed_login_burst does not name.")
    assert "Warning: the labels are about movements" in warned
    assert tune(write_thefts(tmp_path), "--train", TRAIN, "--test", TEST) == 0
    assert found["warning"] in capsys.readouterr().out


@pytest.mark.parametrize("labels", ["event_id", "account"])
def test_a_rule_about_logins_is_judged_by_labels_of_logins_before_those_of_movements(
    tmp_path: Path, labels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A label of an account is one of its movements too, and those come first for a rule that names them."""
    assert tune(write_thefts(tmp_path, labels=labels), "--train", TRAIN, "--test", TEST, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["about"], found["warning"]) == ("events", None)
    assert found["train"]["before"]["found"] > 0


def test_an_account_counts_as_fraud_in_the_period_of_its_label_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A thief of the first period who has left again is an honest customer in the second one."""
    facts, labels = [], []
    for day in range(8):
        facts += [login(day * 100 + n, day * 1440 + n, f"acct-{day}", ok=False) for n in range(10)]
    for day in (0, 6):
        begun = f"2026-09-0{day + 1}T00:00:00Z"
        labels.append({"account": f"acct-{day}", "from": begun, "to": f"2026-09-0{day + 2}T00:00:00Z", "fraud": True})
        # Each account comes back, in the other period too.
        facts += [login(day * 100 + 50 + n, (7 - day) * 1440 + n, f"acct-{day}") for n in range(2)]
    history = write_history(tmp_path / "h.jsonl", sorted(facts, key=lambda fact: str(fact["time"])))
    file = write_history(tmp_path / "l.jsonl", labels)
    for period in (TRAIN, TEST):
        since, _, until = period.partition("..")
        more = ("--detectors", "failed_login_burst", "--from", since, "--to", until, "--json")
        assert cli.main(["backtest", str(history), "--labels", str(file), *more]) == 0
        found = json.loads(capsys.readouterr().out)["labels"]["accounts"]
        assert (found["fraud"], found["found"]) == (1, 1)
    labels = [label | {"to": "2026-09-09T00:00:00Z"} for label in labels]
    write_history(file, labels)
    assert cli.main(["backtest", str(history), "--labels", str(file), "--from", TEST.partition("..")[0], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"]["accounts"]["fraud"] == 2


def test_a_test_without_any_fraud_is_refused_before_the_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = "2026-10-01T00:00:00Z..2026-10-02T00:00:00Z"
    assert tune(write_guessers(tmp_path), "--train", TRAIN, "--test", later) == 2
    assert (
        capsys.readouterr().err
        == "No fraud is labelled in --test among events: there is nothing to judge the limits by.\n"
    )


def test_a_rule_without_limits_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(write_guessers(tmp_path), "--train", TRAIN, "--test", TEST, "--detector", "no_second_factor") == 2
    assert capsys.readouterr().err == "no_second_factor has no limits to search.\n"
