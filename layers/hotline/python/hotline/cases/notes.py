"""Emptying what a customer wrote, when their account is erased. The case stays, with its opaque facts."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.kit.change import Change
from hotline.kit.store import Key, Store, hotline_key
from hotline.kit.store.condition import PRESENT, Item

from . import items


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
