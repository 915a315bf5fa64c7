"""A second person's word: for one deed on one thing as it was, by somebody else, before a date, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from hotline.agents import service as agents
from hotline.agents.approvals import APPROVAL_LIFE, find_own_approval, see
from hotline.agents.findings import FINDINGS_TOLD_MAX
from hotline.agents.model import ActReason, AgentError, Basis
from hotline.cases import service as cases
from hotline.cases.model import CloseReason
from hotline.contracts.model import ContactPointChanged, PointKind
from hotline.identity.approvals import approval_key, digest_of, find_flaw
from hotline.identity.model import Approval, ApprovalError, ApprovalState, Operation, PointLoss, Subject, VoidCause
from hotline.identity.service import require
from hotline.kit.actor import Agent, Approved, System
from hotline.kit.change import Change
from hotline.kit.change.idempotency import Memory, Remembered, request_key
from hotline.kit.errors import NeedSecond, NotPossible
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline.lockout.model import Cause
from hotline.refunds.model import RefundState, ReviewDecision
from hotline.refunds.policy import REQUEST_CAP_MINOR
from hotline.refunds.service import make_terms
from hotline.security.model import Verdict
from hotline_local.testing.memory_store import MemoryStore
from tests.rooms.agents.conftest import Begin
from tests.support.agent_world import NUMBER, AgentWorld
from tests.support.approvals import ask_second, refusal
from tests.support.lock_desk import fact
from tests.support.money_world import ACCOUNT
from tests.support.phone import give, opened
from tests.support.stores import NOON, AnyStore

SECOND = timedelta(seconds=1)
ACT = agents.ReleaseHold(Cause.RISK_SCORE)
TERMS = make_terms(window_days=30, partial=True, auto_approve_minor=1, categories=())
THREADS = 6


@pytest.fixture
def begin() -> Begin:
    def make(store: AnyStore) -> AgentWorld:
        found = AgentWorld(store)
        found.hold()
        return found

    return make


def find_flaw_of(
    world: AgentWorld, stored: Item | None, operation: Operation, subject: Subject
) -> ApprovalError | None:
    return find_flaw(stored, agent_id="agent-1", operation=operation, subject=subject, now=world.clock.now())


def waiting(world: AgentWorld, **page: Any) -> tuple[Approval, ...]:
    return agents.list_open_approvals(world.store, world.clock.now(), **{"limit": 50, **page}).approvals


def test_a_request_names_what_is_to_be_done_and_waits_in_the_list(world: AgentWorld) -> None:
    basis = world.claimed()
    approval = ask_second(world, basis, ACT)
    assert (approval.operation, approval.state, approval.reason) == (
        Operation.RELEASE_HOLD, ApprovalState.ASKED, "customer_asked",
    )  # fmt: skip
    assert approval.subject.name == f"hold#{ACCOUNT}#RISK_SCORE"
    assert (approval.case_id, approval.approval_id[:4]) == (basis.case_id, "apr_")
    assert approval.expires_at - approval.requested_at == APPROVAL_LIFE
    assert waiting(world) == (approval,)
    assert agents.find_approval(world.store, approval.approval_id, world.clock.now()) == approval
    assert agents.find_approval(world.store, "apr_unknown", world.clock.now()) is None
    assert basis.case_id is not None
    found = cases.read_case(world.store, basis.case_id)
    assert found is not None
    told = {"approval_id": approval.approval_id, "operation": "release_hold", "why": "customer_asked"}
    assert (found[1][-1].reason, found[1][-1].facts) == ("agent.approval_asked", told)
    assert (world.store.get(approval_key(approval.approval_id)) or {})["rev"] == 1


def test_nobody_decides_about_an_account_that_shares_a_contact_point_with_their_own(quick: AgentWorld) -> None:
    own = "acct-of-the-supervisor"
    give(quick.ctx, [opened(own, (PointKind.PHONE, NUMBER), at=NOON - timedelta(days=99))])
    approval = ask_second(quick, quick.claimed(), ACT)
    decide = partial(agents.decide, quick.ctx, approval_id=approval.approval_id, approve=True)
    assert refusal(lambda: decide(quick.supervisor(account_id=own))) == AgentError.OWN_ACCOUNT
    other = quick.supervisor(account_id="acct-of-nobody-known")
    assert decide(other).state is ApprovalState.APPROVED


def test_a_request_about_no_case_names_none(quick: AgentWorld) -> None:
    numbers = agents.EditNumbers(("+18005550199",), 0)
    asking = quick.supervisor()
    approval = agents.ask(quick.ctx, asking, Basis(), numbers, ActReason.CORRECTION)
    assert (approval.case_id, approval.account_id) == (None, None)
    assert agents.decide(quick.ctx, quick.supervisor("other"), approval.approval_id, approve=True).case_id is None


def test_a_decision_about_a_case_that_was_closed_meanwhile_adds_nothing_to_it(quick: AgentWorld) -> None:
    basis = quick.claimed()
    approval = ask_second(quick, basis, ACT)
    assert basis.case_id is not None
    change = Change(actor=Agent("agent-1", basis.case_id), cause="close", now=quick.clock.now(), ids=quick.ctx.ids)
    read = quick.store.batch_get(list(cases.agent_keys(basis.case_id)))
    cases.contribute_close(change, read, basis.case_id, reason=CloseReason.RESOLVED)
    change.commit(quick.store)
    decided = agents.decide(quick.ctx, quick.supervisor(), approval.approval_id, approve=True)
    assert decided.state is ApprovalState.APPROVED
    found = cases.read_case(quick.store, basis.case_id)
    assert found is not None
    assert found[1][-1].reason != "agent.approval_approved"


def test_nobody_asks_for_what_one_person_may_do_alone(quick: AgentWorld) -> None:
    basis = quick.claimed()
    assert refusal(lambda: ask_second(quick, basis, agents.FREEZE)) == ApprovalError.NOT_NEEDED
    assert refusal(lambda: ask_second(quick, basis, agents.UNLOCK)) == ApprovalError.NOT_NEEDED


def test_a_decision_takes_the_approval_off_the_list_and_is_made_once(world: AgentWorld) -> None:
    approval = ask_second(world, world.claimed(), ACT)
    done = agents.decide(world.ctx, world.supervisor(), approval.approval_id, approve=True)
    assert (done.state, done.decided_by, done.decided_at) == (
        ApprovalState.APPROVED, "supervisor-1", world.clock.now(),
    )  # fmt: skip
    assert waiting(world) == ()
    again = lambda: agents.decide(world.ctx, world.supervisor("other"), approval.approval_id, approve=False)  # noqa: E731
    assert refusal(again) == ApprovalError.DECIDED


def test_nobody_decides_on_their_own_request_or_without_the_permission(quick: AgentWorld) -> None:
    basis = quick.claim(quick.open_case(), "supervisor-1")
    approval = agents.ask(quick.ctx, quick.supervisor(), basis, ACT, ActReason.FALSE_ALARM)

    def decide(token: Any, approval_id: str = approval.approval_id) -> str:
        return refusal(lambda: agents.decide(quick.ctx, token, approval_id, approve=True))

    assert decide(quick.supervisor()) == ApprovalError.OWN
    assert decide(quick.token("agent-2")) == AgentError.NO_PERMISSION
    assert decide(quick.supervisor("other", scopes=frozenset({"desk/act"}))) == AgentError.NO_PERMISSION
    assert decide(quick.supervisor("other", account_id=ACCOUNT)) == AgentError.OWN_ACCOUNT
    assert decide(quick.supervisor("other"), "apr_unknown") == ApprovalError.UNKNOWN
    old = replace(quick.supervisor("other"), issued_at=quick.clock.now() - timedelta(hours=1))
    assert decide(old) == AgentError.TOKEN_OLD


def test_an_approval_is_good_up_to_its_date(quick: AgentWorld) -> None:
    basis = quick.claimed()
    for after, good in ((APPROVAL_LIFE - SECOND, True), (APPROVAL_LIFE, False)):
        approval = ask_second(quick, basis, ACT)
        quick.clock.advance(after)
        decide = partial(agents.decide, quick.ctx, quick.supervisor(), approval.approval_id, approve=True)
        if good:
            assert decide().state is ApprovalState.APPROVED
        else:
            assert refusal(decide) == ApprovalError.EXPIRED
            assert see(approval, quick.clock.now()).state is ApprovalState.EXPIRED
            assert waiting(quick) == ()


@pytest.mark.parametrize(("after", "good"), [(APPROVAL_LIFE - SECOND, True), (APPROVAL_LIFE, False)])
def test_an_approved_deed_is_done_before_the_date_or_not_at_all(
    quick: AgentWorld, after: timedelta, good: bool
) -> None:
    basis = quick.claimed()
    approval = quick.approve(quick.token(), basis, ACT)
    quick.clock.advance(after)
    if good:
        quick.do(quick.token(), basis, ACT, approval)
        assert len(quick.decided("account.unlock_requested")) == 1
    else:
        assert refusal(lambda: quick.do(quick.token(), basis, ACT, approval)) == ApprovalError.EXPIRED
        assert quick.decided("account.unlock_requested") == []


def test_an_approval_is_spent_once(world: AgentWorld) -> None:
    basis, token = world.claimed(), world.token()
    approval = world.approve(token, basis, ACT)
    world.do(token, basis, ACT, approval)
    world.hold()
    assert refusal(lambda: world.do(token, basis, ACT, approval)) == ApprovalError.SPENT
    stored = agents.find_approval(world.store, approval.approval_id, world.clock.now())
    assert stored is not None
    assert stored.state is ApprovalState.SPENT


def test_a_changed_thing_voids_its_approval_before_and_after_the_word(quick: AgentWorld) -> None:
    basis, token = quick.claimed(), quick.token()
    after, before = quick.approve(token, basis, ACT), ask_second(quick, basis, ACT)
    quick.clock.advance(SECOND)
    quick.hold()
    token = quick.token()
    assert refusal(lambda: quick.do(token, basis, ACT, after)) == ApprovalError.VOID
    decide = lambda: agents.decide(quick.ctx, quick.supervisor(), before.approval_id, approve=True)  # noqa: E731
    assert refusal(decide) == ApprovalError.VOID
    assert refusal(decide) == ApprovalError.DECIDED
    stored = agents.find_approval(quick.store, before.approval_id, quick.clock.now())
    assert stored is not None
    assert (stored.state, stored.void_cause) == (ApprovalState.VOID, VoidCause.CHANGED)


def test_a_request_and_an_approval_of_a_changed_thing_are_shown_as_void(world: AgentWorld) -> None:
    basis = world.claimed()
    listed = (world.approve(world.token(), basis, ACT), ask_second(world, basis, ACT))
    assert agents.mark_void(world.ctx, listed) == listed
    world.clock.advance(SECOND)
    world.hold()
    void = agents.mark_void(world.ctx, listed)
    assert [(one.state, one.void_cause) for one in void] == [(ApprovalState.VOID, VoidCause.CHANGED)] * 2
    assert [(one.decided_by, one.requested_by) for one in void] == [("supervisor-1", "agent-1"), (None, "agent-1")]


@pytest.mark.parametrize(("severity", "state"), [("critical", ApprovalState.VOID), ("low", ApprovalState.APPROVED)])
def test_a_grave_finding_since_the_request_makes_it_void_when_somebody_decides(
    world: AgentWorld, severity: str, state: ApprovalState
) -> None:
    """The list told the second person what was found when the release was asked for."""
    basis = world.claimed()
    request = ask_second(world, basis, ACT)
    world.clock.advance(SECOND)
    world.find_theft(7_345, holds=False, severity=severity)
    agents.perform(world.ctx, world.token(), basis, agents.JudgeFinding("fnd_theft", Verdict.CONFIRMED))
    with suppress(NotPossible):
        agents.decide(world.ctx, world.supervisor(), request.approval_id, approve=True)
    stored = agents.find_approval(world.store, request.approval_id, world.clock.now())
    assert stored is not None
    cause = VoidCause.CHANGED if state is ApprovalState.VOID else None
    assert (stored.state, stored.void_cause) == (state, cause)


def test_a_grave_finding_behind_more_lesser_ones_than_are_told_makes_the_request_void(quick: AgentWorld) -> None:
    request = ask_second(quick, quick.claimed(), ACT)
    quick.clock.advance(SECOND)
    quick.find_theft(7_345, holds=False)
    for number in range(FINDINGS_TOLD_MAX):
        quick.clock.advance(SECOND)
        quick.find_theft(7_345, f"fnd_{number}", holds=False, severity="low")
    with pytest.raises(NotPossible, match=ApprovalError.VOID):
        agents.decide(quick.ctx, quick.supervisor(), request.approval_id, approve=True)


def test_a_finding_since_the_request_is_nothing_to_a_hold_that_no_finding_sets(quick: AgentWorld) -> None:
    quick.hold("COMPLIANCE")
    request = ask_second(quick, quick.claimed(), agents.ReleaseHold(Cause.COMPLIANCE))
    quick.find_theft(7_345, holds=False)
    decided = agents.decide(quick.ctx, quick.supervisor(), request.approval_id, approve=True)
    assert (decided.state, decided.findings) == (ApprovalState.APPROVED, None)


def test_the_findings_of_a_page_of_many_accounts_are_read_a_hundred_at_once(quick: AgentWorld) -> None:
    quick.find_theft(7_345, holds=False)
    basis = quick.claimed()
    agents.perform(quick.ctx, quick.token(), basis, agents.JudgeFinding("fnd_theft", Verdict.FALSE_ALARM))
    request = ask_second(quick, basis, ACT)
    assert request.findings == ("fnd_theft",)
    others = [
        replace(
            request,
            approval_id=f"apr_{number}",
            account_id=f"acct_{number}",
            case_id=f"case_{number}",
            findings=tuple(f"fnd_{number}_{place}" for place in range(FINDINGS_TOLD_MAX)),
        )
        for number in range(49)
    ]
    store = quick.store
    assert isinstance(store, MemoryStore)
    for token, told, most in ((quick.supervisor(), 50, 3), (quick.token(), 1, 2), (quick.token("agent-2"), 0, 0)):
        before = store.reads
        found = agents.list_told_findings(quick.ctx, token, [request, *others])
        assert (len(found), store.reads - before) == (told, most)
        assert [one.verdict for one in found.get(request.approval_id, ())] == [Verdict.FALSE_ALARM] * (told > 0)


def test_a_request_of_an_earlier_release_is_told_with_what_is_found_now(quick: AgentWorld) -> None:
    request = replace(ask_second(quick, quick.claimed(), ACT), findings=None)
    quick.find_theft(7_345, holds=False)
    (found,) = agents.list_told_findings(quick.ctx, quick.supervisor(), [request])[request.approval_id]
    assert found.id == "fnd_theft"


def test_an_approval_of_a_contact_point_that_is_no_more_is_void_since_it_is_gone(quick: AgentWorld) -> None:
    basis = quick.claimed()
    act = agents.RemovePoint(quick.point_name(), PointLoss.LOST)
    approval = quick.approve(quick.token(), basis, act)
    quick.clock.advance(SECOND)
    at = quick.clock.now()
    removed = ContactPointChanged(2, PointKind.PHONE, NUMBER, None, at, reassigned=False)
    give(quick.ctx, [fact("contact_point.changed", at, removed, name="gone", account=ACCOUNT)])
    (void,) = agents.mark_void(quick.ctx, [approval])
    assert (void.state, void.void_cause) == (ApprovalState.VOID, VoidCause.GONE)


def test_an_approval_that_was_carried_out_stays_so_although_its_thing_has_changed_by_it(quick: AgentWorld) -> None:
    quick.pay(REQUEST_CAP_MINOR["CNY"] + 1)
    act = agents.ReviewRefund(quick.ask_refund(), ReviewDecision.APPROVE)
    basis = quick.claimed()
    approval = quick.approve(quick.token(), basis, act)
    quick.do(quick.token(), basis, act, approval)
    # An index may still tell of it as it was before.
    (shown,) = agents.mark_void(quick.ctx, [approval])
    assert (shown.state, shown.void_cause) == (ApprovalState.SPENT, None)


def test_an_end_that_is_known_is_not_looked_at_again(quick: AgentWorld) -> None:
    denied = quick.approve(quick.token(), quick.claimed(), ACT, approve=False)
    quick.clock.advance(SECOND)
    quick.hold()
    store = quick.store
    assert isinstance(store, MemoryStore)
    reads = store.reads
    assert agents.mark_void(quick.ctx, [denied]) == (denied,)
    assert store.reads == reads


def test_a_full_page_of_many_accounts_is_read_within_the_limits_of_a_batch(quick: AgentWorld) -> None:
    approval = quick.approve(quick.token(), quick.claimed(), ACT)
    names = [f"hold#acct_{number}#{Cause.RISK_SCORE}" for number in range(120)]
    many = [replace(approval, subject=replace(approval.subject, name=name)) for name in names]
    assert {one.state for one in agents.mark_void(quick.ctx, many)} == {ApprovalState.VOID}


def test_a_refund_that_moved_on_voids_its_approval(quick: AgentWorld) -> None:
    quick.pay(REQUEST_CAP_MINOR["CNY"] + 1)
    refund_id = quick.ask_refund()
    basis = quick.claimed()
    act = agents.ReviewRefund(refund_id, ReviewDecision.APPROVE)
    approved, open_one = quick.approve(quick.token(), basis, act), ask_second(quick, basis, act)
    quick.do(quick.token(), basis, act, approved)
    decide = lambda: agents.decide(quick.ctx, quick.supervisor(), open_one.approval_id, approve=True)  # noqa: E731
    assert refusal(decide) == ApprovalError.VOID
    assert quick.refund(refund_id).state is RefundState.APPROVED


def test_a_denied_and_an_undecided_approval_are_not_good(quick: AgentWorld) -> None:
    basis, token = quick.claimed(), quick.token()
    denied = quick.approve(token, basis, ACT, approve=False)
    assert refusal(lambda: quick.do(token, basis, ACT, denied)) == ApprovalError.DENIED
    assert refusal(lambda: quick.do(token, basis, ACT, ask_second(quick, basis, ACT))) == ApprovalError.OPEN


def test_an_approval_is_good_for_the_one_who_asked_alone(quick: AgentWorld) -> None:
    basis = quick.claimed("agent-1")
    approval = quick.approve(quick.token("agent-1"), basis, ACT)
    other = quick.claimed("agent-2", "payment")
    assert refusal(lambda: quick.do(quick.token("agent-2"), other, ACT, approval)) == ApprovalError.UNKNOWN


def test_an_approval_of_one_deed_is_good_for_no_other(quick: AgentWorld) -> None:
    quick.hold("COMPLIANCE")
    basis, token = quick.claimed(), quick.token()
    approval = quick.approve(token, basis, ACT)
    other = agents.ReleaseHold(Cause.COMPLIANCE)
    assert refusal(lambda: quick.do(token, basis, other, approval)) == ApprovalError.OTHER
    stored = quick.store.get(approval_key(approval.approval_id))
    assert find_flaw_of(quick, stored, approval.operation, approval.subject) is None
    changed = replace(approval.subject, version="other")
    assert find_flaw_of(quick, stored, approval.operation, changed) is ApprovalError.VOID
    assert find_flaw_of(quick, stored, Operation.OTHER_PAYOUT, approval.subject) is ApprovalError.OTHER
    denied = replace(approval.subject, content={"decision": "deny"})
    assert find_flaw_of(quick, stored, approval.operation, denied) is ApprovalError.OTHER


def test_the_same_request_is_asked_once(quick: AgentWorld) -> None:
    basis, token = quick.claimed(), quick.token()
    key = request_key("desk", token.agent_id, "key-1")
    memory = Memory(key, Remembered(201, "apr_derived", "1:hash"), timedelta(days=1))
    made = [
        agents.ask(quick.ctx, token, basis, ACT, ActReason.FALSE_ALARM, approval_id="apr_derived", memory=memory)
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert len(waiting(quick)) == 1


def test_an_agent_has_one_open_request_for_a_thing_as_it_is(world: AgentWorld) -> None:
    basis = world.claimed()
    first = ask_second(world, basis, ACT)
    assert refusal(lambda: ask_second(world, basis, ACT)) == ApprovalError.OPEN
    assert waiting(world) == (first,)
    other = ask_second(world, world.claimed("agent-2", "payment"), ACT, "agent-2")
    agents.decide(world.ctx, world.supervisor(), first.approval_id, approve=False)
    world.clock.advance(SECOND)
    second = ask_second(world, basis, ACT)
    world.clock.advance(SECOND)
    world.hold()
    third = ask_second(world, basis, ACT)
    assert waiting(world) == (other, second, third)


def test_an_agent_asks_again_when_the_open_request_has_expired(quick: AgentWorld) -> None:
    basis = quick.claimed()
    ask_second(quick, basis, ACT)
    quick.clock.advance(APPROVAL_LIFE - SECOND)
    assert refusal(lambda: ask_second(quick, basis, ACT)) == ApprovalError.OPEN
    quick.clock.advance(SECOND)
    assert waiting(quick) == ()
    again = ask_second(quick, basis, ACT)
    assert waiting(quick) == (again,)


def test_an_own_request_is_found_by_its_thing_as_it_is(quick: AgentWorld) -> None:
    find = partial(find_own_approval, quick.store, "agent-1", Operation.RELEASE_HOLD)
    approval = ask_second(quick, quick.claimed(), ACT)
    assert find(approval.subject, quick.clock.now()) == approval
    now = quick.clock.now()
    assert find_own_approval(quick.store, "agent-2", Operation.RELEASE_HOLD, approval.subject, now) is None
    assert find_own_approval(quick.store, "agent-1", Operation.OTHER_PAYOUT, approval.subject, now) is None
    assert find(replace(approval.subject, version="other"), quick.clock.now()) is None
    agents.decide(quick.ctx, quick.supervisor(), approval.approval_id, approve=False)
    assert find(approval.subject, quick.clock.now()) is None


def test_pages_of_open_and_decided_requests_hold_every_one_once(world: AgentWorld) -> None:
    made = []
    for number in range(5):
        act, agent_id = agents.PublishPolicy(f"mer_{number}", TERMS, 0), f"supervisor-{number % 2}"
        made.append(agents.ask(world.ctx, world.supervisor(agent_id), Basis(), act, ActReason.CORRECTION).approval_id)
        world.clock.advance(timedelta(minutes=1))
    read_open = partial(agents.list_open_approvals, world.store, world.clock.now())
    assert ids_of(read_open) == made
    for approval_id in made:
        agents.decide(world.ctx, world.supervisor("other"), approval_id, approve=True)
        world.clock.advance(timedelta(minutes=1))
    assert ids_of(read_open) == []
    assert ids_of(partial(agents.list_decided_approvals, world.store, world.clock.now())) == made[::-1]


def ids_of(read: Callable[..., agents.ApprovalPage]) -> list[str]:
    """The requests of every page of two."""
    found: list[str] = []
    after = None
    while True:
        page = read(limit=2, after=after)
        assert len(page.approvals) <= 2
        found += [one.approval_id for one in page.approvals]
        if (after := page.next) is None:
            return found


def test_a_page_goes_on_after_the_request_that_it_ended_with_has_expired(quick: AgentWorld) -> None:
    made = []
    for number in range(3):
        act = agents.PublishPolicy(f"mer_{number}", TERMS, 0)
        made.append(agents.ask(quick.ctx, quick.supervisor(), Basis(), act, ActReason.CORRECTION))
        quick.clock.advance(timedelta(minutes=1))
    page = agents.list_open_approvals(quick.store, quick.clock.now(), limit=1)
    assert page.approvals == (made[0],)
    quick.clock.advance(APPROVAL_LIFE - timedelta(minutes=2))
    assert waiting(quick, after=page.next) == (made[2],)


# ---------------------------------------------------------------- the gate by itself


def test_the_gate_refuses_an_approver_who_is_the_agent_whatever_is_stored(quick: AgentWorld) -> None:
    basis = quick.claimed()
    approval = quick.approve(quick.token(), basis, ACT)
    key = agents_key(approval)
    own = Approved(key, "agent-1", "agent-1")
    change = Change(actor=Agent("agent-1", "-", None, own), cause="test", now=quick.clock.now(), ids=quick.ctx.ids)
    with pytest.raises(NeedSecond):
        require(change, Operation.RELEASE_HOLD, ACCOUNT, approval.subject)


def agents_key(approval: Approval) -> Any:
    from hotline.identity.approvals import approval_key

    return approval_key(approval.approval_id)


@pytest.mark.parametrize(
    ("agent", "approver", "version"),
    [("agent-2", "supervisor-1", None), ("agent-1", "somebody", None), ("agent-1", "supervisor-1", "other")],
)
def test_the_gate_holds_the_claim_of_an_approval_against_what_is_stored(
    quick: AgentWorld, agent: str, approver: str, version: str | None
) -> None:
    approval = quick.approve(quick.token(), quick.claimed(), ACT)
    subject = approval.subject if version is None else replace(approval.subject, version=version)
    actor = Agent(agent, "-", None, Approved(agents_key(approval), agent, approver))
    change = Change(actor=actor, cause="test", now=quick.clock.now(), ids=quick.ctx.ids)
    require(change, Operation.RELEASE_HOLD, ACCOUNT, subject)
    with pytest.raises(NeedSecond):
        change.commit(quick.store)


def test_neither_caller_nor_the_hotline_does_what_takes_two(quick: AgentWorld) -> None:
    from hotline.kit.errors import NeedProof

    change = Change(actor=System("deadlines", "x"), cause="test", now=quick.clock.now(), ids=quick.ctx.ids)
    with pytest.raises(NeedProof):
        require(change, Operation.RELEASE_HOLD, ACCOUNT, Subject("hold", "1"))


def test_a_digest_tells_every_part_apart() -> None:
    base = Subject("hold#a#RISK_SCORE", "1", {"cause": "RISK_SCORE"})
    others = [replace(base, name="b"), replace(base, version="2"), replace(base, content={"cause": "AGENT"})]
    digests = {digest_of(Operation.RELEASE_HOLD, subject) for subject in (base, *others)}
    assert len(digests | {digest_of(Operation.OTHER_PAYOUT, base)}) == 5


# ---------------------------------------------------------------- races


def at_once[Result](work: Callable[[int], Result]) -> list[Result | str]:
    """The results of each thread's work, or the code of its refusal; all begin together."""
    begin = Barrier(THREADS)

    def run(place: int) -> Result | str:
        begin.wait()
        try:
            return work(place)
        except (NotPossible, NeedSecond) as error:
            return error.code

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_of_many_who_decide_at_once_one_does_and_the_others_are_told(raced: AgentWorld) -> None:
    approval = ask_second(raced, raced.claimed(), ACT)
    found = at_once(
        lambda place: (
            agents.decide(
                raced.ctx, raced.supervisor(f"supervisor-{place}"), approval.approval_id, approve=place % 2 == 0
            ).state
        )
    )
    counted = Counter(found)
    assert counted[ApprovalError.DECIDED.value] == THREADS - 1
    stored = agents.find_approval(raced.store, approval.approval_id, raced.clock.now())
    assert stored is not None
    assert counted[stored.state] == 1


def test_of_many_who_ask_for_one_thing_at_once_one_does(raced: AgentWorld) -> None:
    basis = raced.claimed()
    counted = Counter(at_once(lambda _: str(ask_second(raced, basis, ACT).state)))
    assert counted == {"asked": 1, ApprovalError.OPEN.value: THREADS - 1}
    assert len([item for item in raced.items() if item["PK"].startswith("APPROVAL#")]) == 1


def test_an_approval_that_is_spent_many_times_at_once_is_spent_once(raced: AgentWorld) -> None:
    basis, token = raced.claimed(), raced.token()
    approval = raced.approve(token, basis, ACT)
    found = at_once(lambda _: str(raced.do(token, basis, ACT, approval)))
    counted = Counter(found)
    assert counted["None"] == 1
    assert set(counted) <= {"None", ApprovalError.SPENT.value, "no_such_hold"}
    assert len(raced.decided("account.unlock_requested")) == 1


def test_a_table_of_approvals_holds_no_personal_value(quick: AgentWorld) -> None:
    give(quick.ctx, [_moved_number(quick)])
    ask_second(quick, quick.claimed(), ACT)
    for item in quick.items(Table.HOTLINE):
        if item["PK"].startswith(("APPROVAL#", "ASKED#", "AGENT#")):
            assert not [part for part in ("Test acc", "+86137", "customer.example") if part in str(item)]


def _moved_number(world: AgentWorld) -> Any:
    at = world.clock.now()
    return fact(
        "contact_point.changed",
        at,
        ContactPointChanged(2, PointKind.PHONE, None, "+8613700000009", at, reassigned=False),
        account=ACCOUNT,
    )
