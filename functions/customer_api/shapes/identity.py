"""The forms of proof: codes, PINs, recoveries, and notices that are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from functions.customer_api.shapes.common import Answer, Body
from hotline.contracts import limits
from hotline.directory.service import TYPED_CHARACTERS_MAX
from hotline.identity.service import TOKEN_CHARACTERS_MAX


class PinChosen(Body):
    """A hotline PIN: 6 to 12 digits that are not easily guessed."""

    pin: str = Field(pattern=r"^[0-9]{6,12}$")


class PinState(Answer):
    """Whether the account has a hotline PIN."""

    pin: bool


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


class Denied(Body):
    """A login or a movement of money that the owner did not make, by its id."""

    about: Literal["login", "movement"]
    id: str = Field(min_length=1, max_length=limits.ID_CHARACTERS_MAX)


class Repudiated(Answer):
    """The result: a freeze is asked for or in force, or pauses without a code are barred for 30 days."""

    outcome: Literal["asked", "frozen", "barred"]
