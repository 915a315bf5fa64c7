"""Back into an account without a token, in the same steps and the same words for everybody."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from functions.customer_api.problems import Problem, malformed, too_many_codes
from functions.customer_api.routing import desk, router
from functions.customer_api.shapes import (
    ContactGiven,
    PhoneGiven,
    Recovery,
    RecoveryAsked,
    RecoveryCodeEntered,
    RecoveryState,
)
from functions.customer_api.visits import Desk, attempted
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity import turns
from hotline.identity.model import Call, CallKind, Goal, Operation, TurnRecord
from hotline.identity.service import CheckOutcome
from hotline.kit.actor import FactorKind, Session, System
from hotline.kit.change import Change
from hotline.kit.errors import NeedProof, NotPossible
from hotline.kit.logging import Event, log
from hotline.kit.text import is_plain
from hotline.lockout import service as lockout
from hotline.lockout.model import ResetOutcome, UnlockOutcome

_TAGS: Final = ["recovery"]
ACCEPTED: Final = 202
_CHECK: Final = "answer"
_ACT: Final = "act"
_MORE: Final = "more"
_PERSON: Final = "agent"
_ID: Final = re.compile(r"rec_[0-9a-f]{32}")


@router.post("/v1/recoveries", tags=_TAGS, operation_id="ask_for_recovery", status_code=ACCEPTED)
def ask_for_recovery(body: RecoveryAsked) -> Recovery:
    """Ask for a code to a phone number or e-mail address. The answer is the same whether or not it is a customer's; 429
    while those who ask without a token have had their share of the text messages to numbers of this range."""
    at = desk()
    value = _value_of(body.contact, at)
    channel: Final = "sms" if body.contact.kind == "phone" else "email"
    actor = System("customer_api", "recovery")
    change = Change(actor=actor, cause="recovery", now=at.ctx.clock.now(), ids=at.ctx.ids)
    recovery_id = at.ctx.ids.new("rec")
    read = at.ctx.store.batch_get(list(identity.recovery_keys(channel, value, at.lookup_keys, change.now)))
    over = identity.recovery_over_budget(channel, value, read, at.lookup_keys, change.now)
    if over is not None:
        log(Event.CODE_HELD_BACK, correlation_id=recovery_id, **over.log_keys)
        raise too_many_codes()
    identity.contribute_recovery_request(
        change,
        recovery_id=recovery_id,
        channel=channel,
        value=value,
        goal=Goal(body.goal),
        language=at.language,
        keyring=at.lookup_keys,
    )
    change.commit(at.ctx.store)
    return Recovery(id=recovery_id)


def _value_of(contact: ContactGiven, at: Desk) -> str:
    """The number in E.164, or the address in composed form. Raises Problem for what is no phone number, and for an
    address with what nobody sees."""
    if not isinstance(contact, PhoneGiven):
        address = unicodedata.normalize("NFC", contact.value)
        if not is_plain(address):
            raise malformed("#/contact/value", "no_email_address")
        return address
    number = accounts.normalise_phone(contact.value.strip(), at.ctx.home_region)
    if number is None:
        raise malformed("#/contact/value", "no_phone_number")
    return number


@router.post("/v1/recoveries/<id>/codes", tags=_TAGS, operation_id="enter_recovery_code")
def enter_code(id: str, body: RecoveryCodeEntered) -> RecoveryState:  # noqa: A002 - the name of the path's parameter
    """Hold a code against the recovery. A wrong, late or used one and an unknown recovery are answered alike."""
    recovery_id = unquote(id)
    at = desk()
    return attempted(lambda: _entered(at, recovery_id, body.code))


def _entered(at: Desk, recovery_id: str, code: str) -> RecoveryState:
    # What can be no id is looked for too, under one that nobody has: it must cost what an unknown one costs.
    known_form = _ID.fullmatch(recovery_id) is not None
    call, _ = identity.load_call(at.ctx, recovery_id if known_form else identity.NOBODY, kind=CallKind.RECOVERY)
    if call is None:
        raise Problem("wrong_code")
    mark = turns.fingerprint(at.lookup_keys, _CHECK, {"code": code})
    record = next((turn for turn in call.turns if (turn.step, turn.fingerprint) == (_CHECK, mark)), None)
    if record is not None:
        return _repeated(at, call, record)
    return _next(at, _checked(at, call, code, mark))


def _repeated(at: Desk, call: Call, record: TurnRecord) -> RecoveryState:
    """What a code was answered that comes again: it does nothing a second time. Where the answer was lost before
    anything was done with the proof, that is done now, for the account as it is now."""
    if record.outcome != CheckOutcome.PROVED.value:
        raise Problem("wrong_code")
    after = next((turn for turn in call.turns if turn.turn > record.turn), None)
    if after is None:
        now = at.ctx.clock.now()
        if not call.good_factors(now):
            raise Problem("wrong_code")
        return _next(at, identity.choose(at.ctx, replace(call, account_id=None), None, at.lookup_keys, now).call)
    if after.step == _ACT:
        return _acted(after.outcome)
    return RecoveryState(state=_MORE, needs=after.outcome)


def _checked(at: Desk, call: Call, code: str, mark: str) -> Call:
    """The recovery with the factor that the code proves, its account settled where it leads to one alone. What is not
    proved costs the same requests whoever the contact belongs to."""
    now = at.ctx.clock.now()
    read = at.ctx.store.batch_get(list(identity.check_keys(call, now)) or [identity.call_key(call.contact_id)])
    change = _change(at, call, _CHECK)
    checked = identity.contribute_check(change, call, entered=code, read=read, keyring=at.code_keys)
    proved = checked.outcome is CheckOutcome.PROVED
    settled = identity.choose(at.ctx, checked.call, None, at.lookup_keys, now).call if proved else checked.call
    record = TurnRecord(call.turn, _CHECK, mark, checked.outcome.value)
    advanced = identity.contribute_turn(change, call, settled, record)
    change.commit(at.ctx.store)
    if checked.wrong:
        log(Event.CODE_WRONG, correlation_id=call.contact_id)
    if not proved:
        raise Problem("wrong_code")
    return advanced


def _next(at: Desk, call: Call) -> RecoveryState:
    """What was asked for, if enough is proved; else the next code, if there is somewhere to send it."""
    if call.account_id is None:
        return _person(at, call)
    goal, now = identity.goal_of(call), at.ctx.clock.now()
    operation = Operation.UNLOCK if goal is Goal.UNLOCK else Operation.RESET_GRANT
    need = identity.next_need(operation, call, now)
    if identity.missing_factors(operation, identity.proof_from(call), now) is None:
        return _granted(at, call, operation)
    if need == _PERSON:
        return _person(at, call)
    return _another_code(at, call, FactorKind(need), goal)


def _granted(at: Desk, call: Call, operation: Operation) -> RecoveryState:
    account_id = call.account_id or identity.NOBODY
    read = at.ctx.store.batch_get(list(lockout.acting_keys(account_id)))
    change = _change(at, call, operation.value)
    outcome: ResetOutcome | UnlockOutcome
    try:
        if operation is Operation.UNLOCK:
            outcome = lockout.contribute_unlock(change, read, account_id)
        else:
            outcome = lockout.contribute_reset_grant(change, read, account_id)
        identity.contribute_turn(change, call, call, TurnRecord(call.turn, _ACT, "-", outcome.value))
        change.commit(at.ctx.store)
    except NeedProof:
        return _person(at, call)
    return _acted(outcome.value)


def _acted(outcome: str) -> RecoveryState:
    if outcome == ResetOutcome.NOT_SELF_SERVICE.value:
        return RecoveryState(state=_MORE, needs=_PERSON)
    return RecoveryState(state="granted")


def _person(at: Desk, call: Call) -> RecoveryState:
    """Only a person can help; a code that comes again is told the same."""
    change = _change(at, call, _MORE)
    identity.contribute_turn(change, call, call, TurnRecord(call.turn, _MORE, "-", _PERSON))
    change.commit(at.ctx.store)
    return RecoveryState(state=_MORE, needs=_PERSON)


def _another_code(at: Desk, call: Call, factor: FactorKind, goal: Goal) -> RecoveryState:
    try:
        target = identity.target_of(call, factor)
    except NotPossible:
        return _person(at, call)
    change = _change(at, call, _MORE)
    read = at.ctx.store.batch_get(list(dict.fromkeys(identity.send_keys(call, target, change.now))))
    outcome, asked = identity.contribute_code(
        change,
        call,
        factor=factor,
        goal=goal,
        read=read,
        keyring=at.code_keys,
        lookup_keys=at.lookup_keys,
    )
    if outcome is not identity.SendOutcome.SENT:
        return _person(at, call)
    identity.contribute_turn(change, call, asked, TurnRecord(call.turn, _MORE, "-", factor.value))
    change.commit(at.ctx.store)
    return RecoveryState(state=_MORE, needs=factor.value)


def _change(at: Desk, call: Call, cause: str) -> Change:
    actor = Session(call.contact_id, identity.proof_from(call))
    return Change(actor=actor, cause=cause, now=at.ctx.clock.now(), ids=at.ctx.ids)
