"""The claims of a token, as the gateway hands them on once it has verified the token.

They are checked once more by each API, so that a route that lost its authorizer is shut, not open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from functions.http.problems import Problem
from hotline.kit.clock import ISSUER_AHEAD_MAX
from hotline.kit.text import is_unicode

_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]+)?")


def claims_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims of a request's token. Raises Problem `invalid_token` for a request without any."""
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


def text_claim(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim that is text; None for one that could not be written as UTF-8, since no id is made of it."""
    value = claims.get(name)
    return value if isinstance(value, str) and value and is_unicode(value) else None


def instant_claim(claims: Mapping[str, Any], name: str) -> datetime | None:
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


def check_past(instant: datetime | None, now: datetime) -> datetime | None:
    """The time at which somebody signed in. An issuer's clock may be a little ahead; a time that lies further off would
    make the sign-in count for longer. Raises Problem `invalid_token`."""
    if instant is None:
        return None
    if instant > now + ISSUER_AHEAD_MAX:
        raise invalid_token()
    return min(instant, now)


def claim_words(value: object) -> set[str]:
    """The words of a claim: `a b`, or a list as the gateway writes one, `[a b]`."""
    if isinstance(value, list):
        return {word for word in value if isinstance(word, str)}
    return set(value.strip("[]").replace(",", " ").split()) if isinstance(value, str) else set()
