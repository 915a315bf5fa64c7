"""Who may ask for what at the agents' API: its routes with the permission that each one needs, and the agent's token.

A permission needs a scope of the token and a role of its bearer (agents.model). The gateway has verified the token and
the scope before the function is called; both are checked once more here, and the roles only here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from functions.agent_api.settings import TokenSettings
from functions.http.problems import Problem
from functions.http.routes import refuse_route
from functions.http.tokens import claim_words, claims_of, instant_claim, invalid_token, text_claim
from hotline.agents.model import AgentToken, Permission, Role

ROUTES: Final[Mapping[str, Permission]] = {
    "GET /v1/agent/me": Permission.READ,
    "GET /v1/agent/queue": Permission.READ,
    "GET /v1/agent/cases/{id}": Permission.READ,
    "PATCH /v1/agent/cases/{id}": Permission.WORK,
    "GET /v1/agent/cases/{id}/timeline": Permission.READ,
    "POST /v1/agent/cases/{id}/claim": Permission.WORK,
    "POST /v1/agent/cases/{id}/release": Permission.WORK,
    "POST /v1/agent/cases/{id}/notes": Permission.WORK,
    "POST /v1/agent/cases/{id}/snooze": Permission.WORK,
    "POST /v1/agent/cases/{id}/transfer": Permission.WORK,
    "POST /v1/agent/cases/{id}/close": Permission.WORK,
    "POST /v1/agent/cases/{id}/reopen": Permission.WORK,
    "GET /v1/agent/contacts/{id}": Permission.READ,
    "GET /v1/agent/hours": Permission.READ,
    "PUT /v1/agent/hours": Permission.MANAGE,
    "GET /v1/agent/banner": Permission.READ,
    "PUT /v1/agent/banner": Permission.MANAGE,
    "GET /v1/agent/numbers": Permission.READ,
}
"""Every route, in the gateway's form, and its permission."""
CATCH_ALL: Final = "ANY /v1/{proxy+}"
"""The gateway's route for everything else below /v1, so that the function can say which methods a path has."""

_AGENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/=~-]{0,63}")
_NAME_CHARACTERS_MAX: Final = 64
_ROLES: Final = frozenset(role.value for role in Role)


def admit(event: Mapping[str, Any], settings: TokenSettings, now: Any) -> AgentToken:
    """The token of a request to one of the ROUTES.

    Raises Problem: `not_found` for a path that there is not, `method_not_allowed` for another method of one that there
    is, `invalid_token`, also for one that is too old, `insufficient_scope`, and `role_missing`.
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
    subject, issued_at, expires_at = text_claim(claims, "sub"), instant_claim(claims, "iat"), instant_claim(claims, "exp")
    if subject is None or _AGENT_ID.fullmatch(subject) is None or issued_at is None or expires_at is None:
        raise invalid_token()
    name = text_claim(claims, settings.name_claim) or subject
    return AgentToken(
        agent_id=subject,
        name=name[:_NAME_CHARACTERS_MAX],
        roles=frozenset(Role(word) for word in claim_words(claims.get(settings.roles_claim)) if word in _ROLES),
        scopes=frozenset(claim_words(claims.get("scope")) | claim_words(claims.get("scp"))),
        issued_at=issued_at,
        expires_at=expires_at,
        account_id=text_claim(claims, settings.account_claim) if settings.account_claim else None,
    )
