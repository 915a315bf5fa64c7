"""The requests of a person on the line: unlock, a new password, pause and its end, freeze and its end.

Every function here passes the gate `identity.require` first and only adds to the change. `read` holds what exists of
`acting_keys`. Locked or not, the wallet enforces: the account changes when it confirms the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import replace
from datetime import datetime
from itertools import chain
from typing import Final

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.cases import service as cases
from hotline.cases.model import SECURITY_TOPIC, Priority
from hotline.identity.model import Subject
from hotline.identity.service import Operation, require, require_same_factors
from hotline.kit.actor import Caller, Session
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import NotPossible
from hotline.kit.ids import derive_id
from hotline.kit.outbox import Decision
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions.model import SessionKind, SessionState

from . import breaker, outgoing, policy, registers
from .facts import write_record
from .items import attempts_key, attempts_of, lock_key, record_of
from .model import (
    FREEZE_SLOT,
    PAUSE_SLOT,
    Attempts,
    Cause,
    Component,
    DecisionKind,
    EndPauseOutcome,
    FreezeOutcome,
    Grant,
    LockoutError,
    LockRecord,
    LockState,
    ResetOutcome,
    UnfreezeOutcome,
    UnlockOutcome,
    cause_of_slot,
    whole_ms,
)
from .outgoing import Notice

CASE_TOPIC: Final = SECURITY_TOPIC
PAUSE_REFUSED: Final = "pause.refused"
"""Why there is a case: a limit or the owner's bar stood against a pause without a factor."""
FREEZE_ASKED: Final = "freeze.asked"
"""Why there is a case: an owner who freezes their account fears for it."""


def acting_keys(account_id: str) -> tuple[Key, ...]:
    """The keys to read before any of these: lock, attempts, and the profile for whom to tell."""
    return (lock_key(account_id), attempts_key(account_id), accounts.profile_key(account_id))


def freeze_keys(account_id: str) -> tuple[Key, ...]:
    """The keys to read before `contribute_freeze`: the case, too, that people look at."""
    return tuple(dict.fromkeys((*acting_keys(account_id), *cases.case_keys(account_id, CASE_TOPIC))))


def contribute_unlock(change: Change, read: Mapping[Key, Item], account_id: str) -> UnlockOutcome:
    """Ask the wallet to end a lock that time would end. OPEN: nothing is in force. NOT_SELF_SERVICE: something is
    that this does not open. Asked again while the wallet has not confirmed, it changes nothing. Raises NeedProof."""
    require(change, Operation.UNLOCK, account_id)
    return _unlock(change, read, account_id)


def contribute_unlock_unproved(change: Change, read: Mapping[Key, Item], account_id: str) -> UnlockOutcome:
    """The same with a second person, for an account that cannot give the factors. It depends on the contact points and
    the PIN as they were read, so `read` also holds what exists of `owner_keys` and of the `found_key`.

    Raises NotPossible `no_such_lock` where there is nothing that an unlock ends, NeedSecond; at commit Stale."""
    check_unlockable(read, account_id, change.now)
    _require_second(change, read, Operation.UNLOCK_UNPROVED, account_id, lock_subject(read, account_id, change.now))
    return _unlock(change, read, account_id)


def _require_second(
    change: Change, read: Mapping[Key, Item], operation: Operation, account_id: str, subject: Subject
) -> None:
    """Two people stand in for a proof that the account cannot give, as long as it has no further factor. The findings
    are as the second person has read them."""
    require(change, operation, account_id, subject)
    require_same_factors(change, read, account_id)
    accounts.require_same_found(change, read, account_id)


def check_unlockable(read: Mapping[Key, Item], account_id: str, now: datetime) -> None:
    """Raises NotPossible `no_such_lock` unless an unlock would open the account to a login."""
    record, _, found = _present(read, account_id, now)
    if record.erased or not policy.may_unlock(record, found, now):
        raise NotPossible(LockoutError.NO_SUCH_LOCK, account_id=account_id)


def lock_subject(read: Mapping[Key, Item], account_id: str, now: datetime) -> Subject:
    """Everything that shuts the account as it was read, for a second person. Another lock, freeze or hold
    makes it another thing, and so does the end of one, and a grave finding that has changed. The version is `-` where
    there is nothing. `read` also holds what exists of the `found_key`."""
    _, _, found = _present(read, account_id, now)
    parts = sorted(
        f"{part.state}#{part.cause}#{to_text(part.since) if part.since is not None else '-'}"
        for part in found
        if part.state is not LockState.PAUSED
    )
    version = derive_id("lock", *parts) if parts else "-"
    return Subject(f"lock#{account_id}", accounts.add_found(version, read, account_id))


def _unlock(change: Change, read: Mapping[Key, Item], account_id: str) -> UnlockOutcome:
    record, attempts, found = _present(read, account_id, change.now)
    if record.erased:
        return UnlockOutcome.NOT_SELF_SERVICE
    if all(component.state is LockState.PAUSED for component in found):
        opening = policy.still_opening(record, found, change.now)
        if any(component.state in (LockState.SOFT, LockState.HARD) for component in opening):
            return UnlockOutcome.ASKED
        return UnlockOutcome.NOT_SELF_SERVICE if found else UnlockOutcome.OPEN
    if not policy.may_unlock(record, found, change.now):
        return UnlockOutcome.NOT_SELF_SERVICE
    locks = [component for component in found if component.state is LockState.SOFT]
    now = whole_ms(change.now)
    cleared = tuple(at for at in record.cleared if at > now - policy.CLEARED_FOR)
    record = replace(record, cleared=(*cleared, now), placed=None)
    for slot, register in record.told.items():
        if register.runs(change.now) and any(cause_of_slot(slot) is lock.cause for lock in locks):
            record = registers.switch(record, slot, change.now, on=False)
    record, asked = registers.ask(record, DecisionKind.UNLOCK, change.now, was=locks[0])
    outgoing.send_decision(change, record, attempts, asked, cause=_cause(locks[0]), ends=locks[0])
    outgoing.notify(change, _profile(read, account_id), Notice.UNLOCK_ASKED)
    write_record(change, read, record)
    return UnlockOutcome.ASKED


def contribute_reset_grant(change: Change, read: Mapping[Key, Item], account_id: str) -> ResetOutcome:
    """Give leave to choose a new password in the wallet: one grant, for one use. While one runs that has not been used,
    it stands and nothing more is sent. A key that is pressed often is no reason for many grants and notices. It opens
    nothing by itself; a lock by failures ends when the new password stands. Raises NeedProof."""
    require(change, Operation.RESET_GRANT, account_id)
    return _grant_reset(change, read, account_id)


def contribute_reset_grant_unproved(change: Change, read: Mapping[Key, Item], account_id: str) -> ResetOutcome:
    """The same with a second person, for an account that cannot give the factors. It depends on the contact points and
    the PIN as they were read, so `read` also holds what exists of `owner_keys` and of the `found_key`.

    Raises NotPossible `no_such_lock` where a new password ends nothing, NeedSecond; at commit Stale."""
    check_resettable(read, account_id, change.now)
    _require_second(
        change, read, Operation.RESET_GRANT_UNPROVED, account_id, lock_subject(read, account_id, change.now)
    )
    return _grant_reset(change, read, account_id)


def check_resettable(read: Mapping[Key, Item], account_id: str, now: datetime) -> None:
    """Raises NotPossible `no_such_lock` unless a new password is allowed and would end something in force. While leave
    for one runs, a further one would change nothing."""
    record, attempts, found = _present(read, account_id, now)
    is_granted = policy.recovery_until(record, attempts, now) is not None
    if record.erased or is_granted or not policy.ends_by_password(found):
        raise NotPossible(LockoutError.NO_SUCH_LOCK, account_id=account_id)


def _grant_reset(change: Change, read: Mapping[Key, Item], account_id: str) -> ResetOutcome:
    record, attempts, found = _present(read, account_id, change.now)
    if record.erased or not policy.may_reset(found):
        return ResetOutcome.NOT_SELF_SERVICE
    now = whole_ms(change.now)
    if policy.recovery_until(record, attempts, now) is not None:
        return ResetOutcome.GRANTED
    grant = Grant(change.ids.new("grant"), now, now + policy.GRANT_LIFE)
    data = {"grant_id": grant.id, "expires_at": to_text(grant.until), "uses": 1}
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type="password_reset.authorised",
            account_id=account_id,
            data=data,
            decision_id=grant.id,
        )
    )
    change.audit(account_id, "password_reset.authorised", decision_id=grant.id)
    outgoing.notify(change, _profile(read, account_id), Notice.RESET_AUTHORISED, until=to_text(grant.until))
    write_record(change, read, replace(record, grant=grant))
    return ResetOutcome.GRANTED


def pause_keys(reached: Sequence[str], now: datetime) -> tuple[Key, ...]:
    """The keys to read before `contribute_pause`; `reached` as `pausable_accounts` gives it, or somebody whom
    nobody is in its place."""
    of_accounts = [acting_keys(account_id) for account_id in reached]
    of_cases = [tuple(cases.case_keys(account_id, CASE_TOPIC)) for account_id in reached]
    return tuple(dict.fromkeys((*chain.from_iterable((*of_accounts, *of_cases)), *breaker.breaker_keys(now))))


def pausable_accounts(state: SessionState, now: datetime) -> tuple[str, ...]:
    """The accounts that this call may pause. With a factor it may pause the chosen one. An inbound call that shows its
    number, and is about it, may pause all accounts that the number reaches, at most five. A number that was keyed in
    reaches no account without a code. The owner of the phone that it was keyed in on is not the person who asks. An app
    session has its token's account, however long ago its owner signed in."""
    chosen = (state.account_id,) if state.account_id is not None and _is_proved(state, now) else ()
    matching = state.calling.accounts if _shows_its_number(state) and state.calling is not None else ()
    return tuple(dict.fromkeys((*chosen, *matching)))[: policy.PAUSE_ACCOUNTS_MAX]


def may_pause(state: SessionState, now: datetime) -> bool:
    """Whether a pause makes sense on this call, by the caller's own knowledge of it. The call is about the number that
    it comes from, of an account or not, or an account was proved."""
    return _shows_its_number(state) or (state.account_id is not None and _is_proved(state, now))


def _shows_its_number(state: SessionState) -> bool:
    return state.inbound and not state.elsewhere


def _is_proved(state: SessionState, now: datetime) -> bool:
    return state.kind is SessionKind.APP or bool(state.good_factors(now))


def contribute_pause(change: Change, read: Mapping[Key, Item], state: SessionState) -> tuple[str, ...]:
    """Ask for 24 h without outward money on each account that this call may pause. `pausable_accounts` alone says which
    they are. Returns those that are newly paused.

    A caller who has proved a factor for an account pauses it as often as they like. Where a limit or the owner's bar
    stands against somebody without a factor, nothing changes but a case that people look at. A caller hears the same
    words either way, which say that there is a limit. For an app session NeedProof is raised.

    An account that is closed or erased raises NotPossible for an app session, and changes nothing on a call.

    `read` holds what exists of `pause_keys`. While the breaker is open only the account that was proved is paused, and
    NeedProof is raised without proof, whoever calls."""
    require(change, Operation.PAUSE)
    reached = pausable_accounts(state, change.now)
    if state.kind is SessionKind.APP:
        _refuse_closed(read, reached)
    if breaker.is_open(read, change.now):
        require(change, Operation.PROVED_PAUSE, state.account_id)
        reached = tuple(account_id for account_id in reached if account_id == state.account_id)
    paused = tuple(account_id for account_id in reached if _contribute_one_pause(change, read, account_id, state))
    unproved = sum(not _has_factor(change, account_id) for account_id in paused)
    breaker.count_pauses(change, unproved, by=state.contact_id)
    return paused


def contribute_agent_pause(
    change: Change, read: Mapping[Key, Item], account_id: str, *, by_agent: bool = False
) -> bool:
    """Ask for 24 h without outward money on one account, as an agent does it for its owner. `by_agent`: on grounds of
    the agent's own. It counts for no limit of those who have proved nothing. False: it is paused or frozen already.
    Raises NotPossible for an account that is closed or erased, and NeedProof."""
    require(change, Operation.PAUSE, account_id)
    _refuse_closed(read, (account_id,))
    record, attempts, found = _present(read, account_id, change.now)
    if not policy.would_pause(record, found):
        return False
    _ask_for_pause(change, read, record, attempts, is_counted=False, by_agent=by_agent)
    return True


def contribute_end_pause(change: Change, read: Mapping[Key, Item], account_id: str) -> EndPauseOutcome:
    """Ask the wallet to end a pause, and bar pauses without a factor for 30 days: the owner did not want this one.
    OPEN: no pause is running. Raises NeedProof."""
    require(change, Operation.END_PAUSE, account_id)
    record, attempts, found = _present(read, account_id, change.now)
    pause = policy.find_pause(found)
    if pause is None:
        opening = policy.still_opening(record, found, change.now)
        return EndPauseOutcome.ASKED if policy.find_pause(opening) is not None else EndPauseOutcome.OPEN
    record = replace(record, barred_until=whole_ms(change.now) + policy.PAUSE_BAR)
    record = _ending(change, record, attempts, PAUSE_SLOT, pause, DecisionKind.END_PAUSE)
    outgoing.notify(change, _profile(read, account_id), Notice.PAUSE_END_ASKED)
    write_record(change, read, record)
    return EndPauseOutcome.ASKED


def contribute_unfreeze(change: Change, read: Mapping[Key, Item], account_id: str) -> UnfreezeOutcome:
    """Ask the wallet to end a freeze that the owner asked for. OPEN: there is none. Other components in force stay.
    Raises NeedProof."""
    require(change, Operation.UNFREEZE, account_id)
    record, attempts, found = _present(read, account_id, change.now)
    freeze = policy.find_freeze(found)
    if freeze is None or record.erased:
        opening = policy.still_opening(record, found, change.now)
        return UnfreezeOutcome.ASKED if policy.find_freeze(opening) is not None else UnfreezeOutcome.OPEN
    _unfreeze(change, read, record, attempts, freeze)
    return UnfreezeOutcome.ASKED


def contribute_unfreeze_unproved(change: Change, read: Mapping[Key, Item], account_id: str) -> UnfreezeOutcome:
    """The same with a second person, for an account that cannot give the factors (identity.could_give). It depends on
    the contact points and the PIN as they were read, so `read` also holds what exists of `owner_keys` and of the
    `found_key`.

    Raises NotPossible `no_such_freeze` where the owner's freeze is not in force, NeedSecond; at commit Stale."""
    freeze = find_freeze(read, account_id, change.now)
    _require_second(change, read, Operation.UNFREEZE_UNPROVED, account_id, freeze_subject(read, account_id))
    record, attempts, _ = _present(read, account_id, change.now)
    _unfreeze(change, read, record, attempts, freeze)
    return UnfreezeOutcome.ASKED


def find_freeze(read: Mapping[Key, Item], account_id: str, now: datetime) -> Component:
    """The freeze that the owner asked for. Raises NotPossible `no_such_freeze` where it is not in force."""
    record, _, found = _present(read, account_id, now)
    freeze = policy.find_freeze(found)
    if freeze is None or record.erased:
        raise NotPossible(LockoutError.NO_SUCH_FREEZE, account_id=account_id)
    return freeze


def is_frozen(read: Mapping[Key, Item], account_id: str, now: datetime) -> bool:
    """Whether the owner's freeze is in force, and the wallet has confirmed it. Nobody has asked to end it."""
    record, _, found = _present(read, account_id, now)
    return policy.find_freeze(found) is not None and policy.is_confirmed(record, FREEZE_SLOT)


def freeze_subject(read: Mapping[Key, Item], account_id: str) -> Subject:
    """The owner's freeze as it was read, for a second person. A freeze that is set anew is another one, and so is one
    beside a grave finding that has changed. One that is over has the version `-`. `read` also holds what exists of the
    `found_key`."""
    record = record_of(account_id, read.get(lock_key(account_id)))
    version = accounts.add_found(registers.version_of(record, FREEZE_SLOT), read, account_id)
    return Subject(f"freeze#{account_id}", version)


def _unfreeze(
    change: Change, read: Mapping[Key, Item], record: LockRecord, attempts: Attempts, freeze: Component
) -> None:
    after = _ending(change, record, attempts, FREEZE_SLOT, freeze, DecisionKind.UNFREEZE)
    outgoing.notify(change, _profile(read, record.account_id), Notice.UNFREEZE_ASKED)
    write_record(change, read, after)


def contribute_freeze(
    change: Change, read: Mapping[Key, Item], account_id: str, *, by_agent: bool = False
) -> FreezeOutcome:
    """Ask the wallet to stop all outward money until it is unfrozen, and let people know. FROZEN: it has been already.
    `by_agent`: an agent does so on grounds of their own, and not for its owner. `read` holds what exists of
    `freeze_keys`. Raises NeedProof, and NotPossible for an account that is closed or erased."""
    require(change, Operation.FREEZE, account_id)
    sent_before = len(change.sent)
    outcome = _freeze(change, read, account_id, by_agent=by_agent)
    if len(change.sent) > sent_before:
        cases.contribute_case(
            change,
            read,
            account_id=account_id,
            topic=CASE_TOPIC,
            reason=FREEZE_ASKED,
            facts={},
            priority=Priority.HIGH,
        )
    return outcome


def contribute_denied_freeze(change: Change, read: Mapping[Key, Item], account_id: str) -> FreezeOutcome:
    """The same where whoever asks lets people know why. Raises NeedProof, NotPossible."""
    require(change, Operation.FREEZE, account_id)
    return _freeze(change, read, account_id)


def contribute_repudiated_freeze(change: Change, read: Mapping[Key, Item], account_id: str) -> FreezeOutcome:
    """The same for who has shown the token of a notice. Raises NotPossible."""
    require(change, Operation.REPUDIATE)
    return _freeze(change, read, account_id)


def _freeze(change: Change, read: Mapping[Key, Item], account_id: str, *, by_agent: bool = False) -> FreezeOutcome:
    record, attempts, found = _present(read, account_id, change.now)
    if record.erased or record.closed_at is not None:
        raise NotPossible(LockoutError.ACCOUNT_CLOSED, account_id=account_id)
    if any(component.state is LockState.FROZEN for component in found):
        return FreezeOutcome.FROZEN if policy.is_confirmed(record, FREEZE_SLOT) else FreezeOutcome.ASKED
    write_record(change, read, _freezing(change, record, attempts, by_agent=by_agent))
    outgoing.notify(change, _profile(read, account_id), Notice.FREEZE_BY_AGENT if by_agent else Notice.FREEZE_ASKED)
    return FreezeOutcome.ASKED


def contribute_pause_bar(change: Change, read: Mapping[Key, Item], account_id: str) -> None:
    """Let nobody pause the account without a factor for 30 days: its owner did not want the last one. Raises
    NotPossible for an account that is erased."""
    require(change, Operation.REPUDIATE)
    record, _, _ = _present(read, account_id, change.now)
    if record.erased:
        raise NotPossible(LockoutError.ACCOUNT_CLOSED)
    write_record(change, read, replace(record, barred_until=whole_ms(change.now) + policy.PAUSE_BAR))


def _freezing(change: Change, record: LockRecord, attempts: Attempts, *, by_agent: bool) -> LockRecord:
    """The record with the freeze switched on and asked of the wallet. Leave to choose a password ends with it: somebody
    else may have got that (docs/contracts.md asks the wallet for the same)."""
    record = registers.switch(replace(record, grant=None), FREEZE_SLOT, change.now, on=True, by_agent=by_agent)
    record, asked = registers.ask(record, DecisionKind.FREEZE, change.now)
    outgoing.send_decision(change, record, attempts, asked, cause=Cause.CUSTOMER_REQUEST)
    return record


def _ending(
    change: Change, record: LockRecord, attempts: Attempts, slot: str, was: Component, kind: DecisionKind
) -> LockRecord:
    """The record with a register of the customer's switched off and its end asked of the wallet."""
    # The wallet keeps it in force until it confirms the end, so it is told as before.
    by_agent = record.told[slot].by_agent
    record = registers.switch(record, slot, change.now, on=False, by_agent=by_agent)
    record, asked = registers.ask(record, kind, change.now, was=was)
    outgoing.send_decision(change, record, attempts, asked, cause=Cause.CUSTOMER_REQUEST, ends=was)
    return record


def _contribute_one_pause(change: Change, read: Mapping[Key, Item], account_id: str, state: SessionState) -> bool:
    record, attempts, found = _present(read, account_id, change.now)
    now = whole_ms(change.now)
    if not policy.would_pause(record, found):
        return False
    proved = _has_factor(change, account_id)
    if not proved and not policy.may_pause_unproved(record, now):
        if state.kind is SessionKind.APP:
            require(change, Operation.PROVED_PAUSE, account_id)
        _contribute_refused_pause(change, read, account_id)
        return False
    _ask_for_pause(change, read, record, attempts, is_counted=not proved)
    return True


def _ask_for_pause(
    change: Change,
    read: Mapping[Key, Item],
    record: LockRecord,
    attempts: Attempts,
    *,
    is_counted: bool,
    by_agent: bool = False,
) -> None:
    """Switch the pause on and ask the wallet for it. `is_counted`: it is one of those that need no factor."""
    now = whole_ms(change.now)
    until = now + policy.PAUSE_LENGTH
    record = registers.switch(record, PAUSE_SLOT, now, on=True, until=until, by_agent=by_agent)
    if is_counted:
        record = replace(record, pauses=(*record.pauses, now)[-policy.PAUSES_MAX :])
    record, asked = registers.ask(record, DecisionKind.PAUSE, now)
    outgoing.send_decision(change, record, attempts, asked, cause=Cause.CUSTOMER_REQUEST, until=until)
    notice = Notice.PAUSE_BY_AGENT if by_agent else Notice.PAUSE_ASKED
    outgoing.notify(change, _profile(read, record.account_id), notice, until=to_text(until))
    write_record(change, read, record)


def _refuse_closed(read: Mapping[Key, Item], account_ids: Sequence[str]) -> None:
    for account_id in account_ids:
        record = record_of(account_id, read.get(lock_key(account_id)))
        if record.erased or record.closed_at is not None:
            raise NotPossible(LockoutError.ACCOUNT_CLOSED, account_id=account_id)


def _contribute_refused_pause(change: Change, read: Mapping[Key, Item], account_id: str) -> None:
    """Let people know: somebody who is in trouble has asked for a pause that they did not get."""
    cases.contribute_case(
        change,
        read,
        account_id=account_id,
        topic=CASE_TOPIC,
        reason=PAUSE_REFUSED,
        facts={},
        priority=Priority.HIGH,
    )


def _has_factor(change: Change, account_id: str) -> bool:
    match change.actor:
        case Caller(proof=proof) | Session(proof=proof):
            return proof.account_id == account_id and any(factor.until > change.now for factor in proof.factors)
        case _:
            return False


def _present(
    read: Mapping[Key, Item], account_id: str, now: datetime
) -> tuple[LockRecord, Attempts, tuple[Component, ...]]:
    record = record_of(account_id, read.get(lock_key(account_id)))
    attempts = attempts_of(read.get(attempts_key(account_id)))
    return record, attempts, policy.components(record, attempts, now)


def _profile(read: Mapping[Key, Item], account_id: str) -> Profile | None:
    return accounts.profile_from(read.get(accounts.profile_key(account_id)))


def _cause(component: Component) -> Cause:
    return component.cause or Cause.OTHER
