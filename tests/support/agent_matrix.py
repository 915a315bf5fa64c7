"""Two agents, each with a case, a call and a request to a second person, and a request to each of the agents' routes.

A case, contact or approval is the asker's own, another's (foreign), or there is none (missing). A call is besides one
that has ended, or that nobody answered (abandoned), and its case is open or closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any, Final

from hotline.agents import service as agents
from hotline.agents.model import Role
from hotline.cases import service as cases
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_client import AgentClient
from tests.support.agent_world import CONTACT, SPRAYING, AgentWorld
from tests.support.api_client import Answered
from tests.support.forks import fork_world
from tests.support.stores import NOON

ROLES: Final = {"nobody": (), "agent": (Role.AGENT,), "supervisor": (Role.AGENT, Role.SUPERVISOR)}
THINGS: Final = ("own", "foreign", "missing")
CALLS: Final = (*THINGS, "ended", "abandoned")
WHY: Final = {"reason": "customer_asked"}
HOLDS: Final = ("RISK_SCORE", "COMPLIANCE")
"""The causes for which the account of the two is held."""
REASON: Final = {"Desk-Reason": "case"}

BODIES: Final[Mapping[str, Any]] = {
    "POST /v1/agent/cases/{id}/notes": {"text": "seen"},
    "POST /v1/agent/cases/{id}/snooze": {"until": "2026-11-23T18:00:00Z"},
    "POST /v1/agent/cases/{id}/transfer": {"topic": "payment", "language": "en-US"},
    "POST /v1/agent/cases/{id}/close": {"ending": "resolved"},
    "PATCH /v1/agent/cases/{id}": {"tags": ["vip"]},
    "POST /v1/agent/cases/{id}/unmaskings": {**WHY, "field": "name"},
    "POST /v1/agent/cases/{id}/proofs": {"goal": "unlock"},
    "POST /v1/agent/cases/{id}/hold-releases": {**WHY, "cause": "RISK_SCORE"},
    "POST /v1/agent/cases/{id}/refunds/{refund}/decision": {**WHY, "decision": "deny"},
    "POST /v1/agent/cases/{id}/refunds/{refund}/payout": {**WHY, "way": "balance"},
    "POST /v1/agent/cases/{id}/findings/{finding}/feedback": {**WHY, "verdict": "unclear"},
    "POST /v1/agent/findings/{finding}/feedback": {
        **WHY,
        "verdict": "unclear",
        "about": "source",
        "subject": SPRAYING,
    },
    "POST /v1/agent/cases/{id}/suppressions": {
        **WHY,
        "rule": "failed_login_burst",
        "until": "2026-11-24T12:00:00Z",
    },
    "POST /v1/agent/cases/{id}/suppression-ends": {**WHY, "rule": "failed_login_burst"},
    "POST /v1/agent/findings/{finding}/suppressions": {
        **WHY,
        "about": "source",
        "subject": SPRAYING,
        "until": "2026-11-24T12:00:00Z",
    },
    "POST /v1/agent/findings/{finding}/suppression-ends": {**WHY, "about": "source", "subject": SPRAYING},
    "POST /v1/agent/approvals/{id}/decision": {"decision": "approve"},
    "PUT /v1/agent/banner": {},
    "PUT /v1/agent/hours": {"timezone": "UTC", "weekly": [{"day": 1, "opens": "09:00", "closes": "18:00"}]},
    "PUT /v1/agent/numbers": {**WHY, "numbers": ["+864008001234"]},
    "PUT /v1/agent/merchants/{id}/policy": {**WHY, "window_days": 1, "partial": True, "auto_approve_minor": 1},
    **{
        f"POST /v1/agent/cases/{{id}}/{name}": WHY
        for name in ("unlock", "reset-grants", "freeze", "unfreeze", "pause", "pause-ends", "new-rows")
    },
}
_DAYS: Final = {"from": "2026-11-01", "to": "2026-11-23"}
_QUERY: Final[Mapping[str, Mapping[str, str]]] = {
    "GET /v1/agent/findings": {"about": "source"},
    "GET /v1/agent/suppressions": {"about": "account"},
    "GET /v1/agent/reports": _DAYS,
    "GET /v1/agent/activity": _DAYS,
    "GET /v1/agent/trail": {"agent": "agent-2", **_DAYS},
}


@dataclass
class Matrix:
    """Two agents, each with a case, a call and a request to a second person; and what there is not."""

    world: AgentWorld
    ids: dict[str, dict[str, str]]
    refund_id: str
    payment_key: str
    evidence_id: str
    finding_id: str = "fnd_1"
    approval_id: str | None = None
    """Goes with each act."""
    reference: str = "000000"
    """The digits by which a case is looked for."""

    def ask(self, role: str, route: str, thing: str, *, in_call: bool = False) -> Answered:
        """Ask as the first agent, with a role, about one of the things. `in_call`: the request names the call, too."""
        method, _, path = route.partition(" ")
        kind = path.split("/")[3]
        path = path.replace("{id}", self.ids[thing].get(kind, "mer-1"))
        path = path.replace("{refund}", self.refund_id).replace("{finding}", self.finding_id)
        path = path.replace("{evidence}", self.evidence_id)
        body = BODIES.get(route)
        if route == "POST /v1/agent/approvals":
            body = {"operation": "release_hold", "case_id": self.ids[thing]["cases"], "cause": "COMPLIANCE", **WHY}
        if route.endswith("/refunds") and method == "POST":
            body = {**WHY, "item_id": self.payment_key, "refund_reason": "defective"}
        if route.endswith("/contact-changes"):
            body = {**WHY, "point_id": self.world.point_name(), "loss": "lost"}
        if self.approval_id is not None and body is not None:
            body = {**body, "approval_id": self.approval_id}
        tag = '"0"' if method == "PUT" else self._tag(thing) if method == "PATCH" else None
        contact_id = self.ids[thing]["contacts"] if in_call else None
        asker = AgentClient(self.world.ctx, "agent-1", roles=ROLES[role], contact_id=contact_id)
        query = {"reference": self.reference} if route == "GET /v1/agent/cases" else _QUERY.get(route)
        return asker.ask(method, path, body=body, query=query, headers={**REASON, "If-Match": tag})

    def _tag(self, thing: str) -> str:
        found = cases.read_case(self.world.store, self.ids[thing]["cases"])
        return f'"{found[0].version if found is not None else 1}"'


@cache
def _made() -> Matrix:
    world = AgentWorld(MemoryStore(VirtualClock(NOON)))
    ids = {"missing": dict.fromkeys(("cases", "contacts", "approvals"), "no-such-1")}
    for cause in HOLDS:
        world.hold(cause)
    world.pay(12850)
    refund_id = world.ask_refund()
    evidence_id = world.send_picture(refund_id)
    for whose, agent_id, topic, contact in (
        ("own", "agent-1", "refund", CONTACT),
        ("foreign", "agent-2", "payment", "contact-2"),
    ):
        by = AgentClient(world.ctx, agent_id)
        case_id = world.open_case(topic)
        assert by.post(f"/cases/{case_id}/claim").status == 200
        asked = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
        approval = by.post("/approvals", asked)
        assert approval.status == 201, approval
        world.call_in(contact, goal=None, number=None)
        assert by.post(f"/contacts/{contact}/claim").status == 200
        ids[whose] = {"cases": case_id, "contacts": contact, "approvals": approval.json["id"]}
    return Matrix(world, ids, refund_id, world.payment_key(), evidence_id)


@cache
def _made_calls(*, closed: bool) -> Matrix:
    world = AgentWorld(MemoryStore(VirtualClock(NOON)))
    world.pay(12850)
    refund_id, finding_id = world.ask_refund(), world.find_theft(734_501, holds=False)
    evidence_id = world.send_picture(refund_id)
    world.hold()
    world.hold("COMPLIANCE")
    ids = {"missing": "contact-of-nobody"}
    for call in ("foreign", "ended", "abandoned", "own"):
        world.clock.advance(timedelta(minutes=16))  # as many codes at once are not sent
        phone = world.call_in(f"contact-{call}", goal="look")
        ids[call], case_id = phone.contact_id, world.case_of(phone)
        if call != "abandoned":
            agents.take_contact(world.ctx, world.token("agent-2" if call == "foreign" else "agent-1"), phone.contact_id)
        if call in ("ended", "abandoned"):
            agents.note_ended(world.ctx, phone.contact_id, leg_id=phone.contact_id, at=world.clock.now())
    if closed:
        closer = AgentClient(world.ctx, "agent-3")
        assert closer.post(f"/cases/{case_id}/claim").status == 200
        assert closer.post(f"/cases/{case_id}/close", {"ending": "resolved"}).status == 200
    things = {call: {"cases": case_id, "contacts": ids[call]} for call in CALLS}
    return Matrix(world, things, refund_id, world.payment_key(), evidence_id, finding_id)


def calls(*, closed: bool) -> Matrix:
    """Calls of one customer, all handed over with one case that nobody has claimed, for one request to change."""
    return _forked(_made_calls(closed=closed))


def matrix() -> Matrix:
    """The matrix as it was made, for one request to change."""
    return _forked(_made())


def _forked(made: Matrix) -> Matrix:
    return replace(made, world=fork_world(made.world), ids={thing: dict(named) for thing, named in made.ids.items()})
