"""The actions that an agent is shown at a case, and the step that the case needs next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hotline.agents.actions import (
    OFFERED,
    Action,
    Obstacle,
    Step,
    action_of,
    find_next_step,
    is_pointless,
    list_actions,
)
from hotline.cases.model import Audience, Case, CaseEntry, CaseStatus, EntryKind, Established, Priority, skill_of
from hotline.identity.model import Approval, ApprovalState, ByAgent, Operation, Subject
from hotline.identity.service import digest_of
from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.store import hotline_key
from hotline.lockout.model import LockState
from tests.support.facts import NOON

SUBJECT = Subject("hold#acc_1#RISK_SCORE", "v1", {"cause": "RISK_SCORE"})
UNLOCKABLE = Action(Operation.UNLOCK, ByAgent.PROOF)


def proof(*kinds: FactorKind) -> Proof:
    factors = tuple(ProvedFactor(kind, Purpose.ACT, "p", NOON + timedelta(minutes=1)) for kind in kinds)
    return Proof(hotline_key("CALL#c", "STATE"), "acc_1", factors, two_step=False)


def approval(operation: Operation, subject: Subject = SUBJECT, name: str = "apr_1") -> Approval:
    return Approval(
        approval_id=name,
        operation=operation,
        subject=subject,
        digest=digest_of(operation, subject),
        reason="false_alarm",
        account_id="acc_1",
        case_id="case_1",
        requested_by="agent-1",
        requested_by_name="Anna",
        requested_at=NOON,
        expires_at=NOON + timedelta(hours=1),
        state=ApprovalState.ASKED,
    )


def case(topic: str = "general", **own: Any) -> Case:
    told: dict[str, Any] = {"case_id": "case_1", "account_id": "acc_1", "reason": "caller.asked", "version": 1}
    told |= {"priority": Priority.NORMAL, "status": CaseStatus.CLAIMED, "language": "en-US"}
    told |= {"opened_at": NOON, "updated_at": NOON, "due_at": NOON, "skill": skill_of(topic, "en-US")}
    return Case(topic=topic, **(told | own))


def entry(kind: EntryKind, actor: str, reason: str = "-", refund_id: str | None = None) -> CaseEntry:
    facts = {"refund_id": refund_id} if refund_id is not None else {}
    return CaseEntry("e", 1, NOON, kind, Audience.AGENT, actor, reason, facts)


def told(reason: str, refund_id: str = "ref_1") -> CaseEntry:
    return entry(EntryKind.ADDED, "system:deadlines", reason, refund_id)


def decided(operation: Operation, refund_id: str = "ref_1") -> CaseEntry:
    return entry(EntryKind.DECIDED, "agent:agent-1:case_1", f"agent.{operation.value}", refund_id)


OPENED = entry(EntryKind.OPENED, "caller:c")
DONE = entry(EntryKind.DECIDED, "agent:agent-1:case_1", "agent.unlock")


@pytest.mark.parametrize(
    ("kinds", "needs_proof"),
    [
        ((), {Operation.UNLOCK, Operation.RESET_GRANT, Operation.END_PAUSE, Operation.UNFREEZE}),
        ((FactorKind.SMS,), {Operation.UNFREEZE}),
        ((FactorKind.SMS, FactorKind.PIN), set()),
    ],
)
def test_an_action_that_needs_proof_waits_for_as_much_as_it_needs(
    kinds: tuple[FactorKind, ...], needs_proof: set[Operation]
) -> None:
    actions = list_actions(proof(*kinds), (), NOON, None)
    assert {one.operation for one in actions if one.obstacle is Obstacle.NEEDS_PROOF} == needs_proof
    assert {one.obstacle for one in actions} <= {None, Obstacle.NEEDS_PROOF}


def test_every_action_upon_an_account_is_offered_and_rows_are_begun_anew_by_proof_or_by_two() -> None:
    with_proof = tuple(one.operation for one in list_actions(proof(FactorKind.SMS), (), NOON, None))
    assert with_proof == OFFERED
    without = {one.operation: one.level for one in list_actions(None, (), NOON, None)}
    assert without[Operation.NEW_ROW_UNPROVED] is ByAgent.SECOND
    assert Operation.NEW_ROW not in without
    assert len(without) == len(OFFERED)


def test_an_account_that_cannot_give_two_factors_is_unfrozen_by_two() -> None:
    freeze = Subject("freeze#acc_1", "v1")
    other = approval(Operation.UNFREEZE_UNPROVED, Subject("freeze#acc_1", "v2"), "other")
    for asked, named in (((other,), None), ((approval(Operation.UNFREEZE_UNPROVED, freeze), other), "apr_1")):
        actions = list_actions(None, asked, NOON, None, lone_freeze=freeze)
        (found,) = [one for one in actions if one.operation in (Operation.UNFREEZE, Operation.UNFREEZE_UNPROVED)]
        assert (found.operation, found.level, found.obstacle) == (Operation.UNFREEZE_UNPROVED, ByAgent.SECOND, None)
        assert (found.approval.approval_id if found.approval is not None else None) == named


def test_an_obstacle_of_all_stands_before_the_proof_that_is_missing() -> None:
    assert {one.obstacle for one in list_actions(None, (), NOON, Obstacle.NOT_CLAIMED)} == {Obstacle.NOT_CLAIMED}


def test_an_action_of_two_names_the_latest_approval_for_the_same_thing() -> None:
    other = Subject("hold#acc_1#AGENT", "v1", {})
    asked = [approval(Operation.RELEASE_HOLD, name="first"), approval(Operation.RELEASE_HOLD, name="second")]
    asked += [approval(Operation.RELEASE_HOLD, other, "other"), approval(Operation.OTHER_PAYOUT, name="payout")]

    def found(subject: Subject | None) -> str | None:
        named = action_of(Operation.RELEASE_HOLD, None, asked, NOON, subject=subject).approval
        return named.approval_id if named is not None else None

    nobodys = Subject("hold#acc_2#AGENT", "v1", {})
    assert (found(SUBJECT), found(None), found(nobodys)) == ("second", "other", None)
    assert action_of(Operation.UNLOCK, None, [approval(Operation.UNLOCK)], NOON).approval is None


@pytest.mark.parametrize(
    ("shown", "actions", "step"),
    [
        (case(status=CaseStatus.CLOSED), (), None),
        (case("refund", established=Established(missing_documents=("id_card",))), (), Step.ASK_DOCUMENTS),
        (case("refund", reason="caller.callback"), (), Step.CALL_BACK),
        (case("lockout"), (UNLOCKABLE,), Step.UNLOCK),
        (case("lockout"), (Action(Operation.UNLOCK, ByAgent.PROOF, Obstacle.NEEDS_PROOF),), Step.ASK_PROOF),
        (case("lockout"), (Action(Operation.FREEZE, ByAgent.ALONE),), Step.ASK_PROOF),
        (case("refund"), (), Step.DECIDE_REFUND),
        (case("security"), (), Step.JUDGE_FINDING),
        (case("dispute"), (), Step.ANSWER_DISPUTE),
        (case("dispute", reason="caller.callback"), (), Step.CALL_BACK),
        (case("general"), (), None),
    ],
)
def test_a_case_names_the_step_that_it_needs_next(shown: Case, actions: tuple[Action, ...], step: Step | None) -> None:
    assert find_next_step(shown, (OPENED,), actions) is step


@pytest.mark.parametrize(
    ("after", "done"),
    [
        ((), False),
        ((DONE,), True),
        *(((entry(EntryKind.DECIDED, "agent:a:c", f"agent.{one.value}"),), True) for one in OFFERED),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.new_row_unproved"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.unfreeze_unproved"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.review_refund"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.review_large_refund"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.other_payout"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.judge_finding"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.approval_asked"),), False),
        ((DONE, entry(EntryKind.DECIDED, "agent:a:c", "agent.approval_asked")), True),
        ((entry(EntryKind.ADDED, "agent:a:c"),), True),
        ((DONE, entry(EntryKind.ADDED, "caller:c")), False),
        ((DONE, entry(EntryKind.REOPENED, "agent:a:c")), False),
        ((DONE, entry(EntryKind.OPENED, "caller:c")), False),
        ((DONE, entry(EntryKind.NOTED, "agent:a:c")), True),
    ],
)
def test_a_case_is_to_be_closed_once_an_agent_has_done_something_since_somebody_spoke(
    after: tuple[CaseEntry, ...], done: bool
) -> None:
    found = find_next_step(case("lockout"), (OPENED, *after), (UNLOCKABLE,))
    assert found is (Step.CLOSE if done else Step.UNLOCK)


def test_a_freeze_is_no_answer_to_a_dispute() -> None:
    frozen = entry(EntryKind.DECIDED, "agent:a:c", "agent.freeze")
    assert find_next_step(case("dispute"), (OPENED, frozen), ()) is Step.ANSWER_DISPUTE


@pytest.mark.parametrize(
    ("after", "step"),
    [
        ((told("refund_review"),), Step.DECIDE_REFUND),
        ((told("refund_unpaid"),), Step.PAY_OTHER_WAY),
        ((told("refund_overdue"),), Step.TRACE_REFUND),
        ((told("refund_review"), decided(Operation.REVIEW_REFUND)), Step.CLOSE),
        ((told("refund_review"), decided(Operation.REVIEW_REFUND), told("refund_unpaid")), Step.PAY_OTHER_WAY),
        ((told("refund_unpaid"), decided(Operation.OTHER_PAYOUT)), Step.CLOSE),
        ((told("refund_unpaid"), told("refund_review", "ref_2")), Step.PAY_OTHER_WAY),
        ((told("refund_unpaid"), told("refund_review", "ref_2"), decided(Operation.OTHER_PAYOUT)), Step.DECIDE_REFUND),
        ((told("refund_unpaid"), told("refund_overdue"), decided(Operation.REVIEW_REFUND, "ref_2")), Step.CLOSE),
        ((told("refund_overdue"), told("refund_unpaid"), DONE), Step.PAY_OTHER_WAY),
    ],
)
def test_the_next_step_of_a_refund_is_the_one_that_it_came_into_the_case_for(
    after: tuple[CaseEntry, ...], step: Step
) -> None:
    assert find_next_step(case("refund"), (OPENED, *after), ()) is step


@pytest.mark.parametrize(
    ("states", "pointless"),
    [
        ((), {Operation.UNLOCK, Operation.END_PAUSE, Operation.UNFREEZE}),
        ((LockState.SOFT,), {Operation.END_PAUSE, Operation.UNFREEZE}),
        ((LockState.HARD,), {Operation.END_PAUSE, Operation.UNFREEZE}),
        ((LockState.HOLD,), {Operation.UNLOCK, Operation.END_PAUSE, Operation.UNFREEZE}),
        ((LockState.PAUSED,), {Operation.UNLOCK, Operation.UNFREEZE, Operation.PAUSE}),
        ((LockState.FROZEN,), {Operation.UNLOCK, Operation.END_PAUSE, Operation.PAUSE, Operation.FREEZE}),
        ((LockState.SOFT, LockState.PAUSED), {Operation.UNFREEZE, Operation.PAUSE}),
    ],
)
def test_an_action_that_would_change_nothing_is_pointless(
    states: tuple[LockState, ...], pointless: set[Operation]
) -> None:
    assert {operation for operation in OFFERED if is_pointless(operation, frozenset(states))} == pointless
