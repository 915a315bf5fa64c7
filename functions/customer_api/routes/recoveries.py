"""Back into an account without a token, in the same steps and the same words for everybody."""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import unquote

from functions.customer_api.shapes.identity import (
    ContactGiven,
    PhoneGiven,
    Recovery,
    RecoveryAsked,
    RecoveryCodeEntered,
    RecoveryState,
)
from functions.customer_api.visits import Desk, attempt, desk, router
from functions.http.problems import Problem, problem_in, too_many_codes
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity.model import Goal
from hotline.kit.logging import Event, log
from hotline.kit.text import is_plain
from hotline.lockout import service as lockout

_TAGS: Final = ["recovery"]
ACCEPTED: Final = 202


@router.post("/v1/recoveries", tags=_TAGS, operation_id="ask_for_recovery", status_code=ACCEPTED)
def ask_for_recovery(body: RecoveryAsked) -> Recovery:
    """Ask for a code to a phone number or e-mail address. The answer is the same whether or not it is a customer's. It
    is 429 while those who ask without a token have had their share of the text messages to numbers of this range."""
    at = desk()
    value = _value_of(body.contact, at)
    channel: Final = "sms" if body.contact.kind == "phone" else "email"
    recovery_id, over = identity.ask_for_recovery(
        at.ctx, channel=channel, value=value, goal=Goal(body.goal), language=at.language
    )
    if over is not None:
        log(Event.CODE_HELD_BACK, correlation_id=recovery_id, **over.log_keys)
        raise too_many_codes()
    return Recovery(id=recovery_id)


def _value_of(contact: ContactGiven, at: Desk) -> str:
    """The number in E.164, or the address in composed form. Raises Problem for what is no phone number, and for an
    address with what nobody sees."""
    if not isinstance(contact, PhoneGiven):
        address = unicodedata.normalize("NFC", contact.value)
        if not is_plain(address):
            raise problem_in("#/contact/value", "no_email_address")
        return address
    number = accounts.normalise_phone(contact.value.strip(), at.ctx.home_region)
    if number is None:
        raise problem_in("#/contact/value", "no_phone_number")
    return number


@router.post("/v1/recoveries/<id>/codes", tags=_TAGS, operation_id="enter_recovery_code")
def enter_code(id: str, body: RecoveryCodeEntered) -> RecoveryState:  # noqa: A002 - the name of the path's parameter
    """Hold a code against the recovery. A wrong, late or used one and an unknown recovery are answered alike."""
    recovery_id = unquote(id)
    at = desk()
    return attempt(lambda: _enter(at, recovery_id, body.code))


def _enter(at: Desk, recovery_id: str, code: str) -> RecoveryState:
    progress = identity.enter_recovery_code(at.ctx, recovery_id, code, lockout.OPENING_ACTS)
    if progress.wrong:
        log(Event.CODE_WRONG, correlation_id=recovery_id)
    if progress.state is identity.RecoveryState.REFUSED:
        raise Problem("wrong_code")
    return RecoveryState.model_validate({"state": progress.state.value, "needs": progress.needs})
