"""Cases, their timelines and what points to them, as stored items.

An account points to its open case on a topic, and to each entry with free text, so that erasure finds it. A contact
points to the case that it was handed over with. The pointer of an open case is a copy of it, so that whoever adds to
the case need not read it. An item of its own holds what a customer may see of a case, and nothing else.

Places in the index `queue`, of which a case has one while it is open:

    QUEUE#open#<skill>               the queue: <priority>#<due>#<case>
    QUEUE#waiting#<skill>#<bucket>   snoozed and nobody's: <end of the snooze>#<case>
    OWNER#<agent>                    an agent's own: <priority>#<due>#<case>

The pointer of a contact whose caller asked to be called back has a place there, too:

    CALLBACK                         callbacks: <asked>#<contact>
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.languages import language_or_english
from hotline.kit.retention import record_end
from hotline.kit.store import TTL_ATTRIBUTE, Between, Index, Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Item

from .clocks import RISK_LEAD
from .model import (
    SECURITY_TOPIC,
    Audience,
    Case,
    CaseEntry,
    CaseStatus,
    EntryKind,
    Established,
    Priority,
    PromisedAnswer,
    ToldCase,
    ToldNote,
    skill_of,
)

CASE_SK = "CASE"
ENTRY_PREFIX = "ENTRY#"
NOTE_PREFIX = "NOTE#"
TOLD_PREFIX = "TOLD#"
TOLD_CLOSED: Final = timedelta(days=90)
"""For so long a customer can read a case that is closed."""
_POINTER_PREFIX: Final = "CASE#"
_POINTERS_MAX: Final = 20
"""Twice as many as there are topics."""
_CALLBACKS = "CALLBACK"
"""One partition: it takes a thousand callbacks a second."""
_INDEXED = ("queue_pk", "queue_sk", "due_pk", "due_sk")
OPTIONAL_ATTRIBUTES = (
    *_INDEXED, "owner", "owner_name", "claimed_at", "snoozed_until", "task_at", "tags", "links", "heard", "proved",
    "login_failed_at", "missing_documents", "reference", "reference_until", "told_at", "answers", "said",
)  # fmt: skip
"""Attributes that a stored case may lack. An update takes away those that it does not set."""


def case_key(case_id: str) -> Key:
    """The key of the case itself."""
    return hotline_key(f"CASE#{case_id}", CASE_SK)


def entry_key(case_id: str, entry: CaseEntry) -> Key:
    """The key of an entry of the timeline; sort keys are in the order of time."""
    return hotline_key(f"CASE#{case_id}", f"{ENTRY_PREFIX}{place_of(entry)}")


def case_id_at(key: Key) -> str | None:
    """The case that lives at a key; None when that is no case."""
    begin = "CASE#"
    return key.pk.removeprefix(begin) if key.pk.startswith(begin) and key.sk == CASE_SK else None


def pointer_key(account_id: str, topic: str) -> Key:
    """The key under which an account's open case on a topic is named; there is an item only while one is open."""
    return hotline_key(f"ACCOUNT#{account_id}", f"{_POINTER_PREFIX}{topic}")


def pointers_query(account_id: str) -> Query:
    """The account's open cases, one for each topic."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix(_POINTER_PREFIX), limit=_POINTERS_MAX)


def untold_item(pointer: Mapping[str, Any], account_id: str) -> Item | None:
    """The told item, with its sort key, of an open case from before such items were written; None for any other case.
    Nobody knows of one of what may be an attack whether its customer has spoken of it."""
    topic = str(pointer["SK"]).removeprefix(_POINTER_PREFIX)
    case = case_from_pointer(pointer, account_id=account_id, topic=topic)
    if case.told_at is not None or topic == SECURITY_TOPIC:
        return None
    return {"SK": told_key(case, case.opened_at).sk, **told_item(case, case.opened_at)}


def note_key(account_id: str, entry: CaseEntry) -> Key:
    """The key under which an account's entry with free text is named."""
    return hotline_key(f"ACCOUNT#{account_id}", f"{NOTE_PREFIX}{place_of(entry)}")


def is_note(key: Key, account_id: str) -> bool:
    """Whether there an entry with free text of the account is named."""
    return key.pk == f"ACCOUNT#{account_id}" and (key.sk or "").startswith(NOTE_PREFIX)


def notes_query(account_id: str, limit: int) -> Query:
    """The entries of an account's cases that hold free text, the oldest first."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix(NOTE_PREFIX), limit=limit)


def told_key(case: Case, told_at: datetime) -> Key:
    """The key of the item that its customer may see of a case. Sort keys are in the order of `told_at`."""
    return hotline_key(f"ACCOUNT#{case.account_id}", f"{TOLD_PREFIX}{to_text(told_at)}#{case.case_id}")


def told_item(case: Case, told_at: datetime) -> Item:
    """The part of a case that a customer may see: no name, no reason and no text. `told_at` is when it opened for them.

    There is no due time once the case is closed, or an agent has written to them: it is that of the first answer. There
    is none beside a day that the customer was promised. A case of what may be an attack has none, since a finding may
    have set or moved it. A closed one goes TOLD_CLOSED after the last word."""
    item: Item = {"case_id": case.case_id, "topic": case.topic, "opened_at": to_text(told_at)}
    item |= {"status": case.outer_status.value, "version": case.version}
    item |= {"said": list(case.said)} if case.said else {}
    if case.is_closed:
        return item | {TTL_ATTRIBUTE: epoch_s(case.updated_at + TOLD_CLOSED)}
    item |= {"answers": _answers_text(case.answers)} if case.answers else {}
    is_due = case.topic != SECURITY_TOPIC and not case.answers and not case.said
    return item | ({"due_at": to_text(case.due_at)} if is_due else {}) | record_end(case.updated_at)


def told_query(account_id: str, *, after: str | None, limit: int) -> Query:
    """The cases that an account's customer may see, the newest first, behind the one with the sort key `after`."""
    start = hotline_key(f"ACCOUNT#{account_id}", after).attributes() if after is not None else None
    told = Prefix(TOLD_PREFIX)
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", told, limit=limit, descending=True, start_after=start)


def said_keys(told: Mapping[str, Any]) -> tuple[Key, ...]:
    """The keys of the entries that a customer may see, the oldest first."""
    return tuple(hotline_key(f"CASE#{told['case_id']}", f"{ENTRY_PREFIX}{place}") for place in told.get("said", ()))


def told_case_from(told: Mapping[str, Any], entries: Iterable[CaseEntry], now: datetime) -> ToldCase:
    """The case of a stored item with those of the entries that are for its customer. No due time and no promised day
    that is over is told."""
    due_at = _optional_time(told, "due_at")
    return ToldCase(
        case_id=told["case_id"],
        topic=told["topic"],
        status=CaseStatus(told["status"]),
        opened_at=from_text(told["opened_at"]),
        due_at=due_at if due_at is not None and due_at > now else None,
        answer_by=next((one.day for one in _answers(told) if one.ends_at > now), None),
        notes=tuple(
            ToldNote(entry.at, entry.note)
            for entry in entries
            if entry.audience is Audience.CUSTOMER and entry.note is not None
        ),
    )


def timeline_query(case_id: str, *, before: str | None, limit: int) -> Query:
    """The newest entries of a case's timeline, newest first, or those before a place (`place_of`)."""
    start = None
    if before is not None:
        start = hotline_key(f"CASE#{case_id}", f"{ENTRY_PREFIX}{before}").attributes()
    entries = Prefix(ENTRY_PREFIX)
    return Query(Table.HOTLINE, f"CASE#{case_id}", entries, limit=limit, descending=True, start_after=start)


def place_of(entry: CaseEntry) -> str:
    """The place of an entry in its timeline."""
    return f"{to_text(entry.at)}#{entry.entry_id}"


def contact_case_key(contact_id: str) -> Key:
    """The key under which the case is named that a contact was handed over with, by the contact's initial id."""
    return hotline_key(f"CONTACT#{contact_id}", CASE_SK)


def contact_case_item(case_id: str, at: datetime) -> Item:
    """The item that names the case of a contact."""
    return {"case_id": case_id, **record_end(at)}


def callback_item(contact_id: str, case_id: str, *, topic: str, language: str, at: datetime) -> Item:
    """The same where the caller asked at `at` to be called back."""
    asked = {"contact_id": contact_id, "topic": topic, "language": language, "asked_at": to_text(at)}
    place = {"queue_pk": _CALLBACKS, "queue_sk": f"{to_text(at)}#{contact_id}"}
    return {**contact_case_item(case_id, at), **asked, **place}


def callbacks_query(*, since: datetime, until: str | None, limit: int) -> Query:
    """Callbacks that were asked for since an instant, the newest first; `until` is the place of the first one."""
    span = Between(to_text(since), until or "~")
    return Query(Table.HOTLINE, _CALLBACKS, span, Index.QUEUE, limit=limit, descending=True)


def queue_partitions(status: CaseStatus, skills: Sequence[str]) -> list[str]:
    """The partitions of the index that hold the cases of skills that are open, or waiting, and nobody's: one each. A
    partition takes 1000 writes a second, which no call center has of cases of one skill."""
    return [f"QUEUE#{status.value}#{skill}" for skill in skills]


def owner_partition(agent_id: str) -> str:
    """The partition of the index that holds an agent's own cases."""
    return f"OWNER#{agent_id}"


def index_query(partition: str, key_range: Any, *, limit: int) -> Query:
    """Cases of one partition of the index, in the order of their places."""
    return Query(Table.HOTLINE, partition, key_range, Index.QUEUE, limit=limit)


def _queue_attributes(case: Case) -> Item:
    """The place of an open case in the index; nothing for a closed one."""
    if case.is_closed:
        return {}
    worked_by = case.due_at - RISK_LEAD if case.at_risk else case.due_at
    place = f"{case.priority.value}#{to_text(worked_by)}#{case.case_id}"
    if case.owner is not None:
        return {"queue_pk": owner_partition(case.owner), "queue_sk": place}
    (partition,) = queue_partitions(case.status, [case.skill])
    if case.snoozed_until is not None:
        place = f"{to_text(case.snoozed_until)}#{case.case_id}"
    return {"queue_pk": partition, "queue_sk": place}


def case_item(case: Case) -> Item:
    """A case as stored; absent things are left out."""
    item = pointer_item(case) | _queue_attributes(case)
    date = case.snoozed_until or (case.task_at if case.owner is None else None)
    if date is not None and not case.is_closed:
        item |= due_attributes(case.case_id, date)
    return item


def pointer_item(case: Case) -> Item:
    """An open case as its account's pointer keeps it: all of it, but for its places in indexes."""
    established = case.established
    item: Item = {
        "case_id": case.case_id,
        "account_id": case.account_id,
        "topic": case.topic,
        "reason": case.reason,
        "priority": case.priority.value,
        "status": case.status.value,
        "opened_at": to_text(case.opened_at),
        "updated_at": to_text(case.updated_at),
        "version": case.version,
        "language": case.language,
        "skill": case.skill,
        "due_at": to_text(case.due_at),
        "owner": case.owner,
        "owner_name": case.owner_name,
        "claimed_at": _optional_text(case.claimed_at),
        "snoozed_until": _optional_text(case.snoozed_until),
        "task_at": _optional_text(case.task_at),
        "tags": list(case.tags),
        "links": list(case.links),
        "heard": list(established.heard),
        "proved": list(established.proved),
        "login_failed_at": _optional_text(established.login_failed_at),
        "missing_documents": list(established.missing_documents),
        "reference": case.reference,
        "reference_until": _optional_text(case.reference_until),
        "told_at": _optional_text(case.told_at),
        "answers": _answers_text(case.answers),
        "said": list(case.said),
        "at_risk": case.at_risk or None,
        **record_end(case.updated_at),
    }
    return {name: value for name, value in item.items() if value not in (None, [])}


def _optional_text(at: datetime | None) -> str | None:
    return to_text(at) if at is not None else None


def _optional_time(item: Mapping[str, Any], name: str) -> datetime | None:
    return from_text(item[name]) if name in item else None


def _answers_text(answers: Iterable[PromisedAnswer]) -> list[str]:
    return [f"{one.day.isoformat()} {to_text(one.ends_at)}" for one in answers]


def _answers(item: Mapping[str, Any]) -> tuple[PromisedAnswer, ...]:
    """The promised answers of a stored item, the next one first."""
    pairs = (text.split(" ") for text in item.get("answers", ()))
    return tuple(PromisedAnswer(date.fromisoformat(day), from_text(ends_at)) for day, ends_at in pairs)


def case_from(item: Mapping[str, Any]) -> Case:
    """The case of a stored item. One that was stored before cases had a language, a skill and a due time is of English
    and due since it was opened."""
    topic, opened_at = item["topic"], from_text(item["opened_at"])
    language = language_or_english(item.get("language", ""))
    return Case(
        case_id=item["case_id"],
        account_id=item.get("account_id"),
        topic=topic,
        reason=item["reason"],
        priority=Priority(int(item["priority"])),
        status=CaseStatus(item["status"]),
        opened_at=opened_at,
        updated_at=from_text(item["updated_at"]),
        version=int(item["version"]),
        language=language,
        skill=item.get("skill", skill_of(topic, language)),
        due_at=_optional_time(item, "due_at") or opened_at,
        owner=item.get("owner"),
        owner_name=item.get("owner_name"),
        claimed_at=_optional_time(item, "claimed_at"),
        snoozed_until=_optional_time(item, "snoozed_until"),
        task_at=_optional_time(item, "task_at"),
        tags=tuple(item.get("tags", ())),
        links=tuple(item.get("links", ())),
        established=Established(
            heard=tuple(item.get("heard", ())),
            proved=tuple(item.get("proved", ())),
            login_failed_at=_optional_time(item, "login_failed_at"),
            missing_documents=tuple(item.get("missing_documents", ())),
        ),
        reference=item.get("reference"),
        reference_until=_optional_time(item, "reference_until"),
        told_at=_optional_time(item, "told_at"),
        answers=_answers(item),
        said=tuple(item.get("said", ())),
        at_risk=bool(item.get("at_risk", False)),
    )


def entry_item(entry: CaseEntry) -> Item:
    """An entry as stored."""
    item: Item = {
        "entry_id": entry.entry_id,
        "number": entry.number,
        "at": to_text(entry.at),
        "kind": entry.kind.value,
        "audience": entry.audience.value,
        "actor": entry.actor,
        "reason": entry.reason,
        "facts": dict(entry.facts),
        **record_end(entry.at),
    }
    return item | ({"note": entry.note} if entry.note else {})


def note_item(case_id: str, entry: CaseEntry) -> Item:
    """The pointer that names an entry with free text; it ends with the entry."""
    return {"case_id": case_id, "entry": entry_key(case_id, entry).sk, **record_end(entry.at)}


def entry_key_of(note: Mapping[str, Any]) -> Key:
    """The key of the entry that a stored note names."""
    return hotline_key(f"CASE#{note['case_id']}", str(note["entry"]))


def entry_from(item: Mapping[str, Any]) -> CaseEntry:
    """The entry of a stored item."""
    return CaseEntry(
        entry_id=item["entry_id"],
        number=int(item["number"]),
        at=from_text(item["at"]),
        kind=EntryKind(item["kind"]),
        audience=Audience(item["audience"]),
        actor=item["actor"],
        reason=item["reason"],
        facts=item["facts"],
        note=item.get("note"),
    )


def case_from_pointer(item: Mapping[str, Any], *, account_id: str, topic: str) -> Case:
    """The open case that a pointer names. Earlier pointers kept less: what they lack is as in an open case that nobody
    has claimed."""
    earlier = {"status": CaseStatus.OPEN.value, "updated_at": item["opened_at"]}
    return case_from({**earlier, **item, "account_id": account_id, "topic": topic})
