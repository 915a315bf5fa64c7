"""The forms of requests and answers. docs/openapi.json is written from them (`make schemas`)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from hotline.contracts import limits
from hotline.contracts.limits import INTEGER_MAX, NOTE_CHARACTERS_MAX
from hotline.directory.service import TYPED_CHARACTERS_MAX
from hotline.identity.service import TOKEN_CHARACTERS_MAX
from hotline.kit.text import fits, plain_text
from hotline.refunds.model import RefundReason

PAGE_MAX: Final = 50
PAGE_DEFAULT: Final = 20


def _plain_note(value: str) -> str | None:
    """A customer's own text, as one plain line; None when nothing of it can be read. Raises a validation error when its
    plain form is over the limit."""
    note = plain_text(value)
    if not fits(note, characters_max=NOTE_CHARACTERS_MAX):
        raise PydanticCustomError("string_too_long", "The text is too long in composed form.")
    return note or None


Id = Annotated[str, StringConstraints(max_length=limits.ID_CHARACTERS_MAX, pattern=limits.ID_PATTERN)]


class Body(BaseModel):
    """A client's body: fields that the form does not have are refused, and nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answer(BaseModel):
    """An answer of the API."""

    model_config = ConfigDict(extra="forbid")


class Amount(Answer):
    """Whole minor units of a currency."""

    minor: int
    currency: str


class Numbers(Answer):
    """The official numbers in E.164, the main one first."""

    numbers: list[str]


class Genuine(Answer):
    """Whether a number is an official one."""

    genuine: bool


class OpenTimes(Answer):
    """People answer on a day of the week (1 is Monday) from one time up to another; `00:00` closes at midnight."""

    day: int
    opens: str
    closes: str


class OtherDay(Answer):
    """A date that differs from its day of the week, such as a holiday. Without times nobody answers; with several, it
    comes several times."""

    date: date
    name: str
    opens: str | None
    closes: str | None


class OpeningTimes(Answer):
    """From when to when people answer without a break; without an end where none is in sight."""

    begins_at: datetime
    ends_at: datetime | None


class Banner(Answer):
    """The words that callers hear before the menu while something is out of order."""

    text: str
    ends_at: datetime


class Hours(Answer):
    """When people answer, in the time zone of theirs. The automatic line answers at any time. `opening` is the one that
    holds, or else the next one; null where none is in sight. `banner` is null while there is none."""

    time_zone: str
    open: bool
    opening: OpeningTimes | None
    weekly: list[OpenTimes]
    special_days: list[OtherDay]
    banner: Banner | None


class Lock(Answer):
    """The lock in force on the account. `text` says it in words. `cause` is null for a hold that people look into,
    whatever for. `asked` is the request to the wallet that it has not confirmed. `self_service` is the act that the
    owner may do. Until `recovery_until` a new password may be chosen."""

    state: Literal["OPEN", "SOFT", "HARD", "HOLD", "FROZEN", "PAUSED", "CLOSED", "ERASED"]
    cause: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    asked: str | None = None
    recovery_until: datetime | None = None
    self_service: Literal["unlock", "reset", "both", "end_pause", "unfreeze", "no"]
    facts_as_of: datetime
    text: str


class Asked(Answer):
    """The result of asking: `asked` until the wallet has confirmed it, or that it is so already."""

    outcome: Literal["asked", "open", "frozen", "granted"]


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
    """Where the customer's money is, by the wallet's ledger."""

    state: Literal["not_taken", "held", "debited", "returned", "unknown"]
    held_until: datetime | None = None
    overdue: bool = False


class Failure(Answer):
    """Why it failed. Reasons of risk are told as a plain decline."""

    reason: str
    retry: str
    works_when: str


class Coupon(Answer):
    """A coupon that was to lower what was paid, and why it did not; `other` where no listed reason is known."""

    applied: bool
    name: str | None = None
    amount: Amount | None = None
    reason: str | None = None


class Payment(Answer):
    """A movement of money with its diagnosis: what happened, where the money is, the one next step. `given_back`: the
    sum of the refunds that have arrived. `counterparty`: the first character of the other side's name."""

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
    open_refund_id: str | None = None
    given_back: Amount | None = None
    counterparty: str | None = None
    coupon: Coupon | None = None
    text: str


class Payments(Answer):
    """One page, newest first. `next` is a cursor, absent at the end; a page of one status may hold fewer than asked."""

    payments: list[Payment]
    next: str | None = None


class DayIncome(Answer):
    """The income of the last day that is known. `computed`: the wallet told the rate of that day and no income, so this
    is one day on the balance as it is now. It is no promise."""

    on: date
    amount: Amount
    computed: bool


class MonthIncome(Answer):
    """The income of a calendar month up to the time of the balance; `month` as in 2026-11."""

    month: str
    amount: Amount


class Product(Answer):
    """The product in which the funds are kept, and its rate on a day in parts per million a year: 12340 is 1.234 %."""

    kind: str
    rate_on: date | None = None
    annual_ppm: int | None = None


class Funds(Answer):
    """Stored funds as of a time. A value that the wallet has not told is null. `text` says it in words."""

    balance: Amount
    accrued_interest: Amount
    as_of: datetime
    income_of_day: DayIncome | None = None
    income_of_month: MonthIncome | None = None
    product: Product | None = None
    text: str


class Bill(Answer):
    """A bill of a biller. `due_on` is a day in the account's time zone. Of one that is paid: the biller shows the
    payment within `shown_within_days` days."""

    id: str
    biller: str
    amount: Amount
    due_on: date
    state: Literal["due", "overdue", "paid"]
    shown_within_days: int | None = None


class Bills(Answer):
    """One page. `next` is a cursor, absent at the end."""

    bills: list[Bill]
    next: str | None = None


class RemindersChosen(Body):
    """Whether reminders of bills shall be sent."""

    on: bool


class Reminders(Answer):
    """Whether reminders of bills are sent."""

    on: bool


class RuleSaid(Answer):
    """A rule that was heard, and what it spoke for; nothing when it had nothing against it."""

    rule: str
    outcome: str | None = None


class Decision(Answer):
    """The answer of the policies, and every rule that was heard. `policy_version` names the versions of wallet,
    merchant, law and providers' figures. `remedies`: what would change it, evidence first; `text` says so."""

    outcome: str
    decided_by: str | None = None
    policy_version: str | None = None
    remedies: list[str]
    text: str
    rules: list[RuleSaid]


class Refund(Answer):
    """A refund. `promised_on`: when the money, or in review the answer, is there at the latest, a local date of the
    customer; only about then unless `promise_certain`. `typical_on`: when it is usually there."""

    id: str
    payment_id: str
    status: str
    amount: Amount
    requested_at: datetime
    typical_on: date | None = None
    promised_on: date | None = None
    promise_certain: bool | None = None
    reason: str | None = None
    case_id: str | None = None
    decision: Decision | None = None


class Refunds(Answer):
    """One page, newest first. `next` is a cursor, absent at the end."""

    refunds: list[Refund]
    next: str | None = None


class EvidenceAsked(Body):
    """A picture that is to be sent: its type, and its size in bytes."""

    content_type: str = Field(max_length=100)
    size: int = Field(ge=1, le=INTEGER_MAX)


class Upload(Answer):
    """A form to be posted to `url` as multipart/form-data: all `fields`, and then the picture as `file`."""

    url: str
    fields: dict[str, str]


class EvidenceGiven(Answer):
    """Leave to upload one picture until `expires_at`."""

    id: str
    upload: Upload
    expires_at: datetime


class LinkUsed(Answer):
    """The same for somebody with a link, who is told no id."""

    upload: Upload
    expires_at: datetime


class Evidence(Answer):
    """A picture for a refund. `size` is in bytes; `refusal` says why one was refused."""

    id: str
    status: Literal["asked", "opened", "uploaded", "clean", "refused", "expired"]
    content_type: str | None = None
    size: int | None = None
    asked_at: datetime
    expires_at: datetime
    refusal: Literal["infected", "unreadable"] | None = None


class EvidenceList(Answer):
    """The pictures for a refund, the newest first."""

    evidence: list[Evidence]


class AmountAsked(Body):
    """How much is to be refunded; at most what is left of the payment."""

    minor: int = Field(ge=1, le=INTEGER_MAX)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class RefundAsked(Body):
    """A request for a refund; without `amount` of all that is left. `note` is for the person who looks at it."""

    payment_id: Id
    amount: AmountAsked | None = None
    reason: Annotated[RefundReason, Field(strict=False)]
    note: Annotated[str, Field(max_length=NOTE_CHARACTERS_MAX), AfterValidator(_plain_note)] | None = None


class PinChosen(Body):
    """A hotline PIN: 6 to 12 digits that are not easily guessed."""

    pin: str = Field(pattern=r"^[0-9]{6,12}$")


class PinState(Answer):
    """Whether the account has a hotline PIN."""

    pin: bool


class ContactPoint(Answer):
    """A contact point of the account, by its kind: the value itself the app has from the wallet."""

    kind: Literal["phone", "email"]
    confirmed_at: datetime | None


class Finding(Answer):
    """Something that a scan found and nobody has dealt with; not by which rule: a thief may hold the session."""

    id: str
    severity: str
    found_at: datetime


class Security(Answer):
    """How well the account is protected, and what was found on it. `two_step` null: the wallet has not said, and the
    hotline asks for two factors."""

    two_step: bool | None
    pin: bool
    contact_points: list[ContactPoint]
    contact_changed_at: datetime | None
    findings: list[Finding]


type OperationName = Literal[
    "read",
    "refund",
    "unlock",
    "reset_grant",
    "freeze",
    "proved_pause",
    "end_pause",
    "unfreeze",
    "set_pin",
    "set_reminders",
]
type Method = Literal["sms", "voice", "email", "pin"]


class ChallengeAsked(Body):
    """The operation that the proof is for, and how the code shall come. The proof is good for this operation and for
    those that need less."""

    operation: OperationName
    method: Method


class Challenge(Answer):
    """A code is on its way; hold it against `/v1/challenges/{id}/answers`."""

    id: str
    method: str
    expires_at: datetime


class CodeEntered(Body):
    """The code that came, six digits; where a PIN was asked for, the PIN."""

    code: str = Field(pattern=r"^[0-9]{6,12}$")


class RecoveryCodeEntered(Body):
    """The code that came."""

    code: str = Field(pattern=r"^[0-9]{6}$")


class Proved(Answer):
    """The factors that the session has proved, and until when the first of them counts."""

    factors: list[str]
    proved_until: datetime


class ProofRequested(Answer):
    """An agent who works for the account asks its owner to prove who they are, before they do the operation. `on_call`:
    the agent asked in a phone call; who is not in one with us leaves it unanswered. `text` says it in words."""

    id: str
    operation: str
    on_call: bool
    asked_at: datetime
    expires_at: datetime
    text: str


class ProofRequests(Answer):
    """The requests that wait; one at most, since a later one takes the place of an earlier one."""

    items: list[ProofRequested]


class ProofAnswered(Answer):
    """The agent may rely on what this session has proved, until its factors or the request end."""

    outcome: Literal["answered"]


class PhoneGiven(Body):
    """A phone number that somebody says is theirs, with + and country code, or as it is dialled at home."""

    kind: Literal["phone"]
    value: str = Field(min_length=3, max_length=TYPED_CHARACTERS_MAX)


class EmailGiven(Body):
    """An e-mail address that somebody says is theirs."""

    kind: Literal["email"]
    value: str = Field(pattern=limits.EMAIL_PATTERN, max_length=limits.EMAIL_CHARACTERS_MAX)


type ContactGiven = PhoneGiven | EmailGiven


class RecoveryAsked(Body):
    """Somebody without a token wants back into an account."""

    contact: Annotated[ContactGiven, Field(discriminator="kind")]
    goal: Literal["reset", "unlock"]


class Recovery(Answer):
    """The same for everybody: whether the contact is a customer's is not told."""

    id: str


class RecoveryState(Answer):
    """Granted, or more is needed: another code that is on its way (`email`), or a person (`agent`)."""

    state: Literal["granted", "more"]
    needs: str | None = None


class RepudiationAsked(Body):
    """The token in a notice, as it was typed."""

    token: str = Field(min_length=1, max_length=TOKEN_CHARACTERS_MAX)


class Repudiated(Answer):
    """The result: a freeze is asked for or in force, or pauses without a code are barred for 30 days."""

    outcome: Literal["asked", "frozen", "barred"]


TYPED_MAX: Final = TYPED_CHARACTERS_MAX
