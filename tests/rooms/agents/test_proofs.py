"""A customer's proof for an agent: asked for, keyed in by the customer, believed as it is stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.agents import service as agents
from hotline.agents.model import Basis, ProofState
from hotline.agents.proofs import PROOF_REQUEST_LIFE, AnswerProof
from hotline.cases import service as cases
from hotline.cases.model import AuthorKind, Case, CaseEntry, CaseStatus, CloseReason, EntryKind
from hotline.identity.model import Goal
from hotline.identity.service import SignIn, Turn, open_app_session, perform
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.errors import NeedProof, NotPossible
from hotline.kit.store import Store
from tests.support.agent_world import CONTACT, AgentWorld
from tests.support.api_client import Client
from tests.support.money_world import ACCOUNT
from tests.support.phone import Phone

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


def test_a_request_that_is_answered_on_the_line_waits_nowhere_and_counts_in_its_call(world: AgentWorld) -> None:
    token, phone = world.token(), world.call_in(goal="look")
    basis = world.take(phone, token)
    in_app = Basis(world.case_of(phone))
    world.claim(world.case_of(phone))
    world.do(token, basis, agents.AskProof(Goal.UNLOCK))
    assert view(world, in_app)[0] == ProofState.WAITING
    phone.prove("sms", "unlock")
    assert phone.press("agent_proof")["outcome"] == "PROVED"
    assert waiting_in_app(world) is None
    assert view(world, basis)[:2] == ("proved", ("sms",))
    assert view(world, in_app)[:2] == ("expired", ())
    end_call(world)
    assert view(world, in_app)[:2] == ("expired", ())
    assert world.do(token, in_app, agents.AskProof(Goal.UNLOCK)).on_call is False
    assert view(world, in_app)[0] == ProofState.WAITING


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


# ---------------------------------------------------------------- what the case keeps of it


def ask_and_prove(world: AgentWorld, phone: Phone, basis: Basis) -> None:
    """The agent asks for proof, and the caller gives it to the line."""
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    phone.prove("sms", "unlock")
    assert phone.press("agent_proof")["outcome"] == "PROVED"


def told(world: AgentWorld, case_id: str) -> tuple[Case, list[CaseEntry]]:
    found = cases.read_case(world.store, case_id)
    assert found is not None
    return found[0], list(found[1])


def end_call(world: AgentWorld) -> None:
    agents.note_ended(world.ctx, CONTACT, leg_id="leg-1", at=world.clock.now())


def test_a_case_of_nobody_gets_the_account_that_its_caller_proves(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    case_id = world.case_of(phone)
    world.claim(case_id)
    ask_and_prove(world, phone, world.take(phone, world.token()))
    case, timeline = told(world, case_id)
    assert (case.account_id, case.established.proved, case.owner) == (ACCOUNT, ("sms",), "agent-1")
    assert (timeline[-1].kind, timeline[-1].reason) == (EntryKind.ADDED, "proof.answered")
    assert timeline[-1].facts == {"goal": "unlock", "proved": "sms", "contact_id": CONTACT}
    read = world.store.batch_get(list(cases.case_keys(ACCOUNT, case.topic)))
    found = cases.find_open(read, account_id=ACCOUNT, topic=case.topic)
    assert found == case
    assert phone.state.case_id == case_id


def test_after_the_call_its_owner_keeps_the_account_and_needs_a_new_proof(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    world.claim(world.case_of(phone))
    ask_and_prove(world, phone, world.take(phone, world.token()))
    end_call(world)
    basis = Basis(world.case_of(phone), CONTACT)
    assert agents.open_request(world.ctx, world.token(), basis).account_id == ACCOUNT
    with pytest.raises(NeedProof):
        world.do(world.token(), Basis(world.case_of(phone)), agents.UNLOCK)


def test_a_case_with_an_account_tells_what_is_proved_during_the_talk(world: AgentWorld) -> None:
    phone = world.call_in(goal="look")
    case_id = world.case_of(phone)
    before = told(world, case_id)[0]
    ask_and_prove(world, phone, world.take(phone, world.token()))
    case, timeline = told(world, case_id)
    assert (case.account_id, case.version) == (ACCOUNT, before.version + 2)
    assert [entry.reason for entry in timeline[-2:]] == ["agent.proof_request", "proof.answered"]
    # Others add to it by the account's pointer, which is as new as the case.
    assert world.open_case(case.topic) == case_id


def test_an_answer_in_the_app_is_told_in_the_case(world: AgentWorld) -> None:
    basis = world.claimed()
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    answer(world, "unlock")
    case, timeline = told(world, str(basis.case_id))
    assert case.established.proved == ("email", "session")
    assert (timeline[-1].reason, timeline[-1].author) == ("proof.answered", AuthorKind.APP)


@pytest.mark.parametrize(("other", "owner"), [(None, "agent-1"), ("agent-2", "agent-2")])
def test_the_work_goes_on_in_the_case_that_the_account_has_of_the_topic(
    world: AgentWorld, other: str | None, owner: str
) -> None:
    open_already = world.open_case("lockout")
    if other is not None:
        world.claim(open_already, other)
    phone = world.call_in(goal=None)
    begun = world.case_of(phone)
    assert begun != open_already
    world.claim(begun)
    ask_and_prove(world, phone, world.take(phone, world.token()))
    closed, ending = told(world, begun)
    assert (closed.status, closed.account_id, ending[-1].reason) == (CaseStatus.CLOSED, None, "closed.duplicate")
    assert closed.links[-1] == f"case:{open_already}"
    case, timeline = told(world, open_already)
    assert (case.owner, case.established.proved, case.account_id) == (owner, ("sms",), ACCOUNT)
    assert f"contact:{CONTACT}" in case.links
    assert (timeline[-1].reason, timeline[-1].facts["other_case"]) == ("proof.answered", begun)
    assert phone.state.case_id == open_already
    assert agents.view_contact(world.ctx, world.token(), CONTACT).case == case
    assert world.open_case("lockout") == open_already


def test_notes_of_a_case_that_gets_an_account_go_with_the_account(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    case_id = world.case_of(phone)
    basis = world.claim(case_id)
    change = Change(actor=Agent("agent-1", case_id), cause="noted", now=world.clock.now(), ids=world.ctx.ids)
    text, read = "Ada, so she says", world.store.batch_get(list(cases.agent_keys(case_id)))
    cases.contribute_note(change, read, case_id, note=text)
    change.commit(world.store)
    assert cases.notes_read(world.store, ACCOUNT, limit=10) == {}
    ask_and_prove(world, phone, world.take(phone, world.token()))
    found = cases.notes_read(world.store, ACCOUNT, limit=10)
    assert text in [item.get("note") for item in found.values()]
    assert basis.case_id == case_id


def test_a_case_that_somebody_closed_meanwhile_stays_as_it_is(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    case_id = world.case_of(phone)
    basis = world.take(phone, world.token())
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    change = Change(actor=Agent("agent-1", case_id), cause="closed", now=world.clock.now(), ids=world.ctx.ids)
    read = world.store.batch_get(list(cases.agent_keys(case_id)))
    cases.contribute_close(change, read, case_id, reason=CloseReason.RESOLVED)
    change.commit(world.store)
    phone.prove("sms", "unlock")
    assert phone.press("agent_proof")["outcome"] == "PROVED"
    assert told(world, case_id)[0].account_id is None


@pytest.mark.parametrize("goal", [None, "look"])
def test_a_caller_who_comes_back_without_the_proof_is_told_of(world: AgentWorld, goal: str | None) -> None:
    phone = world.call_in(goal=goal)
    basis = world.take(phone, world.token())
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    assert phone.press("agent_proof")["outcome"] == "NEED_PROOF"
    assert phone.press("proof_given_up")["outcome"] == "ENDED"
    assert (view(world, basis)[0], waiting(world), waiting_in_app(world)) == ("unproved", None, None)
    entry = told(world, world.case_of(phone))[1][-1]
    assert (entry.reason, dict(entry.facts)) == ("proof.missing", {"goal": "unlock", "contact_id": CONTACT})
    assert phone.press("proof_given_up")["outcome"] == "NONE"
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    assert view(world, basis)[0] == "waiting"


def test_nothing_ends_where_nothing_was_asked(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    world.take(phone, world.token())
    before = told(world, world.case_of(phone))
    assert phone.press("proof_given_up")["outcome"] == "NONE"
    assert told(world, world.case_of(phone)) == before
