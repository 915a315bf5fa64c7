"""The actions that an agent has upon the things of an account: its refunds, and the holds that keep it shut. An edit of
what supervisors keep is one, too.

They are copies for display, as in actions: the gate decides anew when the agent does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.accounts.model import ContactPoint
from hotline.identity.model import Approval, PointLoss, Subject
from hotline.identity.service import Operation, find_nameable, point_name, point_subject
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import Cause
from hotline.payments import service as payments
from hotline.payments.model import Movement
from hotline.refunds import service as refunds
from hotline.refunds.model import OfferOutcome, PayoutWay, Refund, RefundState, ReviewDecision
from hotline.security import service as security

from .access import AgentRequest
from .actions import Action, Obstacle, action_of
from .approvals import find_own_approval
from .findings import is_finding_first, is_theft_left, look_through
from .model import AgentToken, Permission
from .subjects import UNVERSIONED


def list_refund_actions(
    request: AgentRequest, listed: Sequence[Refund], approvals: Sequence[Approval]
) -> Mapping[str, tuple[Action, ...]]:
    """The actions upon each refund of a page, by its id: a decision on one in review, another way for one that did not
    arrive. `approvals` are the agent's own about the case. Two reads, whatever the page holds."""
    _read_for(request, listed)
    return {one.refund_id: _refund_actions(request, one, approvals) for one in listed}


def find_hold_action(request: AgentRequest, cause: Cause | None, approvals: Sequence[Approval]) -> tuple[Action, ...]:
    """The release of a hold of this cause; nothing for one that no agent releases. `request` has read the lock. One
    read, and one query for a hold that findings may have set."""
    if cause is None or cause not in lockout.RELEASABLE:
        return ()
    read = request.fetch((accounts.found_key(request.account_id),))
    subject = lockout.hold_subject(read, request.account_id, cause)
    found = look_through(request.ctx.store, request.account_id, cause, request.now)
    stands = Obstacle.FINDING_FIRST if is_finding_first(cause, found) else None
    if stands is None and is_theft_left(read, request.account_id, found, request.now):
        stands = Obstacle.FINDING_CONFIRMED
    return (action_of(Operation.RELEASE_HOLD, None, approvals, request.now, stands, subject),)


def read_payments(request: AgentRequest, listed: Sequence[Movement]) -> Mapping[Key, Item]:
    """The items beside the movements of a page: their other charges, and what bars a refund. One read, whatever the
    page holds."""
    account_id = request.account_id
    of_bars = {key for one in listed for key in refunds.bar_keys(account_id, one.movement_id)}
    return request.fetch(of_bars | payments.other_keys(listed))


def list_payment_actions(request: AgentRequest, listed: Sequence[Movement]) -> Mapping[str, tuple[Action, ...]]:
    """The actions upon each movement of a page, by its sort key: the request for a refund of a payment. `request` has
    read the profile, and what `read_payments` reads."""
    return {one.sk: _find_payment_action(request, one) for one in listed}


def _find_payment_action(request: AgentRequest, movement: Movement) -> tuple[Action, ...]:
    """The request for a refund, with the customer's proof; nothing where no refund may be asked for."""
    profile_item = request.read.get(accounts.profile_key(request.account_id))
    offered = refunds.offer(movement, policy_item=None, profile_item=profile_item, now=request.now, read=request.read)
    if offered.outcome is not OfferOutcome.OFFERED:
        return ()
    subject = Subject(f"payment#{request.account_id}#{movement.movement_id}", UNVERSIONED)
    return (action_of(Operation.REFUND, request.proof(standing=False), (), request.now, subject=subject),)


def find_point_action(request: AgentRequest, point: ContactPoint, approvals: Sequence[Approval]) -> tuple[Action, ...]:
    """The removal of a present contact point; nothing for one that no decision can name. `request` has read the
    profile."""
    name = point_name(request.account_id, point)
    try:
        find_nameable(request.profile, name)
    except NotPossible:
        return ()
    subject = point_subject(request.profile, name, PointLoss.LOST)
    return (action_of(Operation.CONTACT_CHANGE, None, approvals, request.now, subject=subject),)


def find_suppression_actions(
    request: AgentRequest, rules: Iterable[str], approvals: Sequence[Approval]
) -> Mapping[str, tuple[Action, ...]]:
    """The suppression of each of these rules for the account, by the rule; nothing for one that is no more. One read,
    whatever the rules."""
    named = [rule for rule in dict.fromkeys(rules) if security.is_suppressible(rule)]
    read = request.fetch(key for rule in named for key in security.suppression_keys(request.account_id, rule))
    found = {}
    for rule in named:
        operation, subject = security.suppression_need(read, request.account_id, rule, None)
        found[rule] = (action_of(operation, None, approvals, request.now, subject=subject),)
    return found


def list_edit_actions(
    store: Store, token: AgentToken, operation: Operation, subject: Subject, now: datetime
) -> tuple[Action, ...]:
    """The edit of a thing that no case is about, with the agent's own request; nothing for who may not edit. Two reads
    at most."""
    if Permission.MANAGE not in token.permissions():
        return ()
    own = find_own_approval(store, token.agent_id, operation, subject, now)
    return (action_of(operation, None, () if own is None else (own,), now, subject=subject),)


def _read_for(request: AgentRequest, listed: Sequence[Refund]) -> None:
    account_id = request.account_id
    request.fetch(
        key
        for refund in listed
        if _may_be_decided(refund) or _may_be_paid_otherwise(refund)
        for key in refunds.deciding_keys(account_id, refund.refund_id)
    )
    request.fetch(
        key
        for refund in listed
        if _may_be_decided(refund) or _may_be_paid_otherwise(refund)
        for key in refunds.paid_keys(request.read, account_id, refund.refund_id)
    )


def _may_be_decided(refund: Refund) -> bool:
    return refund.state is RefundState.IN_REVIEW


def _may_be_paid_otherwise(refund: Refund) -> bool:
    return refund.state.is_unpaid and refund.payout is None


def _refund_actions(request: AgentRequest, refund: Refund, approvals: Sequence[Approval]) -> tuple[Action, ...]:
    account_id, refund_id = request.account_id, refund.refund_id
    if _may_be_decided(refund):
        operation, subject = refunds.review_need(request.read, account_id, refund_id, ReviewDecision.APPROVE)
    elif _may_be_paid_otherwise(refund):
        operation = Operation.OTHER_PAYOUT
        try:
            subject = refunds.payout_subject(request.read, account_id, refund_id, PayoutWay.BALANCE)
        except NotPossible:
            return ()
    else:
        return ()
    return (action_of(operation, None, approvals, request.now, subject=subject),)
