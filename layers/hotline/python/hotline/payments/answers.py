"""The sentences about a movement beside its status and its reason: where its money is, for whom, by which means. Pure.

The words name the thing of the kind. For a top-up this is the balance that grew, for a withdrawal the money that left
it. For a transfer it is the other side, who alone can give the money back. Both doors say the same keys of the
catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from hotline.contracts.model import MoneyState, MovementKind, MovementStatus
from hotline.kit.business_days import calendar_of, zone_of
from hotline.kit.money import Money

from .arrivals import Promise, is_overdue, withdrawal_arrival
from .failures import FailureCode
from .kinds import Keys, forms_of, setting_of
from .model import FAILED_WINDOW, Diagnosis, MoneyAnswer, Movement, NextStep
from .twins import Twin, TwinState

WITHDRAWAL_OVERDUE: Final = "money.DEBITED.withdrawal.overdue"
WITHDRAWAL_ARRIVED: Final = "money.DEBITED.withdrawal.arrived"
"""The latest day on which the money was to be at the bank is over."""
_PAID_BY: Final = frozenset({MovementKind.PAYMENT, MovementKind.BILL_PAYMENT, MovementKind.TOP_UP})


@dataclass(frozen=True, slots=True)
class MovementAnswer:
    """The sentences about a movement. `reason`: why it failed, empty where it did not. `money`: where the money is.
    `next_step` and `then`: what to do, and `works_when`: when that helps. `refund`: that another refund is open or was
    not paid out. `more` may be left out where there is no time, the last first. The other fields are facts of the
    sentences. `step`: the next step, for whoever reads no sentences."""

    step: NextStep
    reason: Keys
    money: Keys
    next_step: Keys
    then: Keys
    works_when: Keys
    refund: Keys
    more: tuple[Keys, ...]
    given_back: Money | None = None
    returned_at: datetime | None = None
    counterparty: str | None = None
    last4: str | None = None
    coupon: str | None = None
    coupon_amount: Money | None = None
    coupon_reason: str | None = None
    twin_at: datetime | None = None
    arrival: Promise | None = None
    arrived_at: datetime | None = None


def answer_of(
    movement: Movement, told: Diagnosis, now: datetime, twin: Twin | None = None, *, zone: tzinfo | None = None
) -> MovementAnswer:
    """The sentences about a movement and its diagnosis at a time. `twin`: the other charge of the same purchase.
    `zone`: where the customer's days begin, None: where those of the currency's banks do."""
    zone = zone or zone_of(None, calendar_of(movement.amount.currency))
    arrival = withdrawal_arrival(movement, zone)
    is_late = is_overdue(movement, now, zone)
    coupon, setting = movement.coupon, setting_of(movement)
    of_twin = _twin_keys(twin) if twin is not None else ()
    # A customer who may ask one of two charges back is not told that there is nothing to do.
    is_step = twin is not None and twin.is_question and told.next_step is NextStep.NOTHING
    # Only the words know the customer's day: the diagnosis has no zone.
    step = NextStep.SPEAK_TO_AGENT if is_late else told.next_step
    given_back = Money(movement.given_back_minor, movement.amount.currency) if movement.given_back_minor > 0 else None
    return MovementAnswer(
        step=step,
        reason=forms_of(told.caller_text, setting) if told.failure is not None else (),
        money=(WITHDRAWAL_OVERDUE,) if is_late else _money_keys(movement, told),
        arrival=arrival,
        arrived_at=movement.arrived_at if movement.has_arrived else None,
        next_step=of_twin if is_step else (*_stuck_keys(told), *forms_of(f"next.{step.value}", setting)),
        then=forms_of(f"next.{told.then.value}", setting) if told.then is not None else (),
        works_when=forms_of(f"works_when.{told.works_when.value}", setting),
        refund=_refund_keys(movement),
        more=(*((of_twin,) if of_twin and not is_step else ()), *_list_more(movement, told, now)),
        given_back=given_back,
        returned_at=movement.money_since if told.answer is MoneyAnswer.RETURNED else None,
        counterparty=movement.counterparty,
        last4=movement.instrument.last4,
        coupon=coupon.name if coupon is not None else None,
        coupon_amount=coupon.amount if coupon is not None else None,
        coupon_reason=f"coupon.reason.{coupon.reason}" if coupon is not None and coupon.reason else None,
        twin_at=twin.initiated_at if twin is not None else None,
    )


def _refund_keys(movement: Movement) -> Keys:
    """The sentence about a refund that is open or was not paid out. A request beside an open one, or beside one that
    waits, is refused in the same words."""
    if movement.is_called_back:
        return ("refund.rule.movement.called_back",)
    if movement.open_refund_id is not None:
        return ("payment_answer.refund_open",)
    if movement.unpaid_refund_id is not None:
        return ("refund.rule.movement.unpaid_refund",)
    return ("payment_answer.refund_failed",) if movement.has_failed_refunds_only else ()


def _twin_keys(twin: Twin) -> Keys:
    """The sentence says that one of two charges stands, and tells of the other. Where both stay charged the later one
    may be asked back, unless its provider refuses that."""
    if twin.state is not TwinState.CHARGED:
        return (f"twin.{twin.state.value}",) if twin.this_stands else ("twin.both",)
    if twin.may_be_refunded:
        return ("twin.charged.second",)
    if twin.other_may_be_refunded:
        return ("twin.charged.first",)
    return ("twin.charged.first_only" if twin.this_stands else "twin.charged.other_stands",)


def _money_keys(movement: Movement, told: Diagnosis) -> Keys:
    answer, kind, status = told.answer.value, movement.ref.kind.value, movement.status.value
    if movement.has_arrived:
        return (WITHDRAWAL_ARRIVED,)
    if told.held_overdue:
        return (f"money.{answer}.overdue",)
    return (
        f"money.{answer}.{status}.{kind}",
        f"money.{answer}.{kind}",
        f"money.{answer}.{status}",
        f"money.{answer}",
    )


def _stuck_keys(told: Diagnosis) -> Keys:
    """The step for a movement at which a person looks already."""
    return (f"next.speak_to_agent.{told.stuck.value}",) if told.stuck is not None else ()


def _took_less(movement: Movement) -> bool:
    """Whether a coupon can have lowered what was taken: something was, and nobody said that it did not apply."""
    code = movement.failure.code if movement.failure is not None else None
    went = movement.status is not MovementStatus.FAILED or movement.money in (MoneyState.HELD, MoneyState.DEBITED)
    return went and code is not FailureCode.COUPON_NOT_APPLICABLE


def _list_more(movement: Movement, told: Diagnosis, now: datetime) -> Sequence[Keys]:
    kind, instrument = movement.ref.kind, movement.instrument.kind
    found: list[Keys] = []
    if movement.is_outcome_open and now - movement.ref.initiated_at <= FAILED_WINDOW:
        found.append(("outcome.asked",))
    if movement.given_back_minor > 0:
        whole = movement.given_back_minor >= movement.amount.minor
        found.append(("given_back.whole" if whole else "given_back.part",))
    if movement.coupon is not None and not movement.coupon.applied:
        found.append(("coupon.not_applied",))
    elif movement.coupon is not None and _took_less(movement):
        found.append(("coupon.applied",))
    if movement.counterparty is not None and kind is MovementKind.TRANSFER:
        found.append(("counterparty",))
    if told.answer is MoneyAnswer.RETURNED or movement.given_back_minor > 0:
        # The instrument of a withdrawal is where its money was to go; it comes from the balance, and goes back there.
        found.append(("returned.balance",) if kind is MovementKind.WITHDRAWAL else (f"returned.{instrument}",))
    # The means makes no difference yet while something has to be done first, or the outcome is open.
    if kind in _PAID_BY and movement.status is MovementStatus.FAILED and told.then is None:
        found.append((f"paid_with.{instrument}",))
    return found
