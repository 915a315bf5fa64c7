"""Takeover through the customers' API: every route, for every bearer, with a thing of their own, of another, and that
there is not.

The expected answer is stated for each; a route of docs/openapi.json without a statement fails."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from functions.customer_api.access import ANY_SCOPE, PUBLIC, ROUTES, SCOPES
from hotline.agents.model import Role
from hotline.cases import service as cases
from hotline.contracts.model import Fact, FundsTold, Merchant
from hotline.evidence.links import token_of
from hotline.evidence.model import LINK_LIFE
from hotline.evidence.service import AskForLink
from hotline.identity import service as identity
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.ids import RandomIds
from hotline.kit.money import Money
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline_local.openapi import AGENT_FILE, FILE
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_client import SCOPES as AGENT_SCOPES
from tests.support.agent_client import AgentClient
from tests.support.api_client import Answered, Client
from tests.support.api_world import ACCOUNT, OTHER, PHONE, ApiWorld
from tests.support.phone import give
from tests.support.stores import NOON
from tests.support.sweeps import sweep

THINGS: Final = ("own", "foreign", "missing")
GOOD: Final = "good"
"""The request is carried out, or refused for another reason than whose it is: proof, or the thing's state."""
ALIKE: Final = dict.fromkeys(THINGS, GOOD)
"""It names nothing: it is about the account of the token, or about nobody's."""
NAMED: Final = {"own": GOOD, "foreign": "not_found", "missing": "not_found"}
"""Another's thing is answered like one that there is not."""
EXPECTED: Final[Mapping[str, Mapping[str, str]]] = {
    "GET /v1/hotline/numbers": ALIKE,
    "GET /v1/hotline/numbers/verify": ALIKE,
    "GET /v1/hotline/hours": ALIKE,
    # The answer is the same for everybody's contact and for nobody's.
    "POST /v1/recoveries": ALIKE,
    # A recovery is opened by the code that went to its contact, and by no other.
    "POST /v1/recoveries/{id}/codes": {"own": GOOD, "foreign": "wrong_code", "missing": "wrong_code"},
    # The token in a notice is the right itself, whoever brings it.
    "POST /v1/repudiations": {"own": GOOD, "foreign": GOOD, "missing": "not_found"},
    # So is the token in a link to send a picture.
    "GET /e/{token}": {"own": GOOD, "foreign": GOOD, "missing": "link_over"},
    "POST /e/{token}": {"own": GOOD, "foreign": GOOD, "missing": "link_over"},
    "GET /v1/me/lock": ALIKE,
    "POST /v1/me/unlock": ALIKE,
    "POST /v1/me/reset-grants": ALIKE,
    "POST /v1/me/freeze": ALIKE,
    "POST /v1/me/repudiations": NAMED,
    "POST /v1/me/unfreeze": ALIKE,
    "POST /v1/me/pause": ALIKE,
    "DELETE /v1/me/pause": ALIKE,
    "PUT /v1/me/pin": ALIKE,
    "DELETE /v1/me/pin": ALIKE,
    "GET /v1/me/payments": ALIKE,
    "GET /v1/me/payments/{id}": NAMED,
    "GET /v1/me/funds": ALIKE,
    "GET /v1/me/bills": ALIKE,
    "GET /v1/me/cases": ALIKE,
    "GET /v1/me/reminders": ALIKE,
    "PUT /v1/me/reminders": ALIKE,
    "GET /v1/me/refunds": ALIKE,
    "POST /v1/me/refunds": NAMED,
    "GET /v1/me/refunds/{id}": NAMED,
    "GET /v1/me/refunds/{id}/evidence": NAMED,
    "POST /v1/me/refunds/{id}/evidence": NAMED,
    "GET /v1/me/security": ALIKE,
    "GET /v1/me/proof-requests": ALIKE,
    "POST /v1/me/proof-requests/{id}/answers": NAMED,
    "POST /v1/challenges": ALIKE,
    "POST /v1/challenges/{id}/answers": NAMED,
}
"""The answer to a customer whose token has the scope of the route."""
REFUSED_OTHERWISE: Final = {"insufficient_user_authentication", "refund_exists", "not_self_service", "not_possible"}
PAGE: Final = "GET /e/{token}"
BEARERS: Final = ("nobody", "customer", "without_scope", "token_over", "agent", "agent_with_customers_scopes")
TOKEN: Final = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")
STAFF: Final = {"iss": "https://staff.wallet.example", "aud": "desk", "sub": "agent-1", "sid": None, "jti": "token-1"}
"""The claims of a token of the staff's issuer. The gateway refuses it before, by its issuer and audience."""


def described(file: Path) -> set[str]:
    """Every operation of a description, in the gateway's form."""
    paths = json.loads(file.read_text(encoding="utf-8"))["paths"].items()
    return {f"{method.upper()} {path}" for path, methods in paths for method in methods}


def test_the_matrix_states_every_route_that_is_described() -> None:
    assert set(EXPECTED) == described(FILE) == set(ROUTES)


@dataclass
class Matrix:
    """Two customers, each with a payment, refund, challenge, request for proof, recovery, notice and link."""

    world: ApiWorld
    store: MemoryStore
    ids: dict[str, dict[str, str]]

    def ask(self, route: str, bearer: str, thing: str) -> Answered:
        """Ask as a bearer about one of the things of the first customer, of the other one, or of nobody."""
        method, _, path = route.partition(" ")
        ids = self.ids[thing]
        kind = path.split("/")[3 if path.startswith("/v1/me") else 2]
        path = path.replace("{id}", ids.get(kind, "some-id-1")).replace("{token}", ids["links"])
        query = {"number": PHONE} if path.endswith("/verify") else None
        headers = {"Idempotency-Key": "the-key-of-a-refund-in-the-matrix"} if route == "POST /v1/me/refunds" else None
        client = self._client(route, bearer)
        event = client.event(method, path, body=_body(route, ids), query=query, headers=headers)
        return _look(client.answer(event)) if route == PAGE else client.send(event)

    def _client(self, route: str, bearer: str) -> Client:
        match bearer:
            case "nobody":
                return self.world.client(None)
            case "without_scope":
                return self.world.client(scopes=tuple(scope for scope in SCOPES if scope != ROUTES[route]))
            case "token_over":
                return self.world.client(claims={"exp": str(int(NOON.timestamp()))})
            case "agent":
                return self.world.client(scopes=AGENT_SCOPES, claims=STAFF)
            case "agent_with_customers_scopes":
                return self.world.client(scopes=(*AGENT_SCOPES, *SCOPES), claims=STAFF)
            case _:
                return self.world.client()

    def of(self, account_id: str) -> list[Item]:
        """Everything that is stored with an account."""
        return [item for item in self.store.items(Table.HOTLINE) if item["PK"] == f"ACCOUNT#{account_id}"]


def _look(told: Mapping[str, Any]) -> Answered:
    """A page as it is seen. It has no code: that the link is over is said by its status and its title."""
    over = "<title>This link is over</title>" in told["body"]
    assert over == (told["statusCode"] == 410)
    said = {"page": told["body"], **({"code": "link_over"} if over else {})}
    return Answered(told["statusCode"], told["headers"], said)


def _body(route: str, ids: Mapping[str, str]) -> Any:
    match route:
        case "POST /v1/recoveries":
            return {"contact": {"kind": "phone", "value": ids["phones"]}, "goal": "unlock"}
        case "POST /v1/recoveries/{id}/codes":
            return {"code": ids["codes"]}
        case "POST /v1/me/repudiations":
            return {"about": "movement", "id": ids["payments"]}
        case "POST /v1/repudiations":
            return {"token": ids["tokens"]}
        case "POST /e/{token}" | "POST /v1/me/refunds/{id}/evidence":
            return {"content_type": "image/jpeg", "size": 12}
        case "PUT /v1/me/reminders":
            return {"on": False}
        case "PUT /v1/me/pin":
            return {"pin": "620935"}
        case "POST /v1/me/refunds":
            return {"payment_id": ids["unrefunded"], "reason": "defective"}
        case "POST /v1/challenges":
            return {"operation": "refund", "method": "email"}
        case "POST /v1/challenges/{id}/answers":
            return {"code": ids["answers"]}
        case _:
            return None


@cache
def _made() -> Matrix:
    clock = VirtualClock(NOON)
    store = MemoryStore(clock)
    world = ApiWorld(store, clock)
    world.ctx = replace(world.ctx, ids=RandomIds())
    world.publish_policy()
    ids = {
        "own": _give(world, ACCOUNT, PHONE),
        "foreign": _give(world, OTHER, "+8613800000002"),
        "missing": {
            **dict.fromkeys(("payments", "refunds", "unrefunded", "proof-requests"), "no-such-1"),
            "challenges": "challenge_no-such-1",
            "recoveries": "recovery_no-such-1",
            "phones": "+8613900000009",
            "codes": "000000",
            "answers": "000000",
            "tokens": "AAAA" + "-AAAA" * 5,
            "links": "A" * 24,
        },
    }
    # Nobody has the code that went to another's contact.
    ids["foreign"]["codes"] = ids["own"]["codes"]
    return Matrix(world, store, ids)


def _give(world: ApiWorld, account_id: str, phone: str) -> dict[str, str]:
    """A thing of each kind for a customer."""
    client = world.client(account_id)
    contact = {"kind": "phone", "value": phone}
    recovery = world.client(None).ask("POST", "/v1/recoveries", body={"contact": contact, "goal": "unlock"})
    assert recovery.status == 202, recovery
    client.prove("set_pin")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": "482137"}).status == 200
    post = world.postbox()
    post.work()
    tokens = [match.group(0) for sent in post.sent if (match := TOKEN.search(sent.body))]
    paid, unrefunded = f"mov-{account_id}-1", f"mov-{account_id}-2"
    # Nothing is known of the other shop, so that the refund is in review and a picture may be sent for it.
    world.pay(paid, account_id=account_id, merchant=Merchant("mer-2", "Lamp House", "home"))
    world.pay(unrefunded, account_id=account_id)
    money, now = Money(1_000, "CNY"), world.clock.now()
    funds = FundsTold(1, balance=money, accrued_interest=money, as_of=now)
    give(world.ctx, [Fact(f"funds-of-{account_id}", "funds.balance_changed", "wallet", now, account_id, funds)])
    client.prove("refund")
    body, key = {"payment_id": paid, "reason": "defective"}, {"Idempotency-Key": f"the-key-of-a-refund-of-{account_id}"}
    refund = client.ask("POST", "/v1/me/refunds", body=body, headers=key)
    assert (refund.status, refund.json["status"]) == (201, "in_review"), refund
    challenge = client.ask("POST", "/v1/challenges", body={"operation": "refund", "method": "sms"})
    assert challenge.status == 201, challenge
    return {
        "payments": paid,
        "unrefunded": unrefunded,
        "refunds": refund.json["id"],
        "challenges": challenge.json["id"],
        "answers": client.code(challenge.json["id"]),
        "proof-requests": _ask_proof(world, account_id),
        "recoveries": recovery.json["id"],
        "codes": client.code(_challenge_of(world, recovery.json["id"])),
        "phones": phone,
        "tokens": tokens[0],
        "links": _ask_link(world, account_id, refund.json["id"]),
    }


def _challenge_of(world: ApiWorld, recovery_id: str) -> str:
    assert isinstance(world.ctx.store, MemoryStore)
    (call,) = [item for item in world.ctx.store.items(Table.HOTLINE) if item["PK"] == f"RECOVERY#{recovery_id}"]
    return str(call["challenge"]["id"])


def _ask_link(world: ApiWorld, account_id: str, refund_id: str) -> str:
    """The token of a link by which to send a picture for a refund."""
    body = {"content_type": "image/jpeg", "size": 12}
    sent = world.client(account_id).ask("POST", f"/v1/me/refunds/{refund_id}/evidence", body=body)
    assert sent.status == 201, sent
    now = world.clock.now()
    sign_in = identity.SignIn(f"call-of-{account_id}", account_id, now, trusted=False, expires_at=now + LINK_LIFE)
    session = identity.open_app_session(world.ctx, sign_in)
    link = identity.perform(session, AskForLink(), identity.Turn("evidence_link")).result
    return token_of(link.evidence_id, world.ctx.code_ring)


def _ask_proof(world: ApiWorld, account_id: str) -> str:
    """An agent asks the customer to prove who they are, for the app."""
    change = Change(actor=System("test", "test"), cause="test", now=world.clock.now(), ids=world.ctx.ids)
    read = world.ctx.store.batch_get(list(cases.case_keys(account_id, "general")))
    ref = cases.contribute_case(change, read, account_id=account_id, topic="general", reason="test", facts={})
    change.commit(world.ctx.store)
    agent = AgentClient(world.ctx, f"agent-of-{account_id}")
    assert agent.post(f"/cases/{ref.case_id}/claim").status == 200
    assert agent.post(f"/cases/{ref.case_id}/proofs", {"goal": "unlock"}).status == 202
    (asked,) = world.client(account_id).ask("GET", "/v1/me/proof-requests").json["items"]
    return str(asked["id"])


def matrix() -> Matrix:
    """The matrix as it was made, for one request to change."""
    made = _made()
    store = made.store.fork()
    world = object.__new__(ApiWorld)
    world.clock, world.ctx = made.world.clock, replace(made.world.ctx, store=store)
    return Matrix(world, store, made.ids)


def expected(route: str, bearer: str, thing: str) -> str:
    """The code of the answer, or GOOD."""
    scope = ROUTES[route]
    if scope == PUBLIC or bearer == "customer":
        return EXPECTED[route][thing]
    if bearer in ("nobody", "token_over"):
        return "invalid_token"
    if scope == ANY_SCOPE or bearer == "agent_with_customers_scopes":
        # The token names no customer.
        return EXPECTED[route][thing] if bearer == "without_scope" else "unknown_account"
    return "insufficient_scope"


@sweep("bearer", BEARERS)
@sweep("route", sorted(EXPECTED))
def test_each_bearer_is_answered_as_stated(route: str, bearer: str) -> None:
    for thing in THINGS:
        answered, wanted = matrix().ask(route, bearer, thing), expected(route, bearer, thing)
        if wanted == GOOD:
            assert answered.status < 300 or answered.code in REFUSED_OTHERWISE, (thing, answered)
        else:
            assert answered.code == wanted, (thing, answered)


@sweep("route", sorted(EXPECTED))
def test_no_answer_tells_anothers_thing_from_one_that_there_is_not(route: str) -> None:
    if EXPECTED[route]["foreign"] != EXPECTED[route]["missing"] or route == "POST /v1/recoveries":
        # A notice's token is a right; the ids of recoveries are drawn, and their answers alike by another test.
        return
    foreign, missing = (matrix().ask(route, "customer", thing) for thing in ("foreign", "missing"))
    drawn = {"id", "expires_at"} if foreign.status < 300 else set[str]()
    told = [{name: value for name, value in one.json.items() if name not in drawn} for one in (foreign, missing)]
    assert (foreign.status, told[0]) == (missing.status, told[1])


UNTOUCHED: Final = sorted(EXPECTED.keys() - {"POST /v1/repudiations", "POST /v1/recoveries", "POST /e/{token}"})
"""The token of another's notice or link is good, and a recovery may be asked for anybody's contact."""


@pytest.mark.parametrize("route", UNTOUCHED)
def test_no_request_changes_anothers_account_or_tells_of_it(route: str) -> None:
    for bearer in BEARERS:
        made = matrix()
        before = made.of(OTHER)
        answered = made.ask(route, bearer, "foreign")
        assert made.of(OTHER) == before, bearer
        told = str(answered.json)
        assert [one for one in (made.ids["foreign"]["refunds"], f"mov-{OTHER}", OTHER) if one in told] == []


@sweep("route", sorted(described(AGENT_FILE)))
def test_a_customers_token_opens_no_route_of_agents(route: str) -> None:
    made = matrix()
    claims = made.world.client().event("GET", "/v1/me/lock")["requestContext"]["authorizer"]["jwt"]["claims"]
    method, _, path = route.partition(" ")
    path = re.sub(r"\{[a-z]+\}", "some-id-1", path)
    iat = str(int(NOON.timestamp()))
    young = {**claims, "iat": iat, "exp": str(int(NOON.timestamp()) + 600), "cognito:groups": None, "username": None}
    for scope, code in ((claims["scope"], "insufficient_scope"), (" ".join(AGENT_SCOPES), "role_missing")):
        asker = AgentClient(made.world.ctx, roles=tuple(Role), claims={**young, "scope": scope})
        answered = asker.ask(method, path, body={})
        assert answered.code == code, answered
    assert AgentClient(made.world.ctx, claims=claims).ask(method, path, body={}).code == "invalid_token"
