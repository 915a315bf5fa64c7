"""How the wallet's facts become the state of refunds and the policies of merchants. Pure.

Of two facts about one refund the higher version holds, of equal versions the later (time, id). The hotline's own fields
of a refund that it asked for (reason, promise, case) stay; the wallet's word on amount and state stands. The provider's
estimate has a version of its own, since not every fact speaks of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TypedDict

from hotline.contracts.model import Fact, FactVersion, MerchantPolicyPublished, RefundStatus, RefundTold
from hotline.kit.errors import InvalidInput
from hotline.payments.service import classify_refund

from .model import MerchantPolicy, Refund, RefundError, RefundState

_STATES = {
    RefundStatus.SENT: RefundState.SENT,
    RefundStatus.SETTLED: RefundState.SUCCEEDED,
    RefundStatus.FAILED: RefundState.FAILED,
    RefundStatus.RETURNED: RefundState.RETURNED_BACK,
    RefundStatus.UNKNOWN: RefundState.UNKNOWN,
}


def state_of(status: RefundStatus) -> RefundState:
    """The refund state for a status told by a fact."""
    return _STATES[status]


def fold_refund(known: Refund | None, fact: Fact, told: RefundTold) -> Refund:
    """The refund after one more fact. Raises InvalidInput when the fact contradicts what a refund cannot change."""
    fact_version = FactVersion.of(fact, told.version)
    if known is None:
        return Refund(
            account_id=fact.subject,
            refund_id=told.refund_id,
            movement_id=told.movement_id,
            amount=told.amount,
            state=_STATES[told.status],
            requested_at=fact_version.time,
            state_at=fact_version.time,
            fact_version=fact_version,
            failure=_failure(told),
            **_fold_estimate(None, fact_version, told),
        )
    if known.movement_id != told.movement_id:
        raise InvalidInput(RefundError.MOVEMENT_CHANGED, fact_id=fact.id)
    if known.reason is None:
        # The wallet's own refund: the first that was heard of it, whichever fact comes first.
        known = replace(known, requested_at=min(known.requested_at, fact_version.time))
    known = replace(known, **_fold_estimate(known.estimate_version, fact_version, told))
    state = _STATES[told.status]
    if known.closed is not None and fact_version > known.closed and not state.is_unpaid:
        known = _open_again(known)
    if known.fact_version is not None and fact_version <= known.fact_version:
        return known
    if known.state is RefundState.STOPPED and known.reversed and state.is_unpaid:
        # It was not paid, as everybody knows.
        return replace(known, amount=told.amount, fact_version=fact_version, failure=_failure(told))
    # A failure from before the payout is the old one, told again.
    has_payout_failed = known.payout_at is not None and fact_version.time > known.payout_at
    is_paid_otherwise = known.payout is not None and state.is_unpaid
    # The date of an answer, or of a next step, is none on which the money arrives.
    is_next_step = known.followed_up and known.payout is None and not state.is_unpaid
    is_promise_over = known.state is RefundState.IN_REVIEW or is_next_step
    is_waited_for = known.promise is not None or known.closed is not None
    return replace(
        known,
        amount=told.amount,
        state=state,
        promise=None if is_promise_over else known.promise,
        review=None,
        merchant_until=None,
        state_at=known.state_at if state is known.state and not has_payout_failed else fact_version.time,
        fact_version=fact_version,
        failure=_failure(told),
        # One that was left before its end was kept is left anew, so that the ledger knows of it.
        followed_up=known.followed_up and state.is_unpaid and not has_payout_failed and is_waited_for,
        # The work that follows the failure up frees the money, and then forgets the way.
        payout=known.payout if is_paid_otherwise else None,
        payout_at=known.payout_at if is_paid_otherwise else None,
        asked=known.asked and state is known.state,
        # Money of a stopped refund that moves all the same is looked at anew.
        stopped=known.stopped and state is known.state,
    )


def _open_again(known: Refund) -> Refund:
    """A refund that was history, once a fact tells that its money moved after that. The fact may come late, when it is
    known that the money came back once more: that is followed up."""
    last = known.fact_version
    return replace(known, closed=None, followed_up=False, state_at=last.time if last is not None else known.state_at)


def _failure(told: RefundTold) -> str | None:
    """Why it failed or came back. In another state nothing has failed yet."""
    if told.failure is None or not _STATES[told.status].is_unpaid:
        return None
    return classify_refund(told.failure).value


def fold_reversal(known: Refund, *, reversed_: bool, is_news: bool) -> Refund:
    """The refund as its payment is after a fact about either. A reversal that a higher version takes back, before
    anybody acted on it, is none. `is_news` False: the facts are of long ago, and nobody is called for a refund that had
    arrived by then."""
    is_history = reversed_ and not known.reversed and not is_news and known.state is RefundState.SUCCEEDED
    return replace(known, reversed=reversed_, stopped=known.stopped or is_history)


class _Estimate(TypedDict, total=False):
    """The fields of a refund that a fact changes about its estimate."""

    expected_on: date | None
    estimate_version: FactVersion


def _fold_estimate(known: FactVersion | None, fact_version: FactVersion, told: RefundTold) -> _Estimate:
    """The estimate after one more fact; `known` is the version that has the last word on it so far. A date is told with
    money that is sent. It holds, whatever is told in between, until another is told or the attempt has ended."""
    is_silent = told.status is RefundStatus.UNKNOWN or (told.status is RefundStatus.SENT and told.expected_on is None)
    if is_silent or (known is not None and fact_version <= known):
        return {}
    is_sent = told.status is RefundStatus.SENT
    return {"expected_on": told.expected_on if is_sent else None, "estimate_version": fact_version}


def fold_policy(known: MerchantPolicy | None, fact: Fact, told: MerchantPolicyPublished) -> MerchantPolicy:
    """The merchant's policy after one more fact."""
    fact_version = FactVersion.of(fact, told.version)
    if known is not None and fact_version <= known.fact_version:
        return known
    return MerchantPolicy(
        merchant_id=told.merchant_id,
        version=told.version,
        window_days=told.window_days,
        partial=told.partial,
        auto_approve_minor=told.auto_approve_minor,
        categories=told.categories,
        fact_version=fact_version,
        evidence_above_minor=told.evidence_above_minor,
        answer_days=told.answer_days,
    )


TOLD_FOR = timedelta(days=30)
"""A refund that failed or came back is told of for so long, and beyond that while its next step has a date."""


def is_pending(refund: Refund) -> bool:
    """Whether its owner waits for something: for the money, for an answer, or for another way to be paid."""
    return refund.state.is_open or (refund.state.is_unpaid and refund.followed_up and refund.promise is not None)


def is_to_be_told(refund: Refund, *, since: timedelta) -> bool:
    """Whether a call about refunds should hear of it. `since`: how long it has been in its state."""
    return is_pending(refund) or (refund.state.is_unpaid and since <= TOLD_FOR)
