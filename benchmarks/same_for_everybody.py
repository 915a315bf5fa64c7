"""Whether the time of an answer tells whose number it was (OWASP ASVS 5.0, 6.3.8). It may be of a customer whose
account is open, locked or closed, or of nobody. The compared acts are those of somebody without a code. Over the API
they ask for a recovery and enter a wrong code. On the phone they key in a number, ask for a code and enter a wrong one.

In each run all four are measured one after the other, in an order of chance, each with a contact of its own. So other
work of the machine meets them alike. A figure is the median over all runs of the ratio of one kind's time to the known
one's in the same run. `p` is the two-sided p value of a permutation test. It tells how often the mean of the runs' log
ratios, with signs given by chance, is as far from zero. Tests show that the requests are the same
(tests/functions/test_api_recoveries.py, tests/security/test_enumeration_by_answers.py); this looks at the rest.
"""

from __future__ import annotations

import gc
import math
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import StringIO
from unittest.mock import patch

from functions.connect.envelope import request_from
from functions.connect.runner import answer
from functions.customer_api.app import answer_request
from functions.messenger.delivery import deliver
from hotline.contracts.model import AccountClosed, Fact, PointKind
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.kit.limits import TrafficLimits
from hotline.kit.logging import logger
from hotline_local.launcher.ministack import MiniStack
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import SENDER, Client
from tests.support.lock_desk import NOON
from tests.support.outbox_entries import redrive_event
from tests.support.phone import Phone, context, failed_logins, give, opened
from tests.support.stores import AnyStore, make_tables, open_ministack, quick_store

KNOWN, UNKNOWN, LOCKED, CLOSED = "known", "unknown", "locked", "closed"
KINDS = (KNOWN, UNKNOWN, LOCKED, CLOSED)
PARTS = ("recovery_asked", "recovery_code", "phone_number", "phone_code_asked", "phone_code")
WARM_UP = 10
FLIPS = 5_000
IN_MEMORY_FOR_EACH = 60
ON_MINISTACK_FOR_EACH = 6
"""Runs for each run of `make bench`."""
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_SERVICE_NAME": "bench",
}
NO_LIMITS = TrafficLimits(10**9, 10**9, 10**9)
"""So many wrong codes at one moment would slow everybody down, and so many codes would be held back."""

type Times = dict[str, dict[str, list[float]]]
"""Part -> kind -> nanoseconds, one for each run."""


@dataclass(slots=True)
class NotedIds:
    """Ids of chance, of which the last of each kind is remembered."""

    last: dict[str, str] = field(default_factory=dict)

    def new(self, prefix: str) -> str:
        self.last[prefix] = RandomIds().new(prefix)
        return self.last[prefix]


class World:
    """A store with a contact for each kind and run."""

    def __init__(self, store: AnyStore, runs: int) -> None:
        self.ids = NotedIds()
        clock = VirtualClock(NOON)
        self.ctx: Context = replace(context(store, clock, limits=NO_LIMITS), ids=self.ids)
        for run in range(runs):
            for kind in (KNOWN, LOCKED, CLOSED):
                account_id = f"acct-{kind}-{run}"
                give(
                    self.ctx, [opened(account_id, (PointKind.PHONE, number(kind, run)), at=NOON - timedelta(days=365))]
                )
                if kind == LOCKED:
                    give(self.ctx, failed_logins(account_id, 5, until=NOON))
                if kind == CLOSED:
                    closed = Fact(f"closed-{run}", "account.closed", "wallet", NOON, account_id, AccountClosed(9))
                    give(self.ctx, [closed])

    def follow(self, kind: str, run: int) -> Iterator[tuple[str, float]]:
        """The way of somebody without a code: each part, and how long it took."""
        contact = number(kind, run)
        anybody = Client(self.ctx, None)
        asking = {"contact": {"kind": "phone", "value": contact}, "goal": "reset"}
        asked = anybody.event("POST", "/v1/recoveries", body=asking)
        yield "recovery_asked", timed(lambda: self._api(asked))
        recovery = self.ids.last["rec"]
        deliver(redrive_event(f'{{"entry_id": "{self.ids.last["out"]}"}}'), self.ctx, SENDER, {})
        wrong = other(anybody.code(self.ids.last["chl"]))
        entered = anybody.event("POST", f"/v1/recoveries/{recovery}/codes", body={"code": wrong})
        yield "recovery_code", timed(lambda: self._api(entered))

        phone = Phone(self.ctx, None, self.ids.new("contact"))
        phone.press("start")
        for part, step, inputs in (
            ("phone_number", "identify", {"phone": contact}),
            ("phone_code_asked", "send_code", {"method": "sms", "goal": "unlock"}),
            ("phone_code", "check_code", {}),
        ):
            given = inputs or {"code": other(phone.code)}
            event = phone.event(step, **given)
            said: dict[str, str] = {}

            def press(event: object = event, said: dict[str, str] = said) -> None:
                said.update(answer(request_from(event), self.ctx))

            yield part, timed(press)
            phone.turn, phone.account_ref = said["turn"], said["account_ref"]
            assert said["outcome"] in ("TAKEN", "SENT", "WRONG"), said

    def _api(self, event: dict[str, object]) -> None:
        told = answer_request(event, None, lambda: self.ctx, Client(self.ctx).settings)
        assert told["statusCode"] in (202, 422), told


def number(kind: str, run: int) -> str:
    """A contact of its own for each kind and run."""
    return f"+8613{KINDS.index(kind)}{run:08d}"


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def timed(work: Callable[[], object]) -> float:
    """Nanoseconds that some work takes."""
    began = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - began


@contextmanager
def undisturbed() -> Iterator[None]:
    """No rubbish is collected meanwhile, and no log line printed."""
    with patch.dict(os.environ, SETTINGS):
        log = logger()
        before, log.stream = log.stream, StringIO()
        gc.collect()
        gc.disable()
        try:
            yield
        finally:
            gc.enable()
            log.stream = before


def times_on(store: AnyStore, runs: int) -> Times:
    """The times of every part, kind and run on a store."""
    chance = random.Random(1)
    found: Times = {part: {kind: [] for kind in KINDS} for part in PARTS}
    with undisturbed():
        world = World(store, WARM_UP + runs)
        for run in range(WARM_UP + runs):
            for kind in chance.sample(KINDS, len(KINDS)):
                for part, took in world.follow(kind, run):
                    if run >= WARM_UP:
                        found[part][kind].append(took)
    return found


def ratio_to_known(found: Mapping[str, Sequence[float]], kind: str) -> float:
    """The median of the runs' ratios."""
    return statistics.median(b / a for a, b in zip(found[KNOWN], found[kind], strict=True))


def p_value(found: Mapping[str, Sequence[float]], kind: str) -> float:
    """How likely a difference as large is by chance: signs of the runs' log ratios are flipped at random."""
    logs = [math.log(b / a) for a, b in zip(found[KNOWN], found[kind], strict=True)]
    seen, chance = abs(math.fsum(logs)), random.Random(2)
    as_far = sum(abs(math.fsum(log if chance.random() < 0.5 else -log for log in logs)) >= seen for _ in range(FLIPS))
    return (as_far + 1) / (FLIPS + 1)


def told(found: Times, where: str) -> dict[str, str]:
    """Each part and kind: ratio and p value, and the known one's median in milliseconds."""
    figures = {}
    for part, kinds in found.items():
        figures[f"{where}_{part}_ms"] = f"{statistics.median(kinds[KNOWN]) / 1e6:.2f}"
        for kind in KINDS[1:]:
            ratio, p = ratio_to_known(kinds, kind), p_value(kinds, kind)
            figures[f"{where}_{part}_{kind}"] = f"{ratio:.3f}  p {p:.3f}"
    return figures


def measure(runs: int) -> dict[str, str]:
    """The figures on the store in memory, where nothing hides a difference, and on MiniStack."""
    figures = told(times_on(MemoryStore(VirtualClock(NOON)), IN_MEMORY_FOR_EACH * runs), "in_memory")
    with patch.dict(os.environ, SETTINGS), MiniStack() as stack:
        service = open_ministack(stack.endpoint)
        make_tables(service)
        figures |= told(times_on(quick_store(service), ON_MINISTACK_FOR_EACH * runs), "on_ministack")
        service.close()
    return figures
