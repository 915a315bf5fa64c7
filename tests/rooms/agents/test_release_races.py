"""A release of a hold and a finding of the scan that meet: whichever is written second goes by the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.agents import service as agents
from hotline.identity.model import ApprovalError
from hotline.kit.errors import NeedSecond, Stale
from hotline.lockout.model import Cause, DecisionKind, LockState
from tests.support.agent_world import AgentWorld
from tests.support.interrupted_store import Interrupted

ACT = agents.ReleaseHold(Cause.RISK_SCORE)


def test_a_hold_is_not_released_when_a_grave_finding_comes_in_between(raced: AgentWorld) -> None:
    raced.hold()
    basis, token = raced.claimed(), raced.token()
    approval = raced.approve(token, basis, ACT)
    ctx = replace(raced.ctx, store=Interrupted(raced.store, lambda: raced.find_theft(7_345)))
    with pytest.raises(NeedSecond, match=ApprovalError.VOID):
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
