"""Routes of an API in the gateway's form, such as `GET /v1/me/refunds/{id}`, and the paths that are theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from functions.http.problems import Problem
from hotline.contracts import limits

_ID: Final = re.compile(limits.ID_PATTERN)


def refuse_route(path: object, routes: Iterable[str]) -> Problem:
    """The refusal of a request to none of the routes. 405 names the methods that the path has (RFC 9110, 15.5.6)."""
    methods = methods_of(path, routes) if isinstance(path, str) else ()
    return Problem("method_not_allowed", headers={"Allow": ", ".join(methods)}) if methods else Problem("not_found")


def methods_of(path: str, routes: Iterable[str]) -> tuple[str, ...]:
    """The methods that a path has, in alphabetical order; none when there is no such path."""
    return tuple(sorted(method for method, _, route in map(_split_route, routes) if is_path_of(path, route)))


def _split_route(route: str) -> tuple[str, str, str]:
    return route.partition(" ")


def is_path_of(path: str, route: str) -> bool:
    """Whether a path is one of a route's, both without method."""
    parts, wanted = path.split("/"), route.split("/")
    if len(parts) != len(wanted):
        return False
    return all(part == want or (want.startswith("{") and part) for part, want in zip(parts, wanted, strict=True))


def is_id(text: str) -> bool:
    """Whether a text in a path can be an id at all; what cannot is not looked up."""
    return len(text) <= limits.ID_CHARACTERS_MAX and _ID.fullmatch(text) is not None


def id_from(part: str) -> str:
    """The id in a part of a path. Raises Problem `not_found` for what can be none."""
    found = unquote(part)
    if not is_id(found):
        raise Problem("not_found")
    return found
