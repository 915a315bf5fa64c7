"""Rights to requests: the routes with the scope that each one needs, and the bearer that a token names.

The gateway has verified the token (signature, issuer, audience, times) and the scope before the function is called. The
function checks again, so that a route that lost its authorizer is shut, not open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from functions.customer_api.problems import Problem
from functions.customer_api.settings import TokenSettings
from hotline.identity import service as identity
from hotline.kit.text import is_unicode

PUBLIC: Final = "public"
ANY_SCOPE: Final = "any"
"""The route needs a token, whatever its scopes."""

ROUTES: Final[Mapping[str, str]] = {
    "GET /v1/hotline/numbers": PUBLIC,
    "GET /v1/hotline/numbers/verify": PUBLIC,
    "POST /v1/recoveries": PUBLIC,
    "POST /v1/recoveries/{id}/codes": PUBLIC,
    "POST /v1/repudiations": PUBLIC,
    "GET /v1/me/lock": "account.read",
    "POST /v1/me/unlock": "account.recover",
    "POST /v1/me/reset-grants": "account.recover",
    "POST /v1/me/freeze": "account.freeze",
    "POST /v1/me/unfreeze": "account.recover",
    "POST /v1/me/pause": "account.freeze",
    "DELETE /v1/me/pause": "account.recover",
    "PUT /v1/me/pin": "account.recover",
    "DELETE /v1/me/pin": "account.recover",
    "GET /v1/me/payments": "payment.read",
    "GET /v1/me/payments/{id}": "payment.read",
    "GET /v1/me/refunds": "refund.read",
    "POST /v1/me/refunds": "refund.create",
    "GET /v1/me/refunds/{id}": "refund.read",
    "GET /v1/me/security": "security.read",
    "POST /v1/challenges": ANY_SCOPE,
    "POST /v1/challenges/{id}/answers": ANY_SCOPE,
}
"""Every route, in the gateway's form, and its scope."""
PROTECTING: Final = frozenset({"POST /v1/me/freeze", "POST /v1/me/pause"})
"""Routes that only shut, for which there is always room."""
WAY_TO_A_FREEZE: Final = PROTECTING | {"POST /v1/challenges", "POST /v1/challenges/{id}/answers"}
"""Routes that an owner needs who signed in long ago and wants to freeze. Codes have limits of their own
(identity.policy)."""
CATCH_ALL: Final = "ANY /v1/{proxy+}"
"""The gateway's route for everything else below /v1, so that the function can say which methods a path has."""
SCOPES: Final = tuple(sorted({scope for scope in ROUTES.values() if scope not in (PUBLIC, ANY_SCOPE)}))

_ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/=~-]{0,63}")
CLOCK_SKEW: Final = timedelta(seconds=60)
_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]+)?")


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
        raise _no_route(event.get("rawPath"))
    if scope == PUBLIC:
        return None
    token = _token(_claims(event), settings, now)
    if scope != ANY_SCOPE and settings.scope_prefix + scope not in token.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{settings.scope_prefix}{scope}"'
        raise Problem("insufficient_scope", headers={"WWW-Authenticate": challenge})
    return token


def _no_route(path: object) -> Problem:
    """The refusal of a request to none of the ROUTES. 405 names the methods that the path has (RFC 9110, 15.5.6)."""
    methods = methods_of(path) if isinstance(path, str) else ()
    return Problem("method_not_allowed", headers={"Allow": ", ".join(methods)}) if methods else Problem("not_found")


def methods_of(path: str) -> tuple[str, ...]:
    """The methods that a path has, in alphabetical order; none when there is no such path."""
    return tuple(sorted(method for method, _, route in map(_split_route, ROUTES) if is_path_of(path, route)))


def _split_route(route: str) -> tuple[str, str, str]:
    return route.partition(" ")


def is_path_of(path: str, route: str) -> bool:
    """Whether a path is one of a route's, both without method."""
    parts, wanted = path.split("/"), route.split("/")
    if len(parts) != len(wanted):
        return False
    return all(part == want or (want.startswith("{") and part) for part, want in zip(parts, wanted, strict=True))


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    except (KeyError, TypeError):
        raise invalid_token() from None
    if not isinstance(claims, dict):
        raise invalid_token()
    return claims


def invalid_token() -> Problem:
    """The token is not one to be believed; RFC 6750, 3.1."""
    return Problem("invalid_token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _token(claims: Mapping[str, Any], settings: TokenSettings, now: datetime) -> Token:
    account_id, expires_at = _text(claims, settings.account_claim), _instant(claims, "exp")
    issuer, subject = _text(claims, "iss"), _text(claims, "sub")
    sign_in = _text(claims, "sid") or _text(claims, "jti")
    client = _text(claims, "client_id") or _text(claims, "azp") or "-"
    if account_id is None or _ACCOUNT_ID.fullmatch(account_id) is None:
        raise invalid_token()
    if expires_at is None or expires_at <= now or issuer is None or subject is None or sign_in is None:
        raise invalid_token()
    return Token(
        sign_in=identity.SignIn(
            session_id=identity.session_id_of(issuer=issuer, client=client, subject=subject, sign_in=sign_in),
            account_id=account_id,
            authenticated_at=_check_past(_instant(claims, "auth_time"), now),
            trusted=(_text(claims, "acr") or "") in settings.trusted_acr_values,
            expires_at=expires_at,
        ),
        client=client,
        subject=subject,
        scopes=frozenset(_words(claims.get("scope")) | _words(claims.get("scp"))),
    )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim that is text; None for one that could not be written as UTF-8, since no id is made of it."""
    value = claims.get(name)
    return value if isinstance(value, str) and value and is_unicode(value) else None


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A NumericDate (RFC 7519, 2), which the gateway hands on as text."""
    value = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
        return None
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _check_past(instant: datetime | None, now: datetime) -> datetime | None:
    """When somebody signed in. An issuer's clock may be a little ahead; a time that lies further off would make the
    sign-in count for longer. Raises Problem `invalid_token`."""
    if instant is None:
        return None
    if instant > now + CLOCK_SKEW:
        raise invalid_token()
    return min(instant, now)


def _words(value: object) -> set[str]:
    """The words of a claim: `a b`, or a list as the gateway writes one, `[a b]`."""
    if isinstance(value, list):
        return {word for word in value if isinstance(word, str)}
    return set(value.strip("[]").replace(",", " ").split()) if isinstance(value, str) else set()
