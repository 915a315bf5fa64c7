"""A release of a hold and a finding of the scan that meet: whichever is written second goes by the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from hotline.agents import service as agents
from hotline.agents.model import AgentError
from hotline.cases import service as cases
from hotline.cases.model import SECURITY_TOPIC, CloseReason
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.errors import NotPossible, Stale
from hotline.kit.store import Key, Page, Put, Query, Update, Write
from hotline.kit.store.condition import Item
from hotline.lockout.model import Cause, DecisionKind, LockState
from tests.support.agent_world import AgentWorld
from tests.support.money_world import ACCOUNT
from tests.support.stores import AnyStore

ACT = agents.ReleaseHold(Cause.RISK_SCORE)


@dataclass
class Interrupted:
    """A store in which something happens between what is read and what is written, once."""

    store: AnyStore
    meanwhile: Callable[[], object] | None

    def get(self, key: Key) -> Item | None:
        return self.store.get(key)

    def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        return self.store.batch_get(keys)

    def query(self, query: Query) -> Page:
        return self.store.query(query)

    def write_alone(self, write: Put | Update) -> Item:
        return self.store.write_alone(write)

    def put_all(self, puts: Sequence[Put]) -> None:
        self.store.put_all(puts)

    def transact(self, writes: Sequence[Write], *, token: str) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        self.store.transact(writes, token=token)


def open_none(_: AgentWorld) -> None:
    """No security case of the account is open."""


def open_one(world: AgentWorld) -> None:
    world.open_case(SECURITY_TOPIC)


def replace_security_case(world: AgentWorld) -> None:
    """The open security case is closed, and a finding opens another, whose pointer counts its versions from one."""
    pointer = world.store.get(cases.pointer_key(ACCOUNT, SECURITY_TOPIC))
    assert pointer is not None
    basis = world.claim(pointer["case_id"], "agent-3")
    assert basis.case_id is not None
    change = Change(actor=Agent("agent-3", basis.case_id), cause="close", now=world.clock.now(), ids=world.ctx.ids)
    read = world.store.batch_get(list(cases.agent_keys(basis.case_id)))
    cases.contribute_close(change, read, basis.case_id, reason=CloseReason.RESOLVED)
    change.commit(world.store)
    world.find_theft(7_345)


def find_theft(world: AgentWorld) -> None:
    world.find_theft(7_345)


@pytest.mark.parametrize(
    ("begun", "meanwhile"),
    [(open_none, find_theft), (open_one, find_theft), (open_one, replace_security_case)],
)
def test_a_hold_is_not_released_when_a_grave_finding_comes_in_between(
    raced: AgentWorld, begun: Callable[[AgentWorld], None], meanwhile: Callable[[AgentWorld], None]
) -> None:
    begun(raced)
    raced.hold()
    basis, token = raced.claimed(), raced.token()
    approval = raced.approve(token, basis, ACT)
    ctx = replace(raced.ctx, store=Interrupted(raced.store, lambda: meanwhile(raced)))
    with pytest.raises(NotPossible, match=AgentError.FINDING_UNJUDGED):
        agents.perform(ctx, token, basis, ACT, approval_id=approval.approval_id)
    assert raced.decided("account.unlock_requested") == []
    assert raced.view().asked is None


def test_a_finding_that_was_judged_against_a_hold_released_meanwhile_asks_for_a_hold_of_its_own(
    raced: AgentWorld,
) -> None:
    raced.hold()
    basis, token = raced.claimed(), raced.token()
    approval = raced.approve(token, basis, ACT)
    raced.clock.advance(timedelta(seconds=1))
    store = raced.store
    raced.store = Interrupted(store, lambda: raced.do(token, basis, ACT, approval))  # type: ignore[assignment]
    with pytest.raises(Stale):
        raced.find_theft(7_345)
    raced.store = store
    assert len(raced.decided("account.unlock_requested")) == 1
    raced.clock.advance(timedelta(seconds=1))
    raced.find_theft(7_345)
    view = raced.view()
    assert (view.state, view.cause, view.asked) == (LockState.HOLD, Cause.RISK_SCORE, DecisionKind.LOCK)
