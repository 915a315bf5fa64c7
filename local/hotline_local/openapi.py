"""docs/openapi.json, written from the API's own routes and forms: `make schemas`.

The resolver gives paths, parameters and forms. Added here are the parts that hold for every route and stand in no
signature. They are the token with its scopes, the problem that may answer any request, and the headers of answers.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final

from functions.customer_api.access import ANY_SCOPE, PUBLIC, ROUTES, SCOPES
from functions.customer_api.app import api
from functions.http.problems import CONTENT_TYPE, STATUSES
from hotline.kit.languages import ENGLISH, LANGUAGES
from hotline.wording.catalogue import find
from hotline_local.launcher.paths import ROOT

FILE: Final = ROOT / "docs/openapi.json"
VERSION: Final = "3.1.0"
_DESCRIPTION: Final = """\
The requests of a wallet's customers to its hotline: why the account is locked, what became of a payment, a refund.

The account is the token's. A request that needs more proof than the token gives is refused with 401 and
`insufficient_user_authentication` (RFC 9470). Ask for a code at `/v1/challenges`, enter it, repeat the request. Every
refusal is a problem (RFC 9457) whose `code` is stable. Another method of a path is refused with 405, and `Allow` names
those that it has. Times are RFC 3339 in UTC, amounts whole minor units. Lists are newest first; `next` is the cursor of
the following page.
"""
_LANGUAGE: Final = {
    "name": "Accept-Language",
    "in": "header",
    "description": "The language of texts and titles, zh or en; else the account's.",
    "schema": {"type": "string"},
}
_SAID: Final = {
    f"{route.method} {route.path.replace('<', '{').replace('>', '}')}": " ".join((route.func.__doc__ or "").split())
    for route in (*api._static_routes, *api._dynamic_routes)  # noqa: SLF001 - the resolver has no other list of them
}
"""The text of each route's docstring."""
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
_GENERATED: Final = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
"""Forms of the resolver's own errors, which the API does not answer."""


def document() -> dict[str, Any]:
    """The API's description."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told: dict[str, Any] = json.loads(
        api.get_openapi_json_schema(
            title="Wallet hotline", version=project["version"], openapi_version=VERSION, description=_DESCRIPTION
        )
    )
    told.pop("servers", None)
    schemas = told["components"]["schemas"]
    told["paths"] = {path: _path(path, told["paths"][path], schemas) for path in sorted(told["paths"])}
    for name in _GENERATED:
        schemas.pop(name, None)
    schemas |= {"Problem": _problem(), "GatewayRefusal": _GATEWAY_REFUSAL}
    schemas |= {name: _refused_with(message, said) for name, message, said in _GATEWAY_REFUSALS.values()}
    told["components"]["schemas"] = dict(sorted(schemas.items()))
    told["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": f"An access token of the wallet's issuer, with scopes out of: {', '.join(SCOPES)}.",
        }
    }
    return told


def _path(path: str, methods: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    return {method: _operation(f"{method.upper()} {path}", methods[method], schemas) for method in sorted(methods)}


def _operation(route: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    scope = ROUTES[route]
    operation["summary"], _, more = _SAID[route].partition(". ")
    operation["description"] = more or _SAID[route]
    operation["security"] = [] if scope == PUBLIC else [{"token": [] if scope == ANY_SCOPE else [scope]}]
    operation["parameters"] = [*(_parameter(known) for known in operation.get("parameters", [])), _LANGUAGE]
    public = scope == PUBLIC
    good = {
        status: {**answer, "headers": _headers(public=public, speaks=_speaks(answer, schemas))}
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    }
    refusals = {"default": _refusal("Refused, or not possible now.", "GatewayRefusal", public=public)}
    if not public:
        for status, (name, _, said) in _GATEWAY_REFUSALS.items():
            refusals[status] = _refusal(said.replace("The gateway", "The gateway or the hotline"), name, public=False)
            refusals[status]["headers"]["WWW-Authenticate"] = _header("The fault of the token (RFC 6750).")
    operation["responses"] = dict(sorted({**good, **refusals}.items()))
    return operation


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
    if known["name"].lower() != "idempotency-key":
        return known
    # The function tells a missing key by a code of its own, so that to the resolver it is optional.
    text = next(choice for choice in known["schema"]["anyOf"] if choice.get("type") == "string")
    return {**known, "name": "Idempotency-Key", "required": True, "schema": text}


def _headers(*, public: bool, speaks: bool) -> dict[str, Any]:
    names = {} if public else {"RateLimit": "The rest of the account's quota.", "RateLimit-Policy": "The quota."}
    names |= {_CONTENT_LANGUAGE: f"The language of texts and titles: {' or '.join(LANGUAGES)}."} if speaks else {}
    return {name: _header(text) for name, text in names.items()}


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}


def _problem() -> dict[str, Any]:
    codes = "\n".join(f"- `{code}` ({status}): {find(f'problem.{code}', ENGLISH)}" for code, status in STATUSES.items())
    text, number = {"type": "string"}, {"type": "integer"}
    return {
        "type": "object",
        "description": f"Problem details (RFC 9457). Codes:\n\n{codes}",
        "required": ["type", "title", "status", "code", "instance"],
        "properties": {
            "type": {**text, "description": "urn:hotline:problem: and the code."},
            "title": {**text, "description": "One sentence, in the language that was asked for."},
            "status": {"type": "integer", "enum": sorted(set(STATUSES.values()))},
            "code": {**text, "enum": list(STATUSES)},
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
            "operation": {**text, "description": "The operation that needs a further proof."},
            "needs": {
                "type": "array",
                "items": text,
                "description": "Ways that would help: sms, email; agent: a person.",
            },
            "challenge_url": {**text, "description": "Where to ask for a code."},
            "tries_left": number,
            "weakness": {**text, "description": "Why a PIN is easily guessed: repeats, sequence, common, own_number."},
            "refund_id": text,
            "refundable_minor": number,
            "decided_by": {"type": ["string", "null"], "description": "The rule that decided."},
        },
        "additionalProperties": False,
    }


def write(file: Path = FILE) -> None:
    """Write the description."""
    file.write_text(json.dumps(document(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
