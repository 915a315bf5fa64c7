"""docs/openapi.json and docs/openapi-agent.json, written from the APIs' own routes and forms: `make schemas`.

The resolver gives paths, parameters and forms. Added here are the parts that hold for every route and stand in no
signature. They are the token with its scopes, the problem that may answer any request, and the headers of answers.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from functions.agent_api.access import ROUTES as AGENT_ROUTES
from functions.agent_api.app import api as agent_api
from functions.customer_api.access import ANY_SCOPE, PUBLIC, ROUTES, SCOPES
from functions.customer_api.app import api
from functions.http.problems import CONTENT_TYPE, OF_AGENTS, STATUSES
from hotline.agents.model import Permission
from hotline.kit.languages import ENGLISH, LANGUAGES
from hotline.wording.catalogue import find
from hotline_local.launcher.paths import ROOT

FILE: Final = ROOT / "docs/openapi.json"
AGENT_FILE: Final = ROOT / "docs/openapi-agent.json"
VERSION: Final = "3.1.0"
_DESCRIPTION: Final = """\
The requests of a wallet's customers to its hotline: why the account is locked, what became of a payment, a refund.

The account is the token's. A request that needs more proof than the token gives is refused with 401 and
`insufficient_user_authentication` (RFC 9470). Ask for a code at `/v1/challenges`, enter it, repeat the request. Every
refusal is a problem (RFC 9457) whose `code` is stable. Another method of a path is refused with 405, and `Allow` names
those that it has. Times are RFC 3339 in UTC, amounts whole minor units. Lists are newest first; `next` is the cursor of
the following page.
"""
_AGENT_DESCRIPTION: Final = """\
The requests of the wallet's people: the queue, cases, the account of a case, and what is done upon it.

Tokens are those of the staff's issuer, at most 15 minutes old. A permission needs the scope of a token and a role of
its bearer. The account of a case opens to the agent who has claimed the case, or who is in its call (`Desk-Contact`);
what is another agent's is not found, like what there is not. Each look names a reason (`Desk-Reason`). Values are
masked. An act that an agent may not do alone is refused with `proof_missing` or `second_missing`.

A POST takes an `Idempotency-Key`; an edit takes the ETag that its editor saw (`If-Match`), and is refused with 412 when
somebody else was quicker. Every refusal is a problem (RFC 9457) whose `code` is stable. Times are RFC 3339 in UTC,
amounts whole minor units. `next` is the cursor of the following page. Texts are data, never markup.
"""
_LANGUAGE: Final = {
    "name": "Accept-Language",
    "in": "header",
    "description": "The language of texts and titles, zh or en; else the account's.",
    "schema": {"type": "string"},
}
EVERYWHERE: Final = (
    "malformed_request", "idempotency_key_missing", "invalid_token", "insufficient_scope", "not_found",
    "method_not_allowed", "not_possible", "body_too_large", "unsupported_media_type", "idempotency_key_reused",
    "quota_exceeded", "unexpected", "try_later",
)  # fmt: skip
"""The codes of the customers' API that any API has."""
_GATEWAY_REFUSAL: Final = {
    "type": "object",
    "description": "A refusal of the gateway, before the hotline sees the request: too many requests of all callers.",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}
_GATEWAY_REFUSALS: Final = {
    "401": (
        "GatewayUnauthorized",
        "Unauthorized",
        "The gateway refuses a request without a token, or with one that is not valid.",
    ),
    "403": ("GatewayForbidden", "Forbidden", "The gateway refuses a token without the scope of the route."),
}
"""Status -> name of the form, message and meaning, of what a JWT authorizer of an HTTP API refuses."""
_CONTENT_LANGUAGE: Final = "Content-Language"
_HEADERS: Final = {name.lower(): name for name in ("Idempotency-Key", "If-Match", "Desk-Contact", "Desk-Reason")}
"""Names of headers as they are written; the resolver gives them in lower case."""
_PAGES: Final = {"GET /e/{token}": {"200": "The page.", "410": "A page that says that the link is over."}}
"""Routes that are for browsers: the answers that are pages, in words, and not JSON."""
_GENERATED: Final = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
"""Forms of the resolver's own errors, which the API does not answer."""


@dataclass(frozen=True, slots=True)
class Described:
    """An API to describe. `scopes`: the scope of each route, PUBLIC or ANY_SCOPE. `statuses`: its problems. `members`:
    what its problems may hold beside what every problem has."""

    resolver: Any
    title: str
    text: str
    file: Path
    scopes: Mapping[str, str]
    statuses: Mapping[str, int]
    token: str
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> dict[str, str]:
        """The text of each route's docstring."""
        routes = (*self.resolver._static_routes, *self.resolver._dynamic_routes)  # noqa: SLF001 - there is no other list
        return {
            f"{route.method} {route.path.replace('<', '{').replace('>', '}')}": " ".join(
                (route.func.__doc__ or "").split()
            )
            for route in routes
        }


def document(of: Described | None = None) -> dict[str, Any]:
    """An API's description; by default the customers'."""
    of = of or CUSTOMERS
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told: dict[str, Any] = json.loads(
        of.resolver.get_openapi_json_schema(
            title=of.title, version=project["version"], openapi_version=VERSION, description=of.text
        )
    )
    told.pop("servers", None)
    schemas, said = told["components"]["schemas"], of.said
    told["paths"] = {
        path: {
            method: _operation(of, f"{method.upper()} {path}", methods[method], schemas, said)
            for method in sorted(methods)
        }
        for path, methods in sorted(told["paths"].items())
    }
    for name in _GENERATED:
        schemas.pop(name, None)
    schemas |= {"Problem": _problem(of), "GatewayRefusal": _GATEWAY_REFUSAL}
    schemas |= {name: _refused_with(message, text) for name, message, text in _GATEWAY_REFUSALS.values()}
    told["components"]["schemas"] = dict(sorted(schemas.items()))
    told["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": of.token}
    }
    return told


def _operation(
    of: Described, route: str, operation: dict[str, Any], schemas: dict[str, Any], said: Mapping[str, str]
) -> dict[str, Any]:
    scope = of.scopes[route]
    operation["summary"], _, more = said[route].partition(". ")
    operation["description"] = more or said[route]
    operation["security"] = [] if scope == PUBLIC else [{"token": [] if scope == ANY_SCOPE else [scope]}]
    operation["parameters"] = [*(_parameter(known) for known in operation.get("parameters", [])), _LANGUAGE]
    public = scope == PUBLIC
    good = {
        status: {**answer, "headers": _headers(public=public, speaks=_speaks(answer, schemas))}
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    }
    good |= {status: _page(text, public=public) for status, text in _PAGES.get(route, {}).items()}
    refusals = {"default": _refusal("Refused, or not possible now.", "GatewayRefusal", public=public)}
    if not public:
        for status, (name, _, text) in _GATEWAY_REFUSALS.items():
            refusals[status] = _refusal(text.replace("The gateway", "The gateway or the hotline"), name, public=False)
            refusals[status]["headers"]["WWW-Authenticate"] = _header("The fault of the token (RFC 6750).")
    operation["responses"] = dict(sorted({**good, **refusals}.items()))
    return operation


def _page(said: str, *, public: bool) -> dict[str, Any]:
    return {
        "description": said,
        "headers": _headers(public=public, speaks=True),
        "content": {"text/html": {"schema": {"type": "string"}}},
    }


def _refused_with(message: str, said: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": said,
        "required": ["message"],
        "properties": {"message": {"const": message}},
        "additionalProperties": False,
    }


def _refusal(said: str, of_the_gateway: str, *, public: bool) -> dict[str, Any]:
    return {
        "description": said,
        "headers": _headers(public=public, speaks=True),
        "content": {
            CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
            "application/json": {"schema": {"$ref": f"#/components/schemas/{of_the_gateway}"}},
        },
    }


def _speaks(answer: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether an answer holds a text in words, in itself or in one of its parts."""
    waiting, seen = [answer["content"]["application/json"]["schema"]], set[str]()
    while waiting:
        schema = waiting.pop()
        name = schema.get("$ref", "").rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            waiting.append(schemas[name])
        if "text" in schema.get("properties", {}):
            return True
        waiting += [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
        waiting += [schema["items"]] if "items" in schema else []
    return False


def _parameter(known: dict[str, Any]) -> dict[str, Any]:
    name = _HEADERS.get(known["name"].lower(), known["name"])
    if not known.get("description", "").startswith("Required."):
        return {**known, "name": name}
    # The function tells a missing one by a code of its own, so that to the resolver it is optional.
    text = next(choice for choice in known["schema"]["anyOf"] if choice.get("type") != "null")
    return {**known, "name": name, "required": True, "schema": text}


def _headers(*, public: bool, speaks: bool) -> dict[str, Any]:
    names = {} if public else {"RateLimit": "The rest of the account's quota.", "RateLimit-Policy": "The quota."}
    names |= {_CONTENT_LANGUAGE: f"The language of texts and titles: {' or '.join(LANGUAGES)}."} if speaks else {}
    return {name: _header(text) for name, text in names.items()}


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}


def _problem(of: Described) -> dict[str, Any]:
    statuses = of.statuses
    codes = "\n".join(f"- `{code}` ({status}): {find(f'problem.{code}', ENGLISH)}" for code, status in statuses.items())
    text = {"type": "string"}
    return {
        "type": "object",
        "description": f"Problem details (RFC 9457). Codes:\n\n{codes}",
        "required": ["type", "title", "status", "code", "instance"],
        "properties": {
            "type": {**text, "description": "urn:hotline:problem: and the code."},
            "title": {**text, "description": "One sentence, in the language that was asked for."},
            "status": {"type": "integer", "enum": sorted(set(statuses.values()))},
            "code": {**text, "enum": list(statuses)},
            "instance": {**text, "description": "urn:hotline:request: and the request's id, for support."},
            "errors": {
                "type": "array",
                "description": "The parts that are not as they must be; never their values.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code"],
                    "properties": {"pointer": text, "code": text},
                    "additionalProperties": False,
                },
            },
            **of.members,
        },
        "additionalProperties": False,
    }


_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}
CUSTOMERS: Final = Described(
    resolver=api,
    title="Wallet hotline",
    text=_DESCRIPTION,
    file=FILE,
    scopes=ROUTES,
    statuses=STATUSES,
    token=f"An access token of the wallet's issuer, with scopes out of: {', '.join(SCOPES)}.",
    members={
        "operation": {**_TEXT, "description": "The operation that needs a further proof."},
        "needs": {
            "type": "array",
            "items": _TEXT,
            "description": "Ways that would help: sms, email; agent: a person.",
        },
        "challenge_url": {**_TEXT, "description": "Where to ask for a code."},
        "tries_left": _NUMBER,
        "weakness": {**_TEXT, "description": "Why a PIN is easily guessed: repeats, sequence, common, own_number."},
        "refund_id": {**_TEXT, "description": "The refund that exists."},
        "refund_status": {**_TEXT, "description": "The status of the refund that exists."},
        "typical_on": {"type": ["string", "null"], "description": "When its money is usually there, a local date."},
        "promised_on": {
            "type": ["string", "null"],
            "description": "When its money, its answer or its next step is there at the latest, a local date.",
        },
        "promise_certain": {"type": ["boolean", "null"], "description": "Otherwise `promised_on` is about the date."},
        "refundable_minor": _NUMBER,
        "decided_by": {"type": ["string", "null"], "description": "The rule that decided."},
        "detail": {"type": "string", "description": "The words for that rule, in the language asked for."},
        "remedies": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Each thing that would change the decision.",
        },
        "answer_by": {**_TEXT, "description": "The last day on which a dispute is answered, a local date."},
        "case_id": {**_TEXT, "description": "The case in which people work on a dispute."},
        "next_action": {**_TEXT, "description": "The next step of the account's owner: `freeze`."},
        "next_url": {**_TEXT, "description": "Where to ask for that."},
    },
)
AGENTS: Final = Described(
    resolver=agent_api,
    title="Wallet hotline: the people behind the line",
    text=_AGENT_DESCRIPTION,
    file=AGENT_FILE,
    scopes={route: permission.value for route, permission in AGENT_ROUTES.items()},
    statuses={**{code: STATUSES[code] for code in EVERYWHERE}, **OF_AGENTS},
    token=(
        "An access token of the staff's issuer, at most 15 minutes old, with scopes out of: "
        f"{', '.join(permission.value for permission in Permission)}."
    ),
    members={
        "operation": {**_TEXT, "description": "The operation that needs the customer's proof, or a second person."},
        "needs": {"type": "array", "items": _TEXT, "description": "Kinds of factor that the customer could prove."},
        "why": {**_TEXT, "description": "A closed word: why it is not possible, or which limit is reached."},
        "version": {"type": ["integer", "null"], "description": "The version of the case or finding as it is now."},
        "feedback": {"type": ["string", "null"], "description": "The word that a person has given on the finding."},
    },
)


def write() -> None:
    """Write both descriptions."""
    for of in (CUSTOMERS, AGENTS):
        of.file.write_text(json.dumps(document(of), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
