"""Routes of an API in the gateway's form, such as `GET /v1/me/refunds/{id}`, and the paths that are theirs."""

from __future__ import annotations

from collections.abc import Iterable

from functions.http.problems import Problem


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
