"""How often an agent looks, unmasks, opens and approves in an hour, at the edges, and many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from hotline.agents import service as agents
from hotline.agents.actions import OFFERED
from hotline.agents.acts import OPENINGS
from hotline.agents.limits import COUNTED, HOUR, LIMITS, UNMASKINGS_MAX, Counted, count_one, limit_keys
from hotline.agents.model import ActReason, AgentError, LookUpReason, Masked, Part
from hotline.identity.model import Operation
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.errors import NeedSecond, NotPossible
from hotline.kit.ids import RandomIds
from hotline.kit.store import Store
from hotline.lockout.model import Cause
from hotline.refunds.model import RefundState, ReviewDecision
from tests.support.agent_world import AgentWorld
from tests.support.stores import NOON


def count(store: Store, counted: Counted, *, agent: str = "agent-1", after: timedelta = timedelta()) -> None:
    now = NOON + after
    change = Change(actor=Agent(agent, "-"), cause="test", now=now, ids=RandomIds())
    count_one(change, counted, agent, store.batch_get(list(limit_keys(counted, agent, now))))
    change.commit(store)


@pytest.mark.parametrize("counted", Counted)
def test_the_last_one_of_an_hour_passes_and_the_next_does_not(store: Store, counted: Counted) -> None:
    for _ in range(LIMITS[counted].most):
        count(store, counted)
    with pytest.raises(NotPossible, match=LIMITS[counted].refusal):
        count(store, counted)
    count(store, counted, agent="agent-2")
    with pytest.raises(NotPossible, match=LIMITS[counted].refusal):
        count(store, counted, after=HOUR)
    count(store, counted, after=2 * HOUR)


@pytest.mark.parametrize("counted", Counted)
@pytest.mark.parametrize("after", [timedelta(), timedelta(minutes=40), timedelta(minutes=59, seconds=59)])
def test_a_refusal_says_after_how_many_seconds_there_is_room(store: Store, counted: Counted, after: timedelta) -> None:
    for _ in range(LIMITS[counted].most):
        count(store, counted, after=after)
    with pytest.raises(NotPossible) as refused:
        count(store, counted, after=after)
    wait = timedelta(seconds=int(str(refused.value.facts["wait_s"])))
    with pytest.raises(NotPossible):
        count(store, counted, after=after + wait - timedelta(seconds=1))
    count(store, counted, after=after + wait)


def test_a_refusal_at_the_commit_says_it_as_well(store: Store) -> None:
    counted = Counted.UNMASKINGS
    read = store.batch_get(list(limit_keys(counted, "agent-1", NOON)))
    late = Change(actor=Agent("agent-1", "-"), cause="test", now=NOON, ids=RandomIds())
    count_one(late, counted, "agent-1", read)
    for _ in range(LIMITS[counted].most):
        count(store, counted)
    with pytest.raises(NotPossible) as at_commit:
        late.commit(store)
    with pytest.raises(NotPossible) as before:
        count(store, counted)
    assert at_commit.value.facts["wait_s"] == before.value.facts["wait_s"]


def test_acts_that_let_somebody_in_count_as_openings_and_those_that_protect_do_not() -> None:
    unproved = {Operation.NEW_ROW_UNPROVED, *(act.unproved for act in OPENINGS)}
    second = {*unproved, Operation.RELEASE_HOLD, Operation.CONTACT_CHANGE}
    opening = {*OFFERED, *second} - {Operation.FREEZE, Operation.PAUSE}
    others = {Operation.UNMASK: Counted.UNMASKINGS, Operation.REVIEW_REFUND: Counted.REVIEWS}
    assert {**dict.fromkeys(opening, Counted.OPENINGS), **others} == COUNTED


def test_many_at_once_do_not_pass_the_limit_together(exact_store: Store) -> None:
    most = LIMITS[Counted.UNMASKINGS].most
    read = exact_store.batch_get(list(limit_keys(Counted.UNMASKINGS, "agent-1", NOON)))
    begin = Barrier(6)

    def work(_: int) -> int:
        begin.wait()
        done = 0
        for _ in range(most):
            change = Change(actor=Agent("agent-1", "-"), cause="test", now=NOON, ids=RandomIds())
            # As it was read before any of them: the condition at commit alone stands in the way.
            count_one(change, Counted.UNMASKINGS, "agent-1", read)
            try:
                change.commit(exact_store)
            except NotPossible:
                return done
            except Exception:  # noqa: S112, BLE001 - a conflict counts nothing
                continue
            done += 1
        return done

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, range(6))) <= most


@pytest.fixture
def world(memory_store: Store) -> AgentWorld:
    return AgentWorld(memory_store)  # type: ignore[arg-type]


def fill(world: AgentWorld, counted: Counted, agent: str = "agent-1", but: int = 0) -> None:
    for _ in range(LIMITS[counted].most - but):
        count(world.store, counted, agent=agent)


def test_looking_ends_at_the_limit_and_leaves_no_trace_beyond(world: AgentWorld) -> None:
    basis, token = world.claimed(), world.token()
    fill(world, Counted.LOOK_UPS, but=1)
    look: Any = lambda: agents.look_up(world.ctx, token, basis, Part.ACCOUNT, LookUpReason.CASE)  # noqa: E731
    look()
    with pytest.raises(NotPossible, match=AgentError.LOOK_UPS):
        look()
    assert len([entry for entry in world.audit() if entry["event"] == "agent.looked_up"]) == 1


def test_unmasking_goes_on_with_a_second_person_beyond_the_limit(world: AgentWorld) -> None:
    basis, token, act = world.claimed(), world.token(), agents.Unmask(Masked.NAME)
    for _ in range(UNMASKINGS_MAX):
        world.do(token, basis, act)
    with pytest.raises(NeedSecond):
        world.do(token, basis, act)
    approval = world.approve(token, basis, act)
    assert world.do(token, basis, act, approval).startswith("Test")
    with pytest.raises(NeedSecond):
        world.do(token, basis, act, approval)
    with pytest.raises(NeedSecond):
        world.do(token, basis, act)


def test_opening_ends_at_the_limit_also_with_proof(world: AgentWorld) -> None:
    world.lock_out()
    token = world.token()
    basis = world.take(world.call_in(), token)
    fill(world, Counted.OPENINGS)
    with pytest.raises(NotPossible, match=AgentError.OPENINGS):
        world.do(token, basis, agents.UNLOCK)
    assert world.decided("account.unlock_requested") == []
    assert world.do(token, basis, agents.FREEZE) == "ASKED"


def test_approving_ends_at_the_limit(world: AgentWorld) -> None:
    world.hold()
    basis = world.claimed()
    act = agents.ReleaseHold(Cause.RISK_SCORE)
    asked = agents.ask(world.ctx, world.token(), basis, act, ActReason.FALSE_ALARM)
    fill(world, Counted.APPROVALS, "supervisor-1")
    with pytest.raises(NotPossible, match=AgentError.APPROVALS):
        agents.decide(world.ctx, world.supervisor(), asked.approval_id, approve=True)


def test_asking_a_second_person_ends_at_the_limit(world: AgentWorld) -> None:
    world.hold()
    basis, act = world.claimed(), agents.ReleaseHold(Cause.RISK_SCORE)
    fill(world, Counted.REQUESTS)
    with pytest.raises(NotPossible, match=AgentError.REQUESTS):
        agents.ask(world.ctx, world.token(), basis, act, ActReason.FALSE_ALARM)
    assert not agents.list_open_approvals(world.store, world.clock.now(), limit=1).approvals


def test_each_request_and_each_review_counts(world: AgentWorld) -> None:
    world.hold()
    world.pay(12850)
    refund_id, basis = world.ask_refund(), world.claimed()
    agents.ask(world.ctx, world.token(), basis, agents.ReleaseHold(Cause.RISK_SCORE), ActReason.FALSE_ALARM)
    world.do(world.token(), basis, agents.ReviewRefund(refund_id, ReviewDecision.DENY))
    for counted in (Counted.REQUESTS, Counted.REVIEWS):
        assert len(world.store.batch_get(list(limit_keys(counted, "agent-1", NOON)))) == 1


def test_reviewing_ends_at_the_limit(world: AgentWorld) -> None:
    world.pay(12850)
    refund_id, basis = world.ask_refund(), world.claimed()
    fill(world, Counted.REVIEWS)
    with pytest.raises(NotPossible, match=AgentError.REVIEWS):
        world.do(world.token(), basis, agents.ReviewRefund(refund_id, ReviewDecision.DENY))
    assert world.refund(refund_id).state is RefundState.IN_REVIEW
