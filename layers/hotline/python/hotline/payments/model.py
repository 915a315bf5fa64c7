"""Movements of money as the hotline knows them, bills and stored funds. Pure. A movement's ledger is beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from hotline.contracts.model import (
    UNTOLD,
    Coupon,
    DayIncome,
    FactVersion,
    FundsProduct,
    Instrument,
    Merchant,
    MoneyState,
    MonthIncome,
    MovementKind,
    MovementStatus,
    Purchase,
)
from hotline.kit.clock import to_text
from hotline.kit.money import Money
from hotline.kit.records import quick

from .failures import PLAIN_TEXT, FailureCode, NextStep, RetryClass, WorksWhen
from .ledger import Ledger, TakenState, Taking
from .reminders import Offset

__all__ = [
    "PLAIN_TEXT", "Bill", "Coupon", "Diagnosis", "Funds", "Instrument", "Ledger", "Merchant", "MoneyAnswer",
    "MoneyState", "Movement", "MovementFailure", "MovementKind", "MovementList", "MovementPage", "MovementRef",
    "MovementRefList", "MovementStatus", "NextStep", "TakenState", "Taking",
]  # fmt: skip

REFUNDABLE_KINDS = frozenset({MovementKind.PAYMENT})
"""Only a payment to a merchant has somebody who can refund it. A transfer is disputed; a bill payment is corrected by
its biller; a top-up and a withdrawal are the customer's own money."""
REFUNDABLE_WINDOW = timedelta(days=365)
"""No payment can be refunded later, whatever a merchant's policy says (WeChat Pay: 365 days)."""

FAILED_WINDOW = timedelta(days=90)
"""Failed movements are told of for 90 days, and the wallet is asked about open ones for as long."""

HOLD_GRACE = timedelta(hours=1)
"""How long after its end a hold may be told to be over, before the wallet is asked."""

RETURN_LOOKS = (timedelta(days=3), timedelta(days=7))
"""After these times money that was taken in vain has to be back: first the wallet is asked, then a case is open. A
reversal before settlement takes from the same day to a few days."""


class PaymentError(StrEnum):
    """Why a fact of a payment, a share of its money, or a search for one is refused."""

    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    TOO_MANY_REFUNDS = "too_many_refunds"
    CURRENCY_CHANGED = "currency_changed"
    INITIATED_AT_CHANGED = "initiated_at_changed"
    NOT_REFUNDABLE = "not_refundable"
    NO_MOVEMENT_KEY = "no_movement_key"
    ORDER_TAIL_INVALID = "order_tail_invalid"


@dataclass(frozen=True, slots=True)
class MovementFailure:
    """Why a movement failed: as the scheme named it, and as the hotline's taxonomy does (failures, classified when the
    fact came). `mapped` is False when the taxonomy has no entry for the scheme's code and general words are used."""

    scheme: str
    scheme_code: str
    code: FailureCode
    mapped: bool


@dataclass(frozen=True, slots=True)
class MovementRef:
    """The fields of a movement that never change, enough to read it out: the pointer by order number holds them too.
    `twin` is the sort key of a charge that looks like the same purchase (twins)."""

    account_id: str
    movement_id: str
    kind: MovementKind
    initiated_at: datetime
    amount: Money
    merchant: Merchant | None
    twin: str | None = None

    @property
    def sk(self) -> str:
        """The movement's sort key, computed from what never changes; what a call keeps as an offer."""
        return f"MOVE#{to_text(self.initiated_at)}#{self.movement_id}"


@quick
@dataclass(frozen=True, slots=True)
class Movement:
    """A payment, transfer, bill payment, top-up or withdrawal.

    The wallet's facts own everything down to `order_tail`. The ledger of takings gives
    `refundable_minor`, `open_refund_id`, `unpaid_refund_id` and `mixed_currencies`, see Ledger. `refundable_minor` is
    what is left that a refund may take, 0 when nothing was captured.
    """

    ref: MovementRef
    status: MovementStatus
    money: MoneyState
    instrument: Instrument
    failure: MovementFailure | None
    held_until: datetime | None
    balance_after_minor: int | None
    order_no: str | None
    fact_version: FactVersion
    """The fact of which this is the state."""
    described: Mapping[str, FactVersion]
    """The fact that last named the order number, and the merchant: a later fact that leaves them out does not
    unname."""
    refundable_minor: int = 0
    open_refund_id: str | None = None
    mixed_currencies: bool = False
    """A refund of it is in another currency, see Ledger."""
    hold_asked: datetime | None = None
    """The end of a hold about which the wallet was asked after it had passed."""
    unpaid_refund_id: str | None = None
    """A refund of it that was not paid out and waits for another way, see Ledger."""
    provider: str | None = None
    """The provider that moved the money, as the wallet names it: how long a refund takes depends on it."""
    refund_count: int = 0
    """How many refunds of it were asked of its provider, see Ledger."""
    purchase: Purchase = UNTOLD
    given_back_minor: int = 0
    """The sum of its refunds that have arrived, see Ledger."""
    counterparty: str | None = None
    """The first character of the name of the other side, for whoever sent it; the name itself is not kept."""
    coupon: Coupon | None = None
    money_at: Mapping[MoneyState, datetime] = field(default_factory=dict)
    """For each state of the money, the earliest time at which a fact told it. The last fact may tell other things."""
    in_vain_at: datetime | None = None
    """The earliest time at which a fact told that the money was taken in vain."""
    return_looks: int = 0
    """How many of RETURN_LOOKS are over."""
    expected_on: date | None = None
    """Of a withdrawal: the day on which the money is at the customer's bank, as the provider estimates."""
    arrived_at: datetime | None = None
    """Of a withdrawal: since when the money is at the customer's bank, as the last fact tells."""

    @property
    def sk(self) -> str:
        return self.ref.sk

    @property
    def movement_id(self) -> str:
        return self.ref.movement_id

    @property
    def amount(self) -> Money:
        return self.ref.amount

    @property
    def captured_minor(self) -> int:
        """The amount that a refund could ever take: that of a payment that succeeded and whose money was taken."""
        taken = self.status is MovementStatus.SUCCEEDED and self.money is MoneyState.DEBITED
        return self.amount.minor if taken and self.ref.kind in REFUNDABLE_KINDS else 0

    @property
    def barring_refund_id(self) -> str | None:
        """The refund beside which no other may be asked for. It is under way, or was not paid out and waits."""
        return self.open_refund_id or self.unpaid_refund_id

    @property
    def is_called_back(self) -> bool:
        """Whether it was reversed while a refund of it is under way, so that its customer might be paid twice."""
        return self.open_refund_id is not None and self.status is MovementStatus.REVERSED

    @property
    def has_failed_refunds_only(self) -> bool:
        """Whether its refunds failed, each of them. The wallet began them, or nobody waits for them any more. Once some
        money was given back, the movement alone does not tell whether another refund failed."""
        is_refunded = self.given_back_minor > 0 or self.barring_refund_id is not None
        return self.captured_minor > 0 and self.refund_count > 0 and not is_refunded

    @property
    def is_outcome_open(self) -> bool:
        """Whether the wallet does not know what became of it, or where the money is."""
        return self.status is MovementStatus.UNKNOWN or self.money is MoneyState.UNKNOWN

    @property
    def money_since(self) -> datetime:
        """Since when the money is where it is."""
        return self.money_at.get(self.money, self.fact_version.time)

    @property
    def is_held(self) -> bool:
        """Whether its money is held and not captured, whatever became of the movement itself."""
        return self.money is MoneyState.HELD

    @property
    def is_taken_in_vain(self) -> bool:
        """Whether its money was taken although it did not go through, and has to come back."""
        return taken_in_vain(self.status, self.money)

    @property
    def is_sent_to_bank(self) -> bool:
        """Whether it is a withdrawal whose money is on its way to the customer's bank."""
        return self._has_left_for_bank and self.arrived_at is None

    @property
    def has_arrived(self) -> bool:
        """Whether it is a withdrawal whose money is at the customer's bank."""
        return self._has_left_for_bank and self.arrived_at is not None

    @property
    def _has_left_for_bank(self) -> bool:
        is_sent = self.money is MoneyState.DEBITED and self.status in _ON_ITS_WAY
        return self.ref.kind is MovementKind.WITHDRAWAL and is_sent

    @property
    def look_at(self) -> datetime | None:
        """The time to look where its money is; None while no date is waited for."""
        if self.is_held and self.held_until is not None and self.hold_asked != self.held_until:
            return self.held_until + HOLD_GRACE
        if self.is_taken_in_vain and self.return_looks < len(RETURN_LOOKS):
            return (self.in_vain_at or self.fact_version.time) + RETURN_LOOKS[self.return_looks]
        return None

    @property
    def needs_attention(self) -> bool:
        """Whether it is what a call may be about: failed, outcome open, or money held, taken in vain or sent to a bank.
        Only the customer's day says that the last is late (arrivals)."""
        is_astray = self.is_outcome_open or self.is_held or self.is_taken_in_vain
        return self.status is MovementStatus.FAILED or is_astray or self.is_sent_to_bank

    @property
    def order_tail(self) -> str | None:
        """The last four digits of the order number, for messages; None when it has fewer."""
        digits = order_digits(self.order_no or "")
        return digits[-ORDER_TAIL_DIGITS_MIN:] if len(digits) >= ORDER_TAIL_DIGITS_MIN else None


_ON_ITS_WAY = frozenset({MovementStatus.AUTHORISED, MovementStatus.SUCCEEDED})


def taken_in_vain(status: MovementStatus, money: MoneyState) -> bool:
    """Whether money was taken for a movement that did not go through."""
    return status in (MovementStatus.FAILED, MovementStatus.REVERSED) and money is MoneyState.DEBITED


ORDER_TAIL_DIGITS_MIN = 4
ORDER_TAIL_DIGITS_MAX = 6
"""A caller keys in the last four to six digits of an order number."""


def order_digits(order_no: str) -> str:
    """The decimal digits of an order number, in order; letters and signs cannot be keyed in."""
    return "".join(character for character in order_no if character in "0123456789")


@dataclass(frozen=True, slots=True)
class MovementList:
    """Newest first; `more` when there are others that were left out."""

    movements: tuple[Movement, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class MovementPage:
    """Newest first; `next_after` is the sort key behind which the next page begins, None at the end."""

    movements: tuple[Movement, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class MovementRefList:
    """Newest first; `more` when there are others that were left out."""

    refs: tuple[MovementRef, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill of an account. Its due date is part of what it is: moved to another date it is another bill. The due date
    is a day in the zone of the account.

    `issued_at`: the earliest time at which the wallet told of it. `reminded`: the reminders that are over, sent or
    not. `paid_at`: the earliest time at which it told that the bill is paid."""

    account_id: str
    bill_id: str
    due_on: date
    biller: str
    amount: Money
    paid: bool
    fact_version: FactVersion
    issued_at: datetime
    shown_within_days: int | None = None
    reminded: frozenset[Offset] = frozenset()
    paid_at: datetime | None = None

    @property
    def sk(self) -> str:
        """The bill's sort key, computed from its id and due date; it is never searched for."""
        return f"BILL#{self.due_on.isoformat()}#{self.bill_id}"


class BillState(StrEnum):
    """The state of a bill, by a day of its account."""

    DUE = "due"
    OVERDUE = "overdue"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class BillPage:
    """Bills in an order; `next_after` is the sort key behind which the next page begins, None at the end."""

    bills: tuple[Bill, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Funds:
    """Stored funds of an account, as of a time. The balance may be zero or below. A field of None was not told."""

    account_id: str
    balance: Money
    accrued_interest: Money
    as_of: datetime
    fact_version: FactVersion
    income_of_day: DayIncome | None = None
    income_of_month: MonthIncome | None = None
    product: FundsProduct | None = None


class MoneyAnswer(StrEnum):
    """The place of the customer's money, as the line says it: straight from the wallet's ledger."""

    NOT_TAKEN = "NOT_TAKEN"
    HELD = "HELD"
    DEBITED = "DEBITED"
    RETURNED = "RETURNED"
    UNKNOWN = "UNKNOWN"


class Stuck(StrEnum):
    """The things that a movement may have waited for too long."""

    OUTCOME = "outcome"
    """Nobody knows what became of it; a case is open."""
    RETURN = "return"
    """Its money was taken in vain and is not back; a case is open."""
    HOLD = "hold"
    """Its money is held, and nobody told until when. Nobody looks at it by themselves."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer about one movement, see diagnosis.diagnose.

    Text keys belong to the message catalogue: `caller_text` is generic where the reason is a risk, `agent_text` is
    specific. `failure` is None when the movement did not fail.
    """

    answer: MoneyAnswer
    failure: FailureCode | None
    caller_text: str
    agent_text: str
    next_step: NextStep
    then: NextStep | None
    """The step after `next_step`, where that only opens an account that is shut."""
    retry: RetryClass
    works_when: WorksWhen
    works_at: datetime | None
    """The moment of `works_when`, where that is a time after the failure that is not over."""
    held_until: datetime | None
    held_overdue: bool
    """The money is still held although the time until which it was to be held has passed."""
    refundable_minor: int
    barring_refund_id: str | None
    stuck: Stuck | None = None
