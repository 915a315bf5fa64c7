"""A customer's proof for an agent: asked for, keyed in by the customer, believed as it is stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.agents import service as agents
from hotline.agents.model import Basis, ProofState
from hotline.agents.proofs import PROOF_REQUEST_LIFE, AnswerProof
from hotline.identity.model import Goal
from hotline.identity.service import SignIn, Turn, open_app_session, perform
from hotline.kit.errors import NeedProof, NotPossible
from hotline.kit.store import Store
from tests.support.agent_world import CONTACT, AgentWorld
from tests.support.api_client import Client
from tests.support.money_world import ACCOUNT

SECOND = timedelta(seconds=1)


@pytest.fixture
def world(memory_store: Store) -> AgentWorld:
    found = AgentWorld(memory_store)  # type: ignore[arg-type]
    found.lock_out()
    return found


def view(world: AgentWorld, basis: Basis) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    seen = agents.view_proof(agents.open_request(world.ctx, world.token(), basis))
    return seen.state.value, seen.kinds, seen.operations


def waiting(world: AgentWorld) -> str | None:
    read = world.store.batch_get(list(agents.proof_request_keys(contact_id=CONTACT)))
    found = agents.find_proof_request(read, world.clock.now(), contact_id=CONTACT)
    return found.goal if found is not None else None


def test_the_line_picks_the_request_up_and_the_agent_sees_kinds_alone(world: AgentWorld) -> None:
    token = world.token()
    phone = world.call_in(goal=None)
    basis = world.take(phone, token)
    assert (view(world, basis), waiting(world)) == (("none", (), ()), None)
    world.do(token, basis, agents.AskProof(Goal.UNLOCK))
    assert (view(world, basis)[0], waiting(world)) == (ProofState.WAITING, "unlock")
    phone.prove("sms", "unlock")
    state, kinds, operations = view(world, basis)
    assert (state, kinds) == (ProofState.PROVED, ("sms",))
    assert "unlock" in operations
    assert "unfreeze" not in operations
    assert world.do(token, basis, agents.UNLOCK) == "ASKED"


@pytest.mark.parametrize(("called", "known"), [(True, True), (True, False), (False, True)])
def test_a_request_is_in_the_trails_with_the_account_that_it_is_about(
    world: AgentWorld, *, called: bool, known: bool
) -> None:
    goal = "look" if known else None  # the account of a caller who has proved nothing is not known
    basis = world.take(world.call_in(goal=goal), world.token()) if called else world.claimed()
    now = world.clock.now()
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    traces = agents.list_traces(world.store, "agent-1", since=now, until=now + SECOND).traces
    (trace,) = [one for one in traces if one.event == "proof_request"]
    assert trace.account_id == (ACCOUNT if known else None)
    audited = [entry for entry in world.audit() if entry["event"] == "agent.proof_request"]
    assert [entry["facts"]["goal"] for entry in audited] == (["unlock"] if known else [])


@pytest.mark.parametrize(
    ("after", "state"), [(PROOF_REQUEST_LIFE - SECOND, "waiting"), (PROOF_REQUEST_LIFE, "expired")]
)
def test_a_request_waits_for_ten_minutes(world: AgentWorld, after: timedelta, state: str) -> None:
    basis = world.take(world.call_in(goal=None), world.token())
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    world.clock.advance(after)
    assert view(world, basis)[0] == state
    assert (waiting(world) is not None) is (state == "waiting")


def test_a_weaker_proof_does_not_answer_a_stronger_request(world: AgentWorld) -> None:
    token = world.token()
    phone = world.call_in(goal=None)
    basis = world.take(phone, token)
    world.do(token, basis, agents.AskProof(Goal.UNLOCK))
    phone.prove("sms", "look")
    assert view(world, basis)[0] == ProofState.WAITING
    with pytest.raises(NeedProof):
        world.do(token, basis, agents.UNLOCK)


def answer(
    world: AgentWorld, goal_operation: str | None, sign_in: str = "sid-1", request_id: str | None = None
) -> None:
    """The customer proves a code in the app, and answers."""
    client = Client(world.ctx, ACCOUNT, sign_in=sign_in, signed_in_at=world.clock.now())
    if goal_operation is not None:
        client.prove(goal_operation, "email")
    state = client.state
    assert state is not None or goal_operation is None
    now = world.clock.now()
    session_id = state.contact_id if state is not None else "session-without-proof"
    signed = SignIn(session_id, ACCOUNT, now, trusted=False, expires_at=now + timedelta(hours=1))
    session = open_app_session(world.ctx, signed)
    perform(session, AnswerProof(request_id), Turn("answer_proof"))


def test_the_app_answers_for_a_case_and_no_contact(world: AgentWorld) -> None:
    basis, token = world.claimed(), world.token()
    world.do(token, basis, agents.AskProof(Goal.UNLOCK))
    with pytest.raises(NeedProof):
        world.do(token, basis, agents.UNLOCK)
    answer(world, "unlock")
    assert view(world, basis)[:2] == ("proved", ("email", "session"))
    assert world.do(token, basis, agents.UNLOCK) == "ASKED"


def test_an_answer_takes_the_proof_that_was_asked_for(world: AgentWorld) -> None:
    world.do(world.token(), world.claimed(), agents.AskProof(Goal.UNLOCK))
    with pytest.raises(NeedProof):
        answer(world, None)


def test_an_answer_counts_for_the_agent_and_the_case_that_asked(world: AgentWorld) -> None:
    basis = world.claimed("agent-1", "refund")
    world.do(world.token("agent-1"), basis, agents.AskProof(Goal.UNLOCK))
    answer(world, "unlock")
    for agent, other in (("agent-2", world.claimed("agent-2", "payment")), ("agent-1", world.claimed("agent-1", "x"))):
        with pytest.raises(NeedProof):
            world.do(world.token(agent), other, agents.UNLOCK)


def test_an_answer_ends_with_the_request(world: AgentWorld) -> None:
    basis = world.claimed()
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    answer(world, "unlock")
    world.clock.advance(PROOF_REQUEST_LIFE)
    with pytest.raises(NeedProof):
        world.do(world.token(), basis, agents.UNLOCK)


def test_nothing_is_answered_that_was_not_asked_or_twice(world: AgentWorld) -> None:
    with pytest.raises(NotPossible):
        answer(world, "unlock")
    world.do(world.token(), world.claimed(), agents.AskProof(Goal.UNLOCK))
    answer(world, "unlock", "sid-2")
    with pytest.raises(NotPossible):
        answer(world, "unlock", "sid-3")


def waiting_in_app(world: AgentWorld) -> str | None:
    read = world.store.batch_get(list(agents.proof_request_keys(account_id=ACCOUNT)))
    found = agents.find_proof_request(read, world.clock.now(), account_id=ACCOUNT)
    return found.request_id if found is not None else None


def test_a_caller_on_the_line_may_answer_in_the_app_instead(world: AgentWorld) -> None:
    token, phone = world.token(), world.call_in(goal="look")
    basis = world.take(phone, token)
    asked = world.do(token, basis, agents.AskProof(Goal.UNLOCK))
    assert (asked.on_call, waiting_in_app(world)) == (True, asked.request_id)
    answer(world, "unlock", request_id=asked.request_id)
    assert view(world, basis)[:2] == ("proved", ("email", "session"))
    assert world.do(token, basis, agents.UNLOCK) == "ASKED"


def test_a_request_waits_in_no_app_while_nobody_knows_who_calls(world: AgentWorld) -> None:
    basis = world.take(world.call_in(goal=None), world.token())
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    assert waiting_in_app(world) is None


def test_the_latest_request_says_whose_proof_counts(world: AgentWorld) -> None:
    token, phone = world.token(), world.call_in(goal="look")
    basis = world.take(phone, token)
    world.do(token, basis, agents.AskProof(Goal.LOOK))
    answer(world, None)
    assert view(world, basis)[:2] == ("proved", ("session",))
    world.clock.advance(SECOND)
    world.do(token, basis, agents.AskProof(Goal.UNLOCK))
    assert view(world, basis)[:2] == ("waiting", ("sms",))
    phone.prove("sms", "unlock")
    assert view(world, basis)[:2] == ("proved", ("sms",))


def test_an_answer_names_the_request_that_its_customer_saw(world: AgentWorld) -> None:
    basis = world.claimed()
    first = world.do(world.token(), basis, agents.AskProof(Goal.LOOK))
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    with pytest.raises(NotPossible):
        answer(world, "unlock", request_id=first.request_id)


def test_two_steps_take_two_factors_before_an_agent_sees_proved(memory_store: Store) -> None:
    world = AgentWorld(memory_store, two_step=True)  # type: ignore[arg-type]
    world.lock_out()
    phone = world.call_in(goal=None)
    basis = world.take(phone, world.token())
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    phone.prove("sms", "unlock")
    assert view(world, basis)[:2] == ("waiting", ("sms",))
    phone.prove("email", "unlock")
    assert view(world, basis)[:2] == ("proved", ("email", "sms"))
