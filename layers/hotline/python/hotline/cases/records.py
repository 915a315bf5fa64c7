"""Writing a case, its pointer, and the entry that tells what happened to it: the same for everybody who changes one.

A customer's free text is emptied when their account is erased. The case stays, with its opaque facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import replace
from datetime import timedelta
from typing import Any, Final

from hotline.kit.actor import Caller, Session, actor_name, good_factors
from hotline.kit.change import Change, Failure, stale
from hotline.kit.clock import to_text
from hotline.kit.outbox import Decision
from hotline.kit.store import Key, Store, hotline_key
from hotline.kit.store.condition import NEW, PRESENT, Compare, Item, all_of, any_of, equals

from . import items
from .model import (
    NO_ACCOUNT,
    QUEUE,
    SECURITY_TOPIC,
    Audience,
    Case,
    CaseEntry,
    CaseStatus,
    EntryKind,
    with_status,
)
from .references import REFERENCE_LIFE, RENEWED_WITHIN, draw, free, reference_item, reference_key

SAID_MAX: Final = 10
"""So many texts of a case its customer can read, the newest."""


def write_case(change: Change, known: Case | None, case: Case, *, failed: Failure = stale) -> None:
    """Write the case, on condition that it is as it was known: not there, or at this version and still open, if it
    was. `failed` names the error otherwise."""
    key, stored = items.case_key(case.case_id), items.case_item(case)
    if known is None:
        change.create(key, stored, failed=failed)
        return
    change.update(key, set=stored, remove=_without(stored), condition=equals("version", known.version), failed=failed)
    if not known.is_closed:
        change.require_condition(key, Compare("status", "<>", CaseStatus.CLOSED.value), failed)


def write_pointer(change: Change, known: Case, case: Case, *, failed: Failure) -> None:
    """Bring the account's pointer in line with a case that was read without it. It goes when the case is closed and
    comes back when it is opened again, or gets its account. Nothing for the case of somebody unknown. `failed` names
    the error when the pointer is of another version, or there when it should not be."""
    if case.account_id is None or (known.is_closed and case.is_closed):
        return
    key = items.pointer_key(case.account_id, case.topic)
    if known.is_closed or known.account_id is None:
        change.create(key, {**items.pointer_item(case), "rev": 1}, failed=failed)
        return
    as_known = all_of(equals("case_id", known.case_id), equals("version", known.version))
    if case.is_closed:
        change.delete(key, condition=as_known, failed=failed)
    else:
        stored = items.pointer_item(case)
        change.update(key, set=stored, remove=_without(stored), add={"rev": 1}, condition=as_known, failed=failed)


def write_next(
    change: Change,
    known: Case,
    case: Case,
    kind: EntryKind,
    reason: str,
    *,
    facts: Mapping[str, str | int] | None = None,
    note: str | None = None,
    audience: Audience = Audience.AGENT,
    failed: Failure = stale,
    pointer_failed: Failure | None = None,
) -> Case:
    """Write the next version of a case that was read without its pointer. Returns the case as it is then.

    It writes the case, the pointer, the entry that tells of it, and the word to the bus. `failed` names the error when
    the case is of another version; `pointer_failed`, where it is given, does so for the pointer."""
    case = replace(case, updated_at=change.now, version=known.version + 1)
    case = give_reference(change, case if case.is_closed else with_status(case))
    entry = make_entry(change, case, kind, reason=reason, facts=facts or {}, note=note, audience=audience)
    case = with_told(change, case, entry)
    write_case(change, known, case, failed=failed)
    write_pointer(change, known, case, failed=pointer_failed or failed)
    add_entry(change, case, entry)
    tell(change, case, opened=False, reason=reason)
    return case


def end_task_date(change: Change, known: Case) -> None:
    """Take away the date at which a task brings the case to a person. It is no new version: nothing that an agent or
    the wallet sees has changed."""
    as_known = equals("version", known.version)
    change.update(items.case_key(known.case_id), remove=("task_at", "due_pk", "due_sk"), condition=as_known)
    if known.account_id is not None:
        same = all_of(equals("case_id", known.case_id), as_known)
        key = items.pointer_key(known.account_id, known.topic)
        change.update(key, remove=("task_at",), add={"rev": 1}, condition=same)


def _without(stored: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in items.OPTIONAL_ATTRIBUTES if name not in stored)


def give_reference(change: Change, case: Case) -> Case:
    """The case with a reference that names it for a while yet: its own, renewed if need be, or a new one."""
    until = change.now + REFERENCE_LIFE
    left = case.reference_until - change.now if case.reference_until is not None else timedelta()
    if case.reference is None or left <= timedelta():
        reference = draw(change.ids)
        key = reference_key(reference)
        change.put(key, reference_item(case.case_id, until), condition=free(change.now))
        return replace(case, reference=reference, reference_until=until)
    if left > RENEWED_WITHIN:
        return case
    key = reference_key(case.reference)
    change.put(key, reference_item(case.case_id, until), condition=equals("case_id", case.case_id))
    return replace(case, reference_until=until)


def make_entry(
    change: Change,
    case: Case,
    kind: EntryKind,
    *,
    reason: str,
    facts: Mapping[str, str | int],
    note: str | None = None,
    audience: Audience = Audience.AGENT,
) -> CaseEntry:
    """The entry that tells of the case's present version."""
    return CaseEntry(
        entry_id=change.ids.new("entry"),
        number=case.version,
        at=change.now,
        kind=kind,
        audience=audience,
        actor=actor_name(change.actor),
        reason=reason,
        facts=facts,
        note=note,
    )


def with_told(change: Change, case: Case, entry: CaseEntry) -> Case:
    """The case with what its customer may know of it after this entry.

    A case of what may be an attack is told since its customer, with a proved factor, spoke of it. An agent's note for
    them is the same. An attacker may hold the account, and whoever is looked into for money
    laundering must not learn it (FATF recommendation 21). A case of another topic is told since it opened."""
    is_said = entry.audience is Audience.CUSTOMER and bool(entry.note)
    said = (*case.said, items.place_of(entry))[-SAID_MAX:] if is_said else case.said
    told_at = case.told_at
    if told_at is None and case.topic != SECURITY_TOPIC:
        told_at = case.opened_at
    elif told_at is None and (is_said or _is_of_customer(change, case)):
        told_at = entry.at
    return replace(case, said=said, told_at=told_at)


def _is_of_customer(change: Change, case: Case) -> bool:
    """Whether its customer makes the change. Anybody may call and say nothing that proves who they are."""
    match change.actor:
        case Caller(proof=proof) | Session(proof=proof):
            return proof.account_id == case.account_id and bool(good_factors(proof.factors, change.now))
        case _:
            return False


def add_entry(change: Change, case: Case, entry: CaseEntry) -> None:
    """Add the entry, and write what the customer may see of the case by now."""
    change.create(items.entry_key(case.case_id, entry), items.entry_item(entry))
    if case.account_id is None:
        return
    if entry.note:
        change.create(items.note_key(case.account_id, entry), items.note_item(case.case_id, entry))
    if case.told_at is not None:
        is_older = any_of(NEW, Compare("version", "<", case.version))
        change.put(items.told_key(case, case.told_at), items.told_item(case, case.told_at), condition=is_older)


def tell(change: Change, case: Case, *, opened: bool, reason: str) -> None:
    """Send the decision, without any note. A change that a caller makes names the contact, proved or not. The wallet
    knows cases that are open and closed; who works on one is not its business."""
    data = {"case_id": case.case_id, "topic": case.topic, "reason": reason, "priority": case.priority.value}
    data |= {"queue": QUEUE, "reference": str(case.reference)}
    if isinstance(change.actor, Caller):
        data |= {"contact_id": change.actor.contact_id}
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type="case.opened" if opened else "case.updated",
            account_id=case.account_id or NO_ACCOUNT,
            data={**data, "status": case.outer_status.value, "at": to_text(change.now)},
            decision_id=change.ids.new("decision"),
            subject_version=case.version,
        )
    )


def notes_read(store: Store, account_id: str, *, limit: int) -> dict[Key, Item]:
    """The items to read before `contribute_emptied`: the oldest case entries of the account with free text, and their
    pointers. At most `limit` entries, and at most a hundred. Two reads."""
    found = store.query(items.notes_query(account_id, limit)).items
    named = {hotline_key(note["PK"], note["SK"]): note for note in found}
    entries = {items.entry_key_of(note) for note in named.values()}
    return {**named, **(store.batch_get(list(entries)) if entries else {})}


def contribute_emptied(change: Change, read: Mapping[Key, Item], account_id: str) -> int:
    """Take the free text out of the entries that were read: two writes for each; returns how many. At commit Stale
    when one of them has ended meanwhile."""
    notes = {key: note for key, note in read.items() if items.is_note(key, account_id)}
    for key, note in notes.items():
        entry = items.entry_key_of(note)
        if entry in read:
            change.update(entry, remove=("note",), condition=PRESENT)
        change.delete(key, condition=PRESENT)
    return len(notes)
