"""docs/openapi-agent.json as tests hold requests and answers against it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator

from hotline_local.openapi import AGENT_FILE
from tests.support.loopback import Answered, Asked

DOCUMENT: Final[dict[str, Any]] = json.loads(AGENT_FILE.read_text(encoding="utf-8"))
_PATHS: Final = tuple(
    (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path, methods) for path, methods in DOCUMENT["paths"].items()
)


def list_operations() -> frozenset[tuple[str, str]]:
    """Every operation of the API, as method and path."""
    return frozenset((method.upper(), path) for _, path, methods in _PATHS for method in methods)


def find_operation(method: str, path: str) -> tuple[str, str] | None:
    """The operation that a request is for, as method and path of the description; None when there is none."""
    for pattern, name, methods in _PATHS:
        if pattern.fullmatch(path) and method.lower() in methods:
            return method, name
    return None


def find_faults(asked: Asked, answered: Answered) -> list[str]:
    """Everything in a request and in its answer that is not as the description says."""
    found = find_operation(asked.method, asked.path)
    if found is None:
        return [f"{asked.method} {asked.path}: there is no such route"]
    faults = [*_of_request(found, asked), *_of_answer(found, answered)]
    return [f"{' '.join(found)}: {fault}" for fault in faults]


def _of_request(found: tuple[str, str], asked: Asked) -> Iterator[str]:
    operation = _operation(found)
    parameters = {(one["in"], one["name"].lower()): one for one in operation["parameters"]}
    for (place, name), parameter in parameters.items():
        given = asked.headers.get(name) if place == "header" else asked.query.get(name)
        if place == "path":
            continue
        if given is None and parameter.get("required"):
            yield f"{place} {name} is missing"
        elif given is not None and parameter["schema"].get("type") != "integer":
            yield from _broken(f"{place} {name}", parameter["schema"], given)
    yield from (f"query {name} is unknown" for name in asked.query if ("query", name) not in parameters)
    for name in ("desk-reason", "if-match", "idempotency-key"):
        if name in asked.headers and ("header", name) not in parameters:
            yield f"header {name} is unknown"
    body = json.loads(asked.body) if asked.body else None
    if "requestBody" in operation:
        yield from _broken("body", operation["requestBody"]["content"]["application/json"]["schema"], body)
    elif body:
        yield "body is not taken"


def _of_answer(found: tuple[str, str], answered: Answered) -> Iterator[str]:
    responses = _operation(found)["responses"]
    body = json.loads(answered.body)
    if answered.status >= 400:
        yield from _broken("problem", {"$ref": "#/components/schemas/Problem"}, body)
        return
    response = responses.get(str(answered.status))
    if response is None:
        yield f"status {answered.status} is unknown"
        return
    yield from _broken("answer", response["content"]["application/json"]["schema"], body)
    if "ETag" in response.get("headers", {}) and "ETag" not in answered.headers:
        yield "ETag is missing"


def _operation(found: tuple[str, str]) -> dict[str, Any]:
    method, path = found
    operation: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return operation


def _broken(what: str, schema: dict[str, Any], value: object) -> Iterator[str]:
    for error in _validator(json.dumps(schema, sort_keys=True)).iter_errors(value):
        yield f"{what}{error.json_path[1:]}: {error.message[:200]}"


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": DOCUMENT["components"]})
