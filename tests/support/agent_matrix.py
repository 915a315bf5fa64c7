"""Two agents, each with a case, a call and a request to a second person, and a request to each of the agents' routes.

A case, contact or approval is the asker's own, another's (foreign), or there is none (missing).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from hotline.agents.model import Role
from hotline.cases import service as cases
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_client import AgentClient
from tests.support.agent_world import CONTACT, AgentWorld
from tests.support.api_client import Answered
from tests.support.stores import NOON

ROLES: Final = {"nobody": (), "agent": (Role.AGENT,), "supervisor": (Role.AGENT, Role.SUPERVISOR)}
THINGS: Final = ("own", "foreign", "missing")
WHY: Final = {"reason": "customer_asked"}
REASON: Final = {"Desk-Reason": "case"}

_BODY: Final[Mapping[str, Any]] = {
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
    "POST /v1/agent/approvals/{id}/decision": {"decision": "approve"},
    "PUT /v1/agent/banner": {},
    "PUT /v1/agent/hours": {"timezone": "UTC", "weekly": []},
    "PUT /v1/agent/numbers": {**WHY, "numbers": ["+864008001234"]},
    "PUT /v1/agent/merchants/{id}/policy": {**WHY, "window_days": 1, "partial": True, "auto_approve_minor": 1},
    **{
        f"POST /v1/agent/cases/{{id}}/{name}": WHY
        for name in ("unlock", "reset-grants", "freeze", "unfreeze", "pause", "pause-ends", "new-rows")
    },
}
_DAYS: Final = {"from": "2026-11-01", "to": "2026-11-23"}
_QUERY: Final[Mapping[str, Mapping[str, str]]] = {"GET /v1/agent/reports": _DAYS, "GET /v1/agent/activity": _DAYS}


@dataclass
class Matrix:
    """Two agents, each with a case, a call and a request to a second person; and what there is not."""

    world: AgentWorld
    ids: dict[str, dict[str, str]]
    refund_id: str

    def ask(self, role: str, route: str, thing: str) -> Answered:
        """Ask as the first agent, with a role, about one of the things."""
        method, _, path = route.partition(" ")
        kind = path.split("/")[3]
        path = path.replace("{id}", self.ids[thing].get(kind, "mer-1"))
        path = path.replace("{refund}", self.refund_id).replace("{finding}", "fnd_1")
        body = _BODY.get(route)
        if route == "POST /v1/agent/approvals":
            body = {"operation": "release_hold", "case_id": self.ids[thing]["cases"], "cause": "COMPLIANCE", **WHY}
        tag = '"0"' if method == "PUT" else self._tag(thing) if method == "PATCH" else None
        asker = AgentClient(self.world.ctx, "agent-1", roles=ROLES[role])
        return asker.ask(method, path, body=body, query=_QUERY.get(route), headers={**REASON, "If-Match": tag})

    def _tag(self, thing: str) -> str:
        found = cases.read_case(self.world.store, self.ids[thing]["cases"])
        return f'"{found[0].version if found is not None else 1}"'


@cache
def _made() -> Matrix:
    world = AgentWorld(MemoryStore(VirtualClock(NOON)))
    ids = {"missing": dict.fromkeys(("cases", "contacts", "approvals"), "no-such-1")}
    for cause in ("RISK_SCORE", "COMPLIANCE"):
        world.hold(cause)
    world.pay(12850)
    refund_id = world.ask_refund()
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
    return Matrix(world, ids, refund_id)


def matrix() -> Matrix:
    """The matrix as it was made, for one request to change."""
    made = _made()
    world = copy(made.world)
    store = made.world.store
    assert isinstance(store, MemoryStore)
    world.store = store.fork()
    world.ctx = replace(made.world.ctx, store=world.store)
    return replace(made, world=world)
