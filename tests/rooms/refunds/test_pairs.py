"""Of two charges that look like one purchase, never both are given back as charged twice without a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.errors import Stale
from hotline.kit.money import Money
from hotline.payments import service as payments
from hotline.refunds import service as refunds
from hotline.refunds.items import inputs_from, inputs_item
from hotline.refunds.model import RefundOutcome, RefundReason, RefundResult
from hotline.refunds.policy import evaluate
from hotline.refunds.reproductions import reproduce
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import ACCOUNT, CAPTURED, INITIATED, MoneyWorld, moved, published, read_others, refunded

S, R, Out = MovementStatus, RefundStatus, RefundOutcome
MINUTE = timedelta(minutes=1)
FIRST, SECOND, THIRD = "mov_1", "mov_2", "mov_3"
OTHER_REASONS = sorted(set(RefundReason) - {RefundReason.DUPLICATE, RefundReason.UNAUTHORISED})


def charged(count: int = 2) -> MoneyWorld:
    """A shop that approves everything unseen, and charges of one order, a minute apart."""
    world = MoneyWorld(MemoryStore())
    world.tell(published(auto_approve_minor=10**6, evidence_above_minor=10**6))
    for place in range(count):
        world.tell(moved(S.SUCCEEDED, f"mov_{place + 1}", initiated_at=INITIATED + place * MINUTE))
    return world


class Request:
    """A request that has read what it needs; it commits later, as one of several at the same time."""

    def __init__(
        self,
        world: MoneyWorld,
        movement_id: str,
        reason: RefundReason,
        *,
        twin: str | None = None,
        minor: int | None = None,
    ) -> None:
        found = payments.find(world.store.batch_get, ACCOUNT, movement_id)
        assert found is not None
        self.world = world
        key = f"request-{movement_id}-{reason}-{minor}"
        amount = Money(minor, "CNY") if minor is not None else None
        self.act = refunds.RequestRefund(found.sk, "mer_1", reason, amount, key, twin=twin or found.ref.twin)
        self.prepare()

    def prepare(self) -> None:
        world = self.world
        self.change = Change(actor=world.caller, cause="refund_request", now=world.now, ids=world.ids)
        read = Snapshot(world.store.batch_get(sorted(self.act.keys_of(ACCOUNT), key=repr)))
        self.result = self.act.contribute_for(self.change, read, ACCOUNT, None).result

    def commit(self) -> RefundResult:
        """Commit, and read again where somebody else was quicker, as every door does."""
        for _ in range(3):
            try:
                self.change.commit(self.world.store)
            except Stale:
                self.prepare()
            else:
                return self.result
        raise AssertionError("nobody else writes any more")


def ask(world: MoneyWorld, movement_id: str, reason: RefundReason = RefundReason.DUPLICATE) -> RefundResult:
    return Request(world, movement_id, reason).commit()


def test_the_charge_that_stands_is_not_asked_back_as_charged_twice_and_the_later_one_is() -> None:
    world = charged()
    standing = ask(world, FIRST)
    assert (standing.outcome, standing.decided_by) == (Out.DENIED, "movement.stands")
    later = ask(world, SECOND)
    assert (later.outcome, later.decided_by) == (Out.APPROVED, "wallet.approve")
    assert "movement.stands" in {rule.rule for rule in later.rules}


def test_once_the_later_one_is_being_refunded_a_person_looks_at_the_one_that_stands() -> None:
    world = charged()
    assert ask(world, SECOND).outcome is Out.APPROVED
    standing = ask(world, FIRST)
    assert (standing.outcome, standing.decided_by) == (Out.IN_REVIEW, "movement.other_charge")


@pytest.mark.parametrize("reason", OTHER_REASONS)
def test_other_reasons_have_their_own_rules_until_the_other_is_refunded_as_charged_twice(
    reason: RefundReason,
) -> None:
    alone, beside, after = charged(1), charged(), charged()
    assert ask(after, SECOND).outcome is Out.APPROVED
    own = ask(alone, FIRST, reason)
    assert (ask(beside, FIRST, reason).outcome, own.outcome) == (Out.APPROVED, Out.APPROVED)
    looked_at = ask(after, FIRST, reason)
    assert (looked_at.outcome, looked_at.decided_by) == (Out.IN_REVIEW, "movement.other_charge")


def test_a_refund_for_another_reason_is_held_against_a_second_charge_alone() -> None:
    world = charged()
    assert ask(world, SECOND, RefundReason.CANCELLED).outcome is Out.APPROVED
    assert ask(world, FIRST, RefundReason.CANCELLED).outcome is Out.APPROVED
    world = charged()
    assert ask(world, SECOND, RefundReason.CANCELLED).outcome is Out.APPROVED
    assert ask(world, FIRST, RefundReason.DUPLICATE).outcome is Out.IN_REVIEW


@pytest.mark.parametrize("reason", [RefundReason.DUPLICATE, RefundReason.CANCELLED])
@pytest.mark.parametrize("told", [(R.SENT,), (R.SENT, R.SETTLED)])
def test_a_refund_that_the_wallet_began_may_be_for_a_second_charge(
    reason: RefundReason, told: Sequence[RefundStatus]
) -> None:
    world = charged()
    for version, status in enumerate(told, start=1):
        world.tell(refunded(status, "ref_9", SECOND, minor=CAPTURED.minor, version=version))
    asked = ask(world, FIRST, reason)
    assert (asked.outcome, asked.decided_by) == (Out.IN_REVIEW, "movement.other_charge")


def test_a_charge_that_was_reversed_leaves_the_other_to_a_person() -> None:
    world = charged()
    world.tell(moved(S.REVERSED, SECOND, version=2, initiated_at=INITIATED + MINUTE))
    for reason in (RefundReason.DUPLICATE, RefundReason.CANCELLED):
        assert Request(world, FIRST, reason).result.decided_by == "movement.other_charge"


def test_the_decision_is_made_again_from_its_record_and_as_it_would_be_today() -> None:
    for movement_id, before in ((FIRST, None), (SECOND, None), (FIRST, SECOND)):
        world = charged()
        if before is not None:
            ask(world, before)
        asked = ask(world, movement_id)
        found = reproduce(world.store, ACCOUNT, asked.refund_id or "", world.now)
        assert found is not None
        assert found.is_reproduced
        assert found.today is not None
        assert (found.today.outcome, found.changed_rules) == (asked.outcome, ())


def test_a_record_from_before_charges_were_compared_gives_its_decision_again() -> None:
    world = charged()
    refund = world.refund(ask(world, SECOND).refund_id or "")
    assert refund.inputs is not None
    stored = inputs_item(refund.inputs)
    del stored["other_charge"]
    heard = [rule.rule for rule in evaluate(inputs_from(stored)).rules]
    assert heard == [
        rule.rule for rule in refund.rules if rule.rule not in ("movement.stands", "movement.other_charge")
    ]


@pytest.mark.parametrize("movement_id", [FIRST, SECOND])
def test_a_charge_that_came_while_a_call_went_on_is_looked_at(movement_id: str) -> None:
    world = charged()
    found = payments.find(world.store.batch_get, ACCOUNT, movement_id)
    assert found is not None
    # The call knows of no other charge, and reads none.
    request = Request(world, movement_id, RefundReason.DUPLICATE, twin=found.sk)
    assert (request.result.outcome, request.result.decided_by) == (Out.IN_REVIEW, "movement.other_charge")


def test_a_request_that_knew_of_no_other_charge_does_not_commit_beside_one() -> None:
    world = charged(1)
    request = Request(world, FIRST, RefundReason.DUPLICATE)
    assert request.result.outcome is Out.APPROVED
    world.tell(moved(S.SUCCEEDED, SECOND, initiated_at=INITIATED + MINUTE))
    assert ask(world, SECOND).outcome is Out.APPROVED
    with pytest.raises(Stale):
        request.change.commit(world.store)


@given(
    order=st.permutations([FIRST, SECOND]),
    at_once=st.booleans(),
    reasons=st.tuples(st.sampled_from(RefundReason), st.sampled_from(RefundReason)),
    parts=st.tuples(st.sampled_from([None, 100]), st.sampled_from([None, 100])),
    again=st.lists(st.sampled_from([FIRST, SECOND]), max_size=3),
)
def test_of_a_pair_never_both_are_approved_unseen_as_charged_twice(
    order: list[str],
    at_once: bool,
    reasons: tuple[RefundReason, RefundReason],
    parts: tuple[int | None, int | None],
    again: list[str],
) -> None:
    """In any order, at once or one after the other, in whole or in part, and asked again as charged twice."""
    world = charged()
    made: list[tuple[str, RefundReason, RefundResult]] = []
    asked = [(one, reasons[place], parts[place]) for place, one in enumerate(order)]
    if at_once:
        begun = [(one, reason, Request(world, one, reason, minor=minor)) for one, reason, minor in asked]
        made += [(one, reason, request.commit()) for one, reason, request in begun]
    else:
        made += [(one, reason, Request(world, one, reason, minor=minor).commit()) for one, reason, minor in asked]
    made += [(one, RefundReason.DUPLICATE, ask(world, one)) for one in again]
    unseen = {
        one for one, reason, result in made if reason is RefundReason.DUPLICATE and result.outcome is Out.APPROVED
    }
    assert len(unseen) <= 1


@pytest.mark.parametrize("order", list(permutations([FIRST, SECOND, THIRD])))
@pytest.mark.parametrize("at_once", [True, False])
def test_of_three_charges_one_stands(order: tuple[str, ...], at_once: bool) -> None:
    world = charged(3)
    if at_once:
        asked = [Request(world, one, RefundReason.DUPLICATE) for one in order]
        made = [request.commit() for request in asked]
    else:
        made = [ask(world, one) for one in order]
    assert sum(result.outcome is Out.APPROVED for result in made) <= 2


@pytest.mark.parametrize("refunded_too", [False, True])
def test_a_request_gets_what_is_told_of_a_second_charge(refunded_too: bool) -> None:
    world = charged()
    if refunded_too:
        ask(world, SECOND)
    for movement_id in (FIRST, SECOND):
        found = payments.find(world.store.batch_get, ACCOUNT, movement_id)
        assert found is not None
        twin = refunds.twin_told(found, read_others(world.store, [found])[found.sk], world.now)
        assert twin is not None
        if found.barring_refund_id is None:
            approved = Request(world, movement_id, RefundReason.DUPLICATE).result.outcome is Out.APPROVED
            assert twin.may_be_refunded is approved


def test_of_two_charges_that_are_both_refunded_neither_stands() -> None:
    world = charged()
    for place, movement_id in enumerate((FIRST, SECOND)):
        world.tell(refunded(R.SENT, f"ref_{place}", movement_id, minor=CAPTURED.minor))
    for movement_id in (FIRST, SECOND):
        found = payments.find(world.store.batch_get, ACCOUNT, movement_id)
        assert found is not None
        twin = refunds.twin_told(found, read_others(world.store, [found])[found.sk], world.now)
        assert twin is not None
        assert (twin.this_stands, twin.stands.value) == (False, "neither")
        told = payments.diagnose(found, world.now, first=None)
        assert ("twin.both",) in payments.answer_of(found, told, world.now, twin).more
