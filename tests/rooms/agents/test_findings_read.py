"""Two people decide by what was found: their word is good for the findings as the second person has read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from hotline.agents import service as agents
from hotline.agents.actions import Obstacle
from hotline.agents.model import AgentError, Basis, LookUpReason, Part
from hotline.identity.model import ApprovalError, ApprovalState, VoidCause
from hotline.kit.errors import NeedSecond
from hotline.lockout.model import Cause, LockState
from hotline.security.model import Verdict
from tests.rooms.agents.conftest import Begin
from tests.support.agent_world import AgentWorld
from tests.support.approvals import ask_second, refusal, see_now
from tests.support.interrupted_store import Interrupted
from tests.support.stores import NOON, AnyStore

THEFT = "fnd_theft"
SECOND = timedelta(seconds=1)
RELEASE = agents.ReleaseHold(Cause.RISK_SCORE)


@pytest.fixture
def begin() -> Begin:
    """A customer with a phone alone, whom two people may unlock and unfreeze, and a theft that is a false alarm."""

    def make(store: AnyStore) -> AgentWorld:
        found = AgentWorld(store, two_step=True, lone=True)
        found.find_theft(7_345, holds=False)
        judge(found, Verdict.FALSE_ALARM)
        return found

    return make


def judge(world: AgentWorld, verdict: Verdict, finding_id: str = THEFT) -> None:
    """Another agent's word, in a case of theirs."""
    basis = world.claimed("agent-2", "dispute")
    agents.perform(world.ctx, world.token("agent-2"), basis, agents.JudgeFinding(finding_id, verdict))


def confirm(world: AgentWorld) -> None:
    judge(world, Verdict.CONFIRMED)


def doubt(world: AgentWorld) -> None:
    judge(world, Verdict.UNCLEAR)


def steal_more(world: AgentWorld) -> None:
    """More money goes, by which the finding is corrected. The word on it stands."""
    world.find_theft(700_000, holds=False)


def take_back(world: AgentWorld) -> None:
    world.withdraw_finding(THEFT)


def find_another(world: AgentWorld) -> None:
    world.find_theft(9_999, "fnd_other", holds=False, severity="high")


CHANGES = (confirm, doubt, steal_more, take_back, find_another)


@dataclass(frozen=True)
class Deed:
    """An act that two people decide on beside what was found. `kind`: what it asks the wallet for, None for nothing."""

    act: Any
    begin: Callable[[AgentWorld], None]
    kind: str | None

    def count(self, world: AgentWorld) -> int:
        """How often it was done."""
        if self.kind is not None:
            return len(world.decided(self.kind))
        return sum(item["SK"].startswith("SUPPRESSION#") for item in world.items())


DEEDS = {
    "release": Deed(RELEASE, AgentWorld.hold, "account.unlock_requested"),
    "unlock": Deed(agents.UNLOCK, AgentWorld.lock_out, "account.unlock_requested"),
    "reset": Deed(agents.GRANT_RESET, AgentWorld.lock_out, "password_reset.authorised"),
    "unfreeze": Deed(agents.UNFREEZE, AgentWorld.freeze, "account.unfreeze_requested"),
    "suppress": Deed(agents.SuppressRule("drain", NOON + timedelta(days=2)), lambda _: None, None),
}
every_deed = pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
every_change = pytest.mark.parametrize("change", CHANGES)


@every_change
@every_deed
def test_an_approval_is_void_once_what_was_found_has_changed(
    quick: AgentWorld, deed: Deed, change: Callable[[AgentWorld], None]
) -> None:
    deed.begin(quick)
    basis = quick.claimed()
    given = quick.approve(quick.token(), basis, deed.act)
    quick.clock.advance(SECOND)
    change(quick)
    assert refusal(lambda: quick.do(quick.token(), basis, deed.act, given)) == ApprovalError.VOID
    assert deed.count(quick) == 0
    shown = see_now(quick, given)
    assert (shown.state, shown.void_cause) == (ApprovalState.VOID, VoidCause.CHANGED)


@every_change
@every_deed
def test_a_request_is_void_once_what_was_found_has_changed(
    quick: AgentWorld, deed: Deed, change: Callable[[AgentWorld], None]
) -> None:
    deed.begin(quick)
    asked = ask_second(quick, quick.claimed(), deed.act)
    quick.clock.advance(SECOND)
    change(quick)
    decide = lambda: agents.decide(quick.ctx, quick.supervisor(), asked.approval_id, approve=True)  # noqa: E731
    assert refusal(decide) == ApprovalError.VOID
    assert refusal(decide) == ApprovalError.DECIDED


@every_deed
def test_a_new_request_goes_by_what_is_found_now(quick: AgentWorld, deed: Deed) -> None:
    """The void one does not bar it, though nobody has decided on it."""
    deed.begin(quick)
    basis = quick.claimed()
    ask_second(quick, basis, deed.act)
    quick.clock.advance(SECOND)
    steal_more(quick)
    given = quick.approve(quick.token(), basis, deed.act)
    assert see_now(quick, given) == given
    quick.do(quick.token(), basis, deed.act, given)
    assert deed.count(quick) == 1


@every_deed
def test_an_approval_outlasts_what_is_nothing_to_it(world: AgentWorld, deed: Deed) -> None:
    deed.begin(world)
    basis = world.claimed()
    given = world.approve(world.token(), basis, deed.act)
    world.clock.advance(SECOND)
    world.find_theft(1, "fnd_low", holds=False, severity="low")
    judge(world, Verdict.FALSE_ALARM, "fnd_low")
    world.do(world.token(), basis, deed.act, given)
    assert deed.count(world) == 1


@every_change
@every_deed
def test_a_change_at_the_moment_of_the_deed_stops_it(
    raced: AgentWorld, deed: Deed, change: Callable[[AgentWorld], None]
) -> None:
    """Everything is read before, and written after it."""
    deed.begin(raced)
    basis, token = raced.claimed(), raced.token()
    given = raced.approve(token, basis, deed.act)
    ctx = replace(raced.ctx, store=Interrupted(raced.store, lambda: change(raced)))
    with pytest.raises(NeedSecond, match=ApprovalError.VOID):
        agents.perform(ctx, token, basis, deed.act, approval_id=given.approval_id)
    assert deed.count(raced) == 0


@every_change
def test_a_change_at_the_moment_of_the_second_word_stops_the_release(
    raced: AgentWorld, change: Callable[[AgentWorld], None]
) -> None:
    raced.hold()
    basis, token = raced.claimed(), raced.token()
    asked = ask_second(raced, basis, RELEASE)
    ctx = replace(raced.ctx, store=Interrupted(raced.store, lambda: change(raced)))
    given = agents.decide(ctx, raced.supervisor(), asked.approval_id, approve=True)
    assert see_now(raced, given).state is ApprovalState.VOID
    assert refusal(lambda: raced.do(token, basis, RELEASE, given)) == ApprovalError.VOID


def test_no_two_people_release_a_hold_for_a_theft_that_is_confirmed(world: AgentWorld) -> None:
    world.hold()
    confirm(world)
    basis, token = world.claimed(), world.token()
    assert refusal(lambda: ask_second(world, basis, RELEASE)) == AgentError.FINDING_CONFIRMED
    assert find_obstacle(world, basis) is Obstacle.FINDING_CONFIRMED
    world.do(token, basis, agents.FREEZE)
    assert refusal(lambda: ask_second(world, basis, RELEASE)) == AgentError.FINDING_CONFIRMED
    world.answer_as_wallet("account.freeze_requested")
    assert find_obstacle(world, basis) is None
    world.do(token, basis, RELEASE, world.approve(token, basis, RELEASE))
    world.answer_as_wallet("account.unlock_requested")
    assert world.view().state is LockState.FROZEN


def find_obstacle(world: AgentWorld, basis: Basis) -> Obstacle | None:
    request = agents.look_up(world.ctx, world.token(), basis, Part.ACCOUNT, LookUpReason.CASE)
    (release,) = agents.find_hold_action(request, Cause.RISK_SCORE, ())
    return release.obstacle


def test_a_theft_of_before_the_account_was_opened_stands_against_no_later_release(quick: AgentWorld) -> None:
    confirm(quick)
    quick.clock.advance(SECOND)
    basis = quick.claimed()
    quick.do(quick.token(), basis, agents.FREEZE)
    quick.answer_as_wallet("account.freeze_requested")
    quick.clock.advance(SECOND)
    quick.do(quick.token(), basis, agents.UNFREEZE, quick.approve(quick.token(), basis, agents.UNFREEZE))
    quick.answer_as_wallet("account.unfreeze_requested")
    quick.clock.advance(SECOND)
    quick.hold()
    quick.do(quick.token(), basis, RELEASE, quick.approve(quick.token(), basis, RELEASE))
    assert len(quick.decided("account.unlock_requested")) == 1
    quick.answer_as_wallet("account.unlock_requested")
    quick.clock.advance(SECOND)
    quick.hold()
    confirm(quick)
    assert refusal(lambda: ask_second(quick, basis, RELEASE)) == AgentError.FINDING_CONFIRMED
