"""Sixteen threads that refund one payment: never more than was paid, and exactly the refunds that fit."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.kit.errors import InvalidInput, Stale
from hotline.kit.money import Money
from hotline.kit.store import Store
from hotline.payments.ledger_items import ledger_from
from hotline.payments.service import ledger_key
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.money_world import ACCOUNT, CAPTURED, MoneyWorld, moved, published, refunded

THREADS = 16
PART = Money(1000, CAPTURED.currency)
FIT = CAPTURED.minor // PART.minor
ATTEMPTS_MAX = 2_000
"""One refund of a payment is under way at a time, so that each thread tries until it had its turn."""


def test_sixteen_threads_get_exactly_the_refunds_that_fit(exact_store: Store) -> None:
    worlds = [MoneyWorld(exact_store, ids=SeededIds(number), contact_id=f"call-{number}") for number in range(THREADS)]
    worlds[0].tell(moved(MovementStatus.SUCCEEDED))
    worlds[0].tell(published(auto_approve_minor=10**6))
    start = Barrier(THREADS)

    def refund(number: int) -> bool:
        """Ask until it is granted, or no longer fits; the wallet pays at once, so that the next may ask."""
        world, key = worlds[number], f"request-{number}"
        start.wait()
        for _ in range(ATTEMPTS_MAX):
            try:
                result = world.ask(amount=PART, request_key=key)
            except Stale:
                continue
            except InvalidInput:
                return False
            if result.outcome.value in ("APPROVED", "IN_REVIEW"):
                _pay(world, result.refund_id or "")
                return True
        raise AssertionError("no turn")

    with ThreadPoolExecutor(THREADS) as pool:
        granted = list(pool.map(refund, range(THREADS)))
    assert granted.count(True) == FIT
    item = exact_store.get(ledger_key(ACCOUNT, "mov_1"))
    assert item is not None
    assert ledger_from(item).taken_minor == FIT * PART.minor
    assert worlds[0].movement().refundable_minor == CAPTURED.minor - FIT * PART.minor


def _pay(world: MoneyWorld, refund_id: str) -> None:
    for _ in range(ATTEMPTS_MAX):
        try:
            world.tell(refunded(RefundStatus.SETTLED, refund_id, minor=PART.minor))
        except Stale:
            continue
        return
    raise AssertionError("never paid")
