"""The forms of a case's account: masked values, movements, refunds, findings, and the customer's proof."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

from functions.agent_api.shapes.common import Action, Amount, Answer, Body, Id, MaskedFact, Person
from hotline.agents.model import ActReason, Masked
from hotline.identity.model import Goal
from hotline.lockout.service import HoldEnd

ITEM_CHARACTERS_MAX: Final = 256


class Lock(Answer):
    """The lock in force on the account. `text` says it as the line does. `asked` is the request to the wallet that it
    has not confirmed."""

    state: Literal["OPEN", "SOFT", "HARD", "HOLD", "FROZEN", "PAUSED", "CLOSED", "ERASED"]
    cause: str | None
    since: datetime | None
    until: datetime | None
    asked: str | None
    text: str


class Hold(Answer):
    """A hold that runs, by its cause; without an end where only somebody's word ends it. `actions`: its release, where
    agents release holds of this cause. `ended_by`: that release, a new password, or the wallet alone."""

    cause: str
    since: datetime | None
    until: datetime | None
    ended_by: HoldEnd
    actions: list[Action]


class Value(Answer):
    """A personal value, masked. One with `can_unmask` is shown on request; a contact point never is. `id` and `actions`
    are a contact point's."""

    name: Literal["name", "phone", "email"]
    masked: str
    can_unmask: bool
    id: str | None
    actions: list[Action]


class Account(Answer):
    """The account of the case. `two_step` is null where the wallet has not said."""

    account_id: str
    status: Literal["stub", "open", "closed", "unknown"]
    language: str | None
    lock: Lock
    holds: list[Hold]
    two_step: bool | None
    pin: bool
    fields: list[Value]
    facts_as_of: datetime | None


class MerchantName(Answer):
    """The merchant of a payment."""

    id: str
    name: str


class Money(Answer):
    """The place of the money."""

    state: str
    held_until: datetime | None


class Coupon(Answer):
    """A coupon that was to lower what was paid, and why it did not. `has_amount`: it can be unmasked by the payment's
    `item_id`."""

    applied: bool
    name: str | None
    reason: str | None
    has_amount: bool


class ChargedTwice(Answer):
    """Another charge that looks like the same purchase: what became of it, and which of the two stays paid. `neither`:
    refunds have taken of both. `refundable`: this one may be asked back, with the reason `duplicate`."""

    other_id: str
    other_at: datetime
    other_state: Literal["charged", "refunding", "given_back"]
    stands: Literal["this", "other", "neither"]
    refundable: bool


class Arrival(Answer):
    """The usual and the latest day on which the money of a withdrawal is at the customer's bank. These are local dates
    of the customer; only about then unless `certain`."""

    typical_on: date | None
    latest_on: date
    certain: bool


class Payment(Answer):
    """A movement of money with its diagnosis. The amounts are masked: `item_id` names them in an unmasking. `order` are
    the last digits of the order's number. `given_back`: how much of it refunds that have arrived gave back.
    `counterparty`: the first character of the other side's name. `arrived_at`: since when a withdrawal is at the
    customer's bank, in the place of `arrival`."""

    id: str
    item_id: str
    kind: str
    status: str
    initiated_at: datetime
    merchant: MerchantName | None
    order: str | None
    money: Money
    failure: str | None
    next_step: str
    given_back: Literal["none", "part", "whole"]
    counterparty: str | None
    coupon: Coupon | None
    charged_twice: ChargedTwice | None
    arrival: Arrival | None
    arrived_at: datetime | None
    actions: list[Action]


class Payments(Answer):
    """Newest first; `next` is the cursor of the following page."""

    payments: list[Payment]
    next: str | None


class Refund(Answer):
    """A refund. The amount is masked: `id` names it in an unmasking. `typical_on` and `promised_on`: when it is usually
    there, and at the latest, as local dates of the customer; only about then unless `promise_certain`.
    `policy_version` names the versions of wallet, merchant, law and providers' figures; `remedies`: what would change
    the decision. `failure`: why it failed or came back, where the provider said so."""

    id: str
    payment_id: str
    status: str
    requested_at: datetime
    typical_on: date | None
    promised_on: date | None
    promise_certain: bool | None
    reason: str | None
    review: str | None
    decided_by: str | None
    policy_version: str | None
    remedies: list[str]
    failure: str | None
    payout: str | None
    actions: list[Action]


class Refunds(Answer):
    """Newest first; `next` is the cursor of the following page."""

    refunds: list[Refund]
    next: str | None


class Finding(Answer):
    """A pattern that a rule saw. An amount is masked. `feedback` is the word of a person on it. The pattern lasted from
    `begun_at` to `last_at`. `runbook` says what to do, in English; null where the rule is no more."""

    id: str
    severity: str
    found_at: datetime
    rule: str
    facts: dict[str, str | int]
    masked: list[MaskedFact]
    feedback: str | None
    state: Literal["open", "told", "acknowledged", "resolved", "expired", "suppressed", "withdrawn"]
    begun_at: datetime
    last_at: datetime
    runbook: str | None
    actions: list[Action]


class Suppression(Answer):
    """A rule that does not tell of the account from `since` on and before `until`, with the reason of whoever made it
    last."""

    rule: str
    since: datetime
    until: datetime
    reason: str
    by: Person


class Findings(Answer):
    """The account's findings, newest first, and the rules that are suppressed for it; there are no further pages."""

    findings: list[Finding]
    suppressions: list[Suppression]
    next: str | None = None


class Evidence(Answer):
    """A picture that the customer sent, or was asked for. `size` is in bytes. It can be seen while it is `clean`."""

    id: str
    refund_id: str
    status: Literal["asked", "opened", "uploaded", "clean", "refused", "expired"]
    content_type: str | None
    size: int | None
    asked_at: datetime
    state_at: datetime
    refusal: Literal["infected", "unreadable", "replaced"] | None


class EvidenceList(Answer):
    """The account's pictures, newest first; there are no further pages."""

    evidence: list[Evidence]
    next: str | None = None


class EvidenceSeen(Answer):
    """The address at which the picture can be had as a file, until `expires_at`."""

    url: str
    expires_at: datetime


class Unmasking(Body):
    """The value to show: a name needs no item, an amount that of its payment, bill, refund or finding; one of the funds
    its name."""

    field: Masked
    reason: ActReason
    item_id: Annotated[str, StringConstraints(max_length=ITEM_CHARACTERS_MAX)] | None = None
    approval_id: Id | None = None


class Unmasked(Answer):
    """The value."""

    field: str
    item_id: str | None
    value: str | None
    amount: Amount | None


# ---------------------------------------------------------------- proof


class ProofWish(Body):
    """The goal of the proof; a code is good for that alone."""

    goal: Goal


class Proof(Answer):
    """The customer's proof: kinds of factor and until when, never a code. `operations` are those for which it is enough
    now. `unproved`: the caller came back from the line without what was asked for."""

    state: Literal["none", "asked", "proved", "unproved", "expired"]
    goal: str | None
    factors: list[str]
    until: datetime | None
    operations: list[str]
