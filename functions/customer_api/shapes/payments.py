"""The forms of movements of money, each with its diagnosis."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from functions.customer_api.shapes.common import Amount, Answer


class MerchantName(Answer):
    """The merchant that was paid."""

    id: str
    name: str


class Paid(Answer):
    """The instrument that was paid with; `kind` and `network` are words of the contract's lists, or the wallet's own.
    `funding` of a card: credit, debit or prepaid."""

    kind: str
    network: str | None = None
    funding: str | None = None
    last4: str | None = None


class MoneyPlace(Answer):
    """The place of the customer's money, by the wallet's ledger."""

    state: Literal["not_taken", "held", "debited", "returned", "unknown"]
    held_until: datetime | None = None
    overdue: bool = False


class Failure(Answer):
    """Why it failed. Reasons of risk are told as a plain decline."""

    reason: str
    retry: str
    works_when: str
    works_at: datetime | None = None


class Coupon(Answer):
    """A coupon that was to lower what was paid, and why it did not; `other` where no listed reason is known."""

    applied: bool
    name: str | None = None
    amount: Amount | None = None
    reason: str | None = None


class ChargedTwice(Answer):
    """Another charge that looks like the same purchase. `stands`: which of the two stays paid, `this` or `other`;
    `neither` where refunds have taken of both. `other_state`: whether the other one is charged, being refunded, or
    given back. `refundable`: this one is the second and may be asked back, with the reason `duplicate`."""

    other_id: str
    other_at: datetime
    other_state: Literal["charged", "refunding", "given_back"]
    stands: Literal["this", "other", "neither"]
    refundable: bool


class Arrival(Answer):
    """The usual and the latest day on which the money of a withdrawal is at the customer's bank. These are local dates
    of the customer; only about then unless `certain`."""

    typical_on: date | None = None
    latest_on: date
    certain: bool


class Payment(Answer):
    """A movement of money with its diagnosis: what happened, where the money is, the one next step. `refundable`: what
    is left, nothing where every refund is refused. `answer_by`: the day by which people answer the dispute about it,
    null where they owe none. Nothing may be asked for beside the refund `open_refund_id`, which
    is under way or waits for another way to be paid. `given_back`: the sum of the refunds that have arrived.
    `counterparty`: the first character of the other side's name. `arrived_at`: since when a withdrawal is at the
    customer's bank, in the place of `arrival`."""

    id: str
    kind: str
    status: str
    amount: Amount
    initiated_at: datetime
    merchant: MerchantName | None = None
    order_no: str | None = None
    instrument: Paid
    money: MoneyPlace
    failure: Failure | None = None
    next_step: str
    refundable: Amount
    answer_by: date | None = None
    open_refund_id: str | None = None
    given_back: Amount | None = None
    counterparty: str | None = None
    coupon: Coupon | None = None
    charged_twice: ChargedTwice | None = None
    arrival: Arrival | None = None
    arrived_at: datetime | None = None
    text: str


class Payments(Answer):
    """One page, newest first. `next` is a cursor, absent at the end; a page of one status may hold fewer than asked."""

    payments: list[Payment]
    next: str | None = None
