"""Telling a case what its customer has proved to the agent who asked, or that they have not.

A case of somebody unknown gets the account that was proved. Where that account has an open case of the topic already,
the work goes on there, since an account has one. That case gets the call, its owner and the proof. The other one is
closed as its double. Nothing here is proof: the gate believes the stored session alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from hotline.kit.change import Change
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item

from . import items
from .entries import add_links, case_in, case_keys, find_open, link_of, merge_established
from .model import Case, CaseEntry, CaseStatus, CloseReason, EntryKind, Established, LinkKind, Priority
from .records import write_next

NOTES_MAX: Final = 40
"""So many notes of agents, the newest, are named under the account that a case gets. A call has a few; a transaction
takes a hundred items."""
PROVED: Final = "proof.answered"
UNPROVED: Final = "proof.missing"


@dataclass(frozen=True, slots=True)
class Telling:
    """A case as it was read, with all that `contribute_proved` must know. `notes`: its entries with free text, where it
    is to get an account."""

    case: Case
    read: Mapping[Key, Item]
    notes: tuple[CaseEntry, ...] = ()


def told_keys(case_id: str) -> tuple[Key, ...]:
    """The key to read before `find_telling`."""
    return (items.case_key(case_id),)


def telling_keys(
    read: Mapping[Key, Item], case_id: str, account_id: str, contact_id: str | None = None
) -> tuple[Key, ...]:
    """The keys to read before `find_telling` beside `told_keys`, by what was read of those. `contact_id`: the call in
    which it was proved."""
    case = case_in(read, case_id)
    of_contact = (items.contact_case_key(contact_id),) if contact_id is not None else ()
    return (*case_keys(account_id, case.topic), *of_contact) if case is not None else ()


def find_telling(store: Store, read: Mapping[Key, Item], case_id: str, account_id: str) -> Telling | None:
    """The case that is to be told of a proof of this account; None where there is no open one, or it is another
    account's. One query where it has no account yet."""
    case = case_in(read, case_id)
    if case is None or case.is_closed or case.account_id not in (None, account_id):
        return None
    if case.account_id is not None:
        return Telling(case, read)
    found = store.query(items.timeline_query(case_id, before=None, limit=NOTES_MAX)).items
    return Telling(case, read, tuple(entry for entry in map(items.entry_from, found) if entry.note))


def contribute_proved(
    change: Change, telling: Telling, *, account_id: str, goal: str, factors: Iterable[str], contact_id: str | None
) -> Case:
    """Tell the case by which factors its customer has proved who they are. Returns the case in which the work goes on.

    At commit Stale when somebody else changed a case, or opened one of the account and topic."""
    kinds = tuple(factors)
    facts: dict[str, str | int] = {"goal": goal, "proved": ",".join(kinds)}
    facts |= {"contact_id": contact_id} if contact_id is not None else {}
    known, established = telling.case, Established(proved=kinds)
    if known.account_id is not None:
        return _add(change, known, known, established, facts)
    for entry in telling.notes:
        # An erasure finds the texts of an account by these.
        change.create(items.note_key(account_id, entry), items.note_item(known.case_id, entry))
    other = find_open(telling.read, account_id=account_id, topic=known.topic)
    if other is None:
        return _add(change, known, replace(known, account_id=account_id), established, facts)
    taken = replace(
        other,
        priority=Priority(min(known.priority, other.priority)),
        due_at=min(known.due_at, other.due_at),
        links=add_links(other.links, known.links),
        established=merge_established(other.established, known.established),
    )
    if other.owner is None and known.owner is not None:
        taken = replace(taken, owner=known.owner, owner_name=known.owner_name, claimed_at=known.claimed_at)
    to_other = link_of(LinkKind.CASE, other.case_id)
    closed = replace(known, status=CaseStatus.CLOSED, snoozed_until=None, links=add_links(known.links, (to_other,)))
    word = f"closed.{CloseReason.DUPLICATE.value}"
    write_next(change, known, closed, EntryKind.CLOSED, word, facts={"other_case": other.case_id})
    if contact_id is not None:
        _move_contact(change, telling, contact_id, other)
    return _add(change, other, taken, established, {**facts, "other_case": known.case_id})


def contribute_unproved(change: Change, case: Case, *, goal: str, contact_id: str) -> Case:
    """Tell the case that its customer came back to the agent without the proof that was asked for. At commit Stale when
    somebody else changed the case."""
    return write_next(change, case, case, EntryKind.ADDED, UNPROVED, facts={"goal": goal, "contact_id": contact_id})


def _move_contact(change: Change, telling: Telling, contact_id: str, other: Case) -> None:
    """Let the call lead to the other case, where it led to this one. A callback stays one."""
    key = items.contact_case_key(contact_id)
    named = telling.read.get(key)
    if named is not None and named["case_id"] == telling.case.case_id:
        kept = {name: value for name, value in named.items() if name not in ("PK", "SK", "rev")}
        change.replace(key, named, {**kept, "case_id": other.case_id})


def _add(change: Change, known: Case, case: Case, established: Established, facts: Mapping[str, str | int]) -> Case:
    told = replace(case, established=merge_established(case.established, established), snoozed_until=None)
    return write_next(change, known, told, EntryKind.ADDED, PROVED, facts=facts)
