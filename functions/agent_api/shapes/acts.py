"""The forms of acts upon an account, and of a second person's word on them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from functions.agent_api.shapes.accounts import ITEM_CHARACTERS_MAX
from functions.agent_api.shapes.common import Answer, Approval, Body, Id, Word
from functions.agent_api.shapes.directory import NUMBER_CHARACTERS_MAX, AnswerDays, EvidenceAboveMinor
from hotline.agents.model import ActReason, Masked
from hotline.contracts import limits
from hotline.directory import service as directory
from hotline.identity.model import PointLoss
from hotline.lockout.model import Cause
from hotline.refunds.model import PayoutWay, RefundReason, ReviewDecision
from hotline.security.model import Verdict


class Approvals(Answer):
    """Requests to a second person."""

    approvals: list[Approval]
    next: str | None


class Act(Body):
    """Why it is done, and the second person's word where it takes one."""

    reason: ActReason
    approval_id: Id | None = None


class HoldRelease(Act):
    """The hold to release, by its cause."""

    cause: Cause


class ContactChange(Act):
    """The contact point that is to go, by its id in the account's fields, and why."""

    point_id: Id
    loss: PointLoss


class RefundAsked(Body):
    """A refund in the customer's name. `item_id` names the payment, as in an unmasking; `refund_reason` is the
    customer's, `reason` the agent's. Without `amount_minor` it is all that is left. `note` is for who looks at it."""

    item_id: Annotated[str, StringConstraints(max_length=ITEM_CHARACTERS_MAX)]
    refund_reason: RefundReason
    amount_minor: Annotated[int, Field(ge=1, le=limits.INTEGER_MAX)] | None = None
    note: Annotated[str, StringConstraints(max_length=limits.NOTE_CHARACTERS_MAX)] | None = None
    reason: ActReason


class RefundMade(Answer):
    """The outcome, a closed word, and the refund that there was then. A repetition tells the same. Null for a request
    of an earlier release."""

    outcome: str | None
    refund_id: str | None
    promised_on: date | None


class RefundDecision(Act):
    """A person's word on a refund in review."""

    decision: ReviewDecision


class Payout(Act):
    """Another way to pay a refund that did not arrive."""

    way: PayoutWay


class Feedback(Body):
    """A person's word on a finding."""

    verdict: Verdict
    reason: ActReason


class RuleSuppressed(Act):
    """The rule that is not to tell of the account, and until when: a time with its zone, thirty days ahead at most."""

    rule: Word
    until: datetime


class SuppressionEnd(Body):
    """The rule that is to tell of the account again."""

    rule: Word
    reason: ActReason


class Done(Answer):
    """The outcome, a closed word. A repetition tells that of the first time; null for a request of an earlier
    release."""

    outcome: str | None


# ---------------------------------------------------------------- a second person


class ApprovalAsked(Body):
    """The deed that a second person is to approve. The fields that it needs are those of its operation: `cause` of a
    hold, `point_id` with `loss`, `refund_id` with `decision` or `way`, `field` with `item_id`. Others are
    `rule` with `until`, `numbers`, or `merchant_id` with the terms of a policy."""

    operation: Literal[
        "release_hold",
        "contact_change",
        "new_row_unproved",
        "unfreeze_unproved",
        "unlock_unproved",
        "reset_grant_unproved",
        "review_large_refund",
        "other_payout",
        "unmask_beyond",
        "suppress_holding",
        "edit_numbers",
        "publish_policy",
    ]
    reason: ActReason
    case_id: Id | None = None
    cause: Cause | None = None
    point_id: Id | None = None
    loss: PointLoss | None = None
    refund_id: Id | None = None
    decision: ReviewDecision | None = None
    way: PayoutWay | None = None
    field: Masked | None = None
    item_id: Annotated[str, StringConstraints(max_length=ITEM_CHARACTERS_MAX)] | None = None
    rule: Word | None = None
    until: datetime | None = None
    numbers: (
        Annotated[
            list[Annotated[str, StringConstraints(max_length=NUMBER_CHARACTERS_MAX)]],
            Field(max_length=directory.NUMBERS_MAX),
        ]
        | None
    ) = None
    merchant_id: Id | None = None
    window_days: Annotated[int, Field(ge=0, le=limits.WINDOW_DAYS_MAX)] | None = None
    partial: bool | None = None
    auto_approve_minor: Annotated[int, Field(ge=0, le=limits.INTEGER_MAX)] | None = None
    categories: Annotated[list[Word], Field(max_length=limits.CATEGORIES_MAX)] | None = None
    evidence_above_minor: EvidenceAboveMinor = None
    answer_days: AnswerDays = None


class Decided(Body):
    """The second person's word."""

    decision: Literal["approve", "deny"]
