"""Step-up (RFC 9470): asking for a one-time code, and holding what came against it. Then the request is made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from functions.customer_api.problems import Problem, malformed, too_many_codes
from functions.customer_api.routing import desk, router
from functions.customer_api.shapes import Challenge, ChallengeAsked, CodeEntered, Proved
from functions.customer_api.visits import Desk, Visit, attempted
from hotline.identity import service as identity
from hotline.identity.model import Goal
from hotline.identity.policy import CODE_LIFE, FACTOR_OF_METHOD
from hotline.identity.service import CheckOutcome, SendOutcome
from hotline.kit.actor import FactorKind
from hotline.kit.change import Change
from hotline.kit.logging import Event, log

_TAGS: Final = ["proof"]
_ASK: Final = "challenge"
_ANSWER: Final = "answer"
_PIN: Final = "PIN"
_PIN_ID: Final = "pin"
"""What the ids of challenges by PIN begin with."""
"""Outcome of the turn in which the PIN was asked for: its id is the challenge's."""
CREATED: Final = 201
_GOALS: Final = {
    "read": Goal.LOOK,
    "refund": Goal.REFUND,
    "unlock": Goal.UNLOCK,
    "reset_grant": Goal.RESET,
    "freeze": Goal.FREEZE,
    "proved_pause": Goal.PAUSE,
    "end_pause": Goal.END_PAUSE,
    "unfreeze": Goal.UNFREEZE,
    "set_pin": Goal.SET_PIN,
}
"""What a challenge is for -> what the message with the code names."""
_REFUSALS: Final = {
    CheckOutcome.WRONG: "wrong_code",
    CheckOutcome.EXPIRED: "code_expired",
    CheckOutcome.SPENT: "code_spent",
}


@router.post("/v1/challenges", tags=_TAGS, operation_id="ask_for_code", status_code=CREATED)
def ask_for_code(body: ChallengeAsked) -> Challenge:
    """Ask for a one-time code. A new one replaces the one before. By voice it is read out on a call to the phone."""
    at = desk()
    if body.method == "voice" and not at.ctx.voice_codes:
        raise Problem("voice_unavailable")
    return attempted(lambda: _asked(at, body))


def _asked(at: Desk, body: ChallengeAsked) -> Challenge:
    visit = at.visit()
    if body.method == FactorKind.PIN.value:
        return _pin_asked(visit)
    factor, by_call = FACTOR_OF_METHOD[body.method], body.method == "voice"
    visit = visit.settled()
    keys = identity.send_keys(visit.call, identity.target_of(visit.call, factor), visit.now)
    read = at.ctx.store.batch_get(list(dict.fromkeys(keys)))
    change = visit.change(_ASK)
    outcome, call = identity.contribute_code(
        change,
        visit.call,
        factor=factor,
        goal=_GOALS[body.operation],
        read=read,
        keyring=at.code_keys,
        lookup_keys=at.lookup_keys,
        by_call=by_call,
    )
    if outcome is SendOutcome.HELD_BACK:
        over = identity.over_budget(visit.call, factor, read, visit.now)
        log(Event.CODE_HELD_BACK, correlation_id=visit.call.contact_id, **(over.log_keys if over else {}))
    if outcome is not SendOutcome.SENT or call.challenge is None:
        raise too_many_codes()
    challenge_id = call.challenge.id
    visit.commit(change, _ASK, outcome.value, call=call, ids=[challenge_id])
    return Challenge(id=challenge_id, method=body.method, expires_at=visit.now + CODE_LIFE)


def _pin_asked(visit: Visit) -> Challenge:
    """Nothing is sent: the PIN is known already, and its tries count on the account. What is stored is that it was
    asked for, under an id of its own, so that an answer that is sent twice is one."""
    if not visit.call.pin:
        raise Problem("method_unavailable")
    visit = visit.settled()
    challenge_id = visit.desk.ctx.ids.new(_PIN_ID)
    visit.commit(visit.change(_ASK), _ASK, _PIN, ids=[challenge_id])
    return Challenge(id=challenge_id, method=FactorKind.PIN.value, expires_at=visit.now + CODE_LIFE)


@router.post("/v1/challenges/<id>/answers", tags=_TAGS, operation_id="answer_challenge")
def answer_challenge(id: str, body: CodeEntered) -> Proved:  # noqa: A002 - the name of the path's parameter
    """Hold the code that came against the challenge. A code has three tries; what is not six digits costs
    none. A PIN is asked for anew after four."""
    challenge_id = unquote(id)
    at = desk()
    return attempted(lambda: _answered(at, challenge_id, body.code))


def _answered(at: Desk, challenge_id: str, code: str) -> Proved:
    visit = at.visit()
    asked = next((turn for turn in visit.call.turns if turn.step == _ASK and challenge_id in turn.ids), None)
    by_pin = asked is not None and asked.outcome == _PIN
    # A PIN lives longer than a code, so that only the key service makes a hash of it.
    mark = at.pin_macs.mac("turn", visit.call.contact_id, code).hex() if by_pin else code
    inputs = {"id": challenge_id, "code": mark}
    record = visit.replayed(_ANSWER, inputs)
    if record is not None:
        return _told(visit, CheckOutcome(record.outcome))
    if by_pin:
        return _pin_answered(visit, code, inputs)
    if not identity.is_code(code):
        raise malformed("#/code", "not_six_digits")
    if visit.call.challenge is None or visit.call.challenge.id != challenge_id:
        was_ours = asked is not None or challenge_id.startswith(f"{_PIN_ID}_")
        raise Problem("code_spent" if was_ours else "not_found")
    visit = visit.settled()
    read = at.ctx.store.batch_get(list(identity.check_keys(visit.call, visit.now)))
    change = visit.change(_ANSWER)
    checked = identity.contribute_check(change, visit.call, entered=code, read=read, keyring=at.code_keys)
    return _kept(visit, change, checked, inputs)


def _pin_answered(visit: Visit, entered: str, inputs: Mapping[str, str]) -> Proved:
    if not identity.is_pin(entered):
        raise malformed("#/code", "no_pin")
    if not visit.call.pin:
        raise Problem("method_unavailable")
    if visit.now - visit.call.last_step_at >= CODE_LIFE:
        raise Problem("code_expired")
    visit, at = visit.settled(), visit.desk
    read = at.ctx.store.batch_get(list(dict.fromkeys(identity.pin_check_keys(visit.call, visit.now))))
    change = visit.change(_ANSWER)
    checked = identity.contribute_pin_check(change, visit.call, entered=entered, read=read, macs=at.pin_macs)
    return _kept(visit, change, checked, inputs)


def _kept(visit: Visit, change: Change, checked: identity.Checked, inputs: Mapping[str, str]) -> Proved:
    """Store what became of an answer, and tell it."""
    profile, pin = visit.session.profile, visit.call.pin
    settled = identity.settled(checked.call, profile, visit.read, visit.desk.lookup_keys, visit.now, pin=pin)
    visit.commit(change, _ANSWER, checked.outcome.value, inputs=inputs, call=settled)
    if checked.wrong:
        log(Event.CODE_WRONG, correlation_id=visit.call.contact_id)
    return _told(visit, checked.outcome, checked.tries_left)


def _told(visit: Visit, outcome: CheckOutcome, tries_left: int | None = None) -> Proved:
    if outcome in _REFUSALS:
        raise Problem(_REFUSALS[outcome], facts={"tries_left": tries_left} if tries_left else {})
    good = visit.call.good_factors(visit.now)
    if not good:
        raise Problem("code_spent")
    return Proved(factors=[factor.kind.value for factor in good], proved_until=min(factor.until for factor in good))
