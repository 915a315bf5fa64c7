"""The steps before each request of the customers' API by which it succeeds, as a customer takes them, and the request.

A customer asks for codes and enters them, an agent asks them for proof, messages bring links. Each request is made in a
world of its own, in which the customer has paid once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from hotline.contracts.model import PointKind
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.sessions.items import session_from, session_key
from hotline.sessions.model import SessionKind
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_client import AgentClient
from tests.support.api_client import Client, require
from tests.support.api_world import ACCOUNT, PHONE
from tests.support.evidence_world import PICTURE, EvidenceWorld
from tests.support.facts import fact
from tests.support.forks import fork_world
from tests.support.phone import OFFICIAL, give
from tests.support.stores import NOON

FIRST_SIGN_IN: Final = "sid-first"
"""A sign-in whose session begins with the request."""
_FILE: Final = {"content_type": "image/jpeg", "size": len(PICTURE)}
_KEY: Final = {"Idempotency-Key": "key-of-the-request"}
_PIN: Final = "620935"
_PLACE: Final = re.compile(r"\{\w+\}")
_TOKEN: Final = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")


@dataclass(frozen=True, slots=True)
class Wish:
    """The parts of a request that its route does not tell, and who makes it: nobody, or the customer with a sign-in."""

    id: str = "-"
    """The part of the path that the route leaves open."""
    body: Any = None
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    sign_in: str | None = "sid-1"


type Deed = Callable[[EvidenceWorld], Wish]


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a route, in a world in which it succeeds."""

    world: EvidenceWorld
    method: str
    path: str
    wish: Wish

    def send(self, ctx: Context) -> Mapping[str, Any]:
        """The function's answer, in the gateway's form. `ctx`: that of the world, on any store with its content."""
        wish = self.wish
        account_id = ACCOUNT if wish.sign_in is not None else None
        client = Client(ctx, account_id, wish.sign_in or "-", signed_in_at=ctx.clock.now())
        event = client.event(self.method, self.path, body=wish.body, query=wish.query, headers=wish.headers)
        return client.answer(event)


def prepare(route: str) -> Request:
    """A request that succeeds, once everything before it has happened."""
    world = fork_world(_made())
    wish = DEEDS[route](world)
    method, _, path = route.partition(" ")
    return Request(world, method, _PLACE.sub(wish.id, path), wish)


@cache
def _made() -> EvidenceWorld:
    clock = VirtualClock(NOON)
    world = EvidenceWorld(MemoryStore(clock), clock)
    world.ctx = replace(world.ctx, ids=RandomIds())
    told = ("bill.issued", "funds.balance_changed", "login.succeeded")
    give(world.ctx, [fact(name, subject=ACCOUNT) for name in told])
    return world


def _ask(body: Any = None, *, query: Mapping[str, str] | None = None, sign_in: str | None = "sid-1") -> Deed:
    """Nothing comes before the request."""
    return lambda _: Wish(body=body, query=query, sign_in=sign_in)


def _ask_first(body: Any = None) -> Deed:
    """The request is the first one of an app."""
    return _ask(body, sign_in=FIRST_SIGN_IN)


def _ask_unknown(body: Any = None, *, query: Mapping[str, str] | None = None) -> Deed:
    """The request comes from somebody without a token."""
    return _ask(body, query=query, sign_in=None)


def _prove(operation: str, *methods: str, body: Any = None, first: Callable[[EvidenceWorld], object]) -> Deed:
    """The customer proves codes for an operation, once something has happened."""

    def deed(world: EvidenceWorld) -> Wish:
        first(world)
        for name in methods:
            world.client().prove(operation, name)
        return Wish(body=body)

    return deed


def _nothing(_: EvidenceWorld) -> None:
    return


def _pause(world: EvidenceWorld) -> None:
    require(world.client().ask("POST", "/v1/me/pause"))


def _freeze(world: EvidenceWorld) -> None:
    require(world.client().ask("POST", "/v1/me/freeze"))


def _set_pin(world: EvidenceWorld) -> None:
    client = world.client()
    client.prove("set_pin")
    require(client.ask("PUT", "/v1/me/pin", body={"pin": _PIN}))


def _read_page(world: EvidenceWorld) -> Wish:
    return Wish(world.link().removeprefix("/e/"), sign_in=None)


def _use_link(world: EvidenceWorld) -> Wish:
    return Wish(world.link().removeprefix("/e/"), _FILE, sign_in=None)


def _read_payment(world: EvidenceWorld) -> Wish:
    listed = require(world.client().ask("GET", "/v1/me/payments")).json["payments"]
    return Wish(listed[0]["id"])


def _read_cases(world: EvidenceWorld) -> Wish:
    world.ask_refund()
    return Wish()


def _read_refunds(world: EvidenceWorld) -> Wish:
    world.ask_refund()
    return Wish()


def _read_refund(world: EvidenceWorld) -> Wish:
    return Wish(world.ask_refund())


def _list_evidence(world: EvidenceWorld) -> Wish:
    refund_id = world.ask_refund()
    world.send_clean(refund_id)
    return Wish(refund_id)


def _send_evidence(world: EvidenceWorld) -> Wish:
    return Wish(world.ask_refund(), _FILE)


def _ask_refund(world: EvidenceWorld) -> Wish:
    world.client().prove("refund")
    return Wish(body={"payment_id": "mov-1", "reason": "defective"}, headers=_KEY)


def _read_security(world: EvidenceWorld) -> Wish:
    """The findings are told with a proof alone."""
    world.client().prove("read")
    return Wish()


def _answer_challenge(world: EvidenceWorld) -> Wish:
    client = world.client()
    asked = require(client.ask("POST", "/v1/challenges", body={"operation": "read", "method": "sms"})).json["id"]
    return Wish(asked, {"code": client.code(asked)})


def _ask_for_proof(world: EvidenceWorld) -> str:
    """An agent asks for proof in the case of a refund: the id of the request."""
    refund = world.refund(world.ask_refund())
    agent = AgentClient(world.ctx)
    require(agent.post(f"/cases/{refund.case_id}/claim"))
    require(agent.post(f"/cases/{refund.case_id}/proofs", {"goal": "unlock"}))
    (asked,) = require(world.client().ask("GET", "/v1/me/proof-requests")).json["items"]
    return str(asked["id"])


def _list_proof_requests(world: EvidenceWorld) -> Wish:
    _ask_for_proof(world)
    return Wish()


def _answer_proof_request(world: EvidenceWorld) -> Wish:
    request_id = _ask_for_proof(world)
    world.client().prove("unlock", "email")
    return Wish(request_id)


def _enter_recovery_code(world: EvidenceWorld) -> Wish:
    world.lock_out()
    body = {"contact": {"kind": PointKind.PHONE.value, "value": PHONE}, "goal": "reset"}
    recovery_id = require(world.client(None).ask("POST", "/v1/recoveries", body=body)).json["id"]
    world.messages()
    stored = world.ctx.store.get(session_key(recovery_id, SessionKind.RECOVERY))
    waiting = session_from(stored).challenge if stored is not None else None
    if waiting is None:
        raise RuntimeError("no recovery was begun")
    code = world.client().code(waiting.id)
    return Wish(recovery_id, {"code": code}, sign_in=None)


def _repudiate(world: EvidenceWorld) -> Wish:
    """The notice of a new PIN brings a token."""
    _set_pin(world)
    found = [match[0] for text in world.messages() if (match := _TOKEN.search(text))]
    return Wish(body={"token": found[0]}, sign_in=None)


def _lock_out(world: EvidenceWorld) -> None:
    world.lock_out()


_CONTACT: Final = {"kind": PointKind.PHONE.value, "value": PHONE}
DEEDS: Final[Mapping[str, Deed]] = {
    "GET /v1/hotline/numbers": _ask_unknown(),
    "GET /v1/hotline/numbers/verify": _ask_unknown(query={"number": OFFICIAL}),
    "GET /v1/hotline/hours": _ask_unknown(),
    "POST /v1/recoveries": _ask_unknown({"contact": _CONTACT, "goal": "reset"}),
    "POST /v1/recoveries/{id}/codes": _enter_recovery_code,
    "POST /v1/repudiations": _repudiate,
    "GET /e/{token}": _read_page,
    "POST /e/{token}": _use_link,
    "GET /v1/me/lock": _ask(),
    "POST /v1/me/unlock": _prove("unlock", "sms", first=_lock_out),
    "POST /v1/me/reset-grants": _prove("reset_grant", "sms", first=_lock_out),
    "POST /v1/me/freeze": _ask_first(),
    "POST /v1/me/repudiations": _ask_first({"about": "movement", "id": "mov-1"}),
    "POST /v1/me/unfreeze": _prove("unfreeze", "sms", "email", first=_freeze),
    "POST /v1/me/pause": _ask_first(),
    "DELETE /v1/me/pause": _prove("end_pause", "sms", first=_pause),
    "PUT /v1/me/pin": _prove("set_pin", "sms", body={"pin": _PIN}, first=_nothing),
    "DELETE /v1/me/pin": _prove("set_pin", first=_set_pin),
    "GET /v1/me/payments": _ask(),
    "GET /v1/me/payments/{id}": _read_payment,
    "GET /v1/me/funds": _ask(),
    "GET /v1/me/bills": _ask(),
    "GET /v1/me/reminders": _ask(),
    "PUT /v1/me/reminders": _ask_first({"on": False}),
    "GET /v1/me/refunds": _read_refunds,
    "POST /v1/me/refunds": _ask_refund,
    "GET /v1/me/refunds/{id}": _read_refund,
    "POST /v1/me/refunds/{id}/evidence": _send_evidence,
    "GET /v1/me/refunds/{id}/evidence": _list_evidence,
    "GET /v1/me/security": _read_security,
    "GET /v1/me/cases": _read_cases,
    "GET /v1/me/proof-requests": _list_proof_requests,
    "POST /v1/me/proof-requests/{id}/answers": _answer_proof_request,
    "POST /v1/challenges": _ask_first({"operation": "read", "method": "sms"}),
    "POST /v1/challenges/{id}/answers": _answer_challenge,
}
"""The request of each route, and the steps before it."""
