"""The end of a freeze on an account that cannot give two factors: by two people, and on no other account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from hotline.accounts.changes import CHANGE_WAIT
from hotline.agents import service as agents
from hotline.agents.model import ActReason, AgentError
from hotline.agents.next_steps import Step
from hotline.cases import service as cases
from hotline.cases.model import EntryKind
from hotline.contracts.model import ContactPointChanged, LockAction, LockTold, PointKind
from hotline.identity.model import Approval, ApprovalError, ApprovalState, Goal, Operation
from hotline.identity.service import approval_key, could_give, factors_key, list_account_factors, owner_keys
from hotline.kit.actor import Agent, Approved, FactorKind
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import NeedProof, NeedSecond, NotPossible, Stale
from hotline.kit.store import Store
from hotline.lockout import service as lockout
from hotline.lockout.model import Cause, DecisionKind, LockoutError, LockState
from tests.rooms.agents.conftest import Begin
from tests.support.agent_world import EMAIL, NUMBER, AgentWorld
from tests.support.api_client import Client
from tests.support.approvals import ask_second, give_pin, refusal, see_now
from tests.support.lock_desk import fact
from tests.support.money_world import ACCOUNT
from tests.support.phone import give
from tests.support.stores import NOON, AnyStore

SECOND = timedelta(seconds=1)
ACT = agents.UNFREEZE


@pytest.fixture
def begin() -> Begin:
    def make(store: AnyStore) -> AgentWorld:
        found = AgentWorld(store, lone=True)
        found.freeze()
        return found

    return make


@pytest.fixture
def twofold(memory_store: Store) -> AgentWorld:
    """A frozen account with a phone and an address."""
    found = AgentWorld(memory_store)  # type: ignore[arg-type]
    found.freeze()
    return found


def add_email(world: AgentWorld) -> None:
    tell_point(world, ContactPointChanged(2, PointKind.EMAIL, None, EMAIL, world.clock.now(), reassigned=False))


def remove_point(world: AgentWorld, value: str, kind: PointKind) -> None:
    tell_point(world, ContactPointChanged(2, kind, value, None, world.clock.now(), reassigned=False))


def tell_point(world: AgentWorld, data: ContactPointChanged) -> None:
    give(world.ctx, [fact("contact_point.changed", world.clock.now(), data, name="point", account=ACCOUNT)])


def state_of(world: AgentWorld, approval: Approval) -> tuple[ApprovalState, str | None]:
    now = see_now(world, approval)
    return now.state, now.void_cause


def test_two_people_end_a_freeze_of_an_account_with_a_phone_alone(world: AgentWorld) -> None:
    basis, token = world.claimed(topic="lockout"), world.token()
    with pytest.raises(NeedSecond) as caught:
        world.do(token, basis, ACT)
    assert caught.value.operation == Operation.UNFREEZE_UNPROVED
    approval = world.approve(token, basis, ACT)
    assert (approval.operation, approval.subject.name) == (Operation.UNFREEZE_UNPROVED, f"freeze#{ACCOUNT}")
    assert world.decided("account.unfreeze_requested") == []
    assert world.do(token, basis, ACT, approval) == "ASKED"
    (decision,) = world.decided("account.unfreeze_requested")
    assert decision["facts"]["in_force"] == []
    (entry,) = [entry for entry in world.audit() if entry["event"] == "account.unfreeze_requested"]
    assert entry["actor"] == f"agent:agent-1:{basis.case_id}:approved_by:supervisor-1"
    assert (world.view().state, world.view().asked) == (LockState.FROZEN, DecisionKind.UNFREEZE)
    assert basis.case_id is not None
    found = cases.read_case(world.store, basis.case_id)
    assert found is not None
    last = found[1][-1]
    assert (last.kind, last.reason) == (EntryKind.DECIDED, "agent.unfreeze_unproved")
    assert last.facts == {"outcome": "ASKED", "approved_by": "supervisor-1"}
    assert refusal(lambda: world.do(token, basis, ACT, approval)) == ApprovalError.SPENT


def test_other_locks_stay_when_two_people_end_a_freeze(quick: AgentWorld) -> None:
    quick.hold()
    basis, token = quick.claimed(), quick.token()
    quick.do(token, basis, ACT, quick.approve(token, basis, ACT))
    assert Cause.RISK_SCORE in {part.cause for part in quick.view().components}


@pytest.mark.parametrize("second", ["email", "pin"])
def test_no_two_people_get_around_the_proof_of_an_account_that_can_give_it(quick: AgentWorld, second: str) -> None:
    basis, token = quick.claimed(), quick.token()
    given = quick.approve(token, basis, ACT)
    if second == "pin":
        give_pin(quick)
    else:
        add_email(quick)
    assert refusal(lambda: ask_second(quick, basis, ACT)) == ApprovalError.NOT_NEEDED
    with pytest.raises(NeedProof) as caught:
        quick.do(token, basis, ACT, given)
    assert caught.value.operation == Operation.UNFREEZE
    assert caught.value.needs == ("sms", second)
    assert quick.decided("account.unfreeze_requested") == []


def test_a_point_that_was_taken_off_a_moment_ago_counts_for_three_days(twofold: AgentWorld) -> None:
    basis = twofold.claimed()
    remove_point(twofold, EMAIL, PointKind.EMAIL)
    twofold.clock.advance(CHANGE_WAIT - SECOND)
    with pytest.raises(NeedProof) as caught:
        twofold.do(twofold.token(), basis, ACT)
    assert caught.value.needs == ("sms",)
    twofold.clock.advance(SECOND)
    assert ask_second(twofold, basis, ACT).operation is Operation.UNFREEZE_UNPROVED


@pytest.mark.parametrize(
    ("shut", "goal", "after"),
    [
        (AgentWorld.lock_out, Goal.UNLOCK, Step.UNLOCK_BY_TWO),
        (AgentWorld.freeze, Goal.UNFREEZE, Step.UNFREEZE_BY_TWO),
        (lambda world: world.hold("COMPROMISED_CREDENTIAL"), Goal.RESET, Step.GRANT_RESET_BY_TWO),
    ],
)
def test_a_proof_that_nobody_can_give_any_more_is_not_asked_for_and_the_desk_says_how_long(
    memory_store: Store, shut: Callable[[AgentWorld], None], goal: Goal, after: Step
) -> None:
    world = AgentWorld(memory_store, two_step=True)  # type: ignore[arg-type]
    basis = world.claimed(topic="lockout")
    remove_point(world, EMAIL, PointKind.EMAIL)
    world.clock.advance(CHANGE_WAIT - SECOND)
    shut(world)

    def read() -> tuple[bool, datetime | None, Step | None]:
        found = cases.read_case(world.store, basis.case_id or "-")
        assert found is not None
        shown = agents.view_case(world.ctx, world.token(), *found, None)
        return goal in shown.goals, shown.two_from, shown.next_step

    assert read() == (False, NOON + CHANGE_WAIT, Step.WAIT_FOR_TWO)
    with pytest.raises(NotPossible, match=AgentError.PROOF_OUT_OF_REACH):
        world.do(world.token(), basis, agents.AskProof(goal))
    world.clock.advance(SECOND)
    assert read() == (False, None, after)


def test_a_pin_that_was_taken_away_a_moment_ago_counts_for_three_days(quick: AgentWorld) -> None:
    """Its owner takes it away with one factor, and the end of a freeze asks for two."""
    give_pin(quick)
    basis = quick.claimed()
    client = Client(quick.ctx, ACCOUNT, signed_in_at=quick.clock.now())
    client.prove("set_pin")
    assert client.ask("DELETE", "/v1/me/pin").json == {"pin": False}
    quick.clock.advance(CHANGE_WAIT - SECOND)
    assert refusal(lambda: ask_second(quick, basis, ACT)) == ApprovalError.NOT_NEEDED
    with pytest.raises(NeedProof) as caught:
        quick.do(quick.token(), basis, ACT)
    assert caught.value.needs == ("sms",)
    quick.clock.advance(SECOND)
    assert ask_second(quick, basis, ACT).operation is Operation.UNFREEZE_UNPROVED


def test_a_pin_that_is_chosen_anew_leaves_nothing_of_the_one_before(memory_store: Store) -> None:
    world = AgentWorld(memory_store, lone=True)  # type: ignore[arg-type]
    give_pin(world)
    client = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now())
    client.prove("set_pin")
    assert client.ask("DELETE", "/v1/me/pin").status == 200
    assert world.store.batch_get([factors_key(ACCOUNT)])[factors_key(ACCOUNT)]["pin_removed_at"] == to_text(NOON)
    assert client.ask("PUT", "/v1/me/pin", body={"pin": "482137"}).status == 200
    stored = world.store.batch_get([factors_key(ACCOUNT)])[factors_key(ACCOUNT)]
    assert "pin" in stored
    assert "pin_removed_at" not in stored


def test_a_factor_that_comes_while_the_deed_is_done_stops_it(quick: AgentWorld) -> None:
    basis, token = quick.claimed(), quick.token()
    approval = quick.approve(token, basis, ACT)
    keys = [*lockout.acting_keys(ACCOUNT), *owner_keys(ACCOUNT)]
    read = quick.store.batch_get(list(dict.fromkeys(keys)))
    word = Approved(approval_key(approval.approval_id), "agent-1", "supervisor-1")
    agent = Agent("agent-1", basis.case_id or "-", None, word)
    change = Change(actor=agent, cause="test", now=quick.clock.now(), ids=quick.ctx.ids)
    lockout.contribute_unfreeze_unproved(change, read, ACCOUNT)
    give_pin(quick)
    with pytest.raises(Stale):
        change.commit(quick.store)


@pytest.mark.parametrize("ended", [False, True])
def test_an_approval_is_void_once_the_freeze_was_set_anew_or_has_ended(quick: AgentWorld, ended: bool) -> None:
    basis, token = quick.claimed(), quick.token()
    approval = quick.approve(token, basis, ACT)
    assert state_of(quick, approval) == (ApprovalState.APPROVED, None)
    quick.clock.advance(SECOND)
    if ended:
        data = LockTold(LockAction.UNFREEZE_APPLIED, "wallet-end", 2, "CUSTOMER_REQUEST")
        give(quick.ctx, [fact("unfreeze.applied", quick.clock.now(), data, name="end", account=ACCOUNT)])
    else:
        quick.freeze()
    assert state_of(quick, approval) == (ApprovalState.VOID, "gone" if ended else "changed")
    assert refusal(lambda: quick.do(token, basis, ACT, approval)) == ApprovalError.VOID
    assert quick.decided("account.unfreeze_requested") == []


def test_a_word_of_the_wallet_about_something_else_voids_no_approval(quick: AgentWorld) -> None:
    basis, token = quick.claimed(), quick.token()
    approval = quick.approve(token, basis, ACT)
    quick.clock.advance(SECOND)
    quick.hold()
    assert state_of(quick, approval) == (ApprovalState.APPROVED, None)
    assert quick.do(token, basis, ACT, approval) == "ASKED"


def test_nobody_is_asked_about_a_freeze_that_there_is_not(memory_store: Store) -> None:
    world = AgentWorld(memory_store, lone=True)  # type: ignore[arg-type]
    basis = world.claimed()
    assert refusal(lambda: ask_second(world, basis, ACT)) == LockoutError.NO_SUCH_FREEZE
    assert refusal(lambda: world.do(world.token(), basis, ACT)) == LockoutError.NO_SUCH_FREEZE


def test_an_account_has_the_kinds_of_its_points_and_its_pin(twofold: AgentWorld) -> None:
    def kinds() -> tuple[FactorKind, ...]:
        return list_account_factors(twofold.store.batch_get(list(owner_keys(ACCOUNT))), ACCOUNT)

    assert kinds() == (FactorKind.SMS, FactorKind.EMAIL)
    remove_point(twofold, NUMBER, PointKind.PHONE)
    assert kinds() == (FactorKind.EMAIL,)
    give_pin(twofold)
    assert kinds() == (FactorKind.EMAIL, FactorKind.PIN)


def test_an_account_that_is_not_known_is_taken_to_have_factors_enough() -> None:
    assert could_give(Operation.UNFREEZE, {}, "acct-of-nobody-known", NOON)
    assert list_account_factors({}, "acct-of-nobody-known") == ()


def test_one_person_with_every_role_ends_no_freeze_alone(quick: AgentWorld) -> None:
    person = quick.supervisor("agent-1")
    basis = quick.claimed()
    own = agents.ask(quick.ctx, person, basis, ACT, ActReason.CUSTOMER_ASKED)
    assert refusal(lambda: agents.decide(quick.ctx, person, own.approval_id, approve=True)) == ApprovalError.OWN
    assert refusal(lambda: quick.do(person, basis, ACT, own)) != ""
    assert quick.decided("account.unfreeze_requested") == []
