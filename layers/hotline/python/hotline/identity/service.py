"""The face of identity: what doors and the rooms above may ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.kit.actor import FactorKind
from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.doors import Context
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key

from . import calls, code_messages, limits, pins
from .challenges import (
    Checked,
    CheckOutcome,
    SendOutcome,
    Withheld,
    channel_of,
    check_keys,
    contribute_check,
    contribute_code,
    contribute_unsent,
    over_budget,
    send_keys,
    target_of,
    to_give_out,
    tries_of,
    unsent_keys,
)
from .codes import derive, is_code
from .counting import counter_keys
from .items import call_from, call_key, challenge_key, proof_from
from .model import Call, CallKind, Identified, Operation, TurnRecord
from .notices import repudiation_key, send_repudiable
from .pins import (
    PIN_SET,
    contribute_facts,
    contribute_no_pin,
    contribute_pin,
    contribute_pin_check,
    contribute_repudiated_pin,
    fact_keys,
    factors_key,
    has_pin,
    is_pin,
    pin_check_keys,
    pin_keys,
)
from .policy import count_missing, missing_factors
from .proof import allow, require
from .recoveries import (
    RECOVERY_MESSAGE,
    begin_recovery,
    contribute_recovery_request,
    goal_of,
    recovery_keys,
    recovery_over_budget,
)
from .repudiation import token_of as repudiation_token
from .sessions import Session, SignIn, contribute_session, is_stored, open_session, session_id_of, settled
from .targets import proof_keys, proves
from .ways import way_of

__all__ = [
    "NOBODY",
    "PIN_SET",
    "RECOVERY_MESSAGE",
    "CheckOutcome",
    "Checked",
    "Contact",
    "Operation",
    "SendOutcome",
    "Session",
    "SignIn",
    "Withheld",
    "allow",
    "begin_recovery",
    "call_key",
    "challenge_key",
    "channel_of",
    "check_keys",
    "choose",
    "contribute_check",
    "contribute_code",
    "contribute_facts",
    "contribute_no_pin",
    "contribute_pin",
    "contribute_pin_check",
    "contribute_recovery_request",
    "contribute_repudiated_pin",
    "contribute_session",
    "contribute_turn",
    "contribute_unsent",
    "could_prove",
    "counter_keys",
    "derive",
    "fact_keys",
    "factors_key",
    "goal_of",
    "has_pin",
    "identify",
    "is_code",
    "is_pin",
    "is_stored",
    "load_call",
    "missing_factors",
    "next_need",
    "open_session",
    "over_budget",
    "pin_check_keys",
    "pin_keys",
    "proof_from",
    "reachable_accounts",
    "reachable_needs",
    "recovery_keys",
    "recovery_over_budget",
    "repudiation_key",
    "repudiation_token",
    "require",
    "send_keys",
    "send_repudiable",
    "session_id_of",
    "settled",
    "settling_keys",
    "start",
    "still_proved",
    "target_of",
    "to_give_out",
    "tries_of",
    "unsent_keys",
    "way_of",
]  # fmt: skip

contribute_turn = calls.contribute_turn


def settling_keys(account_id: str) -> tuple[Key, ...]:
    """What must have been read for `still_proved`: the account's contact points, its PIN, and what stops it."""
    return (*proof_keys(account_id), factors_key(account_id))


def still_proved(call: Call, read: Mapping[Key, Item], account_id: str, keyring: Keyring, now: datetime) -> Call:
    """The call with the factors that still prove for its account as it was read: whose contact point it has and may
    act on, and a PIN only while there is one. `read` holds what exists of `settling_keys`."""
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    if profile is None:
        return replace(call, factors=())
    pin = has_pin(read.get(factors_key(account_id)))
    good = (factor for factor in call.factors if pin or factor.kind is not FactorKind.PIN)
    return replace(call, factors=tuple(factor for factor in good if proves(profile, factor, read, now, keyring)))


NOBODY = calls.NOBODY


@dataclass(frozen=True, slots=True)
class Contact:
    """What the door knows of a contact. `continued`: transferred or handed on inside Amazon Connect."""

    contact_id: str
    inbound: bool
    continued: bool
    calling_number: str | None
    """E.164; None when withheld."""


@dataclass(frozen=True, slots=True)
class Started:
    """A begun or resumed call. `known`: its number reaches an account; `language`: its owner's, or the call's own."""

    call: Call
    known: bool
    language: str | None


def load_call(
    ctx: Context, contact_id: str, also: Sequence[Key] = (), *, kind: CallKind = CallKind.PHONE
) -> tuple[Call | None, dict[Key, Item]]:
    """The stored call, and other items in the same read."""
    key = call_key(contact_id, kind)
    read = ctx.store.batch_get([key, *also])
    stored = read.pop(key, None)
    return (call_from(stored) if stored is not None else None), read


def reach(number: str, read: Mapping[Key, Item], keyring: Keyring) -> Identified:
    """Which accounts a number reaches, from its contact-point items as read under every readable key version."""
    items = [read[key] for key in accounts.point_keys(number, keyring) if key in read]
    newest, *older = accounts.point_ids(number, keyring)
    prefix = code_messages.prefix_of(number, keyring)
    return Identified(newest, accounts.usable_owners(items), tuple(older), prefix)


def start(ctx: Context, change: Change, contact: Contact, keyring: Keyring, *, step_fingerprint: str) -> Started:
    """Begin a call, or take up one that was handed on (protocols of turns: by how the contact came to be).

    At most two reads: the call with the calling number's contact point, then the profiles behind it.
    """
    number = contact.calling_number
    point = accounts.point_id(number, keyring) if number else None
    also = (*accounts.point_keys(number, keyring), *limits.call_keys(point, change.now)) if number and point else ()
    stored, read = load_call(ctx, contact.contact_id, also)
    if stored is not None:
        return _take_up(change, stored, contact, step_fingerprint=step_fingerprint)
    calling = reach(number, read, keyring) if number else None
    profiles = calls.profiles_in(ctx.store, calling.accounts) if calling else []
    languages = {profile.language for profile in profiles}
    language = languages.pop() if len(languages) == 1 else None
    targets = calls.targets_of(calling, profiles, keyring)
    outcome = "KNOWN" if profiles else "UNKNOWN" if number else "WITHHELD"
    begun = Call(
        contact_id=contact.contact_id,
        account_ref=change.ids.new("ref"),
        turn=1,
        created_at=change.now,
        last_step_at=change.now,
        inbound=contact.inbound,
        turns=(TurnRecord(0, "start", step_fingerprint, outcome),),
        language=language,
        calling=calling,
        targets=targets,
        own_number_only=point is not None and limits.calls_often(read, point, change.now),
    )
    calls.contribute_new_call(change, begun)
    if point is not None and contact.inbound:
        limits.count_call(change, point, contact.contact_id)
    return Started(begun, bool(profiles), language)


def _take_up(change: Change, stored: Call, contact: Contact, *, step_fingerprint: str) -> Started:
    known = bool(stored.calling and stored.calling.accounts)
    if stored.turns and (stored.turns[-1].step, stored.turns[-1].fingerprint) == ("start", step_fingerprint):
        # This very start was delivered before, and nothing has been asked since.
        return Started(stored, known, stored.language)
    kept = calls.may_keep_level(stored, continued=contact.continued, now=change.now)
    # What may be done without a factor is for inbound calls; a leg of another kind must not inherit it.
    taken = stored if kept else replace(calls.stripped(stored), inbound=contact.inbound)
    record = TurnRecord(stored.turn, "start", step_fingerprint, "KNOWN" if known else "UNKNOWN")
    return Started(calls.contribute_turn(change, stored, taken, record), known, stored.language)


def identify(ctx: Context, call: Call, number: str, read: Mapping[Key, Item], keyring: Keyring) -> Call:
    """The call after a number was keyed in. One read, whether or not the number belongs to anybody, and whether or not
    the caller may reach it."""
    typed = reach(number, read, keyring)
    if call.own_number_only and call.calling is not None and typed.point != call.calling.point:
        typed = replace(typed, accounts=())
    profiles = calls.profiles_in(ctx.store, typed.accounts or (NOBODY,))
    return calls.identified_by(call, typed, profiles, keyring)


@dataclass(frozen=True, slots=True)
class Choice:
    """`call` has the account when one is settled; otherwise `choices` are to be read out. `read`: what was asked for
    beside the profiles."""

    call: Call
    choices: tuple[Profile, ...]
    read: Mapping[Key, Item]


def reachable_accounts(call: Call) -> tuple[str, ...]:
    """The accounts behind the number that the call is identified by, chosen or not."""
    return call.identified.accounts if call.identified else ()


def choose(
    ctx: Context, call: Call, place: int | None, keyring: Keyring, now: datetime, also: Sequence[Key] = ()
) -> Choice:
    """Settle the account after proof: the only one that the proved factors reach, or the one at the given place.

    One read, of `also` too. Without proof, or for a place that was not offered, nothing is settled.
    """
    reachable = reachable_accounts(call)
    # Of nobody where there are none, so that it costs the same.
    asked = reachable or (NOBODY,)
    keys = [key for one in asked for key in settling_keys(one)]
    read = ctx.store.batch_get(list(dict.fromkeys([*keys, *also])))
    profiles = [accounts.profile_from(read.get(accounts.profile_key(account_id))) for account_id in reachable]
    candidates = calls.choosable(call, [profile for profile in profiles if profile is not None], read, keyring, now)
    chosen = candidates[0] if len(candidates) == 1 else None
    if place is not None and 1 <= place <= len(candidates):
        chosen = candidates[place - 1]
    if chosen is None:
        return Choice(call, tuple(candidates), read)
    pin = pins.acting_pin(read, chosen.account_id, now)
    return Choice(calls.chosen(call, chosen, keyring, pin=pin), (), read)


def next_need(operation: Operation, call: Call, now: datetime) -> str:
    """What would satisfy the operation next: `sms`, `email`, `pin`, or `agent` when nothing the caller has would."""
    reachable = reachable_needs(operation, call, now)
    return reachable[0] if reachable else "agent"


def reachable_needs(operation: Operation, call: Call, now: datetime) -> tuple[str, ...]:
    """The kinds of factor that the caller of this call could prove next for the operation: by a contact point that
    codes go to, or by a PIN that was chosen. None at all when those would not be enough, so that nobody proves one
    factor for nothing."""
    proof = proof_from(call)
    kinds = {factor.value for factor in call.targets} | ({FactorKind.PIN.value} if call.pin else set())
    reachable = tuple(kind for kind in missing_factors(operation, proof, now) or () if kind in kinds)
    return reachable if len(reachable) >= count_missing(operation, proof, now) else ()


def could_prove(operation: Operation, call: Call, now: datetime) -> bool:
    """Whether the caller of this call has proved enough for the operation, or could."""
    return missing_factors(operation, proof_from(call), now) is None or bool(reachable_needs(operation, call, now))
