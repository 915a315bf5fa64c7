"""How decisions and facts become records of locks, refunds and complaints, and what these count for. Pure.

Each fold gives the same record in whatever order the events come, and however often.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from hotline.kit.clock import day_of

from .calls import step_of
from .model import (
    OTHER,
    Complaint,
    Counts,
    Lock,
    PromiseState,
    RefundRecord,
    RefundStatus,
    RefundWord,
    topic_word,
)

CAUSES: Final = (
    *("TOO_MANY_PASSWORD", "TOO_MANY_OTP", "TOO_MANY_LOGIN_RATE", "RISK_SCORE", "CUSTOMER_REQUEST"),
    *("AGENT", "COMPLIANCE", "COMPROMISED_CREDENTIAL", "DORMANT"),
)
"""The causes of locks that are counted by name: those of the room `lockout`."""
COMPLAINT_STEPS_DAYS: Final = (1, 2, 3, 5, 7, 10, 15, 20, 30, 60)
"""Upper ends of the steps in which the days until a complaint is closed are counted. PSD2, article 101, gives 15
business days, and 35 in exceptional cases; the order of the PBoC on consumer protection (2020 no. 5) gives 15 days."""
COMPLAINTS: Final = ("payment.disputed", "notice.repudiated", "agent.complaint")
"""The reasons of a case's change by which somebody named it a complaint: its customer, or an agent (cases.requests)."""
WISHES: Final = ("caller.", "recovery.")
"""How the reasons begin for which somebody asked for a person, which alone is no complaint."""
DAY_S: Final = 86_400


def fold_lock(known: Lock | None, told: Lock) -> Lock:
    """The lock after one more word on it."""
    if known is None:
        return told
    return Lock(
        kind=min(known.kind, told.kind),
        at=min(known.at, told.at),
        asked_cause=_least(known.asked_cause, told.asked_cause),
        told_cause=_least(known.told_cause, told.told_cause),
    )


def count_lock(lock: Lock, zone: str) -> Counts:
    """The counts of a lock, on the day on which it was first heard of. The cause is that of the hotline's decision, or
    else the wallet's."""
    cause = lock.asked_cause or lock.told_cause
    word = cause if cause in CAUSES else OTHER.upper()
    return {day_of(lock.at, zone): {f"lock/{lock.kind.value}/{word}": 1}}


def fold_refund(known: RefundRecord | None, told: RefundRecord) -> RefundRecord:
    """The refund after one more word on it. The first promise is the one that is held against what happened."""
    if known is None:
        return told
    # A refund that was asked for counts from then on, and not from the first fact that was heard of it.
    own = [one.at for one in (known, told) if one.requested]
    return RefundRecord(
        at=min(own or [known.at, told.at]),
        decided=_newest(known.decided, told.decided),
        told=_newest(known.told, told.told),
        promised_on=_first_day(known.promised_on, told.promised_on),
        late=known.late or told.late,
        requested=known.requested or told.requested,
    )


def status_of(refund: RefundRecord) -> RefundStatus | None:
    """The state of a refund; None for one of which only an escalation is known."""
    word = refund.told or refund.decided
    return word.status if word is not None else None


def promise_of(refund: RefundRecord, zone: str) -> PromiseState:
    """The state of the first promise. A promise is a local date of the customer (refunds/promises.py). No event tells
    where they are, so it holds until that day is over in the report's `zone`."""
    status = status_of(refund)
    if status in (RefundStatus.FAILED, RefundStatus.RETURNED_BACK):
        return PromiseState.WITHDRAWN
    if refund.late:
        return PromiseState.LATE
    if refund.promised_on is None:
        return PromiseState.WAITING if status is RefundStatus.IN_REVIEW else PromiseState.NONE
    if status is RefundStatus.SUCCEEDED and refund.told is not None:
        on_time = day_of(refund.told.at, zone) <= refund.promised_on
        return PromiseState.KEPT if on_time else PromiseState.LATE
    return PromiseState.NONE if status in (RefundStatus.DENIED, RefundStatus.STOPPED) else PromiseState.WAITING


def count_refund(refund: RefundRecord, zone: str) -> Counts:
    """The counts of a refund, on the day on which it was asked for."""
    status = status_of(refund)
    if status is None:
        return {}
    return {day_of(refund.at, zone): {f"refund/{status.value}/{promise_of(refund, zone).value}": 1}}


def is_complaint(reason: str) -> bool:
    """Whether the case is a complaint from this change on, by its reason."""
    return reason in COMPLAINTS


def is_wish(reason: str) -> bool:
    """Whether somebody asked for a person by this change, by its reason."""
    return reason.startswith(WISHES)


def fold_complaint(known: Complaint | None, told: Complaint) -> Complaint:
    """The complaint after one more word on its case. The highest version says what it is about and whether it is
    closed."""
    if known is None:
        return told
    newest = max(known, told, key=lambda one: (one.version, one.closed_at is not None))
    brought = [one.brought_at for one in (known, told) if one.brought_at is not None]
    wished = [one.wished_at for one in (known, told) if one.wished_at is not None]
    return replace(newest, brought_at=min(brought, default=None), wished_at=min(wished, default=None))


def count_complaint(complaint: Complaint, zone: str) -> Counts:
    """The counts of a complaint, on the day on which it was brought: open, or the step of the days that it took. A wish
    for a person counts on the day on which it was first said, also of a case that is no complaint."""
    counts: dict[date, dict[str, int]] = {}
    if complaint.wished_at is not None:
        counts[day_of(complaint.wished_at, zone)] = {f"wish/{topic_word(complaint.topic)}": 1}
    if complaint.brought_at is None:
        return counts
    end = "open"
    if complaint.closed_at is not None:
        took_s = (complaint.closed_at - complaint.brought_at).total_seconds()
        end = step_of(took_s / DAY_S, COMPLAINT_STEPS_DAYS)
    counts.setdefault(day_of(complaint.brought_at, zone), {})[f"complaint/{topic_word(complaint.topic)}/{end}"] = 1
    return counts


def _least(one: str | None, other: str | None) -> str | None:
    return min((cause for cause in (one, other) if cause is not None), default=None)


def _newest(one: RefundWord | None, other: RefundWord | None) -> RefundWord | None:
    return other if one is None else one.newer(other)


def _first_day(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)
