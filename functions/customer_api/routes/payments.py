"""The bearer's payments, transfers and other movements of money, each with its diagnosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.customer_api.shapes.common import PAGE_DEFAULT, PAGE_MAX, Amount
from functions.customer_api.shapes.payments import (
    Arrival,
    ChargedTwice,
    Coupon,
    Failure,
    MerchantName,
    MoneyPlace,
    Paid,
    Payment,
    Payments,
)
from functions.customer_api.visits import Visit, desk, router
from functions.http import words
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.problems import Problem
from functions.http.routes import is_id
from hotline.identity.service import Operation
from hotline.kit.money import Money
from hotline.kit.store import Key
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.payments.model import Coupon as KnownCoupon
from hotline.payments.model import Movement, MovementStatus
from hotline.refunds import service as refunds

_TAGS = ["payments"]
_LIST = "payments"


@router.get("/v1/me/payments", tags=_TAGS, operation_id="list_payments")
def list_payments(
    status: Annotated[MovementStatus | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Payments:
    """The account's movements of money, newest first."""
    at = desk()
    visit = at.visit(_keys(at.bearer.sign_in.account_id))
    visit.allow(Operation.READ)
    visit.speak()  # an empty page is in the language that its payments would have
    context = (visit.account_id, _LIST, status.value if status else "-")
    after = position_of(cursor, at.lookup_keys, *context)
    page = payments.list_movements(at.ctx.store, visit.account_id, status=status, limit=limit, after=after)
    beside = _read_beside(visit, page.movements)
    return Payments(
        payments=[payment_of(movement, visit, beside[movement.sk]) for movement in page.movements],
        next=cursor_of(page.next_after, at.lookup_keys, *context),
    )


@router.get("/v1/me/payments/<id>", tags=_TAGS, operation_id="read_payment")
def read_payment(id: str) -> Payment:  # noqa: A002 - the name of the path's parameter
    """One movement of money with its diagnosis. One of somebody else is not found."""
    at, payment_id = desk(), unquote(id)
    account_id = at.bearer.sign_in.account_id
    visit = at.visit((*_keys(account_id), *payment_keys(account_id, payment_id)))
    visit.allow(Operation.READ)
    movement = find_payment(visit, payment_id)
    return payment_of(movement, visit, _read_beside(visit, [movement])[movement.sk])


@dataclass(frozen=True, slots=True)
class _Beside:
    """The other charge of what looks like the same purchase, and the dispute to which people owe an answer."""

    other: Movement | None
    dispute: refunds.Dispute | None


def _keys(account_id: str) -> set[Key]:
    return {*lockout.lock_keys(account_id), *refunds.case_of_disputes_keys(account_id)}


def _read_beside(visit: Visit, movements: Sequence[Movement]) -> Mapping[str, _Beside]:
    """The things beside each of these movements, by its sort key. One read; none where there is nothing."""
    account_id = visit.account_id
    keys = payments.other_keys(movements) | refunds.list_dispute_keys(visit.read, account_id, movements)
    read = visit.desk.ctx.store.batch_get(sorted(keys, key=lambda key: key.sk or "")) if keys else {}
    others, known = payments.others_in(read, movements), {**visit.read, **read}
    return {
        one.sk: _Beside(others.get(one.sk), refunds.find_running(known, account_id, one.movement_id))
        for one in movements
    }


def payment_keys(account_id: str, movement_id: str) -> tuple[Key, ...]:
    """The keys to read with the session, so that `find_payment` takes one read."""
    return (payments.ledger_key(account_id, movement_id),) if is_id(movement_id) else ()


def find_payment(visit: Visit, movement_id: str) -> Movement:
    """The account's movement with this id, of which an act reads nothing again. Raises Problem `not_found`."""
    movement = None
    if is_id(movement_id):
        movement = payments.find(visit.session.fetch, visit.account_id, movement_id)
    if movement is None:
        raise Problem("not_found")
    return movement


def payment_of(movement: Movement, visit: Visit, beside: _Beside) -> Payment:
    """A movement as the API tells it. The visit has read the account's lock. Nothing is left to refund of one that its
    owner disputes, until people have answered."""
    view = lockout.view_from(visit.read, visit.account_id, visit.now)
    first = lockout.first_before_paying(view, visit.state, visit.now, movement.ref.kind)
    told = payments.diagnose(movement, visit.now, first=first)
    dispute = beside.dispute
    twin = refunds.twin_told(movement, beside.other, visit.now)
    if twin is not None and dispute is not None:
        twin = replace(twin, may_be_refunded=False)
    merchant, currency = movement.ref.merchant, movement.amount.currency
    locale = visit.speak()
    said = payments.answer_of(movement, told, visit.now, twin, zone=locale.zone)
    failed = told.failure is not None
    return Payment(
        id=movement.movement_id,
        kind=movement.ref.kind.value,
        status=movement.status.value,
        amount=amount_of(movement.amount),
        initiated_at=movement.ref.initiated_at,
        merchant=MerchantName(id=merchant.id, name=merchant.name) if merchant else None,
        order_no=movement.order_no,
        instrument=Paid(**asdict(movement.instrument)),
        money=MoneyPlace.model_validate(
            {"state": told.answer.value.lower(), "held_until": told.held_until, "overdue": told.held_overdue}
        ),
        # The caller's text, not the code: a risk is told as a plain decline.
        failure=Failure(
            reason=told.caller_text.partition(".")[2],
            retry=told.retry.value,
            works_when=told.works_when.value,
            works_at=told.works_at,
        )
        if failed
        else None,
        next_step=said.step.value,
        refundable=amount_of(Money(0, currency) if dispute else refunds.refundable_of(movement, visit.now)),
        answer_by=dispute.promise.latest_on if dispute is not None else None,
        open_refund_id=told.barring_refund_id,
        given_back=amount_of(Money(movement.given_back_minor, currency)) if movement.given_back_minor else None,
        counterparty=movement.counterparty,
        coupon=_coupon_of(movement.coupon) if movement.coupon is not None else None,
        charged_twice=_charged_twice(twin) if twin is not None else None,
        arrival=_arrival(said.arrival) if said.arrival is not None else None,
        arrived_at=said.arrived_at,
        text=words.of_payment(movement, told, locale, twin, disputed=dispute.promise if dispute is not None else None),
    )


def _arrival(promise: payments.Promise) -> Arrival:
    return Arrival(typical_on=promise.typical_on, latest_on=promise.latest_on, certain=promise.is_certain)


def _charged_twice(twin: payments.Twin) -> ChargedTwice:
    return ChargedTwice(
        other_id=twin.movement_id,
        other_at=twin.initiated_at,
        other_state=twin.state.value,
        stands=twin.stands.value,
        refundable=twin.may_be_refunded,
    )


def _coupon_of(coupon: KnownCoupon) -> Coupon:
    amount = amount_of(coupon.amount) if coupon.amount is not None else None
    return Coupon(applied=coupon.applied, name=coupon.name, amount=amount, reason=coupon.reason)


def amount_of(money: Money) -> Amount:
    """An amount as the API tells it."""
    return Amount(minor=money.minor, currency=money.currency)
