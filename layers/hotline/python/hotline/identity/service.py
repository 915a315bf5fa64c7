"""The face of identity: what doors and the rooms above may ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.doors import Context
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key

from . import calls
from .challenges import Checked, CheckOutcome, SendOutcome, check_keys, contribute_check, contribute_code, target_of
from .codes import derive, is_code
from .counting import counter_keys
from .items import call_from, call_key, challenge_from, challenge_key, proof_from
from .model import Call, Challenge, Identified, Operation, TurnRecord
from .policy import missing_factors
from .proof import allow, require

__all__ = [
    "CheckOutcome",
    "Checked",
    "Contact",
    "Operation",
    "SendOutcome",
    "allow",
    "call_key",
    "challenge_from",
    "challenge_key",
    "check_keys",
    "choose",
    "code_of",
    "contribute_check",
    "contribute_code",
    "contribute_turn",
    "counter_keys",
    "derive",
    "identify",
    "is_code",
    "load_call",
    "missing_factors",
    "next_need",
    "proof_from",
    "reachable_accounts",
    "require",
    "start",
    "target_of",
]  # fmt: skip

contribute_turn = calls.contribute_turn

NOBODY = "nobody"
"""An account id that no account has: read where an unknown number must cost what a known one costs."""


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


def load_call(ctx: Context, contact_id: str, also: Sequence[Key] = ()) -> tuple[Call | None, dict[Key, Item]]:
    """The stored call, and other items in the same read."""
    read = ctx.store.batch_get([call_key(contact_id), *also])
    stored = read.pop(call_key(contact_id), None)
    return (call_from(stored) if stored is not None else None), read


def reach(number: str, read: Mapping[Key, Item], keyring: Keyring) -> Identified:
    """Which accounts a number reaches, from its contact-point items as read under every readable key version."""
    items = [read[key] for key in accounts.point_keys(number, keyring) if key in read]
    newest, *older = accounts.point_ids(number, keyring)
    return Identified(newest, accounts.usable_owners(items), tuple(older))


def profiles_of(ctx: Context, account_ids: Sequence[str]) -> list[Profile]:
    """The profiles of some accounts, in that order, in one read."""
    return _profiles_and(ctx, account_ids, ())[0]


def _profiles_and(
    ctx: Context, account_ids: Sequence[str], also: Sequence[Key]
) -> tuple[list[Profile], dict[Key, Item]]:
    """The profiles of some accounts, in that order, and other items in the same read."""
    if not account_ids:
        return [], {}
    keys = [accounts.profile_key(account_id) for account_id in account_ids]
    read = ctx.store.batch_get([*keys, *also])
    found = [accounts.profile_from(read[key]) for key in keys if key in read]
    return [profile for profile in found if profile is not None], read


def start(ctx: Context, change: Change, contact: Contact, keyring: Keyring, *, step_fingerprint: str) -> Started:
    """Begin a call, or take up one that was handed on (protocols of turns: by how the contact came to be).

    At most two reads: the call with the calling number's contact point, then the profiles behind it.
    """
    number = contact.calling_number
    point_keys = accounts.point_keys(number, keyring) if number else ()
    stored, read = load_call(ctx, contact.contact_id, point_keys)
    if stored is not None:
        return _take_up(change, stored, contact, step_fingerprint=step_fingerprint)
    calling = reach(number, read, keyring) if number else None
    profiles = profiles_of(ctx, calling.accounts) if calling else []
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
    )
    calls.contribute_new_call(change, begun)
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
    """The call after a number was keyed in. One read, whether or not the number belongs to anybody."""
    typed = reach(number, read, keyring)
    profiles = profiles_of(ctx, typed.accounts or (NOBODY,))
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
    profiles, read = _profiles_and(ctx, reachable_accounts(call), also)
    candidates = calls.choosable(call, profiles, keyring, now)
    if len(candidates) == 1:
        return Choice(calls.chosen(call, candidates[0], keyring), (), read)
    if place is not None and 1 <= place <= len(candidates):
        return Choice(calls.chosen(call, candidates[place - 1], keyring), (), read)
    return Choice(call, tuple(candidates), read)


def next_need(operation: Operation, call: Call, now: datetime) -> str:
    """What would satisfy the operation next: `sms`, `email`, or `agent` when nothing the caller has would."""
    missing = missing_factors(operation, proof_from(call), now) or ()
    reachable = [kind for kind in missing if kind in {factor.value for factor in call.targets}]
    return reachable[0] if reachable else "agent"


def code_of(challenge: Challenge, keyring: Keyring) -> str | None:
    """The digits to send for a challenge; None for a decoy: there is nobody to send them to."""
    return None if challenge.decoy else derive(keyring, challenge)
