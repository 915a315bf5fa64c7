"""The accounts that an agent may look at: by a live contact that they are in, or a case that they have claimed."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from hotline.agents import service as agents
from hotline.agents.access import find_open_accounts, open_request
from hotline.agents.contacts import HELD_MAX, UNHEARD_MAX
from hotline.agents.model import (
    PERMISSIONS,
    TOKEN_LIFE,
    AgentError,
    AgentToken,
    Basis,
    LookUpReason,
    Part,
    Permission,
    Role,
)
from hotline.cases import service as cases
from hotline.cases.model import CloseReason
from hotline.contracts.model import ContactPointChanged, PointKind
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.clock import ISSUER_AHEAD_MAX
from hotline.kit.errors import NotPossible
from hotline.kit.store import Store, Table
from tests.support.agent_world import CONTACT, NUMBER, AgentWorld
from tests.support.lock_desk import fact
from tests.support.money_world import ACCOUNT
from tests.support.phone import Phone, give, opened
from tests.support.stores import NOON

SECOND = timedelta(seconds=1)


@pytest.fixture
def world(memory_store: Store) -> AgentWorld:
    return AgentWorld(memory_store)  # type: ignore[arg-type]


def look(world: AgentWorld, token: AgentToken, basis: Basis) -> str:
    return agents.look_up(world.ctx, token, basis, Part.ACCOUNT, LookUpReason.CALL).account_id


def refusal(world: AgentWorld, token: AgentToken, basis: Basis) -> str:
    with pytest.raises(NotPossible) as caught:
        look(world, token, basis)
    return caught.value.code


def test_a_token_is_good_for_fifteen_minutes_and_may_not_live_longer(world: AgentWorld) -> None:
    now = world.clock.now()
    token = world.token()
    assert token.is_good(now)
    assert token.is_good(now + TOKEN_LIFE - SECOND)
    assert not token.is_good(now + TOKEN_LIFE)
    assert token.is_good(now - ISSUER_AHEAD_MAX)
    assert not token.is_good(now - ISSUER_AHEAD_MAX - SECOND)
    long_lived = AgentToken("a", "A", token.roles, token.scopes, now, now + TOKEN_LIFE + SECOND)
    assert not long_lived.is_good(now)
    old = AgentToken("a", "A", token.roles, token.scopes, now - TOKEN_LIFE, now + SECOND)
    assert not old.is_good(now)


def test_a_permission_takes_the_scope_and_a_role_that_has_it(world: AgentWorld) -> None:
    assert world.token().permissions() == PERMISSIONS[Role.AGENT]
    assert world.supervisor().permissions() == frozenset(Permission)
    assert world.supervisor(scopes=frozenset({"desk/read"})).permissions() == {Permission.READ}
    assert world.token(roles=()).permissions() == frozenset()
    assert Permission.APPROVE not in world.token().permissions()


def test_a_claimed_case_opens_its_account_and_nobody_elses_does(world: AgentWorld) -> None:
    basis = world.claimed("agent-1")
    assert look(world, world.token("agent-1"), basis) == ACCOUNT
    assert refusal(world, world.token("agent-2"), basis) == AgentError.NO_ACCESS
    assert refusal(world, world.token("agent-1"), Basis(world.open_case("payment"))) == AgentError.NO_ACCESS
    assert refusal(world, world.token("agent-1"), Basis("case_that_there_is_not")) == AgentError.NO_ACCESS


def close(world: AgentWorld, case_id: str, agent_id: str = "agent-1") -> None:
    change = Change(actor=Agent(agent_id, case_id), cause="close", now=world.clock.now(), ids=world.ctx.ids)
    read = world.store.batch_get(list(cases.agent_keys(case_id)))
    cases.contribute_close(change, read, case_id, reason=CloseReason.RESOLVED)
    change.commit(world.store)


def take_refusal(world: AgentWorld, token: AgentToken) -> str:
    with pytest.raises(NotPossible) as caught:
        agents.take_contact(world.ctx, token, CONTACT)
    return caught.value.code


def test_a_closed_case_opens_no_account(world: AgentWorld) -> None:
    basis = world.claimed()
    assert basis.case_id is not None
    close(world, basis.case_id)
    assert refusal(world, world.token(), basis) == AgentError.NO_ACCESS


def test_a_call_opens_no_closed_case_also_to_the_agent_who_is_in_it(world: AgentWorld) -> None:
    phone, token = world.call_in(), world.token()
    basis, now = world.take(phone, token), world.clock.now()
    assert look(world, token, basis) == ACCOUNT
    close(world, world.case_of(phone))
    for _ in ("the workspace's word", "Amazon Connect's word"):
        assert refusal(world, token, basis) == AgentError.NO_ACCESS
        assert refusal(world, token, Basis(None, CONTACT)) == AgentError.NO_ACCESS
        assert take_refusal(world, token) == AgentError.NO_ACCESS
        agents.note_connected(world.ctx, CONTACT, "agent-1", leg_id=CONTACT, at=now)


def test_an_agent_cannot_take_the_call_of_a_case_that_another_one_has_claimed(world: AgentWorld) -> None:
    phone = world.call_in()
    basis = Basis(world.claim(world.case_of(phone), "agent-1").case_id, CONTACT)
    assert take_refusal(world, world.token("agent-2")) == AgentError.NO_ACCESS
    assert refusal(world, world.token("agent-2"), basis) == AgentError.NO_ACCESS
    assert world.take(phone, world.token("agent-1")) == basis


def test_a_later_claim_of_another_agent_overrules_the_workspace_and_not_amazon_connect(world: AgentWorld) -> None:
    phone, second = world.call_in(), world.token("agent-2")
    basis = world.take(phone, second)
    assert look(world, second, basis) == ACCOUNT
    world.claim(world.case_of(phone), "agent-1")
    assert refusal(world, second, basis) == AgentError.NO_ACCESS
    assert refusal(world, second, Basis(None, CONTACT)) == AgentError.NO_ACCESS
    agents.note_connected(world.ctx, CONTACT, "agent-2", leg_id=CONTACT, at=world.clock.now())
    assert look(world, second, basis) == ACCOUNT
    assert world.take(phone, second) == basis, "the agent who talks on has it for longer"
    agents.note_ended(world.ctx, CONTACT, leg_id=CONTACT, at=world.clock.now() + SECOND)
    assert refusal(world, second, basis) == AgentError.NO_ACCESS


@pytest.mark.parametrize(("after", "live"), [(UNHEARD_MAX - SECOND, True), (UNHEARD_MAX, False)])
def test_a_call_that_the_line_has_not_heard_of_for_so_long_is_over(
    world: AgentWorld, after: timedelta, live: bool
) -> None:
    phone = world.call_in()
    world.clock.advance(after)
    assert seen(world, "agent-1") == (live, True)
    if live:
        basis = world.take(phone, world.token())
        world.clock.advance(UNHEARD_MAX - SECOND)
        assert world.take(phone, world.token()) == basis, "the agent's own call is taken again"
    else:
        assert take_refusal(world, world.token()) == AgentError.NO_ACCESS


def test_a_call_whose_hold_has_run_out_is_taken_again_only_if_the_line_heard_of_it(world: AgentWorld) -> None:
    phone = world.call_in()
    world.take(phone, world.token())
    world.clock.advance(HELD_MAX)
    assert take_refusal(world, world.token()) == AgentError.NO_ACCESS
    phone.press("handover", topic="lockout", reason="asked")
    assert look(world, world.token(), world.take(phone, world.token())) == ACCOUNT


def test_a_contact_opens_the_account_that_was_proved_in_it(world: AgentWorld) -> None:
    phone = world.call_in()
    token = world.token()
    basis = Basis(world.case_of(phone), CONTACT)
    assert refusal(world, token, basis) == AgentError.NO_ACCESS
    agents.take_contact(world.ctx, token, CONTACT)
    assert look(world, token, basis) == ACCOUNT
    assert look(world, token, Basis(None, CONTACT)) == ACCOUNT
    assert refusal(world, world.token("agent-2"), basis) == AgentError.NO_ACCESS


def test_a_contact_in_which_nothing_was_proved_opens_no_account(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    token = world.token()
    basis = world.take(phone, token)
    assert refusal(world, token, basis) == AgentError.NO_ACCOUNT
    phone.prove("sms", "look")
    assert look(world, token, basis) == ACCOUNT


def test_a_contact_opens_no_other_case(world: AgentWorld) -> None:
    token = world.token()
    world.take(world.call_in(), token)
    other = world.open_case("payment")
    assert refusal(world, token, Basis(other, CONTACT)) == AgentError.NO_ACCESS


def test_a_call_about_the_account_of_a_claimed_case_counts_whatever_it_was_handed_over_with(world: AgentWorld) -> None:
    token, claimed = world.token(), world.claimed(topic="payment")
    world.take(world.call_in(), token)
    assert open_request(world.ctx, token, Basis(claimed.case_id, CONTACT)).session is not None


def test_a_call_that_was_handed_over_twice_opens_both_cases(world: AgentWorld) -> None:
    phone, token = world.call_in(), world.token()
    first = world.take(phone, token)
    phone.press("handover", topic="payment", reason="asked")
    second = world.take(phone, token)
    assert first.case_id != second.case_id
    assert [look(world, token, basis) for basis in (first, second)] == [ACCOUNT, ACCOUNT]


def test_proof_of_another_account_is_no_proof(world: AgentWorld) -> None:
    token = world.token()
    request = open_request(world.ctx, token, world.take(world.call_in(), token))
    assert request.proof(standing=False) is not None
    request.account = "acct_2"
    assert request.proof(standing=False) is None
    request.account = request.session = None
    assert request.proof(standing=False) is None


def seen(world: AgentWorld, agent_id: str) -> tuple[bool, bool] | str:
    """Whether a contact is live and has a case, as an agent sees it; else the refusal."""
    try:
        view = agents.view_contact(world.ctx, world.token(agent_id), CONTACT)
    except NotPossible as error:
        return error.code
    return view.live, view.case is not None


def test_a_call_is_seen_by_its_agent_and_by_everybody_while_it_is_nobodys(world: AgentWorld) -> None:
    assert seen(world, "agent-1") == AgentError.NO_ACCESS
    Phone(world.ctx, NUMBER, CONTACT).press("start")
    assert seen(world, "agent-1") == AgentError.NO_ACCESS, "it was not handed over"
    phone = world.call_in()
    assert [seen(world, agent) for agent in ("agent-1", "agent-2")] == [(True, True)] * 2
    world.take(phone, world.token("agent-1"))
    assert "contact_taken" in {entry["cause"] for entry in world.audit()}
    assert [seen(world, agent) for agent in ("agent-1", "agent-2")] == [(True, True), AgentError.NO_ACCESS]
    agents.note_ended(world.ctx, CONTACT, leg_id=CONTACT, at=world.clock.now())
    assert [seen(world, agent) for agent in ("agent-1", "agent-2")] == [(False, True)] * 2


@pytest.mark.parametrize(("after", "live"), [(HELD_MAX - SECOND, True), (HELD_MAX, False)])
def test_a_contact_without_events_lasts_so_long(world: AgentWorld, after: timedelta, live: bool) -> None:
    basis = world.take(world.call_in(), world.token())
    world.clock.advance(after)
    if live:
        assert look(world, world.token(), basis) == ACCOUNT
    else:
        assert refusal(world, world.token(), basis) == AgentError.NO_ACCESS


def test_a_contact_that_ended_is_nobodys_and_cannot_be_taken(world: AgentWorld) -> None:
    token = world.token()
    basis = world.take(world.call_in(), token)
    agents.note_ended(world.ctx, CONTACT, leg_id=CONTACT, at=world.clock.now())
    agents.note_ended(world.ctx, CONTACT, leg_id=CONTACT, at=world.clock.now() + SECOND)
    assert refusal(world, token, basis) == AgentError.NO_ACCESS
    with pytest.raises(NotPossible, match=AgentError.NO_ACCESS):
        agents.take_contact(world.ctx, token, CONTACT)
    agents.note_connected(world.ctx, CONTACT, "agent-1", leg_id=CONTACT, at=world.clock.now())
    assert refusal(world, token, basis) == AgentError.NO_ACCESS


def test_a_claimed_case_stays_open_to_its_owner_when_the_call_has_ended(world: AgentWorld) -> None:
    token = world.token()
    basis = world.take(world.call_in(), token)
    assert basis.case_id is not None
    world.claim(basis.case_id, "agent-1")
    agents.note_ended(world.ctx, CONTACT, leg_id=CONTACT, at=world.clock.now())
    assert look(world, token, basis) == ACCOUNT
    assert refusal(world, token, Basis(None, CONTACT)) == AgentError.NO_ACCESS
    request = open_request(world.ctx, token, basis)
    assert request.basis == Basis(basis.case_id)
    assert request.session is None


def test_a_caller_who_was_sent_on_is_back_with_an_agent(world: AgentWorld) -> None:
    token = world.token()
    basis = world.take(world.call_in(), token)
    sent_on, back = world.clock.now() + SECOND, world.clock.now() + timedelta(minutes=2)
    agents.note_ended(world.ctx, CONTACT, leg_id=CONTACT, at=sent_on)
    assert refusal(world, token, basis) == AgentError.NO_ACCESS
    agents.note_connected(world.ctx, CONTACT, "agent-1", leg_id="contact-back", at=back)
    assert look(world, token, basis) == ACCOUNT
    agents.note_ended(world.ctx, CONTACT, leg_id=CONTACT, at=sent_on)
    assert look(world, token, basis) == ACCOUNT
    agents.note_ended(world.ctx, CONTACT, leg_id="contact-back", at=back)
    assert refusal(world, token, basis) == AgentError.NO_ACCESS


def test_an_agent_who_stays_until_the_next_one_is_there_ends_nothing_of_theirs(world: AgentWorld) -> None:
    basis = Basis(world.case_of(world.call_in()), CONTACT)
    now = world.clock.now()
    agents.note_connected(world.ctx, CONTACT, "agent-1", leg_id=CONTACT, at=now)
    agents.note_connected(world.ctx, CONTACT, "agent-2", leg_id="contact-2", at=now + SECOND)
    assert refusal(world, world.token("agent-1"), basis) == AgentError.NO_ACCESS
    agents.note_ended(world.ctx, CONTACT, leg_id=CONTACT, at=now + 2 * SECOND)
    assert look(world, world.token("agent-2"), basis) == ACCOUNT
    assert agents.list_live_contacts(world.store, world.token("agent-2"), now) == (CONTACT,)
    assert agents.list_live_contacts(world.store, world.token(), now) == ()


def test_a_contact_has_one_agent_and_an_event_overrules_the_workspace(world: AgentWorld) -> None:
    phone, first, second = world.call_in(), world.token("agent-1"), world.token("agent-2")
    basis = world.take(phone, first)
    world.take(phone, first)
    with pytest.raises(NotPossible, match=AgentError.CONTACT_TAKEN):
        world.take(phone, second)
    later = world.clock.now() + timedelta(minutes=5)
    agents.note_connected(world.ctx, CONTACT, "agent-2", leg_id=CONTACT, at=later)
    agents.note_connected(world.ctx, CONTACT, "agent-1", leg_id=CONTACT, at=later - SECOND)
    world.clock.advance(timedelta(minutes=6))
    assert look(world, world.token("agent-2"), basis) == ACCOUNT
    assert refusal(world, world.token("agent-1"), basis) == AgentError.NO_ACCESS


def test_a_call_that_was_not_handed_over_cannot_be_taken(world: AgentWorld) -> None:
    from tests.support.phone import Phone

    Phone(world.ctx, NUMBER, "contact-menu").press("start")
    for contact_id in ("contact-menu", "contact-that-there-is-not"):
        with pytest.raises(NotPossible, match=AgentError.NO_ACCESS):
            agents.take_contact(world.ctx, world.token(), contact_id)


def test_the_agents_own_account_is_refused(world: AgentWorld) -> None:
    assert refusal(world, world.token(account_id=ACCOUNT), world.claimed()) == AgentError.OWN_ACCOUNT


def test_many_cases_open_the_accounts_that_each_opens_by_itself(world: AgentWorld) -> None:
    mine, others = world.claimed("agent-1", "refund"), world.claimed("agent-2", "payment")
    closed = world.claimed("agent-1", "lockout")
    close(world, str(closed.case_id))
    unclaimed, nobody = world.open_case("account"), world.claim(world.open_case("security", account_id=None))
    named = [*(str(one.case_id) for one in (mine, others, closed, nobody)), unclaimed, "case_of_nobody"]
    tokens = (world.token(), world.token(account_id=ACCOUNT), world.token("agent-2"))
    for token in tokens:
        one_by_one = {}
        for case_id in named:
            with suppress(NotPossible):
                one_by_one[case_id] = open_request(world.ctx, token, Basis(case_id)).account
        known = {case_id: account_id for case_id, account_id in one_by_one.items() if account_id is not None}
        assert find_open_accounts(world.ctx, token, named) == known
    assert find_open_accounts(world.ctx, tokens[0], named) == {mine.case_id: ACCOUNT}
    world.clock.advance(timedelta(minutes=16))
    assert find_open_accounts(world.ctx, tokens[0], named) == {}


def test_an_account_with_a_contact_point_in_common_is_refused_also_after_it_is_gone(world: AgentWorld) -> None:
    basis = world.claimed()
    own = "acct-of-the-agent"
    give(world.ctx, [opened(own, (PointKind.PHONE, "+8613700000002"), at=NOON - timedelta(days=99))])
    token = world.token(account_id=own)
    assert look(world, token, basis) == ACCOUNT
    added = ContactPointChanged(2, PointKind.PHONE, None, NUMBER, world.clock.now(), reassigned=False)
    give(world.ctx, [fact("contact_point.changed", world.clock.now(), added, account=own)])
    assert refusal(world, token, basis) == AgentError.OWN_ACCOUNT
    removed = ContactPointChanged(3, PointKind.PHONE, NUMBER, None, world.clock.now(), reassigned=False)
    give(world.ctx, [fact("contact_point.changed", world.clock.now(), removed, account=own, name="gone")])
    assert refusal(world, token, basis) == AgentError.OWN_ACCOUNT


def test_each_look_is_in_the_account_s_audit_trail_the_agents_and_the_scans(world: AgentWorld) -> None:
    basis = world.claimed()
    agents.look_up(world.ctx, world.token(), basis, Part.REFUNDS, LookUpReason.COMPLAINT)
    (entry,) = [entry for entry in world.audit() if entry["event"] == "agent.looked_up"]
    assert entry["actor"] == f"agent:agent-1:{basis.case_id}"
    assert entry["facts"] == {"part": "refunds", "why": "complaint"}
    (row,) = [item for item in world.items(Table.ACTIVITY) if item["type"] == "agent.looked_up"]
    assert (row["account"], row["subject"], row["case"]) == (ACCOUNT, "agent-1", basis.case_id)
    now = world.clock.now()
    traces = agents.list_traces(world.store, "agent-1", since=now, until=now + SECOND).traces
    assert [(trace.event, trace.account_id) for trace in traces] == [("looked_up", ACCOUNT)]


def test_an_old_token_and_a_missing_scope_open_nothing(world: AgentWorld) -> None:
    basis, token = world.claimed(), world.token()
    assert refusal(world, world.token(scopes=frozenset({"desk/work"})), basis) == AgentError.NO_PERMISSION
    world.clock.advance(TOKEN_LIFE)
    assert refusal(world, token, basis) == AgentError.TOKEN_OLD


def test_an_agent_sees_points_by_their_last_digits() -> None:
    assert agents.mask_point(PointKind.PHONE, "+8613812345678") == "***5678"
    assert agents.mask_point(PointKind.EMAIL, "ada@customer.example") == "a***@***mple"
    assert agents.mask_point(PointKind.EMAIL, "ada@mail.xyz") == "a***@***.xyz"
    assert agents.mask_point(PointKind.EMAIL, "ada@post.uk") == "a***@***.uk"
    assert agents.mask_point(PointKind.EMAIL, "a@b.cn") == "a***@***.cn"
    assert agents.mask_point(PointKind.EMAIL, "a@b") == "a***@***"
    assert agents.mask_name("Ada Fictional") == "A***"
