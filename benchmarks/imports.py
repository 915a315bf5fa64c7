"""The cost of an imported account: units that DynamoDB would bill, processor time, and what five million accounts make.

The account is typical: opened, twenty payments of which two failed, one refund, two bills, stored funds. Its lines are
neighbours, as in a snapshot that is sorted by account. Units are counts, the same on every machine; the time is of this
one. Prices are those of on-demand capacity in us-east-1: they are written here, not fetched. Run with `make bench`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from functions.imports.batch import take_in
from hotline.kit.clock import to_text
from hotline.kit.logging import logger
from hotline_local.snapshots import LINES_AT_ONCE_MAX, Import, Refusal
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import NOON, event
from tests.support.intake_context import context

ACCOUNTS: Final = 100
FIVE_MILLION: Final = 5_000_000
PAYMENTS: Final = 20
FAILED: Final = 2
WRITE_USD_PER_MILLION: Final = 0.625
READ_USD_PER_MILLION: Final = 0.125
"""DynamoDB, on demand, a million units of writing and of reading, us-east-1."""
STEP_MS: Final = 30
"""Allowed for the answers of DynamoDB to one message: two reads and a transaction, 10 ms each."""
CONCURRENCY: Final = 5
"""The template's ImportConcurrency."""


class Nowhere:
    """A queue of refusals that is not to be used."""

    def send(self, bodies: Sequence[str]) -> None:
        raise AssertionError(bodies)


class Taker:
    """Queues of an import that take everything and hold nothing."""

    def send(self, bodies: tuple[str, ...]) -> None:
        """Take the messages."""

    def take_refusals(self, import_id: str, note: Callable[[Sequence[Refusal]], None]) -> int:
        raise AssertionError((import_id, note))

    def count_waiting(self) -> int:
        return 0

    def count_unread_refusals(self) -> int:
        return 0

    def count_dead(self) -> int:
        return 0


def measure() -> dict[str, object]:
    """The figures of one account and of five million."""
    clock = VirtualClock(NOON)
    store = MeteredStore(MemoryStore(clock))
    ctx = context(store)
    level = logger().level
    # Two hundred lines of log would stand before the figures.
    logger().level = "CRITICAL"
    lines = messages = 0
    began = time.process_time()
    for number in range(ACCOUNTS):
        for some in batched(account(number), LINES_AT_ONCE_MAX, strict=False):
            body = json.dumps({"import_id": "bench", "lines": [{"line": 1, "fact": fact} for fact in some]})
            answer = take_in({"Records": [{"messageId": "m", "body": body}]}, ctx, Nowhere())
            assert answer == {"batchItemFailures": []}
            lines, messages = lines + len(some), messages + 1
    logger().level = level
    cpu_ms = (time.process_time() - began) * 1000 / messages
    written = (store.units.written + store.units.indexed) / ACCOUNTS
    read = store.units.read / ACCOUNTS
    dollars = (written * WRITE_USD_PER_MILLION + read * READ_USD_PER_MILLION) * FIVE_MILLION / 1_000_000
    hours = FIVE_MILLION * messages / ACCOUNTS * (cpu_ms + STEP_MS) / 1000 / CONCURRENCY / 3600
    lines_per_s = measure_sender()
    return {
        "lines_of_an_account": lines // ACCOUNTS,
        "messages_of_an_account": messages // ACCOUNTS,
        "write_units_of_an_account": written,
        "read_units_of_an_account": read,
        "own_ms_of_a_message_here": round(cpu_ms, 1),
        "usd_for_five_million_accounts": round(dollars),
        "hours_for_five_million_accounts_five_at_once": round(hours),
        "lines_a_second_of_the_sender_here": round(lines_per_s),
        "hours_of_the_sender_for_five_million_accounts": round(FIVE_MILLION * lines / ACCOUNTS / lines_per_s / 3600, 1),
    }


def measure_sender() -> float:
    """Lines that `./hotline import` checks and packs in a second of the processor, without the queue."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.jsonl"
        facts = [json.dumps(fact) for number in range(ACCOUNTS) for fact in account(number)]
        path.write_text("\n".join(facts) + "\n", encoding="utf-8")
        work = Import(path, Taker(), lambda *_: None, now=lambda: NOON)
        progress = work.begin(lambda: "bench", resume=False)
        began = time.process_time()
        work.send(progress)
        seconds = time.process_time() - began
    assert (progress.sent, progress.refused) == (len(facts), 0)
    return progress.sent / seconds


def account(number: int) -> Iterator[dict[str, Any]]:
    """The facts of a typical account."""
    subject = f"acc-{number:07}"

    def told(name: str, data: dict[str, Any], place: int) -> dict[str, Any]:
        return event(name, data, subject=subject, id=f"{subject}-{place}")

    points = [
        {"kind": "phone", "value": f"+86138{number:08}", "confirmed_at": "2025-01-01T00:00:00Z"},
        {"kind": "email", "value": f"{subject}@customer.example", "confirmed_at": "2025-01-01T00:00:00Z"},
    ]
    yield told("account.opened", {"contact_points": points}, 0)
    for place in range(1, PAYMENTS + 1):
        kind = "payment.failed" if place <= FAILED else "payment.succeeded"
        money = "none" if place <= FAILED else "debited"
        paid_at = NOON - timedelta(days=15 * place)
        own = {
            "movement_id": f"mov-{number}-{place}",
            "order_no": f"{paid_at:%Y%m%d}{number:06}",
            "initiated_at": to_text(paid_at),
            "money": money,
        }
        fact = told(kind, own, place)
        for name in ("failure", "held_until"):
            if place > FAILED:
                fact["data"].pop(name, None)
        yield fact
    refund = {"refund_id": f"ref-{number}", "movement_id": f"mov-{number}-{PAYMENTS}"}
    yield told("refund.settled", refund, 30)
    yield told("bill.paid", {"bill_id": "bill-1", "due_on": "2026-11-01"}, 31)
    yield told("bill.issued", {"bill_id": "bill-2", "due_on": "2026-12-01"}, 32)
    yield told("funds.balance_changed", {}, 33)
