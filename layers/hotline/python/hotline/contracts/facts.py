"""The data of each kind of fact, as pydantic checks it, and what it is in the model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from hotline.kit.money import Money

from . import limits, model, vocabulary
from .fields import (
    AccountId,
    Amount,
    Balance,
    CardNetwork,
    ContactValue,
    Contract,
    Country,
    CouponReason,
    Day,
    DayCount,
    Id,
    Instant,
    InstrumentKind,
    LanguageTag,
    Minor,
    Month,
    Name,
    Note,
    PhoneValue,
    ProductKind,
    Provider,
    Scheme,
    TimeZone,
    Version,
    Word,
    refusal,
)
from .model import FactData, LockAction, MovementKind, MovementStatus, PointKind, Rejection
from .vocabulary import coupon_reason_of, instrument_of


class FactContract(Contract):
    """The data of one kind of fact."""

    @abstractmethod
    def fact(self, type_name: str, /) -> FactData:
        """The fact of the model; `type_name` is the type without its version."""


def _of_kind(kind: PointKind, value: str | None) -> bool:
    return value is None or value.startswith("+") is (kind is PointKind.PHONE)


class ContactPoint(Contract):
    """A phone number or e-mail address and when its owner last proved to have it."""

    kind: Annotated[PointKind, Field(strict=False)]
    value: ContactValue
    confirmed_at: Instant
    shared: bool = False

    @model_validator(mode="after")
    def _matching(self) -> Self:
        if not _of_kind(self.kind, self.value):
            raise refusal(Rejection.BAD_CONTACT_POINT, "value")
        return self


class Described(FactContract):
    """account.opened, account.updated: the whole account. Contact points that are not listed are no longer its own."""

    version: Version
    language: LanguageTag
    time_zone: TimeZone
    name: Name
    contact_points: Annotated[list[ContactPoint], Field(max_length=limits.CONTACT_POINTS_MAX)]
    two_step: bool
    senior: bool = False

    @model_validator(mode="after")
    def _each_point_once(self) -> Self:
        values = [point.value.lower() for point in self.contact_points]
        if len(set(values)) != len(values):
            raise refusal(Rejection.BAD_CONTACT_POINT, "contact_points")
        return self

    def fact(self, _: str, /) -> FactData:
        points = tuple(
            model.ContactPointFact(point.kind, point.value, point.confirmed_at, point.shared)
            for point in self.contact_points
        )
        return model.AccountDescribed(
            self.version, self.language, self.time_zone, self.name, points, self.two_step, self.senior
        )


class Closed(FactContract):
    """account.closed: for good."""

    version: Version

    def fact(self, _: str, /) -> FactData:
        return model.AccountClosed(self.version)


class Erased(FactContract):
    """account.erased: the customer's personal data must go."""

    version: Version

    def fact(self, _: str, /) -> FactData:
        return model.AccountErased(self.version)


class PointChanged(FactContract):
    """contact_point.changed: one came (`new`), went (`old`), or took the place of another. `reassigned`: the wallet
    knows that it had, or has now, another owner."""

    version: Version
    kind: Annotated[PointKind, Field(strict=False)]
    old: ContactValue | None = None
    new: ContactValue | None = None
    confirmed_at: Instant
    reassigned: bool = False

    @model_validator(mode="after")
    def _matching(self) -> Self:
        if self.old is None and self.new is None:
            raise refusal(Rejection.MISSING_FIELD, "new")
        for field, value in (("old", self.old), ("new", self.new)):
            if not _of_kind(self.kind, value):
                raise refusal(Rejection.BAD_CONTACT_POINT, field)
        return self

    def fact(self, _: str, /) -> FactData:
        return model.ContactPointChanged(
            self.version, self.kind, self.old, self.new, self.confirmed_at, self.reassigned
        )


class Sim(FactContract):
    """contact_point.sim_changed: another SIM answers to the number now, because it was replaced, moved to another
    network or taken over. To be told of every account that has the number."""

    version: Version
    kind: Literal["phone"]
    value: PhoneValue
    changed_at: Instant

    def fact(self, _: str, /) -> FactData:
        return model.SimChanged(self.version, self.value, self.changed_at)


class Device(FactContract):
    """device.registered."""

    device_id: Id

    def fact(self, _: str, /) -> FactData:
        return model.DeviceRegistered(self.device_id)


class Password(FactContract):
    """password.changed."""

    version: Version

    def fact(self, _: str, /) -> FactData:
        return model.PasswordChanged(self.version)


class TwoStep(FactContract):
    """two_step.changed."""

    version: Version
    two_step: bool

    def fact(self, _: str, /) -> FactData:
        return model.TwoStepChanged(self.version, self.two_step)


class Source(Contract):
    """The origin of a login, as far as the wallet knows."""

    ip: Word | None = None
    device_id: Id | None = None
    country: Country | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    network: Annotated[model.SourceNetwork, Field(strict=False)] | None = None


class Login(FactContract):
    """login.failed, login.succeeded."""

    attempt_id: Id
    source: Source
    kind: Annotated[model.LoginKind, Field(strict=False)]

    def fact(self, type_name: str, /) -> FactData:
        told = self.source.model_dump()
        # A code that is on no list says that nobody knows the country. Two of them are not two countries.
        source = model.LoginSource(**{**told, "country": vocabulary.country_of(told["country"])})
        return model.LoginTried(self.attempt_id, source, self.kind, succeeded=type_name == "login.succeeded")


class Merchant(Contract):
    """The merchant that the customer paid."""

    id: Id
    name: Name
    category: Word | None = None


class Instrument(Contract):
    """The instrument that was paid with: never more than the last four digits of a card. Kind and provider decide until
    when a refund is promised; the network of a card decides how its decline codes are read."""

    kind: InstrumentKind
    network: CardNetwork | None = None
    funding: Annotated[model.CardFunding, Field(strict=False)] | None = None
    last4: Annotated[str, Field(pattern=r"^[0-9]{4}$")] | None = None


class Failure(Contract):
    """Why it failed, in the words of the scheme that declined."""

    scheme: Scheme
    code: Word
    message: Note | None = None


class Coupon(Contract):
    """A coupon that was to lower what the movement took: whether it did, and why not."""

    applied: bool
    name: Name | None = None
    amount: Amount | None = None
    reason: CouponReason | None = None

    def told(self) -> model.Coupon:
        """The same as the model has it."""
        reason = None if self.reason is None else coupon_reason_of(self.reason)
        return model.Coupon(self.applied, self.name, None if self.amount is None else _money(self.amount), reason)


class Movement(FactContract):
    """payment, transfer, bill_payment, top_up, withdrawal: one movement of money at one version of its life.
    `expected_on`: on which local day of the customer a withdrawal is at their bank, as its provider estimates.
    `arrived_at`: since when it is there. `direction`: of a transfer, `in` for one that the account receives.
    `counterparty_account`: the account of the same wallet on the other side of a transfer."""

    movement_id: Id
    version: Version
    initiated_at: Instant
    order_no: Annotated[str, Field(max_length=limits.WORD_CHARACTERS_MAX, pattern=limits.ID_PATTERN)] | None = None
    merchant: Merchant | None = None
    counterparty: Name | None = None
    amount: Amount
    instrument: Instrument
    failure: Failure | None = None
    money: Annotated[model.MoneyState, Field(strict=False)]
    held_until: Instant | None = None
    balance_after_minor: Minor | None = None
    provider: Provider | None = None
    coupon: Coupon | None = None
    succeeded_at: Instant | None = None
    country: Country | None = None
    sold_remotely: bool | None = None
    delivered_on: Day | None = None
    return_waived: bool = False
    expected_on: Day | None = None
    arrived_at: Instant | None = None
    direction: Annotated[model.Direction, Field(strict=False)] | None = None
    counterparty_account: AccountId | None = None

    def fact(self, type_name: str, /) -> FactData:
        kind, status = type_name.split(".")
        return model.MovementTold(
            kind=MovementKind(kind),
            status=MovementStatus(status),
            movement_id=self.movement_id,
            version=self.version,
            initiated_at=self.initiated_at,
            amount=_money(self.amount),
            instrument=instrument_of(
                self.instrument.kind, self.instrument.last4, self.instrument.network, self.instrument.funding
            ),
            money=self.money,
            order_no=self.order_no,
            merchant=None if self.merchant is None else model.Merchant(**self.merchant.model_dump()),
            counterparty=self.counterparty,
            failure=None if self.failure is None else model.Failure(**self.failure.model_dump()),
            held_until=self.held_until,
            balance_after_minor=self.balance_after_minor,
            provider=self.provider,
            coupon=None if self.coupon is None else self.coupon.told(),
            purchase=model.Purchase(
                succeeded_at=self.succeeded_at,
                country=self.country,
                sold_remotely=self.sold_remotely,
                delivered_on=self.delivered_on,
                return_waived=self.return_waived,
            ),
            expected_on=self.expected_on,
            arrived_at=self.arrived_at,
            direction=self.direction,
            counterparty_account=self.counterparty_account,
        )


class Refund(FactContract):
    """refund.sent, refund.settled, refund.failed, refund.returned, refund.unknown. `expected_on`: on which local day of
    the customer a refund that was sent arrives, as its provider estimates. `failure`: why it failed or came back."""

    refund_id: Id
    movement_id: Id
    version: Version
    amount: Amount
    reason: Note | None = None
    expected_on: Day | None = None
    failure: Failure | None = None

    def fact(self, type_name: str, /) -> FactData:
        status = model.RefundStatus(type_name.split(".")[1])
        return model.RefundTold(
            status,
            self.refund_id,
            self.movement_id,
            self.version,
            _money(self.amount),
            self.reason,
            self.expected_on,
            None if self.failure is None else model.Failure(**self.failure.model_dump()),
        )


class Lock(FactContract):
    """lock.applied, lock.released, pause.applied, freeze.applied, unfreeze.applied."""

    decision_id: Id
    subject_version: Version
    cause: Word
    until: Instant | None = None

    def fact(self, type_name: str, /) -> FactData:
        return model.LockTold(LockAction(type_name), self.decision_id, self.subject_version, self.cause, self.until)


class Bill(FactContract):
    """bill.issued, bill.paid. `shown_within_days`: within how many days of a payment the biller shows it."""

    bill_id: Id
    version: Version
    biller: Name
    amount: Amount
    due_on: Day
    shown_within_days: Annotated[int, Field(ge=1, le=limits.SHOWN_WITHIN_DAYS_MAX)] | None = None

    def fact(self, type_name: str, /) -> FactData:
        return model.BillTold(
            self.bill_id,
            self.version,
            self.biller,
            _money(self.amount),
            self.due_on,
            paid=type_name == "bill.paid",
            shown_within_days=self.shown_within_days,
        )


class DayIncome(Contract):
    """The income of the last day that the wallet has credited, with its date."""

    on: Day
    amount: Balance


class MonthIncome(Contract):
    """The income of one calendar month up to `as_of`."""

    month: Month
    amount: Balance


AnnualPpm = Annotated[int, Field(ge=-limits.ANNUAL_PPM_MAX, le=limits.ANNUAL_PPM_MAX)]


class AnnualRate(Contract):
    """The rate of one day as parts per million a year: 12340 is 1.234 %."""

    on: Day
    annual_ppm: AnnualPpm


class FundDay(Contract):
    """The figures that a money fund publishes for one day. `income_e4`: the income of 10,000 units of the currency, in
    ten-thousandths of it (万份收益): 6123 is 0.6123. `seven_day_ppm`: the seven days to that day, as a rate a year
    (七日年化)."""

    on: Day
    income_e4: Annotated[int, Field(ge=-limits.INCOME_E4_MAX, le=limits.INCOME_E4_MAX)]
    seven_day_ppm: AnnualPpm | None = None


class FundsProduct(Contract):
    """The product in which the funds are kept. Without `day_count` that of its currency holds."""

    kind: ProductKind
    day_count: DayCount | None = None
    rate: AnnualRate | None = None
    fund_day: FundDay | None = None


class Funds(FactContract):
    """funds.balance_changed. Where the wallet tells a rate or a fund's figures and no income of a day, the
    hotline computes one day."""

    version: Version
    balance: Balance
    accrued_interest: Balance
    as_of: Instant
    income_of_day: DayIncome | None = None
    income_of_month: MonthIncome | None = None
    product: FundsProduct | None = None

    def fact(self, _: str, /) -> FactData:
        day, month, product = self.income_of_day, self.income_of_month, self.product
        return model.FundsTold(
            self.version,
            _money(self.balance),
            _money(self.accrued_interest),
            self.as_of,
            None if day is None else model.DayIncome(day.on, _money(day.amount)),
            None if month is None else model.MonthIncome(month.month, _money(month.amount)),
            None if product is None else _product(product),
        )


def _product(told: FundsProduct) -> model.FundsProduct:
    rate, day = told.rate, told.fund_day
    return model.FundsProduct(
        told.kind,
        told.day_count,
        None if rate is None else model.AnnualRate(rate.on, rate.annual_ppm),
        None if day is None else model.FundDay(day.on, day.income_e4, day.seven_day_ppm),
    )


class Policy(FactContract):
    """merchant.policy_published. The subject of the event is the merchant."""

    merchant_id: AccountId
    version: Version
    window_days: Annotated[int, Field(ge=0, le=limits.WINDOW_DAYS_MAX)]
    partial: bool
    auto_approve_minor: Annotated[int, Field(ge=0, le=limits.INTEGER_MAX)]
    categories: Annotated[list[Word], Field(max_length=limits.CATEGORIES_MAX)]
    evidence_above_minor: Annotated[int, Field(ge=0, le=limits.INTEGER_MAX)] | None = None
    answer_days: Annotated[int, Field(ge=1, le=limits.ANSWER_DAYS_MAX)] | None = None

    def fact(self, _: str, /) -> FactData:
        return model.MerchantPolicyPublished(
            self.merchant_id,
            self.version,
            self.window_days,
            self.partial,
            self.auto_approve_minor,
            tuple(self.categories),
            self.evidence_above_minor,
            self.answer_days,
        )


class Fraud(FactContract):
    """transaction.confirmed_fraud. `counterparty` or `merchant_id`: who got the money, as the movement names them.
    `retracted`: the wallet takes back what it has told, since the movement was no fraud."""

    movement_id: Id
    confirmed_at: Instant
    counterparty: Name | None = None
    merchant_id: Id | None = None
    retracted: bool = False

    def fact(self, _: str, /) -> FactData:
        return model.FraudConfirmed(
            self.movement_id, self.confirmed_at, self.counterparty, self.merchant_id, self.retracted
        )


class Dispute(FactContract):
    """dispute.decided: a dispute of a movement has ended, at the card network or at the wallet. `category` is that of
    Visa's dispute conditions, 10 to 13. `counterparty` or `merchant_id`: who got the money, as the movement names
    them."""

    movement_id: Id
    category: model.DisputeCategory
    decided_for: model.DisputeWinner
    counterparty: Name | None = None
    merchant_id: Id | None = None

    def fact(self, _: str, /) -> FactData:
        is_fraud = self.decided_for == "customer" if self.category == "fraud" else None
        return model.DisputeDecided(self.movement_id, is_fraud, self.counterparty, self.merchant_id)


class Code(FactContract):
    """code.sent: the wallet sent the customer a one-time code, never which one."""

    purpose: Annotated[model.CodePurpose, Field(strict=False)]

    def fact(self, _: str, /) -> FactData:
        return model.CodeSent(self.purpose)


FACTS: Final[Mapping[str, type[FactContract]]] = {
    "account.opened": Described,
    "account.updated": Described,
    "account.closed": Closed,
    "account.erased": Erased,
    "contact_point.changed": PointChanged,
    "contact_point.sim_changed": Sim,
    "device.registered": Device,
    "password.changed": Password,
    "two_step.changed": TwoStep,
    "login.failed": Login,
    "login.succeeded": Login,
    **{f"{kind}.{status}": Movement for kind in MovementKind for status in MovementStatus},
    **{f"refund.{status}": Refund for status in model.RefundStatus},
    **{action.value: Lock for action in LockAction},
    "bill.issued": Bill,
    "bill.paid": Bill,
    "funds.balance_changed": Funds,
    "merchant.policy_published": Policy,
    "transaction.confirmed_fraud": Fraud,
    "dispute.decided": Dispute,
    "code.sent": Code,
}
"""Type, without its version suffix, to the contract of its data."""


def _money(amount: Amount | Balance) -> Money:
    return Money(amount.minor, amount.currency)
