"""The number of failed logins that lock an account. Pure.

Attempts are replayed in the order of their own time, so the order of their arrival does not matter. Sources: NIST SP
800-63B-4 3.2.2 (at most 100 failures in a row; a success forgives failures from where it came). OWASP Authentication
Cheat Sheet (count by account; threshold, window, duration). OWASP ASVS 5.0 6.1.1: limits must not lock out the owner
for good. So failures inside a lock neither count nor extend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import replace
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.contracts.model import LoginKind

from .model import Attempt, AttemptOutcome, Attempts, Order, TierLock, whole_ms


@dataclass(frozen=True, slots=True)
class Tier:
    """So many failures of one kind within a window lock for so long."""

    failures: int
    window: timedelta
    lock: timedelta


TIERS = (
    Tier(5, timedelta(minutes=15), timedelta(minutes=15)),
    Tier(10, timedelta(hours=24), timedelta(hours=1)),
    Tier(15, timedelta(hours=24), timedelta(hours=24)),
)
"""The weakest first. A failure after the end of a lock that still makes the number of a tier locks again."""
HARD_FAILURES = 100
"""NIST SP 800-63B-4 3.2.2: failures since the last success after which only recovery helps."""
ATTEMPTS_MAX = 100
"""At most so many attempts are kept; a flood makes the oldest final before their 24 h are over."""
COUNTED_WITHIN = timedelta(hours=24)
"""The longest window of a tier, and how late a fact may come and still count."""


def running_lock(attempts: Attempts, cleared: Sequence[datetime], now: datetime) -> TierLock | None:
    """The lock by failures that runs at `now`. `cleared`: when the owner unlocked."""
    lock = _replay(attempts, cleared).lock
    return lock if lock is not None and lock.runs(now) else None


def with_attempts(attempts: Attempts, new: Iterable[Attempt], cleared: Sequence[datetime], now: datetime) -> Attempts:
    """The attempts joined by new ones; the same object when all of them are known, or too late to count.

    A recovery is never too late: it still ends a lock that began before it.
    """
    aged = finalise(attempts, cleared, through=(whole_ms(now - COUNTED_WITHIN), ""))
    known = {(attempt.outcome, attempt.kind, attempt.id): attempt for attempt in aged.recent}
    changed = False
    for attempt in sorted(new, key=lambda attempt: attempt.order):
        key = (attempt.outcome, attempt.kind, attempt.id)
        if aged.total_through is not None and attempt.order <= aged.total_through:
            recovered = _apply_late_recovery(aged, attempt)
            changed = changed or recovered != aged
            aged = recovered
        elif key not in known or attempt.at < known[key].at:
            known[key] = attempt
            changed = True
    if not changed:
        return attempts
    joined = replace(aged, recent=tuple(sorted(known.values(), key=lambda attempt: attempt.order)))
    return _within_limit(joined, cleared)


def finalise(attempts: Attempts, cleared: Sequence[datetime], *, through: Order) -> Attempts:
    """The same with everything up to `through` made final."""
    if attempts.total_through is not None and through <= attempts.total_through:
        return attempts
    past = replace(attempts, recent=tuple(attempt for attempt in attempts.recent if attempt.order <= through))
    state = _replay(past, [instant for instant in cleared if instant < through[0]])
    window_start = through[0] - COUNTED_WITHIN
    return Attempts(
        recent=attempts.recent[len(past.recent) :],
        total_through=through,
        counted=tuple(failure for failure in state.counted if failure.at > window_start),
        total={kind: number for kind, number in state.total.items() if number},
        lock=state.lock if state.lock is not None and state.lock.runs(through[0]) else None,
        logins=attempts.logins,
        devices=attempts.devices,
    )


def _within_limit(attempts: Attempts, cleared: Sequence[datetime]) -> Attempts:
    while (excess := len(attempts.counted) + len(attempts.recent) - ATTEMPTS_MAX) > 0:
        attempts = finalise(attempts, cleared, through=attempts.recent[excess - 1].order)
    return attempts


def _apply_late_recovery(attempts: Attempts, attempt: Attempt) -> Attempts:
    """The final part after a recovery that is older than everything recent."""
    if attempt.outcome is not AttemptOutcome.RECOVERED:
        return attempts
    counted = tuple(f for f in attempts.counted if f.kind is not attempt.kind or f.at > attempt.at)
    attempts = replace(attempts, counted=counted)
    lock = attempts.lock
    if lock is None or lock.kind is not attempt.kind or lock.since > attempt.at:
        return attempts
    # Nothing counts inside a lock, so with a hard one ended there is nothing left to add up.
    total = attempts.total if lock.until is not None else {**attempts.total, attempt.kind: 0}
    return replace(attempts, lock=None, total=total)


def _replay(attempts: Attempts, cleared: Sequence[datetime]) -> _Replay:
    replay = _Replay(list(attempts.counted), dict(attempts.total), attempts.lock)
    through = attempts.total_through
    pending: list[datetime] = []
    for instant in sorted(cleared):
        if through is not None and instant < through[0]:
            replay.unlock(instant)
        else:
            pending.append(instant)
    for attempt in attempts.recent:
        while pending and pending[0] < attempt.at:
            replay.unlock(pending.pop(0))
        replay.take(attempt)
    for instant in pending:
        replay.unlock(instant)
    return replay


@dataclass(slots=True)
class _Replay:
    counted: list[Attempt]
    total: dict[LoginKind, int]
    lock: TierLock | None

    def unlock(self, instant: datetime) -> None:
        """The owner unlocked: a lock that time would end has ended, and the windows are empty. The count in a row
        stays, and a hard lock stays: somebody may still be guessing."""
        self.counted = [failure for failure in self.counted if failure.at > instant]
        if self.lock is not None and self.lock.until is not None and self.lock.since <= instant:
            self.lock = None

    def take(self, attempt: Attempt) -> None:
        locked = self.lock is not None and self.lock.runs(attempt.at)
        match attempt.outcome:
            case AttemptOutcome.RECOVERED:
                self.counted = [failure for failure in self.counted if failure.kind is not attempt.kind]
                self.total[attempt.kind] = 0
                if self.lock is not None and self.lock.kind is attempt.kind:
                    self.lock = None
            case AttemptOutcome.SUCCEEDED if not locked:
                # A success while locked got in before the wallet had the lock; perhaps it was the guess that hit.
                self.counted = [
                    failure
                    for failure in self.counted
                    if failure.kind is not attempt.kind or failure.source != attempt.source
                ]
                self.total[attempt.kind] = 0
            case AttemptOutcome.FAILED if not locked:
                self._fail(attempt)

    def _fail(self, attempt: Attempt) -> None:
        window_start = attempt.at - COUNTED_WITHIN
        self.counted = [failure for failure in self.counted if failure.at > window_start]
        self.counted.append(attempt)
        self.total[attempt.kind] = self.total.get(attempt.kind, 0) + 1
        if self.total[attempt.kind] >= HARD_FAILURES:
            self.lock = TierLock(attempt.kind, attempt.at, None)
            return
        for tier in reversed(TIERS):
            start = attempt.at - tier.window
            within = [failure for failure in self.counted if failure.kind is attempt.kind and failure.at > start]
            if len(within) >= tier.failures:
                self.lock = TierLock(attempt.kind, attempt.at, attempt.at + tier.lock)
                return
