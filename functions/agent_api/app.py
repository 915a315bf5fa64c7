"""The agents' HTTPS API: the desk of the people behind the line asks it, through Amazon API Gateway.

On the way of a request: the token with its age, scope and role, and the agent's quota. Then comes the route, which
lets one room read or change something. Every failure is a problem (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from functions.agent_api.access import ROUTES, admit
from functions.agent_api.desk import DESK, Desk, desk, router
from functions.agent_api.refusals import problem_of
from functions.agent_api.routes import (
    accounts,
    acts,
    approvals,
    callbacks,
    cases,
    contacts,
    directory,
    findings,
    funds,
    policies,
    proofs,
    queue,
    reports,
)
from functions.agent_api.settings import TokenSettings, settings_from_environment
from functions.http import quota, requests
from functions.http.problems import Problem, Rendering
from functions.http.requests import with_text
from functions.http.resolver import make_resolver
from hotline.agents import service as agents
from hotline.kit import deadline
from hotline.kit.aws.buckets import S3Bucket
from hotline.kit.doors import Context, make_store, secret_loader
from hotline.kit.errors import HotlineError
from hotline.kit.logging import Event, log
from hotline.kit.start import make_at_start

ROUTE_MODULES: Final = (
    *(
        accounts,
        acts,
        approvals,
        callbacks,
        cases,
        contacts,
        directory,
        findings,
        funds,
        policies,
        proofs,
        queue,
        reports,
    ),
)
"""Imported for the routes that they add."""


def _refuse(error: HotlineError) -> Problem:
    """The problem that an error is told as, once what supervisors should know of it is counted."""
    try:
        agents.note_refusal(desk().ctx, desk().agent, error)
    except HotlineError as trouble:
        error = trouble
    return problem_of(error, _list_sent())


def _list_sent() -> frozenset[str]:
    """The fields of the body of this request."""
    event = api.current_event
    try:
        body = event.json_body if event.body else None
    except ValueError:
        body = None
    return frozenset(body) if isinstance(body, dict) else frozenset()


api: Final = make_resolver(router, lambda: desk().how, _refuse)


def handler(event: object, context: Any) -> dict[str, Any]:
    """One request (HTTP API, payload format 2.0)."""
    with deadline.invocation(context):
        return answer_request(event, context, _context_of_start, settings_from_environment().tokens)


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(
        make_store(settings.tables),
        lookup_keys=secret_loader(settings.lookup_key_secret),
        evidence_bucket=S3Bucket(settings.evidence_bucket),
        official_numbers=settings.official_numbers,
        activity_shards=settings.activity_shards,
        time_zone=settings.time_zone,
    )


def answer_request(
    event: object, context: Any, context_of: Callable[[], Context], tokens: TokenSettings
) -> dict[str, Any]:
    """The answer to one request, whatever comes as one. `context_of` gives what the rooms work with."""

    def resolve(request: dict[str, Any], how: Rendering, headers: dict[str, str]) -> dict[str, Any]:
        ctx = context_of()
        request = with_text(request)
        agent = admit(request, tokens, ctx.clock.now())
        route = request["routeKey"]
        log(Event.AGENT_ADMITTED, actor=f"agent:{agent.agent_id}", step=route, correlation_id=how.request_id)
        headers |= quota.count_request(ctx, f"agent:{agent.agent_id}").headers
        api.append_context(**{DESK: Desk(ctx, how, agent, route, headers)})  # type: ignore[no-untyped-call]
        told: dict[str, Any] = api.resolve(request, context)
        return told

    return requests.answer_request(event, ROUTES, resolve, problem_of)


make_at_start(_context_of_start)
