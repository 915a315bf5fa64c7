"""Reports as stored items.

    REPORT#call:<contact id> / CALL · what is known of one call · counted {day: {name: n}} · zone
        · due_pk, due_sk · rev
    REPORT#<kind>:<id> / RECORD · the same of a lock, refund or complaint
    REPORT#caller:<hash> / DAYS · days {day: calls} · rev
    TALLY#<month> / DAY#<day>#<shard> · a number for each name

A record holds what it counts for, as it was added to the tallies in the same transaction. So a correction takes away
exactly what was counted before, also after a rule of counting has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.ids import bucket
from hotline.kit.retention import RECORD_LIFE
from hotline.kit.store import TTL_ATTRIBUTE, Between, Key, Query, Table, hotline_key
from hotline.kit.store.condition import Item

from .calls import last_look_at
from .model import (
    Call,
    Complaint,
    Counts,
    Handover,
    Leg,
    Lock,
    LockKind,
    Moment,
    RefundRecord,
    RefundStatus,
    RefundWord,
)

TALLY_SHARDS: Final = 8
"""Items of one day. Eight carry some fifty changes a second (kit/counts/rates.py), which is a call each."""
CALL_LIFE: Final = timedelta(days=45)
"""How long a call's record is kept: beyond the time in which events of it may come."""
CALLER_LIFE: Final = timedelta(days=38)
"""How long a number's days are kept after the last call: those of `calls.DAYS_KEPT`, and a week."""

_CALL_PREFIX: Final = "REPORT#call:"
_CALL: Final = "CALL"
_COUNTED: Final = "counted"
_TALLY_KEYS: Final = ("PK", "SK", TTL_ATTRIBUTE)


def record_key(kind: str, thing_id: str) -> Key:
    """The key of the record of anything else; `kind` is a closed word."""
    return hotline_key(f"REPORT#{kind}:{thing_id}", "RECORD")


def call_key(contact_id: str) -> Key:
    """The key of the record of a call, by its first contact id."""
    return hotline_key(f"{_CALL_PREFIX}{contact_id}", _CALL)


def contact_at(key: Key) -> str | None:
    """The first contact id of the call whose record is at a key; None for anything else."""
    return key.pk.removeprefix(_CALL_PREFIX) if key.pk.startswith(_CALL_PREFIX) and key.sk == _CALL else None


def caller_key(caller: str) -> Key:
    """The key of the days of a number, by its keyed hash."""
    return hotline_key(f"REPORT#caller:{caller}", "DAYS")


def tally_key(day: date, by: str) -> Key:
    """The key of the tally in which a thing counts on a day; `by` is something of which each thing has another."""
    return hotline_key(f"TALLY#{day:%Y-%m}", f"DAY#{day}#{bucket(by, TALLY_SHARDS):02d}")


def tallies_query(first: date, last: date) -> Query:
    """The tallies of some days of one month."""
    span = Between(f"DAY#{first}", f"DAY#{last}#~")
    return Query(Table.HOTLINE, f"TALLY#{first:%Y-%m}", span)


def tally_end(day: date) -> int:
    """The time at which the tallies of a day end, in seconds since 1970."""
    return epoch_s(datetime.fromisoformat(f"{day}T00:00:00+00:00") + RECORD_LIFE)


def tally_day(item: Mapping[str, Any]) -> date:
    """The day of a tally item."""
    return date.fromisoformat(item["SK"].split("#")[1])


def tally_counts(item: Mapping[str, Any]) -> dict[str, int]:
    """The numbers of a tally item, by name."""
    return {name: int(number) for name, number in item.items() if name not in _TALLY_KEYS}


def counted_from(item: Mapping[str, Any] | None) -> Counts:
    """The counts that a record stands for."""
    stored = item.get(_COUNTED, {}) if item is not None else {}
    return {
        date.fromisoformat(day): {name: int(number) for name, number in counts.items()}
        for day, counts in stored.items()
    }


def counted_item(counted: Counts) -> Item:
    """The counts that a record stands for, in their stored form."""
    return {_COUNTED: {str(day): dict(counts) for day, counts in sorted(counted.items()) if counts}}


def caller_item(days: Mapping[date, int], now: datetime) -> Item:
    """The days of a number in their stored form."""
    kept = {str(day): calls for day, calls in sorted(days.items())}
    return {"days": kept, TTL_ATTRIBUTE: epoch_s(now + CALLER_LIFE)}


def days_from(item: Mapping[str, Any] | None) -> dict[date, int]:
    """The days of a number."""
    return {date.fromisoformat(day): int(calls) for day, calls in (item or {}).get("days", {}).items()}


def call_item(call: Call, now: datetime) -> Item:
    """A call's record; absent things are left out."""
    legs = {
        contact_id: {"method": leg.method, **{name.value: to_text(at) for name, at in leg.moments.items()}}
        for contact_id, leg in sorted(call.legs.items())
    }
    item: Item = {"contact_id": call.contact_id, "legs": legs, "served": list(call.served), "caller": call.caller}
    if call.handover is not None:
        handover = call.handover
        item["handover"] = {"at": to_text(handover.at), "decision_id": handover.decision_id}
        item["handover"] |= {"reason": handover.reason, "topic": handover.topic}
    item["score"] = call.score
    item["last_look"] = call.last_look or None
    kept = {name: value for name, value in item.items() if value not in (None, [], {})}
    look_at = last_look_at(call)
    due = due_attributes(call.contact_id, look_at) if look_at is not None else {}
    return {**kept, **due, TTL_ATTRIBUTE: epoch_s(now + CALL_LIFE)}


def call_from(item: Mapping[str, Any]) -> Call:
    """The call in a stored record."""
    handover = item.get("handover")
    return Call(
        contact_id=item["contact_id"],
        legs={contact_id: _leg_from(leg) for contact_id, leg in item.get("legs", {}).items()},
        handover=Handover(**{**handover, "at": from_text(handover["at"])}) if handover else None,
        served=tuple(item.get("served", ())),
        caller=item.get("caller"),
        score=int(item["score"]) if "score" in item else None,
        last_look=bool(item.get("last_look", False)),
    )


def lock_item(lock: Lock) -> Item:
    """A lock's record."""
    causes = {"asked_cause": lock.asked_cause, "told_cause": lock.told_cause}
    return {"kind": lock.kind.value, "at": to_text(lock.at), **_there(causes)}


def lock_from(item: Mapping[str, Any]) -> Lock:
    """The lock in a stored record."""
    return Lock(LockKind(item["kind"]), from_text(item["at"]), item.get("asked_cause"), item.get("told_cause"))


def refund_item(refund: RefundRecord) -> Item:
    """A refund's record."""
    own = {
        "decided": _word_item(refund.decided),
        "told": _word_item(refund.told),
        "promised_on": str(refund.promised_on) if refund.promised_on is not None else None,
        "late": refund.late or None,
        "requested": refund.requested or None,
    }
    return {"at": to_text(refund.at), **_there(own)}


def refund_from(item: Mapping[str, Any]) -> RefundRecord:
    """The refund in a stored record."""
    return RefundRecord(
        at=from_text(item["at"]),
        decided=_word_from(item.get("decided")),
        told=_word_from(item.get("told")),
        promised_on=date.fromisoformat(item["promised_on"]) if "promised_on" in item else None,
        late=bool(item.get("late", False)),
        requested=bool(item.get("requested", False)),
    )


def complaint_item(complaint: Complaint) -> Item:
    """A complaint's record."""
    times = {
        "closed_at": to_text(complaint.closed_at) if complaint.closed_at is not None else None,
        "brought_at": to_text(complaint.brought_at) if complaint.brought_at is not None else None,
        "wished_at": to_text(complaint.wished_at) if complaint.wished_at is not None else None,
    }
    return {"topic": complaint.topic, "version": complaint.version, **_there(times)}


def complaint_from(item: Mapping[str, Any]) -> Complaint:
    """The complaint in a stored record."""
    return Complaint(
        topic=item["topic"],
        version=int(item["version"]),
        closed_at=from_text(item["closed_at"]) if "closed_at" in item else None,
        brought_at=from_text(item["brought_at"]) if "brought_at" in item else None,
        wished_at=from_text(item["wished_at"]) if "wished_at" in item else None,
    )


def _leg_from(item: Mapping[str, Any]) -> Leg:
    return Leg(item["method"], {name: from_text(item[name.value]) for name in Moment if name.value in item})


def _word_item(word: RefundWord | None) -> Item | None:
    if word is None:
        return None
    return {"version": word.version, "at": to_text(word.at), "event_id": word.event_id, "status": word.status.value}


def _word_from(item: Mapping[str, Any] | None) -> RefundWord | None:
    if item is None:
        return None
    return RefundWord(int(item["version"]), from_text(item["at"]), item["event_id"], RefundStatus(item["status"]))


def _there(values: Mapping[str, Any]) -> Item:
    return {name: value for name, value in values.items() if value is not None}
