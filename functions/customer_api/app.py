"""The HTTPS API: Amazon API Gateway calls this function with one request and sends back its answer.

On the way of a request: its size, the token and its scope, the account's quota. Then comes the route, which reads, lets
one room change something, and answers. Every failure is a problem (RFC 9457).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from functions.customer_api import problems, quota, refusals
from functions.customer_api.access import WAY_TO_A_FREEZE, Token, admit
from functions.customer_api.envelope import request_from, request_id_of
from functions.customer_api.problems import Problem, Rendering
from functions.customer_api.routes import account, challenges, payments, pins, public, recoveries, refunds, repudiations
from functions.customer_api.settings import TokenSettings, settings_from_environment
from functions.customer_api.visits import DESK, Desk, find_wished_language, router
from hotline.kit.aws.macs import KmsMacs
from hotline.kit.doors import Context, make_store, secret_loader
from hotline.kit.errors import HotlineError
from hotline.kit.keyring import CachedKeyring
from hotline.kit.languages import ENGLISH
from hotline.kit.logging import Event, log
from hotline.kit.origin import has_passed_the_front

BODY_BYTES_MAX: Final = 300 * 1024
JSON: Final = "application/json"
ROUTE_MODULES: Final = (account, challenges, payments, pins, public, recoveries, refunds, repudiations)
"""Imported for the routes that they add."""
_ALWAYS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Answers are about one person, at one moment, and are what they say they are."""


def body_from(text: str) -> Any:
    """The JSON of a body. Raises json.JSONDecodeError for whatever is none: NaN, or nested too deep, too."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError, TypeError):
        raise json.JSONDecodeError("not JSON", "", 0) from None


def _no_number(_: str) -> Any:
    raise ValueError("JSON has no such number")


api: Final = APIGatewayHttpResolver(
    enable_validation=True,
    response_validation_error_http_code=500,
    json_body_deserializer=body_from,
    serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
)
api.include_router(router)
refusals.install(api)


def handler(event: object, context: Any) -> dict[str, Any]:
    """One request (HTTP API, payload format 2.0). An unexpected failure is answered with a constant body, and its text
    is not logged: it may repeat the request."""
    return answer_request(event, context, _context_of_start, settings_from_environment().tokens, _front_keys())


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(
        make_store(settings.tables),
        lookup_keys=secret_loader(settings.lookup_key_secret),
        code_keys=secret_loader(settings.code_key_secret),
        pin_macs=KmsMacs(settings.pin_key_id),
        home_region=settings.home_region,
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
    how = Rendering(request_id=request_id_of(event))
    route = "-"
    headers: dict[str, str] = {}
    try:
        request = request_from(event)
        how, route = _rendering(request), request["routeKey"] or "-"
        ctx = context_of()
        _refuse_around_the_front(request, front)
        told = _resolve(request, context, ctx, tokens, how, headers)
    except Problem as problem:
        told = problems.answer(problem, how)
    except HotlineError as error:
        told = problems.answer(problems.problem_of(error), how)
    except Exception as error:  # noqa: BLE001 - whatever it is, its text must reach neither the log nor the caller
        log(Event.API_FAILED, error=type(error).__name__, correlation_id=how.request_id)
        told = problems.answer(Problem("unexpected"), how)
    told["headers"] = {**headers, **told.get("headers", {}), **_ALWAYS}
    log(Event.API_ANSWERED, step=route, outcome=str(told["statusCode"]), correlation_id=how.request_id)
    return told


def _resolve(
    event: dict[str, Any], context: Any, ctx: Context, tokens: TokenSettings, how: Rendering, headers: dict[str, str]
) -> dict[str, Any]:
    event = _with_text(event)
    token = admit(event, tokens, ctx.clock.now())
    if token is not None:
        headers |= _within_quota(ctx, token, event["routeKey"])
    desk = Desk(ctx, how, token, find_wished_language(_header(event, "accept-language")), headers)
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


def _rendering(request: Mapping[str, Any]) -> Rendering:
    """How this caller is told of problems."""
    language = find_wished_language(_header(request, "accept-language")) or ENGLISH
    return Rendering(language, request["requestContext"]["requestId"])


def _header(request: Mapping[str, Any], name: str) -> str | None:
    """A header's value; the gateway gives their names in lower case."""
    headers: Mapping[str, str] = request["headers"]
    return headers.get(name)


def _with_text(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its body as text. Raises Problem for a body that is larger than anything the API takes, that says
    it is no JSON, or that is no text."""
    body = event.get("body")
    if not isinstance(body, str):
        return event
    kind = (_header(event, "content-type") or JSON).partition(";")[0].strip().lower()
    if kind != JSON:
        raise Problem("unsupported_media_type")
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > BODY_BYTES_MAX:
            raise Problem("body_too_large")
        headers = {**event["headers"], "content-type": JSON}
        return {**event, "body": raw.decode(), "isBase64Encoded": False, "headers": headers}
    except ValueError:
        raise problems.problem_in("#", "no_text") from None
