"""Notices of locks that the wallet tells of: a customer hears of a lock whoever set it. The hotline's own decisions are
told where they are decided.

A lock is told once, when it begins to be in force: not again when the wallet repeats it, moves its end or confirms it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from hotline.accounts.model import Profile
from hotline.kit.change import Change
from hotline.kit.clock import to_text

from . import outgoing, policy
from .model import UNTOLD, Cause, LockRecord, LockState, Register, SelfService, cause_of_slot
from .outgoing import Notice

NEWS_FOR: Final = timedelta(hours=24)
"""A lock that began earlier is no news: a wallet that imports old locks must not text everybody."""
_NOTICES: Final[Mapping[LockState, Notice]] = {
    LockState.SOFT: Notice.SOFT_LOCK,
    LockState.HARD: Notice.HARD_LOCK,
    LockState.PAUSED: Notice.PAUSED,
    LockState.FROZEN: Notice.FROZEN,
    LockState.HOLD: Notice.HELD,
}


def length_of(since: datetime, until: datetime | None) -> timedelta:
    """How long a lock lasts; one without an end longer than any other."""
    return until - since if until is not None else timedelta.max


def longest_told(record: LockRecord, now: datetime) -> timedelta:
    """The length of the longest lock by failures that the wallet has told of and that runs; zero when none does."""
    locks = (register for slot, register in record.told.items() if policy.is_failure_lock(slot))
    return max((length_of(lock.at, lock.until) for lock in locks if lock.runs(now)), default=timedelta())


def notify_of_locks(
    change: Change, profile: Profile | None, before: LockRecord, after: LockRecord, *, told: timedelta
) -> None:
    """Tell every contact point of `profile` of the locks that began to be in force from `before` to `after` by the
    wallet's word. Tell nothing of a closed account. `told`: the length of the longest lock by failures that its owner
    knows of."""
    if after.closed_at is not None:
        return
    checked = any(_is_untold(slot) and register.runs(change.now) for slot, register in before.told.items())
    for slot, register in after.told.items():
        if not _is_news(before.told.get(slot), register, change.now):
            continue
        if _is_untold(slot):
            # The words of two checks are the same, so that a second notice would say nothing new.
            if checked:
                continue
            checked = True
        if policy.is_failure_lock(slot):
            if length_of(register.at, register.until) <= told:
                continue
            told = length_of(register.at, register.until)
        component = policy.component_of(slot, register)
        notice = _NOTICES[component.state]
        if notice is Notice.HELD and SelfService.RESET in policy.help_for(component):
            notice = Notice.HELD_FOR_PASSWORD
        outgoing.notify(change, profile, notice, **_facts(component.cause, component.until))


def _is_news(before: Register | None, register: Register, now: datetime) -> bool:
    if before is not None and before.runs(now):
        return False
    return register.decided == 0 and register.runs(now) and now - register.at <= NEWS_FOR


def _is_untold(slot: str) -> bool:
    return cause_of_slot(slot) in UNTOLD


def _facts(cause: Cause | None, until: datetime | None) -> dict[str, str]:
    facts = {"cause": cause.value} if cause is not None and cause is not Cause.OTHER else {}
    return facts | ({"until": to_text(until)} if until is not None else {})
