"""Facts: what the wallet tells, as frozen dataclasses. `schemas` makes them from CloudEvents; rooms fold them.

Facts converge: in any order, late, or several times they give the same state. Entities that change carry the wallet's
`version`; of two facts about one thing the higher version wins, and without versions the later (time, id).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal, get_args

from hotline.kit.clock import from_text, to_text
from hotline.kit.errors import InvalidInput
from hotline.kit.money import Money
from hotline.kit.records import quick

VERSION_SUFFIX: Final = ".v1"
"""The end of the type of every fact and decision as it travels."""


class Rejection(StrEnum):
    """Why a fact is not taken in: stable words for logs, dead letters and documents."""

    NOT_AN_EVENT = "not_an_event"
    """Not JSON, not from the bus, or no CloudEvents 1.0 object in `detail`."""
    UNKNOWN_TYPE = "unknown_type"
    TYPE_MISMATCH = "type_mismatch"
    """The bus names another type than the event itself."""
    MISSING_KEY = "missing_key"
    """A field without which the fact cannot be told from others: ids, versions, and times that are part of a key."""
    MISSING_FIELD = "missing_field"
    SUBJECT_MISMATCH = "subject_mismatch"
    BAD_VALUE = "bad_value"
    """A value of another type, or outside its closed list or range."""
    BAD_TIME = "bad_time"
    """No RFC 3339 time with an offset, or one outside the years 2000 to 2199."""
    FUTURE_TIME = "future_time"
    """The fact claims to be from later than now."""
    BAD_TEXT = "bad_text"
    BAD_CONTACT_POINT = "bad_contact_point"
    """No E.164 number, no e-mail address, or one that is listed twice."""
    BAD_CURRENCY = "bad_currency"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    TOO_LONG = "too_long"
    """A text over its limit of characters, or a list over its limit of entries."""


MAY_BE_TAKEN_LATER: Final = frozenset({Rejection.FUTURE_TIME})
"""Reasons that time mends. A fact that is refused for any other can never be taken in."""


class FactRejected(InvalidInput):
    """The fact breaks the contract. `code` is the reason; `field` the path of the first offending field. Id and type
    are there only if they look like ids and types, so that all four may be logged; no value is ever repeated."""

    def __init__(self, reason: Rejection, *, fact_type: str | None, fact_id: str | None, field: str = "-") -> None:
        super().__init__(reason)
        self.reason = reason
        self.fact_type = fact_type
        self.fact_id = fact_id
        self.field = field


class PointKind(StrEnum):
    """The kind of a contact point."""

    PHONE = "phone"
    EMAIL = "email"


class MovementKind(StrEnum):
    """The kind of a movement of money."""

    PAYMENT = "payment"
    TRANSFER = "transfer"
    BILL_PAYMENT = "bill_payment"
    TOP_UP = "top_up"
    WITHDRAWAL = "withdrawal"


class MovementStatus(StrEnum):
    """The state of a movement, as the wallet has it."""

    AUTHORISED = "authorised"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REVERSED = "reversed"


class MoneyState(StrEnum):
    """The place of the customer's money, as the wallet's ledger has it; the hotline never guesses it."""

    NONE = "none"
    HELD = "held"
    DEBITED = "debited"
    RETURNED = "returned"
    UNKNOWN = "unknown"


class RefundStatus(StrEnum):
    """The place of a refund's money."""

    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"
    RETURNED = "returned"
    UNKNOWN = "unknown"
    """The provider did not say; it is asked by the same number, never by a new one."""


class LockAction(StrEnum):
    """The acts of the wallet on a lock, of its own will or because a decision asked for them. The values are the facts'
    types."""

    LOCK_APPLIED = "lock.applied"
    LOCK_RELEASED = "lock.released"
    PAUSE_APPLIED = "pause.applied"
    FREEZE_APPLIED = "freeze.applied"
    UNFREEZE_APPLIED = "unfreeze.applied"


@dataclass(frozen=True, slots=True)
class ContactPointFact:
    """A contact point that an account has, and when its owner last proved to have it."""

    kind: PointKind
    value: str
    """E.164 phone number or e-mail address, normalised by the door."""
    confirmed_at: datetime
    shared: bool = False


@dataclass(frozen=True, slots=True)
class AccountDescribed:
    """account.opened and account.updated."""

    version: int
    language: str
    time_zone: str
    name: str
    contact_points: tuple[ContactPointFact, ...]
    two_step: bool
    senior: bool = False


@dataclass(frozen=True, slots=True)
class AccountClosed:
    """account.closed: for good."""

    version: int


@dataclass(frozen=True, slots=True)
class AccountErased:
    """account.erased: the personal data of the customer must go."""

    version: int


@dataclass(frozen=True, slots=True)
class ContactPointChanged:
    """contact_point.changed: `new` came, `old` went, or the one took the place of the other. `reassigned`: the wallet
    knows that the new one had another owner before, or, without a new one, that the old one has another now."""

    version: int
    kind: PointKind
    old: str | None
    new: str | None
    confirmed_at: datetime
    reassigned: bool


@dataclass(frozen=True, slots=True)
class SimChanged:
    """contact_point.sim_changed: since `changed_at` another SIM answers to the number, as its network tells."""

    version: int
    value: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceRegistered:
    """device.registered."""

    device_id: str


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """password.changed."""

    version: int


@dataclass(frozen=True, slots=True)
class TwoStepChanged:
    """two_step.changed: two-step login was switched on or off."""

    version: int
    two_step: bool


class LoginKind(StrEnum):
    """The means by which a login was tried."""

    PASSWORD = "password"  # noqa: S105 - a kind of login, not a secret
    OTP = "otp"


class SourceNetwork(StrEnum):
    """A network that hides where somebody is, so that a position read from the address says little."""

    RELAY = "relay"
    SATELLITE = "satellite"
    VPN = "vpn"


@dataclass(frozen=True, slots=True)
class LoginSource:
    """The origin of a login. Addresses and positions are personal: they are stored as keyed hashes only."""

    ip: str | None = None
    device_id: str | None = None
    country: str | None = None
    lat: float | None = None
    lon: float | None = None
    network: SourceNetwork | None = None


@dataclass(frozen=True, slots=True)
class LoginTried:
    """login.failed and login.succeeded."""

    attempt_id: str
    source: LoginSource
    kind: LoginKind
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Merchant:
    """The merchant that the customer paid."""

    id: str
    name: str
    category: str | None = None


class CardFunding(StrEnum):
    """The source of the money of a card. Laws differ by it."""

    CREDIT = "credit"
    DEBIT = "debit"
    PREPAID = "prepaid"


@dataclass(frozen=True, slots=True)
class Instrument:
    """The instrument that was paid with: a kind, at most the last four digits of a card, its network (see vocabulary)
    and its funding."""

    kind: str
    last4: str | None = None
    network: str | None = None
    funding: CardFunding | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A decline or error as its scheme names it: `iso8583`, `stripe`, `adyen`, `alipay`, `wechat` or `wallet`."""

    scheme: str
    code: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """The terms of a purchase that laws and providers ask for, as far as the wallet tells. `succeeded_at` is when the
    money was taken. `country` is the one whose consumer law holds
    for the purchase. `delivered_on` is the day on which the customer signed for the goods. `return_waived`: the
    customer confirmed at the purchase that these goods are not taken back."""

    succeeded_at: datetime | None = None
    country: str | None = None
    sold_remotely: bool | None = None
    delivered_on: date | None = None
    return_waived: bool = False


UNTOLD: Final = Purchase()
"""A purchase of whose terms the wallet has told nothing."""


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon that was to lower what a movement took. `reason`: why it did not apply, a word of
    vocabulary.COUPON_REASONS."""

    applied: bool
    name: str | None = None
    amount: Money | None = None
    reason: str | None = None


class Direction(StrEnum):
    """The way a transfer goes, seen from the account that it is told of."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class MovementTold:
    """payment|transfer|bill_payment|top_up|withdrawal.{authorised, succeeded, failed, unknown, reversed}."""

    kind: MovementKind
    status: MovementStatus
    movement_id: str
    version: int
    initiated_at: datetime
    amount: Money
    instrument: Instrument
    money: MoneyState
    order_no: str | None = None
    merchant: Merchant | None = None
    counterparty: str | None = None
    failure: Failure | None = None
    held_until: datetime | None = None
    balance_after_minor: int | None = None
    provider: str | None = None
    """The provider that moved the money, as the wallet names it (vocabulary.provider_of)."""
    coupon: Coupon | None = None
    purchase: Purchase = UNTOLD
    expected_on: date | None = None
    """Of a withdrawal: the local day of the customer on which the money is at their bank, as the provider estimates."""
    arrived_at: datetime | None = None
    """Of a withdrawal: since when the money is at the customer's bank."""
    direction: Direction | None = None
    """Of a transfer; None is out."""
    counterparty_account: str | None = None
    """The account of the same wallet on the other side of a transfer."""


@dataclass(frozen=True, slots=True)
class RefundTold:
    """refund.{sent, settled, failed, returned, unknown}. `expected_on`: the day on which the money that was sent
    arrives, as its provider estimates; a local day of the customer. `failure`: why it failed or came back."""

    status: RefundStatus
    refund_id: str
    movement_id: str
    version: int
    amount: Money
    reason: str | None = None
    expected_on: date | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class LockTold:
    """lock.applied, lock.released, pause.applied, freeze.applied, unfreeze.applied. `decision_id` is the hotline's own
    when the wallet acknowledges a decision, otherwise the wallet's."""

    action: LockAction
    decision_id: str
    subject_version: int
    cause: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class BillTold:
    """bill.issued and bill.paid."""

    bill_id: str
    version: int
    biller: str
    amount: Money
    due_on: date
    paid: bool
    shown_within_days: int | None = None
    """Within how many days of a payment its biller shows it."""


@dataclass(frozen=True, slots=True)
class DayIncome:
    """The income of stored funds on one day, as the wallet has credited it."""

    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class MonthIncome:
    """The income of stored funds in one month, up to now. `month`: its first day."""

    month: date
    amount: Money


@dataclass(frozen=True, slots=True)
class AnnualRate:
    """The rate of a product on one day, in parts per million of the amount a year: 12340 is 1.234 %."""

    on: date
    annual_ppm: int


@dataclass(frozen=True, slots=True)
class FundDay:
    """The figures of a money fund for one day. `income_e4`: the income of 10,000 units of the currency, in
    ten-thousandths of it: 6123 is 0.6123. `seven_day_ppm`: the seven days to that day as a rate a year, in parts per
    million."""

    on: date
    income_e4: int
    seven_day_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class FundsProduct:
    """The product that the funds are kept in. `day_count`: its convention, in the wallet's spelling; None: that of its
    currency."""

    kind: str
    day_count: str | None = None
    rate: AnnualRate | None = None
    fund_day: FundDay | None = None


@dataclass(frozen=True, slots=True)
class FundsTold:
    """funds.balance_changed. A field of None was not told."""

    version: int
    balance: Money
    accrued_interest: Money
    as_of: datetime
    income_of_day: DayIncome | None = None
    income_of_month: MonthIncome | None = None
    product: FundsProduct | None = None


@dataclass(frozen=True, slots=True)
class MerchantPolicyPublished:
    """merchant.policy_published; the subject of this fact is the merchant, not an account."""

    merchant_id: str
    version: int
    window_days: int
    partial: bool
    auto_approve_minor: int
    categories: tuple[str, ...]
    evidence_above_minor: int | None = None
    answer_days: int | None = None


@dataclass(frozen=True, slots=True)
class FraudConfirmed:
    """transaction.confirmed_fraud. `counterparty`, `merchant_id`: who got the money, as the movement names them.
    `is_retracted`: the wallet takes its word back, that the movement was fraud."""

    movement_id: str
    confirmed_at: datetime
    counterparty: str | None = None
    merchant_id: str | None = None
    is_retracted: bool = False


DisputeCategory = Literal["fraud", "authorisation", "processing", "consumer"]
DISPUTE_CATEGORIES: Final = frozenset(get_args(DisputeCategory))
"""The categories of Visa's dispute conditions, 10 to 13."""
DisputeWinner = Literal["customer", "merchant"]
DISPUTE_WINNERS: Final = frozenset(get_args(DisputeWinner))


@dataclass(frozen=True, slots=True)
class DisputeDecided:
    """dispute.decided. `is_fraud`: it was about fraud, and the customer has won it; a merchant who wins has shown that
    it was none. None of a dispute about something else. `counterparty`, `merchant_id`: who got the money, as the
    movement names them."""

    movement_id: str
    is_fraud: bool | None
    counterparty: str | None = None
    merchant_id: str | None = None


class CodePurpose(StrEnum):
    """The purpose for which a one-time code was sent."""

    LOGIN = "login"
    RESET = "reset"
    PAYMENT = "payment"
    HOTLINE = "hotline"


@dataclass(frozen=True, slots=True)
class CodeSent:
    """code.sent: a one-time code went to the customer."""

    purpose: CodePurpose


type FactData = (
    AccountDescribed
    | AccountClosed
    | AccountErased
    | ContactPointChanged
    | SimChanged
    | DeviceRegistered
    | PasswordChanged
    | TwoStepChanged
    | LoginTried
    | MovementTold
    | RefundTold
    | LockTold
    | BillTold
    | FundsTold
    | MerchantPolicyPublished
    | FraudConfirmed
    | CodeSent
    | DisputeDecided
)


FACT_TYPES: Final = frozenset(
    {
        *("account.opened", "account.updated", "account.closed", "account.erased"),
        *("contact_point.changed", "contact_point.sim_changed", "device.registered", "password.changed"),
        *("two_step.changed", "login.failed", "login.succeeded", "code.sent"),
        *(f"{kind}.{status}" for kind in MovementKind for status in MovementStatus),
        *(f"refund.{status}" for status in RefundStatus),
        *(action.value for action in LockAction),
        *("bill.issued", "bill.paid", "funds.balance_changed", "merchant.policy_published"),
        *("transaction.confirmed_fraud", "dispute.decided"),
    }
)
"""The types of all facts, without their version: for whoever knows them by name and checks none (facts.FACTS)."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `subject` is the account id (for a merchant policy the merchant id); `type` has no version suffix."""

    id: str
    type: str
    source: str
    time: datetime
    subject: str
    data: FactData

    @property
    def order(self) -> tuple[datetime, str]:
        """The order of facts that carry no version."""
        return (self.time, self.id)


@quick
@dataclass(frozen=True, slots=True, order=True)
class FactVersion:
    """The order of two facts about one thing: the higher version holds; of equal versions the later, then the larger
    id."""

    version: int
    time: datetime
    fact_id: str

    @classmethod
    def of(cls, fact: Fact, version: int) -> FactVersion:
        """The version of a fact. Its time is cut to the milliseconds that are stored: a finer one would compare
        differently before it was stored and after."""
        return cls(version, from_text(to_text(fact.time)), fact.id)
