"""The actions that an agent is shown at a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.agents.actions import (
    OFFERED,
    ByTwo,
    Obstacle,
    action_of,
    is_pointless,
    list_actions,
)
from hotline.identity.model import Approval, ApprovalState, ByAgent, Operation, Subject
from hotline.identity.service import digest_of
from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.store import hotline_key
from hotline.lockout.model import Cause, Component, DecisionKind, LockState, LockView, SelfService
from tests.support.facts import NOON
from tests.support.sweeps import sweep

SUBJECT = Subject("hold#acc_1#RISK_SCORE", "v1", {"cause": "RISK_SCORE"})


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
    by_two = {Operation.UNFREEZE: ByTwo(Operation.UNFREEZE_UNPROVED, freeze, is_possible=True)}
    for asked, named in (((other,), None), ((approval(Operation.UNFREEZE_UNPROVED, freeze), other), "apr_1")):
        actions = list_actions(None, asked, NOON, None, by_two=by_two)
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


@sweep(
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


def lock(
    *parts: tuple[LockState, Cause], unlockable: bool = False, resettable: bool = False, asked: bool = False
) -> LockView:
    found = tuple(Component(state, cause, NOON, None) for state, cause in parts)
    kind = DecisionKind.UNLOCK if asked else None
    own = SelfService.NO
    return LockView(
        found[0].state,
        found[0].cause,
        NOON,
        None,
        own,
        kind,
        found,
        opening=asked,
        unlockable=unlockable,
        resettable=resettable,
    )


SOFT = (LockState.SOFT, Cause.TOO_MANY_PASSWORD)
HARD = (LockState.HARD, Cause.TOO_MANY_PASSWORD)
FREEZE = (LockState.FROZEN, Cause.CUSTOMER_REQUEST)


@sweep(
    ("view", "unlock", "reset"),
    [
        (lock(SOFT, unlockable=True, resettable=True), None, None),
        (lock(SOFT, resettable=True), Obstacle.NEW_PASSWORD, None),
        (lock(SOFT, asked=True), Obstacle.NOTHING_TO_DO, None),
        (lock(HARD, resettable=True), Obstacle.NEW_PASSWORD, None),
        (lock(FREEZE, HARD), Obstacle.OTHER_FIRST, Obstacle.OTHER_FIRST),
        (lock(FREEZE, SOFT), Obstacle.OTHER_FIRST, Obstacle.OTHER_FIRST),
        (lock(FREEZE), Obstacle.NOTHING_TO_DO, Obstacle.OTHER_FIRST),
        (lock((LockState.CLOSED, Cause.OTHER), SOFT), Obstacle.NOTHING_TO_DO, Obstacle.NOTHING_TO_DO),
    ],
)
def test_an_opening_that_would_end_nothing_says_what_does(
    view: LockView, unlock: Obstacle | None, reset: Obstacle | None
) -> None:
    actions = list_actions(proof(FactorKind.SMS), (), NOON, None, view)
    why = {one.operation: one.obstacle for one in actions}
    assert (why[Operation.UNLOCK], why[Operation.RESET_GRANT]) == (unlock, reset)


@pytest.mark.parametrize(
    ("part", "done"),
    [
        (SOFT, {Operation.UNLOCK}),
        ((LockState.PAUSED, Cause.CUSTOMER_REQUEST), {Operation.END_PAUSE}),
        (FREEZE, {Operation.UNFREEZE}),
    ],
)
def test_an_opening_that_the_wallet_was_asked_for_is_not_asked_for_again(
    part: tuple[LockState, Cause], done: set[Operation]
) -> None:
    def offered(view: LockView) -> set[Operation]:
        listed = list_actions(None, (), NOON, None, view)
        return {one.operation for one in listed if one.obstacle is not Obstacle.NOTHING_TO_DO}

    before = lock(part, unlockable=True)
    assert offered(before) - offered(replace(before, opening=True)) == done


def test_no_new_password_is_allowed_twice() -> None:
    granted = replace(lock(HARD, resettable=True), recovery_until=NOON)
    for view, obstacle in ((lock(HARD, resettable=True), None), (granted, Obstacle.NOTHING_TO_DO)):
        why = {one.operation: one.obstacle for one in list_actions(proof(FactorKind.SMS), (), NOON, None, view)}
        assert why[Operation.RESET_GRANT] is obstacle


@pytest.mark.parametrize("kinds", [(), (FactorKind.SMS,)])
def test_rows_are_begun_anew_only_where_one_is_full(kinds: tuple[FactorKind, ...]) -> None:
    rows = {Operation.NEW_ROW, Operation.NEW_ROW_UNPROVED}
    (empty,) = [one for one in list_actions(proof(*kinds), (), NOON, None, rows_full=False) if one.operation in rows]
    (full,) = [one for one in list_actions(proof(*kinds), (), NOON, None) if one.operation in rows]
    assert (empty.obstacle, full.obstacle) == (Obstacle.NO_FULL_ROW, None)
