"""One person with every role and scope, at any number of tabs, never does alone what takes two.

OWASP ASVS 5.0, 2.3.5. Colleagues ask for things, customers prove things, time passes. The person asks, approves what
others asked for, tries every approval there is, and does whatever an agent may do. In no sequence a hold is released, a
limit raised, a number edited, or something paid that needs two.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hotline.agents import service as agents
from hotline.agents.limits import UNMASKINGS_MAX
from hotline.agents.model import ActReason, Basis, Masked
from hotline.contracts.model import RefundStatus
from hotline.directory import service as directory
from hotline.identity.model import Approval, Goal, PointLoss
from hotline.kit.errors import HotlineError, Refused
from hotline.lockout.model import Cause
from hotline.refunds import service as refunds
from hotline.refunds.model import PayoutWay, RefundState, ReviewDecision
from hotline.refunds.policy import REQUEST_CAP_MINOR
from hotline.refunds.service import make_terms
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.rooms.agents.test_acts import row
from tests.support.agent_world import EMAIL, AgentWorld, fill_row
from tests.support.money_world import refunded
from tests.support.phone import give
from tests.support.stores import NOON

pytestmark = pytest.mark.soak

PERSON: Final = "person-1"
COLLEAGUE: Final = "colleague-1"
LARGE: Final = REQUEST_CAP_MINOR["CNY"] + 1
TERMS: Final = make_terms(window_days=3650, partial=True, auto_approve_minor=10**9, categories=())
NUMBERS: Final = ("+18005550666",)
HOLDS: Final = ("RISK_SCORE", "COMPLIANCE", "AGENT")


class OnePerson(RuleBasedStateMachine):
    """Everything that one person can do, and what others do around them."""

    @initialize()
    def begin(self) -> None:
        self.world = AgentWorld(MemoryStore(VirtualClock(NOON)))
        self.world.lock_out()
        for cause in HOLDS:
            self.world.hold(cause)
        self.world.pay(LARGE, "mov_1")
        self.large = self.world.ask_refund("mov_1")
        self.world.pay(LARGE, "mov_2")
        self.failed = self.world.ask_refund("mov_2")
        self._fail_second_refund()
        fill_row(self.world, EMAIL)
        self.calls = 0
        self.approvals: list[Approval] = []
        self.seen: list[Any] = []
        self.bases = [self.world.claimed(PERSON, "refund"), Basis()]
        self.others = self.world.claimed(COLLEAGUE, "payment")

    def _fail_second_refund(self) -> None:
        movement_id = self.world.refund(self.failed).movement_id
        failed = refunded(RefundStatus.FAILED, self.failed, movement_id, minor=LARGE, version=2)
        give(self.world.ctx, [failed])
        assert self.world.refund(self.failed).state is RefundState.FAILED

    def acts_for_two(self) -> list[Any]:
        return [
            *(agents.ReleaseHold(Cause(cause)) for cause in HOLDS),
            agents.ReviewRefund(self.large, ReviewDecision.APPROVE),
            agents.ReviewRefund(self.large, ReviewDecision.DENY),
            *(agents.PayOtherWay(self.failed, way) for way in PayoutWay),
            agents.BeginRowsAnew(),
            agents.RemovePoint(self.world.point_name(), PointLoss.LOST),
            agents.EditNumbers(NUMBERS, 0),
            agents.PublishPolicy("mer_1", TERMS, 0),
            agents.Unmask(Masked.NAME),
        ]

    def acts_for_one(self) -> list[Any]:
        opening = [agents.UNLOCK, agents.GRANT_RESET, agents.END_PAUSE, agents.UNFREEZE]
        return [*opening, agents.FREEZE, agents.PAUSE, agents.AskProof(Goal.UNLOCK), agents.EditBanner(None, 0)]

    def person(self) -> Any:
        return self.world.supervisor(PERSON)

    @rule(place=st.integers(0, 99), basis=st.integers(0, 9))
    def ask(self, place: int, basis: int) -> None:
        act = self.acts_for_two()[place % len(self.acts_for_two())]
        self._ask(self.person(), self.bases[basis % len(self.bases)], act)

    @rule(place=st.integers(0, 99))
    def colleague_asks(self, place: int) -> None:
        acts = self.acts_for_two()
        self._ask(self.world.supervisor(COLLEAGUE), self.others, acts[place % len(acts)])

    def _ask(self, token: Any, basis: Basis, act: Any) -> None:
        try:
            approval = agents.ask(self.world.ctx, token, basis, act, ActReason.EVIDENCE_SEEN)
        except Refused:
            return
        self.approvals.append(approval)

    @rule(place=st.integers(0, 99), approve=st.booleans())
    def decide(self, place: int, approve: bool) -> None:
        if not self.approvals:
            return
        approval = self.approvals[place % len(self.approvals)]
        try:
            agents.decide(self.world.ctx, self.person(), approval.approval_id, approve=approve)
        except Refused:
            return
        assert approval.requested_by != PERSON

    @rule(place=st.integers(0, 99), basis=st.integers(0, 9), approval=st.none() | st.integers(0, 99))
    def do_what_takes_two(self, place: int, basis: int, approval: int | None) -> None:
        acts = self.acts_for_two()
        named = self.approvals[approval % len(self.approvals)] if approval is not None and self.approvals else None
        self._do(self.bases[basis % len(self.bases)], acts[place % len(acts)], named)

    @rule(place=st.integers(0, 99), basis=st.integers(0, 9))
    def do_what_takes_one(self, place: int, basis: int) -> None:
        acts = self.acts_for_one()
        self._do(self.bases[basis % len(self.bases)], acts[place % len(acts)], None)

    def _do(self, basis: Basis, act: Any, approval: Approval | None) -> None:
        try:
            self.world.do(self.person(), basis, act, approval)
        except HotlineError:
            return
        if isinstance(act, agents.Unmask):
            self.seen.append(self.world.clock.now())

    @rule(goal=st.sampled_from([None, "look", "unlock"]))
    def customer_calls(self, goal: str | None) -> None:
        if self.calls >= 2:
            return
        self.calls += 1
        try:
            phone = self.world.call_in(f"contact-{self.calls}", goal=goal)
            self.bases.append(self.world.take(phone, self.person()))
        except (AssertionError, Refused):
            return

    @rule(minutes=st.sampled_from([1, 11, 61, 250]))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.advance(timedelta(minutes=minutes))

    @invariant()
    def every_hold_stands(self) -> None:
        found = {part.cause for part in self.world.view().components}
        assert {Cause(cause) for cause in HOLDS} <= found
        assert not [one for one in self.world.decisions() if one["facts"].get("ends") == "HOLD"]

    @invariant()
    def nothing_large_is_decided_or_paid(self) -> None:
        assert self.world.refund(self.large).state is RefundState.IN_REVIEW
        assert self.world.refund(self.failed).payout is None
        kinds = {one["kind"] for one in self.world.decisions()}
        assert kinds.isdisjoint({"refund.approved", "refund.rejected", "refund.payout_requested"})
        assert "account.contact_change_requested" not in kinds

    @invariant()
    def no_limit_is_raised_and_no_number_edited(self) -> None:
        read = self.world.store.batch_get([*refunds.policy_keys("mer_1"), directory.NUMBERS_KEY])
        assert refunds.policy_in(read, "mer_1") is None
        assert directory.numbers_of(read, ()).version == 0

    @invariant()
    def a_full_row_stands_unless_the_customer_proves_something(self) -> None:
        if self.calls == 0:
            assert row(self.world, EMAIL) >= 100

    @invariant()
    def no_more_is_unmasked_than_one_person_may(self) -> None:
        since = self.world.clock.now() - timedelta(hours=1)
        # A sliding estimate lets at most twice as many pass across two windows (kit.counts.rates).
        assert len([at for at in self.seen if at > since]) <= 2 * UNMASKINGS_MAX


OnePerson.TestCase.settings = settings(settings.default, stateful_step_count=20)
TestOnePerson = OnePerson.TestCase


def test_the_machine_would_notice_a_second_person() -> None:
    """With somebody else's word the same acts go through: what the machine cannot reach is there to be reached."""
    machine = OnePerson()
    machine.begin()
    world = machine.world
    basis, token = machine.bases[0], world.supervisor(PERSON)
    for act in machine.acts_for_two()[:3]:
        world.do(token, basis, act, world.approve(token, basis, act, world.supervisor("somebody-else")))
    with pytest.raises(AssertionError):
        machine.every_hold_stands()
    act = agents.ReviewRefund(machine.large, ReviewDecision.APPROVE)
    world.do(token, basis, act, world.approve(token, basis, act, world.supervisor("somebody-else")))
    with pytest.raises(AssertionError):
        machine.nothing_large_is_decided_or_paid()
    policy = agents.PublishPolicy("mer_1", TERMS, 0)
    world.do(token, Basis(), policy, world.approve(token, Basis(), policy, world.supervisor("somebody-else")))
    with pytest.raises(AssertionError):
        machine.no_limit_is_raised_and_no_number_edited()
