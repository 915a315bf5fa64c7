"""The effect of facts on an account's locks: attempts, the record, and a lock that begins, changes or ends by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from hotline.accounts.model import Profile
from hotline.accounts.stops import stops_from, with_earlier
from hotline.contracts.model import (
    AccountClosed,
    AccountErased,
    DeviceRegistered,
    Fact,
    LockAction,
    LockTold,
    LoginTried,
    PasswordChanged,
    TwoStepChanged,
)
from hotline.identity.service import Operation, require
from hotline.kit.change import Change, stale
from hotline.kit.clock import to_text
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key
from hotline.kit.store.condition import Item, equals

from . import outgoing, policy, registers, wallet_locks
from .items import NOT_ERASED, attempts_item, attempts_key, attempts_of, lock_item, lock_key, record_of
from .logins import with_devices, with_logins
from .model import Attempts, Cause, Component, DecisionKind, LockRecord, LockState, TierLock
from .outgoing import Notice
from .tiers import running_lock, with_attempts

_OWN = (LoginTried, DeviceRegistered, LockTold, AccountClosed, AccountErased, PasswordChanged, TwoStepChanged)


def fact_keys(facts: Sequence[Fact]) -> set[Key]:
    """The keys to read before `contribute_facts`; nothing when no fact is about locks."""
    subjects = {fact.subject for fact in facts if isinstance(fact.data, _OWN)}
    return {key for subject in subjects for key in (lock_key(subject), attempts_key(subject))}


def contribute_facts(
    change: Change,
    read: Mapping[Key, Item],
    facts: Sequence[Fact],
    *,
    lookup_keys: Keyring,
    profile: Profile | None,
) -> None:
    """Fold the facts of ONE account, of any type and in any order, into its locks; known facts write nothing.

    Below a tier only #ATTEMPTS is written. A lock that begins, or changes while it runs, is asked of the wallet in the
    same change. Every contact point of `profile` is told of it. A lock that is over already is not told any more.
    """
    own = [fact for fact in facts if isinstance(fact.data, _OWN)]
    if not own:
        return
    require(change, Operation.FACTS)
    account_id = own[0].subject
    before = record_of(account_id, read.get(lock_key(account_id)))
    if before.erased:
        return
    if any(isinstance(fact.data, AccountErased) for fact in own):
        _contribute_erasure(change, read, before)
        return
    old = attempts_of(read.get(attempts_key(account_id)))
    record = registers.fold_facts(before, own)
    new = [attempt for fact in own for attempt in registers.attempts_in(fact, record, lookup_keys)]
    attempts = with_attempts(old, new, record.cleared, change.now)
    logins = with_logins(attempts.logins, [login for fact in own for login in registers.logins_in(fact, lookup_keys)])
    registered = [device for fact in own for device in registers.devices_in(fact, lookup_keys)]
    devices = with_devices(attempts.devices, registered)
    if logins is not attempts.logins or devices is not attempts.devices:
        attempts = replace(attempts, logins=logins, devices=devices)
    known = wallet_locks.longest_told(before, change.now)
    record, known = _reconcile(change, record, attempts, own, profile, known)
    wallet_locks.notify_of_locks(change, profile, before, record, told=known)
    if attempts is not old:
        key = attempts_key(account_id)
        change.replace(key, read.get(key), attempts_item(attempts))
    if record != before:
        write_record(change, read, record)
    elif attempts is not old:
        # An erasure in between must not be followed by new attempts.
        change.require_condition(lock_key(account_id), NOT_ERASED, stale)


def write_record(change: Change, read: Mapping[Key, Item], record: LockRecord) -> None:
    """Replace the stored record, with the earliest moment at which something is to be done about it."""
    key = lock_key(record.account_id)
    stored = read.get(key)
    stops = with_earlier(policy.stops(record, change.now), stops_from(stored), change.now)
    change.replace(key, stored, lock_item(record, due_at=policy.due_at(record, change.now), stops=stops))


def component_of(lock: TierLock) -> Component:
    """A lock by failures as one of the things in force."""
    state = LockState.HARD if lock.until is None else LockState.SOFT
    return Component(state, lock.cause, lock.since, lock.until)


def _contribute_erasure(change: Change, read: Mapping[Key, Item], record: LockRecord) -> None:
    write_record(change, read, LockRecord(record.account_id, version=record.version, erased=True))
    key = attempts_key(record.account_id)
    if key in read:
        change.delete(key, condition=equals("rev", int(read[key]["rev"])))


def _reconcile(
    change: Change,
    record: LockRecord,
    attempts: Attempts,
    facts: Sequence[Fact],
    profile: Profile | None,
    known: timedelta,
) -> tuple[LockRecord, timedelta]:
    """The record with the lock that the attempts now call for asked of the wallet, if it was not asked before.

    `known` is the length of the longest lock by failures that the owner has been told of, when the wallet set it. It is
    returned together with that of the lock that the hotline has asked for, of which the owner knows now.
    """
    now = change.now
    wanted = running_lock(attempts, record.cleared, now)
    placed = record.placed if record.placed is not None and record.placed.runs(now) else None
    known = max(known, wallet_locks.length_of(placed.since, placed.until) if placed is not None else timedelta())
    if wanted == placed or record.closed_at is not None:
        return record, known
    if wanted is None:
        return (record if placed is None else _lift(change, record, attempts, facts, placed)), known
    require(change, Operation.LOCK)
    record, asked = registers.ask(replace(record, placed=wanted), DecisionKind.LOCK, now)
    outgoing.send_decision(change, record, attempts, asked, cause=wanted.cause, until=wanted.until)
    length = wallet_locks.length_of(wanted.since, wanted.until)
    if length > known:
        # A late fact that only moves a lock is not told again, and neither is one that the wallet has set as well.
        if wanted.until is None:
            outgoing.notify(change, profile, Notice.HARD_LOCK, cause=wanted.cause.value)
        else:
            outgoing.notify(change, profile, Notice.SOFT_LOCK, cause=wanted.cause.value, until=to_text(wanted.until))
    return record, max(known, length)


def _lift(
    change: Change, record: LockRecord, attempts: Attempts, facts: Sequence[Fact], placed: TierLock
) -> LockRecord:
    """End a running lock whose reason a late success or a new password took away. The wallet is asked to end it, unless
    the wallet's own fact ends it."""
    record = replace(record, placed=None)
    if any(_releases(fact, placed.cause) for fact in facts):
        return record
    require(change, Operation.END_LOCK)
    was = component_of(placed)
    record, asked = registers.ask(record, DecisionKind.UNLOCK, change.now, was=was)
    outgoing.send_decision(change, record, attempts, asked, cause=placed.cause, ends=was)
    return record


def _releases(fact: Fact, cause: Cause) -> bool:
    told = fact.data
    return (
        isinstance(told, LockTold)
        and told.action is LockAction.LOCK_RELEASED
        and registers.cause_of(told.cause) is cause
        and not registers.is_own(fact.subject, told)
    )
