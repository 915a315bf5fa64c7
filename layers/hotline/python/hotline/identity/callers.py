"""The caller: beginning a call, taking a keyed-in number, and settling the account after proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import replace
from dataclasses import dataclass

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.kit.actor import Caller, Proof
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions import service as sessions
from hotline.sessions import turns
from hotline.sessions.model import Identified, SessionState, TurnRecord
from hotline.sessions.service import session_key

from . import choices, code_messages, limits, pins
from .account_factors import count_kinds_at_risk
from .items import NOBODY
from .session import Session, owner_keys

START = "start"
"""The step with which a call begins, or comes back from a transfer."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as the door knows it. `continued`: transferred or handed on inside Amazon Connect. `leg`: closed words
    and ids that tell one delivery of its start from another leg's."""

    contact_id: str
    inbound: bool
    continued: bool
    calling_number: str | None
    """E.164; None when withheld."""
    leg: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Started:
    """A begun or resumed call. `known`: its number reaches an account; `language`: its owner's, or the call's own.
    `read`: the items of the first read. `senior`: everybody whom the number reaches is one."""

    state: SessionState
    known: bool
    language: str | None
    read: Mapping[Key, Item]
    senior: bool = False


def begin_call(ctx: Context, contact: Contact, also: Sequence[Key] = ()) -> Started:
    """Begin a call, or take up one that was handed on (protocols of turns: by how the contact came to be).

    At most two reads: the call with the calling number's contact point and the items that `also` names, then the
    profiles behind the number. One transaction.
    At commit StaleTurn when the same start was delivered twice at once, Stale, Unavailable.
    """
    keyring = ctx.lookup_ring
    nobody = Proof(session_key(contact.contact_id), None, (), two_step=False)
    change = Change(actor=Caller(contact.contact_id, nobody), cause=START, now=ctx.clock.now(), ids=ctx.ids)
    mark = turns.fingerprint(keyring, START, contact.leg)
    number = contact.calling_number
    points = accounts.point_ids(number, keyring) if number else ()
    keys = [session_key(contact.contact_id), *also]
    if points:
        keys += [*map(accounts.point_key, points), *limits.call_keys(points[0], change.now)]
    read = ctx.store.batch_get(list(dict.fromkeys(keys)))
    stored = sessions.session_in(read, contact.contact_id)
    if stored is not None:
        started = _take_up(change, stored, contact, read, step_fingerprint=mark)
    else:
        started = _begin(ctx, change, contact, points, read, step_fingerprint=mark)
    change.commit(ctx.store)
    return started


def _begin(
    ctx: Context,
    change: Change,
    contact: Contact,
    points: Sequence[str],
    read: Mapping[Key, Item],
    *,
    step_fingerprint: str,
) -> Started:
    keyring, number = ctx.lookup_ring, contact.calling_number
    calling = reach(number, points, read, keyring) if number else None
    profiles = choices.profiles_in(ctx.store, calling.accounts) if calling else []
    languages = {profile.language for profile in profiles}
    language = languages.pop() if len(languages) == 1 else None
    outcome = "KNOWN" if profiles else "UNKNOWN" if number else "WITHHELD"
    begun = SessionState(
        contact_id=contact.contact_id,
        account_ref=change.ids.new("ref"),
        turn=1,
        created_at=change.now,
        last_step_at=change.now,
        inbound=contact.inbound,
        turns=(TurnRecord(0, START, step_fingerprint, outcome),),
        heard=(f"{START}:{outcome}",),
        language=language,
        calling=calling,
        targets=choices.targets_of(calling, profiles, keyring),
        own_number_only=calling is not None and limits.calls_often(read, calling.point, change.now),
    )
    sessions.contribute_new_session(change, begun)
    if calling is not None and contact.inbound:
        limits.count_call(change, calling.point, contact.contact_id)
    senior = bool(profiles) and all(profile.senior for profile in profiles)
    return Started(begun, bool(profiles), language, read, senior)


def _take_up(
    change: Change, stored: SessionState, contact: Contact, read: Mapping[Key, Item], *, step_fingerprint: str
) -> Started:
    known = bool(stored.calling and stored.calling.accounts)
    if stored.turns and (stored.turns[-1].step, stored.turns[-1].fingerprint) == (START, step_fingerprint):
        # This very start was delivered before, and nothing has been asked since.
        return Started(stored, known, stored.language, read)
    kept = sessions.may_keep_level(stored, continued=contact.continued, now=change.now)
    # Acts without a factor are for inbound calls; a leg of another kind must not inherit them.
    taken = stored if kept else replace(choices.strip(stored), inbound=contact.inbound)
    record = TurnRecord(stored.turn, START, step_fingerprint, "KNOWN" if known else "UNKNOWN")
    return Started(sessions.contribute_turn(change, stored, taken, record), known, stored.language, read)


def reach(number: str, points: Sequence[str], read: Mapping[Key, Item], keyring: Keyring) -> Identified:
    """The accounts that a number reaches, from its contact-point items as read. `points`: its `point_ids`."""
    items = [read[key] for key in map(accounts.point_key, points) if key in read]
    prefix = code_messages.prefix_of(number, keyring)
    return Identified(points[0], accounts.usable_owners(items), tuple(points[1:]), prefix)


def identify(session: Session, number: str) -> SessionState:
    """The call after a number was keyed in, whose contact point the session has read. One read, whether or not the
    number belongs to anybody, and whether or not the caller may reach it."""
    state, keyring = session.state, session.ctx.lookup_ring
    typed = reach(number, accounts.point_ids(number, keyring), session.read, keyring)
    if state.own_number_only and state.calling is not None and typed.point != state.calling.point:
        typed = replace(typed, accounts=())
    profiles = choices.profiles_in(session.ctx.store, typed.accounts or (NOBODY,))
    return choices.identify_by(state, typed, profiles, keyring)


@dataclass(frozen=True, slots=True)
class Choice:
    """`state` has the account when one is chosen; otherwise `choices` are to be read out."""

    state: SessionState
    choices: tuple[Profile, ...]


def reachable_accounts(state: SessionState) -> tuple[str, ...]:
    """The accounts behind the number that the call is identified by, chosen or not."""
    return state.identified.accounts if state.identified else ()


def choosing_keys(state: SessionState) -> tuple[Key, ...]:
    """The keys to read for `choose`; as many for a number that reaches nobody as for one account's."""
    return tuple(key for one in reachable_accounts(state) or (NOBODY,) for key in owner_keys(one))


def choose(session: Session, place: int | None = None, also: Sequence[Key] = ()) -> Choice:
    """Choose the account after proof: the only one that the proved factors reach, or the one at the given place.

    One read, of `also` too. Without proof, or for a place that was not offered, nothing is chosen.
    """
    session.fetch((*choosing_keys(session.state), *also))
    return choose_from(session, session.state, place)


def choose_from(session: Session, state: SessionState, place: int | None = None) -> Choice:
    """The same for a state of the session that is not stored yet, once `choosing_keys` were read."""
    read, keyring, now = session.read, session.ctx.lookup_ring, session.now
    found = [accounts.profile_from(read.get(accounts.profile_key(one))) for one in reachable_accounts(state)]
    candidates = choices.choosable(state, [profile for profile in found if profile is not None], read, keyring, now)
    chosen = candidates[0] if len(candidates) == 1 else None
    if place is not None and 1 <= place <= len(candidates):
        chosen = candidates[place - 1]
    if chosen is None:
        return Choice(state, tuple(candidates))
    pin = pins.acting_pin(read, chosen.account_id, now)
    kinds = count_kinds_at_risk(read, chosen.account_id, now)
    return Choice(choices.choose_profile(state, chosen, keyring, pin=pin, kinds_at_risk=kinds), ())
