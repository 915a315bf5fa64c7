"""start, set_language, identify, send_code, check_code, check_pin, choose_account: who calls, in which language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import replace
from datetime import datetime
from typing import Final

from functions.connect.envelope import CONTINUED_METHODS, EMPTY, INVALID, Request
from functions.connect.step import (
    OPTIONAL_CHOICE,
    Answer,
    Input,
    Step,
    Visit,
    digits,
    has_digits,
    one_of,
    reference,
    words,
    yes_or_no,
)
from functions.connect.words import session as words_of
from hotline.accounts import service as accounts
from hotline.agents import service as agents
from hotline.directory import service as directory
from hotline.identity import service as identity
from hotline.identity.model import Goal, Operation
from hotline.identity.service import SendOutcome
from hotline.kit.actor import FactorKind
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.languages import LANGUAGES
from hotline.kit.logging import Event, log
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState
from hotline.sessions import service as sessions
from hotline.sessions.model import SessionState
from hotline.wording.rendering import escape
from hotline.wording.speech import prompt_of

CHOICES_SPOKEN_MAX = 3
METHODS: Final = ("sms", "voice", "email")
"""The values of `method` of `send_code`. Its `channel` says which of them it became: where no calls are made, a code
that was asked for by voice is written. `calls` says `yes` where voice is to be had."""
GOALS: Final = ("look", "unlock", "reset", "refund", "freeze", "checkup", "pause", "end_pause", "unfreeze")
"""The values of `goal` of `send_code`: the message with the code names it to its reader."""
PHONE_CHARACTERS_MAX: Final = 20
CODE_CHARACTERS_MAX: Final = 10
"""A code has six digits; a few keys too many are a typing mistake and are answered as such."""
PIN_CHARACTERS_MAX: Final = 16
"""A PIN has twelve digits at most; see CODE_CHARACTERS_MAX."""
INBOUND = "INBOUND"


def begin(ctx: Context, request: Request) -> tuple[Answer, SessionState]:
    """Store the call and say whether its number is known: KNOWN, UNKNOWN or WITHHELD. A call that was handed on keeps
    what the way it came allows."""
    if request.initial_contact_id is None:
        raise RuntimeError("a call has a contact")
    calling = request.customer_number
    contact = identity.Contact(
        contact_id=request.initial_contact_id,
        inbound=request.initiation_method == INBOUND,
        continued=request.initiation_method in CONTINUED_METHODS,
        calling_number=accounts.normalise_phone(calling, ctx.home_region) if calling else None,
        leg={"contact_id": request.contact_id or "-", "initiation_method": request.initiation_method or "-"},
    )
    started = identity.begin_call(ctx, contact, banner_to_read(ctx, {}))
    state = started.state
    if state.own_number_only:
        log(Event.CALLS_MANY, correlation_id=request.contact_id)
    outcome = "KNOWN" if started.known else "UNKNOWN" if state.calling else "WITHHELD"
    proved = identity.missing_factors(Operation.READ, sessions.proof_from(state), ctx.clock.now()) is None
    keys = {"language": started.language or "-", "proved": yes_or_no(proved), "topic": state.topic or "-"}
    keys |= {"elsewhere": yes_or_no(state.elsewhere), "callback": yes_or_no(state.calling is not None)}
    keys |= {"person_first": yes_or_no(started.senior and ctx.seniors_first)}
    keys |= _show_banner(started.read, started.language, ctx.clock.now())
    return Answer(outcome, words(known=started.known), keys), state


def set_language(visit: Visit) -> Answer:
    """Keep the language that the caller chose, for this call."""
    language = visit.inputs["language"]
    # First: noting the turn forgets what was read.
    banner = _show_banner(visit.fetch((directory.BANNER_KEY,)), language, visit.now)
    if visit.replay is None:
        visit.note("SET", replace(visit.state, language=language))
    return Answer("SET", keys={"language": language, **banner})


def banner_to_read(ctx: Context, inputs: Mapping[str, str]) -> Sequence[Key]:
    """The banner, read together with the call."""
    del ctx, inputs
    return (directory.BANNER_KEY,)


def _show_banner(read: Mapping[Key, Item], language: str | None, now: datetime) -> dict[str, str]:
    """The keys of an answer that tell of an outage. The words are there once the caller's language is known; they are a
    supervisor's text, so they are escaped."""
    banner = directory.banner_of(read).content
    if banner is None or not banner.holds(now):
        return {"banner": EMPTY, "short_menu": yes_or_no(False)}
    text = banner.words.get(language or "")
    return {"banner": prompt_of(escape(text)) if text else EMPTY, "short_menu": yes_or_no(banner.short_menu)}


def points_to_read(ctx: Context, inputs: Mapping[str, str]) -> Sequence[Key]:
    """The contact-point items of a keyed-in number, read together with the call."""
    number = accounts.normalise_phone(inputs["phone"], ctx.home_region)
    return accounts.point_keys(number, ctx.lookup_ring) if number else ()


def identify(visit: Visit) -> Answer:
    """Take a keyed-in number. The answer and the work are the same whether or not it belongs to a customer."""
    number = accounts.normalise_phone(visit.inputs["phone"], visit.ctx.home_region)
    if number is None:
        return Answer(INVALID)
    if visit.replay is None:
        visit.note("TAKEN", identity.identify(visit.session, number))
    return Answer("TAKEN", keys={"elsewhere": yes_or_no(visit.state.elsewhere)})


def send_code(visit: Visit) -> Answer:
    """Ask for a one-time code to what the caller is identified by: SENT, whoever that is, or LIMITED."""
    by_voice = visit.inputs["method"] == "voice"
    by_call = by_voice and visit.ctx.voice_codes
    act = identity.SendCode(identity.FACTOR_OF_METHOD[visit.inputs["method"]], Goal(visit.inputs["goal"]), by_call)
    facts = words(
        channel=act.channel,
        goal=act.goal.value,
        no_call=by_voice and not by_call,
        same_line=by_call and _calls_from(visit.state, act.factor),
    )
    keys = {"channel": act.channel, "calls": yes_or_no(visit.ctx.voice_codes)}
    if visit.replay is not None:
        # As many tries as the code has.
        return Answer(visit.replay.outcome, {**facts, **words(tries=identity.tries_left(visit.session))}, keys)
    outcome, tries = _ask_for_code(visit, act)
    return Answer(outcome, {**facts, **words(tries=tries)}, keys)


def _calls_from(state: SessionState, factor: FactorKind) -> bool:
    """Whether codes of this kind go to the very phone that the call comes from. A stranger's is told the same."""
    target, calling = state.targets.get(factor), state.calling
    if target is None or calling is None:
        return False
    return not set(target.points).isdisjoint(calling.points)


def _ask_for_code(visit: Visit, act: identity.SendCode) -> tuple[str, int | None]:
    """The outcome, and the tries that the code has while all codes are slowed down."""
    try:
        done = visit.perform(act)
    except NotPossible:
        visit.note(SendOutcome.LIMITED.value)
        return SendOutcome.LIMITED.value, None
    if done.result.over is not None:
        log(Event.CODE_HELD_BACK, correlation_id=visit.request.contact_id, **done.result.over.log_keys)
    if done.result.tries is not None:
        log(Event.CODES_SLOWED, correlation_id=visit.request.contact_id, outcome=done.outcome)
    return done.outcome, done.result.tries


def check_code(visit: Visit) -> Answer:
    """Hold the entered digits against the code. An entry that is not six digits costs no try."""
    entered = visit.inputs["code"]
    if visit.replay is not None:
        return Answer(visit.replay.outcome, words(tries_left=identity.tries_left(visit.session)))
    if not identity.is_code(entered):
        return Answer(INVALID)
    checked = visit.perform(identity.CheckCode(entered)).result
    if checked.wrong:
        log(Event.CODE_WRONG, correlation_id=visit.request.contact_id)
    return Answer(checked.outcome.value, words(tries_left=checked.tries_left))


def check_pin(visit: Visit) -> Answer:
    """Hold the entered digits against the hotline PIN, whoever is calling. An entry that can be no PIN costs no try."""
    entered = visit.inputs["pin"]
    if visit.replay is not None:
        return Answer(visit.replay.outcome)
    if not identity.is_pin(entered):
        return Answer(INVALID)
    checked = visit.perform(identity.CheckPin(entered)).result
    if checked.wrong:
        log(Event.CODE_WRONG, correlation_id=visit.request.contact_id)
    return Answer(checked.outcome.value)


def choose_account(visit: Visit) -> Answer:
    """Choose the account behind the proved factors: CHOSEN, CHOOSE with up to three places, or NONE. Of the chosen one
    the caller hears first if it is shut, so that what keeps accounts shut is read along with them. So is whether an
    agent has sent the caller on, who then comes to no main menu."""
    place = int(visit.inputs["choice"]) if "choice" in visit.inputs else None
    locks = [key for account in identity.reachable_accounts(visit.state) for key in lockout.lock_keys(account)]
    contact_id = visit.state.contact_id
    of_agent = agents.proof_request_keys(contact_id=contact_id)
    choice = identity.choose(visit.session, place, also=(*locks, *of_agent))
    read = visit.session.read
    spoken = choice.choices[:CHOICES_SPOKEN_MAX]
    outcome = "CHOOSE" if spoken else "CHOSEN" if choice.state.account_id else "NONE"
    if visit.replay is not None:
        outcome = visit.replay.outcome
    else:
        visit.note(outcome, choice.state)
    items = [{"place": n, "hint": reference(profile.account_id)} for n, profile in enumerate(spoken, start=1)]
    more = len(choice.choices) > len(spoken)
    keys = {"count": str(len(items)), "locked": "no"}
    if outcome != "CHOSEN" or choice.state.account_id is None:
        return Answer(outcome, {"items": items, "more": more}, keys)
    view = lockout.view_from(read, choice.state.account_id, visit.now)
    locked = yes_or_no(view.state is not LockState.OPEN)
    facts = words(
        state=view.state.value,
        cause=view.seen_cause.value if view.seen_cause else None,
        unconfirmed=view.unconfirmed,
        to_agent=agents.is_sent_on(read, contact_id=contact_id),
    )
    return Answer(outcome, facts, {**keys, "locked": locked})


def _is_phone(text: str) -> bool:
    return len(text) <= PHONE_CHARACTERS_MAX and has_digits(5, 19)(text.removeprefix("+"))


STEPS: Final = (
    Step(
        "start",
        ("KNOWN", "UNKNOWN", "WITHHELD"),
        begin=begin,
        own_keys=("language", "proved", "topic", "elsewhere", "callback", "banner", "short_menu", "person_first"),
        acting=True,
    ),
    Step(
        "set_language",
        ("SET",),
        set_language,
        {"language": one_of(LANGUAGES)},
        own_keys=("language", "banner", "short_menu"),
        acting=True,
        ahead=banner_to_read,
    ),
    Step(
        "identify",
        ("TAKEN",),
        identify,
        {"phone": Input(_is_phone)},
        own_keys=("elsewhere",),
        acting=True,
        ahead=points_to_read,
    ),
    Step(
        "send_code",
        ("SENT", "LIMITED"),
        send_code,
        {"method": one_of(METHODS), "goal": one_of(GOALS)},
        own_keys=("channel", "calls"),
        say=words_of.send_code,
        parts=3,
        acting=True,
    ),
    Step(
        "check_code",
        ("PROVED", "WRONG", "EXPIRED", "SPENT"),
        check_code,
        {"code": digits(most=CODE_CHARACTERS_MAX, secret=True)},
        say=words_of.check_code,
        acting=True,
    ),
    Step(
        "check_pin",
        ("PROVED", "WRONG", "SPENT"),
        check_pin,
        {"pin": digits(most=PIN_CHARACTERS_MAX, secret=True)},
        acting=True,
    ),
    Step(
        "choose_account",
        ("CHOSEN", "CHOOSE", "NONE"),
        choose_account,
        {"choice": OPTIONAL_CHOICE},
        own_keys=("count", "locked"),
        say=words_of.choose_account,
        menu_outcomes=("CHOOSE",),
        acting=True,
    ),
)
