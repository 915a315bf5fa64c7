"""Findings on an account beyond one page of them: none is passed over before a hold is released."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import batched

import pytest

from hotline.agents import service as agents
from hotline.agents.findings import is_finding_first, look_through
from hotline.agents.model import AgentError
from hotline.kit.errors import NotPossible
from hotline.kit.store import TRANSACTION_ITEMS_MAX, Key, Put, Table
from hotline.kit.store.condition import Item
from hotline.lockout.model import Cause
from hotline.security.model import FINDINGS_READ_MAX, Verdict
from hotline.security.service import FINDINGS_SEEN_MAX
from tests.support.agent_world import AgentWorld
from tests.support.money_world import ACCOUNT

JUDGED = {
    "state": "resolved",
    "verdict": "false_alarm",
    "judged_by": "agent-2",
    "judged_at": "2026-11-23T12:00:00.000Z",
}


def copies(found: Item, count: int) -> Iterator[Put]:
    """Judged findings that stand before the one that was found, in the order of their keys."""
    told = {name: value for name, value in found.items() if name not in ("PK", "SK", "attention_pk", "attention_sk")}
    for number in range(count):
        key = Key(Table.HOTLINE, found["PK"], f"FINDING#!{number:05}")
        yield Put(key, {**told, **JUDGED, "finding_id": f"fnd_{number}"})


def find_many(world: AgentWorld, judged: int) -> str:
    """A theft that nobody has judged, behind findings that somebody has; its id."""
    finding_id = world.find_theft(7_345)
    (found,) = [item for item in world.items() if item["SK"].startswith("FINDING#")]
    for place, chunk in enumerate(batched(copies(found, judged), TRANSACTION_ITEMS_MAX, strict=False)):
        world.store.transact(list(chunk), token=f"findings-{place}")
    return finding_id


@pytest.mark.parametrize("judged", [FINDINGS_SEEN_MAX - 1, FINDINGS_SEEN_MAX, FINDINGS_SEEN_MAX + 1])
def test_a_finding_behind_a_whole_page_of_judged_ones_stops_the_release(world: AgentWorld, judged: int) -> None:
    finding_id = find_many(world, judged)
    basis, token, act = world.claimed(), world.token(), agents.ReleaseHold(Cause.RISK_SCORE)
    with pytest.raises(NotPossible, match=AgentError.FINDING_UNJUDGED):
        world.approve(token, basis, act)
    judge = agents.JudgeFinding(finding_id, Verdict.FALSE_ALARM)
    agents.perform(world.ctx, token, basis, judge)
    world.do(token, basis, act, world.approve(token, basis, act))
    assert len(world.decided("account.unlock_requested")) == 1


@pytest.mark.parametrize(("judged", "first"), [(FINDINGS_READ_MAX - 1, False), (FINDINGS_READ_MAX, True)])
def test_more_findings_than_are_looked_through_count_as_not_judged(
    quick: AgentWorld, judged: int, *, first: bool
) -> None:
    finding_id = find_many(quick, judged)
    basis = quick.claimed()
    agents.perform(quick.ctx, quick.token(), basis, agents.JudgeFinding(finding_id, Verdict.FALSE_ALARM))
    found = look_through(quick.store, ACCOUNT, Cause.RISK_SCORE, quick.clock.now())
    assert is_finding_first(Cause.RISK_SCORE, found) is first
