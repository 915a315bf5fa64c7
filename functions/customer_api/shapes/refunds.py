"""The forms of refunds, their decisions, and the pictures sent for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from functions.customer_api.shapes.common import Amount, Answer, Body, Id
from hotline.contracts.limits import INTEGER_MAX, NOTE_CHARACTERS_MAX
from hotline.kit.text import fits, plain_text
from hotline.refunds.model import RefundReason


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
    customer; only about then unless `promise_certain`. `typical_on`: when it is usually there. `failure`: why it failed
    or came back, where the provider said so."""

    id: str
    payment_id: str
    status: str
    amount: Amount
    requested_at: datetime
    typical_on: date | None = None
    promised_on: date | None = None
    promise_certain: bool | None = None
    reason: str | None = None
    failure: str | None = None
    case_id: str | None = None
    decision: Decision | None = None


class Refunds(Answer):
    """One page, newest first. `next` is a cursor, absent at the end."""

    refunds: list[Refund]
    next: str | None = None


def _plain_note(value: str) -> str | None:
    """A customer's own text, as one plain line; None when nothing of it can be read. Raises a validation error when its
    plain form is over the limit."""
    note = plain_text(value)
    if not fits(note, characters_max=NOTE_CHARACTERS_MAX):
        raise PydanticCustomError("string_too_long", "The text is too long in composed form.")
    return note or None


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
    refusal: Literal["infected", "unreadable", "replaced"] | None = None


class EvidenceList(Answer):
    """The pictures for a refund, the newest first."""

    evidence: list[Evidence]
