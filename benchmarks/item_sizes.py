"""The bytes of the items that somebody makes long, after 1, 100 and 10,000 happenings.

Each item of an account keeps the newest or the gravest of something, up to a bound. The happenings are facts of the
wallet, findings of the scan, and acts of the owner, an hour or a second apart. The figures are counts, the same on
every machine. Run with `make bench`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from itertools import batched
from typing import Final

from benchmarks.tables import Table
from hotline.cases import service as cases
from hotline.contracts.model import ContactPointChanged, Fact, MovementStatus, PointKind, RefundStatus
from hotline.intake.service import fold
from hotline.kit.actor import FactorKind, System
from hotline.kit.change import Change
from hotline.kit.errors import InvalidInput
from hotline.kit.ids import RandomIds
from hotline.kit.money import Money
from hotline.lockout import service as lockout
from hotline_local.testing.memory_store import MemoryStore, size_of
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support import lock_desk
from tests.support.agent_world import NUMBER, AgentWorld
from tests.support.lock_desk import Desk, failed
from tests.support.money_world import ACCOUNT, moved, refunded
from tests.support.stores import NOON

SIZES: Final = (1, 100, 10_000)
SECOND: Final = timedelta(seconds=1)
_KEPT_POINTS: Final = ("PRESENT_POINTS_MAX", "REMOVED_POINTS_KEPT", "FORMER_POINTS_KEPT")
_AT_ONCE: Final = 20
"""Facts of one batch."""


@dataclass(frozen=True, slots=True)
class Grown:
    """An item, and what makes it long."""

    begins: str
    """Its sort key begins so."""
    happenings: str
    bounds: tuple[str, ...]
    """The constants that bound it, as docs/security.md names them."""
    happen: Callable[[AgentWorld, range], None]

    @property
    def most(self) -> int:
        """How many of it the item keeps at most."""
        parts = [name.rpartition(".") for name in self.bounds]
        return sum(int(getattr(import_module(module), constant)) for module, _, constant in parts)

    @property
    def name(self) -> str:
        """The item and what happens."""
        return f"`{self.begins}`: {self.happenings}"


def tabulate(sizes: Sequence[int] = SIZES) -> Table:
    """A row for each item, with its bound and a column for each size."""
    rows = [(one.name, str(one.most), *(f"{size:,}" for size in measure(one, sizes))) for one in ITEMS]
    head = ("item, and what happens so often", "kept at most", *(f"{size:,}" for size in sizes))
    return Table(head, rows, "Bytes.", rows)


def measure(item: Grown, sizes: Sequence[int] = SIZES) -> list[int]:
    """The bytes of the largest item of its kind after each size."""
    world = AgentWorld(MemoryStore(VirtualClock(NOON)))
    world.ctx = replace(world.ctx, ids=RandomIds())
    found, known = [], 0
    for size in sizes:
        item.happen(world, range(known, size))
        known = size
        found.append(max(size_of(one) for one in world.items() if str(one["SK"]).startswith(item.begins)))
    return found


def _give(world: AgentWorld, facts: Iterable[Fact]) -> None:
    for some in batched(facts, _AT_ONCE, strict=False):
        fold(world.ctx, some)


def _fail_to_sign_in(world: AgentWorld, numbers: range) -> None:
    _give(world, (failed(NOON + number * SECOND, name=str(number), account=ACCOUNT) for number in numbers))


def _pause_and_end(world: AgentWorld, numbers: range) -> None:
    desk = Desk(world.store, world.clock, world.ctx.ids)
    actor = desk.caller(FactorKind.SMS)
    for _ in numbers:
        desk.pause(lock_desk.ACCOUNT, actor=actor)
        desk.act(lockout.contribute_end_pause, actor=actor)


def _change_number(world: AgentWorld, numbers: range) -> None:
    _give(world, (_changed(number) for number in numbers))


def _changed(number: int) -> Fact:
    """The owner has another telephone number."""
    at = NOON + number * SECOND
    old = NUMBER if number == 0 else _number(number - 1)
    data = ContactPointChanged(number + 2, PointKind.PHONE, old, _number(number), at, reassigned=False)
    return Fact(f"changed-{number}", "contact_point.changed", "wallet", at, ACCOUNT, data)


def _number(number: int) -> str:
    return f"+86138{number:08}"


def _refund_in_parts(world: AgentWorld, numbers: range) -> None:
    if numbers.start == 0:
        _give(world, [moved(MovementStatus.SUCCEEDED, amount=Money(10**9, "CNY"))])
    for number in numbers:
        # The ledger is full at its bound: further facts are refused.
        with suppress(InvalidInput):
            _give(world, [refunded(RefundStatus.SENT, f"ref_{number}", minor=1, after_s=number)])


def _pay_alike(world: AgentWorld, numbers: range) -> None:
    _give(world, (moved(MovementStatus.SUCCEEDED, f"mov_{number}", after_s=number / 1000) for number in numbers))


def _add_to_case(world: AgentWorld, numbers: range) -> None:
    for number in numbers:
        change = Change(actor=System("test", "test"), cause="test", now=NOON + number * SECOND, ids=world.ctx.ids)
        read = world.store.batch_get(list(cases.case_keys(ACCOUNT, "payment")))
        facts = {"movement_id": f"mov_{number}"}
        cases.contribute_case(change, read, account_id=ACCOUNT, topic="payment", reason="asked", facts=facts)
        change.commit(world.store)


def _find(world: AgentWorld, numbers: range) -> None:
    for number in numbers:
        world.find_theft(1, f"fnd_{number:032x}", holds=False, severity="low")


ITEMS: Final = (
    Grown("#ATTEMPTS", "a failed sign-in", ("hotline.lockout.tiers.ATTEMPTS_MAX",), _fail_to_sign_in),
    Grown(
        "#LOCK",
        "a pause that its owner ends, and the wallet is silent",
        ("hotline.lockout.registers.OPENINGS_MAX",),
        _pause_and_end,
    ),
    Grown(
        "#PROFILE",
        "another telephone number",
        tuple(f"hotline.accounts.policy.{name}" for name in _KEPT_POINTS),
        _change_number,
    ),
    Grown(
        "TAKEN#",
        "a refund of one payment",
        ("hotline.payments.service.REFUNDS_PER_MOVEMENT_MAX",),
        _refund_in_parts,
    ),
    Grown(
        "SAME#",
        "a payment of the same amount at the same shop",
        ("hotline.payments.twins.CHARGES_KEPT_MAX",),
        _pay_alike,
    ),
    Grown("CASE#payment", "an entry that names a payment", ("hotline.cases.entries.LINKS_MAX",), _add_to_case),
    Grown(
        "#DIGEST",
        "a finding that waits for a digest",
        ("hotline.security.findings_digest.DIGEST_KEPT_MAX",),
        _find,
    ),
)
