"""The face of lockout: what doors and the rooms above may ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from hotline.contracts.model import MovementKind
from hotline.identity.service import Operation, can_give, could_prove, require
from hotline.kit.change import Change, stale
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.payments.model import NextStep
from hotline.sessions.model import SessionState

from . import logins as of_logins
from . import policy
from .due import contribute_due, due_keys, duty_at
from .facts import contribute_facts, fact_keys
from .items import NOT_ERASED, attempts_key, attempts_of, lock_key, record_of
from .logins import ToldLogin, list_told
from .model import LockState, LockView, SelfService
from .not_me import Denied
from .outgoing import Notice
from .releases import (
    HELD_BY_FINDINGS,
    RELEASABLE,
    HoldEnd,
    LockEnd,
    contribute_release,
    end_of_hold,
    find_hold,
    hold_subject,
    list_holds,
)
from .requests import (
    DECIDED,
    END_PAUSE,
    FREEZE,
    GRANT_RESET,
    NOT_HERE,
    NOTICED,
    OPENING_ACTS,
    STILL,
    UNFREEZE,
    UNLOCK,
    AccountAct,
    Deny,
    Pause,
    SetPin,
    repudiate,
    view_from,
)
from .risk_hold import contribute_hold
from .self_service import (
    FREEZE_ASKED,
    acting_keys,
    check_resettable,
    check_unlockable,
    contribute_agent_pause,
    contribute_end_pause,
    contribute_freeze,
    contribute_reset_grant,
    contribute_reset_grant_unproved,
    contribute_unfreeze,
    contribute_unfreeze_unproved,
    contribute_unlock,
    contribute_unlock_unproved,
    find_freeze,
    freeze_keys,
    freeze_subject,
    is_frozen,
    lock_subject,
)

__all__ = [
    "DECIDED",
    "END_PAUSE",
    "FREEZE",
    "FREEZE_ASKED",
    "GRANT_RESET",
    "HELD_BY_FINDINGS",
    "NOTICED",
    "NOT_HERE",
    "OPENING_ACTS",
    "RELEASABLE",
    "STILL",
    "UNFREEZE",
    "UNLOCK",
    "AccountAct",
    "Denied",
    "Deny",
    "HoldEnd",
    "LockEnd",
    "Notice",
    "Pause",
    "SetPin",
    "ToldLogin",
    "acting_keys",
    "check_resettable",
    "check_unlockable",
    "contribute_agent_pause",
    "contribute_due",
    "contribute_end_pause",
    "contribute_facts",
    "contribute_freeze",
    "contribute_hold",
    "contribute_not_erased",
    "contribute_release",
    "contribute_reset_grant",
    "contribute_reset_grant_unproved",
    "contribute_unfreeze",
    "contribute_unfreeze_unproved",
    "contribute_unlock",
    "contribute_unlock_unproved",
    "due_keys",
    "duty_at",
    "end_of_hold",
    "fact_keys",
    "find_end",
    "find_freeze",
    "find_hold",
    "first_before_paying",
    "freeze_keys",
    "freeze_subject",
    "hold_subject",
    "is_erased",
    "is_frozen",
    "list_holds",
    "list_logins",
    "list_new_devices",
    "lock_keys",
    "lock_subject",
    "offer_self_service",
    "offer_to_account",
    "repudiate",
    "view_from",
]  # fmt: skip


def lock_keys(account_id: str) -> tuple[Key, Key]:
    """The keys to read for `view_from`: #LOCK and #ATTEMPTS."""
    return lock_key(account_id), attempts_key(account_id)


def list_logins(read: Mapping[Key, Item], account_id: str, now: datetime) -> tuple[ToldLogin, ...]:
    """The latest login of each device of the account, the latest first; reading needs proof (READ). `read` holds what
    exists of `lock_keys`."""
    return list_told(attempts_of(read.get(attempts_key(account_id))).logins, now)


def list_new_devices(
    read: Mapping[Key, Item], account_id: str, opened_at: datetime | None, now: datetime
) -> tuple[datetime, ...]:
    """The times from which on the account knows the devices that are new, the latest first; reading needs proof (READ).
    `opened_at`: when the account was opened. `read` holds what exists of `lock_keys`."""
    return of_logins.list_new_devices(attempts_of(read.get(attempts_key(account_id))), opened_at, now)


def is_erased(read: Mapping[Key, Item], account_id: str) -> bool:
    """Whether the account was erased: facts about it do nothing any more. `read` holds #LOCK if there is one."""
    return record_of(account_id, read.get(lock_key(account_id))).erased


def contribute_not_erased(change: Change, account_id: str, operation: Operation = Operation.FACTS) -> None:
    """Make the change depend on the account not having been erased since it was read; Stale otherwise. `operation`:
    the one that the change is."""
    require(change, operation)
    change.require_condition(lock_key(account_id), NOT_ERASED, stale)


_OPERATION_OF: Final[Mapping[SelfService, Operation]] = {
    SelfService.UNLOCK: Operation.UNLOCK,
    SelfService.RESET: Operation.RESET_GRANT,
    SelfService.END_PAUSE: Operation.END_PAUSE,
    SelfService.UNFREEZE: Operation.UNFREEZE,
}
_ACTS_OF: Final[Mapping[SelfService, tuple[SelfService, ...]]] = {
    **{act: (act,) for act in _OPERATION_OF},
    SelfService.BOTH: (SelfService.UNLOCK, SelfService.RESET),
    SelfService.NO: (),
}


def offer_self_service(view: LockView, state: SessionState, now: datetime) -> SelfService:
    """The act that the owner may do about the component in force, and has the factors for. Somebody whose factors are
    too few for it needs a person: nobody chooses what is then refused."""
    return _offer_in_reach(view, lambda operation: could_prove(operation, state, now))


def offer_to_account(view: LockView, read: Mapping[Key, Item], account_id: str) -> SelfService:
    """The act that the owner may do, as far as the account has the factors, whoever asks. `read` holds what exists of
    `owner_keys`."""
    return _offer_in_reach(view, lambda operation: can_give(operation, read, account_id))


def find_end(view: LockView, offered: SelfService) -> LockEnd | None:
    """Names the end of a freeze or hold in front that needs a person or a new password; None for any other. `offered`:
    the act that the owner may do about it."""
    if view.state is LockState.FROZEN and offered is SelfService.NO:
        return LockEnd.PERSON
    by_password = view.state is LockState.HOLD and end_of_hold(view.cause) is HoldEnd.NEW_PASSWORD
    return LockEnd.NEW_PASSWORD if by_password else None


def _offer_in_reach(view: LockView, is_in_reach: Callable[[Operation], bool]) -> SelfService:
    allowed = _ACTS_OF[view.self_service]
    found = tuple(act for act in allowed if is_in_reach(_OPERATION_OF[act]))
    if found == allowed:
        return view.self_service
    return found[0] if found else SelfService.NO


def first_before_paying(view: LockView, state: SessionState, now: datetime, kind: MovementKind) -> NextStep | None:
    """The next step of the caller before the account can make such a movement; None when nothing shuts it."""
    return policy.first_before_paying(view, offer_self_service(view, state, now), kind)
