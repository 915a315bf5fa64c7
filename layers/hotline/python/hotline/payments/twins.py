"""Payments that look like one that was charged twice. Links are stored; the answer follows from both payments. Pure.

The charges of one merchant, amount and currency stand together in a group, the newest CHARGES_KEPT_MAX of them. Each
is linked to the charge nearest in time that may be the same purchase. The links follow from the group alone, so that
facts in any order, late or repeated, link the same charges. Whether the other one stands, was given back or failed is
read from it when somebody asks: a link never decides anything by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hotline.contracts.model import MoneyState, MovementKind, MovementStatus

from .model import Movement

SAME_ORDER_WITHIN: Final = timedelta(days=1)
"""Charges under one order number: our own figure, long enough for a shop that charges when it sends."""
CLOSE_WITHIN: Final = timedelta(minutes=10)
"""Charges of which one has no order number: our own figure, for a key pressed twice or a payment begun anew."""
CHARGES_KEPT_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment in its group. `sk` is its sort key; `pointer` the sort key of its pointer by order number."""

    sk: str
    at: datetime
    order_no: str | None = None
    pointer: str | None = None


class TwinState(StrEnum):
    """The present state of the other charge."""

    CHARGED = "charged"
    REFUNDING = "refunding"
    """A refund of it is under way, or waits for another way."""
    GIVEN_BACK = "given_back"


class Stands(StrEnum):
    """The one of two charges that stays paid."""

    THIS = "this"
    OTHER = "other"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Twin:
    """The other charge of what looks like one purchase. `this_stands`: the movement that was asked about stays paid,
    and not the other. `may_be_refunded`: both are paid still, and this one is the later, so that it may be asked back.
    `other_may_be_refunded`: the same of the other one. Neither stands where refunds have taken of both."""

    movement_id: str
    initiated_at: datetime
    state: TwinState
    this_stands: bool
    may_be_refunded: bool
    other_may_be_refunded: bool

    @property
    def stands(self) -> Stands:
        """The one of the two that stays paid."""
        if self.this_stands:
            return Stands.THIS
        return Stands.OTHER if self.state is TwinState.CHARGED else Stands.NEITHER

    @property
    def is_question(self) -> bool:
        """Whether the customer has to say if it is one purchase: then the later of the two may be asked back."""
        return self.may_be_refunded or self.other_may_be_refunded


def is_charge(movement: Movement) -> bool:
    """Whether the movement stands in a group: a payment to a merchant whose money was taken, or taken and returned."""
    kept = movement.money in (MoneyState.DEBITED, MoneyState.RETURNED)
    succeeded = movement.status in (MovementStatus.SUCCEEDED, MovementStatus.REVERSED)
    return movement.ref.kind is MovementKind.PAYMENT and movement.ref.merchant is not None and kept and succeeded


def link(charges: Iterable[Charge]) -> Mapping[str, str]:
    """The nearest charge that may be the same purchase, by sort key; charges without one are left out."""
    kept = tuple(charges)
    found: dict[str, str] = {}
    for one in kept:
        others = [other for other in kept if other.sk != one.sk and _may_be_same(one, other)]
        if others:
            found[one.sk] = min(others, key=lambda other: (abs(other.at - one.at), other.sk)).sk
    return found


def newest(charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """The charges that a group keeps, oldest first."""
    return tuple(sorted(charges, key=lambda charge: charge.sk)[-CHARGES_KEPT_MAX:])


def _may_be_same(one: Charge, other: Charge) -> bool:
    """Two order numbers are two purchases, however close."""
    apart = abs(one.at - other.at)
    if one.order_no is not None and other.order_no is not None:
        return one.order_no == other.order_no and apart <= SAME_ORDER_WITHIN
    return apart <= CLOSE_WITHIN


def find_twin(movement: Movement, other: Movement | None) -> Twin | None:
    """The other charge as it is now; None where the movement was not charged, or the other one never was."""
    if other is None or movement.captured_minor == 0 or not is_charge(other) or other.amount != movement.amount:
        return None
    given_back = other.captured_minor == 0 or other.given_back_minor >= other.amount.minor
    state = TwinState.CHARGED
    if given_back:
        state = TwinState.GIVEN_BACK
    elif other.barring_refund_id is not None or other.refundable_minor < other.amount.minor:
        state = TwinState.REFUNDING
    whole = movement.barring_refund_id is None and movement.refundable_minor == movement.amount.minor
    this_stands = whole and (state is not TwinState.CHARGED or movement.sk < other.sk)
    return Twin(
        other.movement_id,
        other.ref.initiated_at,
        state,
        this_stands=this_stands,
        may_be_refunded=whole and not this_stands,
        other_may_be_refunded=this_stands and state is TwinState.CHARGED,
    )
