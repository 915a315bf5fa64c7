"""A payment, its refunds and one request: facts in any order and any number give one state, and never too much back.

The requirement: the same facts in any order, late, any number of times give the same state. A movement that has
succeeded has left the captured amount less the refunds requested or sent. A late fact gives nothing back that a refund
has taken. The refunds that have not failed never exceed the capture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.contracts.model import Fact, MoneyState, MovementStatus, MovementTold, RefundStatus
from hotline.kit.money import Money
from hotline.kit.store import Table
from hotline.payments.ledger_items import ledger_from
from hotline.payments.model import Ledger
from hotline.payments.service import ledger_key
from hotline.refunds.folds import TOLD_FOR
from hotline.refunds.model import RefundOutcome, RefundState
from hotline.refunds.service import refund_id_of
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.money_world import ACCOUNT, CAPTURED, NOON, MoneyWorld, moved, published, refunded, work

pytestmark = pytest.mark.soak

BOUNDED: Final = settings(suppress_health_check=[HealthCheck.too_slow])
ASKED_MINOR: Final = 4000
WALLETS_OWN_MINOR: Final = (3000, 5850)
"""The wallet's own refunds: together with what is asked for, no more than was captured."""
ASKED_ID: Final = refund_id_of(ACCOUNT, "request-1")
OURS: Final = ("MOVE#", "TAKEN#", "TAIL#", "REFUND#", "#REFUNDS")

S, R = MovementStatus, RefundStatus


@dataclass(frozen=True)
class History:
    """Facts that may come at any time, those that can only answer the request, and when the request is made."""

    facts: tuple[Fact, ...]
    answers: tuple[Fact, ...]


@st.composite
def movement_facts(draw: st.DrawFn) -> list[Fact]:
    """A life of the payment; the capture is among it, and a reversal may follow. Some facts leave things out."""
    path = [*draw(st.lists(st.sampled_from([S.AUTHORISED, S.UNKNOWN, S.FAILED]), max_size=2)), S.SUCCEEDED]
    if draw(st.booleans()):
        path.append(S.REVERSED)
    own: list[dict[str, Any]] = [{}, {"order_no": None}, {"merchant": None}, {"order_no": "20261123-9999"}]
    return [
        moved(status, version=version, after_s=draw(st.integers(0, 60)), **draw(st.sampled_from(own)))
        for version, status in enumerate(path, start=1)
    ]


@st.composite
def refund_facts(draw: st.DrawFn, refund_id: str, minor: int) -> list[Fact]:
    """A life of a refund: sent, then perhaps settled or failed, then perhaps returned. Versions count up."""
    path = draw(st.sampled_from([[R.SENT], [R.SENT, R.SETTLED], [R.SENT, R.FAILED], [R.SENT, R.SETTLED, R.RETURNED]]))
    facts = enumerate(path, start=1)
    return [
        refunded(status, refund_id, minor=minor, version=version, after_s=draw(st.integers(0, 60)))
        for version, status in facts
    ]


@st.composite
def histories(draw: st.DrawFn) -> History:
    facts = draw(movement_facts())
    for number, minor in enumerate(WALLETS_OWN_MINOR[: draw(st.integers(0, 2))]):
        # Settled at once: a refund of the wallet's own that is under way would rightly refuse the request.
        facts += [refunded(R.SETTLED, f"own_{number}", minor=minor, version=2, after_s=number)]
        over = st.sampled_from([R.FAILED, R.RETURNED])
        facts += [refunded(end, f"own_{number}", minor=minor, version=3) for end in draw(st.lists(over, max_size=1))]
    return History(tuple(facts), tuple(draw(refund_facts(ASKED_ID, ASKED_MINOR))))


def captures(facts: Sequence[Fact]) -> bool:
    """Whether, of these facts, the one that holds says that the payment was captured."""
    told = [fact.data for fact in facts if isinstance(fact.data, MovementTold)]
    newest = max(told, key=lambda data: data.version, default=None)
    return newest is not None and newest.status is S.SUCCEEDED and newest.money is MoneyState.DEBITED


def asked() -> MoneyWorld:
    world = MoneyWorld(MemoryStore(VirtualClock(NOON)))
    world.tell(published())
    return world


def deliver(world: MoneyWorld, facts: Sequence[Fact], batches: Sequence[int]) -> None:
    """Tell facts of the account in batches of the given sizes, and look at the invariant after each."""
    rest, sizes = list(facts), list(batches)
    while rest:
        size = sizes.pop(0) if sizes else 1
        world.tell(*rest[:size])
        rest = rest[size:]
        assert_never_too_much(world)


def stored_ledger(world: MoneyWorld) -> Ledger | None:
    item = world.store.get(ledger_key(ACCOUNT, "mov_1"))
    return ledger_from(item) if item is not None else None


def assert_never_too_much(world: MoneyWorld) -> None:
    """Refunds that have not failed are within the capture, and what is left is what the ledger and the movement say."""
    ledger = stored_ledger(world)
    if ledger is None:
        return
    taken = sum(taking.amount.minor for taking in ledger.takings.values() if taking.state.takes)
    assert taken <= CAPTURED.minor
    if ledger.movement_sk is not None:
        movement = world.movement()
        assert movement.refundable_minor == max(0, ledger.captured_minor - taken)
        assert movement.open_refund_id == ledger.open_refund_id
        assert movement.unpaid_refund_id == ledger.unpaid_refund_id


def state(world: MoneyWorld) -> list[dict[str, Any]]:
    """The items that money has left in the tables, but for the counts of writes and the random id of a case."""
    assert isinstance(world.store, MemoryStore)
    found = [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith(OURS)]
    return sorted(
        ({key: value for key, value in item.items() if key not in ("rev", "case_id")} for item in found), key=_by_key
    )


def _by_key(item: dict[str, Any]) -> str:
    return str(item["SK"])


def several_times(facts: Sequence[Fact]) -> st.SearchStrategy[list[Fact]]:
    """The facts in any order, each once or more."""
    again = st.lists(st.sampled_from(facts), max_size=4) if facts else st.just([])
    return again.flatmap(lambda more: st.permutations([*facts, *more]))


@BOUNDED
@given(st.data())
def test_facts_alone_converge_in_any_order_and_in_any_batches(data: st.DataObject) -> None:
    history = data.draw(histories())
    facts = (*history.facts, *history.answers)
    straight, shuffled = asked(), asked()
    deliver(straight, facts, [])
    batches = data.draw(st.lists(st.integers(1, 5), max_size=6))
    deliver(shuffled, data.draw(several_times(facts)), batches)
    assert state(shuffled) == state(straight)


@pytest.mark.parametrize("path", [[R.SENT], [R.SENT, R.SETTLED], [R.SENT, R.FAILED]])
def test_a_refund_knows_the_reversal_whichever_came_first(path: list[RefundStatus]) -> None:
    payment = [moved(status, version=version) for version, status in enumerate((S.SUCCEEDED, S.REVERSED), start=1)]
    told = [refunded(status, ASKED_ID, minor=ASKED_MINOR, version=version) for version, status in enumerate(path, 1)]
    for facts in permutations([*payment, *told]):
        world = asked()
        deliver(world, facts, [])
        (refund,) = (item for item in state(world) if item["SK"] == f"REFUND#{ASKED_ID}")
        assert refund.get("reversed") is True


@BOUNDED
@given(st.data())
def test_a_refund_that_was_left_as_history_converges_and_bars_while_it_is_waited_for(data: st.DataObject) -> None:
    """Only money that moved after that opens it again, whichever fact comes first."""
    before = [refunded(R.SENT, "own"), refunded(R.RETURNED, "own", version=2, after_s=60)]
    month_s = (TOLD_FOR + timedelta(days=1)).total_seconds()
    path = data.draw(st.lists(st.sampled_from(R), min_size=1, max_size=4))
    after = [
        refunded(status, "own", version=version, after_s=month_s + version) for version, status in enumerate(path, 3)
    ]

    def end(facts: Sequence[Fact]) -> MoneyWorld:
        world = asked()
        world.tell(moved(S.SUCCEEDED), *before)
        world.now += TOLD_FOR + timedelta(days=1)
        assert work(world, "own") == []
        assert world.movement().barring_refund_id is None
        deliver(world, facts, [])
        return world

    straight, shuffled = end(after), end(data.draw(several_times([*before, *after])))
    assert stored_ledger(shuffled) == stored_ledger(straight)
    known, same = straight.refund("own"), shuffled.refund("own")
    assert (same.state, same.followed_up, same.closed) == (known.state, known.followed_up, known.closed)
    for world in (straight, shuffled):
        work(world, "own")
        refund = world.refund("own")
        waits = refund.state.is_open or (refund.state is RefundState.RETURNED_BACK and refund.promise is not None)
        assert (world.movement().barring_refund_id == "own") == waits


@BOUNDED
@given(st.data())
def test_a_request_between_the_facts_converges_too(data: st.DataObject) -> None:
    history = data.draw(histories())
    arrived = data.draw(several_times(history.facts))
    turn = data.draw(st.integers(0, len(arrived)))
    before, after = arrived[:turn], arrived[turn:]
    batches = data.draw(st.lists(st.integers(1, 5), max_size=6))

    world = asked()
    deliver(world, before, batches)
    if not captures(before):
        return
    barred_by = world.movement().unpaid_refund_id
    result = world.ask(amount=Money(ASKED_MINOR, "CNY"))
    if barred_by is not None:
        # One of the wallet's own that came back waits to be sent again.
        assert (result.outcome, result.refund_id) == (RefundOutcome.EXISTS, barred_by)
        return
    # While the merchant has not been named, nobody's policy approves it, and somebody looks.
    assert result.outcome in (RefundOutcome.APPROVED, RefundOutcome.IN_REVIEW)
    assert_never_too_much(world)
    repeated = world.ask(amount=Money(ASKED_MINOR, "CNY"))
    assert (repeated.outcome, repeated.refund_id) == (RefundOutcome.EXISTS, ASKED_ID)
    answers = data.draw(several_times(history.answers))
    deliver(world, data.draw(st.permutations([*after, *answers])), batches)

    straight = asked()
    deliver(straight, [fact for fact in history.facts if fact in before], [])
    straight.ask(amount=Money(ASKED_MINOR, "CNY"))
    deliver(straight, [*history.facts, *history.answers], [])
    assert state(world) == state(straight)
