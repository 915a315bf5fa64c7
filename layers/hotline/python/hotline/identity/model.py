"""Calls, challenges and operations: what the hotline knows about who is on the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hotline.kit.actor import FactorKind, Purpose
from hotline.kit.records import quick


class PinWeakness(StrEnum):
    """Why a PIN may not be chosen."""

    LENGTH = "pin_length"
    REPEATS = "pin_repeats"
    SEQUENCE = "pin_sequence"
    COMMON = "pin_common"
    OWN_NUMBER = "pin_own_number"


class IdentityError(StrEnum):
    """Why a proof, a code or a PIN is not possible."""

    ACCOUNT_CLOSED = "account_closed"
    NO_TARGET = "no_target"
    NO_ACCOUNT = "no_account"
    UNKNOWN_ACCOUNT = "unknown_account"
    NO_FULL_ROW = "no_full_row"
    NO_SUCH_POINT = "no_such_point"
    POINT_NOT_NAMEABLE = "point_not_nameable"
    """The wallet confirmed two points of one kind at one time, so a decision cannot say which is meant."""


class ApprovalError(StrEnum):
    """Why an approval may not be spent, given or asked for. UNKNOWN also stands for one that somebody else asked
    for."""

    UNKNOWN = "approval_unknown"
    OPEN = "approval_open"
    DENIED = "approval_denied"
    SPENT = "approval_spent"
    VOID = "approval_void"
    OTHER = "approval_other"
    """It is good, for another deed: another decision on the thing, another value, or another operation."""
    EXPIRED = "approval_expired"
    OWN = "approval_own"
    DECIDED = "approval_decided"
    NOT_NEEDED = "approval_not_needed"


class Operation(StrEnum):
    """Everything that somebody may ask for. policy.REQUIREMENTS says what each needs."""

    OFFICIAL_NUMBERS = "official_numbers"
    ADVICE = "advice"
    PAUSE = "pause"
    PROVED_PAUSE = "proved_pause"
    READ = "read"
    REFUND = "refund"
    DISPUTE = "dispute"
    """Reporting a payment that its owner did not make."""
    EVIDENCE = "evidence"
    """Asking to send a picture for a refund in review."""
    UNLOCK = "unlock"
    RESET_GRANT = "reset_grant"
    FREEZE = "freeze"
    END_PAUSE = "end_pause"
    UNFREEZE = "unfreeze"
    CONTACT_CHANGE = "contact_change"
    RELEASE_HOLD = "release_hold"
    # Only the hotline itself:
    LOCK = "lock"
    END_LOCK = "end_lock"
    HOLD = "hold"
    RESEND = "resend"
    ESCALATE = "escalate"
    FACTS = "facts"
    REPUDIATE = "repudiate"
    REMIND = "remind"
    TELL_FINDINGS = "tell_findings"
    TAKE_REPLY = "take_reply"
    """Doing as a text message to the hotline's number asks: no more reminders, or reminders again."""
    TAKE_EVIDENCE = "take_evidence"
    """Using the link to send a picture, and taking one in."""
    SET_PIN = "set_pin"
    SET_REMINDERS = "set_reminders"
    """Whether bills are reminded of."""
    # Only agents:
    APPROVAL = "approval"
    """Asking for a second person's word, and giving it."""
    PROOF_REQUEST = "proof_request"
    """Asking a customer to prove who they are, on the line or in the app."""
    REVIEW_REFUND = "review_refund"
    REVIEW_LARGE_REFUND = "review_large_refund"
    OTHER_PAYOUT = "other_payout"
    NEW_ROW = "new_row"
    """Beginning rows of a hundred wrong codes anew, after proof by whatever the customer still can prove."""
    NEW_ROW_UNPROVED = "new_row_unproved"
    UNFREEZE_UNPROVED = "unfreeze_unproved"
    """Ending a freeze of an account that has too few kinds of factor for its owner to prove two."""
    UNLOCK_UNPROVED = "unlock_unproved"
    """Unlocking an account that has too few kinds of factor: one with two-step verification, or none at all."""
    RESET_GRANT_UNPROVED = "reset_grant_unproved"
    """A new password for such an account, where it ends a lock or a hold."""
    UNMASK = "unmask"
    UNMASK_BEYOND = "unmask_beyond"
    JUDGE_FINDING = "judge_finding"
    SUPPRESS = "suppress"
    """Keeping a rule from telling of one account, address or payee until a date."""
    SUPPRESS_HOLDING = "suppress_holding"
    """The same with a rule that holds accounts."""
    END_SUPPRESSION = "end_suppression"
    MANAGE = "manage"
    """Opening hours and the banner."""
    EDIT_NUMBERS = "edit_numbers"
    PUBLISH_POLICY = "publish_policy"


class ByAgent(StrEnum):
    """How an agent may do an operation. PROOF: with the customer's proof, as the operation asks of a caller. SECOND:
    with the approval of a second person."""

    NEVER = "never"
    ALONE = "alone"
    PROOF = "proof"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that a second person is asked about. It has a name (`kind#id`), a version as it was read, and what is
    to be done about it. An approval is good for this very thing and deed."""

    name: str
    version: str
    content: Mapping[str, str | int] = field(default_factory=dict)


class PointLoss(StrEnum):
    """Why a contact point is to go."""

    LOST = "lost"
    STOLEN = "stolen"
    NO_ACCESS = "no_access"
    """The owner still has it by name and does not get what comes there: an old employer's address."""
    NOT_THEIRS = "not_theirs"


class ApprovalState(StrEnum):
    """The life of a request to a second person. EXPIRED is never stored: the date says it. VOID: the thing changed."""

    ASKED = "asked"
    APPROVED = "approved"
    DENIED = "denied"
    SPENT = "spent"
    VOID = "void"
    EXPIRED = "expired"


class VoidCause(StrEnum):
    """Why an approval is void: its thing changed, or is no more."""

    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Approval:
    """A request to a second person. `content`: what is to be done, for the second person to see. `digest`: a hash over
    operation, subject, version and content. `account_id` and `case_id` are None where it is about neither.
    `void_cause` is that of a void one, as far as it is known. `findings`: the ids of the findings that the request
    goes by, the newest first. They are None where it goes by none, and in requests of earlier releases."""

    approval_id: str
    operation: Operation
    subject: Subject
    digest: str
    reason: str
    account_id: str | None
    case_id: str | None
    requested_by: str
    requested_by_name: str
    requested_at: datetime
    expires_at: datetime
    state: ApprovalState
    decided_by: str | None = None
    decided_by_name: str | None = None
    decided_at: datetime | None = None
    void_cause: VoidCause | None = None
    findings: tuple[str, ...] | None = None


class Goal(StrEnum):
    """The goal of a proof; a message with a code names it, and the code is good for no more."""

    LOOK = "look"
    UNLOCK = "unlock"
    RESET = "reset"
    REFUND = "refund"
    FREEZE = "freeze"
    CHECKUP = "checkup"
    """To hear what is known of the account's security, and to freeze it where something was somebody else's."""
    PAUSE = "pause"
    END_PAUSE = "end_pause"
    UNFREEZE = "unfreeze"
    SET_PIN = "set_pin"

    @property
    def purpose(self) -> Purpose:
        return _PURPOSES.get(self, Purpose.ACT)


_PURPOSES = {
    Goal.LOOK: Purpose.LOOK,
    Goal.FREEZE: Purpose.PROTECT,
    Goal.CHECKUP: Purpose.PROTECT,
    Goal.PAUSE: Purpose.PROTECT,
}


class ChallengeState(StrEnum):
    """Only an open challenge can be proved, and once."""

    OPEN = "open"
    PROVED = "proved"
    SPENT = "spent"
    REPLACED = "replaced"


@quick
@dataclass(frozen=True, slots=True)
class Challenge:
    """One one-time code that was asked for. There is no code in it: the code is derived (see codes)."""

    id: str
    key_version: str
    purpose: Purpose
    goal: Goal
    factor: FactorKind
    point: str
    expires_at: datetime
    tries_left: int
    state: ChallengeState
    decoy: bool
    """True for an unknown or refused target: it is written and asked like any other and can never be proved."""
    language: str
    """The language of the message. A call that reads it out knows nothing else of the person who answers."""
