"""A client of the API in a test's hand: requests as the gateway hands them on, with the claims of a verified token."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from functions.customer_api.access import CATCH_ALL, ROUTES, SCOPES
from functions.customer_api.app import answer_request
from functions.customer_api.settings import TokenSettings
from functions.messenger.delivery import deliver
from functions.messenger.settings import Sender
from hotline.identity.items import challenge_from, challenge_key
from hotline.identity.service import derive, session_id_of
from hotline.kit.aws.carriers import Outgoing
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline.kit.store.dynamodb import DynamoStore
from hotline.sessions.items import session_from, session_key
from hotline.sessions.model import SessionKind, SessionState
from hotline_local.testing.memory_store import MemoryStore
from tests.support.outbox_entries import redrive_event
from tests.support.stores import all_items

CLIENT = "app-1"
ISSUER = "https://login.wallet.example"
SENDER = Sender("Demo Wallet", ("+864008001234",), "https://pages.wallet.example")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: status, headers by their usual names, and JSON."""

    status: int
    headers: Mapping[str, str]
    json: Any

    @property
    def code(self) -> str:
        return str(self.json.get("code"))


def require(answered: Answered) -> Answered:
    """The answer to a step that has to succeed, so that something else can be tried. Raises RuntimeError otherwise."""
    if not 200 <= answered.status < 300:
        raise RuntimeError(f"a step was answered {answered.status}: {answered.json}")
    return answered


@dataclass(slots=True)
class Client:
    """Somebody with a token; `account_id` None: without one."""

    ctx: Context
    account_id: str | None = "acct-1"
    sign_in: str = "sid-1"
    scopes: tuple[str, ...] = SCOPES
    signed_in_at: datetime | None = None
    settings: TokenSettings = field(default_factory=TokenSettings)
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims to add or, with None, to leave out."""

    def event(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The request as the gateway hands it on (payload format 2.0). A body that is no text is sent as JSON."""
        claims = self._claims() if self.account_id is not None else None
        return gateway_event(ROUTES, method, path, claims, body=body, query=query, headers=headers)

    def _claims(self) -> dict[str, Any]:
        now = self.ctx.clock.now()
        claims = {
            "iss": ISSUER,
            "sub": self.account_id,
            "aud": "hotline",
            "sid": self.sign_in,
            "client_id": CLIENT,
            "exp": str(int((now + timedelta(minutes=30)).timestamp())),
            "auth_time": str(int((self.signed_in_at or now).timestamp())),
            "scope": " ".join(self.scopes),
            **self.claims,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """The answer of the function to an event, in the gateway's form."""
        return answer_request(event, None, lambda: self.ctx, self.settings)

    def send(self, event: dict[str, Any]) -> Answered:
        """The answer of the function to an event."""
        told = self.answer(event)
        return Answered(told["statusCode"], told["headers"], json.loads(told["body"]))

    def ask(self, method: str, path: str, **own: Any) -> Answered:
        """Send a request."""
        return self.send(self.event(method, path, **own))

    def prove(self, operation: str, method: str = "sms") -> Answered:
        """Ask for a code and hold it against the challenge."""
        asked = self.ask("POST", "/v1/challenges", body={"operation": operation, "method": method})
        assert asked.status == 201, asked
        return self.enter(asked.json["id"], self.code(asked.json["id"]))

    def enter(self, challenge_id: str, code: str) -> Answered:
        """Hold a code against a challenge."""
        return self.ask("POST", f"/v1/challenges/{challenge_id}/answers", body={"code": code})

    def code(self, challenge_id: str) -> str:
        """The code that was sent for a challenge; for a decoy, the one that would have been."""
        stored = self.ctx.store.get(challenge_key(challenge_id))
        assert stored is not None
        assert self.ctx.code_keys is not None
        return derive(self.ctx.code_keys.get(), challenge_from(stored))

    @property
    def state(self) -> SessionState | None:
        """The session as it is stored."""
        session_id = session_id_of(issuer=ISSUER, client=CLIENT, subject=self.account_id or "", sign_in=self.sign_in)
        stored = self.ctx.store.get(session_key(session_id, SessionKind.APP))
        return session_from(stored) if stored is not None else None


def gateway_event(
    routes: Iterable[str],
    method: str,
    path: str,
    claims: Mapping[str, Any] | None,
    *,
    body: Any = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A request to one of the routes as the gateway hands it on (payload format 2.0). `claims` None: without a token. A
    body that is no text is sent as JSON."""
    parts = path.strip("/").split("/")
    other = CATCH_ALL if path.startswith("/v1/") else f"{method} {path}"
    key = next((key for key in routes if _matches(key, method, parts)), other)
    context: dict[str, Any] = {
        "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
        "requestId": "request-1",
        "routeKey": key,
        "stage": "$default",
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": {name.lower(): value for name, value in (headers or {}).items()},
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
        event["headers"].setdefault("content-type", "application/json")
    return event


def _matches(route: str, method: str, parts: list[str]) -> bool:
    own_method, _, own_path = route.partition(" ")
    own = own_path.strip("/").split("/")
    alike = len(own) == len(parts) and all(a == b or a.startswith("{") for a, b in zip(own, parts, strict=True))
    return own_method == method and alike


@dataclass(slots=True)
class Postbox:
    """The messenger at work: what is in the outbox is begun and sent."""

    ctx: Context
    sent: list[Outgoing] = field(default_factory=list)

    def send(self, message: Outgoing) -> None:
        self.sent.append(message)

    def work(self) -> None:
        """Deliver what is pending, and what that brings about."""
        assert isinstance(self.ctx.store, MemoryStore | DynamoStore)
        while pending := [
            entry
            for entry in all_items(self.ctx.store, Table.OUTBOX)
            if entry["to"] == "message" and "pending_pk" in entry
        ]:
            ids = [json.dumps({"entry_id": entry["entry_id"]}) for entry in pending]
            deliver(redrive_event(*ids), self.ctx, SENDER, {"sms": self, "email": self})
