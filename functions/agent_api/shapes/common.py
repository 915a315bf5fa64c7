"""The forms that several routes of the agents' API share, and the bounds of its lists."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from hotline.contracts import limits

PAGE_DEFAULT: Final = 20
PAGE_MAX: Final = 50
Id = Annotated[str, StringConstraints(max_length=limits.ID_CHARACTERS_MAX, pattern=limits.ID_PATTERN)]
Word = Annotated[str, StringConstraints(max_length=64)]


class Body(BaseModel):
    """An agent's body: fields that the form does not have are refused."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Answer(BaseModel):
    """An answer of the API."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Amount(Answer):
    """Whole minor units of a currency."""

    minor: int
    currency: str


class MaskedFact(Answer):
    """A value that the facts leave out; `field` and `item_id` name it in an unmasking."""

    field: Literal["refund_amount", "finding_amount"]
    item_id: str


class Person(Answer):
    """An agent or supervisor."""

    id: str
    name: str


# ---------------------------------------------------------------- agents


class Subject(Answer):
    """The thing that a second person is asked about, and its version as it was read."""

    kind: str
    id: str
    version: str | None


class JudgedFinding(Answer):
    """Something that was found on the account, and a person's word on it; null while there is none."""

    severity: Literal["low", "medium", "high", "critical"]
    rule: str
    verdict: Literal["confirmed", "false_alarm", "unclear"] | None


ApprovalWord = Literal["asked", "approved", "denied", "spent", "void", "expired"]


class Approval(Answer):
    """A request to a second person. `change`: what is to be done, and what goes away with it (`removed`). `reason` is a
    closed word; the case has the text. `void_cause`: what made it void, as far as it is known; its thing changed, or is
    no more. `findings`: what was found on the account whose hold is to be released, newest first. A list has those
    of the time of the request. They are read with a request that waits, by whoever may decide on it, and by whoever
    asked while the account is open to them. Empty for others, beside an action, and in the answer to the request
    itself."""

    id: str
    operation: str
    case_id: str | None
    subject: Subject
    change: dict[str, str | int | bool | list[str]]
    reason: str
    state: ApprovalWord
    void_cause: Literal["changed", "gone"] | None
    requested_by: Person
    requested_at: datetime
    expires_at: datetime
    decided_by: Person | None
    decided_at: datetime | None
    findings: list[JudgedFinding]


class Action(Answer):
    """Something that the agent may do: alone, with the customer's proof, or with a second person. `why` says what
    stands in the way of an action that is not possible; `approval` is the agent's own request that waits or was
    approved. `subject` is null where the case's account is meant."""

    operation: str
    level: Literal["alone", "proof", "second"]
    possible: bool
    why: str | None
    approval: Approval | None
    subject: Subject | None
