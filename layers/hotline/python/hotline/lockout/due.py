"""Due dates of an account's locks: a decision that the wallet has not confirmed, and an end.

The record says when (policy.due_at). One change works off every date that has passed, and sets the next. So a second
run, or a repeated one, finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from hotline.cases import service as cases
from hotline.cases.model import Priority
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.clock import from_text
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key, account_of
from hotline.kit.store.condition import Item

from . import outgoing, policy, registers
from .facts import write_record
from .items import attempts_key, attempts_of, lock_key, record_of
from .model import (
    FREEZE_SLOT,
    PAUSE_SLOT,
    Asked,
    DecisionKind,
    LockRecord,
    LockState,
    Opening,
    cause_of_slot,
    whole_ms,
)

CASE_TOPIC: Final = "unconfirmed"
CASE_REASON: Final = "decision_unconfirmed"
_KIND_OF_SLOT: Final = {PAUSE_SLOT: DecisionKind.PAUSE, FREEZE_SLOT: DecisionKind.FREEZE}
_KIND_OF_OPENING: Final = {LockState.PAUSED: DecisionKind.END_PAUSE, LockState.FROZEN: DecisionKind.UNFREEZE}


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no lock."""
    account_id = account_of(key)
    if account_id is None or key != lock_key(account_id):
        return None
    return Duty(account_id, "lock", frozenset(due_keys(account_id)), partial(contribute_due, account_id=account_id))


def due_keys(account_id: str) -> set[Key]:
    """The keys to read before `contribute_due`: the locks, and the case that an alarm opens or adds to."""
    return {lock_key(account_id), attempts_key(account_id), *cases.case_keys(account_id, CASE_TOPIC)}


def contribute_due(change: Change, read: Mapping[Key, Item], account_id: str) -> tuple[Done, ...]:
    """Work off every date of the account that has passed, and set the next; do nothing when no date has passed.

    A decision that waits for the wallet goes out again, as the same decision. One that has waited for five minutes
    becomes an alarm and a case, once. One that is over by now waits no more. An end is noted in the audit trail: the
    wallet knew of it from the start, and its owner was told of it then.
    """
    item = read.get(lock_key(account_id))
    if item is None or not is_due(item, change.now):
        return ()
    record = record_of(account_id, item)
    record, done = _end_locks(change, record, since=from_text(item["due_sk"].partition("#")[0]))
    waiting = record.waiting
    if waiting is not None and policy.is_over(record, waiting, change.now):
        record = _ask_anew(change, read, replace(record, asked=None))
        done += (Done(Event.DECISION_MOOT, _words(record, waiting)),)
    elif waiting is not None:
        record, worked_off = _work_off_wait(change, read, record, waiting)
        done += worked_off
    write_record(change, read, record)
    return done


def _end_locks(change: Change, record: LockRecord, *, since: datetime) -> tuple[LockRecord, tuple[Done, ...]]:
    """The record without the lock by failures that is over. `since`: when the record fell due, so that what had ended
    before was noted before."""
    require(change, Operation.END_LOCK)
    ends = [
        (cause_of_slot(slot), register.until)
        for slot, register in record.told.items()
        if register.on and register.until is not None
    ]
    placed = record.placed
    if placed is not None and placed.until is not None:
        ends.append((placed.cause, placed.until))
    over = [cause for cause, until in ends if since <= until <= change.now]
    for cause in over:
        change.audit(record.account_id, "lock.ended", cause=cause.value)
    if placed is not None and not placed.runs(change.now):
        record = replace(record, placed=None)
    words = [{"account_id": record.account_id, "reason": cause.value} for cause in over]
    return record, tuple(Done(Event.LOCK_ENDED, found) for found in words)


def _ask_anew(change: Change, read: Mapping[Key, Item], record: LockRecord) -> LockRecord:
    """The record with what an overtaken decision left over asked for in a decision of its own, if anything was."""
    left = policy.find_left_over(record, change.now)
    if left is None:
        return record
    require(change, Operation.RESEND)
    if isinstance(left, Opening):
        was = left.component
        kind = _KIND_OF_OPENING.get(was.state, DecisionKind.UNLOCK)
        record = replace(record, opening=tuple(found for found in record.opening if found != left))
        record, asked = registers.ask(record, kind, change.now, was=was)
    else:
        kind = _KIND_OF_SLOT.get(left, DecisionKind.LOCK)
        register = replace(record.told[left], decided=record.version + 1)
        record = replace(record, told={**record.told, left: register})
        record, asked = registers.ask(record, kind, change.now)
    _send(change, read, record, asked)
    return record


def _work_off_wait(
    change: Change, read: Mapping[Key, Item], record: LockRecord, waiting: Asked
) -> tuple[LockRecord, tuple[Done, ...]]:
    now = whole_ms(change.now)
    words = _words(record, waiting)
    done: tuple[Done, ...] = ()
    asked = waiting
    if not waiting.alarmed and now >= waiting.at + policy.ALARM_AFTER:
        case = _open_case(change, read, record, waiting)
        done += (Done(Event.DECISION_UNCONFIRMED, {**words, "case_id": case}),)
        asked = replace(asked, alarmed=True)
    if now >= policy.resend_at(waiting):
        require(change, Operation.RESEND)
        _send(change, read, record, waiting)
        done += (Done(Event.DECISION_RESENT, words),)
        asked = replace(asked, sent=now)
    return replace(record, asked=asked), done


def _send(change: Change, read: Mapping[Key, Item], record: LockRecord, asked: Asked) -> None:
    """The decision under its id and version, in an entry of its own. `in_force` is as of now. The wallet is to enforce
    it when this arrives, and it stands for earlier decisions that were lost, too."""
    attempts = attempts_of(read.get(attempts_key(record.account_id)))
    what = policy.terms(record, asked)
    if what is None:
        raise ValueError(f"decision {asked.decision_id} is over")
    until = None if what.ends is not None else what.until
    outgoing.send_decision(change, record, attempts, asked, cause=what.cause, until=until, ends=what.ends)


def _open_case(change: Change, read: Mapping[Key, Item], record: LockRecord, waiting: Asked) -> str:
    require(change, Operation.ESCALATE)
    # A lock that is not in force lets somebody take money; one that is not opened only keeps its owner waiting.
    priority = Priority.HIGH if waiting.kind in policy.OPENS else Priority.URGENT
    return cases.contribute_case(
        change,
        read,
        account_id=record.account_id,
        topic=CASE_TOPIC,
        reason=CASE_REASON,
        facts={"decision_id": waiting.decision_id, "decision": waiting.kind.type, "version": waiting.version},
        priority=priority,
    ).case_id


def _words(record: LockRecord, waiting: Asked) -> dict[str, str | int]:
    return {
        "account_id": record.account_id,
        "decision_id": waiting.decision_id,
        "kind": waiting.kind.type,
        "version": waiting.version,
    }
