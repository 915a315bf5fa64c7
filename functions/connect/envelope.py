"""A request of a flow as its contact event holds it, and the words that any answer may hold.

The event is read tolerantly: unknown channels, null endpoints, missing parts and withheld numbers are facts about a
call, never errors. AWS adds channels and initiation methods; an unlisted one is treated as the careful case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hotline.kit.records import quick
from hotline.kit.text import is_printed_ascii

EMPTY: Final = "-"
"""Stands for "nothing" in inputs and answers, since Amazon Connect refuses empty values."""
COMMON_KEYS: Final = ("outcome", "prompt", "turn", "account_ref")
"""Keys of every answer; `prompt` is SSML that is ready to be spoken."""
MORE_PROMPTS: Final = ("prompt_2", "prompt_3")
"""Keys of steps that have more to say than ten seconds: what follows `prompt`, `EMPTY` when nothing does."""
TRY_LATER: Final = "TRY_LATER"
"""Any step may answer that it cannot be done now; nothing was done."""
INVALID: Final = "INVALID"
"""A step with inputs may answer that one makes no sense; the prompt says what was expected, and no try is spent."""
NEED_PROOF: Final = "NEED_PROOF"
"""A step that asks for proof answers that more is needed; `needs` says what."""
ZERO: Final = "ZERO"
STAR: Final = "STAR"
"""A step with a secret input answers that `0`, or `*`, was all that was keyed in. The flow, which compares these keys
itself where it can, cannot see them in an entry that is encrypted; it knows what they mean there."""
PHONE_OR_EMAIL: Final = "phone_or_email"
PHONE_OR_PERSON: Final = "phone_or_person"
NEEDS: Final = ("sms", "email", "pin", "agent", PHONE_OR_EMAIL, PHONE_OR_PERSON)
"""The values of `needs` beside `EMPTY`: the code that would satisfy the step next, or that only a person can help.

Callers from elsewhere are asked before a code goes to the account's phone. The value is `PHONE_OR_EMAIL` where e-mail
would do as well, else `PHONE_OR_PERSON`."""


CONTINUED_METHODS = frozenset({"TRANSFER", "QUEUE_TRANSFER", "FLOW"})
"""Initiation methods by which a call goes on inside Amazon Connect."""
TURN_DIGITS_MAX = 6
CONTACT_ID_CHARACTERS_MAX = 256
"""Amazon Connect API reference, Contact: the longest id of a contact."""
_METHOD_CHARACTERS_MAX = 64
SLOW = "slow"
"""The value of the contact attribute `pace` for a caller to whom the flows speak more slowly."""


@quick
@dataclass(frozen=True, slots=True)
class Request:
    """One call of the function by a flow. `inputs` are the step's parameters, without those that are empty."""

    step: str
    contact_id: str | None
    """The contact this event is about: the correlation id of the log."""
    initial_contact_id: str | None
    """The first contact of the call: what its state is kept under."""
    initiation_method: str
    customer_number: str | None
    """The customer's end of the line. On a call that comes in it is the calling number as the network gave it, None
    when withheld. On a call that the hotline makes it is the called number."""
    language: str | None
    wants_time: bool
    """Whether this caller is spoken to more slowly."""
    turn: int
    inputs: Mapping[str, str]


def request_from(event: object) -> Request:
    """The request in a contact event; parts that are missing or of another shape are None or empty."""
    details = _mapping(_mapping(event).get("Details"))
    contact = _mapping(details.get("ContactData"))
    parameters = {
        str(name): value.strip()
        for name, value in _mapping(details.get("Parameters")).items()
        if isinstance(value, str) and value.strip() not in ("", EMPTY)
    }
    turn = parameters.pop("turn", "")
    parameters.pop("account_ref", None)
    contact_id = _id(contact.get("ContactId"))
    # One that is there and can be none is not passed over: the call would be another one.
    first = _id(contact["InitialContactId"]) if _text(contact.get("InitialContactId")) else contact_id
    return Request(
        step=parameters.pop("step", ""),
        contact_id=contact_id,
        initial_contact_id=first,
        initiation_method=_id(contact.get("InitiationMethod"), most=_METHOD_CHARACTERS_MAX) or "",
        customer_number=_phone(_mapping(contact.get("CustomerEndpoint"))),
        language=_text(contact.get("LanguageCode")),
        wants_time=_mapping(contact.get("Attributes")).get("pace") == SLOW,
        turn=int(turn) if turn.isascii() and turn.isdigit() and len(turn) <= TURN_DIGITS_MAX else 0,
        inputs=parameters,
    )


def _phone(endpoint: Mapping[str, Any]) -> str | None:
    address = _text(endpoint.get("Address"))
    return address if address and endpoint.get("Type", "TELEPHONE_NUMBER") == "TELEPHONE_NUMBER" else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _id(value: object, *, most: int = CONTACT_ID_CHARACTERS_MAX) -> str | None:
    """A text of printed ASCII signs that is no longer than `most`; None for anything else."""
    text = _text(value)
    return text if text is not None and is_printed_ascii(text, characters_max=most) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
