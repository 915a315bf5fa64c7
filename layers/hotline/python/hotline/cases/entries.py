"""Opening a case or adding to the one that is open, and reading one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import replace
from datetime import datetime
from typing import Final

from hotline.accounts.service import RiskBand, band_of, profile_from, profile_key, risk_key
from hotline.contracts.limits import ID_CHARACTERS_MAX, ID_PATTERN, NOTE_CHARACTERS_MAX
from hotline.directory.service import HOURS_KEY, hours_of
from hotline.kit.actor import Caller, Session, good_factors
from hotline.kit.change import Change
from hotline.kit.change.acts import decode_once
from hotline.kit.clock import epoch_s, from_text
from hotline.kit.errors import InvalidInput
from hotline.kit.languages import language_or_english
from hotline.kit.store import TTL_ATTRIBUTE, Key, Store
from hotline.kit.store.condition import Item
from hotline.kit.text import fits, plain_text
from hotline.sessions.model import HEARD_KEPT

from . import items
from .clocks import date_due, date_task
from .model import (
    SECURITY_TOPIC,
    Case,
    CaseEntry,
    CaseError,
    CaseRef,
    CaseStatus,
    EntryKind,
    Established,
    LinkKind,
    Priority,
    PromisedAnswer,
    TimelinePage,
    is_decided,
    skill_of,
    status_of,
    with_status,
)
from .records import add_entry, give_reference, make_entry, tell, with_told, write_case
from .references import is_reference, reference_key

WORD = re.compile(r"[a-z][a-z0-9_.]{0,47}")
"""Topics and reasons are closed words: they become part of keys and of logs."""
TIMELINE_PAGE = 100
"""Entries of a case that are read at once: of 5 KB each at most, half of what one request answers."""
LINKS_MAX: Final = 20
HEARD_MAX: Final = HEARD_KEPT
"""As many as a call keeps."""
ANSWERS_MAX: Final = 20
"""Promised answers of one case: of more, the ones that are due last are left to their own clocks."""
_LINKED: Final[Mapping[str, LinkKind]] = {
    "refund_id": LinkKind.REFUND,
    "movement_id": LinkKind.PAYMENT,
    "finding_id": LinkKind.FINDING,
    "contact_id": LinkKind.CONTACT,
}
"""Facts of an entry that name something to look at."""
_ID: Final = re.compile(ID_PATTERN)
_PLACE: Final = re.compile(r"([0-9TZ:.-]{24})#entry[0-9A-Za-z_]{0,60}")


def case_keys(account_id: str | None, topic: str, case_id: str | None = None) -> set[Key]:
    """The keys to read before `contribute_case`. For an account these are its pointer to its open case on the topic,
    its profile, and its risk. For an unknown caller it is the case that their call has opened. The opening hours are
    for all."""
    if account_id is not None:
        return {items.pointer_key(account_id, topic), profile_key(account_id), risk_key(account_id), HOURS_KEY}
    return {HOURS_KEY} | ({items.case_key(case_id)} if case_id is not None else set())


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
    language: str | None = None,
    established: Established | None = None,
    call_live: bool = False,
    answer: PromisedAnswer | None = None,
) -> CaseRef:
    """Open a case, or add to the one that is open. An account has one for each topic; an unknown caller has one a call,
    which is then `case_id`.

    `facts` are opaque ids, closed words and numbers; what they name is linked to the case. `note` is a customer's own
    text, kept in its plain form. `call_live`: a call or callback is on its way to a person. `language` is the one that
    the customer speaks; without it, it is the profile's. `answer`: one that the customer is promised now. A case only
    gains priority, and one that waits does so no longer. At high risk of the account it is worked earlier.

    Raises InvalidInput for a topic or reason that is no word, or too long a note; Stale at commit when somebody else
    changed the case.
    """
    if not (WORD.fullmatch(topic) and WORD.fullmatch(reason)):
        raise InvalidInput(CaseError.CASE_WORD_INVALID)
    note = (plain_text(note) or None) if note is not None else None
    if note is not None and not fits(note, characters_max=NOTE_CHARACTERS_MAX):
        raise InvalidInput(CaseError.NOTE_TOO_LONG)
    known = find_open(read, account_id=account_id, case_id=case_id, topic=topic)
    hours = hours_of(read).content
    if known is None:
        spoken = language_or_english(language or _language_of(read, account_id))
        now = change.now
        case = Case(
            case_id=change.ids.new("case"),
            account_id=account_id,
            topic=topic,
            reason=reason,
            priority=priority,
            status=CaseStatus.OPEN,
            opened_at=now,
            updated_at=now,
            version=1,
            language=spoken,
            skill=skill_of(topic, spoken),
            due_at=date_due(topic, priority, now, hours),
            task_at=date_task(now, hours, call_live=call_live),
        )
    else:
        raised = Priority(min(known.priority, priority))
        due_at = min(known.due_at, date_due(topic, raised, change.now, hours))
        case = replace(
            known,
            priority=raised,
            due_at=due_at,
            snoozed_until=None,
            updated_at=change.now,
            version=known.version + 1,
        )
    case = replace(
        case,
        links=add_links(case.links, _list_links(change, facts)),
        established=merge_established(case.established, established or _proved_by(change, account_id)),
    )
    at_risk = account_id is not None and band_of(read.get(risk_key(account_id)), change.now) is RiskBand.HIGH
    case = replace(case, at_risk=at_risk)
    case = replace(case, answers=_list_answers(case.answers, answer, change.now))
    case = give_reference(change, with_status(case))
    kind = EntryKind.ADDED if known else EntryKind.OPENED
    entry = make_entry(change, case, kind, reason=reason, facts=facts, note=note)
    case = with_told(change, case, entry)
    write_case(change, known, case)
    if account_id is not None:
        key = items.pointer_key(account_id, topic)
        change.replace(key, read.get(key), items.pointer_item(case))
    add_entry(change, case, entry)
    tell(change, case, opened=known is None, reason=reason)
    new_reference = known is None or known.reference != case.reference or _is_first_told(known, case)
    return CaseRef(case.case_id, opened=known is None, reference=str(case.reference), new_reference=new_reference)


def _list_answers(
    known: tuple[PromisedAnswer, ...], promised: PromisedAnswer | None, now: datetime
) -> tuple[PromisedAnswer, ...]:
    """The promised answers that are still to come, the next one first."""
    to_come = {one for one in (*known, promised) if one is not None and one.ends_at > now}
    return tuple(sorted(to_come, key=lambda one: (one.ends_at, one.day)))[:ANSWERS_MAX]


def _is_first_told(known: Case, case: Case) -> bool:
    """Whether the customer learns of a case of what may be an attack by this change. Its reference is new to them, as
    that of a case that opens is, so that nothing shows that a finding had opened it before."""
    return case.topic == SECURITY_TOPIC and known.told_at is None and case.told_at is not None


def find_open(
    read: Mapping[Key, Item], *, account_id: str | None, topic: str, case_id: str | None = None
) -> Case | None:
    """The case that `contribute_case` would add to; None when it would open one. `read` holds what exists of
    `case_keys`."""
    if account_id is not None:
        pointer = read.get(items.pointer_key(account_id, topic))
        return items.case_from_pointer(pointer, account_id=account_id, topic=topic) if pointer else None
    stored = read.get(items.case_key(case_id)) if case_id is not None else None
    case = items.case_from(stored) if stored else None
    if case is None or case.account_id is not None or case.is_closed:
        # An account's case is added to only as that account, whose pointer keeps its version.
        return None
    return case


def _language_of(read: Mapping[Key, Item], account_id: str | None) -> str:
    profile = profile_from(read.get(profile_key(account_id))) if account_id is not None else None
    return profile.language if profile is not None else ""


def link_of(kind: LinkKind, linked_id: str) -> str:
    """The link to a thing. Raises InvalidInput for an id that cannot be one."""
    if len(linked_id) > ID_CHARACTERS_MAX or not _ID.fullmatch(linked_id):
        raise InvalidInput(CaseError.LINK_INVALID)
    return f"{kind.value}:{linked_id}"


def _list_links(change: Change, facts: Mapping[str, str | int]) -> list[str]:
    named = [(kind, str(facts[name])) for name, kind in _LINKED.items() if name in facts]
    if isinstance(change.actor, Caller):
        named.append((LinkKind.CONTACT, change.actor.contact_id))
    return [f"{kind.value}:{named_id}" for kind, named_id in named if named_id != "-"]


def add_links(links: tuple[str, ...], added: Iterable[str]) -> tuple[str, ...]:
    """The links with some more, LINKS_MAX of them at most. Where there are too many, the oldest call goes first: a
    customer may call often, and the timeline has all of them."""
    kept = [*links, *(link for link in dict.fromkeys(added) if link not in links)]
    while len(kept) > LINKS_MAX:
        calls = (link for link in kept if link.startswith(f"{LinkKind.CONTACT.value}:"))
        kept.remove(next(calls, kept[0]))
    return tuple(kept)


def _proved_by(change: Change, account_id: str | None) -> Established | None:
    """The factors that the owner who makes the change has proved. A case may open beside the thing they ask for."""
    if not isinstance(change.actor, Caller | Session) or change.actor.proof.account_id != account_id:
        return None
    factors = good_factors(change.actor.proof.factors, change.now)
    return Established(proved=tuple(factor.kind.value for factor in factors))


def merge_established(known: Established, more: Established | None) -> Established:
    """The facts established before, with those of this call; the later word holds."""
    if more is None:
        return known
    return Established(
        heard=tuple(dict.fromkeys((*known.heard, *more.heard)))[-HEARD_MAX:],
        proved=more.proved or known.proved,
        login_failed_at=more.login_failed_at or known.login_failed_at,
        missing_documents=more.missing_documents or known.missing_documents,
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


def find_unclaimed(store: Store, case_id: str) -> Case | None:
    """A case that is open and nobody's, as it is stored now; None for any other. One read."""
    stored = store.get(items.case_key(case_id))
    case = items.case_from(stored) if stored is not None else None
    return case if case is not None and case.status is CaseStatus.OPEN else None


def read_case(store: Store, case_id: str) -> tuple[Case, tuple[CaseEntry, ...]] | None:
    """A case, open or closed as its timeline says, and the newest TIMELINE_PAGE entries, oldest first; None when there
    is none. Where none of them opened or closed it, the stored status stands. Two reads."""
    stored = store.get(items.case_key(case_id))
    if stored is None:
        return None
    timeline, known = read_timeline(store, case_id).entries, items.case_from(stored)
    if is_decided(timeline) and (status_of(timeline) is CaseStatus.CLOSED) is not known.is_closed:
        known = with_status(known) if known.is_closed else replace(known, status=CaseStatus.CLOSED)
    return known, timeline


def read_timeline(store: Store, case_id: str, *, before: str | None = None, limit: int = TIMELINE_PAGE) -> TimelinePage:
    """One page of a case's timeline: the newest entries, or those before the place that a page named. One query.
    Raises InvalidInput for a place that no page named, and for a limit outside 1 to TIMELINE_PAGE."""
    if before is not None and not _is_place(before):
        raise InvalidInput(CaseError.CURSOR_INVALID)
    if not 0 < limit <= TIMELINE_PAGE:
        raise InvalidInput(CaseError.LIMIT_OUT_OF_RANGE)
    found = store.query(items.timeline_query(case_id, before=before, limit=limit))
    entries = [items.entry_from(item) for item in found.items]
    older = items.place_of(entries[-1]) if entries and found.next is not None else None
    return TimelinePage(tuple(sorted(entries, key=lambda entry: entry.number)), older)


def _is_place(text: str) -> bool:
    found = _PLACE.fullmatch(text)
    if found is None:
        return False
    try:
        from_text(found[1])
    except ValueError:
        return False
    return True


def is_written(change: Change, case_id: str) -> bool:
    """Whether a change already adds to this case."""
    return change.writes_to(items.case_key(case_id))


def case_in(read: Mapping[Key, Item], case_id: str) -> Case | None:
    """The case as it was read; None when there is none. `read` holds what exists of `requests.agent_keys`."""
    return decode_once(read, items.case_key(case_id), items.case_from)
