"""Refunds, the policies that decide them, and what a decision says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from hotline.contracts.model import FactVersion, MoneyState, MovementKind, MovementStatus
from hotline.kit.money import Money
from hotline.kit.records import quick

from .promises import Promise

OPEN_RULE: Final = "movement.open_refund"
"""The rule that decides about a payment of which a refund is under way."""
UNPAID_RULE: Final = "movement.unpaid_refund"
"""The rule that decides about a payment of which a refund failed or came back: a person finds another way to pay it."""


DISPUTED_RULE: Final = "movement.disputed"
"""The rule that decides about a payment that its owner disputes, while people owe them an answer."""
MANY_PARTS_RULE: Final = "movement.parts"
"""The rule that decides about a payment that was refunded in as many parts as its ledger holds."""
CALLED_BACK_RULE: Final = "movement.called_back"
"""The rule that decides about a payment that was reversed while a refund of it was under way."""
CALLED_BACK: Final = "called_back"
"""The state that is told of a refund that may be paid beside its reversed payment: people look into it."""


class RefundError(StrEnum):
    """Why a refund, or a fact of one, is refused."""

    MOVEMENT_CHANGED = "movement_changed"
    NO_SUCH_MOVEMENT = "no_such_movement"
    REQUEST_KEY_LENGTH = "request_key_length"
    NOTE_TOO_LONG = "note_too_long"
    ACCOUNT_NOT_OPEN = "account_not_open"
    CURRENCY_DIFFERS = "currency_differs"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_OVER_REFUNDABLE = "amount_over_refundable"
    PARTIAL_NOT_PERMITTED = "partial_not_permitted"
    NO_SUCH_REFUND = "no_such_refund"
    NOT_IN_REVIEW = "refund_not_in_review"
    NOT_UNPAID = "refund_not_unpaid"
    OVERTAKEN = "refund_overtaken"
    """Refunds that the wallet made meanwhile have taken so much of the payment that this one is too much."""
    PROVIDER_WINDOW_OVER = "provider_window_over"
    PROVIDER_PARTS_OVER = "provider_parts_over"
    """The provider refuses by now what it would have paid when the refund was asked for."""
    POLICY_INVALID = "policy_invalid"
    POLICY_CHANGED = "policy_changed"
    """The policy is not at the version that its editor saw."""


class RefundReason(StrEnum):
    """Why a customer wants their money back."""

    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"
    PRICE_ADJUSTMENT = "price_adjustment"
    NO_REASON_RETURN = "no_reason_return"
    OTHER = "other"
    NOT_RECEIVED = "not_received"
    SERVICE_NOT_RENDERED = "service_not_rendered"
    MISSING_ITEM = "missing_item"
    NOT_AS_DESCRIBED = "not_as_described"
    DEFECTIVE = "defective"
    WRONG_ITEM = "wrong_item"
    UNAUTHORISED = "unauthorised"


class RefundState(StrEnum):
    """The life of a refund. Denied, succeeded, stopped, failed and returned ones are over."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    DENIED = "denied"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED_BACK = "returned_back"
    """It had arrived, and the instrument's bank sent it back."""
    UNKNOWN = "unknown"
    """The wallet does not know whether it was paid, and asks its provider by the same number."""
    STOPPED = "stopped"
    """The payment itself was reversed, so that this refund would pay its customer twice."""

    @property
    def is_open(self) -> bool:
        return self in (RefundState.IN_REVIEW, RefundState.APPROVED, RefundState.SENT, RefundState.UNKNOWN)

    @property
    def is_unpaid(self) -> bool:
        """Whether the money did not reach the customer, or did not stay: a person has to find another way."""
        return self in (RefundState.FAILED, RefundState.RETURNED_BACK)


class ReviewNeed(StrEnum):
    """The reason why a refund waits in review."""

    APPROVAL = "approval"
    EVIDENCE = "evidence"


class Evidence(StrEnum):
    """A piece of evidence that a reason holds."""

    PHOTO = "photo"
    """A photo of the goods."""
    CARRIER_STATUS = "carrier_status"
    """The word of the carrier about the parcel."""
    BOOKING = "booking"
    """The booking, or what the merchant wrote about it."""
    PRICE = "price"
    """The lower price as it was offered."""


class Remedy(StrEnum):
    """Something that would change a decision that is not an approval; a piece of evidence is one, too."""

    PHOTO = Evidence.PHOTO.value
    CARRIER_STATUS = Evidence.CARRIER_STATUS.value
    BOOKING = Evidence.BOOKING.value
    PRICE = Evidence.PRICE.value
    MERCHANT = "merchant"
    """The merchant agrees to it."""
    PERSON = "person"
    """A person looks at it; the customer need do nothing."""
    TIME = "time"
    """The same request at a later time."""


class ReturnRight(StrEnum):
    """Whether a law lets the customer give the goods back without a reason."""

    NONE = "none"
    """No law says so, or they were not bought remotely as far as the wallet tells."""
    EXCLUDED = "excluded"
    UNSTARTED = "unstarted"
    """Nobody has told that the customer signed for the goods, so the days have not begun."""
    HOLDS = "holds"
    OVER = "over"


class OtherCharge(StrEnum):
    """The other charge of what looks like one purchase, as it was when a refund was asked for (payments.twins)."""

    LATER = "later"
    """Both are charged, and the other is the later: this one stands."""
    EARLIER = "earlier"
    """Both are charged, and the other is the earlier: that one stands."""
    WHOLE = "whole"
    """Both are charged, and refunds have taken a part of this one alone."""
    REFUNDED = "refunded"
    """A refund of it as charged twice is under way, waits, or has arrived; or nobody knows what it was for."""
    REFUNDED_OTHERWISE = "refunded_otherwise"
    """The same, of a refund that was asked for here for another reason."""
    UNREAD = "unread"
    """The payment names it only since the request was begun."""


class ReviewDecision(StrEnum):
    """The word of a person on a refund in review."""

    APPROVE = "approve"
    DENY = "deny"


class PayoutWay(StrEnum):
    """Another way to pay a refund that did not reach the instrument that was paid with. Both belong to the customer;
    the wallet knows which account it is."""

    BALANCE = "balance"
    BANK_ACCOUNT = "bank_account"


class RefundOutcome(StrEnum):
    """The outcome of a request for a refund."""

    APPROVED = "APPROVED"
    IN_REVIEW = "IN_REVIEW"
    DENIED = "DENIED"
    EXISTS = "EXISTS"
    """This very request was made before, or another refund of the movement is under way; nothing changed."""
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    """The movement can have no refund; nothing was recorded."""
    ROUTE_DISPUTE = "ROUTE_DISPUTE"
    """Not a refund but a dispute, which is noted for people to answer by a date."""
    LIMITED = "LIMITED"
    """It would be denied, and so many were denied in the last day that no further one is recorded; nothing was."""


class OfferOutcome(StrEnum):
    """Whether a refund of a movement may be asked for at all."""

    OFFERED = "OFFERED"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    ROUTE_DISPUTE = "ROUTE_DISPUTE"


@dataclass(frozen=True, slots=True)
class MerchantPolicy:
    """The published policy of a merchant. `window_days` counts from the payment; `auto_approve_minor` is in the
    payment's currency; `categories` are those that cannot be given back for a change of mind. `evidence_above_minor`:
    up to this of a payment no evidence is asked for; None: up to what is approved unseen. `answer_days`: how long the
    merchant takes to answer for a refund in review; None: it has stated no time."""

    merchant_id: str
    version: int
    window_days: int
    partial: bool
    auto_approve_minor: int
    categories: tuple[str, ...]
    fact_version: FactVersion
    evidence_above_minor: int | None = None
    answer_days: int | None = None


@dataclass(frozen=True, slots=True)
class RuleInputs:
    """Everything that the rules look at, flat and of a bounded size. It is kept with the refund, so that the decision
    can be made again later from its record alone. Limits are in minor units of the payment's currency."""

    at: datetime
    today: date
    """The customer's local day."""
    reason: RefundReason
    amount: Money
    kind: MovementKind
    status: MovementStatus
    money: MoneyState
    initiated_at: datetime
    captured_minor: int
    refundable_minor: int
    mixed_currencies: bool
    refund_count: int
    category: str | None
    instrument_kind: str
    provider: str | None
    provider_from: datetime
    """The time from which the provider's window counts."""
    provider_until: datetime | None
    provider_parts_max: int | None
    provider_version: int
    law: str
    """The law's profile with its version; `0`: no profile."""
    return_days: int
    return_excluded: bool
    sold_remotely: bool
    delivered_on: date | None
    wallet_version: str
    wallet_window_days: int
    wallet_auto_minor: int
    wallet_cap_minor: int
    recent_count: int
    recent_max: int
    denied_count: int
    denied_max: int
    merchant_version: int
    """0: the merchant has published no policy, and the other fields of it do not count."""
    merchant_window_days: int
    merchant_partial: bool
    merchant_auto_minor: int
    merchant_excluded: bool
    """Whether the merchant excludes the category of these goods."""
    merchant_evidence_minor: int
    paid_twice: bool = False
    """The wallet's records show this payment a second time, and it is the later of the two (payments.twins)."""
    other_charge: OtherCharge | None = None
    """None: the wallet's records show no other charge, or the refund was stored before this was looked at."""

    @property
    def policy_version(self) -> str:
        """The versions of all that decided: wallet, merchant, law, and the figures of providers."""
        return (
            f"{self.wallet_version}/merchant-{self.merchant_version}/law-{self.law}/providers-{self.provider_version}"
        )


@quick
@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule as it was evaluated: whether it spoke, what for, and what it looked at."""

    rule: str
    outcome: RefundOutcome | None
    """None: the rule had nothing against it."""
    inputs: Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The answer of the policies to a request. `rules` holds every rule that was evaluated, in order; `decided_by` the
    id of the one that decided."""

    outcome: RefundOutcome
    amount: Money
    decided_by: str
    rules: tuple[RuleResult, ...]
    policy_version: str
    inputs: RuleInputs
    promise: Promise | None
    """Approved: when the money is there. In review: when the answer is there."""
    review: ReviewNeed | None = None

    @property
    def promised_on(self) -> date | None:
        return self.promise.latest_on if self.promise is not None else None


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund. `version` counts the decisions about it that went to the bus; `fact_version` is the last fact's
    (None: the wallet has not told of it). A refund that the wallet makes by itself has no reason and no promise."""

    account_id: str
    refund_id: str
    movement_id: str
    amount: Money
    state: RefundState
    requested_at: datetime
    state_at: datetime
    version: int = 0
    movement_sk: str | None = None
    merchant_name: str | None = None
    order_tail: str | None = None
    reason: RefundReason | None = None
    promise: Promise | None = None
    review: ReviewNeed | None = None
    decided_by: str | None = None
    policy_version: str | None = None
    case_id: str | None = None
    rules: tuple[RuleResult, ...] = ()
    inputs: RuleInputs | None = None
    """None of a refund that was not asked for here, of one that was stored before inputs were kept, and of a copy."""
    fact_version: FactVersion | None = None
    escalations: int = 0
    """How often a promised date has passed."""
    followed_up: bool = False
    """The refund failed or came back, and the hotline has acted on it: `promise` is the date of the next step.
    Until then `promise` is of the time before, and no longer true."""
    evidence_at: datetime | None = None
    """The time at which the last picture came that may be looked at."""
    payout: PayoutWay | None = None
    """The other way by which the wallet was asked to pay. It ends when the money is under way, or when people know that
    this failed as well."""
    payout_at: datetime | None = None
    """The time at which it was asked. A failure that is older is not of this payout."""
    expected_on: date | None = None
    """The provider's estimate of the day on which the money that was sent arrives, until another fact withdraws it or a
    promise takes it up."""
    failure: str | None = None
    """Why it failed or came back, as the wallet told with the last fact: a name of the taxonomy of failures."""
    estimate_version: FactVersion | None = None
    """The version of the fact that had the last word on the estimate: it told one, or that the attempt has ended."""
    arrival_told: bool = False
    """The customer was told that the money has arrived, or need not be: it was long ago, or the account is erased."""
    time_zone: str | None = None
    """The customer's zone when the date was promised: the date ends there. None: see business_days.zone_of."""
    asked: bool = False
    """The wallet was asked what became of it."""
    closed: FactVersion | None = None
    """The fact that held as it was left as history. Nothing is promised of it, until its money moves again."""
    reversed: bool = False
    """Its payment is reversed."""
    stopped: bool = False
    """People know of that, and of the state in which it met the refund."""
    merchant_until: datetime | None = None
    """The end of the merchant's time to answer, of a refund that was stored before this was a clock of its own."""

    @property
    def promised_on(self) -> date | None:
        return self.promise.latest_on if self.promise is not None else None


@dataclass(frozen=True, slots=True)
class RefundList:
    """Newest first; `more` when there are others that were left out."""

    refunds: tuple[Refund, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class RefundPage:
    """Newest first; `next_after` is the position behind which the next page begins, None at the end."""

    refunds: tuple[Refund, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class RefundOffer:
    """The refund that may be asked for. `amount` is what is left; `promise` holds if the request is approved at once.
    `barring_refund_id`: the refund beside which no other may be asked for, see Movement."""

    outcome: OfferOutcome
    amount: Money
    partial: bool
    promise: Promise | None
    barring_refund_id: str | None
    decided_by: str
    rules: tuple[RuleResult, ...] = ()

    @property
    def promised_on(self) -> date | None:
        return self.promise.latest_on if self.promise is not None else None


@dataclass(frozen=True, slots=True)
class RefundResult:
    """The answer to a request. For EXISTS, what is known of the refund that exists. For ROUTE_DISPUTE, of the dispute:
    `promise` is the date of its answer."""

    outcome: RefundOutcome
    refund_id: str | None
    amount: Money | None
    promise: Promise | None
    state: RefundState | None = None
    decided_by: str | None = None
    rules: tuple[RuleResult, ...] = ()
    case_id: str | None = None
    review: ReviewNeed | None = None
    recorded: bool = False
    """The request has changed something."""
    again_at: datetime | None = None
    """For LIMITED, when a request may be denied again."""

    @property
    def promised_on(self) -> date | None:
        return self.promise.latest_on if self.promise is not None else None


@dataclass(frozen=True, slots=True)
class RecentRequest:
    """One request that counts for velocity, and what was promised."""

    refund_id: str
    at: datetime
    amount: Money
    promise: Promise | None


@dataclass(frozen=True, slots=True)
class RecentRequests:
    """The requests of an account in the velocity window that took money, oldest first, and the times of the last day's
    denied ones."""

    account_id: str
    requests: tuple[RecentRequest, ...] = field(default=())
    denied_at: tuple[datetime, ...] = field(default=())
