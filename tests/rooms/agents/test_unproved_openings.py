"""An unlock and a new password for an account that cannot give two factors: by two people, and on no other account."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.accounts.changes import CHANGE_WAIT
from hotline.agents import service as agents
from hotline.agents.model import ActReason, AgentError, Basis
from hotline.agents.next_steps import Step
from hotline.cases import service as cases
from hotline.contracts.model import ContactPointChanged, PointKind
from hotline.identity.model import Approval, ApprovalError, ApprovalState, Goal, Operation
from hotline.identity.recovery import RecoveryState, ask_for_recovery, begin_recovery, enter_recovery_code
from hotline.identity.service import approval_key, owner_keys
from hotline.kit.actor import Agent, Approved
from hotline.kit.change import Change
from hotline.kit.errors import HotlineError, NeedProof, NeedSecond, NotPossible, Stale
from hotline.kit.store import Store, Table
from hotline.lockout import service as lockout
from hotline.lockout.model import LockoutError
from hotline.sessions.model import SessionKind
from hotline.sessions.service import session_in, session_key
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.rooms.agents.conftest import Begin
from tests.support.agent_world import NUMBER, AgentWorld
from tests.support.api_client import Client
from tests.support.approvals import ask_second, give_pin, refusal, see_now
from tests.support.lock_desk import fact
from tests.support.money_world import ACCOUNT
from tests.support.phone import give
from tests.support.stores import NOON, AnyStore

SECOND = timedelta(seconds=1)
ACTS = [
    pytest.param(agents.UNLOCK, "unlock", "account.unlock_requested", id="unlock"),
    pytest.param(agents.GRANT_RESET, "reset_grant", "password_reset.authorised", id="reset"),
]


@pytest.fixture
def begin() -> Begin:
    def make(store: AnyStore) -> AgentWorld:
        found = AgentWorld(store, two_step=True, lone=True)
        found.lock_out()
        return found

    return make


def test_proof_that_the_account_cannot_give_is_not_asked_for(world: AgentWorld) -> None:
    basis, token = world.claimed(), world.token()
    for goal in (Goal.UNLOCK, Goal.RESET, Goal.UNFREEZE):
        with pytest.raises(NotPossible) as refused:
            world.do(token, basis, agents.AskProof(goal))
        assert refused.value.code == AgentError.PROOF_OUT_OF_REACH
    assert world.do(token, basis, agents.AskProof(Goal.LOOK)).goal == "look"
    case, _ = cases.read_case(world.store, str(basis.case_id)) or pytest.fail("no case")
    told = agents.list_case_goals(agents.find_ground(world.ctx, token, case, None))
    assert Goal.LOOK in told
    assert not {Goal.UNLOCK, Goal.RESET, Goal.UNFREEZE} & set(told)


def step_of(world: AgentWorld, case_id: str) -> Step | None:
    found = cases.read_case(world.store, case_id)
    assert found is not None
    ground = agents.find_ground(world.ctx, world.token(), found[0], None)
    actions = agents.list_case_actions(world.ctx, found[0], ground, ())
    return agents.find_next_step(*found, actions, agents.view_lock(ground))


@pytest.mark.parametrize(("act", "name", "event"), ACTS)
def test_two_people_open_an_account_that_its_owner_cannot_open(
    world: AgentWorld, act: Any, name: str, event: str
) -> None:
    basis, token = world.claimed(topic="lockout"), world.token()
    assert basis.case_id is not None
    with pytest.raises(NeedSecond) as caught:
        world.do(token, basis, act)
    assert caught.value.operation == f"{name}_unproved"
    approval = world.approve(token, basis, act)
    assert (approval.operation.value, approval.subject.name) == (f"{name}_unproved", f"lock#{ACCOUNT}")
    assert world.decided(event) == []
    assert world.do(token, basis, act, approval) in ("ASKED", "GRANTED")
    assert len(world.decided(event)) == 1
    (entry,) = [entry for entry in world.audit() if entry["event"] == event]
    assert entry["actor"] == f"agent:agent-1:{basis.case_id}:approved_by:supervisor-1"
    (deed,) = [entry for entry in world.audit() if entry["event"] == f"agent.{name}_unproved"]
    assert deed["facts"]["approved_by"] == "supervisor-1"
    assert refusal(lambda: world.do(token, basis, act, approval)) in (ApprovalError.SPENT, LockoutError.NO_SUCH_LOCK)
    assert step_of(world, basis.case_id) is Step.CLOSE


@pytest.mark.parametrize(("act", "name", "event"), ACTS)
@pytest.mark.parametrize(("two_step", "lone"), [(False, True), (True, False), (False, False)])
def test_no_two_people_get_around_the_proof_of_an_account_that_can_give_it(
    memory_store: Store, act: Any, name: str, event: str, *, two_step: bool, lone: bool
) -> None:
    world = AgentWorld(memory_store, two_step=two_step, lone=lone)  # type: ignore[arg-type]
    world.lock_out()
    basis, token = world.claimed(), world.token()
    with pytest.raises(NeedProof) as caught:
        world.do(token, basis, act)
    assert caught.value.operation == name
    assert refusal(lambda: ask_second(world, basis, act)) == ApprovalError.NOT_NEEDED
    assert world.decided(event) == []


@pytest.mark.parametrize(("act", "name", "event"), ACTS)
def test_a_factor_that_came_after_the_approval_brings_the_proof_back(
    quick: AgentWorld, act: Any, name: str, event: str
) -> None:
    basis, token = quick.claimed(), quick.token()
    approval = quick.approve(token, basis, act)
    give_pin(quick)
    with pytest.raises(NeedProof) as caught:
        quick.do(token, basis, act, approval)
    assert (caught.value.operation, caught.value.needs) == (name, ("sms", "pin"))
    assert quick.decided(event) == []


@pytest.mark.parametrize("contribute", [lockout.contribute_unlock_unproved, lockout.contribute_reset_grant_unproved])
def test_a_factor_that_comes_while_the_deed_is_done_stops_it(quick: AgentWorld, contribute: Any) -> None:
    act = agents.UNLOCK if contribute is lockout.contribute_unlock_unproved else agents.GRANT_RESET
    basis, token = quick.claimed(), quick.token()
    approval = quick.approve(token, basis, act)
    read = quick.store.batch_get(list(dict.fromkeys([*lockout.acting_keys(ACCOUNT), *owner_keys(ACCOUNT)])))
    word = Approved(approval_key(approval.approval_id), "agent-1", "supervisor-1")
    agent = Agent("agent-1", basis.case_id or "-", None, word)
    change = Change(actor=agent, cause="test", now=quick.clock.now(), ids=quick.ctx.ids)
    contribute(change, read, ACCOUNT)
    give_pin(quick)
    with pytest.raises(Stale):
        change.commit(quick.store)


@pytest.mark.parametrize(("act", "name", "event"), ACTS)
def test_an_approval_is_void_once_something_else_keeps_logins_away(
    quick: AgentWorld, act: Any, name: str, event: str
) -> None:
    basis, token = quick.claimed(), quick.token()
    approval = quick.approve(token, basis, act)
    assert see_now(quick, approval).state is ApprovalState.APPROVED
    quick.do(token, basis, agents.PAUSE)
    assert see_now(quick, approval).state is ApprovalState.APPROVED
    quick.clock.advance(SECOND)
    quick.freeze()
    assert see_now(quick, approval).state is ApprovalState.VOID
    assert refusal(lambda: quick.do(token, basis, act, approval)) in (ApprovalError.VOID, LockoutError.NO_SUCH_LOCK)
    assert quick.decided(event) == []


@pytest.mark.parametrize(("act", "name", "event"), ACTS)
def test_nobody_is_asked_about_what_would_end_nothing(quick: AgentWorld, act: Any, name: str, event: str) -> None:
    quick.freeze()
    basis = quick.claimed()
    assert refusal(lambda: ask_second(quick, basis, act)) == LockoutError.NO_SUCH_LOCK


@pytest.mark.parametrize(("act", "name", "event"), ACTS)
@pytest.mark.parametrize("paused", [False, True])
def test_nobody_is_asked_about_an_account_that_nothing_shuts(
    memory_store: Store, act: Any, name: str, event: str, *, paused: bool
) -> None:
    world = AgentWorld(memory_store, two_step=True, lone=True)  # type: ignore[arg-type]
    basis, token = world.claimed(), world.token()
    if paused:
        world.do(token, basis, agents.PAUSE)
    assert refusal(lambda: ask_second(world, basis, act)) == LockoutError.NO_SUCH_LOCK
    assert refusal(lambda: world.do(token, basis, act)) == LockoutError.NO_SUCH_LOCK
    assert world.decided(event) == []


@pytest.mark.parametrize(("act", "name", "event"), ACTS)
@pytest.mark.parametrize("two_step", [False, True])
def test_two_people_open_an_account_without_any_factor(
    memory_store: Store, act: Any, name: str, event: str, *, two_step: bool
) -> None:
    world = AgentWorld(memory_store, two_step=two_step, lone=True)  # type: ignore[arg-type]
    gone = ContactPointChanged(2, PointKind.PHONE, NUMBER, None, world.clock.now(), reassigned=False)
    give(world.ctx, [fact("contact_point.changed", world.clock.now(), gone, name="point", account=ACCOUNT)])
    world.clock.advance(CHANGE_WAIT)
    world.lock_out()
    basis, token = world.claimed(), world.token()
    assert world.do(token, basis, act, world.approve(token, basis, act)) in ("ASKED", "GRANTED")
    assert len(world.decided(event)) == 1


@pytest.mark.parametrize(("act", "name", "event"), ACTS)
def test_an_approval_of_a_lock_that_has_ended_by_itself_is_of_a_thing_that_is_gone(
    quick: AgentWorld, act: Any, name: str, event: str
) -> None:
    basis, token = quick.claimed(), quick.token()
    approval = quick.approve(token, basis, act)
    (lock,) = quick.view().components
    assert lock.until is not None
    quick.clock.advance(lock.until - quick.clock.now() - SECOND)
    assert see_now(quick, approval).state is ApprovalState.APPROVED
    quick.clock.advance(SECOND)
    void = see_now(quick, approval)
    assert (void.state, void.void_cause) == (ApprovalState.VOID, "gone")


MADE: dict[str, tuple[Callable[[AgentWorld], None], ...]] = {
    "open": (),
    "locked": (AgentWorld.lock_out,),
    "locked until a new password": (lambda world: world.hold("TOO_MANY_OTP"),),
    "held": (AgentWorld.lock_out, AgentWorld.hold),
    "held for a stolen password": (lambda world: world.hold("COMPROMISED_CREDENTIAL"),),
    "frozen": (AgentWorld.freeze,),
    "frozen and locked": (AgentWorld.freeze, AgentWorld.lock_out),
    "paused": (lambda world: do_alone(world, agents.PAUSE),),
    "paused and locked": (AgentWorld.lock_out, lambda world: do_alone(world, agents.PAUSE)),
    "unlock asked for": (AgentWorld.lock_out, lambda world: do_by_two(world, agents.UNLOCK)),
    "end of a freeze asked for": (AgentWorld.freeze, lambda world: do_by_two(world, agents.UNFREEZE)),
    "end of a freeze asked for, locked": (
        AgentWorld.lock_out,
        AgentWorld.freeze,
        lambda world: do_by_two(world, agents.UNFREEZE),
    ),
    "a lock beside leave for a new password": (
        AgentWorld.lock_out,
        lambda world: do_by_two(world, agents.GRANT_RESET),
    ),
}


def do_alone(world: AgentWorld, act: Any) -> None:
    world.do(world.token(), world.claimed(), act)


def do_by_two(world: AgentWorld, act: Any) -> None:
    basis = world.claimed()
    world.do(world.token(), basis, act, world.approve(world.token(), basis, act))


@pytest.mark.parametrize("act", agents.OPENINGS, ids=lambda act: act.operation.value)
@pytest.mark.parametrize("made", MADE)
def test_two_people_are_offered_what_a_request_to_the_second_is_not_refused_for(
    memory_store: Store, made: str, act: Any
) -> None:
    world = AgentWorld(memory_store, two_step=True, lone=True)  # type: ignore[arg-type]
    for make in MADE[made]:
        make(world)
        world.clock.advance(SECOND)
    basis = world.claimed()
    found = cases.read_case(world.store, basis.case_id or "-")
    assert found is not None
    ground = agents.find_ground(world.ctx, world.token(), found[0], None)
    offered = agents.list_case_actions(world.ctx, found[0], ground, ())
    (obstacle,) = [one.obstacle for one in offered if one.operation is act.unproved]
    if obstacle is None:
        assert ask_second(world, basis, act).operation is act.unproved
    else:
        assert refusal(lambda: ask_second(world, basis, act)).startswith("no_such_")


@pytest.mark.parametrize("order", [(agents.UNLOCK, agents.GRANT_RESET), (agents.GRANT_RESET, agents.UNLOCK)])
@pytest.mark.parametrize("is_approved", [False, True])
def test_an_unlock_and_a_new_password_may_both_be_asked_for_while_both_are_offered(
    world: AgentWorld, order: tuple[Any, Any], *, is_approved: bool
) -> None:
    basis = world.claimed()
    first, second = order
    waiting = world.approve(world.token(), basis, first) if is_approved else ask_second(world, basis, first)
    offered = actions_of(world, basis)
    assert (offered[first.unproved].obstacle, offered[first.unproved].approval) == (None, waiting)
    assert (offered[second.unproved].obstacle, offered[second.unproved].approval) == (None, None)
    other = ask_second(world, basis, second)
    assert actions_of(world, basis)[second.unproved].approval == other
    if not is_approved:
        assert refusal(lambda: ask_second(world, basis, first)) == ApprovalError.OPEN
        assert refusal(lambda: ask_second(world, basis, second)) == ApprovalError.OPEN
    assert refusal(lambda: world.do(world.token(), basis, second, waiting)) == (
        ApprovalError.OTHER if is_approved else ApprovalError.OPEN
    )


def actions_of(world: AgentWorld, basis: Basis) -> dict[Operation, agents.Action]:
    """The actions that the agent is offered at the case, with their own requests."""
    found = cases.read_case(world.store, basis.case_id or "-")
    assert found is not None
    ground = agents.find_ground(world.ctx, world.token(), found[0], None)
    own = agents.list_own_approvals(world.store, "agent-1", found[1], world.clock.now())
    return {one.operation: one for one in agents.list_case_actions(world.ctx, found[0], ground, own)}


def test_the_next_step_says_what_two_people_do(quick: AgentWorld, memory_store: Store) -> None:
    case_id = quick.claimed(topic="lockout").case_id
    assert case_id is not None
    assert step_of(quick, case_id) is Step.UNLOCK_BY_TWO
    quick.hold("TOO_MANY_OTP")
    assert step_of(quick, case_id) is Step.GRANT_RESET_BY_TWO


def test_a_new_password_that_two_people_allowed_is_waited_for_at_the_desk_and_on_the_line(
    quick: AgentWorld, memory_store: Store
) -> None:
    do_by_two(quick, agents.GRANT_RESET)
    other = quick.claimed(topic="lockout").case_id or "-"
    assert step_of(quick, other) is Step.WAIT_FOR_PASSWORD
    phone = quick.call_in("contact-9", goal="look")
    told = phone.press("lock_status")
    assert (told["self_service"], told["asked"]) == ("no", "yes")
    quick.clock.advance(timedelta(minutes=30))
    assert step_of(quick, other) is not Step.WAIT_FOR_PASSWORD


@pytest.mark.parametrize("goal", [Goal.UNLOCK, Goal.RESET])
def test_a_recovery_of_this_owner_ends_with_a_person(quick: AgentWorld, goal: Goal) -> None:
    recovery_id, _ = ask_for_recovery(quick.ctx, channel="sms", value=NUMBER, goal=goal, language=None)
    (entry,) = [item for item in quick.items(Table.OUTBOX) if recovery_id in str(item["facts"])]
    begin_recovery(quick.ctx, entry)
    state = session_in(
        quick.store.batch_get([session_key(recovery_id, SessionKind.RECOVERY)]), recovery_id, SessionKind.RECOVERY
    )
    assert state is not None
    assert state.challenge is not None
    code = Client(quick.ctx, ACCOUNT).code(state.challenge.id)
    found = enter_recovery_code(quick.ctx, recovery_id, code, lockout.OPENING_ACTS)
    assert (found.state, found.needs) == (RecoveryState.MORE, "agent")


# ---------------------------------------------------------------- one person, whatever they do

PERSON = "person-1"
SHUT: dict[str, Callable[[AgentWorld], None]] = {
    "locked": AgentWorld.lock_out,
    "locked until a new password": lambda world: world.hold("TOO_MANY_OTP"),
    "frozen": AgentWorld.freeze,
}


@settings(max_examples=60, deadline=None)
@given(
    shut=st.sampled_from(sorted(SHUT)),
    done=st.lists(st.tuples(st.sampled_from(["ask", "decide", "do", "call", "wait"]), st.integers(0, 11)), max_size=14),
)
def test_one_person_with_every_role_opens_no_account_that_cannot_give_the_factors(
    shut: str, done: list[tuple[str, int]]
) -> None:
    world = AgentWorld(MemoryStore(VirtualClock(NOON)), two_step=True, lone=True)
    SHUT[shut](world)
    bases, asked = [world.claimed(PERSON)], list[Approval]()
    for number, (step, place) in enumerate(done):
        person, act, basis = world.supervisor(PERSON), agents.OPENINGS[place % 3], bases[place % len(bases)]
        with suppress(HotlineError, AssertionError):
            if step == "ask":
                asked.append(agents.ask(world.ctx, person, basis, act, ActReason.EVIDENCE_SEEN))
            elif step == "decide":
                agents.decide(world.ctx, person, asked[place % len(asked)].approval_id, approve=True) if asked else None
            elif step == "do":
                world.do(person, basis, act, asked[place % len(asked)] if asked else None)
            elif step == "call":
                bases.append(world.take(world.call_in(f"contact-{number}", goal="unlock"), person))
            else:
                world.clock.advance(timedelta(minutes=place))
    for event in ("account.unlock_requested", "password_reset.authorised", "account.unfreeze_requested"):
        assert world.decided(event) == []
