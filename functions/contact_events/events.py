"""Reading what is to be counted: events of Amazon Connect, decisions of the hotline, and facts of the wallet. An event
of Amazon Connect may also say which agent is in a call.

Amazon Connect adds types and fields, and spells some keys in two ways; unknown ones are passed over. An event is
believed by the source that the bus vouches for. AWS lets nobody else put `aws.connect`, and the bus's policy lets the
wallet put its own source alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.contracts.decisions import (
    CaseTold,
    DecisionTold,
    LockRequested,
    RefundApproved,
    RefundEscalated,
    RefundRequested,
    StopRequested,
    parse_decision,
)
from hotline.contracts.model import Fact, FactRejected, LockAction, LockTold, RefundTold
from hotline.contracts.model import RefundStatus as ToldStatus
from hotline.contracts.schemas import parse, refuse_future
from hotline.kit.aws.queue_batches import read_object
from hotline.kit.clock import CLOCK_SKEW, from_text
from hotline.kit.doors import Context
from hotline.kit.errors import InvalidInput
from hotline.kit.text import is_printed_ascii
from hotline.reports import service as reports
from hotline.reports.model import (
    Complaint,
    ContactEvent,
    Handover,
    Lock,
    LockKind,
    Moment,
    RefundRecord,
    RefundStatus,
    RefundWord,
)

type Take = Callable[[Context, str], None]
"""Folds and counts one thing; the second argument is the time zone of the days."""

CONNECT_SOURCE: Final = "aws.connect"
HOTLINE_SOURCE: Final = "hotline"
CONTACT_EVENT: Final = "Amazon Connect Contact Event"
VOICE: Final = "VOICE"
OLDEST: Final = timedelta(days=30)
"""Events of calls that began longer ago are passed over: the record of such a call has gone, and it would count again.
EventBridge and the queue hold an event for fifteen days at most."""
ID_CHARACTERS_MAX: Final = 256
METHOD_CHARACTERS_MAX: Final = 64
LISTENING_METHOD: Final = "MONITOR"
_AGENT: Final = "AGENT"
"""The cause of a pause or freeze that an agent set on grounds of their own."""
LOCK_KINDS: Final[Mapping[str, LockKind]] = {
    "account.lock_requested": LockKind.LOCK,
    "account.pause_requested": LockKind.PAUSE,
    "account.freeze_requested": LockKind.FREEZE,
    LockAction.LOCK_APPLIED.value: LockKind.LOCK,
    LockAction.PAUSE_APPLIED.value: LockKind.PAUSE,
    LockAction.FREEZE_APPLIED.value: LockKind.FREEZE,
}
"""By the type of the decision or fact."""
MOMENT_OF_EVENT: Final[Mapping[str, Moment]] = {
    "INITIATED": Moment.INITIATED,
    "QUEUED": Moment.QUEUED,
    "CONNECTED_TO_AGENT": Moment.ANSWERED,
    "DISCONNECTED": Moment.ENDED,
    "COMPLETED": Moment.ENDED,
}
"""The moment that each type of event is about."""
_TOLD: Final[Mapping[ToldStatus, RefundStatus]] = {
    ToldStatus.SENT: RefundStatus.SENT,
    ToldStatus.SETTLED: RefundStatus.SUCCEEDED,
    ToldStatus.FAILED: RefundStatus.FAILED,
    ToldStatus.RETURNED: RefundStatus.RETURNED_BACK,
    # Nobody knows more of it than that it was under way.
    ToldStatus.UNKNOWN: RefundStatus.SENT,
}
STATUS_OF_DECISION: Final[Mapping[str, RefundStatus]] = {
    "refund.requested": RefundStatus.IN_REVIEW,
    "refund.approved": RefundStatus.APPROVED,
    "refund.rejected": RefundStatus.DENIED,
    "refund.stopped": RefundStatus.STOPPED,
}


@dataclass(frozen=True, slots=True)
class AgentWord:
    """The word of an event that an agent was connected to a leg of a contact, or that such a leg ended.
    `user_arn` is that of a user of Amazon Connect, None where the event has none."""

    contact_id: str
    """The id that the contact began under."""
    leg_id: str
    at: datetime
    connected: bool
    user_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that one message tells."""

    takes: Sequence[Take] = ()
    agent: AgentWord | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of events: Amazon Connect, or a simulator in its place, and the wallet. `instance_arn` is the
    hotline's instance of Amazon Connect, None where it has none. An account may hold several, and each puts its events
    under the same source."""

    contacts: str
    wallet: str
    instance_arn: str | None = None

    @property
    def is_simulated(self) -> bool:
        """Whether contact events are those of a simulator: AWS lets nobody else put its own source."""
        return self.contacts != CONNECT_SOURCE


class NotCounted(Exception):
    """An event that cannot be counted. `kind` and `reason` are closed words, never a value of the event."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


def read_event(body: object, sources: Sources, now: datetime) -> Told:
    """The folds that one message asks for, whose body is the event as EventBridge sent it, and its word on an agent.
    There are none for an event that counts for nothing. Raises NotCounted."""
    envelope = read_object(body)
    source, detail = envelope.get("source"), envelope.get("detail")
    if source == sources.contacts and envelope.get("detail-type") == CONTACT_EVENT:
        return _of_contact(detail, envelope.get("time"), now, sources)
    if source == HOTLINE_SOURCE:
        return Told(_of_decision(detail))
    if source == sources.wallet:
        return Told(_of_fact(detail, now))
    raise NotCounted("event", "unknown_source")


# ---------------------------------------------------------------- Amazon Connect


def _of_contact(detail: object, sent_at: object, now: datetime, sources: Sources) -> Told:
    found = _keys(detail)
    if not sources.is_simulated and (sources.instance_arn is None or found.get("instancearn") != sources.instance_arn):
        return Told()  # Another instance of the account: its calls are none of the hotline's.
    moment = MOMENT_OF_EVENT.get(str(found.get("eventtype", "")).upper())
    if moment is None or str(found.get("channel", VOICE)).upper() != VOICE:
        return Told()
    contact_id = _id(found.get("contactid"))
    first_id = _id(found.get("initialcontactid")) if found.get("initialcontactid") else contact_id
    if contact_id is None or first_id is None:
        raise NotCounted("contact", "no_id")
    moments = _moments(found)
    if moment not in moments and (at := _instant(sent_at)) is not None:
        moments[moment] = at
    if not moments:
        raise NotCounted("contact", "no_time")
    if not now - OLDEST <= min(moments.values()) or max(moments.values()) > now + CLOCK_SKEW:
        raise NotCounted("contact", "time_out_of_range")
    method = _id(found.get("initiationmethod"), most=METHOD_CHARACTERS_MAX) or ""
    event = ContactEvent(contact_id, first_id, method.upper(), moments)
    agent = _agent_word(event, moment, _keys(found.get("agentinfo")).get("agentarn"))
    return Told((lambda ctx, zone: reports.take_contact(ctx, event, zone=zone),), agent)


def _agent_word(event: ContactEvent, moment: Moment, user_arn: object) -> AgentWord | None:
    """The word of the event on an agent. The end of a leg is one also where nobody answered, since the call may be over
    with it. A supervisor who listens is not in the call."""
    if event.method == LISTENING_METHOD:
        return None
    ids = (event.initial_contact_id, event.contact_id)
    if moment is Moment.ANSWERED:
        return AgentWord(*ids, event.moments[moment], connected=True, user_arn=_id(user_arn))
    if moment is Moment.ENDED:
        return AgentWord(*ids, event.moments[moment], connected=False)
    return None


def _moments(found: Mapping[str, Any]) -> dict[Moment, datetime]:
    """All times that the event tells, whatever it is about: so one that is lost is made up for by the next."""
    times = {
        Moment.INITIATED: found.get("initiationtimestamp"),
        Moment.QUEUED: _keys(found.get("queueinfo")).get("enqueuetimestamp"),
        Moment.ANSWERED: _keys(found.get("agentinfo")).get("connectedtoagenttimestamp"),
        Moment.ENDED: found.get("disconnecttimestamp"),
    }
    instants = ((moment, _instant(text)) for moment, text in times.items())
    return {moment: at for moment, at in instants if at is not None}


def _keys(value: object) -> dict[str, Any]:
    """A part of an event, with its keys in small letters."""
    return {str(key).lower(): found for key, found in value.items()} if isinstance(value, Mapping) else {}


def _id(value: object, *, most: int = ID_CHARACTERS_MAX) -> str | None:
    return value if isinstance(value, str) and is_printed_ascii(value, characters_max=most) else None


def _instant(value: object) -> datetime | None:
    try:
        return from_text(value) if isinstance(value, str) else None
    except ValueError:
        return None


# ---------------------------------------------------------------- the hotline's decisions


def _of_decision(detail: object) -> Sequence[Take]:
    try:
        told = parse_decision(detail)
    except InvalidInput as error:
        raise NotCounted("decision", error.code) from None
    match told.data:
        case CaseTold() as data:
            return _of_case(told, data)
        case LockRequested() as data if told.type in LOCK_KINDS:
            cause = _AGENT if isinstance(data, StopRequested) and data.set_by is not None else data.cause
            lock = Lock(LOCK_KINDS[told.type], told.time, asked_cause=cause)
            return (_lock(data.decision_id, lock),)
        case RefundRequested() as data:
            return (_refund(data.refund_id, _record_decision(told, data)),)
        case RefundEscalated() as data:
            return (_refund(data.refund_id, RefundRecord(at=told.time, late=True)),)
    return ()


def _of_case(told: DecisionTold, data: CaseTold) -> Sequence[Take]:
    complaint = Complaint(
        topic=data.topic,
        version=told.subject_version or 0,
        closed_at=data.at if data.status == "closed" else None,
        brought_at=data.at if reports.is_complaint(data.reason) else None,
        wished_at=data.at if reports.is_wish(data.reason) else None,
    )
    takes: list[Take] = [lambda ctx, zone: reports.take_complaint(ctx, data.case_id, complaint, zone=zone)]
    if data.contact_id is not None and data.reason.startswith("caller."):
        contact_id = data.contact_id
        handover = Handover(data.at, data.decision_id, data.reason, data.topic)
        takes.append(lambda ctx, zone: reports.take_handover(ctx, contact_id, handover, zone=zone))
    return takes


def _record_decision(told: DecisionTold, data: RefundRequested) -> RefundRecord:
    word = RefundWord(told.subject_version or 0, told.time, told.id, STATUS_OF_DECISION[told.type])
    promised_on = data.promised_on if isinstance(data, RefundApproved) else None
    return RefundRecord(at=data.requested_at, decided=word, promised_on=promised_on, requested=True)


# ---------------------------------------------------------------- the wallet's facts


def _of_fact(detail: object, now: datetime) -> Sequence[Take]:
    try:
        fact = parse(detail)
        refuse_future(fact, detail, now)
    except FactRejected as error:
        raise NotCounted("fact", error.code) from None
    match fact.data:
        case LockTold() as data if fact.type in LOCK_KINDS:
            return (_lock(data.decision_id, Lock(LOCK_KINDS[fact.type], fact.time, told_cause=data.cause)),)
        case RefundTold() as data:
            return (_refund(data.refund_id, _told(fact, data)),)
    return ()


def _told(fact: Fact, data: RefundTold) -> RefundRecord:
    word = RefundWord(data.version, fact.time, fact.id, _TOLD[data.status])
    return RefundRecord(at=fact.time, told=word)


def _lock(decision_id: str, lock: Lock) -> Take:
    return lambda ctx, zone: reports.take_lock(ctx, decision_id, lock, zone=zone)


def _refund(refund_id: str, refund: RefundRecord) -> Take:
    return lambda ctx, zone: reports.take_refund(ctx, refund_id, refund, zone=zone)
