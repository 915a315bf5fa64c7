"""Events that are counted for reports, as EventBridge puts them into the queue, and a world to count them in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from functions.contact_events.batch import take_in
from functions.contact_events.events import CONTACT_EVENT, Sources
from hotline.kit.actor import System
from hotline.kit.aws.users import Users
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.store import Store, Table
from hotline.kit.store.condition import Item
from hotline.reports.calls import count_repeats
from hotline.reports.items import counted_from, days_from, tally_counts, tally_day
from hotline.sessions.model import Identified, SessionState
from hotline.sessions.service import contribute_new_session
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock

NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY: Final = NOON.date()
ZONE: Final = "Asia/Shanghai"
INSTANCE: Final = "arn:aws:connect:eu-central-1:123456789012:instance/i-1"
SOURCES: Final = Sources(contacts="aws.connect", wallet="wallet", instance_arn=INSTANCE)
type Body = dict[str, Any]


def contact_event(
    kind: str,
    contact_id: str = "contact-1",
    *,
    first: str | None = None,
    method: str = "INBOUND",
    channel: str = "VOICE",
    at: datetime = NOON,
    **times: datetime,
) -> Body:
    """A contact event. `times`: initiated, queued, answered, ended; `at` is the event's own time."""
    detail: dict[str, Any] = {
        "eventType": kind,
        "contactId": contact_id,
        "initialContactId": first or contact_id,
        "channel": channel,
        "instanceArn": INSTANCE,
        "initiationMethod": method,
        "initiationTimestamp": to_text(times.get("initiated", at)),
    }
    if "queued" in times:
        detail["queueInfo"] = {
            "queueArn": "arn:q",
            "queueType": "STANDARD",
            "enqueueTimestamp": to_text(times["queued"]),
        }
    if "answered" in times:
        detail["agentInfo"] = {"agentArn": "arn:a", "connectedToAgentTimestamp": to_text(times["answered"])}
    if "ended" in times:
        detail["disconnectTimestamp"] = to_text(times["ended"])
    return {"source": SOURCES.contacts, "detail-type": CONTACT_EVENT, "time": to_text(at), "detail": detail}


def call_events(
    contact_id: str = "contact-1",
    *,
    first: str | None = None,
    method: str = "INBOUND",
    begun: datetime = NOON,
    queued_after_s: int | None = None,
    answered_after_s: int | None = None,
    lasted_s: int = 120,
) -> list[Body]:
    """All events of one contact, in their order; `answered_after_s` counts from the queue on."""
    told: dict[str, Any] = {"first": first, "method": method, "initiated": begun}
    events = [contact_event("INITIATED", contact_id, at=begun, **told)]
    if queued_after_s is not None:
        told["queued"] = begun + timedelta(seconds=queued_after_s)
        events.append(contact_event("QUEUED", contact_id, at=told["queued"], **told))
        if answered_after_s is not None:
            told["answered"] = told["queued"] + timedelta(seconds=answered_after_s)
            events.append(contact_event("CONNECTED_TO_AGENT", contact_id, at=told["answered"], **told))
    told["ended"] = begun + timedelta(seconds=lasted_s)
    events += [contact_event(kind, contact_id, at=told["ended"], **told) for kind in ("DISCONNECTED", "COMPLETED")]
    return events


def decision_event(
    kind: str,
    data: Mapping[str, Any],
    *,
    id: str,  # noqa: A002 - CloudEvents
    version: int = 1,
    at: datetime = NOON,
) -> Body:
    """A decision on the bus."""
    detail = {
        "specversion": "1.0",
        "id": id,
        "source": "hotline",
        "type": f"{kind}.v1",
        "time": to_text(at),
        "subject": "acct-1",
        "subject_version": version,
        "data": {"decision_id": f"decision-{id}", **data},
    }
    return {"source": "hotline", "detail-type": f"{kind}.v1", "time": to_text(at), "detail": detail}


def fact_event(kind: str, data: Mapping[str, Any], *, id: str, at: datetime = NOON) -> Body:  # noqa: A002
    """A fact on the bus."""
    detail = {
        "specversion": "1.0",
        "id": id,
        "source": "wallet",
        "type": f"{kind}.v1",
        "time": to_text(at),
        "subject": "acct-1",
        "data": data,
    }
    return {"source": "wallet", "detail-type": f"{kind}.v1", "time": to_text(at), "detail": detail}


def case_event(
    case_id: str = "case-1",
    *,
    id: str,  # noqa: A002 - CloudEvents
    reason: str = "agent.complaint",
    topic: str = "lockout",
    version: int = 1,
    status: str = "open",
    contact_id: str | None = None,
    at: datetime = NOON,
) -> Body:
    """The word on a case."""
    data = {"case_id": case_id, "reference": "123456", "topic": topic, "reason": reason, "priority": 5}
    data |= {"queue": "support", "status": status, "at": to_text(at)}
    if contact_id is not None:
        data["contact_id"] = contact_id
    kind = "case.opened" if version == 1 else "case.updated"
    return decision_event(kind, data, id=id, version=version, at=at)


def refund_event(
    kind: str,
    refund_id: str = "refund-1",
    *,
    id: str,  # noqa: A002 - CloudEvents
    version: int = 1,
    at: datetime = NOON,
    requested_at: datetime = NOON,
    promised_on: date = TODAY,
) -> Body:
    """The word on a refund: a decision, or a fact of the wallet."""
    data: dict[str, Any] = {"refund_id": refund_id, "movement_id": "mov-1", "amount": {"minor": 100, "currency": "CNY"}}
    if kind in ("refund.sent", "refund.settled", "refund.failed", "refund.returned"):
        return fact_event(kind, {**data, "version": version}, id=id, at=at)
    if kind == "refund.escalated":
        data |= {"state": "approved", "missed_on": str(promised_on), "case_id": "case-1"}
        return decision_event(kind, {**data, "promised_on": str(promised_on)}, id=id, version=version, at=at)
    data |= {"reason": "cancelled", "requested_at": to_text(requested_at)}
    if kind != "refund.requested":
        data |= {"rule": "auto", "policy_version": "w1"}
    if kind == "refund.approved":
        data["promised_on"] = str(promised_on)
    return decision_event(kind, data, id=id, version=version, at=at)


def lock_decision(
    kind: str = "account.lock_requested",
    *,
    id: str,  # noqa: A002 - CloudEvents
    cause: str = "TOO_MANY_PASSWORD",
    set_by: str | None = None,
    at: datetime = NOON,
) -> Body:
    """The word that an account is to be shut."""
    own = {} if set_by is None else {"set_by": set_by}
    return decision_event(kind, {"cause": cause, "in_force": [], **own}, id=id, at=at)


def lock_fact(decision_id: str, kind: str = "lock.applied", *, cause: str = "RISK_SCORE", at: datetime = NOON) -> Body:
    """The word that the wallet has shut an account."""
    data = {"decision_id": decision_id, "subject_version": 1, "cause": cause}
    return fact_event(kind, data, id=f"fact-{decision_id}", at=at)


@dataclass(slots=True)
class Counted:
    """A store in which events are counted, through the function that does so."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOON + timedelta(days=12)))
    users: Users | None = None
    sources: Sources = SOURCES
    store: MemoryStore = field(init=False)
    ctx: Context = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock)
        self.ctx = Context(store=self.store, clock=self.clock, ids=SeededIds(1))

    @classmethod
    def on(cls, store: Store) -> Counted:
        """The same on another store; its own one stays empty."""
        found = cls()
        found.ctx = replace(found.ctx, store=store)
        return found

    def take(self, *bodies: Body) -> list[str]:
        """Deliver events in one batch, and return the places of those that have to come again."""
        records = [{"messageId": str(place), "body": json.dumps(body)} for place, body in enumerate(bodies)]
        answer = take_in({"Records": records}, self.ctx, zone=ZONE, sources=self.sources, users=self.users)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def begin(
        self,
        contact_id: str,
        *,
        served: tuple[str, ...] = (),
        caller: str | None = "hash-1",
        score: int | None = None,
    ) -> None:
        """Store the session of a call."""
        state = SessionState(
            contact_id=contact_id,
            account_ref="ref",
            turn=1,
            created_at=self.clock.now(),
            last_step_at=self.clock.now(),
            inbound=True,
            served=served,
            score=score,
            calling=Identified(caller, ()) if caller is not None else None,
        )
        change = Change(actor=System("test", "test"), cause="test", now=self.clock.now(), ids=self.ctx.ids)
        contribute_new_session(change, state)
        change.commit(self.ctx.store)

    def items(self, prefix: str) -> list[Item]:
        """The stored items whose partition key begins with a text."""
        return [item for item in self.store.items(Table.HOTLINE) if item["PK"].startswith(prefix)]

    def tallies(self) -> dict[str, int]:
        """All that is counted: `day name` -> number."""
        return _sums((tally_day(item), tally_counts(item)) for item in self.items("TALLY#"))

    def recount(self) -> dict[str, int]:
        """The same, from what each record by itself counts for."""
        records = [counted_from(item) for item in self.items("REPORT#") if item["SK"] in ("CALL", "RECORD")]
        callers = [count_repeats(days_from(item)) for item in self.items("REPORT#caller")]
        return _sums(one for counts in (*records, *callers) for one in counts.items())


def _sums(counts: Iterable[tuple[date, Mapping[str, int]]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for day, numbers in counts:
        found.update({f"{day} {name}": number for name, number in numbers.items()})
    return {name: number for name, number in sorted(found.items()) if number}
