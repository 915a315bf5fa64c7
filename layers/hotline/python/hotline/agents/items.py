"""How the agents' side is stored, approvals apart (identity.approvals).

- CONTACT#<id>, AGENT: the agent who is in the contact, whether it has ended, and its legs as events told of them.
  While it has not ended, it has a place in the index `queue`: HELD#<agent>, <since>#<contact>;
- STAFF#<user name>, AGENT: the id of the agent with this name;
- AGENT#<id>, NAME: the name of this agent, for colleagues;
- CONTACT#<id>, PROOF: the request for proof that waits for the line;
- ACCOUNT#<id>, #PROOF: the same for the app;
- AGENT#<id>, DID#<at>#<id>: the deeds of the agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.retention import record_end
from hotline.kit.store import TTL_ATTRIBUTE, Between, Index, Key, Query, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.sessions.model import CALL_LIFE

from .legs import Holder, Leg, Presence
from .model import ProofRequest, Trace

TRACE_PREFIX: Final = "DID#"
STAFF_LIFE: Final = timedelta(days=90)
"""So long after its last writing a user name is forgotten. Agents who work write it again each month."""
_NOBODY: Final = "-"


def holder_key(contact_id: str) -> Key:
    """The key of the agent who is in a contact."""
    return hotline_key(f"CONTACT#{contact_id}", "AGENT")


def holder_item(contact_id: str, holder: Holder, presence: Presence) -> Item:
    """The agent who is in a contact, or that it has ended, with what was told. It ends with the contact's call."""
    item: Item = {
        "contact_id": contact_id,
        "agent_id": holder.agent_id or _NOBODY,
        "since": to_text(holder.since),
        "legs": {leg_id: _leg_item(leg) for leg_id, leg in presence.legs.items()},
        TTL_ATTRIBUTE: epoch_s(holder.since + CALL_LIFE),
    }
    if presence.taken is not None:
        item["taken"] = _connected_item(presence.taken)
    if holder.agent_id is None:
        return {**item, "ended_at": to_text(holder.since)}
    return {**item, "queue_pk": f"HELD#{holder.agent_id}", "queue_sk": f"{to_text(holder.since)}#{contact_id}"}


def presence_from(item: Mapping[str, Any] | None) -> Presence:
    """Everything that a stored item tells; None where there is no item."""
    if item is None:
        return Presence()
    legs = {leg_id: _leg_from(stored) for leg_id, stored in item["legs"].items()}
    return Presence(legs, _connected_from(item["taken"]) if "taken" in item else None)


def _leg_item(leg: Leg) -> Item:
    connected = _connected_item(leg.connected) if leg.connected is not None else {}
    return connected | ({"ended_at": to_text(leg.ended_at)} if leg.ended_at is not None else {})


def _leg_from(stored: Mapping[str, Any]) -> Leg:
    connected = _connected_from(stored) if "agent_id" in stored else None
    return Leg(connected, from_text(stored["ended_at"]) if "ended_at" in stored else None)


def _connected_item(holder: Holder) -> Item:
    return {"agent_id": holder.agent_id, "since": to_text(holder.since)}


def _connected_from(stored: Mapping[str, Any]) -> Holder:
    return Holder(stored["agent_id"], from_text(stored["since"]))


def staff_key(user_name: str) -> Key:
    """The key of the agent with a user name."""
    return hotline_key(f"STAFF#{user_name}", "AGENT")


def staff_item(agent_id: str, at: datetime) -> Item:
    """The agent's id, as it was written at an instant."""
    return {"agent_id": agent_id, "at": to_text(at), TTL_ATTRIBUTE: epoch_s(at + STAFF_LIFE)}


def name_key(agent_id: str) -> Key:
    """The key of an agent's name."""
    return hotline_key(f"AGENT#{agent_id}", "NAME")


def name_item(name: str, at: datetime) -> Item:
    """An agent's name, as it was written at an instant. It ends as their user name does."""
    return {"name": name, "at": to_text(at), TTL_ATTRIBUTE: epoch_s(at + STAFF_LIFE)}


def held_query(agent_id: str, *, since: datetime, limit: int) -> Query:
    """The contacts that an agent has been in since an instant, the newest first."""
    span = Between(to_text(since), "~")
    return Query(Table.HOTLINE, f"HELD#{agent_id}", span, index=Index.QUEUE, limit=limit, descending=True)


def contact_proof_key(contact_id: str) -> Key:
    """The key of a request for proof that waits for the line."""
    return hotline_key(f"CONTACT#{contact_id}", "PROOF")


def app_proof_key(account_id: str) -> Key:
    """The key of a request for proof that waits for an account's app. It is the account's state, and goes with it."""
    return hotline_key(f"ACCOUNT#{account_id}", "#PROOF")


def proof_request_item(request: ProofRequest) -> Item:
    """The stored form of a request for proof."""
    item: Item = {
        "request_id": request.request_id,
        "goal": request.goal,
        "case_id": request.case_id,
        "asked_by": request.asked_by,
        "asked_at": to_text(request.asked_at),
        "until": to_text(request.until),
        "on_call": request.on_call,
        TTL_ATTRIBUTE: epoch_s(request.until + CALL_LIFE),
    }
    item |= {"answered_by": request.answered_by} if request.answered_by is not None else {}
    return item | ({"ended_at": to_text(request.ended_at)} if request.ended_at is not None else {})


def proof_request_from(item: Mapping[str, Any]) -> ProofRequest:
    """The request in a stored item."""
    return ProofRequest(
        request_id=item["request_id"],
        goal=item["goal"],
        case_id=item["case_id"],
        asked_by=item["asked_by"],
        asked_at=from_text(item["asked_at"]),
        until=from_text(item["until"]),
        on_call=item["on_call"],
        answered_by=item.get("answered_by"),
        ended_at=from_text(item["ended_at"]) if "ended_at" in item else None,
    )


def trace_key(agent_id: str, at: datetime, trace_id: str) -> Key:
    """The key of something that an agent did."""
    return hotline_key(f"AGENT#{agent_id}", f"{TRACE_PREFIX}{to_text(at)}#{trace_id}")


def trace_item(trace: Trace) -> Item:
    """The stored form of something that an agent did."""
    item: Item = {"at": to_text(trace.at), "event": trace.event, "case_id": trace.case_id, "facts": dict(trace.facts)}
    return item | record_end(trace.at) | ({"account_id": trace.account_id} if trace.account_id is not None else {})


def trace_from(item: Mapping[str, Any]) -> Trace:
    """The deed of an agent in a stored item."""
    return Trace(from_text(item["at"]), item["event"], item.get("account_id"), item["case_id"], item["facts"])


def traces_query(agent_id: str, *, since: datetime, until: datetime, limit: int, after: str | None = None) -> Query:
    """An agent's deeds, the newest first, behind the one with the sort key `after`."""
    pk = f"AGENT#{agent_id}"
    span = Between(f"{TRACE_PREFIX}{to_text(since)}", f"{TRACE_PREFIX}{to_text(until)}")
    start = {"PK": pk, "SK": after} if after is not None else None
    return Query(Table.HOTLINE, pk, span, limit=limit, descending=True, start_after=start)
