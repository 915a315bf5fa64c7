"""How the wallet's facts become the state of movements, their ledgers, bills and funds. Pure.

Facts converge: of two facts the higher version holds, of equal versions the later (time, id). A fact states its subject
whole; only the order number and the merchant, which later facts may leave out, stay as last named. A fact that makes no
sense beside the others is refused with a stable code and its id (InvalidInput), never with its content. Its form and
sizes are checked by the contracts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hotline.contracts.model import (
    BillTold,
    Fact,
    FactVersion,
    FundsTold,
    MovementStatus,
    MovementTold,
    Purchase,
    RefundStatus,
    RefundTold,
)
from hotline.kit.clock import from_text, to_text
from hotline.kit.errors import InvalidInput
from hotline.kit.money import Money

from .decline_codes import classify_movement
from .model import (
    Bill,
    Funds,
    Ledger,
    Movement,
    MovementFailure,
    MovementRef,
    PaymentError,
    TakenState,
    Taking,
    taken_in_vain,
)

REFUNDS_PER_MOVEMENT_MAX = 200
"""Refunds that one ledger holds; providers allow some 50 partial ones (WeChat Pay)."""

_TAKEN = {
    RefundStatus.SENT: TakenState.OPEN,
    RefundStatus.SETTLED: TakenState.DONE,
    RefundStatus.FAILED: TakenState.VOID,
    RefundStatus.RETURNED: TakenState.RETURNED,
    RefundStatus.UNKNOWN: TakenState.OPEN,
}


def check_amount(fact: Fact, amount: Money) -> None:
    """Refuse an amount that is not above zero. Raises InvalidInput `amount_not_positive`.

    Its currency is not held against what is known: the answer would depend on which fact comes first. Of two currencies
    of one thing, the one of the higher version holds, like everything else that the fact says."""
    if amount.minor <= 0:
        raise InvalidInput(PaymentError.AMOUNT_NOT_POSITIVE, fact_id=fact.id)


def fold_movement(known: Movement | None, fact: Fact, told: MovementTold) -> Movement:
    """The movement after one more fact. Raises InvalidInput."""
    check_amount(fact, told.amount)
    fact_version = FactVersion.of(fact, told.version)
    if known is not None and fact_version <= known.fact_version:
        return _take_names(_take_times(known, told, fact_version), told, fact_version)
    stated = Movement(
        ref=MovementRef(
            account_id=fact.subject,
            movement_id=told.movement_id,
            kind=told.kind,
            initiated_at=from_text(to_text(told.initiated_at)),
            amount=told.amount,
            merchant=known.ref.merchant if known else None,
            twin=known.ref.twin if known else None,
        ),
        status=told.status,
        money=told.money,
        instrument=told.instrument,
        failure=_failure(told),
        held_until=told.held_until,
        balance_after_minor=told.balance_after_minor,
        purchase=_purchase(told.purchase),
        order_no=known.order_no if known else None,
        fact_version=fact_version,
        described=known.described if known else {},
        hold_asked=known.hold_asked if known else None,
        provider=told.provider,
        counterparty=told.counterparty[:1] if told.counterparty else None,
        coupon=told.coupon,
        money_at=known.money_at if known else {},
        in_vain_at=known.in_vain_at if known else None,
        return_looks=known.return_looks if known else 0,
        expected_on=told.expected_on,
        arrived_at=None if told.arrived_at is None else from_text(to_text(told.arrived_at)),
    )
    return _take_names(_take_times(stated, told, fact_version), told, fact_version)


def _take_times(movement: Movement, told: MovementTold, fact_version: FactVersion) -> Movement:
    """Note since when the money is where a fact tells that it is; a fact that comes late may tell an earlier time."""
    at = fact_version.time
    first = min(at, movement.money_at.get(told.money, at))
    movement = replace(movement, money_at={**movement.money_at, told.money: first})
    if taken_in_vain(told.status, told.money):
        movement = replace(movement, in_vain_at=min(at, movement.in_vain_at or at))
    return movement


def _take_names(movement: Movement, told: MovementTold, fact_version: FactVersion) -> Movement:
    """Take over the order number and the merchant unless a higher fact has named them."""
    for name, given in (("order_no", told.order_no), ("merchant", told.merchant)):
        if given is not None and (name not in movement.described or fact_version > movement.described[name]):
            movement = replace(movement, described={**movement.described, name: fact_version})
            if name == "order_no":
                movement = replace(movement, order_no=told.order_no)
            else:
                movement = replace(movement, ref=replace(movement.ref, merchant=told.merchant))
    return movement


def _purchase(told: Purchase) -> Purchase:
    """The purchase, its time cut to the milliseconds that are stored."""
    at = told.succeeded_at
    return told if at is None else replace(told, succeeded_at=from_text(to_text(at)))


def _failure(told: MovementTold) -> MovementFailure | None:
    if told.failure is None:
        return None
    classified = classify_movement(told.failure, kind=told.kind, network=told.instrument.network)
    return MovementFailure(told.failure.scheme, told.failure.code, classified.code, classified.mapped)


def fold_ledger_movement(ledger: Ledger, movement: Movement) -> Ledger:
    """The ledger with its movement as it now is."""
    currency = movement.amount.currency
    merchant = movement.ref.merchant
    return replace(
        ledger,
        movement_sk=movement.sk,
        currency=currency,
        captured_minor=movement.captured_minor,
        reversed=movement.status is MovementStatus.REVERSED,
        merchant_name=merchant.name if merchant is not None else None,
    )


def fold_ledger_party(ledger: Ledger, party: str, fact_version: FactVersion) -> Ledger:
    """The ledger after one more fact that names who gets the money. `party`: their keyed hash."""
    if ledger.party_told is not None and fact_version <= ledger.party_told:
        return ledger
    return replace(ledger, party=party, party_told=fact_version)


def fold_ledger_refund(ledger: Ledger, fact: Fact, told: RefundTold) -> Ledger:
    """The ledger after one more fact about a refund. Raises InvalidInput."""
    check_amount(fact, told.amount)
    known = ledger.takings.get(told.refund_id)
    if known is None and len(ledger.takings) >= REFUNDS_PER_MOVEMENT_MAX:
        raise InvalidInput(PaymentError.TOO_MANY_REFUNDS, fact_id=fact.id)
    taking = _fold_taking(known, told, FactVersion.of(fact, told.version))
    return replace(ledger, takings={**ledger.takings, told.refund_id: taking})


def _fold_taking(known: Taking | None, told: RefundTold, fact_version: FactVersion) -> Taking:
    state = _TAKEN[told.status]
    taking = known if known is not None else Taking(told.amount, state, None)
    taking = _take_moves(taking, fact_version) if state.takes else _take_unpaid(taking, fact_version)
    if taking.fact_version is not None and fact_version <= taking.fact_version:
        return taking
    held = taking.held and not state.takes
    state = TakenState.OPEN if held else state
    return replace(taking, amount=told.amount, state=state, fact_version=fact_version, held=held)


def _take_moves(taking: Taking, fact_version: FactVersion) -> Taking:
    """Note that the money of a refund moves. A fact that comes late tells so of its own time."""
    begun_at = min(fact_version.time, taking.begun_at or fact_version.time)
    if taking.moved is not None and fact_version <= taking.moved:
        return replace(taking, begun_at=begun_at)
    return replace(taking, begun_at=begun_at, moved=fact_version, ended=False)


def _take_unpaid(taking: Taking, fact_version: FactVersion) -> Taking:
    return replace(taking, unpaid_at=min(fact_version.time, taking.unpaid_at or fact_version.time))


def with_ledger(movement: Movement, ledger: Ledger) -> Movement:
    """The movement with what its ledger says is left."""
    return replace(
        movement,
        refundable_minor=ledger.refundable_minor,
        open_refund_id=ledger.open_refund_id,
        unpaid_refund_id=ledger.unpaid_refund_id,
        mixed_currencies=ledger.mixed_currencies,
        refund_count=ledger.refund_count,
        given_back_minor=ledger.given_back_minor,
    )


def fold_bill(known: Bill | None, fact: Fact, told: BillTold) -> Bill:
    """The bill after one more fact. Raises InvalidInput."""
    check_amount(fact, told.amount)
    fact_version = FactVersion.of(fact, told.version)
    issued_at = fact_version.time if known is None else min(known.issued_at, fact_version.time)
    paid_at = known.paid_at if known is not None else None
    if told.paid:
        paid_at = min(fact_version.time, paid_at or fact_version.time)
    if known is not None and fact_version <= known.fact_version:
        return replace(known, issued_at=issued_at, paid_at=paid_at)
    return Bill(
        fact.subject,
        told.bill_id,
        told.due_on,
        told.biller,
        told.amount,
        told.paid,
        fact_version,
        issued_at,
        told.shown_within_days,
        known.reminded if known is not None else frozenset(),
        paid_at,
    )


def fold_funds(known: Funds | None, fact: Fact, told: FundsTold) -> Funds:
    """The stored funds after one more fact. Raises InvalidInput."""
    incomes = [told.accrued_interest, *(one.amount for one in (told.income_of_day, told.income_of_month) if one)]
    if any(income.currency != told.balance.currency for income in incomes):
        raise InvalidInput(PaymentError.CURRENCY_CHANGED, fact_id=fact.id)
    fact_version = FactVersion.of(fact, told.version)
    if known is not None and fact_version <= known.fact_version:
        return known
    return Funds(
        fact.subject,
        told.balance,
        told.accrued_interest,
        told.as_of,
        fact_version,
        told.income_of_day,
        told.income_of_month,
        told.product,
    )


def by_movement(facts: Iterable[Fact]) -> Mapping[str, list[Fact]]:
    """The facts about movements and their refunds, by movement id."""
    grouped: dict[str, list[Fact]] = {}
    for fact in facts:
        if isinstance(fact.data, MovementTold | RefundTold):
            grouped.setdefault(fact.data.movement_id, []).append(fact)
    return grouped


def movement_id_of(fact: Fact) -> str:
    """The movement that a fact about a movement or a refund is about."""
    if not isinstance(fact.data, MovementTold | RefundTold):
        raise TypeError("not a fact about a movement")
    return fact.data.movement_id


def movement_sk_of(fact: Fact, told: MovementTold) -> str:
    """The sort key of the movement that a fact tells of."""
    return MovementRef(fact.subject, told.movement_id, told.kind, told.initiated_at, told.amount, None).sk
