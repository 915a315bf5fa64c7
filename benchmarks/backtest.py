"""The speed and the memory of a backtest: every rule over a history that is sorted by time, on one core.

An event costs reading its line and one step of its subject's memory. The rate depends on the machine; its ratio to what
`json.loads` alone takes for the same lines does not. Times are of the processor, so that a busy machine does not count.
Run with `make bench`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from hotline.backtest.engine import Scope
from hotline.backtest.ordering import Inputs, iterate
from hotline.backtest.reader import Reader
from hotline.backtest.runs import Chosen, Work, run
from hotline.security.detectors import Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.rules import RuleSet
from hotline.security.watch import PENDING_MAX, Watch
from hotline_local.launcher.paths import ROOT

EVENTS: Final = 60_000
ACCOUNTS: Final = 2_000
DAYS: Final = 10
GOAL_PER_S: Final = 50_000
FULL_TIMES: Final = 4
"""A history that is so many times as long fills every memory that is bounded, of few accounts."""
FEW_ACCOUNTS: Final = 200
BEGAN: Final = datetime(2026, 9, 1, tzinfo=UTC)


def measure() -> dict[str, object]:
    """Events a second of a backtest and of watches of 200 events, and the memory of a history by its length."""
    with TemporaryDirectory() as name:
        file = Path(name) / "history.jsonl"
        write_history(file, EVENTS, DAYS)
        work = Work((file,), choose_all(), Scope())
        lines = file.read_bytes().splitlines()
        loads_s = _least(lambda: [json.loads(line) for line in lines])
        judged_s = _least(lambda: _judge(work))
        read_s = _least(lambda: _read(file))
        # The same number of events on so few accounts that each has as many young events as a watch keeps.
        attacked = Path(name) / "attacked.jsonl"
        write_history(attacked, EVENTS, DAYS, accounts=EVENTS // DAYS // PENDING_MAX)
        watched_s = _least(lambda: _watch(attacked))
        short, long = (_peak_of(Path(name), times) for times in (FULL_TIMES, 2 * FULL_TIMES))
    return {
        "rules": len(DETECTORS),
        "events_a_second": round(EVENTS / judged_s),
        "share_of_the_goal_of_50000": round(EVENTS / judged_s / GOAL_PER_S, 2),
        "times_json_loads": round(judged_s / loads_s, 1),
        "of_it_reading": round(read_s / judged_s, 2),
        "with_watches_of_200_events": round(EVENTS / watched_s),
        "watches_by_backtest": round(judged_s / watched_s, 2),
        "memory_mb": round(short),
        "memory_twice_as_long": f"{long / short:.2f} x",
    }


def choose_all() -> Chosen:
    """Every rule as it ships, also those that are off."""
    return [(detector, detector.limits) for detector in DETECTORS]


def _judge(work: Work) -> None:
    with run(work):
        pass


def _read(file: Path) -> None:
    reader = Reader()
    for placed in iterate(Inputs((file,)), _refuse):
        reader.split(placed[3])


def _watch(file: Path) -> None:
    """Take every event into the watch of its subject, in the order in which it happened."""
    rules = RuleSet.of(choose_all())
    watches: dict[tuple[Stream, str], Watch] = {}
    reader = Reader()
    for at_ms, _, line, told in iterate(Inputs((file,)), _refuse):
        for stream, subject, event in reader.split(told):
            watch = watches.get((stream, subject))
            if watch is None:
                watch = watches[stream, subject] = Watch(rules.plans[stream])
            watch.take(f"{line:09d}", at_ms, event)


def _refuse(*_: object) -> None:
    raise RuntimeError("a line of the benchmark is bad")


def _least(work: Callable[[], object], runs: int = 3) -> float:
    """The least processor time of some runs, in seconds."""
    found = []
    for _ in range(runs):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def _peak_of(folder: Path, times: int) -> float:
    file = folder / "long.jsonl"
    write_history(file, EVENTS * times, DAYS * times, accounts=FEW_ACCOUNTS)
    return _peak_mb(file)


def _peak_mb(file: Path) -> float:
    """The peak of the memory of a process of its own that judges the file. Linux alone tells it."""
    # The kernel's figure of this very program: that of getrusage begins with the memory of whoever starts it.
    code = (
        "import sys; from pathlib import Path; from benchmarks.backtest import _judge, choose_all; "
        "from hotline.backtest.engine import Scope; from hotline.backtest.runs import Work; "
        "_judge(Work((Path(sys.argv[1]),), choose_all(), Scope())); "
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code, file], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def write_history(file: Path, events: int, days: int, *, accounts: int = ACCOUNTS, seed: int = 7) -> None:
    """Write a history sorted by time: a third logins, half payments and transfers, and the rest of all kinds."""
    random = Random(seed)
    at = BEGAN
    step = timedelta(days=days) / events
    with file.open("w", encoding="utf-8") as out:
        for number in range(events):
            at += step
            type_, data = _draw(random, number, accounts)
            told = {
                "specversion": "1.0",
                "id": f"evt-{number}",
                "source": "wallet",
                "type": f"{type_}.v1",
                "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "subject": f"acct-{random.randrange(accounts)}",
                "data": data,
            }
            out.write(json.dumps(told) + "\n")


def _draw(random: Random, number: int, accounts: int) -> tuple[str, dict[str, Any]]:
    chance = random.random()
    if chance < 0.35:
        source = {
            "ip": f"192.0.2.{random.randrange(200)}",
            "device_id": f"dev-{random.randrange(accounts * 2)}",
            "country": "CN",
            "lat": 31.2,
            "lon": 121.5,
        }
        type_ = "login.succeeded" if random.random() < 0.9 else "login.failed"
        return type_, {"attempt_id": f"try-{number}", "source": source, "kind": "password"}
    if chance < 0.9:
        kind = random.choice(("payment", "payment", "transfer", "withdrawal"))
        paid = {"minor": round(random.lognormvariate(8, 1)) + 1, "currency": "CNY"}
        told = {
            "movement_id": f"mov-{number}",
            "version": 1,
            "initiated_at": "2026-09-01T00:00:00Z",
            "amount": paid,
            "instrument": {"kind": "balance"},
            "money": "debited",
        }
        if kind == "payment":
            merchant = {"id": f"mer-{random.randrange(200)}", "name": "Tea House", "category": "food"}
            return f"{kind}.succeeded", {**told, "merchant": merchant}
        return f"{kind}.succeeded", {**told, "counterparty": f"payee-{random.randrange(accounts)}"}
    if chance < 0.96:
        balance = {"minor": random.randrange(10**6), "currency": "CNY"}
        return "funds.balance_changed", {"version": number + 1, "balance": balance}
    if chance < 0.98:
        return "password.changed", {"version": number + 1}
    return "device.registered", {"device_id": f"dev-{number}"}
