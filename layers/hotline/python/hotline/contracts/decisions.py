"""Decisions as they travel: what the hotline did or asks for, as CloudEvents 1.0 objects on the bus.

The rooms send them as plain data. Consumers may rely on these contracts, and tests hold every decision that a room
sends against them. A consumer drops an `id` that it knows, and a `subject_version` below the last one of the same
thing. The wallet's acknowledging fact repeats `decision_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from hotline.kit.errors import InvalidInput

from . import limits
from .fields import Amount, Contract, Day, Id, Instant, Version, Word
from .model import VERSION_SUFFIX

SOURCE: Final = "hotline"


class DecisionError(StrEnum):
    """Why the detail of an event is no decision."""

    UNKNOWN_TYPE = "unknown_type"
    BAD_DECISION = "bad_decision"


class DecisionContract(Contract):
    """The fields that the data of every decision hold."""

    decision_id: Id


class InForce(Contract):
    """One thing that the wallet is to enforce now."""

    state: Word
    cause: Word | None = None
    until: Instant | None = None


class LockRequested(DecisionContract):
    """account.lock_requested."""

    cause: Word
    until: Instant | None = None
    in_force: list[InForce]


class StopRequested(LockRequested):
    """account.pause_requested, account.freeze_requested. `set_by`: an agent set it on grounds of their own, and its
    owner did not ask for it."""

    set_by: Literal["agent"] | None = None


class UnlockRequested(DecisionContract):
    """account.unlock_requested, account.unfreeze_requested: `ends` is what is to be opened, `in_force` what stays."""

    cause: Word
    ends: Word
    in_force: list[InForce]


class ResetAuthorised(DecisionContract):
    """password_reset.authorised: leave to choose a new password, once."""

    grant_id: Id
    expires_at: Instant
    uses: Literal[1]


class ContactChangeRequested(DecisionContract):
    """account.contact_change_requested: two people found that the customer does not have this contact point any more.
    Take it off the account. The point is the one of this kind that the wallet last told as confirmed at
    `confirmed_at`; no number and no address travels. The new one comes from the customer, in the wallet's app."""

    kind: Literal["phone", "email"]
    confirmed_at: Instant
    loss: Word
    requested_at: Instant
    case_id: Id


class RefundRequested(DecisionContract):
    """refund.requested: it was asked for; what became of it follows as a decision of its own."""

    refund_id: Id
    movement_id: Id
    amount: Amount
    reason: Word
    requested_at: Instant


class RefundDecided(RefundRequested):
    """refund.rejected: by which rule, of which version of the policies."""

    rule: Word
    policy_version: Word


class RefundApproved(RefundDecided):
    """refund.approved: `promised_on` is what the customer was told as the latest date, `typical_on` as the usual one,
    both local dates of the customer."""

    typical_on: Day | None = None
    promised_on: Day


class RefundEscalated(DecisionContract):
    """refund.escalated: the money or the answer was not there on `missed_on`; the customer was told `promised_on`."""

    refund_id: Id
    movement_id: Id
    amount: Amount
    state: Word
    missed_on: Day
    promised_on: Day
    case_id: Id


class RefundUnpaid(DecisionContract):
    """refund.unpaid: the money did not reach the customer, or did not stay (`state` failed or returned_back), and a
    person has to find another way. `withdrawn_on` is the date that the customer had been told, if there was one. They
    were told that it no longer holds, and that `promised_on` dates the next step."""

    refund_id: Id
    movement_id: Id
    amount: Amount
    state: Word
    withdrawn_on: Day | None = None
    promised_on: Day
    case_id: Id


class RefundStopped(DecisionContract):
    """refund.stopped: the payment itself was reversed beside the refund, so that it would pay the customer
    twice. Do not pay it; in any `state` but stopped, call it back where the provider can. A person looks."""

    refund_id: Id
    movement_id: Id
    amount: Amount
    state: Word
    case_id: Id


class RefundEvidenceReceived(DecisionContract):
    """refund.evidence_received: a picture for a refund in review has come and was scanned, so that people can look at
    it."""

    refund_id: Id
    movement_id: Id
    amount: Amount
    evidence_id: Id
    received_at: Instant
    case_id: Id


class PayoutRequested(DecisionContract):
    """refund.payout_requested: people have found another way for a refund that did not reach the customer, or did not
    stay. `way`: to the customer's balance, or to the bank account that the wallet knows. The customer was told
    `promised_on`."""

    refund_id: Id
    movement_id: Id
    amount: Amount
    way: Literal["balance", "bank_account"]
    typical_on: Day | None = None
    promised_on: Day
    case_id: Id


class CaseTold(DecisionContract):
    """case.opened, case.updated: never a note. `reason` is that of this change; priority 1 is the most urgent.
    `reference`: the six digits that the customer was told.
    `status`: a case that somebody works on, or that waits, is open.
    `contact_id` is the first contact id of the call that made the change, absent where no call made it."""

    case_id: Id
    reference: Annotated[str, Field(pattern="^[0-9]{6}$")]
    topic: Word
    reason: Word
    priority: Annotated[int, Field(ge=1, le=9)]
    queue: Word
    contact_id: Id | None = None
    status: Literal["open", "closed"]
    at: Instant


class ReminderSent(DecisionContract):
    """bill.reminder_sent: a reminder of a bill went to the messenger, for the customer's day that is `days_before` its
    due date (-1: the day after). Its `decision_id` is the same for the same bill and day."""

    bill_id: Id
    due_on: Day
    days_before: Annotated[int, Field(ge=-31, le=31)]
    channel: Literal["sms", "email"]
    at: Instant


class FindingRaised(DecisionContract):
    """finding.raised: a rule of the scan saw its pattern on the account, from its first event to its last. `stream` is
    there when it is about something else: an address from which people log in, a payee or merchant, or an agent. The
    subject is then the account that the payee is, or `-`."""

    finding_id: Id
    rule: Word
    rule_version: Version
    severity: Literal["low", "medium", "high", "critical"]
    window_start: Instant
    window_end: Instant
    stream: Literal["source", "party", "agent"] | None = None


class FindingWithdrawn(DecisionContract):
    """finding.withdrawn: a later event excludes a finding that was raised. A hold that it called for stays until people
    lift it."""

    finding_id: Id
    rule: Word
    rule_version: Version
    at: Instant


class ThingAsked(Contract):
    """One thing that the wallet is to tell of. `id` is absent for the account itself and for its funds; `version` is
    the highest that the hotline has been told of it."""

    kind: Literal["movement", "refund", "bill", "funds", "account", "range"]
    id: Id | None = None
    version: Version | None = None


class FactsRequested(DecisionContract):
    """account.facts_requested: tell what you know of these things, each by the facts that you would tell of it now. The
    same request that comes again has another `decision_id`."""

    reason: Word
    about: Annotated[list[ThingAsked], Field(min_length=1, max_length=limits.THINGS_ASKED_MAX)]
    asked_at: Instant


DECISIONS: Final[Mapping[str, type[DecisionContract]]] = {
    "account.lock_requested": LockRequested,
    "account.unlock_requested": UnlockRequested,
    "account.unfreeze_requested": UnlockRequested,
    "account.pause_requested": StopRequested,
    "account.freeze_requested": StopRequested,
    "account.facts_requested": FactsRequested,
    "password_reset.authorised": ResetAuthorised,
    "account.contact_change_requested": ContactChangeRequested,
    "refund.requested": RefundRequested,
    "refund.approved": RefundApproved,
    "refund.rejected": RefundDecided,
    "refund.escalated": RefundEscalated,
    "refund.unpaid": RefundUnpaid,
    "refund.stopped": RefundStopped,
    "refund.payout_requested": PayoutRequested,
    "refund.evidence_received": RefundEvidenceReceived,
    "case.opened": CaseTold,
    "case.updated": CaseTold,
    "finding.raised": FindingRaised,
    "finding.withdrawn": FindingWithdrawn,
    "bill.reminder_sent": ReminderSent,
}
"""Type, without its version suffix, to the contract of its data."""


class DecisionEnvelope(Contract):
    """The fields that surround the data of every decision. `subject` is the account, `-` for a case of nobody known."""

    specversion: Literal["1.0"]
    id: Id
    source: Literal["hotline"]
    type: Annotated[str, Field(max_length=limits.TYPE_CHARACTERS_MAX, pattern=limits.TYPE_PATTERN)]
    time: Instant
    subject: Annotated[str, Field(max_length=limits.ACCOUNT_ID_CHARACTERS_MAX, pattern=rf"^-$|{limits.ID_PATTERN}")]
    subject_version: Version | None = None
    dataschema: str | None = None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """One decision as a consumer reads it; `type` has no version suffix."""

    id: str
    type: str
    time: datetime
    subject: str
    subject_version: int | None
    data: DecisionContract


def parse_decision(detail: object) -> DecisionTold:
    """The decision in the `detail` of a bus event. Raises InvalidInput: `unknown_type`, or `bad_decision` with the path
    of the first offending field."""
    try:
        envelope = DecisionEnvelope.model_validate(detail)
        plain_type = envelope.type.removesuffix(VERSION_SUFFIX)
        if plain_type == envelope.type or plain_type not in DECISIONS:
            raise InvalidInput(DecisionError.UNKNOWN_TYPE)
        data = DECISIONS[plain_type].model_validate(envelope.data)
    except ValidationError as error:
        path = ".".join(str(step) for step in error.errors(include_url=False, include_input=False)[0]["loc"])
        raise InvalidInput(DecisionError.BAD_DECISION, field=path) from None
    return DecisionTold(envelope.id, plain_type, envelope.time, envelope.subject, envelope.subject_version, data)
