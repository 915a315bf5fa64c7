"""A backtest in steps over objects finds what the command finds in the same files, and says why it cannot be run."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hotline.backtest import model, ordering, partition, service
from hotline.backtest.model import BacktestError, Plan, Unusable
from hotline.backtest.service import BadSettings, judge, merge, plan, split
from hotline_local import cli
from hotline_local.testing.memory_objects import MemoryObjects
from tests.support.wallet_histories import History, told

RESULTS = ("findings.jsonl", "movements.jsonl", "accounts.jsonl", "bad_lines.jsonl", "summary.json")


def write_objects(objects: MemoryObjects, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        objects.write(f"input/h/{name}", content)


def lines(facts: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(fact) + "\n" for fact in facts).encode()


def history_files(seed: int) -> tuple[dict[str, bytes], bytes]:
    """Three files of one history: sorted, unsorted and packed, with bad lines, a line twice, and late labels."""
    history = History(seed)
    facts = list(history.facts)
    ends = facts[-1]["time"]
    for number, movement_id in enumerate(history.thefts[:6]):
        theft = next(fact for fact in facts if fact["data"].get("movement_id") == movement_id)
        label = told(900_000 + number, 0, "transaction.confirmed_fraud", theft["subject"], movement_id=movement_id)
        won = {"movement_id": movement_id, "category": "fraud", "decided_for": "customer"}
        dispute = told(910_000 + number, 0, "dispute.decided", theft["subject"], **won)
        facts.append({**(dispute if number % 2 else label), "time": ends})
        if number == 0:
            end = told(920_000, 0, "transaction.confirmed_fraud", theft["subject"], movement_id=movement_id)
            facts.append({**end, "data": {**end["data"], "retracted": True}, "time": ends})
    facts.append(dict(facts[5]))
    third = len(facts) // 3
    unsorted = facts[third : 2 * third]
    Random(seed).shuffle(unsorted)
    bad = b'{"id": 1}\n\nnothing\n' + lines([told(950_000, 3, "login.failed", "acct-1", kind="password")])
    abroad = told(950_001, 3, "login.failed", "acct-1", kind="password", source={"country": "XX", "lat": 1})
    bad += lines([abroad, told(950_002, 3, "login.tried", "acct-1")])
    files = {
        "a.jsonl": lines(sorted(facts[:third], key=lambda fact: str(fact["time"]))),
        "b.jsonl": lines(unsorted) + bad,
        "c.jsonl.gz": gzip.compress(lines(sorted(facts[2 * third :], key=lambda fact: str(fact["time"])))),
    }
    labels = "".join(json.dumps(label) + "\n" for label in history.labels())
    return files, labels.encode()


def by_command(folder: Path, files: dict[str, bytes], labels: bytes, *more: str) -> dict[str, bytes]:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "labels.jsonl").write_bytes(labels)
    paths = [str(folder / name) for name in files]
    out = folder / "out"
    cli.main(["backtest", *paths, "--labels", str(folder / "labels.jsonl"), "--out", str(out), "--json", *more])
    found = {name: (out / name).read_bytes() for name in RESULTS}
    # A file has its path there, and its key here.
    found["bad_lines.jsonl"] = found["bad_lines.jsonl"].replace(f"{folder}/".encode(), b"input/h/")
    return found


def in_steps(objects: MemoryObjects, order: dict[str, Any], run: str = "r") -> dict[str, Any]:
    made = plan(objects, {"history": "input/h/"} | order, run)
    for key in reversed(list(objects.list_keys(made["history"]))):
        split(objects, run, key)
    for share in reversed(made["shares"]):
        judge(objects, run, share)
    return merge(objects, run)


def results(objects: MemoryObjects, run: str = "r") -> dict[str, bytes]:
    return {name: objects.contents[f"output/{run}/{name}"] for name in RESULTS}


@pytest.mark.parametrize(("seed", "shares"), [(1, 1), (2, 3), (3, 16)])
def test_steps_write_the_same_bytes_as_the_command(seed: int, shares: int, tmp_path: Path) -> None:
    files, labels = history_files(seed)
    objects = MemoryObjects()
    write_objects(objects, files)
    objects.write("input/labels.jsonl", labels)
    answer = in_steps(objects, {"shares": shares, "labels": "input/labels.jsonl"})
    found = by_command(tmp_path / "command", files, labels)
    assert results(objects) == found
    assert len(found["findings.jsonl"]) > 1000
    assert found["bad_lines.jsonl"].count(b"\n") == 3
    summary = json.loads(found["summary.json"])
    assert summary["set_aside"] == {"data.source.country": 1, "data.source.lat": 1}
    assert summary["unknown_types"] == {"login.tried": 1}
    assert answer == {"output": "output/r/"} | {
        name: summary[name] for name in ("events", "findings", "bad_lines", "rules")
    }


def test_ids_that_accounts_share_are_the_same_in_steps(tmp_path: Path) -> None:
    """Each account counts its events and movements by itself, from 1 on."""
    facts = sorted(History(7).facts, key=lambda fact: str(fact["time"]))
    counts: Counter[str] = Counter()
    names: dict[tuple[str, str], str] = {}
    for fact in facts:
        for place, name in ((fact, "id"), (fact["data"], "movement_id")):
            if name in place:
                key = (fact["subject"], place[name])
                if key not in names:
                    counts[fact["subject"]] += 1
                    names[key] = f"{name}-{counts[fact['subject']]}"
                place[name] = names[key]
    files = {"a.jsonl": lines(facts[::2]), "b.jsonl": lines(facts[1::2])}
    labels = b"".join(json.dumps({"movement_id": f"movement_id-{n}", "fraud": True}).encode() + b"\n" for n in range(9))
    objects = MemoryObjects()
    write_objects(objects, files)
    objects.write("input/labels.jsonl", labels)
    in_steps(objects, {"shares": 7, "labels": "input/labels.jsonl"})
    found = results(objects)
    assert found == by_command(tmp_path / "command", files, labels)
    assert json.loads(found["summary.json"])["shared_ids"]["movements"] > 10


def test_a_period_and_settings_of_ones_own_count_in_steps_too(tmp_path: Path) -> None:
    files, labels = history_files(4)
    toml = "[failed_login_burst]\non = true\nfailures = 4\n[score]\nfirst_time = 17.5\n"
    since, until = "2026-09-03T00:00:00Z", "2026-09-10T00:00:00Z"
    objects = MemoryObjects()
    write_objects(objects, files)
    objects.write("input/labels.jsonl", labels)
    objects.write("input/s.toml", toml.encode())
    (tmp_path / "s.toml").write_text(toml, encoding="utf-8")
    order = {"labels": "input/labels.jsonl", "settings": "input/s.toml", "from": since, "to": until, "shares": 5}
    in_steps(objects, order)
    more = ("--settings", str(tmp_path / "s.toml"), "--from", since, "--to", until)
    assert results(objects) == by_command(tmp_path / "command", files, labels, *more)
    assert b'["first_time",17.5]' in results(objects)["movements.jsonl"]


def test_weights_that_cannot_hold_end_a_run_at_its_beginning(small: MemoryObjects) -> None:
    small.write("input/s.toml", b"[score]\nparty = -1\n")
    before = dict(small.contents)
    with pytest.raises(BadSettings, match=r"^input/s\.toml: \[score\] party: "):
        plan(small, {"history": "input/h/", "settings": "input/s.toml"}, "r")
    assert small.contents == before


def test_many_parts_of_a_share_are_merged_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, labels = history_files(5)
    monkeypatch.setattr(service, "PARTS_MAX", 2)
    monkeypatch.setattr(ordering, "PARTS_MAX", 2)
    objects = MemoryObjects()
    write_objects(objects, files)
    objects.write("input/labels.jsonl", labels)
    in_steps(objects, {"labels": "input/labels.jsonl", "shares": 2})
    assert results(objects) == by_command(tmp_path / "command", files, labels)


def test_a_step_that_is_repeated_changes_nothing() -> None:
    files, _ = history_files(6)
    objects = MemoryObjects()
    write_objects(objects, files)
    in_steps(objects, {"shares": 3})
    first = results(objects)
    # The settings of the run are those of its beginning.
    objects.write("input/s.toml", b"[failed_login_burst]\non = true\nfailures = 3\n")
    in_steps(objects, {"shares": 5, "settings": "input/s.toml"})
    assert results(objects) == first
    assert Plan.of_text(objects.contents["parts/r/plan.json"]).shares == 3


def test_a_run_writes_under_its_own_name_alone() -> None:
    files, _ = history_files(7)
    objects = MemoryObjects()
    write_objects(objects, files)
    before = dict(objects.contents)
    in_steps(objects, {}, "one")
    assert {key: objects.contents[key] for key in before} == before
    new = objects.contents.keys() - before.keys()
    assert {key.split("/")[0] + "/" + key.split("/")[1] for key in new} == {"parts/one", "output/one"}


@pytest.fixture
def small() -> MemoryObjects:
    objects = MemoryObjects()
    objects.write("input/h/a.jsonl", lines(History(8, accounts=2, days=1).facts))
    objects.write("input/latin-1.toml", "# Änderung".encode("latin-1"))
    return objects


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"history": "output/h/"}, BacktestError.BAD_PREFIX),
        ({"history": "input/"}, BacktestError.BAD_PREFIX),
        ({"history": None}, BacktestError.BAD_PREFIX),
        ({"history": "input/none/"}, BacktestError.NO_HISTORY),
        ({"labels": "parts/l.jsonl"}, BacktestError.BAD_PREFIX),
        ({"labels": "input/none.jsonl"}, BacktestError.NO_OBJECT),
        ({"settings": "input/none.toml"}, BacktestError.NO_OBJECT),
        ({"settings": "input/latin-1.toml"}, BacktestError.FILE_UNREADABLE),
        ({"shares": 0}, BacktestError.BAD_SHARES),
        ({"shares": 257}, BacktestError.BAD_SHARES),
        ({"shares": True}, BacktestError.BAD_SHARES),
        ({"from": "yesterday"}, BacktestError.BAD_TIME),
        ({"from": "2026-09-01T00:00:00"}, BacktestError.BAD_TIME),
        ({"to": 5}, BacktestError.BAD_TIME),
        ({"from": "2026-09-02T00:00:00Z", "to": "2026-09-02T00:00:00Z"}, BacktestError.BAD_TIME),
        ({"detectors": []}, BacktestError.NO_RULE),
        ({"detectors": "failed_login_burst"}, BacktestError.BAD_ORDER),
        ({"ranked": 1}, BacktestError.BAD_ORDER),
        ({"histroy": "input/h/"}, BacktestError.BAD_ORDER),
    ],
)
def test_an_order_that_cannot_be_run_is_refused_before_anything_is_written(
    small: MemoryObjects, order: dict[str, Any], code: BacktestError
) -> None:
    before = dict(small.contents)
    with pytest.raises(Unusable) as refused:
        plan(small, {"history": "input/h/"} | order, "r")
    assert refused.value.code == code
    assert str(refused.value).endswith(".")
    assert small.contents == before


def test_an_unknown_rule_is_refused(small: MemoryObjects) -> None:
    with pytest.raises(service.BadSettings):
        plan(small, {"history": "input/h/", "detectors": ["nonsense"]}, "r")


def test_settings_that_contradict_each_other_end_a_run_at_its_beginning(small: MemoryObjects) -> None:
    small.write("input/s.toml", b"[password_spray]\nmean_min = 9\n")
    before = dict(small.contents)
    with pytest.raises(BadSettings, match=r"^input/s\.toml: \[password_spray\]: mean_min = 9 and mean_max = 8 "):
        plan(small, {"history": "input/h/", "settings": "input/s.toml"}, "r")
    assert small.contents == before


def test_a_history_of_too_many_objects_is_refused(small: MemoryObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "OBJECTS_MAX", 1)
    plan(small, {"history": "input/h/"}, "one")
    small.write("input/h/b.jsonl", b"")
    with pytest.raises(Unusable) as refused:
        plan(small, {"history": "input/h/"}, "two")
    assert refused.value.code == BacktestError.TOO_MANY_OBJECTS


def test_no_step_goes_ahead_of_the_one_before_it(small: MemoryObjects) -> None:
    for step in (lambda: split(small, "r", "input/h/a.jsonl"), lambda: judge(small, "r", 0), lambda: merge(small, "r")):
        with pytest.raises(Unusable, match="not planned"):
            step()
    plan(small, {"history": "input/h/", "shares": 2}, "r")
    judge(small, "r", 0)
    with pytest.raises(Unusable, match="Share 1 was not judged"):
        merge(small, "r")
    judge(small, "r", 1)
    with pytest.raises(Unusable, match=r"a\.jsonl was not read"):
        merge(small, "r")
    with pytest.raises(Unusable, match="no object of the history"):
        split(small, "r", "input/other.jsonl")


def test_a_history_that_changes_under_a_run_ends_it(small: MemoryObjects) -> None:
    made = plan(small, {"history": "input/h/", "shares": 1}, "r")
    split(small, "r", "input/h/a.jsonl")
    assert split(small, "r", "input/h/folder/") == 0
    judge(small, "r", 0)
    small.write("input/h/b.jsonl", b"")
    with pytest.raises(Unusable) as refused:
        merge(small, made["run"])
    assert refused.value.code == BacktestError.OTHER_HISTORY


def test_a_file_of_nothing_but_bad_lines_is_no_history(small: MemoryObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "BAD_LINES_MAX", 3)
    small.write("input/h/bad.jsonl", b"x\n" * 3)
    plan(small, {"history": "input/h/"}, "r")
    assert split(small, "r", "input/h/bad.jsonl") == 3
    small.write("input/h/bad.jsonl", b"x\n" * 4)
    with pytest.raises(Unusable) as refused:
        split(small, "r", "input/h/bad.jsonl")
    assert refused.value.code == BacktestError.TOO_MANY_BAD_LINES


def test_a_plan_is_read_as_it_was_written() -> None:
    made = model.read_order({"history": "input/h/", "detectors": ["a"], "from": "2026-09-01T00:00:00Z"}, "r")
    assert Plan.of_text(made.to_text().encode()) == made
