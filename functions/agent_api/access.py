"""Rights to requests of the agents' API: its routes with the permission that each one needs, and the agent's token.

A permission needs a scope of the token and a role of its bearer (agents.model). The gateway has verified the token and
the scope before the function is called; both are checked once more here, and the roles only here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from functions.agent_api.settings import TokenSettings
from functions.http.problems import Problem
from functions.http.routes import refuse_route
from functions.http.tokens import claim_words, claims_of, instant_claim, invalid_token, text_claim
from hotline.agents.model import AgentToken, Permission, Role
from hotline.kit.text import plain_text

_CASE: Final = "/v1/agent/cases/{id}"
ROUTES: Final[Mapping[str, Permission]] = {
    "GET /v1/agent/me": Permission.READ,
    "GET /v1/agent/queue": Permission.READ,
    "GET /v1/agent/cases": Permission.READ,
    "GET /v1/agent/contacts/{id}": Permission.READ,
    "POST /v1/agent/contacts/{id}/claim": Permission.WORK,
    f"GET {_CASE}": Permission.READ,
    f"PATCH {_CASE}": Permission.WORK,
    f"GET {_CASE}/timeline": Permission.READ,
    f"POST {_CASE}/claim": Permission.WORK,
    f"POST {_CASE}/release": Permission.WORK,
    f"POST {_CASE}/notes": Permission.WORK,
    f"POST {_CASE}/snooze": Permission.WORK,
    f"POST {_CASE}/transfer": Permission.WORK,
    f"POST {_CASE}/close": Permission.WORK,
    f"POST {_CASE}/reopen": Permission.WORK,
    f"GET {_CASE}/account": Permission.READ,
    f"GET {_CASE}/payments": Permission.READ,
    f"GET {_CASE}/refunds": Permission.READ,
    f"GET {_CASE}/funds": Permission.READ,
    f"GET {_CASE}/bills": Permission.READ,
    f"GET {_CASE}/findings": Permission.READ,
    f"GET {_CASE}/evidence": Permission.READ,
    f"GET {_CASE}/evidence/{{evidence}}": Permission.READ,
    f"POST {_CASE}/unmaskings": Permission.READ,
    f"GET {_CASE}/proofs": Permission.READ,
    f"POST {_CASE}/proofs": Permission.WORK,
    f"POST {_CASE}/unlock": Permission.ACT,
    f"POST {_CASE}/reset-grants": Permission.ACT,
    f"POST {_CASE}/freeze": Permission.ACT,
    f"POST {_CASE}/unfreeze": Permission.ACT,
    f"POST {_CASE}/pause": Permission.ACT,
    f"POST {_CASE}/pause-ends": Permission.ACT,
    f"POST {_CASE}/new-rows": Permission.ACT,
    f"POST {_CASE}/hold-releases": Permission.ACT,
    f"POST {_CASE}/contact-changes": Permission.ACT,
    f"POST {_CASE}/refunds": Permission.REFUND,
    f"POST {_CASE}/refunds/{{refund}}/decision": Permission.REFUND,
    f"POST {_CASE}/refunds/{{refund}}/payout": Permission.REFUND,
    f"POST {_CASE}/findings/{{finding}}/feedback": Permission.WORK,
    f"POST {_CASE}/suppressions": Permission.ACT,
    f"POST {_CASE}/suppression-ends": Permission.ACT,
    "GET /v1/agent/approvals": Permission.READ,
    "POST /v1/agent/approvals": Permission.READ,
    "GET /v1/agent/approvals/{id}": Permission.READ,
    "POST /v1/agent/approvals/{id}/decision": Permission.APPROVE,
    "GET /v1/agent/hours": Permission.READ,
    "PUT /v1/agent/hours": Permission.MANAGE,
    "GET /v1/agent/banner": Permission.READ,
    "PUT /v1/agent/banner": Permission.MANAGE,
    "GET /v1/agent/numbers": Permission.READ,
    "PUT /v1/agent/numbers": Permission.MANAGE,
    "GET /v1/agent/merchants/{id}/policy": Permission.READ,
    "PUT /v1/agent/merchants/{id}/policy": Permission.MANAGE,
    "GET /v1/agent/callbacks": Permission.READ,
    "GET /v1/agent/findings": Permission.REPORT,
    "POST /v1/agent/findings/{finding}/feedback": Permission.MANAGE,
    "POST /v1/agent/findings/{finding}/suppressions": Permission.MANAGE,
    "POST /v1/agent/findings/{finding}/suppression-ends": Permission.MANAGE,
    "GET /v1/agent/suppressions": Permission.REPORT,
    "GET /v1/agent/reports": Permission.REPORT,
    "GET /v1/agent/activity": Permission.REPORT,
    "GET /v1/agent/trail": Permission.REPORT,
}
"""Every route, in the gateway's form, and its permission. A request to a second person needs the permission of the act
besides, which the room asks for."""
CATCH_ALL: Final = "ANY /v1/{proxy+}"
"""The gateway's route for everything else below /v1, so that the function can say which methods a path has."""

AGENT_ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:@/=~-]{0,63}$"
_AGENT_ID: Final = re.compile(AGENT_ID_PATTERN)
_NAME_CHARACTERS_MAX: Final = 64
_ROLES: Final = frozenset(role.value for role in Role)


def admit(event: Mapping[str, Any], settings: TokenSettings, now: datetime) -> AgentToken:
    """The token of a request to one of the ROUTES.

    Raises Problem: `not_found` for a path that there is not, `method_not_allowed` for another method of one that there
    is. Raises `invalid_token`, also for one that is too old, `insufficient_scope`, and `role_missing`.
    """
    permission = ROUTES.get(str(event.get("routeKey")))
    if permission is None:
        raise refuse_route(event.get("rawPath"), ROUTES)
    token = _token(claims_of(event), settings)
    if not token.is_good(now):
        raise invalid_token()
    if permission.value not in token.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{permission.value}"'
        raise Problem("insufficient_scope", headers={"WWW-Authenticate": challenge})
    if permission not in token.permissions():
        raise Problem("role_missing")
    return token


def _token(claims: Mapping[str, Any], settings: TokenSettings) -> AgentToken:
    subject, expires_at = text_claim(claims, "sub"), instant_claim(claims, "exp")
    issued_at = instant_claim(claims, "iat")
    if subject is None or _AGENT_ID.fullmatch(subject) is None or issued_at is None or expires_at is None:
        raise invalid_token()
    user_name = text_claim(claims, settings.name_claim)
    name = plain_text(user_name or "")[:_NAME_CHARACTERS_MAX].strip()
    return AgentToken(
        agent_id=subject,
        name=name or subject,
        roles=frozenset(Role(word) for word in claim_words(claims.get(settings.roles_claim)) if word in _ROLES),
        scopes=frozenset(claim_words(claims.get("scope")) | claim_words(claims.get("scp"))),
        issued_at=issued_at,
        expires_at=expires_at,
        account_id=text_claim(claims, settings.account_claim) if settings.account_claim else None,
        user_name=user_name,
    )
