"""Step-up (RFC 9470): asking for a one-time code, and holding what came against it. Then the request is made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from functions.customer_api.shapes.identity import Challenge, ChallengeAsked, CodeEntered, Proved
from functions.customer_api.visits import Desk, Visit, attempt, desk, router
from functions.http.problems import Problem, problem_in, too_many_codes
from hotline.identity import service as identity
from hotline.identity.model import Goal
from hotline.identity.service import CheckOutcome
from hotline.kit.actor import FactorKind
from hotline.kit.logging import Event, log

_TAGS: Final = ["proof"]
_ASKED: Final = "challenge"
_ANSWERED: Final = "answer"
_PIN: Final = "PIN"
_PIN_ID: Final = "pin"
"""The prefix of the ids of challenges by PIN."""
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
    "set_reminders": Goal.LOOK,
}
"""The operation of a challenge -> the goal that the message with the code names."""
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
    return attempt(lambda: _ask(at, body))


def _ask(at: Desk, body: ChallengeAsked) -> Challenge:
    visit = at.visit()
    if body.method == FactorKind.PIN.value:
        return _ask_for_pin(visit)
    factor, by_call = identity.FACTOR_OF_METHOD[body.method], body.method == "voice"
    sent = visit.perform(identity.SendCode(factor, _GOALS[body.operation], by_call), _ASKED).result
    if sent.over is not None:
        log(Event.CODE_HELD_BACK, correlation_id=visit.state.contact_id, **sent.over.log_keys)
    if sent.challenge_id is None:
        raise too_many_codes(sent.again_at - visit.now) if sent.again_at is not None else too_many_codes()
    return Challenge(id=sent.challenge_id, method=body.method, expires_at=visit.now + identity.CODE_LIFE)


def _ask_for_pin(visit: Visit) -> Challenge:
    """Nothing is sent: the PIN is known already, and its tries count on the account. It is stored that it was asked
    for, under an id of its own, so that an answer that is sent twice is one."""
    if not visit.state.pin:
        raise Problem("method_unavailable")
    challenge_id = visit.desk.ctx.ids.new(_PIN_ID)
    visit.note(_ASKED, _PIN, ids=[challenge_id])
    return Challenge(id=challenge_id, method=FactorKind.PIN.value, expires_at=visit.now + identity.CODE_LIFE)


@router.post("/v1/challenges/<id>/answers", tags=_TAGS, operation_id="answer_challenge")
def answer_challenge(id: str, body: CodeEntered) -> Proved:  # noqa: A002 - the name of the path's parameter
    """Hold the code that came against the challenge. A code has three tries; what is not six digits costs
    none. A PIN is asked for anew after four."""
    challenge_id = unquote(id)
    at = desk()
    return attempt(lambda: _answer(at, challenge_id, body.code))


def _answer(at: Desk, challenge_id: str, code: str) -> Proved:
    visit = at.visit()
    asked = next((turn for turn in visit.state.turns if turn.step == _ASKED and challenge_id in turn.ids), None)
    by_pin = asked is not None and asked.outcome == _PIN
    # A PIN lives longer than a code, so that only the key service makes a hash of it.
    mark = at.ctx.pin_hashes.mac("turn", visit.state.contact_id, code).hex() if by_pin else code
    inputs = {"id": challenge_id, "code": mark}
    record = visit.find_replay(_ANSWERED, inputs)
    if record is not None:
        return _render(visit, CheckOutcome(record.outcome))
    if by_pin:
        return _check(visit, _pin_act(visit, code), inputs)
    if not identity.is_code(code):
        raise problem_in("#/code", "not_six_digits")
    if visit.state.challenge is None or visit.state.challenge.id != challenge_id:
        was_ours = asked is not None or challenge_id.startswith(f"{_PIN_ID}_")
        raise Problem("code_spent" if was_ours else "not_found")
    return _check(visit, identity.CheckCode(code), inputs)


def _pin_act(visit: Visit, entered: str) -> identity.CheckPin:
    """The act that holds the PIN. Raises Problem where it cannot be held any more."""
    if not identity.is_pin(entered):
        raise problem_in("#/code", "no_pin")
    if not visit.state.pin:
        raise Problem("method_unavailable")
    if visit.now - visit.state.last_step_at >= identity.CODE_LIFE:
        raise Problem("code_expired")
    return identity.CheckPin(entered)


def _check(visit: Visit, act: identity.CheckCode | identity.CheckPin, inputs: Mapping[str, str]) -> Proved:
    checked = visit.perform(act, _ANSWERED, inputs).result
    if checked.wrong:
        log(Event.CODE_WRONG, correlation_id=visit.state.contact_id)
    return _render(visit, checked.outcome, checked.tries_left)


def _render(visit: Visit, outcome: CheckOutcome, tries_left: int | None = None) -> Proved:
    if outcome in _REFUSALS:
        raise Problem(_REFUSALS[outcome], facts={"tries_left": tries_left} if tries_left else {})
    good = visit.state.good_factors(visit.now)
    if not good:
        raise Problem("code_spent")
    return Proved(factors=[factor.kind.value for factor in good], proved_until=min(factor.until for factor in good))
