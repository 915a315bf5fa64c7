"""A client of the agents' API in a test's hand: requests as the gateway hands them on, with an agent's claims."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, Final

from functions.agent_api.access import ROUTES
from functions.agent_api.app import answer_request
from functions.agent_api.settings import TokenSettings
from hotline.agents.model import Permission, Role
from hotline.kit.doors import Context
from tests.support.api_client import Answered, gateway_event

SETTINGS: Final = TokenSettings(account_claim="account_id")
SCOPES: Final = tuple(permission.value for permission in Permission)
_KEYS: Final = count()


@dataclass(slots=True)
class AgentClient:
    """Somebody of the wallet's staff with a token; `agent_id` None: without one."""

    ctx: Context
    agent_id: str | None = "agent-1"
    roles: Sequence[Role] = (Role.AGENT,)
    scopes: Sequence[str] = SCOPES
    account_id: str | None = None
    contact_id: str | None = None
    """The call that the agent is in."""
    settings: TokenSettings = SETTINGS
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims to add or, with None, to leave out."""

    def event(self, method: str, path: str, **own: Any) -> dict[str, Any]:
        """The request as the gateway hands it on. A POST has a new key, unless it is given one."""
        headers: dict[str, str | None] = {}
        if method == "POST":
            headers["Idempotency-Key"] = f"key-of-a-request-{next(_KEYS)}"
        if self.contact_id is not None:
            headers["Desk-Contact"] = self.contact_id
        headers |= own.pop("headers", {})
        given = {name: value for name, value in headers.items() if value is not None}
        claims = self._claims() if self.agent_id is not None else None
        full = path if path.startswith("/v1") else f"/v1/agent{path}"
        return gateway_event(ROUTES, method, full, claims, headers=given, **own)

    def _claims(self) -> dict[str, Any]:
        now = self.ctx.clock.now()
        claims = {
            "iss": "https://staff.wallet.example",
            "sub": self.agent_id,
            "aud": "desk",
            "username": str(self.agent_id).title(),
            "iat": str(int(now.timestamp())),
            "exp": str(int((now + timedelta(minutes=15)).timestamp())),
            "scope": " ".join(self.scopes),
            "cognito:groups": f"[{' '.join(self.roles)}]",
            "account_id": self.account_id,
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
        """Send a request; a path without /v1 is one below /v1/agent."""
        return self.send(self.event(method, path, **own))

    def get(self, path: str, **own: Any) -> Answered:
        return self.ask("GET", path, **own)

    def post(self, path: str, body: Any = None, **own: Any) -> Answered:
        return self.ask("POST", path, body={} if body is None and own.pop("empty", False) else body, **own)

    def look(self, case_id: str, part: str, reason: str = "case") -> Answered:
        """Look at a part of the account of a case."""
        return self.get(f"/cases/{case_id}/{part}", headers={"Desk-Reason": reason})


def supervisor(ctx: Context, agent_id: str = "supervisor-1", **own: Any) -> AgentClient:
    """A supervisor with every scope."""
    return AgentClient(ctx, agent_id, roles=(Role.AGENT, Role.SUPERVISOR), **own)
