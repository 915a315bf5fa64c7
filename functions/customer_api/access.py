"""Rights to requests: the routes with the scope that each one needs, and the bearer that a token names.

The gateway has verified the token (signature, issuer, audience, times) and the scope before the function is called. The
function checks again, so that a route that lost its authorizer is shut, not open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from functions.customer_api.settings import TokenSettings
from functions.http.problems import Problem
from functions.http.routes import refuse_route
from functions.http.tokens import check_past, claim_words, claims_of, instant_claim, invalid_token, text_claim
from hotline.identity import service as identity

PUBLIC: Final = "public"
ANY_SCOPE: Final = "any"
"""The route needs a token, whatever its scopes."""

ROUTES: Final[Mapping[str, str]] = {
    "GET /v1/hotline/numbers": PUBLIC,
    "GET /v1/hotline/numbers/verify": PUBLIC,
    "GET /v1/hotline/hours": PUBLIC,
    "POST /v1/recoveries": PUBLIC,
    "POST /v1/recoveries/{id}/codes": PUBLIC,
    "POST /v1/repudiations": PUBLIC,
    "GET /e/{token}": PUBLIC,
    "POST /e/{token}": PUBLIC,
    "GET /v1/me/lock": "account.read",
    "POST /v1/me/unlock": "account.recover",
    "POST /v1/me/reset-grants": "account.recover",
    "POST /v1/me/freeze": "account.freeze",
    "POST /v1/me/repudiations": "account.freeze",
    "POST /v1/me/unfreeze": "account.recover",
    "POST /v1/me/pause": "account.freeze",
    "DELETE /v1/me/pause": "account.recover",
    "PUT /v1/me/pin": "account.recover",
    "DELETE /v1/me/pin": "account.recover",
    "GET /v1/me/payments": "payment.read",
    "GET /v1/me/payments/{id}": "payment.read",
    "GET /v1/me/funds": "payment.read",
    "GET /v1/me/bills": "payment.read",
    "GET /v1/me/reminders": "account.read",
    "PUT /v1/me/reminders": "account.settings",
    "GET /v1/me/refunds": "refund.read",
    "POST /v1/me/refunds": "refund.create",
    "GET /v1/me/refunds/{id}": "refund.read",
    "POST /v1/me/refunds/{id}/evidence": "refund.create",
    "GET /v1/me/refunds/{id}/evidence": "refund.read",
    "GET /v1/me/security": "security.read",
    "GET /v1/me/cases": "account.read",
    "GET /v1/me/proof-requests": "account.read",
    "POST /v1/me/proof-requests/{id}/answers": "account.recover",
    "POST /v1/challenges": ANY_SCOPE,
    "POST /v1/challenges/{id}/answers": ANY_SCOPE,
}
"""Every route, in the gateway's form, and its scope."""
PROTECTING: Final = frozenset({"POST /v1/me/freeze", "POST /v1/me/repudiations", "POST /v1/me/pause"})
"""Routes that only shut, for which there is always room."""
WAY_TO_A_FREEZE: Final = PROTECTING | {"POST /v1/challenges", "POST /v1/challenges/{id}/answers"}
"""Routes that an owner needs who signed in long ago and wants to freeze. Codes have limits of their own
(identity.policy)."""
CATCH_ALL: Final = "ANY /v1/{proxy+}"
"""The gateway's route for everything else below /v1, so that the function can say which methods a path has."""
SCOPES: Final = tuple(sorted({scope for scope in ROUTES.values() if scope not in (PUBLIC, ANY_SCOPE)}))

_ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/=~-]{0,63}")


@dataclass(frozen=True, slots=True)
class Token:
    """The bearer of a verified token. `client` and `subject` say whose idempotency keys are meant."""

    sign_in: identity.SignIn
    client: str
    subject: str
    scopes: frozenset[str]


def admit(event: Mapping[str, Any], settings: TokenSettings, now: datetime) -> Token | None:
    """The token of a request to one of the ROUTES; None on a public one.

    Raises Problem: `not_found` for a path that there is not, `method_not_allowed` for another method of one that there
    is, `invalid_token`, `insufficient_scope`.
    """
    scope = ROUTES.get(str(event.get("routeKey")))
    if scope is None:
        raise refuse_route(event.get("rawPath"), ROUTES)
    if scope == PUBLIC:
        return None
    token = _token(claims_of(event), settings, now)
    if scope != ANY_SCOPE and settings.scope_prefix + scope not in token.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{settings.scope_prefix}{scope}"'
        raise Problem("insufficient_scope", headers={"WWW-Authenticate": challenge})
    return token


def _token(claims: Mapping[str, Any], settings: TokenSettings, now: datetime) -> Token:
    account_id, expires_at = text_claim(claims, settings.account_claim), instant_claim(claims, "exp")
    issuer, subject = text_claim(claims, "iss"), text_claim(claims, "sub")
    sign_in = text_claim(claims, "sid") or text_claim(claims, "jti")
    client = text_claim(claims, "client_id") or text_claim(claims, "azp") or "-"
    if account_id is None or _ACCOUNT_ID.fullmatch(account_id) is None:
        raise invalid_token()
    if expires_at is None or expires_at <= now or issuer is None or subject is None or sign_in is None:
        raise invalid_token()
    return Token(
        sign_in=identity.SignIn(
            session_id=identity.session_id_of(issuer=issuer, client=client, subject=subject, sign_in=sign_in),
            account_id=account_id,
            authenticated_at=check_past(instant_claim(claims, "auth_time"), now),
            trusted=(text_claim(claims, "acr") or "") in settings.trusted_acr_values,
            expires_at=expires_at,
        ),
        client=client,
        subject=subject,
        scopes=frozenset(claim_words(claims.get("scope")) | claim_words(claims.get("scp"))),
    )
