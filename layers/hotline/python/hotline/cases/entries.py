"""Opening a case or adding to the one that is open, reading one, and emptying it of free text.

A customer's free text is emptied when their account is erased. The case stays, with its opaque facts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from hotline.contracts.limits import NOTE_CHARACTERS_MAX
from hotline.kit.actor import Caller, actor_name
from hotline.kit.change import Change, stale
from hotline.kit.clock import epoch_s, to_text
from hotline.kit.errors import InvalidInput
from hotline.kit.outbox import Decision
from hotline.kit.store import TTL_ATTRIBUTE, Key, Store, hotline_key
from hotline.kit.store.condition import PRESENT, Item, equals
from hotline.kit.text import fits, plain_text

from . import items
from .model import (
    NO_ACCOUNT,
    QUEUE,
    Audience,
    Case,
    CaseEntry,
    CaseError,
    CaseRef,
    CaseStatus,
    EntryKind,
    Priority,
    is_decided,
    status_of,
)
from .references import (
    REFERENCE_LIFE,
    RENEWED_WITHIN,
    draw,
    free,
    is_reference,
    reference_item,
    reference_key,
)

REFERENCE_ATTRIBUTES = ("reference", "reference_until")
WORD = re.compile(r"[a-z][a-z0-9_.]{0,47}")
"""Topics and reasons are closed words: they become part of keys and of logs."""
TIMELINE_PAGE = 100
"""Entries of a case that are read at once: of 2 KB each at most, a fifth of what one request answers."""


def case_keys(account_id: str | None, topic: str, case_id: str | None = None) -> set[Key]:
    """The keys to read before `contribute_case`. For an account this is its pointer to its open case on the topic; for
    an unknown caller, the case that their call has opened."""
    if account_id is not None:
        return {items.pointer_key(account_id, topic)}
    return {items.case_key(case_id)} if case_id is not None else set()


def contribute_case(
    change: Change,
    read: Mapping[Key, Item],
    *,
    account_id: str | None,
    topic: str,
    reason: str,
    facts: Mapping[str, str | int],
    case_id: str | None = None,
    priority: Priority = Priority.NORMAL,
    note: str | None = None,
) -> CaseRef:
    """Open a case, or add to the one that is open. An account has one for each topic; an unknown caller has one a call,
    which is then `case_id`.

    `facts` are opaque ids, closed words and numbers; `note` is a customer's own text, kept in its plain form. A case
    only gains priority. Raises InvalidInput for a topic or reason that is no word, or too long a note; Stale at commit
    when somebody else changed the case.
    """
    if not (WORD.fullmatch(topic) and WORD.fullmatch(reason)):
        raise InvalidInput(CaseError.CASE_WORD_INVALID)
    note = (plain_text(note) or None) if note is not None else None
    if note is not None and not fits(note, characters_max=NOTE_CHARACTERS_MAX):
        raise InvalidInput(CaseError.NOTE_TOO_LONG)
    known = _open_case(read, account_id=account_id, case_id=case_id, topic=topic)
    if known is None:
        now = change.now
        case = Case(change.ids.new("case"), account_id, topic, reason, priority, CaseStatus.OPEN, now, now, 1)
        case = _give_reference(change, case)
        change.create(items.case_key(case.case_id), items.case_item(case))
    else:
        raised = Priority(min(known.priority, priority))
        case = replace(known, priority=raised, updated_at=change.now, version=known.version + 1)
        case = _give_reference(change, case)
        _update(change, known, case)
    if account_id is not None:
        key = items.pointer_key(account_id, topic)
        change.replace(key, read.get(key), items.pointer_item(case))
    kind = EntryKind.ADDED if known else EntryKind.OPENED
    _add_entry(change, case, kind, reason=reason, facts=facts, note=note)
    _tell(change, case, opened=known is None, reason=reason)
    new_reference = known is None or known.reference != case.reference
    return CaseRef(case.case_id, opened=known is None, reference=str(case.reference), new_reference=new_reference)


def _give_reference(change: Change, case: Case) -> Case:
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


def _open_case(read: Mapping[Key, Item], *, account_id: str | None, case_id: str | None, topic: str) -> Case | None:
    if account_id is not None:
        pointer = read.get(items.pointer_key(account_id, topic))
        return items.case_from_pointer(pointer, account_id=account_id, topic=topic) if pointer else None
    stored = read.get(items.case_key(case_id)) if case_id is not None else None
    case = items.case_from(stored) if stored else None
    if case is None or case.account_id is not None or case.status is not CaseStatus.OPEN:
        # An account's case is added to only as that account, whose pointer keeps its version.
        return None
    return case


def _update(change: Change, known: Case, case: Case) -> None:
    """Only what adding changes, on condition that the case is still open and unchanged."""
    stored = items.case_item(case)
    names = ("priority", "updated_at", "version", "queue_pk", "queue_sk", TTL_ATTRIBUTE, *REFERENCE_ATTRIBUTES)
    change.update(
        items.case_key(case.case_id),
        set={name: stored[name] for name in names},
        condition=equals("version", known.version),
    )
    change.require_condition(items.case_key(case.case_id), equals("status", CaseStatus.OPEN.value), stale)


def _add_entry(
    change: Change,
    case: Case,
    kind: EntryKind,
    *,
    reason: str,
    facts: Mapping[str, str | int],
    note: str | None,
) -> None:
    entry = CaseEntry(
        entry_id=change.ids.new("entry"),
        number=case.version,
        at=change.now,
        kind=kind,
        audience=Audience.AGENT,
        actor=actor_name(change.actor),
        reason=reason,
        facts=facts,
        note=note,
    )
    change.create(items.entry_key(case.case_id, at=entry.at, entry_id=entry.entry_id), items.entry_item(entry))
    if note and case.account_id is not None:
        change.create(items.note_key(case.account_id, entry), items.note_item(case.case_id, entry))


def _tell(change: Change, case: Case, *, opened: bool, reason: str) -> None:
    """Send the decision, without the note. A change that a caller makes names the contact, proved or not."""
    data = {"case_id": case.case_id, "topic": case.topic, "reason": reason, "priority": case.priority.value}
    data |= {"queue": QUEUE, "reference": str(case.reference)}
    if isinstance(change.actor, Caller):
        data |= {"contact_id": change.actor.contact_id}
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type="case.opened" if opened else "case.updated",
            account_id=case.account_id or NO_ACCOUNT,
            data={**data, "status": case.status.value, "at": to_text(change.now)},
            decision_id=change.ids.new("decision"),
            subject_version=case.version,
        )
    )


def find_case(store: Store, reference: str, now: datetime) -> tuple[Case, tuple[CaseEntry, ...]] | None:
    """The case that a customer names by its reference, and its timeline, as `read_case`; None for a reference that
    names no case now. Raises InvalidInput for anything but six digits."""
    if not is_reference(reference):
        raise InvalidInput(CaseError.CASE_REFERENCE_INVALID)
    found = store.get(reference_key(reference))
    if found is None or int(found[TTL_ATTRIBUTE]) < epoch_s(now):
        return None
    return read_case(store, found["case_id"])


def read_case(store: Store, case_id: str) -> tuple[Case, tuple[CaseEntry, ...]] | None:
    """A case, open or closed as its timeline says, and the newest TIMELINE_PAGE entries, oldest first; None when there
    is none. Where none of them opened or closed it, the stored status stands. Two reads."""
    stored = store.get(items.case_key(case_id))
    if stored is None:
        return None
    timeline, known = entries_before(store, case_id, None), items.case_from(stored)
    return (replace(known, status=status_of(timeline)) if is_decided(timeline) else known), timeline


def entries_before(store: Store, case_id: str, before: CaseEntry | None) -> tuple[CaseEntry, ...]:
    """One page of a case's timeline: the TIMELINE_PAGE entries before one, or the newest; oldest first. One query."""
    found = store.query(items.timeline_query(case_id, before=before, limit=TIMELINE_PAGE)).items
    return tuple(sorted((items.entry_from(item) for item in found), key=lambda entry: entry.number))


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
