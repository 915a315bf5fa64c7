"""The actions upon the refunds and holds of an account, and the ground on which an agent comes to it."""

from __future__ import annotations

import pytest

from hotline.agents import service as agents
from hotline.agents.grounds import Ground
from hotline.agents.model import Basis, LookUpReason, Part
from hotline.agents.service import Action, Obstacle, Step
from hotline.cases import service as cases
from hotline.cases.model import Audience, Case, CaseEntry, EntryKind
from hotline.contracts.model import RefundStatus
from hotline.identity.model import ByAgent, Operation
from hotline.kit.store import Store
from hotline.lockout.model import Cause
from hotline.refunds.model import ReviewDecision
from tests.support.agent_world import CONTACT, AgentWorld
from tests.support.money_world import ACCOUNT, refunded


@pytest.fixture
def world(memory_store: Store) -> AgentWorld:
    return AgentWorld(memory_store)  # type: ignore[arg-type]


def refund_actions(world: AgentWorld, basis: Basis, refund_id: str) -> tuple[Action, ...]:
    request = agents.look_up(world.ctx, world.token(), basis, Part.REFUNDS, LookUpReason.CASE)
    return agents.list_refund_actions(request, [world.refund(refund_id)], ())[refund_id]


def step_of_unpaid(world: AgentWorld, basis: Basis, refund_id: str) -> Step | None:
    """The next step of a case into which the refund came because it was not paid."""
    case, facts = case_in(world, str(basis.case_id)), {"refund_id": refund_id}
    now, by = world.clock.now(), "system:deadlines"
    told = CaseEntry("e", 1, now, EntryKind.ADDED, Audience.AGENT, by, "refund_unpaid", facts)
    ground = agents.find_ground(world.ctx, world.token(), case, None)
    return agents.find_next_step(case, [told], (), overtaken=agents.list_overtaken(ground, [told]))


def ground_of(world: AgentWorld, case_id: str, contact_id: str | None = None, own: str | None = None) -> Ground:
    return agents.find_ground(world.ctx, world.token(account_id=own), case_in(world, case_id), contact_id)


def case_in(world: AgentWorld, case_id: str) -> Case:
    found = cases.read_case(world.store, case_id)
    assert found is not None
    return found[0]


def test_a_refund_in_review_is_decided_and_one_that_came_back_is_paid_otherwise(world: AgentWorld) -> None:
    world.pay(12850)
    refund_id, basis = world.ask_refund(), world.claimed()
    (review,) = refund_actions(world, basis, refund_id)
    assert (review.operation, review.level, review.obstacle) == (Operation.REVIEW_REFUND, ByAgent.ALONE, None)
    assert review.subject is not None
    assert review.subject.name == f"refund#{ACCOUNT}#{refund_id}"
    world.do(world.token(), basis, agents.ReviewRefund(refund_id, ReviewDecision.APPROVE))
    assert refund_actions(world, basis, refund_id) == ()
    world.tell_refund(refunded(RefundStatus.FAILED, refund_id=refund_id))
    (payout,) = refund_actions(world, basis, refund_id)
    assert (payout.operation, payout.level) == (Operation.OTHER_PAYOUT, ByAgent.SECOND)


@pytest.mark.parametrize(
    ("paid_minor", "step"), [(5000, Step.CLOSE), (4999, Step.TRACE_REFUND), (0, Step.PAY_OTHER_WAY)]
)
def test_no_other_way_is_offered_for_a_refund_that_the_wallet_has_paid_meanwhile(
    world: AgentWorld, paid_minor: int, step: Step
) -> None:
    world.pay(12850)
    refund_id, basis = world.ask_refund(minor=5000), world.claimed()
    world.do(world.token(), basis, agents.ReviewRefund(refund_id, ReviewDecision.APPROVE))
    world.tell_refund(refunded(RefundStatus.FAILED, refund_id=refund_id))
    if paid_minor:
        world.tell_refund(refunded(RefundStatus.SETTLED, "ref_in_place", minor=paid_minor, after_s=86_400.0))
    assert bool(refund_actions(world, basis, refund_id)) is (step is Step.PAY_OTHER_WAY)
    assert step_of_unpaid(world, basis, refund_id) is step


def test_a_hold_that_agents_release_has_an_action_and_another_none(world: AgentWorld) -> None:
    world.hold()
    request = agents.look_up(world.ctx, world.token(), world.claimed(), Part.ACCOUNT, LookUpReason.CASE)
    (release,) = agents.find_hold_action(request, Cause.RISK_SCORE, ())
    assert (release.operation, release.level) == (Operation.RELEASE_HOLD, ByAgent.SECOND)
    assert agents.find_hold_action(request, Cause.CUSTOMER_REQUEST, ()) == ()
    assert agents.find_hold_action(request, None, ()) == ()


def test_an_agent_comes_to_the_account_by_a_claimed_case_or_by_a_call_and_never_to_their_own(world: AgentWorld) -> None:
    world.lock_out()
    phone = world.call_in()
    case_id = world.case_of(phone)
    assert ground_of(world, case_id).obstacle is Obstacle.NOT_CLAIMED
    agents.take_contact(world.ctx, world.token(), CONTACT)
    by_call = ground_of(world, case_id, CONTACT)
    assert (by_call.obstacle, by_call.request is not None) == (None, True)
    world.claim(case_id)
    assert ground_of(world, case_id).obstacle is None
    assert ground_of(world, case_id, own=ACCOUNT).obstacle is Obstacle.OWN_ACCOUNT


def test_a_case_without_an_account_has_no_actions(world: AgentWorld) -> None:
    case_id = world.open_case("general", account_id=None)
    world.claim(case_id)
    ground = ground_of(world, case_id)
    assert agents.list_case_actions(world.ctx, case_in(world, case_id), ground, ()) == ()


def test_an_open_account_has_nothing_to_unlock_and_a_locked_one_has(world: AgentWorld) -> None:
    case_id = world.open_case("lockout")
    world.claim(case_id)

    def why(operation: Operation) -> Obstacle | None:
        actions = agents.list_case_actions(world.ctx, case_in(world, case_id), ground_of(world, case_id), ())
        return next(one.obstacle for one in actions if one.operation is operation)

    assert (why(Operation.UNLOCK), why(Operation.END_PAUSE)) == (Obstacle.NOTHING_TO_DO, Obstacle.NOTHING_TO_DO)
    world.lock_out()
    assert (why(Operation.UNLOCK), why(Operation.END_PAUSE)) == (Obstacle.NEEDS_PROOF, Obstacle.NOTHING_TO_DO)


def test_a_lock_that_a_new_password_ends_is_not_unlocked_and_a_freeze_comes_before_both(world: AgentWorld) -> None:
    case_id = world.open_case("lockout")
    world.claim(case_id)

    def why() -> tuple[Obstacle | None, Obstacle | None]:
        actions = agents.list_case_actions(world.ctx, case_in(world, case_id), ground_of(world, case_id), ())
        found = {one.operation: one.obstacle for one in actions}
        return found[Operation.UNLOCK], found[Operation.RESET_GRANT]

    world.hold("TOO_MANY_OTP")
    assert why() == (Obstacle.NEW_PASSWORD, Obstacle.NEEDS_PROOF)
    world.freeze()
    assert why() == (Obstacle.OTHER_FIRST, Obstacle.OTHER_FIRST)
