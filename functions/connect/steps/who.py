"""set_language, identify, send_code, check_code, choose_account: who is calling, and in which language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from functions.connect.contract import INVALID
from functions.connect.line import Answer, Line, reference, words, yes_or_no
from hotline.accounts import service as accounts
from hotline.identity import limits
from hotline.identity import service as identity
from hotline.identity.model import Call, Goal
from hotline.identity.policy import FACTOR_OF_METHOD, SLOW
from hotline.identity.service import SendOutcome
from hotline.kit.actor import FactorKind
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.logging import Event, log
from hotline.kit.store import Key
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState

CHOICES_SPOKEN_MAX = 3
_LIMITED = SendOutcome.LIMITED
"""Told for a code that is held back as well: a later try, or another way, helps then too."""


def set_language(line: Line) -> Answer:
    """Keep the language that the caller chose, for this call."""
    language = line.inputs["language"]
    if line.replay is None:
        line.commit(line.change("set_language"), "SET", replace(line.call, language=language))
    return Answer("SET", keys={"language": language})


def points_to_read(ctx: Context, inputs: Mapping[str, str]) -> Sequence[Key]:
    """The contact-point items of a keyed-in number, read together with the call."""
    number = accounts.normalise_phone(inputs["phone"], ctx.home_region)
    return accounts.point_keys(number, ctx.lookup_keys.get()) if number and ctx.lookup_keys else ()


def identify(line: Line) -> Answer:
    """Take a keyed-in number. The answer and the work are the same whether or not it belongs to a customer."""
    number = accounts.normalise_phone(line.inputs["phone"], line.ctx.home_region)
    if number is None:
        return Answer(INVALID)
    if line.replay is None:
        call = identity.identify(line.ctx, line.call, number, line.read, line.lookup_keys)
        line.commit(line.change("identify"), "TAKEN", call)
    return Answer("TAKEN", keys={"elsewhere": yes_or_no(line.call.elsewhere)})


def send_code(line: Line) -> Answer:
    """Ask for a one-time code to what the caller is identified by: SENT, whoever that is, or LIMITED."""
    factor = FACTOR_OF_METHOD[line.inputs["method"]]
    by_call = line.inputs["method"] == "voice" and line.ctx.voice_codes
    channel = identity.channel_of(factor, by_call=by_call)
    goal = Goal(line.inputs["goal"])
    no_call = line.inputs["method"] == "voice" and not by_call
    facts = words(
        channel=channel, goal=goal.value, no_call=no_call, same_line=by_call and _calls_from(line.call, factor)
    )
    keys = {"channel": channel, "calls": "yes" if line.ctx.voice_codes else "no"}
    if line.replay is not None:
        return Answer(line.replay.outcome, {**facts, **words(tries=_tries_left(line))}, keys)
    outcome, tries = _asked_for_code(line, factor, goal, by_call=by_call)
    return Answer(outcome, {**facts, **words(tries=tries)}, keys)


def _calls_from(call: Call, factor: FactorKind) -> bool:
    """Whether codes of this kind go to the very phone that the call comes from. A stranger's is told the same."""
    target, calling = call.targets.get(factor), call.calling
    if target is None or calling is None:
        return False
    return not set(target.points).isdisjoint(calling.points)


def _tries_left(line: Line) -> int | None:
    """What a delivery that comes again says of the tries: as many as the code has."""
    if line.call.challenge is None:
        return None
    key = identity.challenge_key(line.call.challenge.id)
    stored = line.fetch([key]).get(key)
    return None if stored is None else identity.tries_of(stored)


def _asked_for_code(line: Line, factor: FactorKind, goal: Goal, *, by_call: bool) -> tuple[str, int | None]:
    """The outcome, and the tries that the code has while all codes are slowed down."""
    change = line.change("send_code")
    try:
        target = identity.target_of(line.call, factor)
    except NotPossible:
        line.commit(change, _LIMITED.value)
        return _LIMITED.value, None
    read = line.fetch(identity.send_keys(line.call, target, line.now))
    outcome, call = identity.contribute_code(
        change,
        line.call,
        factor=factor,
        goal=goal,
        read=read,
        keyring=line.code_keys,
        lookup_keys=line.lookup_keys,
        by_call=by_call,
    )
    way, told = identity.way_of(line.call, line.now), SendOutcome.SENT if outcome is SendOutcome.SENT else _LIMITED
    if outcome is SendOutcome.HELD_BACK:
        over = identity.over_budget(line.call, factor, read, line.now)
        log(Event.CODE_HELD_BACK, correlation_id=line.request.contact_id, **(over.log_keys if over else {}))
    line.commit(change, told.value, call)
    pace = limits.pace(read, line.now, way)
    if pace is not SLOW:
        return told.value, None
    log(Event.CODES_SLOWED, correlation_id=line.request.contact_id, outcome=told.value)
    return told.value, pace.tries


def check_code(line: Line) -> Answer:
    """Hold the entered digits against the code. Whatever is not six digits costs no try."""
    entered = line.inputs["code"]
    if line.replay is not None:
        return Answer(line.replay.outcome, words(tries_left=_tries_left(line)))
    if not identity.is_code(entered):
        return Answer(INVALID)
    change = line.change("check_code")
    read = line.fetch(identity.check_keys(line.call, line.now))
    checked = identity.contribute_check(
        change,
        line.call,
        entered=entered,
        read=read,
        keyring=line.code_keys,
    )
    line.commit(change, checked.outcome.value, checked.call)
    if checked.wrong:
        log(Event.CODE_WRONG, correlation_id=line.request.contact_id)
    return Answer(checked.outcome.value, words(tries_left=checked.tries_left))


def check_pin(line: Line) -> Answer:
    """Hold the entered digits against the hotline PIN, whoever is calling. What can be no PIN costs no try."""
    entered = line.inputs["pin"]
    if line.replay is not None:
        return Answer(line.replay.outcome)
    if not identity.is_pin(entered):
        return Answer(INVALID)
    change = line.change("check_pin")
    read = line.fetch(identity.pin_check_keys(line.call, line.now))
    checked = identity.contribute_pin_check(change, line.call, entered=entered, read=read, macs=line.pin_macs)
    line.commit(change, checked.outcome.value, checked.call)
    if checked.wrong:
        log(Event.CODE_WRONG, correlation_id=line.request.contact_id)
    return Answer(checked.outcome.value)


def choose_account(line: Line) -> Answer:
    """Settle the account behind the proved factors: CHOSEN, CHOOSE with up to three places, or NONE. Of the chosen one
    the caller hears first if it is shut, so that what keeps accounts shut is read along with them."""
    place = int(line.inputs["choice"]) if "choice" in line.inputs else None
    locks = [key for account in identity.reachable_accounts(line.call) for key in lockout.lock_keys(account)]
    choice = identity.choose(line.ctx, line.call, place, line.lookup_keys, line.now, also=locks)
    spoken = choice.choices[:CHOICES_SPOKEN_MAX]
    outcome = "CHOOSE" if spoken else "CHOSEN" if choice.call.account_id else "NONE"
    if line.replay is not None:
        outcome = line.replay.outcome
    else:
        line.commit(line.change("choose_account"), outcome, choice.call)
    items = [{"place": n, "hint": reference(profile.account_id)} for n, profile in enumerate(spoken, start=1)]
    more = len(choice.choices) > len(spoken)
    keys = {"count": str(len(items)), "locked": "no"}
    if outcome != "CHOSEN" or choice.call.account_id is None:
        return Answer(outcome, {"items": items, "more": more}, keys)
    view = lockout.view_from(choice.read, choice.call.account_id, line.now)
    locked = "no" if view.state is LockState.OPEN else "yes"
    facts = words(state=view.state.value, cause=view.cause.value if view.cause else None, unconfirmed=view.unconfirmed)
    return Answer(outcome, facts, {**keys, "locked": locked})
