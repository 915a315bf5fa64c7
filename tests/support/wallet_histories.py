"""Histories of wallet events for backtests: ordinary days, guessers and thieves, drawn from a seed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

BEGAN: Final = datetime(2026, 9, 1, tzinfo=UTC)

type Told = dict[str, Any]


def told(number: int, minute: float, type_: str, account: str, **data: Any) -> Told:
    """A fact as it travels. `minute`: minutes after BEGAN."""
    at = (BEGAN + timedelta(minutes=minute)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"specversion": "1.0", "id": f"evt-{number:06d}", "source": "wallet", "type": f"{type_}.v1"}
    return {**head, "time": at, "subject": account, "data": data}


def login(number: int, minute: float, account: str, *, ok: bool = True, ip: str = "192.0.2.1") -> Told:
    type_ = "login.succeeded" if ok else "login.failed"
    source = {"ip": ip, "device_id": f"dev-{account}", "country": "CN"}
    return told(number, minute, type_, account, attempt_id=f"try-{number}", source=source, kind="password")


def movement(number: int, minute: float, account: str, minor: int, **more: Any) -> Told:
    kind, status = more.pop("kind", "transfer"), more.pop("status", "succeeded")
    data = {"movement_id": f"mov-{number}", "version": 1, "amount": {"minor": minor, "currency": "CNY"}}
    return told(number, minute, f"{kind}.{status}", account, **{**data, "instrument": {"kind": "balance"}, **more})


class History:
    """Facts of some accounts in the order of their times, and which movements were theft."""

    def __init__(self, seed: int, *, accounts: int = 30, days: int = 12) -> None:
        self._random = Random(seed)
        self._number = 0
        self.facts: list[Told] = []
        self.thefts: list[str] = []
        names = [f"acct-{number}" for number in range(accounts)]
        for name in names:
            self._live(name, days)
        for name in names[::5]:
            self._steal(name, self._random.uniform(0, days * 1440 - 600))
        for name in names[::7]:
            self._guess(name, self._random.uniform(0, days * 1440 - 600))
        self.facts.sort(key=lambda fact: (fact["time"], fact["id"]))

    def labels(self) -> list[dict[str, Any]]:
        return [{"movement_id": movement_id, "fraud": True} for movement_id in self.thefts]

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _live(self, name: str, days: int) -> None:
        random = self._random
        for _ in range(days * 3):
            # Whole minutes: many things happen at the same moment.
            minute = float(random.randrange(days * 1440))
            if random.random() < 0.5:
                self.facts.append(login(self._next(), minute, name, ok=random.random() < 0.9))
            else:
                number = self._next()
                merchant = {"id": f"mer-{random.randrange(5)}", "name": "Tea House"}
                paid = movement(number, minute, name, random.randrange(100, 9000), kind="payment", merchant=merchant)
                self.facts.append(paid)
                if random.random() < 0.1:
                    self.facts.append(dict(paid))

    def _steal(self, name: str, minute: float) -> None:
        self.facts.append(told(self._next(), minute, "password.changed", name, version=9))
        self.facts.append(told(self._next(), minute + 1, "device.registered", name, device_id="dev-thief"))
        for after in (5, 6):
            number = self._next()
            self.facts.append(movement(number, minute + after, name, 90_000, counterparty_account="acct-mule"))
            self.thefts.append(f"mov-{number}")

    def _guess(self, name: str, minute: float) -> None:
        for after in range(12):
            self.facts.append(login(self._next(), minute + after / 2, name, ok=False, ip="198.51.100.7"))


def write_history(path: Path, facts: Iterable[Told]) -> Path:
    path.write_text("".join(json.dumps(fact) + "\n" for fact in facts), encoding="utf-8")
    return path
