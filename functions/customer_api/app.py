"""The HTTPS API: Amazon API Gateway calls this function with one request and sends back its answer.

On the way of a request: its size, the token and its scope, the account's quota. Then comes the route, which reads, lets
one room change something, and answers. Every failure is a problem (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from functions.customer_api.access import ROUTES, WAY_TO_A_FREEZE, Token, admit
from functions.customer_api.routes import (
    account,
    bills,
    cases,
    challenges,
    evidence,
    funds,
    payments,
    pins,
    proof_requests,
    public,
    recoveries,
    refunds,
    repudiations,
)
from functions.customer_api.settings import TokenSettings, settings_from_environment
from functions.customer_api.visits import DESK, Desk, desk, router
from functions.http import quota, requests
from functions.http.languages import find_wished_language
from functions.http.problems import Problem, Rendering
from functions.http.requests import header_of, with_text
from functions.http.resolver import make_resolver
from functions.http.sources import source_of
from hotline.kit import deadline
from hotline.kit.aws.buckets import S3Bucket
from hotline.kit.aws.macs import KmsMacs
from hotline.kit.doors import Context, make_store, secret_loader
from hotline.kit.keyring import CachedKeyring
from hotline.kit.origin import has_passed_the_front
from hotline.kit.start import make_at_start

ROUTE_MODULES: Final = (
    account,
    bills,
    cases,
    challenges,
    evidence,
    funds,
    payments,
    pins,
    proof_requests,
    public,
    recoveries,
    refunds,
    repudiations,
)
"""Imported for the routes that they add."""

api: Final = make_resolver(router, lambda: desk().how)


def handler(event: object, context: Any) -> dict[str, Any]:
    """One request (HTTP API, payload format 2.0). An unexpected failure is answered with a constant body, and its text
    is not logged: it may repeat the request."""
    with deadline.invocation(context):
        return answer_request(event, context, _context_of_start, settings_from_environment().tokens, _front_keys())


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(
        make_store(settings.tables),
        lookup_keys=secret_loader(settings.lookup_key_secret),
        code_keys=secret_loader(settings.code_key_secret),
        pin_macs=KmsMacs(settings.pin_key_id),
        evidence_bucket=S3Bucket(settings.evidence_bucket),
        wallet=settings.wallet,
        home_region=settings.home_region,
        time_zone=settings.time_zone,
        voice_codes=settings.voice_codes,
        official_numbers=settings.official_numbers,
        limits=settings.limits,
    )


@cache
def _front_keys() -> CachedKeyring | None:
    """The keys of the front of the API (kit.origin); None where there is none, and nothing has to be shown."""
    secret = settings_from_environment().origin_key_secret
    return None if secret is None else secret_loader(secret)


def answer_request(
    event: object,
    context: Any,
    context_of: Callable[[], Context],
    tokens: TokenSettings,
    front: CachedKeyring | None = None,
) -> dict[str, Any]:
    """The answer to one request, whatever comes as one. `context_of` gives what the rooms work with; `front` the keys
    that a request must show, where something stands before the API."""

    def resolve(request: dict[str, Any], how: Rendering, headers: dict[str, str]) -> dict[str, Any]:
        ctx = context_of()
        _refuse_around_the_front(request, front)
        source = source_of(request, behind_front=front is not None)
        return _resolve(request, context, ctx, tokens, how, headers, source)

    return requests.answer_request(event, ROUTES, resolve)


def _resolve(
    event: dict[str, Any],
    context: Any,
    ctx: Context,
    tokens: TokenSettings,
    how: Rendering,
    headers: dict[str, str],
    source: str | None,
) -> dict[str, Any]:
    event = with_text(event)
    token = admit(event, tokens, ctx.clock.now())
    if token is not None:
        headers |= _within_quota(ctx, token, event["routeKey"])
    desk = Desk(ctx, how, token, find_wished_language(header_of(event, "accept-language")), headers, source)
    api.append_context(**{DESK: desk})  # type: ignore[no-untyped-call]
    told: dict[str, Any] = api.resolve(event, context)
    return told


def _within_quota(ctx: Context, token: Token, route: str) -> dict[str, str]:
    """The headers that tell of the account's quota. A request on the way to a freeze is never refused for it: somebody
    else with a token of the account could use it up. Raises Problem."""
    try:
        return quota.count_request(ctx, token.sign_in.account_id).headers
    except Problem as refusal:
        if route in WAY_TO_A_FREEZE:
            return {name: value for name, value in refusal.headers.items() if name != "Retry-After"}
        raise


def _refuse_around_the_front(event: Mapping[str, Any], front: CachedKeyring | None) -> None:
    """Raises Problem for a request that has gone past the web ACL, where there is one."""
    if front is not None and not has_passed_the_front(event["headers"], front.get()):
        raise Problem("not_by_the_front")


make_at_start(_context_of_start)
