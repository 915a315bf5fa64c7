"""payments, payment_by_order, payment_answer: what became of a payment, and whether money was taken."""

from __future__ import annotations

from collections.abc import Sequence
from copy import replace
from datetime import datetime, tzinfo
from typing import Final

from functions.connect.envelope import INVALID
from functions.connect.step import OPTIONAL_CHOICE, PLACES_MAX, Answer, Step, Visit, digits, one_of, words
from functions.connect.words import payments as words_of
from hotline.identity.model import Operation
from hotline.kit.clock import find_zone
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.payments.model import ORDER_TAIL_DIGITS_MAX, ORDER_TAIL_DIGITS_MIN, Diagnosis, Movement, MovementRef
from hotline.refunds import service as refunds
from hotline.sessions import service as sessions
from hotline.sessions.model import Offer
from hotline.wording.values import dates_told

FAILED: Final = "failed"
HISTORY: Final = "refund"
LATEST: Final = "latest"
OLDER: Final = "older"
PURPOSES: Final = (FAILED, HISTORY, LATEST, OLDER)
"""The values of `purpose` of `payments`, the default first. They list those that went wrong or are late, recent ones
that could be refunded, the newest of all, and those before these."""


def recent(visit: Visit) -> Answer:
    """The latest payments for a purpose; up to three, kept as the caller's choices."""
    account_id = visit.account(Operation.READ)
    movements, more = _find_recent(visit, account_id, visit.inputs.get("purpose", FAILED))
    listed = [(movement.ref, movement.status.value) for movement in movements]
    return _offer_list(visit, listed, more=more, outcome_of_one="ONE")


def _find_recent(visit: Visit, account_id: str, purpose: str) -> tuple[Sequence[Movement], bool]:
    """The payments for a purpose, and whether there are more. One request."""
    store, offers = visit.ctx.store, visit.state.offers
    if purpose == HISTORY:
        found = refunds.list_refundable(store, account_id, visit.now)
        return found.movements, found.more
    if purpose not in (LATEST, OLDER):
        zone = find_zone(visit.state.time_zone)
        found = payments.list_failed(store, account_id, visit.now, zone=zone)
        return found.movements, found.more
    if visit.replay is not None:
        # The ones behind the last offer have been offered by now.
        keys = [payments.movement_key(account_id, offer.movement) for offer in offers]
        read = visit.fetch(keys) if keys else {}
        return [payments.movement_from(read[key]) for key in keys if key in read], False
    after = offers[-1].movement if purpose == OLDER and offers else None
    page = payments.list_movements(store, account_id, limit=PLACES_MAX, after=after)
    return page.movements, page.next_after is not None


def by_order(visit: Visit) -> Answer:
    """Movements of this account whose order number ends in the digits that were keyed in."""
    account_id = visit.account(Operation.READ)
    found = payments.list_by_tail(visit.ctx.store, account_id, visit.inputs["tail"])
    return _offer_list(visit, [(ref, None) for ref in found.refs], more=found.more, outcome_of_one="FOUND")


def _offer_list(
    visit: Visit, listed: Sequence[tuple[MovementRef, str | None]], *, more: bool, outcome_of_one: str
) -> Answer:
    """The answer for a list. Of a delivery that comes again, only what was offered then is read out again."""
    if visit.replay is not None:
        offered = {offer.movement for offer in visit.state.offers}
        listed = [(ref, status) for ref, status in listed if ref.sk in offered]
        outcome = visit.replay.outcome
    else:
        outcome = outcome_of_one if len(listed) == 1 else "SEVERAL" if listed else "NONE"
        offers = tuple(Offer(ref.sk, ref.merchant.id if ref.merchant else None, ref.twin) for ref, _ in listed)
        visit.note(outcome, replace(visit.state, offers=offers[: sessions.OFFERS_KEPT]))
    items = [item_words(ref, status=status, place=place) for place, (ref, status) in enumerate(listed, start=1)]
    facts = words(items=items, more=more, purpose=visit.inputs.get("purpose"), now=visit.now)
    return Answer(outcome, facts, {"count": str(len(items))})


def item_words(ref: MovementRef, *, status: str | None = None, place: int | None = None) -> dict[str, object]:
    """The words for a movement in a list."""
    return words(
        place=place,
        kind=ref.kind.value,
        amount=ref.amount,
        merchant=ref.merchant.name if ref.merchant else None,
        initiated_at=ref.initiated_at,
        status=status,
    )


def answer(visit: Visit) -> Answer:
    """Why it failed, whether money was taken, and the one next step, from the movement itself and not from an index.
    The next step of an account that is shut is what opens it."""
    account_id = visit.account(Operation.READ)
    offer = visit.find_offer()
    if offer is None:
        return Answer(INVALID)
    key = payments.movement_key(account_id, offer.movement)
    beside = [payments.movement_key(account_id, offer.twin)] if offer.twin is not None else []
    read = visit.fetch([key, *beside, *lockout.lock_keys(account_id)])
    if key not in read:
        return Answer(INVALID)
    movement = payments.movement_from(read[key])
    view = lockout.view_from(read, account_id, visit.now)
    first = lockout.first_before_paying(view, visit.state, visit.now, movement.ref.kind)
    told = payments.diagnose(movement, visit.now, first=first)
    other = read.get(beside[0]) if beside else None
    twin = refunds.twin_told(movement, payments.movement_from(other) if other is not None else None, visit.now)
    zone = find_zone(visit.state.time_zone)
    facts = words(**facts_of(movement, told, visit.now, twin, zone=zone), now=visit.now)
    # A charge that stands is not offered beside the words that the other one may be asked back.
    stands = twin is not None and twin.this_stands
    refundable = refunds.refundable_of(movement, visit.now).minor > 0 and told.barring_refund_id is None and not stands
    keys = {"refundable": "yes" if refundable else "no"}
    return Answer(told.answer.value, facts, keys, about=movement.movement_id)


def facts_of(
    movement: Movement,
    told: Diagnosis,
    now: datetime,
    twin: payments.Twin | None = None,
    *,
    zone: tzinfo | None = None,
) -> dict[str, object]:
    """The words for a movement and its diagnosis at a time. `twin`: the other charge of the same purchase. `zone`:
    where the caller's days begin."""
    said = payments.answer_of(movement, told, now, twin, zone=zone)
    return words(
        **item_words(movement.ref, status=movement.status.value),
        **dates_told(said.arrival),
        reason_keys=said.reason,
        money_keys=said.money,
        next_keys=said.next_step,
        then_keys=said.then,
        works_keys=said.works_when,
        more_keys=said.more,
        refund_keys=said.refund,
        given_back=said.given_back,
        returned_at=said.returned_at,
        twin_at=said.twin_at,
        arrived_at=said.arrived_at,
        counterparty=said.counterparty,
        last4=said.last4,
        coupon=said.coupon,
        coupon_amount=said.coupon_amount,
        coupon_reason=said.coupon_reason,
        failure=told.failure.value if told.failure else None,
        caller_text=told.caller_text,
        money=told.answer.value,
        held_until=told.held_until,
        held_overdue=told.held_overdue,
        next_step=said.step.value,
        then=told.then.value if told.then else None,
        works_when=told.works_when.value,
        works_at=told.works_at,
        refundable=told.refundable_minor > 0,
    )


CHOSEN: Final = {"choice": OPTIONAL_CHOICE}
"""How a step is told which of the offered payments is meant: by its place."""

STEPS: Final = (
    Step(
        "payments",
        ("ONE", "SEVERAL", "NONE"),
        recent,
        {"purpose": one_of(PURPOSES, optional=True)},
        own_keys=("count",),
        say=words_of.payments,
        parts=3,
        acting=True,
        proof=True,
    ),
    Step(
        "payment_by_order",
        ("FOUND", "SEVERAL", "NONE"),
        by_order,
        {"tail": digits(least=ORDER_TAIL_DIGITS_MIN, most=ORDER_TAIL_DIGITS_MAX)},
        own_keys=("count",),
        say=words_of.payment_by_order,
        parts=3,
        acting=True,
        proof=True,
    ),
    Step(
        "payment_answer",
        ("NOT_TAKEN", "HELD", "DEBITED", "RETURNED", "UNKNOWN"),
        answer,
        CHOSEN,
        own_keys=("refundable",),
        say=words_of.payment_answer,
        parts=3,
        proof=True,
        finishes=dict.fromkeys(("NOT_TAKEN", "HELD", "DEBITED", "RETURNED"), "payment"),
        tells=True,
    ),
)
